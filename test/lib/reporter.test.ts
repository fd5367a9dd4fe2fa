import {
  bytes,
  describeProgress,
  duration,
  eventReporter,
  streamReporter,
  table,
} from '../../scripts/lib/reporter';

describe('describeProgress', () => {
  const view = {
    label: 'load',
    total: 1000,
    unit: 'rows',
    done: 250,
    seconds: 5,
    detail: '',
    bar: false,
  } as const;

  it('shows share, amount, rate and time left', () => {
    expect(describeProgress(view)).toBe('load: 25 %, 250 rows of 1,000 rows, 50 rows/s, 15 s left');
  });

  it('draws a bar whose filled part is the share done', () => {
    expect(describeProgress({ ...view, bar: true })).toContain(`[${'#'.repeat(6)}${'.'.repeat(18)}]`);
  });

  it('shows neither share nor time left when the total is unknown', () => {
    expect(describeProgress({ ...view, total: undefined })).toBe('load: 250 rows, 50 rows/s');
  });
});

it('formats bytes and durations in the largest fitting unit', () => {
  expect([0, 1023, 1024, 5 * 1024 ** 3].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '5.0 GiB']);
  expect([0.44, 42.4, 185, 7800].map(duration)).toEqual(['0.4 s', '42 s', '3 min 5 s', '2 h 10 min']);
});

it('aligns columns of a table, numbers to the right', () => {
  expect(
    table([
      ['node', 'shards'],
      ['coordinator', '10'],
      ['w0', '9'],
    ]),
  ).toBe('node         shards\ncoordinator      10\nw0                9');
});

describe('streamReporter without a terminal', () => {
  function reported(total: number | undefined, done: readonly number[]): string {
    let text = '';
    let clock = 0;
    const stream = { write: (chunk: string) => (text += chunk) };
    const progress = streamReporter(stream, () => clock).progress('copy', total, 'rows');
    for (const value of done) {
      clock += 4000;
      progress.update(value);
    }
    progress.finish();
    return text;
  }

  it('writes a line every few seconds and one at the end', () => {
    expect(reported(100, [50, 100])).toBe(
      '  copy: 50 %, 50 rows of 100 rows, 13 rows/s, 4.0 s left\n' +
        '  copy: 100 %, 100 rows of 100 rows, 13 rows/s\n' +
        '  copy: 100 rows in 8.0 s\n',
    );
  });

  it('claims no count that nobody took', () => {
    expect(reported(undefined, [])).toBe('  copy in 0.0 s\n');
  });
});

it('tells programs of events and messages in a line of JSON each', () => {
  const lines: string[] = [];
  const reporter = eventReporter({ write: (text: string) => lines.push(text) });
  reporter.info('one\nof two lines');
  reporter.warn('two');
  reporter.event({ name: 'rows.counting' });
  reporter.progress('three', 3, 'moves').update(1);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { name: 'info', text: 'one\nof two lines' },
    { name: 'warning', text: 'two' },
    { name: 'rows.counting' },
  ]);
  expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
});

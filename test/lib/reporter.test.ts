import { bytes, describeProgress, duration, table } from '../../scripts/lib/reporter';

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

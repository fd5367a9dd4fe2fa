import { describeTrial, summarize } from './report';
import type { Trial } from './trials';
import { withoutGap } from './trials';

const trial = (killed: string, problems: string[] = []): Trial => ({
  faults: [
    { story: 'sensors', killed, after: 1.25, moment: '  distribute events: 0 rows', lifted: killed === 'w0' },
  ],
  runs: 2,
  seconds: 12,
  problems,
  again: 'npm run test:faults -- --seed 7',
});

test('a trial names each kill, its moment and what it cost', () => {
  expect(describeTrial(trial('w0', ['lost: index i']), 7)).toEqual([
    '  7. LOST in 2 runs, 12 s: sensors w0 at 1.3 s (distribute events: 0 rows, FORCE off)',
    '     lost: index i',
    '     again: npm run test:faults -- --seed 7',
  ]);
});

test('the summary counts kills by who was killed, and what was lost', () => {
  const { lines, lost } = summarize([trial('process'), trial('w0', ['lost: index i'])]);
  expect(lost).toBe(1);
  expect(lines).toContain('process: 1 of 1 kills converged and lost nothing (1.000)');
  expect(lines).toContain('w0: 0 of 1 kills converged and lost nothing (0.000)');
  expect(lines).toContain('all: 1 of 2 kills converged and lost nothing (0.500)');
  expect(lines).toContain('while FORCE was off: 0 of 1 kills converged and lost nothing (0.000)');
  expect(lines).toContain('last said before the kill: distribute 2');
});

test('trouble without any kill is trouble', () => {
  expect(summarize([{ faults: [], runs: 1, seconds: 1, problems: ['hangs'], again: '' }]).lost).toBe(1);
});

test.each([
  ['as it was', 'next of s by 1 = after 2000'],
  ['as a crash leaves it', 'next of s by 1 = after 2032'],
])('a sequence %s', (_how, line) => {
  expect(withoutGap(line, ['next of s by 1 = after 2000'])).toBe('next of s by 1 = after 2000');
});

test.each([
  ['behind', 'next of s by 1 = after 1999'],
  ['far ahead', 'next of s by 1 = after 2033'],
  ['of another name', 'next of t by 1 = after 2000'],
])('a sequence %s is a difference', (_how, line) => {
  expect(withoutGap(line, ['next of s by 1 = after 2000'])).toBe(line);
});

test('a crash skips as many steps of a sequence, however long each is', () => {
  expect(withoutGap('next of s by 10 = after 2320', ['next of s by 10 = after 2000'])).toBe(
    'next of s by 10 = after 2000',
  );
});

import { subjectOfLine } from './apply-process';
import type { Course } from './moments';
import { drawMoments } from './moments';

/** A run of 10 seconds: loaded after 1, its plan said after 2, one short step and a long copy, then the comparison. */
const course: Course = {
  loaded: 1,
  ended: 10,
  words: [
    { line: 'Plan: 2 steps. `tables apply` does them', at: 2 },
    { line: '  drop-foreign-key:events:key (0.1 s)', at: 2.1 },
    { line: '  distribute events: 500 rows in 7.4 s', at: 9.5 },
  ],
};

const numbers = (...values: number[]): (() => number) => {
  const left = [...values];
  return () => left.shift() ?? 0;
};

test.each([
  ['anywhere in the time that runs work', [0.4, 0.5], { kind: 'clock', worked: 4.5 }],
  ['while the program looks', [0.6, 0.1, 0.5], { kind: 'word', subject: undefined, seconds: 0.5 }],
  [
    'while it records rows',
    [0.6, 0.3, 0.5],
    { kind: 'word', subject: 'plan', seconds: expect.closeTo(0.05) as number },
  ],
  [
    'in a long step',
    [0.6, 0.6, 0.5],
    { kind: 'word', subject: 'drop-foreign-key:events:key', seconds: expect.closeTo(3.7) as number },
  ],
  ['while it compares', [0.6, 0.9, 0.5], { kind: 'word', subject: 'distribute events', seconds: 0.25 }],
])('%s', (_where, values, moment) => {
  expect(drawMoments(course, 1, numbers(...values))).toEqual([moment]);
});

test('moments come in order', () => {
  const moments = drawMoments(course, 3, numbers(0, 0.9, 0.6, 0.1, 0.5, 0, 0.2));
  expect(moments.map(({ kind }) => kind)).toEqual(['word', 'clock', 'clock']);
  expect(moments[1]).toEqual({ kind: 'clock', worked: expect.closeTo(1.8) as number });
});

test.each([
  ['Plan: 15 steps. `tables apply` does them; broken off, it goes on from where it was.', 'plan'],
  ['  distribute events: 12 %, 240 rows of 2,000 rows, 80 rows/s, 22 s left', 'distribute events'],
  ['  distribute events in 6.2 s', 'distribute events'],
  ['  create-reference-table kinds: 2 rows in 0.3 s', 'create-reference-table kinds'],
  ['  set-not-null:events:device_id (0.0 s)', 'set-not-null:events:device_id'],
])('%s', (line, subject) => {
  expect(subjectOfLine(line)).toBe(subject);
});

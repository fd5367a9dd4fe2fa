import * as fc from 'fast-check';
import { bySecond, summarize } from '../../scripts/lib/latencies';
import { cases } from '../support/properties';

const answered = fc.array(
  fc
    .record({ dueAt: fc.integer({ min: 0, max: 20_000 }), took: fc.integer({ min: 0, max: 5000 }) })
    .map(({ dueAt, took }) => ({ dueAt, answeredAt: dueAt + took })),
);

test('a percentile is the latency that so many requests stay within', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => ({ dueAt: index, answeredAt: 2 * index + 1 }));
  expect(summarize(hundred)).toEqual({ requests: 100, p50: 50, p95: 95, p99: 99, longest: 100 });
  expect(summarize([])).toEqual({ requests: 0, p50: 0, p95: 0, p99: 0, longest: 0 });
});

test('seconds hold every request once, and the longest of all is that of some second', () => {
  fc.assert(
    fc.property(answered, (some) => {
      const seconds = bySecond(some);
      expect(seconds.reduce((sum, { requests }) => sum + requests, 0)).toBe(some.length);
      expect(Math.max(0, ...seconds.map(({ longest }) => longest))).toBe(summarize(some).longest);
      expect(seconds.map(({ second }) => second)).toEqual(
        [...seconds.map(({ second }) => second)].sort((a, b) => a - b),
      );
    }),
    cases(),
  );
});

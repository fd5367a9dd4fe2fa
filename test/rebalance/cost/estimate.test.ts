import * as fc from 'fast-check';
import {
  estimate,
  measuredFactor,
  modelSeconds,
  secondsLeft,
} from '../../../scripts/rebalance/cost/estimate';
import { job, tasksOf } from '../fixtures';
import { cases } from '../../support/properties';

const MIB = 1024 * 1024;
const moveTask = tasksOf(40 * MIB);
const done = [1, 2].map((shardId) => moveTask(shardId, 'done'));

test('nothing to move takes no time and stops nobody', () => {
  expect(estimate([], 'block_writes', undefined)).toMatchObject({ seconds: 0, longestWritePauseMs: 0 });
  expect(estimate([], 'auto', undefined)).toMatchObject({ seconds: 0, longestWritePauseMs: 0 });
});

test('the fixed cost counts for every move, the copying by bytes', () => {
  const moves = [{ bytes: 40 * MIB }, { bytes: 0 }];
  expect(estimate(moves, 'auto', undefined)).toMatchObject({ seconds: 8, longestWritePauseMs: 250 });
  expect(estimate(moves, 'block_writes', undefined)).toMatchObject({
    seconds: 1.3,
    // Writers of the largest shard group wait for its whole move.
    longestWritePauseMs: 1150,
  });
});

test('a finished job of the same kind corrects the model', () => {
  const model = modelSeconds([{ bytes: 40 * MIB }, { bytes: 40 * MIB }], 'auto');
  const finished = job({ state: 'finished', seconds: model * 3, tasks: done });
  expect(measuredFactor([finished], 'force_logical')).toBeCloseTo(3);
  expect(estimate([{ bytes: 40 * MIB }], 'auto', 3)).toMatchObject({ seconds: 13.5 });
  expect(estimate([{ bytes: 40 * MIB }], 'auto', 3).assumes).toMatch(/times 3\.00 as measured/);
});

test('jobs of another kind, failed ones and those with retries teach nothing', () => {
  const finished = job({ state: 'finished', seconds: 30, tasks: done });
  expect(measuredFactor([finished], 'block_writes')).toBeUndefined();
  expect(measuredFactor([{ ...finished, state: 'failed' }], 'auto')).toBeUndefined();
  const retried = { ...finished, tasks: [...done, moveTask(3, 'done', { retries: 1 })] };
  expect(measuredFactor([retried], 'auto')).toBeUndefined();
  expect(measuredFactor([retried, finished], 'auto')).toBeCloseTo(30 / 9);
  expect(measuredFactor([{ ...finished, tasks: [] }], 'auto')).toBeUndefined();
});

test('time left follows the speed seen so far', () => {
  const half = job({ seconds: 20, tasks: [...done, moveTask(3, 'running'), moveTask(4, 'blocked')] });
  expect(secondsLeft(half)).toBe(20);
  expect(secondsLeft(job({ tasks: [moveTask(1, 'running')] }))).toBeUndefined();
});

test('more to move never takes less time', () => {
  const sizes = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 1e12 }) }), { maxLength: 50 });
  fc.assert(
    fc.property(sizes, sizes, (some, more) => {
      const less = estimate(some, 'block_writes', undefined);
      const both = estimate([...some, ...more], 'block_writes', undefined);
      expect(both.seconds).toBeGreaterThanOrEqual(less.seconds);
      expect(both.longestWritePauseMs).toBeGreaterThanOrEqual(less.longestWritePauseMs);
    }),
    cases(),
  );
});

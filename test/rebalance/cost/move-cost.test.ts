import * as fc from 'fast-check';
import type { CopyWay, MoveSample } from '../../../scripts/rebalance/cost/move-cost';
import {
  learn,
  predictPauseMs,
  predictSeconds,
  retrySeconds,
} from '../../../scripts/rebalance/cost/move-cost';
import { cases } from '../../support/properties';

const MIB = 1024 * 1024;
const WAYS = ['blocking', 'logical'] as const;

const sample = (more: Partial<MoveSample>): MoveSample => ({
  way: 'blocking',
  bytes: 10 * MIB,
  seconds: 0.3,
  pauseMs: 200,
  ...more,
});

const samples = fc.array(
  fc.record({
    way: fc.constantFrom<CopyWay>(...WAYS),
    bytes: fc.integer({ min: 0, max: 1e12 }),
    seconds: fc.double({ min: 0.001, max: 1e4, noNaN: true }),
    pauseMs: fc.double({ min: 1, max: 1e6, noNaN: true }),
  }),
  { maxLength: 30 },
);

test('one move corrects the figures for others of its size, whatever the model said', () => {
  for (const seconds of [0.02, 0.3, 40]) {
    const costs = [sample({ seconds, pauseMs: seconds * 1000 })];
    expect(predictSeconds(costs, 'blocking', 10 * MIB)).toBeCloseTo(seconds);
    expect(predictPauseMs(costs, 'blocking', 10 * MIB)).toBeCloseTo(seconds * 1000);
    // The other way stays what it was.
    expect(predictSeconds(costs, 'logical', 10 * MIB)).toBe(predictSeconds([], 'logical', 10 * MIB));
  }
});

test('after three moves of a cluster several times slower or faster the estimate is within a quarter', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      fc.double({ min: 8, max: 200, noNaN: true }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 4, maxLength: 40 }),
      fc.array(fc.double({ min: 0.98, max: 1.02, noNaN: true }), { minLength: 40, maxLength: 40 }),
      (fixed, rate, sizes, noise) => {
        const secondsOf = (mib: number, index: number): number => (fixed + mib / rate) * (noise[index] ?? 1);
        // Among the first three are a small and a large one, as the smallest is moved first.
        const order = [Math.min(...sizes), Math.max(...sizes), ...sizes];
        const costs = order
          .slice(0, 3)
          .map((mib, index) => sample({ bytes: mib * MIB, seconds: secondsOf(mib, index) }));
        const left = order.slice(3);
        const took = left.reduce((sum, mib, index) => sum + secondsOf(mib, index + 3), 0);
        const said = left.reduce((sum, mib) => sum + predictSeconds(costs, 'blocking', mib * MIB), 0);
        expect(Math.abs(said / took - 1)).toBeLessThan(0.25);
      },
    ),
    cases(),
  );
});

test('a larger move is never said to take less, and no figure is negative or endless', () => {
  fc.assert(
    fc.property(
      samples,
      fc.constantFrom<CopyWay>(...WAYS),
      fc.integer({ min: 0, max: 1e12 }),
      fc.integer({ min: 0, max: 1e12 }),
      (costs, way, bytes, more) => {
        for (const predict of [predictSeconds, predictPauseMs]) {
          const less = predict(costs, way, bytes);
          expect(less).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(less)).toBe(true);
          expect(predict(costs, way, bytes + more)).toBeGreaterThanOrEqual(less);
        }
      },
    ),
    cases(),
  );
});

test('a cancelled try raises what a pause is thought to be, and never lowers it', () => {
  fc.assert(
    fc.property(
      samples,
      fc.integer({ min: 0, max: 1e10 }),
      fc.double({ min: 1, max: 1e4, noNaN: true }),
      (costs, bytes, pauseMs) => {
        const before = predictPauseMs(costs, 'blocking', bytes);
        const after = predictPauseMs(
          learn(costs, sample({ bytes, pauseMs, cancelled: true })),
          'blocking',
          bytes,
        );
        expect(after).toBeGreaterThanOrEqual(before);
        // It says nothing of how long moves take that come through.
        expect(predictSeconds(learn(costs, sample({ bytes, cancelled: true })), 'blocking', bytes)).toBe(
          predictSeconds(costs, 'blocking', bytes),
        );
      },
    ),
    cases(),
  );
});

test('the newest moves count: a cluster that became slower is believed', () => {
  const costs = [
    ...Array.from({ length: 50 }, () => sample({ seconds: 0.1 })),
    ...Array.from({ length: 12 }, () => sample({ seconds: 1 })),
  ];
  expect(predictSeconds(costs, 'blocking', 10 * MIB)).toBeCloseTo(1);
});

describe('tries that are cancelled', () => {
  /** Moves of 0.2 s of which each try is cancelled with so much probability, after 0.3 s: the share by which the estimate after the third is off. */
  const errorOf = (
    probability: number,
    random: () => number,
    count: (cancelled: number, made: number) => number,
  ): number => {
    let [seconds, cancelled, estimated] = [0, 0, 0];
    for (let made = 1; made <= 21; made += 1) {
      while (random() < probability) {
        seconds += 0.3;
        cancelled += 0.3;
      }
      seconds += 0.2;
      if (made === 3) estimated = seconds + 18 * (0.2 + count(cancelled, made));
    }
    return Math.abs(estimated / seconds - 1);
  };

  test('are in the estimate: under load it is nearer than without them, and without load as near as ever', () => {
    let state = 1;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const mean = (probability: number, count: typeof retrySeconds): number =>
      Array.from({ length: 500 }, () => errorOf(probability, random, count)).reduce(
        (sum, each) => sum + each,
        0,
      ) / 500;
    for (const probability of [0.15, 0.3, 0.5]) {
      expect(mean(probability, retrySeconds)).toBeLessThan(mean(probability, () => 0));
    }
    expect(mean(0.15, retrySeconds)).toBeLessThan(0.25);
    expect(mean(0, retrySeconds)).toBeLessThan(1e-9);
    // One unlucky try among three is no measure of the run.
    expect(retrySeconds(0.3, 3)).toBeCloseTo(0.06);
  });
});

import { randomNumbers } from '../../../scripts/local/workloads/generate';
import { chooseWay, comesAgain, guardLimitMs } from '../../../scripts/rebalance/cost/budget';
import type { Pending } from '../../../scripts/rebalance/cost/budget';
import { budgetedSeconds, expectedSeconds, overrunChance } from '../../../scripts/rebalance/cost/expected';
import { learn } from '../../../scripts/rebalance/cost/move-cost';
import type { MoveCosts } from '../../../scripts/rebalance/cost/move-cost';

const MIB = 1024 * 1024;
const MOVES = 21;
const LOGICAL_SECONDS = 1.6;

interface Ran {
  readonly costs: MoveCosts;
  readonly seconds: number;
  /** What was said after the third move, and before the first. */
  readonly afterThird: number;
  readonly before: number;
}

/** A run of 21 groups of 10 MiB whose pauses lie about `pauseMs`, as `rebalance run` makes it: what it learns, and how long it takes. */
function ran(budgetMs: number, pauseMs: number, random: () => number, costs: MoveCosts = []): Ran {
  const moves = Array.from({ length: MOVES }, (_, shardId): Pending => ({
    shardId,
    bytes: 10 * MIB,
    logicalWorks: true,
    tries: [],
  }));
  const expected = (pending: readonly Pending[], known: MoveCosts): number =>
    pending.reduce((sum, each) => sum + expectedSeconds(each, known, budgetMs), 0);
  const before = expected(moves, costs);
  let [pending, known, seconds, made, afterThird] = [moves, costs, 0, 0, 0];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const way = chooseWay(next, known, budgetMs);
    // Of three draws about normal, with a deviation of a sixth.
    const pause = pauseMs * Math.exp((random() + random() + random() - 1.5) / 3);
    const over = way === 'blocking' && pause > guardLimitMs(budgetMs);
    const took = way === 'logical' ? LOGICAL_SECONDS : 0.08 + Math.min(pause, budgetMs) / 1000;
    seconds += took;
    const felt = way === 'logical' ? 60 : Math.min(pause, guardLimitMs(budgetMs));
    known = learn(known, {
      way,
      bytes: next.bytes,
      seconds: took,
      pauseMs: felt,
      ...(over ? { cancelled: true as const } : {}),
    });
    if (over) {
      const tried: Pending = { ...next, tries: [...next.tries, { way, cancelled: 'over-budget' }] };
      if (comesAgain(tried)) pending = [...pending, tried];
      continue;
    }
    made += 1;
    if (made === 3) afterThird = seconds + expected(pending, known);
  }
  return { costs: known, seconds, afterThird, before };
}

/** Half of the shares by which estimates are off are smaller than this. */
function middleError(estimates: readonly { readonly said: number; readonly took: number }[]): number {
  const errors = estimates.map(({ said, took }) => Math.abs(said / took - 1)).sort((a, b) => a - b);
  return errors[Math.floor(errors.length / 2)] ?? 1;
}

const mean = (of: readonly number[]): number => of.reduce((sum, each) => sum + each, 0) / of.length;

/** Pauses as parts of the budget: well within it, about where a try is cancelled, and over it. */
const SHARES = [0.5, 0.7, 0.9, 1, 1.2, 2];

test.each([100, 200, 300])(
  'the tries that an earlier run cancelled are in what a run within %i ms is said to take',
  (budgetMs) => {
    const errors = SHARES.map((share) => {
      const again = Array.from({ length: 24 }, (_, run) => {
        const random = randomNumbers(20_264 + run);
        return ran(budgetMs, share * budgetMs, random, ran(budgetMs, share * budgetMs, random).costs);
      });
      return {
        before: middleError(again.map(({ before, seconds }) => ({ said: before, took: seconds }))),
        afterThird: middleError(
          again.map(({ afterThird, seconds }) => ({ said: afterThird, took: seconds })),
        ),
      };
    });
    // Near the limit chance decides how many moves go the slow way in the end.
    for (const { before, afterThird } of errors) expect(Math.max(before, afterThird)).toBeLessThan(0.35);
    expect(mean(errors.map(({ afterThird }) => afterThird))).toBeLessThan(0.15);
    expect(mean(errors.map(({ before }) => before))).toBeLessThan(0.18);
  },
);

test('a try is the likelier cancelled the nearer its pause is to the budget, and by what came of tries of that size', () => {
  const made = (pauseMs: number, bytes = 10 * MIB): MoveCosts => [
    { way: 'blocking', bytes, seconds: 0.3, pauseMs },
  ];
  const over: MoveCosts = [
    { way: 'blocking', bytes: 10 * MIB, seconds: 0.35, pauseMs: 275, cancelled: true },
  ];
  const chance = (costs: MoveCosts, bytes = 10 * MIB): number => overrunChance(costs, bytes, 300);
  expect(chance(made(100))).toBeLessThan(0.01);
  expect(chance(made(260))).toBeGreaterThan(0.2);
  expect(chance(made(400))).toBeGreaterThan(0.9);
  expect(chance([...made(200), ...over, ...over, ...over])).toBeGreaterThan(0.4);
  // Of a group a hundred times as large they say little, and of another budget nothing.
  expect(chance([...made(1, 1000), ...over, ...over, ...over], 1000)).toBeLessThan(0.01);
  expect(overrunChance([...made(200), ...over, ...over], 10 * MIB, 1000)).toBeLessThan(0.01);
});

test('the default way takes seconds for what a job of Citus takes more than a minute for', () => {
  const moves = Array.from({ length: 21 }, () => ({ bytes: MIB }));
  expect(budgetedSeconds(moves)).toBeLessThan(10);
  expect(budgetedSeconds([])).toBe(0);
});

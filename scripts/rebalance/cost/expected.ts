import { chooseWay, comesAgain, DEFAULT_MAX_WRITE_PAUSE_MS, guardLimitMs } from './budget';
import type { Pending } from './budget';
import { predictPauseMs, predictSeconds } from './move-cost';
import type { MoveCosts, MoveSample } from './move-cost';

/** How far pauses of moves of one size lie apart, as a standard deviation of their logarithm, before enough are known. */
const SPREAD = 0.2;

/** So many tries weighs what the prediction says against what came of tries. */
const PREDICTION = 3;

/** The newest tries of about one size that count. */
const NEWEST = 12;

/** Tries of groups up to so many times smaller or larger tell of one another. */
const ABOUT_AS_LARGE = 2;

/**
 * Seconds that a run spends on a move, by the way in which it is tried first, with the tries that are likely to be cancelled for the budget
 * and what comes after them. Pure.
 */
export function expectedSeconds(pending: Pending, costs: MoveCosts, maxWritePauseMs: number): number {
  const { bytes } = pending;
  if (chooseWay(pending, costs, maxWritePauseMs) === 'logical')
    return predictSeconds(costs, 'logical', bytes);
  const through = predictSeconds(costs, 'blocking', bytes);
  const chance = overrunChance(costs, bytes, maxWritePauseMs);
  const next: Pending = {
    ...pending,
    tries: [...pending.tries, { way: 'blocking', cancelled: 'over-budget' }],
  };
  const after = comesAgain(next) ? expectedSeconds(next, costs, maxWritePauseMs) : 0;
  return (1 - chance) * through + chance * (overrunSeconds(costs, through, maxWritePauseMs) + after);
}

/** Seconds that moves take one after another within a budget, with what is known before the first. Pure. */
export function budgetedSeconds(
  moves: readonly { readonly bytes: number }[],
  costs: MoveCosts = [],
  maxWritePauseMs = DEFAULT_MAX_WRITE_PAUSE_MS,
): number {
  return moves.reduce(
    (sum, { bytes }, shardId) =>
      sum + expectedSeconds({ shardId, bytes, logicalWorks: true, tries: [] }, costs, maxWritePauseMs),
    0,
  );
}

/**
 * How likely a try with writes blocked is cancelled for the budget: by the pause that is predicted, and the more by what came of tries of
 * about that size the more of them there are. Pure.
 */
export function overrunChance(costs: MoveCosts, bytes: number, maxWritePauseMs: number): number {
  const limit = guardLimitMs(maxWritePauseMs);
  // Tries that were cancelled count below, and not once more in what is predicted.
  const made = costs.filter((sample) => sample.cancelled !== true);
  const through = made.some(({ way }) => way === 'blocking') ? made : costs;
  const predicted = Math.max(1e-3, predictPauseMs(through, 'blocking', bytes));
  const model = normal(Math.log(predicted / limit) / SPREAD);
  const tries = costs
    .filter((sample) => sample.way === 'blocking' && isAboutAsLarge(sample, bytes))
    .filter((sample) => sample.cancelled !== true || sample.pauseMs >= limit * 0.9)
    .slice(-NEWEST);
  const over = tries.filter(({ pauseMs, cancelled }) => cancelled === true || pauseMs > limit).length;
  return (over + PREDICTION * model) / (tries.length + PREDICTION);
}

function isAboutAsLarge(sample: MoveSample, bytes: number): boolean {
  // Groups with next to nothing in them all cost the same.
  const [a, b] = [sample.bytes + SMALL, bytes + SMALL];
  return a <= ABOUT_AS_LARGE * b && b <= ABOUT_AS_LARGE * a;
}

/** Bytes below which sizes make no difference. */
const SMALL = 1024 * 1024;

/** Seconds of a try that is cancelled: as those before, or else the budget and what a whole one takes without its pause. */
function overrunSeconds(costs: MoveCosts, through: number, maxWritePauseMs: number): number {
  const known = costs
    .filter(({ way, cancelled }) => way === 'blocking' && cancelled === true)
    .slice(-NEWEST)
    .map(({ seconds }) => seconds);
  const guess = Math.max(through, maxWritePauseMs / 1000);
  return (guess + known.reduce((sum, each) => sum + each, 0)) / (known.length + 1);
}

/** The part of a normal distribution below `z`: a logistic curve that is nowhere off by more than a hundredth. */
function normal(z: number): number {
  return 1 / (1 + Math.exp(-1.702 * z));
}

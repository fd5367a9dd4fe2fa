/**
 * From what the drawn blocks hold to what the table holds, and how far off that may be. Pure.
 *
 * The unit that was drawn is the block, not the row: where rows of one tenant lie together, a thousand rows of one block
 * say little more than one would. The variance is therefore that of the blocks' totals, from the differences between
 * neighbouring draws, which takes the order of the table into account and errs on the wide side. Rare things are counted
 * like a Poisson variable, whose upper bound is farther off than the lower one (Wilson's), so that what the sample saw
 * nothing of does not pass for empty.
 */

/** Sums over the draws, in their order, of z = rows in the block times the blocks it stands for. */
export interface BlockSums {
  /** Rows in the drawn blocks. */
  readonly seen: number;
  /** Drawn blocks with at least one such row. */
  readonly blocks: number;
  /** Sum of z. */
  readonly estimate: number;
  /** Sum of z squared. */
  readonly squares: number;
  /** Sum of the products of z with that of the next draw. */
  readonly products: number;
  /** z squared of the first and of the last draw, added up. */
  readonly ends: number;
}

export const NOTHING_SEEN: BlockSums = {
  seen: 0,
  blocks: 0,
  estimate: 0,
  squares: 0,
  products: 0,
  ends: 0,
};

/** What was drawn of what. */
export interface Drawn {
  readonly draws: number;
  readonly totalBlocks: number;
  /** Rows in an average block. */
  readonly rowsPerBlock: number;
}

/** A number of rows that was estimated; the truth is between `low` and `high` with the stated confidence. */
export interface Estimated {
  readonly rows: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Rows in the table, from those in the drawn blocks.
 *
 * @param z how many standard errors wide the interval is to either side, see {@link standardErrors}
 */
export function estimateRows(sums: BlockSums, drawn: Drawn, z: number): Estimated {
  const { draws, totalBlocks } = drawn;
  if (draws >= totalBlocks) return { rows: sums.seen, low: sums.seen, high: sums.seen };
  // Sum of squared differences of neighbours: each square counts twice, those at the ends once.
  const differences = Math.max(0, 2 * sums.squares - sums.ends - 2 * sums.products);
  const unseenShare = 1 - draws / totalBlocks;
  const variance = (unseenShare * (differences / 2) * draws) / Math.max(1, draws - 1);
  const quantum = (z * z * dispersion(sums, drawn, variance) * unseenShare) / 2;
  return {
    rows: Math.round(sums.estimate),
    low: Math.max(sums.seen, Math.floor(sums.estimate - z * Math.sqrt(variance))),
    high: Math.ceil(sums.estimate + quantum + Math.sqrt(z * z * variance + quantum ** 2)),
  };
}

/** Blocks from which on the differences between draws tell how rows are spread. */
const ENOUGH_BLOCKS = 30;

/**
 * Variance for each row: how many rows come along with one. Where few blocks had any, at least what one more block would
 * have added; where none had, a whole block of them.
 */
function dispersion(sums: BlockSums, { draws, totalBlocks, rowsPerBlock }: Drawn, variance: number): number {
  if (sums.blocks === 0) return (rowsPerBlock * totalBlocks) / draws;
  const observed = variance / sums.estimate;
  return sums.blocks >= ENOUGH_BLOCKS ? observed : Math.max(observed, sums.estimate / sums.blocks);
}

/**
 * Standard errors to either side that hold for `statements` statements together with the given confidence (Bonferroni).
 *
 * @param confidence that all of them are true at once, such as 0.99
 */
export function standardErrors(confidence: number, statements: number): number {
  return upperQuantile((1 - confidence) / (2 * Math.max(1, statements)));
}

/** The value that a standard normal variable exceeds with probability p < 0.5 (Abramowitz and Stegun 26.2.23). */
function upperQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
}

/** Rows of the largest shard over those of the average one, with its bounds. */
export interface EstimatedSkew {
  readonly skew: number;
  readonly low: number;
  readonly high: number;
}

/** Bounds that hold whenever those of the shards do. */
export function estimateSkew(shards: readonly Estimated[]): EstimatedSkew {
  const total = (of: (shard: Estimated) => number): number => shards.reduce((sum, each) => sum + of(each), 0);
  const most = (of: (shard: Estimated) => number): number => Math.max(0, ...shards.map(of));
  const ratio = (top: number, all: number): number => (all === 0 ? 1 : (top * shards.length) / all);
  const largest = shards.reduce((best, each) => (each.high > best.high ? each : best), {
    rows: 0,
    low: 0,
    high: 0,
  });
  const surest = shards.reduce((best, each) => (each.low > best.low ? each : best), largest);
  return {
    skew: ratio(
      most(({ rows }) => rows),
      total(({ rows }) => rows),
    ),
    // The surest shard at its least among others at their most, and the largest at its most among others at their least.
    low: Math.max(1, ratio(surest.low, surest.low + total(({ high }) => high) - surest.high)),
    high: Math.min(shards.length, ratio(largest.high, largest.high + total(({ low }) => low) - largest.low)),
  };
}

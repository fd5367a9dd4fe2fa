/** One measured figure, as `bench` prints it. Absolute times are noise on shared machines; the ratio is the figure. */
export interface Figure {
  readonly name: string;
  /** How many times better than the peer (above 1: we are), the median over paired runs. */
  readonly ratio: number;
  /** What `median` and `spread` are in. */
  readonly unit: 'seconds';
  /** Our own median. */
  readonly median: number;
  /** The smallest and the largest of the paired ratios. */
  readonly spread: readonly [number, number];
  /** What was measured against what, for people. */
  readonly against: string;
}

/** Seconds one run of either side took. */
export interface Pair {
  readonly ours: number;
  readonly peer: number;
}

/**
 * The figure of a series of runs taken in turn (ours, peer, ours, peer, ...), so that a machine that slows down slows
 * both sides of a pair. Pure.
 *
 * @throws RangeError without a pair
 */
export function figureOf(name: string, against: string, pairs: readonly Pair[]): Figure {
  const ratios = pairs.map(({ ours, peer }) => peer / ours).sort((a, b) => a - b);
  const least = ratios.at(0);
  const most = ratios.at(-1);
  if (least === undefined || most === undefined)
    throw new RangeError('a figure needs at least one pair of runs');
  return {
    name,
    ratio: round(median(ratios)),
    unit: 'seconds',
    median: round(median(pairs.map(({ ours }) => ours))),
    spread: [round(least), round(most)],
    against,
  };
}

/**
 * Runs both sides in turn, after one unmeasured run of each: the first on new servers pays for memory and files that the
 * next finds.
 *
 * @param options.warmUp `each-pair` is for a peer that mostly waits, for minutes, in which the machine takes memory back:
 *   an unmeasured run of ours before each pair, and none of the peer's, which begins with the same work. @default 'once'
 */
export async function measurePairs(
  runs: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
  { warmUp = 'once' }: { readonly warmUp?: 'once' | 'each-pair' } = {},
): Promise<Pair[]> {
  if (warmUp === 'once') {
    await ours();
    await peer();
  }
  const pairs: Pair[] = [];
  for (let run = 0; run < runs; run += 1) {
    if (warmUp === 'each-pair') await ours();
    pairs.push({ ours: await ours(), peer: await peer() });
  }
  return pairs;
}

/** Seconds `work` takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

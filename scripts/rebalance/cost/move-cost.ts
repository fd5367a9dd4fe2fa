import { modelSeconds } from './estimate';

/** How writers of a shard group fare while it moves: they wait until it is through, or for the moment of the switch. */
export type CopyWay = 'blocking' | 'logical';

/** A move that was made, or a try that was cancelled because writers had waited long enough. */
export interface MoveSample {
  readonly way: CopyWay;
  readonly bytes: number;
  /** What the run spent on it in all, comparing rows and cleaning up included. */
  readonly seconds: number;
  /** The longest that a write had to wait for it; of a cancelled try, what it had waited by then. */
  readonly pauseMs: number;
  /** The try was cancelled: a move as large takes longer than this. */
  readonly cancelled?: true;
}

/** What a run has learnt of this cluster, oldest first. Moves of an earlier run may be the first. */
export type MoveCosts = readonly MoveSample[];

/** How many of the newest samples of a way count: the load beside a run changes. */
const NEWEST = 12;

/** How strongly points are held to the shape of the model (fixed cost against bytes), as a part of what they say themselves. */
const SHRINKAGE = 0.02;

/** A cancelled try says that the move takes longer, and not how much. */
const AT_LEAST = 1.1;

/** What a move costs however small it is, and each byte. */
interface Line {
  readonly fixed: number;
  readonly perByte: number;
}

/**
 * The shape of costs before anything is known of this cluster: seconds and milliseconds of three local servers. They decide how the first
 * move is tried, under a guard that ends it in time, and are corrected by it.
 */
const PRIOR: Readonly<Record<CopyWay, { readonly seconds: Line; readonly pauseMs: Line }>> = {
  blocking: {
    seconds: lineOf((bytes) => modelSeconds([{ bytes }], 'block_writes')),
    pauseMs: lineOf((bytes) => 1000 * modelSeconds([{ bytes }], 'block_writes')),
  },
  logical: {
    seconds: lineOf((bytes) => modelSeconds([{ bytes }], 'auto')),
    // The switch waits for the last changes, however much was copied before.
    pauseMs: { fixed: 120, perByte: 0 },
  },
};

function lineOf(of: (bytes: number) => number): Line {
  const fixed = of(0);
  return { fixed, perByte: (of(1e9) - fixed) / 1e9 };
}

/** Adds what a move taught. Pure. */
export function learn(costs: MoveCosts, sample: MoveSample): MoveCosts {
  return [...costs, sample];
}

/** Moves that came to their end, of one way. */
export function samplesOf(costs: MoveCosts, way: CopyWay): MoveSample[] {
  return costs.filter((sample) => sample.way === way && sample.cancelled !== true);
}

/** Whether anything is known of this cluster. */
export function isMeasured(costs: MoveCosts): boolean {
  return costs.some(({ cancelled }) => cancelled !== true);
}

/** Seconds that a run spends on a move of so many bytes. */
export function predictSeconds(costs: MoveCosts, way: CopyWay, bytes: number): number {
  const points = samplesOf(costs, way).map((sample) => ({ bytes: sample.bytes, cost: sample.seconds }));
  return at(fit(PRIOR[way].seconds, points), bytes);
}

/** Milliseconds that a write has to wait at most while so many bytes move. */
export function predictPauseMs(costs: MoveCosts, way: CopyWay, bytes: number): number {
  const prior = PRIOR[way].pauseMs;
  const known = samplesOf(costs, way).map((sample) => ({ bytes: sample.bytes, cost: sample.pauseMs }));
  // A try that was cancelled counts where the moves that came through do not say as much already.
  const line = fit(prior, known);
  const short = costs
    .filter(({ way: of, cancelled }) => of === way && cancelled === true)
    .map((sample) => ({ bytes: sample.bytes, cost: sample.pauseMs * AT_LEAST }))
    .filter((point) => point.cost > at(line, point.bytes));
  return Math.max(at(line, bytes), at(fit(prior, [...known, ...short]), bytes));
}

/** So many moves are thought to have gone through at once before the first: one unlucky try is no measure of a run. */
const SMOOTH_MOVES = 2;

/**
 * Seconds that a move to come costs on average in tries that other sessions are in the way of, by those of the run so far. Pure.
 *
 * @param waitedSeconds what they took, and the rest after them
 * @param made moves that were made meanwhile
 */
export function retrySeconds(waitedSeconds: number, made: number): number {
  return waitedSeconds / (made + SMOOTH_MOVES);
}

interface Point {
  readonly bytes: number;
  readonly cost: number;
}

/**
 * The line through points that is nearest by relative distance. Few points, or points of one size, do not tell the fixed cost from that of
 * bytes: then the model's share of each is kept, and both are scaled alike.
 */
function fit(prior: Line, points: readonly Point[]): Line {
  const recent = points.slice(-NEWEST);
  if (recent.length === 0) return prior;
  const scale = recent.reduce((sum, { bytes, cost }) => sum + cost / at(prior, bytes), 0) / recent.length;
  // In units of the prior at each point: cost = a * fixed share + b * share of bytes, with a and b near the common scale.
  let [aa, ab, bb, ay, by] = [0, 0, 0, 0, 0];
  for (const { bytes, cost } of recent) {
    const whole = at(prior, bytes);
    const [f, v, y] = [prior.fixed / whole, (prior.perByte * bytes) / whole, cost / whole];
    aa += f * f;
    ab += f * v;
    bb += v * v;
    ay += f * y;
    by += v * y;
  }
  // Where every point is as large as nothing, or has no fixed cost to speak of, the scale alone is left for the other.
  const [ha, hb] = [SHRINKAGE * (aa + 1e-9), SHRINKAGE * (bb + 1e-9)];
  [aa, bb, ay, by] = [aa + ha, bb + hb, ay + ha * scale, by + hb * scale];
  const determinant = aa * bb - ab * ab;
  const [a, b] = [(ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant];
  // A cost cannot be negative: then the other one explains it all.
  if (a < 0) return { fixed: 0, perByte: (prior.perByte * by) / bb };
  if (b < 0) return { fixed: (prior.fixed * ay) / aa, perByte: 0 };
  return { fixed: a * prior.fixed, perByte: b * prior.perByte };
}

function at({ fixed, perByte }: Line, bytes: number): number {
  return fixed + perByte * bytes;
}

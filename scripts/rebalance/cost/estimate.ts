import type { Job } from '../../citus/job';
import type { TransferMode } from '../../citus/transfer-mode';
import { isLogical } from '../../citus/transfer-mode';

/** How long a plan takes, and on what grounds. */
export interface Estimate {
  readonly seconds: number;
  /** Longest time a single write may have to wait, milliseconds. */
  readonly longestWritePauseMs: number;
  /** The model behind the figures, in words. */
  readonly assumes: string;
}

interface MoveCost {
  /** What a move costs however small it is: connections, DDL, catching up, switching over. */
  readonly secondsPerMove: number;
  readonly bytesPerSecond: number;
}

/**
 * Measured with Citus 12.1 on three local servers that share two cores: 21 moves of 9 MiB took about 80 s by logical
 * replication and 4 s with writes blocked. A real network and real disks are different; a job that this database has
 * finished corrects the figures, see {@link measuredFactor}.
 */
const COST: Readonly<Record<'logical' | 'blocking', MoveCost>> = {
  logical: { secondsPerMove: 3.5, bytesPerSecond: 40 * 1024 * 1024 },
  blocking: { secondsPerMove: 0.15, bytesPerSecond: 40 * 1024 * 1024 },
};

/**
 * Under logical replication writes to the shard group wait only while the last changes arrive and the metadata switches:
 * 63 ms at 200 inserts a second, with room for a busier table.
 */
const SWITCH_OVER_MS = 250;

/** Measured with the same servers: what a window costs besides its move, and two reads of the rows in it. */
const WINDOW = { seconds: 0.3, bytesPerSecond: 100 * 1024 * 1024 } as const;

interface Sized {
  readonly bytes: number;
}

/** Seconds by the model alone: moves run one after another, as those of a colocation group always do. */
export function modelSeconds(moves: readonly Sized[], mode: TransferMode): number {
  const { secondsPerMove, bytesPerSecond } = costOf(mode);
  return moves.reduce((sum, { bytes }) => sum + secondsPerMove + bytes / bytesPerSecond, 0);
}

/** @param factor how many times longer this database takes than the model says; undefined when it was never measured */
export function estimate(moves: readonly Sized[], mode: TransferMode, factor: number | undefined): Estimate {
  const { secondsPerMove, bytesPerSecond } = costOf(mode);
  const longest = Math.max(0, ...moves.map((move) => modelSeconds([move], mode)));
  const pause = isLogical(mode) ? (moves.length === 0 ? 0 : SWITCH_OVER_MS) : longest * (factor ?? 1) * 1000;
  const model = `one move after another, ${String(secondsPerMove)} s each plus ${String(bytesPerSecond / 1024 / 1024)} MiB/s`;
  return {
    seconds: round(modelSeconds(moves, mode) * (factor ?? 1)),
    longestWritePauseMs: Math.ceil(pause),
    assumes:
      factor === undefined
        ? `${model}; this database has not finished a rebalance of this mode that could be measured`
        : `${model}, times ${factor.toFixed(2)} as measured at this database's last rebalance`,
  };
}

/**
 * How many times longer than the model this database took for its newest finished job of the same kind that had no
 * retries; undefined when there is none. Jobs know their start and end, tasks do not, so that one factor corrects the
 * whole model.
 *
 * @param jobs newest first
 */
export function measuredFactor(jobs: readonly Job[], mode: TransferMode): number | undefined {
  for (const job of jobs) {
    const moves = job.tasks.flatMap(({ move }) => (move === undefined ? [] : [move]));
    const comparable = moves.length > 0 && moves.every((move) => isLogical(move.mode) === isLogical(mode));
    const smooth = job.state === 'finished' && job.tasks.every(({ retries }) => retries === 0);
    if (!comparable || !smooth || job.seconds <= 0) continue;
    return job.seconds / modelSeconds(moves, mode);
  }
  return undefined;
}

/**
 * Seconds until a job ends that has been going for `seconds`: what the model says of the rest, at the speed seen so far.
 * Undefined before the first move has arrived.
 */
export function secondsLeft(job: Job): number | undefined {
  const moves = job.tasks.flatMap(({ status, move }) => (move === undefined ? [] : [{ ...move, status }]));
  const mode = moves[0]?.mode;
  const done = moves.filter(({ status }) => status === 'done');
  if (mode === undefined || done.length === 0) return undefined;
  const rest = moves.filter(({ status }) => status !== 'done');
  const factor = job.seconds / modelSeconds(done, mode);
  return round(factor * modelSeconds(rest, mode));
}

/**
 * True when a job spends most of its time copying bytes, false when the fixed cost of its moves outweighs that: progress
 * and time left are then better counted in moves.
 */
export function isCopyingMostly(job: Job): boolean {
  const moves = job.tasks.flatMap(({ move }) => (move === undefined ? [] : [move]));
  const mode = moves[0]?.mode;
  if (mode === undefined) return false;
  return modelSeconds(moves, mode) > 2 * moves.length * costOf(mode).secondsPerMove;
}

/** Seconds that FORCE ROW LEVEL SECURITY is off in addition to a move itself. */
export function windowSeconds({ bytes }: Sized): number {
  return WINDOW.seconds + (2 * bytes) / WINDOW.bytesPerSecond;
}

function costOf(mode: TransferMode): MoveCost {
  return isLogical(mode) ? COST.logical : COST.blocking;
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

import type { TransferMode } from '../../citus/transfer-mode';
import type { CopyWay, MoveCosts } from './move-cost';
import { isMeasured, predictPauseMs, samplesOf } from './move-cost';

/** Milliseconds that a write may have to wait for a move, unless somebody says otherwise. */
export const DEFAULT_MAX_WRITE_PAUSE_MS = 300;

/** Least that makes sense: a move that copies nothing takes about as long. */
export const LEAST_MAX_WRITE_PAUSE_MS = 20;

/** Why a try ended without its move. */
export type Cancelled =
  /** Writers had waited for the whole budget, or nearly. */
  | 'over-budget'
  /** The move itself waited for the lock of another session, and writers queued behind it. */
  | 'queued'
  /** Another move or DDL of the same tables was under way; no writer waited. */
  | 'busy';

export interface Try {
  readonly way: CopyWay;
  readonly cancelled: Cancelled;
}

/** A move that is still to be made. */
export interface Pending {
  /** Stands for the shard group. */
  readonly shardId: number;
  readonly bytes: number;
  /** Whether logical replication can copy every table of the group beside all writes. */
  readonly logicalWorks: boolean;
  /** What became of it so far, in this run. */
  readonly tries: readonly Try[];
}

/** Tries of one move before it is left for another run. */
export const MOST_TRIES = 6;

/** Tries with writes blocked of which each cost writers the whole budget. */
const MOST_BLOCKING_OVERRUNS = 2;

/** Whole copies that were thrown away because the switch took too long. */
const MOST_LOGICAL_OVERRUNS = 2;

/**
 * Trying costs a moment and waiting for logical replication costs seconds, so that a move is tried with writes blocked also where it
 * would probably take somewhat longer than the budget, the more so as long as nothing is known of this cluster.
 */
const HOPE = { unknown: 4, known: 1.35, failedOnce: 1.15 } as const;

/** Cancelled tries that say no more than "longer", before it is believed that nothing fits. */
const MOST_IN_THE_DARK = 3;

/** Moves by logical replication after which the other way is tried once more: the load may have changed. */
const TRY_AGAIN_AFTER = 4;
const HOPE_AGAIN = 1.6;

/**
 * How the next try of a move copies: with writes blocked where it fits into the budget, by logical replication where it does not.
 *
 * @param costs what the run has learnt so far
 */
export function chooseWay(pending: Pending, costs: MoveCosts, maxWritePauseMs: number): CopyWay {
  if (!pending.logicalWorks) return 'blocking';
  const overruns = countOverruns(pending, 'blocking');
  if (overruns >= MOST_BLOCKING_OVERRUNS) return 'logical';
  const hope = overruns > 0 ? HOPE.failedOnce : hopeFor(costs);
  return predictPauseMs(costs, 'blocking', pending.bytes) <= hope * maxWritePauseMs ? 'blocking' : 'logical';
}

function hopeFor(costs: MoveCosts): number {
  const tried = costs.filter(({ way }) => way === 'blocking');
  if (tried.length < MOST_IN_THE_DARK && samplesOf(tried, 'blocking').length === 0) return HOPE.unknown;
  const since = costs.length - 1 - costs.findLastIndex(({ way }) => way === 'blocking');
  return since > 0 && since % TRY_AGAIN_AFTER === 0 ? HOPE_AGAIN : HOPE.known;
}

/** How Citus is told. */
export function transferMode(way: CopyWay): TransferMode {
  return way === 'blocking' ? 'block_writes' : 'auto';
}

/** Whether a move that was cancelled once more comes again in this run, or is left. */
export function comesAgain({ tries, logicalWorks }: Pick<Pending, 'tries' | 'logicalWorks'>): boolean {
  const over = (way: CopyWay): number => countOverruns({ tries }, way);
  if (tries.length >= MOST_TRIES) return false;
  if (!logicalWorks) return over('blocking') < MOST_TRIES / 2;
  return over('logical') < MOST_LOGICAL_OVERRUNS;
}

function countOverruns({ tries }: Pick<Pending, 'tries'>, way: CopyWay): number {
  return tries.filter((each) => each.way === way && each.cancelled === 'over-budget').length;
}

/** Milliseconds to let a move be that was cancelled, so that whoever was in the way may go. */
export function restMs({ tries }: Pick<Pending, 'tries'>): number {
  const waited = tries.filter(({ cancelled }) => cancelled !== 'over-budget').length;
  return waited === 0 ? 0 : Math.min(500 * 2 ** (waited - 1), 8000);
}

/**
 * Up to version 15 a server starts one process that replays changes in so many milliseconds (`wal_retrieve_retry_interval`), whatever
 * asks for it: the second of two logical moves to one node waits for that, and a move to another node does not.
 */
export const LAUNCH_INTERVAL_MS = 5000;

/**
 * Which move is next: the first that may be made at once, or else the first. While nothing is known of this cluster it is the smallest
 * one, which teaches at the least risk. A group that moves twice moves in the planner's order.
 *
 * @param moves in the planner's order, those that were cancelled at the end
 * @param wouldWait whether a move would stand still for a while before it begins
 * @param mayStart whether it may begin now at all
 * @returns its index; undefined where none may
 */
export function nextMove<Some extends Pending>(
  moves: readonly Some[],
  costs: MoveCosts,
  wouldWait: (move: Some) => boolean = () => false,
  mayStart: (move: Some) => boolean = () => true,
): number | undefined {
  const free = [...moves.keys()].filter(
    (index) =>
      moves.findIndex(({ shardId }) => shardId === moves[index]?.shardId) === index &&
      moves[index] !== undefined &&
      mayStart(moves[index]),
  );
  if (isMeasured(costs)) {
    return free.find((index) => moves[index] !== undefined && !wouldWait(moves[index])) ?? free[0];
  }
  return free.sort((a, b) => (moves[a]?.bytes ?? 0) - (moves[b]?.bytes ?? 0) || a - b)[0];
}

/** Where a guard stands in one try. Times are milliseconds of one clock. */
export interface GuardedTry {
  /** The last moment at which nothing of the move was in the way of writers. */
  readonly freeAt: number;
  /** Whether the move holds writers up now, or waits for a lock that they will queue behind. */
  readonly held: boolean;
  /** Whether it waits itself for a lock of another session. */
  readonly waits: boolean;
  /** Since when it waits for a lock, holding up no one; undefined where it does not. */
  readonly stuckSince?: number | undefined;
}

/** Part of the budget in which a cancelled move lets writers go. */
const LET_GO = 0.1;

/** Part of the budget that a move may wait for the lock of another session: what is left has to do for the move. */
const QUEUE = 0.3;

/** Milliseconds that a move may wait for a lock while no writer waits for it. */
const LONGEST_WAIT_MS = 10_000;

/** Milliseconds of a pause after which a guard cancels a try. */
export function guardLimitMs(maxWritePauseMs: number): number {
  return maxWritePauseMs * (1 - LET_GO);
}

/** Why a try has to be cancelled now; undefined as long as it may go on. */
export function verdict(
  { freeAt, held, waits, stuckSince }: GuardedTry,
  now: number,
  maxWritePauseMs: number,
): Cancelled | undefined {
  if (!held) return stuckSince !== undefined && now - stuckSince >= LONGEST_WAIT_MS ? 'busy' : undefined;
  const since = now - freeAt;
  if (waits && since >= maxWritePauseMs * QUEUE) return 'queued';
  return since >= guardLimitMs(maxWritePauseMs) ? 'over-budget' : undefined;
}

/** Milliseconds to the next moment at which {@link verdict} may say otherwise. */
export function untilVerdict(
  { freeAt, held, waits }: GuardedTry,
  now: number,
  maxWritePauseMs: number,
): number {
  if (!held) return Infinity;
  return Math.max(0, freeAt + (waits ? maxWritePauseMs * QUEUE : guardLimitMs(maxWritePauseMs)) - now);
}

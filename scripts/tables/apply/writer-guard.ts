import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { errorCode } from '../../lib/errors';
import { sqlTable } from '../../database/model/names';
import {
  CANCEL,
  COPY_STAGE,
  HOLD_WRITERS,
  LAST_OPERATION,
  REPLAY_STANDS,
  WRITERS_HELD,
} from './lock-monitor.sql';
import { PauseMeter } from './write-pause';
import type { WritePause } from './write-pause';

/** Milliseconds between two looks at the writers. */
const INTERVAL_MS = 50;
/** Milliseconds between two looks while the moment to hold writers up is near. */
const CLOSE_INTERVAL_MS = 20;
/**
 * Writers are not held up for longer, milliseconds, and as long in all behind the wait for those that run already; what that is
 * to keep from happening is noticed all the same.
 */
const LONGEST_HOLD_MS = 5_000;
/** The server's own bounds, should this program be stopped or cut off while it holds writers up. */
const BOUNDS = `SET LOCAL idle_in_transaction_session_timeout TO ${String(LONGEST_HOLD_MS)}; SET LOCAL statement_timeout TO ${String(LONGEST_HOLD_MS)}`;
/** Milliseconds between two looks at the replay of changes. */
const REPLAY_INTERVAL_MS = 1_000;

export interface CopyInProgress {
  /** The backend that is going to copy. */
  readonly pid: number;
  readonly table: TableName;
  /** Milliseconds to wait for running writes before writers that come after them are let through. */
  readonly lockTimeoutMs: number;
  /** Milliseconds that changes may go without a process that replays them; one that fails starts anew after five seconds. */
  readonly replayTimeoutMs: number;
}

export interface WritersWatch {
  /** Ends the observation. */
  stop(): Promise<WritePause>;
  /** True once the copy was cancelled because changes were not replayed any more. */
  stalled(): boolean;
}

/**
 * Looks after the writers of a table while it is copied online: measures how long they wait, and keeps two of Citus's
 * weaknesses from them (https://github.com/citusdata/citus/issues/6790).
 *
 * Where the coordinator, which has the rows, is to hold shards as well, Citus makes replication slots before the shards
 * have their keys. An update or delete between the two is decoded as of its time, without a key, and cannot be replayed:
 * the copy then waits for ever, with the log of the node piling up. So writers wait while that goes on, a moment for most
 * tables; and should a change slip through, the copy is cancelled, to be tried again.
 */
export async function watchWriters(
  client: Client,
  { pid, table, lockTimeoutMs, replayTimeoutMs }: CopyInProgress,
): Promise<WritersWatch> {
  const before = await client
    .query<{ last: string }>(LAST_OPERATION)
    .then(({ rows }) => rows[0]?.last ?? '0')
    .catch(() => '0');
  const ended = new AbortController();
  const meter = new PauseMeter(performance.now());
  const name = sqlTable(table);
  let stalled = false;
  let replayLookedAt = 0;
  let standingSince: number | undefined;
  let stage: 'before' | 'holding' | 'gave-up' | 'past' = 'before';
  let heldAt = 0;
  let waitedForLockMs = 0;
  let triesAgainAt = 0;

  const measure = async (): Promise<void> => {
    const askedAt = performance.now();
    const { rows } = await client.query<{ held: boolean; waitedMs: number }>(WRITERS_HELD, [pid, name]);
    const { held = false, waitedMs = 0 } = rows[0] ?? {};
    meter.look({ askedAt, answeredAt: performance.now(), held, waitedMs });
  };
  const hold = async (shards: readonly string[]): Promise<void> => {
    const from = performance.now();
    await client.query(`BEGIN; ${BOUNDS}; SET LOCAL lock_timeout TO ${String(Math.round(lockTimeoutMs))}`);
    try {
      await client.query(HOLD_WRITERS, [shards]);
      heldAt = performance.now();
      stage = 'holding';
    } catch (error) {
      // Writers that came meanwhile stood behind this, and are let through before it is tried again.
      const until = performance.now();
      waitedForLockMs += until - from;
      triesAgainAt = until + (until - from);
      if (errorCode(error) !== '55P03' || waitedForLockMs > LONGEST_HOLD_MS) stage = 'gave-up';
      throw error;
    }
  };
  const release = async (): Promise<void> => {
    await client.query('ROLLBACK');
  };
  const guard = async (): Promise<void> => {
    const { rows } = await client.query<{ shards: string[]; near: boolean; safe: boolean }>(COPY_STAGE, [
      name,
      before,
    ]);
    const { shards = [], near = false, safe = false } = rows[0] ?? {};
    if (stage === 'holding') {
      if (safe) stage = 'past';
      else if (performance.now() - heldAt > LONGEST_HOLD_MS) stage = 'gave-up';
      else return;
      await release();
    } else if (safe) stage = 'past';
    else if (near && shards.length > 0 && performance.now() >= triesAgainAt) await hold(shards);
  };
  const lookAtReplay = async (): Promise<void> => {
    const now = performance.now();
    if (now - replayLookedAt < REPLAY_INTERVAL_MS) return;
    replayLookedAt = now;
    const { rows } = await client.query<{ stands: boolean }>(REPLAY_STANDS, [before]);
    standingSince = rows[0]?.stands === true ? (standingSince ?? now) : undefined;
    if (standingSince === undefined || now - standingSince < replayTimeoutMs) return;
    stalled = true;
    await client.query(CANCEL, [pid]);
  };
  const loop = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        await measure();
        if (stage === 'before' || stage === 'holding') await guard();
        else await lookAtReplay();
      } catch {
        // A lock that was not to be had, most often. Nothing is to be held any longer. Where the session ended, the server let go.
        await release().catch(() => undefined);
        if (stage === 'holding') stage = 'gave-up';
      }
      const interval = stage === 'before' || stage === 'holding' ? CLOSE_INTERVAL_MS : INTERVAL_MS;
      await sleep(interval, undefined, { signal: ended.signal }).catch(() => undefined);
    }
    if (stage === 'holding') await release().catch(() => undefined);
  };
  const looping = loop();
  return {
    stalled: () => stalled,
    async stop() {
      const endedAt = performance.now();
      ended.abort();
      await looping;
      return meter.result(endedAt);
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { sqlStateOf } from '../../lib/errors';
import { sqlTable } from '../../database/model/names';
import { hasStalledReplay, holdWriters, readCopyStage, readLastOperation } from '../../citus/online-copy';
import { readWritersHeld } from '../../citus/sessions';
import { CANCEL } from '../../citus/sessions.sql';
import { PauseMeter } from '../../lib/pause-meter';
import type { WritePause } from '../../lib/pause-meter';

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
export async function watchWriters(client: Client, copy: CopyInProgress): Promise<WritersWatch> {
  const before = await readLastOperation(client).catch(() => '0');
  const guard = new WriterGuard(client, copy, before);
  const ended = new AbortController();
  const looping = guard.loop(ended.signal);
  return {
    stalled: () => guard.stalled,
    async stop() {
      const endedAt = performance.now();
      ended.abort();
      await looping;
      return guard.meter.result(endedAt);
    },
  };
}

/** How far the guard is with the moment in which writers have to wait. */
type Stage = 'before' | 'holding' | 'gave-up' | 'past';

class WriterGuard {
  readonly meter = new PauseMeter(performance.now());
  stalled = false;
  private stage: Stage = 'before';
  private heldAt = 0;
  private waitedForLockMs = 0;
  private triesAgainAt = 0;
  private replayLookedAt = 0;
  private standingSince: number | undefined;
  private readonly client: Client;
  private readonly copy: CopyInProgress;
  private readonly name: string;
  private readonly before: string;

  /** @param before the last operation of Citus before the copy */
  constructor(client: Client, copy: CopyInProgress, before: string) {
    this.client = client;
    this.copy = copy;
    this.name = sqlTable(copy.table);
    this.before = before;
  }

  async loop(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      try {
        await this.measure();
        if (this.isNeeded) await this.guard();
        else await this.lookAtReplay();
      } catch {
        // A lock that was not to be had, most often. Nothing is to be held any longer. Where the session ended, the server let go.
        await this.release().catch(() => undefined);
        if (this.stage === 'holding') this.stage = 'gave-up';
      }
      const interval = this.isNeeded ? CLOSE_INTERVAL_MS : INTERVAL_MS;
      await sleep(interval, undefined, { signal: ended }).catch(() => undefined);
    }
    if (this.stage === 'holding') await this.release().catch(() => undefined);
  }

  private get isNeeded(): boolean {
    return this.stage === 'before' || this.stage === 'holding';
  }

  private async measure(): Promise<void> {
    const askedAt = performance.now();
    const { held, waitedMs } = await readWritersHeld(this.client, this.copy.pid, this.name);
    this.meter.look({ askedAt, answeredAt: performance.now(), held, waitedMs });
  }

  private async guard(): Promise<void> {
    const { shards, near, safe } = await readCopyStage(this.client, this.name, this.before);
    if (this.stage === 'holding') {
      if (safe) this.stage = 'past';
      else if (performance.now() - this.heldAt > LONGEST_HOLD_MS) this.stage = 'gave-up';
      else return;
      await this.release();
    } else if (safe) this.stage = 'past';
    else if (near && shards.length > 0 && performance.now() >= this.triesAgainAt) await this.hold(shards);
  }

  private async hold(shards: readonly string[]): Promise<void> {
    const from = performance.now();
    const timeout = String(Math.round(this.copy.lockTimeoutMs));
    await this.client.query(`BEGIN; ${BOUNDS}; SET LOCAL lock_timeout TO ${timeout}`);
    try {
      await holdWriters(this.client, shards);
      this.heldAt = performance.now();
      this.stage = 'holding';
    } catch (error) {
      // Writers that came meanwhile stood behind this, and are let through before it is tried again.
      const until = performance.now();
      this.waitedForLockMs += until - from;
      this.triesAgainAt = until + (until - from);
      if (sqlStateOf(error) !== '55P03' || this.waitedForLockMs > LONGEST_HOLD_MS) this.stage = 'gave-up';
      throw error;
    }
  }

  private async release(): Promise<void> {
    await this.client.query('ROLLBACK');
  }

  private async lookAtReplay(): Promise<void> {
    const now = performance.now();
    if (now - this.replayLookedAt < REPLAY_INTERVAL_MS) return;
    this.replayLookedAt = now;
    const stands = await hasStalledReplay(this.client, this.before);
    this.standingSince = stands ? (this.standingSince ?? now) : undefined;
    if (this.standingSince === undefined || now - this.standingSince < this.copy.replayTimeoutMs) return;
    this.stalled = true;
    await this.client.query(CANCEL, [this.copy.pid]);
  }
}

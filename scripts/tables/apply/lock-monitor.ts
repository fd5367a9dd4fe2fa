import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Progress } from '../../lib/reporter';
import type { CopyMeasure } from './copied-rows';
import { readWorkerBlockers } from '../../citus/sessions';
import { CANCEL } from '../../citus/sessions.sql';
import { BLOCKERS } from './lock-monitor.sql';

/** A session that stands in the way, or a prepared transaction. Fields of other roles' sessions may be hidden from ours. */
export interface Blocker {
  /** Null for a prepared transaction, which outlived its session: PostgreSQL names no process for it. */
  readonly pid: number | null;
  readonly user: string | null;
  readonly application: string | null;
  readonly state: string | null;
  /** When its transaction began. */
  readonly since: string | null;
  /** When its last statement began. */
  readonly queryStart: string | null;
  /** The node it works on; absent for the coordinator. */
  readonly node?: string;
}

/** Milliseconds between two looks. */
const INTERVAL_MS = 200;
/** Milliseconds between two looks at every node, at least and at most. */
const EVERYWHERE_MS = [1_000, 5_000] as const;
/** A look at every node costs connections there, and with them the time of the copy itself: it may have a fiftieth. */
const EVERYWHERE_SHARE = 1 / 50;
/** A cancellation falls flat between two statements, and is in the way of the clean-up after one: not at every look. */
const LOOKS_PER_CANCEL = 5;

/** The last count of a copy is of the look before it ended, and what was expected is an estimate. */
const NEARLY_ALL = 0.8;

/** What is to be observed while one step runs. */
export interface Watched {
  /** The backend that runs the step. */
  readonly pid: number;
  /** Shows how far the copy of the step is. */
  readonly copy?: { readonly measure: CopyMeasure; readonly progress: Progress };
  /** Milliseconds the step waits for a lock: whoever holds it is looked for more often than that. */
  readonly lockTimeoutMs: number;
  /** Cancels the statement in flight once aborted. */
  readonly signal: AbortSignal;
}

export interface Watch {
  /** Who was in the way when the step last waited; empty where nobody was seen. */
  blockers(): readonly Blocker[];
  /** Ends the observation. */
  stop(): Promise<void>;
}

/** Observes a running step from a second connection. What it cannot see is no reason for the step to fail. */
export function watch(client: Client, watched: Watched): Watch {
  const ended = new AbortController();
  let seen: readonly Blocker[] = [];
  let copied = 0;
  let looksAborted = 0;
  const cancel = async (): Promise<void> => {
    if (!watched.signal.aborted) return;
    if (looksAborted % LOOKS_PER_CANCEL === 0) await client.query(CANCEL, [watched.pid]);
    looksAborted += 1;
  };
  const lookHere = async (): Promise<boolean> => {
    const { rows } = await client.query<Blocker>(BLOCKERS, [watched.pid]);
    if (rows.length > 0) seen = rows;
    return rows.length > 0;
  };
  const lookEverywhere = throttled(watched.lockTimeoutMs, async () => {
    const blockers = await readWorkerBlockers(client, watched.pid);
    if (blockers.length > 0) seen = blockers;
  });
  const count = throttled(Infinity, async () => {
    if (watched.copy?.measure.count === undefined) return;
    const { measure, progress } = watched.copy;
    const now = await watched.copy.measure.count(client);
    copied = Math.max(copied, now ?? 0);
    // Between the copies of two partitions there is none to be seen either.
    const catchesUp = now === undefined && copied >= NEARLY_ALL * (measure.total ?? 0);
    progress.update(copied, catchesUp ? 'copied; the shards catch up and switch over' : '');
  });
  const loop = async (): Promise<void> => {
    for (;;) {
      try {
        await sleep(INTERVAL_MS, undefined, { signal: ended.signal });
      } catch {
        return;
      }
      // The connection of the step reports what matters. One that fails is no reason to leave the other out.
      await cancel().catch(() => undefined);
      const blockedHere = await lookHere().catch(() => false);
      if (!blockedHere) await lookEverywhere().catch(() => undefined);
      await count().catch(() => undefined);
    }
  };
  const looping = loop();
  return {
    blockers: () => seen,
    async stop() {
      ended.abort();
      await looping;
    },
  };
}

/** Lets `look` run when it is due: a second from now at first, and then as its own cost allows. */
function throttled(lockTimeoutMs: number, look: () => Promise<void>): () => Promise<void> {
  let due = performance.now() + EVERYWHERE_MS[0];
  return async () => {
    const from = performance.now();
    if (from < due) return;
    try {
      await look();
    } finally {
      due = performance.now() + pauseAfter(performance.now() - from, lockTimeoutMs);
    }
  };
}

/**
 * Milliseconds to the next look at every node, after one that took so long.
 *
 * @param lockTimeoutMs the step gives up on a lock after that, and whoever holds it is to be found before; Infinity where
 *   nobody is looked for
 */
export function pauseAfter(tookMs: number, lockTimeoutMs: number): number {
  const [least, most] = EVERYWHERE_MS;
  return Math.max(least, Math.min(tookMs / EVERYWHERE_SHARE, most, lockTimeoutMs / 3));
}

/** One blocker as messages name it. */
export function describeBlocker(blocker: Blocker): string {
  if (blocker.pid === null) {
    const where = blocker.node === undefined ? '' : ` on ${blocker.node}`;
    return `a prepared transaction${where} of a server that was restarted, which Citus settles within a minute`;
  }
  const parts = [
    `session ${String(blocker.pid)}${blocker.node === undefined ? '' : ` on ${blocker.node}`}`,
    blocker.user === null ? '' : `user ${blocker.user}`,
    blocker.application === null || blocker.application === '' ? '' : `application "${blocker.application}"`,
    blocker.state === null ? '' : blocker.state,
    blocker.since === null ? '' : `in a transaction since ${blocker.since}`,
    blocker.queryStart === null ? '' : `its last statement of ${blocker.queryStart}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

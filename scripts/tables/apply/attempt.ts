import { actsOn, isOnlineCopy } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { withTransaction } from '../../lib/connection';
import { sqlStateOf, isServerError } from '../../lib/errors';
import type { ServerMessage } from '../../lib/errors';
import type { Progress } from '../../lib/reporter';
import type { VerbContext } from '../../lib/verb';
import { copyMeasure } from './copied-rows';
import type { LiveDatabase } from '../../database/model/live';
import { preparedTransactions } from './prepared';
import type { StatementWitness } from './policy-window-rows';
import type { TablesStep } from '../../database/model/step';
import { sqlTable } from '../../database/model/names';
import type { StepPlace } from './time-left';
import { watch } from './lock-monitor';
import type { Blocker, Watch } from './lock-monitor';
import type { WritePause } from '../../lib/pause-meter';
import { watchWriters } from './writer-guard';
import type { WritersWatch } from './writer-guard';

/** How long to wait for locks, and how often. While a statement waits for its lock, writes queue up behind it. */
export interface LockPolicy {
  /** Milliseconds one attempt waits for a lock that writes would queue behind. */
  readonly timeoutMs: number;
  /** Milliseconds one attempt of long work waits: losing it costs more than waiting does. */
  readonly longWorkTimeoutMs: number;
  readonly attempts: number;
  /** Milliseconds between two attempts at first; it doubles, up to ten times this. */
  readonly pauseMs: number;
}

/** Two more sessions of the same role beside the one that runs the steps. */
export interface Watchers {
  /** Sees who blocks, counts rows, and cancels. */
  readonly lockMonitor: Client;
  /** Looks after the writers of a table that is copied online. */
  readonly writerGuard: Client;
}

/** How one try of a step ended. */
export type Attempt = {
  /** What writers met during an online copy. */
  readonly pause: WritePause | undefined;
  /** Seconds that writers may have waited for a transaction that lets none through. */
  readonly blockedSeconds: number | undefined;
} & (
  | { readonly outcome: 'done'; readonly seconds: number }
  | {
      readonly outcome: 'failed';
      readonly error: unknown;
      /** The one of the step's statements that failed. */
      readonly statement: string;
      readonly blockers: readonly Blocker[];
      /** When it began, as performance.now() says it. */
      readonly from: number;
      /** Cancelled, because the changes of writers did not reach the copy any more. */
      readonly stalled: boolean;
    }
  /** Because the person asked to stop. */
  | { readonly outcome: 'cancelled' }
);

/** The live tables that a step acts on: one, or all of a schema. */
export function tablesOf(step: TablesStep, live: LiveDatabase): TableName[] {
  return live.tables.map(({ table }) => table).filter((table) => actsOn(step, table));
}

/** One try of a step. */
interface Trial {
  readonly step: TablesStep;
  /** The process of the session that runs it. */
  readonly pid: number;
  readonly locks: LockPolicy;
  /** See {@link tablesOf}. */
  readonly tables: readonly TableName[];
  /** Counts rows within a transaction. @default - nobody counts */
  readonly witness?: StatementWitness | undefined;
  /** Asked once the step is done. */
  readonly place?: () => StepPlace;
}

/** Runs one step under observation, once. */
export async function attemptStep(
  context: VerbContext,
  client: Client,
  watchers: Watchers,
  trial: Trial,
): Promise<Attempt> {
  const { reporter, signal } = context;
  const { step } = trial;
  reporter.event({ name: 'step.started', step: step.id, action: step.action, table: step.table });
  const { total, progress, monitor, writers } = await startWatching(context, watchers, trial);
  const from = performance.now();
  const holdsWriters = step.transaction && (step.blocksWrites || stepKind(step).letsWritersThrough !== true);
  let blockedSeconds: number | undefined;
  let statement = '';
  const running = (each: string): void => {
    statement = each;
  };
  try {
    await runStep(client, trial, running).finally(() => {
      if (holdsWriters) blockedSeconds = secondsSince(from);
    });
    const [pause] = await Promise.all([writers?.stop(), monitor.stop()]);
    const seconds = secondsSince(from);
    if (total !== undefined) progress?.update(total);
    progress?.finish();
    reporter.event({
      name: 'step.done',
      step: step.id,
      seconds,
      shown: progress !== undefined,
      ...trial.place?.(),
    });
    return { outcome: 'done', seconds, blockedSeconds, pause };
  } catch (error) {
    const [pause] = await Promise.all([writers?.stop(), monitor.stop()]);
    progress?.finish('not finished');
    if (signal.aborted && (sqlStateOf(error) === '57014' || isConflict(error)))
      return { outcome: 'cancelled', pause, blockedSeconds };
    const stalled = sqlStateOf(error) === '57014' && writers?.stalled() === true;
    const seen = monitor.blockers();
    // PostgreSQL and Citus tell of sessions alone, and a prepared transaction on another node has none.
    const blockers =
      seen.length > 0 ? seen : await preparedTransactions(watchers.lockMonitor).catch(() => []);
    return { outcome: 'failed', error, statement, blockers, from, stalled, pause, blockedSeconds };
  }
}

interface Watching {
  /** Absent where the step copies nothing. */
  readonly progress?: Progress;
  /** What the progress comes to, where that can be told. */
  readonly total?: number | undefined;
  readonly monitor: Watch;
  /** Absent where the step copies nothing online. */
  readonly writers?: WritersWatch;
}

async function startWatching(
  { reporter, signal }: VerbContext,
  { lockMonitor, writerGuard }: Watchers,
  { step, pid, locks, tables }: Trial,
): Promise<Watching> {
  const measure =
    stepKind(step).copies === undefined ? undefined : await copyMeasure(lockMonitor, step, { pid, tables });
  const copy = measure && {
    measure,
    progress: reporter.progress(`${step.action} ${step.table}`, measure.total, measure.unit),
  };
  const monitor = watch(lockMonitor, {
    pid,
    lockTimeoutMs: step.transaction ? locks.timeoutMs : locks.longWorkTimeoutMs,
    signal,
    ...(copy === undefined ? {} : { copy }),
  });
  const [copied] = isOnlineCopy(step) ? tables : [];
  const writers =
    copied &&
    (await watchWriters(writerGuard, {
      pid,
      table: copied,
      lockTimeoutMs: locks.timeoutMs,
      // What was copied so far is lost with it; the server takes some seconds itself to start a process.
      replayTimeoutMs: 2 * locks.longWorkTimeoutMs,
    }));
  return {
    monitor,
    ...(copy === undefined ? {} : { progress: copy.progress, total: copy.measure.total }),
    ...(writers === undefined ? {} : { writers }),
  };
}

/** Runs one step's statements. @param running is told each before it runs */
async function runStep(
  client: Client,
  { step, locks, witness }: Trial,
  running: (statement: string) => void,
): Promise<void> {
  if (!step.transaction) {
    const timeout = String(locks.longWorkTimeoutMs);
    await client.query("SELECT set_config('lock_timeout', $1, false)", [timeout]);
    try {
      for (const statement of step.sql) {
        running(statement);
        await client.query(statement);
      }
    } finally {
      await client.query("SELECT set_config('lock_timeout', '0', false)").catch(() => undefined);
    }
    return;
  }
  await withTransaction(client, async () => {
    // The sessions that Citus opens on the nodes are to wait as long as this one, whatever their role has set.
    await client.query("SET LOCAL citus.propagate_set_commands TO 'local'");
    await client.query('SET LOCAL statement_timeout TO 0');
    await client.query('SET LOCAL idle_in_transaction_session_timeout TO 0');
    await client.query(`SET LOCAL lock_timeout TO ${String(Math.round(locks.timeoutMs))}`);
    // Within a transaction Citus would fill the coordinator's shards in this very session, one row and index after the other; over
    // connections it fills them side by side, as it does for a statement alone.
    if (step.action === 'distribute') await client.query('SET LOCAL citus.enable_local_execution TO off');
    if (step.target.kind === 'table') await client.query(ONE_BY_ONE_IF_LONG, [sqlTable(step.target)]);
    for (const statement of step.sql) {
      await witness?.before(statement);
      running(statement);
      await client.query(statement);
      await witness?.after(statement);
    }
    running('COMMIT');
  });
}

/**
 * Where names of shards are too long for PostgreSQL, Citus cuts them and changes the shards one by one over a session of its own, for which
 * it would wait in a deadlock, or refuses to. Shards have numbers of up to 12 digits.
 */
const ONE_BY_ONE_IF_LONG = `
SELECT set_config('citus.multi_shard_modify_mode', 'sequential', true)
 WHERE EXISTS (SELECT FROM pg_class c
                WHERE octet_length(c.relname) > 50 AND (c.oid = to_regclass($1) OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass($1)))))`;

/** False where the session ended with the step: the connection's own layer explains a server that goes away. */
export function isStatementError(error: unknown): error is Error & ServerMessage {
  // With a class 08 or 57 code, an ERROR is Citus speaking of a worker.
  return isServerError(error) && error.severity === 'ERROR';
}

/**
 * Errors that PostgreSQL and Citus tell from others by their message alone: these have the SQLSTATE of many others, no detail and no
 * name of an object in a field of its own.
 */
const ONLY_IN_WORDS = {
  /** Citus, of a lock timeout on a worker in some statements: no more than that the connection to it failed. */
  workerConnection: { message: /connection marked as essential/ },
  /** Two sessions changed one row of the server's catalogs: roles, for example, which Citus sends along to new nodes. */
  catalogRow: { code: 'XX000', message: /^tuple concurrently/ },
  /** Two databases copied online: Citus gives the roles it makes for that the same name in both. */
  copyRole: { code: '42710', message: /"citus_shard_\w+_role_\w+"/ },
} as const satisfies Readonly<Record<string, { readonly code?: string; readonly message: RegExp }>>;

function says(
  { code, message }: ServerMessage & { readonly message: string },
  kind: keyof typeof ONLY_IN_WORDS,
): boolean {
  const known: { readonly code?: string; readonly message: RegExp } = ONLY_IN_WORDS[kind];
  return (known.code ?? code) === code && known.message.test(message);
}

/** Whether a lock on a worker was not given in time. */
export function isWorkerLockTimeout(error: unknown, blockers: readonly Blocker[]): boolean {
  return isStatementError(error) && blockers.length > 0 && says(error, 'workerConnection');
}

/**
 * What goes away by itself: a lock timeout, a deadlock that this session lost, and two sessions of the server that met in
 * the catalogs they share.
 */
export function isConflict(error: unknown): boolean {
  return ['55P03', '40P01'].includes(sqlStateOf(error) ?? '') || isCatalogConflict(error);
}

/** Whether two sessions of the server met in the catalogs they share. */
export function isCatalogConflict(error: unknown): error is Error & ServerMessage {
  return isServerError(error) && (says(error, 'catalogRow') || says(error, 'copyRole'));
}

export function secondsSince(from: number): number {
  return round((performance.now() - from) / 1000);
}

export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

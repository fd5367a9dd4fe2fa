import type { AppliedStep, TablesStep } from '../../database/model/step';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Distribution } from '../../../config/workload/distribution-types';
import type { WorkloadQuery } from '../../../config/workload/workload';
import { requireAllowed } from '../../database/checks/findings';
import {
  describeServerError,
  errorCode,
  InterruptedError,
  isServerError,
  ScaleoutError,
} from '../../lib/errors';
import { withBoundedReads } from '../../lib/connection';
import { stopIfAsked } from '../../lib/verb';
import type { ServerMessage } from '../../lib/errors';
import type { VerbContext } from '../../lib/verb';
import { attemptStep, isCatalogConflict, isConflict, round, secondsSince, tablesOf } from './attempt';
import type { Attempt, LockPolicy, Watchers } from './attempt';
import { readRecord } from '../../database/observe/before-record';
import { recordBefore, compareAndClear } from '../../database/observe/comparison';
import type { RowsReceipt, ReceiptContent } from '../../database/observe/comparison';
import { SnapshotAge } from './snapshot-age';
import { DEFAULT_GROWTH, readSizes, requireNotGrown } from '../review/growth';
import { inspectDatabase } from '../../database/inspect/inspect';
import type { InspectOptions } from '../../database/inspect/inspect';
import type { LiveDatabase } from '../../database/model/live';
import { cleanUpLeftovers } from '../../citus/leftovers';
import { showTable } from '../../database/model/names';
import type { ObjectsCompared } from '../../database/observe/objects';
import { observeAfter } from '../../database/observe/observation';
import type { AnswerCompared, ObservationSubject } from '../../database/observe/observation';
import { planTables } from '../plan/plan';
import { countWhileLifted } from './policy-window-rows';
import type { TablesPlan } from '../plan/plan';
import type { SealedPlan } from '../review/plan-file';
import { areAllPrepared, resolvesItself } from './prepared';
import { planAsReviewed, requireNothingBeyond } from '../review/reviewed';
import { onlySession } from '../../database/observe/read-sessions';
import type { ReadSessions } from '../../database/observe/read-sessions';
import { requireNoRebalance } from './rebalance-guard';
import type { SequenceCompared } from '../../database/observe/sequences';
import { requireAbleSession } from './session-guard';
import { actsOn, isOnlineCopy, stepCount } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import type { ViewCompared } from '../../database/observe/view-answers';
import { describeBlocker } from './lock-monitor';
import type { Blocker } from './lock-monitor';
import type { WritePause } from './write-pause';

export { isConflict } from './attempt';
export type { LockPolicy, Watchers } from './attempt';

export const DEFAULT_LOCKS: LockPolicy = {
  timeoutMs: 2_000,
  longWorkTimeoutMs: 15_000,
  attempts: 12,
  pauseMs: 500,
};

/** What `tables apply` answers with. */
export interface TablesApplied {
  readonly formatVersion: 1;
  readonly applied: readonly AppliedStep[];
  /** Ids of the steps that are left: none, since a run that does not come to its end fails. */
  readonly remaining: readonly string[];
  readonly seconds: number;
  /**
   * The longest transaction that held writers of a table up, from its start (waiting for locks included, since writers
   * queue behind it) to its end, be it that it gave up on a lock. The online copy is not in it: it holds writers up for
   * moments of its own choosing, see `longestWritePause`.
   */
  readonly longestWriteBlock: { readonly id: string; readonly seconds: number } | null;
  /** The longest that writers of a table had to wait at most while it was copied online; null where none was. */
  readonly longestWritePause: ({ readonly id: string } & WritePause) | null;
  /** The rows before and after; null where nobody asked, or nothing was done. */
  readonly rows: RowsReceipt | null;
  /** The answers of the queries before and after; empty where there were none, or nothing was done. */
  readonly answers: readonly AnswerCompared[];
  /** Keys, indexes, comments, grants and the like, before and after; empty where nothing was done. */
  readonly objects: readonly ObjectsCompared[];
  /** Where each sequence of the tables goes on, and from where it was to; empty where nothing was done. */
  readonly sequences: readonly SequenceCompared[];
  /** What each view over the tables answers, before and after; empty where nothing was done. */
  readonly views: readonly ViewCompared[];
}

/** The answer where everything is as specified. */
export function nothingApplied(): TablesApplied {
  return {
    formatVersion: 1,
    applied: [],
    remaining: [],
    seconds: 0,
    longestWriteBlock: null,
    longestWritePause: null,
    rows: null,
    answers: [],
    objects: [],
    sequences: [],
    views: [],
  };
}

export interface ApplyInput {
  readonly expected: Distribution;
  /** Do exactly this, or refuse. */
  readonly reviewed?: SealedPlan;
  /** How many times the rows it was reviewed with a table may have. @default 2 */
  readonly growth?: number;
  /** Asked once the plan is known, before anything changes; false ends the run. */
  readonly approve?: (plan: TablesPlan) => Promise<boolean>;
  readonly locks?: LockPolicy;
  /** Milliseconds that a look at the database is good for; 0 looks after each step. @default by what it took, see {@link SnapshotAge} */
  readonly lookLastsMs?: number;
  /**
   * Count and hash every row before the first step and after the last: two reads of every table, on the shards in
   * parallel once there are any, of about a quarter of a second for a million rows each. @default true
   */
  readonly compareRows?: boolean;
  /** Asked before the first step and after the last; their answers are compared. */
  readonly queries?: readonly WorkloadQuery[];
  /** Sessions to count with. @default - the one that runs the steps */
  readonly readers?: ReadSessions;
  /**
   * Handed what there was before and is now, before the record of it leaves the database. With nothing to do and nothing
   * recorded, `before` and `compared` are null.
   */
  readonly keep?: (seen: ReceiptContent) => Promise<void>;
}

/** Whether a step may run by a look from before the step before it. */
function canUseStaleSnapshot(step: TablesStep, { tables }: LiveDatabase): boolean {
  const { onStaleSnapshot = 'never' } = stepKind(step);
  if (onStaleSnapshot !== 'of plain tables') return onStaleSnapshot === 'always';
  return step.transaction && tables.some(({ table, citus }) => citus.kind === 'plain' && actsOn(step, table));
}

/** Milliseconds; what failed after longer is not tried again on the chance that another look makes it fit. */
const BRIEF_MS = 10_000;

/** An online copy that got stuck is begun anew so often. */
const COPIES_BEGUN = 3;

/**
 * Brings the database to its specification: look, plan, do the first step, and look again until nothing is left. A plan
 * is carried no further than its look is good for, so that a run continues a run that was broken off, and notices what
 * others did in between. The caller holds the advisory lock.
 *
 * @param client runs the steps
 */
export async function applyTables(
  context: VerbContext,
  client: Client,
  watchers: Watchers,
  input: ApplyInput,
): Promise<TablesApplied> {
  const locks = input.locks ?? DEFAULT_LOCKS;
  const started = performance.now();
  const applied: AppliedStep[] = [];
  const failures = new Map<string, number>();
  const since = new Map<string, number>();
  const pid = await prepareSession(client);
  let longest: TablesApplied['longestWriteBlock'] = null;
  let longestPause: TablesApplied['longestWritePause'] = null;

  const inspect = (options?: InspectOptions): Promise<LiveDatabase> =>
    retryingLocks(context, locks, () => inspectDatabase(client, input.expected, options));
  const freshness = new SnapshotAge(input.lookLastsMs);
  let live = await inspect();
  let before = await readRecord(client);
  let plan =
    input.reviewed === undefined
      ? planTables(input.expected, live)
      : planAsReviewed(input.reviewed, input.expected, live, before !== undefined);
  if (input.reviewed !== undefined && plan.steps.length > 0) {
    const sizes = await retryingLocks(context, locks, () =>
      withBoundedReads(client, () => readSizes(client, live.tables)),
    );
    requireNotGrown(input.reviewed.sizes, sizes, input.growth ?? DEFAULT_GROWTH);
  }
  requireAllowed(plan.findings, input.expected.allow ?? []);
  if (plan.steps.length > 0) await requireAbleSession(client, plan);
  announce(context, plan);
  if (plan.steps.length > 0 && (await input.approve?.(plan)) === false) {
    throw new ScaleoutError('input.declined', 'nothing was changed, as answered');
  }
  if (plan.steps.length > 0) await cleanUpLeftovers(client, context.reporter);
  // Citus forgets how many rows a table has when it makes it a table of its own on the way.
  const estimates = new Map(plan.steps.map(({ id, rows }) => [id, rows]));
  const subject: ObservationSubject = {
    expected: input.expected,
    countRows: input.compareRows ?? true,
    queries: input.queries ?? [],
  };
  const around = { reporter: context.reporter, readers: input.readers ?? onlySession(client) };
  const beforeLooking = performance.now();
  if (plan.steps.length > 0) {
    before = await retryingLocks(context, locks, () =>
      recordBefore(client, subject, live, before, around),
    ).catch((error: unknown) => {
      if (error instanceof InterruptedError) {
        throw new InterruptedError(`stopped as asked: ${progressSoFar(applied, plan)}`);
      }
      if (!isStatementError(error)) throw error;
      throw new ScaleoutError(
        'tables.before-unrecorded',
        `what there is could not be counted, or not be written down in the schema scaleout: ${describeServerError(error)} Nothing was changed`,
        { cause: error },
      );
    });
  }
  const lookedSeconds = secondsSince(beforeLooking);
  const unseen = new Set<string>();
  // What was seen before a step failed for the first time.
  const unfit = new Map<string, LiveDatabase>();
  for (let step = plan.steps[0]; step !== undefined; step = plan.steps[0]) {
    stopIfAsked(context.signal, progressSoFar(applied, plan));
    await requireNoRebalance(client, progressSoFar(applied, plan));
    if (subject.countRows) await countWhileLifted(client, around.readers, step, live);
    const rows = step.rows ?? estimates.get(step.id);
    const attempt = await attemptStep(context, client, watchers, {
      step: rows === undefined ? step : { ...step, rows },
      pid,
      locks,
      tables: tablesOf(step, live),
    });
    if (attempt.pause !== undefined && attempt.pause.seconds > (longestPause?.seconds ?? -1)) {
      const { seconds, resolutionSeconds } = attempt.pause;
      longestPause = { id: step.id, seconds: round(seconds), resolutionSeconds: round(resolutionSeconds) };
    }
    if (attempt.blockedSeconds !== undefined && attempt.blockedSeconds > (longest?.seconds ?? 0)) {
      longest = { id: step.id, seconds: attempt.blockedSeconds };
    }
    if (attempt.outcome === 'done') {
      applied.push({ id: step.id, seconds: attempt.seconds });
      unseen.add(step.id);
      const [, next] = plan.steps;
      const byOlderLook = [step, next].every((each) => each !== undefined && canUseStaleSnapshot(each, live));
      if (byOlderLook && !freshness.isOver) {
        plan = { ...plan, steps: plan.steps.slice(1) };
        continue;
      }
    } else if (attempt.outcome === 'cancelled') {
      // A copy that is broken off leaves something behind, if nothing that anybody would miss.
      throw new InterruptedError(`stopped as asked: ${progressSoFar(applied, plan, 'no step is done')}`);
    } else if (attempt.stalled || isConflict(attempt.error) || waitedOnWorker(attempt)) {
      const failed = (failures.get(step.id) ?? 0) + 1;
      failures.set(step.id, failed);
      if (failed === 1) since.set(step.id, attempt.from);
      const waitedMs = performance.now() - (since.get(step.id) ?? attempt.from);
      if (attempt.stalled && failed >= COPIES_BEGUN) throw stalledError(step, applied, attempt.error);
      if (failed >= locks.attempts && !resolvesItself(attempt.blockers, waitedMs)) {
        if (isCatalogConflict(attempt.error)) throw stepError(step, attempt.error, applied, []);
        throw lockError(step, failed, attempt.blockers, applied, attempt.error);
      }
      await pause(context, step, failed, attempt, locks);
    } else if (!isStatementError(attempt.error)) throw attempt.error;
    else if (!unfit.has(step.id) && mayNotFit(attempt.error, attempt.from, unseen.size > 0)) {
      unfit.set(step.id, live);
      context.reporter.event({
        name: 'step.rechecking',
        step: step.id,
        message: describeServerError(attempt.error),
      });
    } else {
      const after = await inspectDatabase(client, input.expected, BETWEEN_STEPS).catch(() => live);
      const left = step.transaction ? [] : turnedLocal(unfit.get(step.id) ?? live, after);
      throw stepError(step, attempt.error, applied, left);
    }
    // An online copy that failed leaves its shards and slots to whoever comes round first.
    if (attempt.outcome === 'failed' && isOnlineCopy(step)) await cleanUpLeftovers(client, context.reporter);
    const soFar = progressSoFar(applied, plan);
    [live, plan] = await retryingLocks(context, locks, () =>
      freshness.of(async () => {
        const now = await inspectDatabase(client, input.expected, BETWEEN_STEPS);
        return [now, planTables(input.expected, now, soFar)];
      }),
    );
    if (input.reviewed !== undefined)
      plan = requireNothingBeyond(input.reviewed, plan, progressSoFar(applied, plan));
    requireAllowed(plan.findings, input.expected.allow ?? [], progressSoFar(applied, plan));
    const again = plan.steps[0]?.id;
    if (again !== undefined && unseen.has(again)) {
      throw new ScaleoutError(
        'tables.step-without-effect',
        `step ${again} ran without an error and the database does not show it: somebody undoes it, or Citus refused in silence. ${progressSoFar(applied, plan)}`,
      );
    }
    unseen.clear();
  }
  const settled = await compareAndClear(context, client, {
    applied,
    before,
    lookedSeconds,
    ...(input.keep === undefined ? {} : { keep: input.keep }),
    look: async (record) => {
      live = await inspect({ searchNulls: false });
      return retryingLocks(context, locks, () => observeAfter(client, subject, live, record, around));
    },
  });
  return {
    formatVersion: 1,
    applied,
    remaining: [],
    seconds: secondsSince(started),
    longestWriteBlock: longest,
    longestWritePause: longestPause,
    rows: settled?.rows ?? null,
    answers: settled?.answers ?? [],
    objects: settled?.objects ?? [],
    sequences: settled?.sequences ?? [],
    views: settled?.views ?? [],
  };
}

/** What a plan needs, and no more. */
const BETWEEN_STEPS: InspectOptions = { searchNulls: false, facts: false };

/**
 * Does work that gives up on somebody's exclusive lock by itself and then leaves nothing half done, a look above all, as
 * often as a step is tried.
 */
async function retryingLocks<T>(
  { reporter, signal }: VerbContext,
  locks: LockPolicy,
  look: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await look();
    } catch (error) {
      const locked = error instanceof ScaleoutError && errorCode(error.cause) === '55P03';
      if (!locked || attempt >= locks.attempts) throw error;
      if (signal.aborted) throw new InterruptedError('stopped as asked. Run the same command again to go on');
      reporter.event({ name: 'look.retrying', message: error.message, attempt, attempts: locks.attempts });
      await sleep(pauseBefore(attempt, locks), undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Milliseconds. */
function pauseBefore(attempt: number, { pauseMs }: LockPolicy): number {
  return Math.min(pauseMs * 2 ** (attempt - 1), pauseMs * 10);
}

/**
 * Connections to each node that Citus keeps for the next step, which needs about as many: a statement for all shards of a small table
 * takes twice as long where it makes them anew.
 */
const CACHED_CONNECTIONS = 16;

/** The session gives up soon after its client is gone, so that a killed run does not work on unseen. */
async function prepareSession(client: Client): Promise<number> {
  await client
    .query("SELECT set_config('client_connection_check_interval', '2s', false)")
    .catch((error: unknown) => {
      // Not every platform can tell that a client is gone.
      if (!['42704', '22023', '0A000'].includes(errorCode(error) ?? '')) throw error;
    });
  await client.query("SELECT set_config('citus.max_cached_conns_per_worker', $1, false)", [
    CACHED_CONNECTIONS,
  ]);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

/** Says what is going to happen before anything does. */
function announce({ reporter }: VerbContext, plan: TablesPlan): void {
  if (plan.steps.length === 0) return;
  reporter.event({
    name: 'plan.ready',
    steps: plan.steps.length,
    blocking: plan.steps.filter((step) => step.blocksWrites).map((step) => step.id),
    pauses: plan.steps.some(({ action }) => action === 'distribute'),
  });
}

/** Citus says of a lock timeout on a worker, in some statements, no more than that the connection to it failed. */
function waitedOnWorker({
  error,
  blockers,
}: {
  readonly error: unknown;
  readonly blockers: readonly Blocker[];
}): boolean {
  return (
    isStatementError(error) && blockers.length > 0 && /connection marked as essential/.test(error.message)
  );
}

async function pause(
  { reporter, signal }: VerbContext,
  step: TablesStep,
  failed: number,
  { error, blockers, stalled }: Extract<Attempt, { readonly outcome: 'failed' }>,
  locks: LockPolicy,
): Promise<void> {
  reporter.event({
    name: 'step.retrying',
    step: step.id,
    reason: stalled ? 'stalled' : isCatalogConflict(error) ? 'catalog' : 'lock',
    attempt: failed,
    attempts: areAllPrepared(blockers) ? undefined : locks.attempts,
    blockers: blockers.map(describeBlocker),
  });
  await sleep(pauseBefore(failed, locks), undefined, { signal }).catch(() => undefined);
}

function stalledError(step: TablesStep, applied: readonly AppliedStep[], cause: unknown): ScaleoutError {
  return new ScaleoutError(
    'tables.copy-stalled',
    `step ${step.id} was cancelled ${String(COPIES_BEGUN)} times, because the changes that writers made meanwhile did not reach the copy any more. The log of the coordinator says why: no process is free to replay them (raise max_logical_replication_workers and max_worker_processes), or Citus cannot replay one of them (https://github.com/citusdata/citus/issues/6790). Run this again while fewer rows are updated and deleted, or with \`online: false\`, and writers wait. ${doneSoFar(applied)}`,
    { cause },
  );
}

function lockError(
  step: TablesStep,
  attempts: number,
  blockers: readonly Blocker[],
  applied: readonly AppliedStep[],
  cause: unknown,
): ScaleoutError {
  const who =
    blockers.length === 0
      ? 'the server does not say who holds it'
      : `it is held by ${blockers.map(describeBlocker).join('; ')}`;
  const hint = areAllPrepared(blockers)
    ? 'Where it stays, whoever runs the servers settles it with recover_prepared_transactions(). Then run this again'
    : 'End that session (pg_terminate_backend) or wait for it, and run this again';
  return new ScaleoutError(
    'tables.lock-timeout',
    `step ${step.id} did not get its lock in ${String(attempts)} attempts: ${who}. ${hint}. ${doneSoFar(applied)}`,
    { cause },
  );
}

/** False where the session ended with the step: the connection's own layer explains a server that goes away. */
export function isStatementError(error: unknown): error is Error & ServerMessage {
  // With a class 08 or 57 code, an ERROR is Citus speaking of a worker.
  return isServerError(error) && error.severity === 'ERROR';
}

/**
 * Whether another look may say something else of a step that failed: what it was to change is gone or there already, or
 * it went by an older look.
 */
function mayNotFit({ code }: ServerMessage, from: number, byOlderLook: boolean): boolean {
  return performance.now() - from < BRIEF_MS && (byOlderLook || code?.startsWith('42') === true);
}

/** Tables that Citus knows since, as the first half of distributing them leaves them. */
function turnedLocal(before: LiveDatabase, after: LiveDatabase): string[] {
  const wasLocal = new Set(
    before.tables.filter(({ citus }) => citus.kind === 'local').map(({ table }) => showTable(table)),
  );
  return after.tables
    .filter(({ citus }) => citus.kind === 'local')
    .map(({ table }) => showTable(table))
    .filter((name) => !wasLocal.has(name));
}

/** @param local tables that the step turned local before it failed */
export function stepError(
  step: TablesStep,
  error: Error & ServerMessage,
  applied: readonly AppliedStep[],
  local: readonly string[],
): ScaleoutError {
  const left =
    local.length === 0
      ? doneSoFar(applied)
      : `${local.join(', ')} ${local.length === 1 ? 'is' : 'are'} left local to the coordinator and known to Citus, with every row, open to reads and writes.${applied.length === 0 ? '' : ` ${doneSoFar(applied)}`}`;
  return new ScaleoutError(
    'tables.step-failed',
    `step ${step.id} failed: ${describeServerError(error)} ${hintFor(step, error.code)} ${left}`,
    { cause: error },
  );
}

function hintFor(step: TablesStep, code = ''): string {
  return (
    stepKind(step).hints?.[code] ?? HINTS[code] ?? 'Fix the cause, and run this again; it goes on from here.'
  );
}

const MISSING_VALUES = 'Fill the missing values in, and run this again.';

/** By SQLSTATE, whatever the step. */
const HINTS: Readonly<Record<string, string>> = { '23502': MISSING_VALUES, '23514': MISSING_VALUES };

function doneSoFar(applied: readonly AppliedStep[]): string {
  return applied.length === 0
    ? 'Nothing else was changed'
    : `Done before it: ${applied.map((step) => step.id).join(', ')}`;
}

function progressSoFar(
  applied: readonly AppliedStep[],
  plan: TablesPlan,
  nothingDone = 'nothing was changed',
): string {
  const [done, open] = [applied.length, plan.steps.length];
  const sofar =
    done === 0
      ? nothingDone
      : `${stepCount(done)} ${done === 1 ? 'is' : 'are'} done (the last: ${applied.at(-1)?.id ?? ''})`;
  const left = open === 0 ? '' : ` and ${stepCount(open)} left, from ${plan.steps[0]?.id ?? ''} on`;
  return `${sofar}${left}. Run the same command again to go on from there`;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Allowance, Distribution } from '../../../config/workload/distribution-types';
import type { WorkloadQuery } from '../../../config/workload/workload';
import { idleAllowances } from '../../database/checks/allowances';
import { requireAllowed } from '../../database/checks/findings';
import { describeServerError, sqlStateOf, InterruptedError, ScaleoutError } from '../../lib/errors';
import { withBoundedReads } from '../../lib/connection';
import { stopIfAsked } from '../../lib/verb';
import type { VerbContext } from '../../lib/verb';
import { attemptStep, isStatementError, secondsSince, tablesOf } from './attempt';
import type { LockPolicy, Watchers } from './attempt';
import { readRecord } from '../../database/observe/before-record';
import { recordBefore, compareAndClear } from '../../database/observe/comparison';
import type { RowsReceipt, ReceiptContent } from '../../database/observe/comparison';
import { SnapshotAge } from './snapshot-age';
import { DEFAULT_GROWTH, readSizes, requireNotGrown } from '../review/growth';
import { inspectDatabase } from '../../database/inspect/inspect';
import type { InspectOptions } from '../../database/inspect/inspect';
import type { LiveDatabase } from '../../database/model/live';
import { cleanUpLeftovers } from '../../citus/leftovers';
import type { ObjectsCompared } from '../../database/observe/objects';
import { observeAfter } from '../../database/observe/observation';
import type {
  AnswerCompared,
  Observation,
  ObservationContext,
  ObservationSubject,
} from '../../database/observe/observation';
import { planTables } from '../plan/plan';
import type { TablesPlan } from '../plan/plan-document';
import { liveSizes } from '../plan/step-seconds';
import type { StepSize } from '../plan/step-seconds';
import { RunClock } from './time-left';
import type { StepPlace } from './time-left';
import { countWhileLifted, countWithin } from './policy-window-rows';
import type { SealedPlan } from '../review/plan-file';
import { planAsReviewed, requireNothingBeyond } from '../review/reviewed';
import { onlySession } from '../../database/observe/read-sessions';
import type { ReadSessions } from '../../database/observe/read-sessions';
import { progressSoFar, stepError } from './messages';
import { requireNoRebalance } from './rebalance-guard';
import { begin, convertedSince, next, pauseBefore } from './run';
import type { Action, Outcome, RunState } from './run';
import type { SequenceCompared } from '../../database/observe/sequences';
import { prepareSession, requireAbleSession } from './session-guard';
import type { AppliedStep, TablesStep } from '../../database/model/step';
import type { ViewCompared } from '../../database/observe/view-answers';

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
  readonly longestWriteBlock: RunState['longestWriteBlock'];
  /** The longest that writers of a table had to wait at most while it was copied online; null where none was. */
  readonly longestWritePause: RunState['longestWritePause'];
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
  /** Of the command line, also among those of the specification: one that no finding needs is named. */
  readonly allow?: readonly Allowance[];
  /** How many times the rows it was reviewed with a table may have. @default 2 */
  readonly growth?: number;
  /** Asked once the plan is known, before anything changes; false ends the run. */
  readonly approve?: (plan: TablesPlan, sizes: Readonly<Record<string, StepSize>>) => Promise<boolean>;
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

/** What one run works with. */
interface Run {
  readonly context: VerbContext;
  /** Runs the steps. */
  readonly client: Client;
  /** Its process. */
  readonly pid: number;
  readonly watchers: Watchers;
  readonly input: ApplyInput;
  readonly locks: LockPolicy;
  readonly age: SnapshotAge;
  readonly subject: ObservationSubject;
  readonly around: ObservationContext;
}

/** What a plan needs, and no more. */
const BETWEEN_STEPS: InspectOptions = { readRows: false, facts: false };

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
  const started = performance.now();
  const run: Run = {
    context,
    client,
    pid: await prepareSession(client),
    watchers,
    input,
    locks: input.locks ?? DEFAULT_LOCKS,
    age: new SnapshotAge(input.lookLastsMs),
    subject: {
      expected: input.expected,
      countRows: input.compareRows ?? true,
      queries: input.queries ?? [],
    },
    around: { reporter: context.reporter, readers: input.readers ?? onlySession(client) },
  };
  const live = await inspect(run);
  const record = await readRecord(client);
  const plan = await approvedPlan(run, live, record !== undefined);
  const looking = performance.now();
  const before = plan.steps.length === 0 ? record : await recorded(run, live, record, plan);
  const lookedSeconds = secondsSince(looking);
  const { applied, longestWriteBlock, longestWritePause } = await carryOut(run, live, plan);
  const compared = await compareAndClear(context, client, {
    applied,
    before,
    lookedSeconds,
    ...(input.keep === undefined ? {} : { keep: input.keep }),
    look: async (known) => {
      const now = await inspect(run, { readRows: false });
      return retryingLocks(run, () => observeAfter(client, run.subject, now, known, run.around));
    },
  });
  return {
    formatVersion: 1,
    applied,
    remaining: [],
    seconds: secondsSince(started),
    longestWriteBlock,
    longestWritePause,
    rows: compared?.rows ?? null,
    answers: compared?.answers ?? [],
    objects: compared?.objects ?? [],
    sequences: compared?.sequences ?? [],
    views: compared?.views ?? [],
  };
}

function inspect(run: Run, options?: InspectOptions): Promise<LiveDatabase> {
  return retryingLocks(run, () => inspectDatabase(run.client, run.input.expected, options));
}

/**
 * The plan, once everything is known that could stop it before its first step: it was reviewed for this database, is allowed, can be
 * done by this session, and is approved.
 *
 * @param resumed a run before this one did not come to its end
 */
async function approvedPlan(run: Run, live: LiveDatabase, resumed: boolean): Promise<TablesPlan> {
  const { context, client, input } = run;
  const { expected, reviewed } = input;
  const plan =
    reviewed === undefined ? planTables(expected, live) : planAsReviewed(reviewed, expected, live, resumed);
  const isNeeded = plan.steps.length > 0;
  if (reviewed !== undefined && isNeeded) {
    const sizes = await retryingLocks(run, () =>
      withBoundedReads(client, () => readSizes(client, live.tables)),
    );
    requireNotGrown(reviewed.sizes, sizes, input.growth ?? DEFAULT_GROWTH);
  }
  requireAllowed(plan.findings, expected.allow ?? []);
  for (const idle of idleAllowances(plan.findings, input.allow ?? [])) context.reporter.info(idle);
  if (!isNeeded) return plan;
  await requireAbleSession(client, plan, live);
  context.reporter.event({
    name: 'plan.ready',
    steps: plan.steps.length,
    blocking: plan.steps.filter((step) => step.blocksWrites).map((step) => step.id),
    pauses: plan.steps.some(({ action }) => action === 'distribute'),
  });
  if ((await input.approve?.(plan, liveSizes(live))) === false) {
    throw new ScaleoutError('input.declined', 'nothing was changed, as answered');
  }
  await cleanUpLeftovers(client, context.reporter);
  return plan;
}

/** Writes down what there is before the first step, with what an earlier run wrote down. */
async function recorded(
  run: Run,
  live: LiveDatabase,
  record: Observation | undefined,
  plan: TablesPlan,
): Promise<Observation> {
  try {
    return await retryingLocks(run, () => recordBefore(run.client, run.subject, live, record, run.around));
  } catch (error) {
    if (error instanceof InterruptedError) {
      throw new InterruptedError(`stopped as asked: ${progressSoFar([], plan)}`);
    }
    if (!isStatementError(error)) throw error;
    throw new ScaleoutError(
      'tables.before-unrecorded',
      `what there is could not be counted, or not be written down in the schema scaleout: ${describeServerError(error)} Nothing was changed`,
      { cause: error },
    );
  }
}

/** Does what `next` says until it says that all is done. */
async function carryOut(run: Run, live: LiveDatabase, plan: TablesPlan): Promise<RunState> {
  // Citus forgets how many rows a table has when it converts it on the way.
  const estimates = new Map(plan.steps.map(({ id, rows }) => [id, rows]));
  const clock = new RunClock(plan.steps, liveSizes(live));
  let [state, action] = begin(live, plan);
  for (;;) {
    if (action.kind === 'finish') return state;
    if (action.kind === 'fail') throw action.error;
    if (action.kind === 'fail-after-look') {
      const { step, error, statement, before } = action;
      const after = await inspectDatabase(run.client, run.input.expected, BETWEEN_STEPS).catch(() => before);
      throw stepError(step, error, state.applied, convertedSince(before, after), {
        statement,
        live: after,
        open: state.plan.steps.length,
      });
    }
    const outcome: Outcome =
      action.kind === 'look'
        ? await look(run, state, action)
        : await attempt(run, state, withEstimate(action.step, estimates), clock);
    [state, action] = next(state, outcome, run.locks);
  }
}

function withEstimate(step: TablesStep, estimates: ReadonlyMap<string, number | undefined>): TablesStep {
  const rows = step.rows ?? estimates.get(step.id);
  return rows === undefined ? step : { ...step, rows };
}

async function attempt(run: Run, state: RunState, step: TablesStep, clock: RunClock): Promise<Outcome> {
  const { context, client, watchers, pid, locks, subject, around } = run;
  const soFar = progressSoFar(state.applied, state.plan);
  stopIfAsked(context.signal, soFar);
  await requireNoRebalance(client, soFar);
  if (subject.countRows) await countWhileLifted(client, around.readers, step, state.live);
  const tables = tablesOf(step, state.live);
  const witness = subject.countRows ? countWithin(client, step, state.live) : undefined;
  const place = (): StepPlace => clock.stepDone(step, state.plan.steps.slice(1));
  const ended = await attemptStep(context, client, watchers, { step, pid, locks, tables, witness, place });
  return { kind: 'attempted', attempt: ended, at: performance.now(), isLookFresh: !run.age.isOver };
}

async function look(
  run: Run,
  { applied, plan: before }: RunState,
  { event, pauseMs, cleanUp = false }: Extract<Action, { kind: 'look' }>,
): Promise<Outcome> {
  const { context, client, input } = run;
  if (event !== undefined) context.reporter.event(event);
  if (pauseMs !== undefined)
    await sleep(pauseMs, undefined, { signal: context.signal }).catch(() => undefined);
  if (cleanUp) await cleanUpLeftovers(client, context.reporter);
  const [live, needed] = await retryingLocks(run, () =>
    run.age.of(async () => {
      const now = await inspectDatabase(client, input.expected, BETWEEN_STEPS);
      return [now, planTables(input.expected, now, progressSoFar(applied, before))] as const;
    }),
  );
  const plan =
    input.reviewed === undefined
      ? needed
      : requireNothingBeyond(input.reviewed, needed, progressSoFar(applied, needed));
  requireAllowed(plan.findings, input.expected.allow ?? [], progressSoFar(applied, plan));
  return { kind: 'looked', live, plan };
}

/**
 * Does work that gives up on somebody's exclusive lock by itself and then leaves nothing half done, a look above all, as
 * often as a step is tried.
 */
async function retryingLocks<T>(
  { context: { reporter, signal }, locks }: Run,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const locked = error instanceof ScaleoutError && sqlStateOf(error.cause) === '55P03';
      if (!locked || attempt >= locks.attempts) throw error;
      if (signal.aborted) throw new InterruptedError('stopped as asked. Run the same command again to go on');
      reporter.event({ name: 'look.retrying', message: error.message, attempt, attempts: locks.attempts });
      await sleep(pauseBefore(attempt, locks), undefined, { signal }).catch(() => undefined);
    }
  }
}

import type { Client } from 'pg';
import { idleAllowances } from '../../database/checks/allowances';
import type { Finding } from '../../database/checks/findings';
import { howToAllowByFlag, notAllowed } from '../../database/checks/findings';
import { requirePutBack } from '../../database/checks/put-back-first';
import { withBoundedReads } from '../../lib/connection';
import { requireCoordinator } from '../../citus/nodes';
import { sqlStateOf, explain, isServerError, refused, ScaleoutError } from '../../lib/errors';
import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';
import type { ComparedState } from '../../database/observe/comparison';
import type { Observation } from '../../database/observe/observation';
import type { ReadSessions } from '../../database/observe/read-sessions';
import { describeClosed, describeLeft, moveWithinBudget } from './budgeted';
import type { BudgetedDocument, BudgetedInput } from './budgeted';
import { opensLater, underBudget } from '../plan/budgeted-plan';
import { describeDifference } from '../observe/compare';
import { FORCED_WINDOW } from '../observe/findings';
import { isHindrance } from '../plan/hindrances';
import { describeTask, followJob, sentence } from './follow';
import type { JobSource } from './follow';
import { arrivedTry } from '../record/job-events';
import { liveJob, livePlan } from './live-moves';
import type { Job, JobProgress } from '../../citus/job';
import { jobError, progressOf, readCopiedBytes, readJob, runningJob } from '../../citus/job';
import { jobWarnings, movesAhead } from '../observe/job-moves';
import { compareMovedTables, NO_STATE, observeMovedTables } from '../observe/moved-tables';
import type { Observer } from '../observe/moved-tables';
import { compareAfter, driftAfter, seeBefore, together } from '../observe/observe';
import type { ComparedRows } from '../observe/observe';
import type { Move } from '../../citus/moves';
import { copyReferenceTables, moveOneByOne } from './one-by-one';
import { withLanes } from './parallel';
import type { MovedOneByOne } from './one-by-one';
import { toRecord } from '../plan/options';
import type { BudgetOptions, RebalanceOptions, RunOptions } from '../plan/options';
import type { NodePlacement } from '../../citus/placements';
import { readPlacements, readSnapshot } from '../../citus/placements';
import type { Rebalance, RebalancePlan } from '../plan/plan';
import { planDocument, readPlan } from '../plan/plan';
import { readBudgetedFaults, requireMovable, requireNone, requireReachableNodes } from '../plan/preflight';
import { readOwnRecord } from '../record/record-document';
import type { RunDocument } from '../record/record-document';
import { readCosts, RunRecord } from '../record/run-record';
import type { NewRun, WriterLatency } from '../record/run-record';
import { dropProbes, withWriteProbe } from './write-probe';
import type { StartLoad } from './write-probe';
import { untilSettled } from './settled';
import type { RebalanceWay } from '../cost/ways';
import { withLivePicture } from '../watch/live';
import { CLEAN_UP, START } from '../../citus/catalog.sql';

/** What `rebalance run` answers with. */
export interface RebalanceRunResult {
  readonly formatVersion: 1;
  /** Who made the moves: this program under a budget, or Citus's own way. */
  readonly way: RebalanceWay;
  /** What each move took and what writers felt; null where moves were not made under a budget. */
  readonly budget: BudgetedDocument | null;
  /** Id of the background job that was followed to its end; null when there was none. */
  readonly job: number | null;
  /** `balanced`: there was nothing to move; `out-of-hours`: the moves that are left wait for --window to open again. */
  readonly state: 'balanced' | 'finished' | 'failed' | 'cancelled' | 'out-of-hours';
  /** Moves that were done, while this run watched or before. */
  readonly moves: number;
  readonly movesPlanned: number;
  /** Of the shard groups that were moved. */
  readonly bytes: number;
  /** Of the job, by the database's clock. */
  readonly seconds: number;
  /** Reference tables that were copied to nodes without them. */
  readonly referenceTables: readonly string[];
  /** What moved, before and after; null where nothing moved, or nobody asked. */
  readonly rows: ComparedRows | null;
  /** What the tables of those groups are beside their rows, before and after; empty where nothing moved. */
  readonly objects: ComparedState['objects'];
  readonly sequences: ComparedState['sequences'];
  /** The views over those tables; what they answer is compared where rows are. */
  readonly views: ComparedState['views'];
  /** Why it failed or was cancelled, and the way out; empty otherwise. */
  readonly problem: string;
  /** As this run found the nodes. */
  readonly before: readonly NodePlacement[];
  readonly after: readonly NodePlacement[];
  /** For the auditor, as kept in the database; null where nothing moved, or this role may keep none. */
  readonly record: RunDocument | null;
}

type Ending = Omit<
  RebalanceRunResult,
  'formatVersion' | 'way' | 'budget' | 'before' | 'after' | 'record' | keyof ComparedState
> & {
  readonly budget?: BudgetedDocument;
};

/** Sessions beside the one that moves, and the person who asked for it. */
export interface OtherSessions {
  readonly readers: ReadSessions;
  /** Opens one that watches moves and can cancel them. */
  readonly withGuard: <T>(use: (guard: Client) => Promise<T>) => Promise<T>;
  /** Opens one more that moves, where several moves are made at once. */
  readonly withMover: <T>(use: (mover: Client) => Promise<T>) => Promise<T>;
  /** Opens those of a probe. */
  readonly startLoad: StartLoad;
  /** Asked before the first move; nothing moves where it says no. @default - nobody is asked */
  readonly approve?: (plan: RebalancePlan) => Promise<boolean>;
}

/** Looks at the tables of shard groups that are about to move. */
type Look = (moves: readonly Move[]) => Promise<void>;

/**
 * Brings the cluster to balance: follows the job that is running, if one is, and then does what is left by the asked
 * strategy. The caller holds the advisory locks.
 */
export async function runRebalance(
  client: Client,
  options: RunOptions,
  context: VerbContext,
  { readers, ...sessions }: OtherSessions,
): Promise<RebalanceRunResult> {
  await requireCoordinator(client);
  await requirePutBack(client, context.reporter);
  const observer = { around: { reporter: context.reporter, readers }, askViews: options.compareRows };
  let tables: Observation | undefined;
  const look: Look = async (moves) => {
    tables = await observeMovedTables(client, moves, tables, observer);
  };
  const before = await withBoundedReads(client, () => readPlacements(client));
  let ending = await attach(client, options, context, look);
  if (ending === undefined || (ending.state === 'finished' && !hasLost(ending))) {
    const own = await rebalance(client, options, context, look, sessions);
    ending =
      ending !== undefined && own.state === 'balanced'
        ? { ...ending, referenceTables: own.referenceTables }
        : { ...own, rows: together(ending?.rows ?? null, own.rows) };
  }
  for (const difference of ending.rows?.different ?? [])
    context.reporter.warn(describeDifference(difference));
  const state =
    ending.state === 'balanced' ? NO_STATE : await compareTables(client, tables, observer, ending);
  // What is left at the source is the only copy of what was lost.
  if (!hasLost(ending)) await cleanUp(client, context);
  return {
    formatVersion: 1,
    way: wayOf(options),
    budget: null,
    ...ending,
    ...state,
    before,
    after: await readPlacements(client),
    record: ending.state === 'balanced' ? null : await readOwnRecord(client),
  };
}

/** @throws ScaleoutError that says what the run came to */
async function compareTables(
  client: Client,
  before: Observation | undefined,
  observer: Observer,
  { moves, movesPlanned, problem }: Ending,
): Promise<ComparedState> {
  try {
    return await compareMovedTables(client, before, observer);
  } catch (error) {
    throw new ScaleoutError(
      'rebalance.not-compared',
      `${String(moves)} of ${String(movesPlanned)} moves are done and stay${problem === '' ? '' : ` (${problem})`}, ` +
        `and their tables could not be compared with what they were before: ${explain(error)}`,
      { cause: error },
    );
  }
}

/** Whether something that moved is not there any more. */
export function hasLost({ rows }: Pick<RebalanceRunResult, 'rows'>): boolean {
  return rows?.different.some(({ lost }) => lost) === true;
}

/**
 * Follows the job another session left running; undefined when there is none.
 *
 * @throws ScaleoutError (refused) where that job loses rows
 */
async function attach(
  client: Client,
  options: RunOptions,
  context: VerbContext,
  look: Look,
): Promise<Ending | undefined> {
  const running = await runningJob(client);
  if (running === undefined) return undefined;
  const job = await readJob(client, running.id, await readSnapshot(client));
  const [warning] = await jobWarnings(client, job);
  if (warning !== undefined) throw refused('rebalance.other-options', warning);
  const budgeted =
    options.budget === undefined
      ? ''
      : '. It keeps to no write pause, hours, rate or number of moves that this run was asked for: "scaleout rebalance stop" ends it, and a run after it does';
  context.reporter.info(
    `rebalance job ${String(job.id)} is already running, with the strategy and mode it was started with: following it${budgeted}`,
  );
  const moves = movesAhead(job);
  await look(moves);
  const record = await RunRecord.ofJob(client, job.id);
  return watching(client, moves, options, context, () => follow(client, job.id, context, record));
}

async function rebalance(
  client: Client,
  options: RunOptions,
  context: VerbContext,
  look: Look,
  sessions: Omit<OtherSessions, 'readers'>,
): Promise<Ending> {
  await requireReachableNodes(client);
  await dropProbes(client, context.reporter);
  const plan = await readPlan(client, options);
  requireAllowedByFlag(plan.findings, options);
  for (const idle of idleAllowances(plan.findings, options.allow)) context.reporter.info(idle);
  // Who is asked is shown the whole plan.
  const told = sessions.approve === undefined ? plan.findings.filter(isHindrance) : [];
  for (const { message } of told) context.reporter.info(message);
  const both = options.budget === undefined ? undefined : await readBudgetedFaults(client, plan);
  if (both === undefined) await requireMovable(client, plan, options.mode);
  else requireNone(both.faults);
  if (plan.moves.length === 0) {
    if (plan.missingReferenceTables.length > 0) {
      // citus_rebalance_start() returns before it copies them when there is nothing else to do.
      context.reporter.info(`copying reference tables: ${plan.missingReferenceTables.join(', ')}`);
      await copyReferenceTables(client, options);
    }
    return nothingMoved(plan);
  }
  stopIfAsked(context.signal, 'nothing was changed; "scaleout rebalance run" starts it');
  const { budget } = options;
  if (budget !== undefined && both !== undefined) {
    const costs = await readCosts(client);
    const budgeted = underBudget(plan, both, costs, budget);
    requireNone(budgeted.faults);
    const opensAt = opensLater(budgeted.plan, costs, budget, Date.now());
    if (opensAt !== undefined && budget.waitForHours !== true) return notOpen(plan, budget, opensAt);
    await requireApproved(budgeted.plan, sessions);
    await look(plan.moves);
    return probing(client, plan, options, context, sessions, (probed) =>
      withLanes(client, lanesFor(plan, budget, context), sessions, (lanes) =>
        withinBudget({
          client,
          lanes,
          plan,
          costs,
          context: probed,
          ...both,
          options: { ...options, budget },
        }),
      ),
    );
  }
  await requireApproved(plan, sessions);
  await look(plan.moves);
  return probing(client, plan, options, context, sessions, (probed) => asJob(client, plan, options, probed));
}

/** @throws ScaleoutError where the person says no */
async function requireApproved(plan: Rebalance, { approve }: Pick<OtherSessions, 'approve'>): Promise<void> {
  if ((await approve?.(planDocument(plan))) !== false) return;
  throw new ScaleoutError('input.declined', 'no shard was moved, as answered');
}

/** A run with a probe beside it, where one was asked for. */
interface RunContext extends VerbContext {
  readonly writers?: () => WriterLatency | null;
}

async function probing<T>(
  client: Client,
  { moves }: Rebalance,
  { probeWrites }: RunOptions,
  context: VerbContext,
  { startLoad }: Pick<OtherSessions, 'startLoad'>,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  if (probeWrites !== true) return work(context);
  const { reporter } = context;
  const shardIds = moves.map(({ shardId }) => shardId);
  return withWriteProbe(client, { shardIds, reporter, startLoad }, (probed) =>
    work({ ...context, ...probed }),
  );
}

/** By a job of Citus where it may be one, else in this session. */
async function asJob(
  client: Client,
  plan: Rebalance,
  options: RunOptions,
  context: RunContext,
): Promise<Ending> {
  // A background job has no moment between two moves in which FORCE could be on.
  if (plan.findings.some(({ id }) => id.startsWith(`${FORCED_WINDOW}:`))) {
    context.reporter.info(
      'tables with forced policies move: moving shards in this session, one after another',
    );
    return inSession(client, options, plan, context);
  }
  const ending = await watching(client, plan.moves, options, context, async () => {
    stopIfAsked(context.signal, 'nothing was changed; "scaleout rebalance run" starts it');
    await untilSettled(client, context, 'nothing was changed');
    const started = await start(client, options);
    if (started === undefined) return nothingMoved(plan);
    if (started === 'not available') return undefined;
    const record = await RunRecord.begin(client, newRun(plan, options, started, context));
    return {
      ...(await follow(client, started, context, record)),
      referenceTables: plan.missingReferenceTables,
    };
  });
  if (ending !== undefined) return ending;
  context.reporter.info(
    'background rebalancing is not available to this role: moving shards in this session instead',
  );
  return inSession(client, options, plan, context);
}

/** Compares what moves before and after `work`, which answers with undefined where nothing was begun. */
async function watching<T extends Ending | undefined>(
  client: Client,
  moves: readonly Move[],
  { compareRows, allow }: RunOptions,
  { reporter }: VerbContext,
  work: () => Promise<T>,
): Promise<T> {
  if (!compareRows || moves.length === 0) return work();
  const groups = moves.length === 1 ? '1 shard group' : `${String(moves.length)} shard groups`;
  reporter.info(`counting the rows of ${groups} before they move`);
  const before = await seeBefore(client, moves);
  const ending = await work();
  if (ending === undefined || ending.state === 'balanced') return ending;
  reporter.info('counting the rows that moved');
  const rows = await compareAfter(client, before, new Set(allow.map(({ id }) => id)));
  const drift = await driftAfter(client, moves, rows.different);
  return { ...ending, rows: { ...rows, different: [...rows.different, ...drift] } };
}

/** FORCE comes back at the end of a window, and another move of the table that is still under way would lose rows. */
function lanesFor(
  { moves, findings }: Pick<Rebalance, 'moves' | 'findings'>,
  { maxParallel = 1 }: Pick<BudgetOptions, 'maxParallel'>,
  { reporter }: Pick<VerbContext, 'reporter'>,
): number {
  const forced = findings.some(({ id }) => id.startsWith(`${FORCED_WINDOW}:`));
  if (forced && maxParallel > 1) {
    reporter.info('tables with forced policies move: one move after another, whatever --max-parallel says');
  }
  return forced ? 1 : Math.min(maxParallel, moves.length);
}

/** A run that began out of its hours: it reads nothing, for which these may be the wrong hours too. */
function notOpen(plan: Rebalance, budget: BudgetOptions, opensAt: string): Ending {
  const { maxWritePauseMs, hours } = budget;
  const document = {
    maxWritePauseMs,
    longestWritePauseMs: 0,
    made: [],
    left: [],
    estimatedSeconds: null,
    opensAt,
  };
  return {
    ...nothingMoved({ ...plan, missingReferenceTables: [] }),
    state: 'out-of-hours',
    movesPlanned: plan.moves.length,
    problem: describeClosed(document, hours, plan.moves.length),
    budget: document,
  };
}

/** Keeps the record of a run while it moves. */
async function withinBudget(
  input: Omit<BudgetedInput, 'record' | 'context'> & { readonly context: RunContext },
): Promise<Ending> {
  const { client, plan, context, options } = input;
  const record = await RunRecord.begin(client, newRun(plan, options, null, context));
  if (!record.isKept) {
    context.reporter.info(
      'this role may create nothing in the database, so that no record of this run is kept and "scaleout rebalance stop" does not reach it; Ctrl-C does',
    );
  }
  const live = livePlan(plan, options.budget.maxWritePauseMs);
  const run = await withLivePicture(context.reporter, live, (reporter) =>
    moveWithinBudget({ ...input, record, context: { ...context, reporter } }),
  );
  const { document, moves, rows } = run;
  const made = await whatWasMade(client, plan, run);
  const problem = hasLost({ rows })
    ? lostText(moves.length, plan.moves.length)
    : endedEarly(plan, run) || describeLeft(document);
  const closed = describeClosed(document, options.budget.hours, plan.moves.length - moves.length);
  if (problem === '' && closed !== '') {
    await record.end('out-of-hours', closed);
    return { ...made, state: 'out-of-hours', problem: closed, budget: document };
  }
  const state = stateOf(problem, run);
  await record.end(state === 'cancelled' ? 'stopped' : state, problem);
  return { ...made, state, problem, budget: document };
}

function newRun(
  plan: Rebalance,
  options: RunOptions,
  job: number | null,
  { writers }: Pick<RunContext, 'writers'>,
): NewRun {
  return {
    way: wayOf(options),
    job,
    strategy: plan.strategy,
    options: toRecord(options),
    maxWritePauseMs: options.budget?.maxWritePauseMs ?? null,
    moves: plan.moves,
    writers,
  };
}

function wayOf({ budget }: Pick<RunOptions, 'budget'>): RebalanceWay {
  return budget === undefined ? 'background' : 'budgeted';
}

/** Why moves of this program's own ended before their plan did; empty where they did not. */
function endedEarly({ moves: planned }: Rebalance, { moves, rows, stopped }: MovedOneByOne): string {
  if (hasLost({ rows }) && moves.length < planned.length) return lostText(moves.length, planned.length);
  return stopped
    ? `stopped as asked: ${String(moves.length)} of ${String(planned.length)} moves are done and stay. Run "scaleout rebalance run" again to do the rest`
    : '';
}

function stateOf(problem: string, { stopped }: Pick<MovedOneByOne, 'stopped'>) {
  return problem === '' ? 'finished' : stopped ? 'cancelled' : 'failed';
}

/** What of an ending both ways of moving in sessions of this program's own say alike. */
async function whatWasMade(
  client: Client,
  plan: Rebalance,
  { moves, seconds, rows }: MovedOneByOne,
): Promise<Omit<Ending, 'state' | 'problem'>> {
  const drift = rows === null ? [] : await driftAfter(client, moves, rows.different);
  return {
    job: null,
    moves: moves.length,
    movesPlanned: plan.moves.length,
    bytes: moves.reduce((sum, move) => sum + move.bytes, 0),
    seconds,
    referenceTables: plan.missingReferenceTables,
    rows: rows === null ? null : { ...rows, different: [...rows.different, ...drift] },
  };
}

function lostText(done: number, planned: number): string {
  return `the run ended after ${String(done)} of ${String(planned)} moves, because the last one lost something`;
}

async function inSession(
  client: Client,
  options: RunOptions,
  plan: Rebalance,
  context: RunContext,
): Promise<Ending> {
  const record = await RunRecord.begin(client, newRun(plan, options, null, context));
  const run = await withLivePicture(context.reporter, livePlan(plan, null), (reporter) =>
    moveOneByOne(client, options, plan, { ...context, reporter }, record),
  );
  const made = await whatWasMade(client, plan, run);
  const problem = endedEarly(plan, run);
  const state = stateOf(problem, run);
  await record.end(state === 'cancelled' ? 'stopped' : state, problem);
  return { ...made, state, problem };
}

/** @throws ScaleoutError (refused) that names each finding without an allowance */
function requireAllowedByFlag(findings: readonly Finding[], { allow }: RunOptions): void {
  const open = notAllowed(findings, allow);
  if (open.length === 0) return;
  throw refused(
    'rebalance.not-allowed',
    `the rebalance was not started, and nothing was changed:\n${open.map(({ id, message }) => `- ${id}: ${message}`).join('\n')}\n${howToAllowByFlag(open)}`,
  );
}

/**
 * Starts the background job, which is committed when this returns.
 *
 * @returns its id; undefined when Citus found nothing to move after all; `not available` where this role may not start
 *   background jobs or this Citus has none
 */
async function start(
  client: Client,
  options: RebalanceOptions,
): Promise<number | undefined | 'not available'> {
  try {
    const { rows } = await client.query<{ job_id: number | null }>(START, [options.strategy, options.mode]);
    return rows[0]?.job_id ?? undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (
      sqlStateOf(error) === '42883' ||
      /permission denied for function citus_rebalance_start/.test(message)
    ) {
      return 'not available';
    }
    const already = await runningJob(client);
    if (/already running/.test(message) && already !== undefined) return already.id;
    throw busyOrItself(error);
  }
}

/** A lock that somebody else holds is the one fault of starting that goes away by itself. */
function busyOrItself(error: unknown): unknown {
  if (!isServerError(error) || !/could not acquire the lock/.test(error.message)) return error;
  return new ScaleoutError(
    'rebalance.busy',
    `the rebalance could not start: ${explain(error)} Another move, or DDL on a distributed table, is under way; run this again when it has ended. Nothing was changed`,
    { cause: error },
  );
}

async function follow(client: Client, id: number, context: VerbContext, record: RunRecord): Promise<Ending> {
  const snapshot = await readSnapshot(client);
  const source: JobSource = {
    read: () => readJob(client, id, snapshot),
    copiedBytes: () => readCopiedBytes(client),
    arrived: (move, seconds) => record.add(arrivedTry(move, seconds)),
  };
  const live = liveJob(await source.read(), snapshot);
  const job = await withLivePicture(context.reporter, live, (reporter) =>
    followJob(source, { ...context, reporter }),
  );
  const progress = progressOf(job);
  const problem = describeEnd(job, progress);
  await record.end(
    job.state === 'finished' ? 'finished' : job.state === 'cancelled' ? 'stopped' : 'failed',
    problem,
  );
  return {
    job: job.id,
    state: job.state === 'finished' ? 'finished' : job.state === 'cancelled' ? 'cancelled' : 'failed',
    moves: progress.movesDone,
    movesPlanned: progress.movesTotal,
    bytes: progress.bytesDone,
    seconds: job.seconds,
    referenceTables: [],
    rows: null,
    problem,
  };
}

/** Why a job did not finish, where it stands, and how to go on; empty for one that did. */
export function describeEnd(job: Job, progress: JobProgress): string {
  if (job.state === 'finished') return '';
  const stands = `${String(progress.movesDone)} of ${String(progress.movesTotal)} moves are done and stay`;
  if (job.state === 'cancelled') {
    return `rebalance job ${String(job.id)} was cancelled: ${stands}. Run "scaleout rebalance run" again to do the rest`;
  }
  const failed = job.tasks.find(({ status }) => status === 'error');
  const what = failed === undefined ? '' : `, ${describeTask(failed)}`;
  const reason = jobError(job);
  return (
    `rebalance job ${String(job.id)} failed${what}: ${reason === '' ? 'it left no message.' : sentence(reason)} ` +
    `${stands}. Mend the cause and run "scaleout rebalance run" again: it does what is left`
  );
}

function nothingMoved(plan: Rebalance): Ending {
  return {
    job: null,
    state: 'balanced',
    moves: 0,
    movesPlanned: 0,
    bytes: 0,
    seconds: 0,
    referenceTables: plan.missingReferenceTables,
    rows: null,
    problem: '',
  };
}

/** Frees the disk the moved shards left at their source now, which Citus itself would do some seconds later. */
async function cleanUp(client: Client, context: VerbContext): Promise<void> {
  try {
    await client.query(CLEAN_UP);
  } catch (error) {
    if (!isServerError(error) || error.code?.startsWith('57P') === true) throw error;
    // Not granted everywhere; Citus's own daemon does it as well.
    if (error.code !== '42501') {
      context.reporter.warn(
        `old placements could not be dropped yet: ${explain(error)} Citus tries again by itself; "CALL citus_cleanup_orphaned_resources()" does it by hand`,
      );
    }
  }
}

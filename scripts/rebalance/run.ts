import type { Client } from 'pg';
import { requireCoordinator, withBoundedReads } from '../lib/connection';
import { errorCode, explain, isServerError, ScaleoutError } from '../lib/errors';
import type { VerbContext } from '../lib/verb';
import { stopIfAsked } from '../lib/verb';
import type { ClusterView } from './follow';
import { describeTask, followJob, sentence } from './follow';
import type { Job, JobProgress } from './job';
import { jobError, progressOf, readCopiedBytes, readJob, runningJob } from './job';
import type { RebalanceOptions } from './options';
import type { NodePlacement } from './placements';
import { groupsByShard, readPlacements, readSnapshot } from './placements';
import type { RebalancePlan } from './plan';
import { readPlan } from './plan';
import { requireMovable, requireReachableNodes } from './preflight';
import { CLEAN_UP, REBALANCE_NOW, START } from './queries.sql';

/** What `rebalance run` answers with. */
export interface RebalanceRunResult {
  readonly formatVersion: 1;
  /** Id of the background job that was followed to its end; null when there was none. */
  readonly job: number | null;
  /** `balanced`: there was nothing to move. */
  readonly state: 'balanced' | 'finished' | 'failed' | 'cancelled';
  /** Moves that were done, while this run watched or before. */
  readonly moves: number;
  readonly movesPlanned: number;
  /** Of the shard groups that were moved. */
  readonly bytes: number;
  /** Of the job, by the database's clock. */
  readonly seconds: number;
  /** Reference tables that were copied to nodes without them. */
  readonly referenceTables: readonly string[];
  /** Why it failed or was cancelled, and the way out; empty otherwise. */
  readonly problem: string;
  /** As this run found the nodes. */
  readonly before: readonly NodePlacement[];
  readonly after: readonly NodePlacement[];
}

type Ending = Omit<RebalanceRunResult, 'formatVersion' | 'before' | 'after'>;

/**
 * Brings the cluster to balance: follows the job that is running, if one is, and then does what is left by the asked
 * strategy. The caller holds the advisory lock.
 */
export async function runRebalance(
  client: Client,
  options: RebalanceOptions,
  context: VerbContext,
): Promise<RebalanceRunResult> {
  await requireCoordinator(client);
  const before = await withBoundedReads(client, () => readPlacements(client));
  let ending = await attach(client, context);
  if (ending === undefined || ending.state === 'finished') {
    const own = await rebalance(client, options, context);
    ending =
      ending !== undefined && own.state === 'balanced'
        ? { ...ending, referenceTables: own.referenceTables }
        : own;
  }
  await cleanUp(client, context);
  return { formatVersion: 1, ...ending, before, after: await readPlacements(client) };
}

/** Follows the job another session left running; undefined when there is none. */
async function attach(client: Client, context: VerbContext): Promise<Ending | undefined> {
  const running = await runningJob(client);
  if (running === undefined) return undefined;
  context.reporter.info(
    `rebalance job ${String(running.id)} is already running, with the strategy and mode it was started with: following it`,
  );
  return follow(client, running.id, context);
}

async function rebalance(client: Client, options: RebalanceOptions, context: VerbContext): Promise<Ending> {
  await requireReachableNodes(client);
  const plan = await readPlan(client, options);
  if (plan.moves.length === 0) {
    if (plan.missingReferenceTables.length > 0) {
      // citus_rebalance_start() returns before it copies them when there is nothing else to do.
      context.reporter.info(`copying reference tables: ${plan.missingReferenceTables.join(', ')}`);
      await rebalanceNow(client, options, null);
    }
    return nothingMoved('balanced', plan);
  }
  await requireMovable(client, plan.moves, options.mode);
  stopIfAsked(context.signal, 'nothing was changed; "scaleout rebalance run" starts it');
  const started = await start(client, options);
  if (started === 'not available') return rebalanceInSession(client, options, plan, context);
  if (started === undefined) return nothingMoved('balanced', plan);
  return { ...(await follow(client, started, context)), referenceTables: plan.missingReferenceTables };
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
      errorCode(error) === '42883' ||
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
    `the rebalance could not start: ${explain(error)} Another move, or DDL on a distributed table, is under way; run this again when it has ended. Nothing was changed`,
    { cause: error },
  );
}

async function follow(client: Client, id: number, context: VerbContext): Promise<Ending> {
  const snapshot = await readSnapshot(client);
  const view: ClusterView = { nodes: snapshot.nodes, groups: groupsByShard(snapshot) };
  const source = { read: () => readJob(client, id), copiedBytes: () => readCopiedBytes(client) };
  const job = await followJob(source, view, context);
  const progress = progressOf(job, view.groups);
  return {
    job: job.id,
    state: job.state === 'finished' ? 'finished' : job.state === 'cancelled' ? 'cancelled' : 'failed',
    moves: progress.movesDone,
    movesPlanned: progress.movesTotal,
    bytes: progress.bytesDone,
    seconds: job.seconds,
    referenceTables: [],
    problem: describeEnd(job, progress, view),
  };
}

/** Why a job did not finish, where it stands, and how to go on; empty for one that did. */
export function describeEnd(job: Job, progress: JobProgress, view: ClusterView): string {
  if (job.state === 'finished') return '';
  const stands = `${String(progress.movesDone)} of ${String(progress.movesTotal)} moves are done and stay`;
  if (job.state === 'cancelled') {
    return `rebalance job ${String(job.id)} was cancelled: ${stands}. Run "scaleout rebalance run" again to do the rest`;
  }
  const failed = job.tasks.find(({ status }) => status === 'error');
  const what = failed === undefined ? '' : `, ${describeTask(failed, view)}`;
  const reason = jobError(job);
  return (
    `rebalance job ${String(job.id)} failed${what}: ${reason === '' ? 'it left no message.' : sentence(reason)} ` +
    `${stands}. Mend the cause and run "scaleout rebalance run" again: it does what is left`
  );
}

/**
 * The way without background jobs: the same moves in this session, one call for each, so that there is a safe point
 * between two of them. Citus commits each move by itself; a run that is cut off loses only the one under way.
 */
async function rebalanceInSession(
  client: Client,
  options: RebalanceOptions,
  plan: RebalancePlan,
  context: VerbContext,
): Promise<Ending> {
  context.reporter.info(
    'background rebalancing is not available to this role: moving shards in this session instead',
  );
  const began = Date.now();
  const total = plan.moves.reduce((sum, move) => sum + move.bytes, 0);
  const bar = context.reporter.progress('moving shards', plan.moves.length, 'moves');
  let left = plan;
  let done = 0;
  // Citus plans anew for every call, so what counts is what its plan still holds, not how often it was called.
  for (let calls = 0; left.moves.length > 0 && calls < plan.moves.length; calls += 1) {
    stopIfAsked(
      context.signal,
      `${String(done)} of ${String(plan.moves.length)} moves are done; run "scaleout rebalance run" again to do the rest`,
    );
    try {
      await rebalanceNow(client, options, 1);
    } catch (error) {
      if (!isServerError(error)) throw error;
      throw new ScaleoutError(
        `a move failed: ${explain(error)} ${String(done)} of ${String(plan.moves.length)} moves are done and stay. ` +
          'Mend the cause and run "scaleout rebalance run" again: it does what is left',
        { cause: error },
      );
    }
    left = await readPlan(client, options);
    done = Math.max(done, plan.moves.length - left.moves.length);
    bar.update(done);
  }
  // Whatever the single calls left, and the reference tables.
  await rebalanceNow(client, options, null);
  bar.update(plan.moves.length);
  bar.finish();
  return {
    job: null,
    state: 'finished',
    moves: plan.moves.length,
    movesPlanned: plan.moves.length,
    bytes: total,
    seconds: (Date.now() - began) / 1000,
    referenceTables: plan.missingReferenceTables,
    problem: '',
  };
}

/** @param moves at most so many; null for all there are */
async function rebalanceNow(client: Client, options: RebalanceOptions, moves: number | null): Promise<void> {
  await client.query(REBALANCE_NOW, [options.strategy, options.mode, moves ?? 1_000_000]);
}

function nothingMoved(state: 'balanced', plan: RebalancePlan): Ending {
  return {
    job: null,
    state,
    moves: 0,
    movesPlanned: 0,
    bytes: 0,
    seconds: 0,
    referenceTables: plan.missingReferenceTables,
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

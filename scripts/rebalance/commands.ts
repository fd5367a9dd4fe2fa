import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Allowance } from '../../config/workload/distribution-types';
import { idleAllowances } from '../database/checks/allowances';
import { notAllowed } from '../database/checks/findings';
import { openReadSessions } from '../database/observe/read-sessions';
import { putBackFirst } from '../database/checks/put-back-first';
import type { ConnectionTarget } from '../lib/connection';
import { requireCitus, withAdvisoryLock, withBoundedReads, withClient } from '../lib/connection';
import { isOfLostNode, ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { requireCoordinator, requirePrimary } from '../citus/nodes';
import { hasEnded, readJob, runningJob } from '../citus/job';
import { DEFAULT_MAX_WRITE_PAUSE_MS } from './budget';
import { underBudget } from './budgeted-plan';
import type { AskedOptions, RebalanceOptions } from './options';
import { onPaper } from './on-paper';
import type { AssumedCluster } from './on-paper';
import { withDefaults } from './options';
import type { Rebalance, RebalancePlan } from './plan';
import { planDocument, readPlan } from './plan';
import { readBudgetedFaults, readFaults, requireReachableNodes } from './preflight';
import { STOP } from '../citus/catalog.sql';
import { askRun, isAtWork, readCosts, readLastRun } from './run-record';
import type { RecordedRun, RunRequest } from './run-record';
import { nodeLost } from './one-by-one';
import type { RebalanceRunResult } from './run';
import { hasLost, runRebalance } from './run';
import type { RebalanceStatus } from './status';
import { readStatus } from './status';
import { planText, runText, statusText } from './text';

export interface RebalanceInput extends AskedOptions {
  readonly target: ConnectionTarget;
  /** Findings that are allowed. @default none */
  readonly allow?: readonly Allowance[];
}

export interface RebalancePlanInput extends RebalanceInput {
  /** A cluster of another size, for which the plan says what a rebalance would come to. */
  readonly assumed?: AssumedCluster | undefined;
}

export interface RebalanceRunInput extends RebalanceInput {
  /** Count and hash every row that moves, and ask the views over its tables, before and after. @default true */
  readonly compareRows?: boolean;
}

/** What `rebalance stop` answers with. */
export interface RebalanceStop {
  readonly formatVersion: 1;
  /** The job that was stopped; null when none was running. */
  readonly job: number | null;
  /** The run under a budget that was stopped; null when none was at work. */
  readonly run: number | null;
}

/** What `rebalance pause` and `rebalance resume` answer with. */
export interface RebalanceAsked {
  readonly formatVersion: 1;
  /** The run that was asked; null when none was at work. */
  readonly run: number | null;
}

/**
 * Shows which shards would move where, how long that takes and what the nodes hold then. Changes nothing.
 *
 * @throws ScaleoutError where the database has no Citus, is a worker, or its nodes cannot reach each other
 */
export async function rebalancePlan(
  context: VerbContext,
  input: RebalancePlanInput,
): Promise<VerbResult<RebalancePlan>> {
  const options = withDefaults(input);
  const { allow = [] } = input;
  return onCoordinator(input, context, 'rebalance plan', async (client) => {
    await requireReachableNodes(client);
    const { plan, failures } = await planAndFaults(client, options);
    const paper =
      input.assumed === undefined
        ? null
        : onPaper(input.assumed, await readCosts(client), {
            maxWritePauseMs: DEFAULT_MAX_WRITE_PAUSE_MS,
            ...options.budget,
          });
    const document = planDocument(plan, failures, paper);
    const pending = plan.moves.length > 0 || plan.missingReferenceTables.length > 0;
    for (const fault of failures) context.reporter.warn(`a run would be refused: ${fault}`);
    for (const idle of idleAllowances(document.findings, allow)) context.reporter.info(idle);
    const open = notAllowed(document.findings, allow);
    return {
      document,
      text: planText(document, open),
      outcome: open.length + failures.length > 0 ? 'refused' : pending ? 'changes' : 'done',
    };
  });
}

async function planAndFaults(
  client: Client,
  options: RebalanceOptions,
): Promise<{ readonly plan: Rebalance; readonly failures: readonly string[] }> {
  const plan = await withBoundedReads(client, () => readPlan(client, options));
  const atWork = await runsAtWork(client);
  if (options.budget === undefined)
    return { plan, failures: [...atWork, ...(await readFaults(client, plan, options.mode))] };
  const both = await readBudgetedFaults(client, plan);
  const budgeted = underBudget(plan, both, await readCosts(client), options.budget);
  return { plan: budgeted.plan, failures: [...atWork, ...both.faults, ...budgeted.faults] };
}

async function runsAtWork(client: Client): Promise<string[]> {
  const run = await readLastRun(client);
  if (run === undefined || !isAtWork(run)) return [];
  return [
    `rebalance run ${String(run.id)} of role ${run.role} is at work, and there is one at a time: "scaleout rebalance status" shows it, and "scaleout rebalance stop" ends it after its current move`,
  ];
}

/** Connects to the coordinator, and restores what an earlier run left undone. */
function onCoordinator<Document>(
  { target }: Pick<RebalanceInput, 'target'>,
  { reporter, signal }: Pick<VerbContext, 'reporter'> & Partial<Pick<VerbContext, 'signal'>>,
  purpose: string,
  work: (client: Client) => Promise<VerbResult<Document>>,
): Promise<VerbResult<Document>> {
  return withClient(
    target,
    async (client) => {
      await requireCitus(client, target);
      await requireCoordinator(client);
      await requirePrimary(client);
      await putBackFirst(client, reporter);
      return work(client);
    },
    { purpose, reporter, direct: true, ...(signal === undefined ? {} : { signal }) },
  );
}

/**
 * Moves the shards and follows the job to its real end; attaches to one that is running. Run twice, it does nothing.
 *
 * @throws ScaleoutError where a precondition fails, a finding is not allowed, or a move fails; InterruptedError on Ctrl-C
 */
export async function rebalanceRun(
  context: VerbContext,
  input: RebalanceRunInput,
): Promise<VerbResult<RebalanceRunResult>> {
  const { allow = [], compareRows = true } = input;
  const options = { ...withDefaults(input), allow, compareRows };
  return withClient(
    input.target,
    async (client) => {
      await requireCitus(client, input.target);
      await requirePrimary(client);
      // Tables that are distributed while shards move end up apart from those they are joined with.
      const document = await withAdvisoryLock(client, 'rebalance', () =>
        withAdvisoryLock(client, 'tables', () =>
          runRebalance(client, options, context, {
            readers: openReadSessions(input.target, context.signal),
            withGuard: (use) => withClient(input.target, use, { purpose: 'rebalance guard' }),
            withMover: (use) => withClient(input.target, use, { purpose: 'rebalance move', direct: true }),
          }).catch((error: unknown) => {
            // Between two moves as well nodes are asked.
            throw isOfLostNode(error) ? nodeLost(error, 'Moves that were made stay') : error;
          }),
        ),
      );
      const ended = ['finished', 'balanced', 'out-of-hours'].includes(document.state);
      return { document, text: runText(document), outcome: ended && !hasLost(document) ? 'done' : 'failed' };
    },
    { purpose: 'rebalance run', reporter: context.reporter, direct: true },
  );
}

/**
 * The job that runs or the last that did, and what each node holds. Changes nothing and waits for no one.
 *
 * @throws ScaleoutError where the database has no Citus or is a worker
 */
export async function rebalanceStatus(
  context: VerbContext,
  input: Pick<RebalanceInput, 'target'>,
): Promise<VerbResult<RebalanceStatus>> {
  return onCoordinator(input, context, 'rebalance status', async (client) => {
    const document = await withBoundedReads(client, () => readStatus(client));
    return { document, text: statusText(document), outcome: 'done' };
  });
}

/** Seconds a cancelled job has to end; the move under way has to undo what it began. */
const STOP_TIMEOUT_S = 60;

/** Asks a run under a budget to end after the move that it is at, and waits for that. */
async function stopRun(
  client: Client,
  run: RecordedRun,
  signal: AbortSignal,
): Promise<VerbResult<RebalanceStop>> {
  await askRun(client, run, 'stop');
  const deadline = Date.now() + STOP_TIMEOUT_S * 1000;
  let now: RecordedRun | undefined = run;
  while (now !== undefined && isAtWork(now) && Date.now() < deadline && !signal.aborted) {
    await sleep(250);
    now = await readLastRun(client);
  }
  if (now !== undefined && isAtWork(now)) {
    throw new ScaleoutError(
      'rebalance.still-stopping',
      `rebalance run ${String(run.id)} was told to stop and ends after the move that it is at (${now.doing}). Look again with "scaleout rebalance status"`,
    );
  }
  return {
    document: { formatVersion: 1, job: null, run: run.id },
    text: `Rebalance run ${String(run.id)} has ended after ${String(now?.movesDone ?? 0)} of ${String(run.movesPlanned)} moves, which stay. "scaleout rebalance run" does what is left.`,
    outcome: 'done',
  };
}

/** Has the run under a budget that is at work wait after its current move. Fine when none is. */
export async function rebalancePause(
  context: VerbContext,
  input: Pick<RebalanceInput, 'target'>,
): Promise<VerbResult<RebalanceAsked>> {
  return ask(
    context,
    input,
    'pause',
    'pauses after the move that it is at; "scaleout rebalance resume" lets it go on',
  );
}

/** Lets a paused run go on. Fine when none is at work. */
export async function rebalanceResume(
  context: VerbContext,
  input: Pick<RebalanceInput, 'target'>,
): Promise<VerbResult<RebalanceAsked>> {
  return ask(context, input, '', 'goes on');
}

function ask(
  { reporter }: VerbContext,
  input: Pick<RebalanceInput, 'target'>,
  request: RunRequest,
  words: string,
): Promise<VerbResult<RebalanceAsked>> {
  const purpose = request === 'pause' ? 'rebalance pause' : 'rebalance resume';
  return onCoordinator<RebalanceAsked>(input, { reporter }, purpose, async (client) => {
    const run = await readLastRun(client);
    if (run === undefined || !isAtWork(run)) {
      return {
        document: { formatVersion: 1, run: null },
        text: 'No run under a budget is at work. Citus\'s own job is ended with "scaleout rebalance stop".',
        outcome: 'done',
      };
    }
    await askRun(client, run, request);
    return {
      document: { formatVersion: 1, run: run.id },
      text: `Rebalance run ${String(run.id)} ${words}.`,
      outcome: 'done',
    };
  });
}

/**
 * Ends the run that is at work after the move that it is at, or the running job, of which the move under way is undone. Moves that are done
 * stay. Fine when nothing runs.
 *
 * @throws ScaleoutError where the job has not ended within {@link STOP_TIMEOUT_S}
 */
export async function rebalanceStop(
  { reporter, signal }: VerbContext,
  input: Pick<RebalanceInput, 'target'>,
): Promise<VerbResult<RebalanceStop>> {
  return onCoordinator<RebalanceStop>(input, { reporter }, 'rebalance stop', async (client) => {
    const run = await readLastRun(client);
    if (run !== undefined && isAtWork(run)) return stopRun(client, run, signal);
    const job = await runningJob(client);
    if (job === undefined) {
      return {
        document: { formatVersion: 1, job: null, run: null },
        text: 'No rebalance is running: nothing to stop.',
        outcome: 'done',
      };
    }
    await client.query(STOP).catch((error: unknown) => {
      // It ended between the look and the stop.
      if (!(error instanceof Error) || !/no ongoing rebalance/.test(error.message)) throw error;
    });
    const deadline = Date.now() + STOP_TIMEOUT_S * 1000;
    let now = await readJob(client, job.id);
    while (!hasEnded(now) && Date.now() < deadline && !signal.aborted) {
      await sleep(250);
      now = await readJob(client, job.id);
    }
    if (!hasEnded(now)) {
      throw new ScaleoutError(
        'rebalance.still-stopping',
        `rebalance job ${String(job.id)} was told to stop and is still ${now.state}: the move under way has not come to its end. Look again with "scaleout rebalance status"`,
      );
    }
    return {
      document: { formatVersion: 1, job: job.id, run: null },
      text: `Rebalance job ${String(job.id)} is ${now.state}. "scaleout rebalance run" does what is left.`,
      outcome: 'done',
    };
  });
}

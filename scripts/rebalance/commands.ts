import type { Client } from 'pg';
import type { Allowance } from '../../config/workload/distribution-types';
import { idleAllowances } from '../database/checks/allowances';
import { notAllowed } from '../database/checks/findings';
import { openReadSessions } from '../database/observe/read-sessions';
import type { ConnectionTarget } from '../lib/connection';
import { requireCitus, withAdvisoryLock, withBoundedReads, withClient } from '../lib/connection';
import { startSteadyLoad } from '../lib/steady-load';
import type { VerbContext, VerbResult } from '../lib/verb';
import { readNodeStarts } from '../citus/node-starts';
import { requirePrimary } from '../citus/nodes';
import { DEFAULT_MAX_WRITE_PAUSE_MS } from './cost/budget';
import { underBudget } from './plan/budgeted-plan';
import { onCoordinator } from './on-coordinator';
import type { AskedOptions, RebalanceOptions } from './plan/options';
import { onPaper } from './plan/on-paper';
import type { AssumedCluster } from './plan/on-paper';
import { withDefaults } from './plan/options';
import type { Rebalance, RebalancePlan } from './plan/plan';
import { planDocument, readPlan } from './plan/plan';
import { readBudgetedFaults, readFaults, requireReachableNodes } from './plan/preflight';
import { isAtWork, readCosts, readLastRun } from './record/run-record';
import { NodeWatch } from './run/node-lost';
import type { RebalanceRunResult } from './run/run';
import { hasLost, runRebalance } from './run/run';
import type { RebalanceStatus } from './status';
import { readStatus } from './status';
import { planText, runText, statusText } from './text';

export { rebalancePause, rebalanceStop } from './control';

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
  /** Write to a table of its own beside the moves, and tell what those writes waited. @default false */
  readonly probeWrites?: boolean;
  /** Show the plan and ask before the first move. @default false */
  readonly ask?: boolean;
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

/** Milliseconds for nodes to say that they are there, once a move failed. */
const ASK_MS = 20_000;

/** A session that ends in time: Citus waits for a node that does not answer for as long as that is so. */
function asking<T>(target: ConnectionTarget, use: (client: Client) => Promise<T>): Promise<T> {
  return withClient(target, use, { purpose: 'rebalance look', signal: AbortSignal.timeout(ASK_MS) });
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
  const { allow = [], compareRows = true, probeWrites = false, ask = false } = input;
  const options = { ...withDefaults(input), allow, compareRows, probeWrites };
  const approve = async (plan: RebalancePlan): Promise<boolean> => {
    for (const line of planText(plan).split('\n')) context.reporter.info(line);
    return context.confirm(`Move these shards of database ${input.target.database}?`);
  };
  return withClient(
    input.target,
    async (client) => {
      await requireCitus(client, input.target);
      await requirePrimary(client);
      const nodes = new NodeWatch(await readNodeStarts(client), () => asking(input.target, readNodeStarts));
      // Tables that are distributed while shards move end up apart from those they are joined with.
      const document = await withAdvisoryLock(
        client,
        'rebalance',
        () =>
          withAdvisoryLock(client, 'tables', () =>
            runRebalance(client, options, context, {
              readers: openReadSessions(input.target, context.signal),
              withGuard: (use) => withClient(input.target, use, { purpose: 'rebalance guard' }),
              startLoad: (load) => startSteadyLoad(input.target, load),
              ...(ask ? { approve } : {}),
              withMover: (use) => withClient(input.target, use, { purpose: 'rebalance move', direct: true }),
            }).catch(async (error: unknown) => {
              throw await nodes.judge(error);
            }),
          ),
        'see how far it is with "scaleout rebalance status", end it after its current move with "scaleout rebalance stop", or wait for it to end and run this again',
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

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Allowance } from '../../config/workload/distribution-types';
import { idleAllowances } from '../database/checks/allowances';
import { notAllowed } from '../database/checks/findings';
import { openReadSessions } from '../database/observe/read-sessions';
import { putBackFirst } from '../database/checks/put-back-first';
import type { ConnectionTarget } from '../lib/connection';
import { requireCitus, withAdvisoryLock, withBoundedReads, withClient } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { requireCoordinator, requirePrimary } from '../citus/nodes';
import { hasEnded, readJob, runningJob } from '../citus/job';
import type { AskedOptions } from './options';
import { withDefaults } from './options';
import type { RebalancePlan } from './plan';
import { planDocument, readPlan } from './plan';
import { readFaults, requireReachableNodes } from './preflight';
import { STOP } from '../citus/catalog.sql';
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

export interface RebalanceRunInput extends RebalanceInput {
  /** Count and hash every row that moves, and ask the views over its tables, before and after. @default true */
  readonly compareRows?: boolean;
}

/** What `rebalance stop` answers with. */
export interface RebalanceStop {
  readonly formatVersion: 1;
  /** The job that was stopped; null when none was running. */
  readonly job: number | null;
}

/**
 * Shows which shards would move where, how long that takes and what the nodes hold then. Changes nothing.
 *
 * @throws ScaleoutError where the database has no Citus, is a worker, or its nodes cannot reach each other
 */
export async function rebalancePlan(
  context: VerbContext,
  input: RebalanceInput,
): Promise<VerbResult<RebalancePlan>> {
  const options = withDefaults(input);
  const { allow = [] } = input;
  return onCoordinator(input, context, 'rebalance plan', async (client) => {
    await requireReachableNodes(client);
    const plan = await withBoundedReads(client, () => readPlan(client, options));
    const failures = await readFaults(client, plan, options.mode);
    const document = planDocument(plan, failures);
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
          runRebalance(client, options, context, openReadSessions(input.target, context.signal)),
        ),
      );
      const ended = document.state === 'finished' || document.state === 'balanced';
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

/**
 * Ends the running job. Moves that are done stay, the one under way is undone. Fine when nothing runs.
 *
 * @throws ScaleoutError where the job has not ended within {@link STOP_TIMEOUT_S}
 */
export async function rebalanceStop(
  { reporter, signal }: VerbContext,
  input: Pick<RebalanceInput, 'target'>,
): Promise<VerbResult<RebalanceStop>> {
  return onCoordinator<RebalanceStop>(input, { reporter }, 'rebalance stop', async (client) => {
    const job = await runningJob(client);
    if (job === undefined) {
      return {
        document: { formatVersion: 1, job: null },
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
      document: { formatVersion: 1, job: job.id },
      text: `Rebalance job ${String(job.id)} is ${now.state}. "scaleout rebalance run" does what is left.`,
      outcome: 'done',
    };
  });
}

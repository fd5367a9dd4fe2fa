import { setTimeout as sleep } from 'node:timers/promises';
import type { Allowance } from '../../config/workload/distribution-types';
import { idleAllowances } from '../database/checks/allowances';
import { notAllowed } from '../database/checks/findings';
import { openReadSessions } from '../database/observe/read-sessions';
import { putBackFirst } from '../database/checks/put-back-first';
import type { ConnectionTarget } from '../lib/connection';
import { requireCitus, withAdvisoryLock, withBoundedReads, withClient } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { requireCoordinator } from '../citus/nodes';
import { hasEnded, readJob, runningJob } from '../citus/job';
import { parseOptions } from './options';
import type { RebalancePlan } from './plan';
import { planDocument, readPlan } from './plan';
import { readFaults, requireReachableNodes } from './preflight';
import { STOP } from '../citus/catalog.sql';
import type { RebalanceRunResult } from './run';
import { runRebalance } from './run';
import type { RebalanceStatus } from './status';
import { readStatus } from './status';
import { planText, runText, statusText } from './text';

export interface RebalanceInput {
  readonly target: ConnectionTarget;
  /** `by_disk_size` or `by_shard_count`. @default 'by_disk_size' */
  readonly strategy?: string | undefined;
  /** `auto`, `force_logical` or `block_writes`. @default 'auto' */
  readonly mode?: string | undefined;
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

/** Shows which shards would move where, how long that takes and what the nodes hold then. Changes nothing. */
export async function rebalancePlan(
  context: VerbContext,
  input: RebalanceInput,
): Promise<VerbResult<RebalancePlan>> {
  const options = parseOptions(input);
  return withClient(
    input.target,
    async (client) => {
      await requireCitus(client, input.target);
      await requireCoordinator(client);
      await putBackFirst(client, context.reporter);
      await requireReachableNodes(client);
      const plan = await withBoundedReads(client, () => readPlan(client, options));
      const document = planDocument(plan);
      const pending = plan.moves.length > 0 || plan.missingReferenceTables.length > 0;
      if (plan.moves.length > 0) {
        for (const fault of await readFaults(client, plan.moves, options.mode)) {
          context.reporter.warn(`a run would be refused: ${fault}`);
        }
      }
      const { allow = [] } = input;
      for (const idle of idleAllowances(document.findings, allow)) context.reporter.info(idle);
      const open = notAllowed(document.findings, allow);
      return {
        document,
        text: planText(document, open),
        outcome: open.length > 0 ? 'refused' : pending ? 'changes' : 'done',
      };
    },
    { purpose: 'rebalance plan', reporter: context.reporter, signal: context.signal },
  );
}

/** Moves the shards and follows the job to its real end; attaches to one that is running. Run twice, it does nothing. */
export async function rebalanceRun(
  context: VerbContext,
  input: RebalanceRunInput,
): Promise<VerbResult<RebalanceRunResult>> {
  const { allow = [], compareRows = true } = input;
  const options = { ...parseOptions(input), allow, compareRows };
  return withClient(
    input.target,
    async (client) => {
      await requireCitus(client, input.target);
      // Tables that are distributed while shards move end up apart from those they are joined with.
      const document = await withAdvisoryLock(client, 'rebalance', () =>
        withAdvisoryLock(client, 'tables', () =>
          runRebalance(client, options, context, openReadSessions(input.target, context.signal)),
        ),
      );
      const ended = document.state === 'finished' || document.state === 'balanced';
      const lost = document.rows?.different.some((each) => each.lost) === true;
      return { document, text: runText(document), outcome: ended && !lost ? 'done' : 'failed' };
    },
    { purpose: 'rebalance run', reporter: context.reporter },
  );
}

/** The job that runs or the last that did, and what each node holds. Changes nothing and waits for nobody. */
export async function rebalanceStatus(
  context: VerbContext,
  input: Pick<RebalanceInput, 'target'>,
): Promise<VerbResult<RebalanceStatus>> {
  return withClient(
    input.target,
    async (client) => {
      await requireCitus(client, input.target);
      await requireCoordinator(client);
      await putBackFirst(client, context.reporter);
      const document = await withBoundedReads(client, () => readStatus(client));
      return { document, text: statusText(document), outcome: 'done' };
    },
    { purpose: 'rebalance status', reporter: context.reporter, signal: context.signal },
  );
}

/** Seconds a cancelled job has to end; the move under way has to undo what it began. */
const STOP_TIMEOUT_S = 60;

/** Ends the running job. Moves that are done stay, the one under way is undone. Fine when nothing runs. */
export async function rebalanceStop(
  context: VerbContext,
  input: Pick<RebalanceInput, 'target'>,
): Promise<VerbResult<RebalanceStop>> {
  return withClient(
    input.target,
    async (client) => {
      await requireCitus(client, input.target);
      await requireCoordinator(client);
      await putBackFirst(client, context.reporter);
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
      while (!hasEnded(now) && Date.now() < deadline && !context.signal.aborted) {
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
    },
    { purpose: 'rebalance stop', reporter: context.reporter },
  );
}

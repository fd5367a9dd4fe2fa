import type { Client } from 'pg';
import type { Job } from '../citus/job';
import { progressOf, readJobs, runningJob } from '../citus/job';
import type { ConnectionTarget } from '../lib/connection';
import type { VerbContext, VerbResult } from '../lib/verb';
import { rebalanceRun } from './commands';
import type { RebalanceRunInput } from './commands';
import { onCoordinator } from './on-coordinator';
import { fromRecord } from './plan/options';
import type { RebalanceRunResult } from './run/run';
import { askRun, isAtWork, readLastRunSurely } from './record/run-record';
import type { RecordedRun } from './record/run-record';
import { isNewerThan } from './status';

/** What `rebalance resume` answers with. */
export interface RebalanceResumed {
  readonly formatVersion: 1;
  /** The run that was paused and goes on where it is at work; null when there was none. */
  readonly run: number | null;
  /** What came of a run that took up what another one left; null where there was nothing of the kind. */
  readonly result: RebalanceRunResult | null;
}

/** What an earlier run or job left to do. */
interface Left {
  /** In words. */
  readonly what: string;
  readonly options: Omit<RebalanceRunInput, 'target'>;
}

/**
 * Lets a paused run go on where it is at work. Where nothing is, as after a crash, takes up what the last run or job left, with its options, and
 * is itself the run. Fine when there is nothing to do.
 *
 * @throws as {@link rebalanceRun}
 */
export async function rebalanceResume(
  context: VerbContext,
  input: { readonly target: ConnectionTarget },
): Promise<VerbResult<RebalanceResumed>> {
  const found = await onCoordinator(input, context, 'rebalance resume', look);
  if ('document' in found) return found;
  context.reporter.info(`going on with ${found.what}, with its options`);
  const { document, text, outcome } = await rebalanceRun(context, { ...found.options, ...input });
  return { document: { formatVersion: 1, run: null, result: document }, text, outcome };
}

async function look(client: Client): Promise<VerbResult<RebalanceResumed> | Left> {
  const run = await readLastRunSurely(client);
  if (run !== undefined && isAtWork(run)) {
    await askRun(client, run, '');
    return answer(run.id, `Rebalance run ${String(run.id)} goes on.`);
  }
  const job = await runningJob(client);
  if (job !== undefined)
    return answer(null, `Rebalance job ${String(job.id)} is at work and was not paused.`);
  const [last] = await readJobs(client, 1);
  return leftBehind(run, last) ?? answer(null, 'The last rebalance came to its end: nothing to resume.');
}

function answer(run: number | null, text: string): VerbResult<RebalanceResumed> {
  return { document: { formatVersion: 1, run, result: null }, text, outcome: 'done' };
}

/**
 * What the last run or job left to do, whichever is newer. Pure.
 *
 * @param run that is not at work
 * @param job that does not run
 * @returns undefined where it left nothing
 */
export function leftBehind(run: RecordedRun | undefined, job: Job | undefined): Left | undefined {
  if (run !== undefined && isNewerThan(run, job)) {
    if (run.state === 'finished') return undefined;
    const how = run.state === 'running' ? 'cut off' : run.state;
    return {
      what: `run ${String(run.id)}, which is ${how}`,
      options: fromRecord(run.options, run.movesDone),
    };
  }
  if (job === undefined || job.state === 'finished') return undefined;
  const what = `job ${String(job.id)}, which is ${job.state}`;
  if (run?.job === job.id) return { what, options: fromRecord(run.options, progressOf(job).movesDone) };
  const mode = job.tasks.find(({ move }) => move !== undefined)?.move?.mode;
  return { what, options: { way: 'background', mode } };
}

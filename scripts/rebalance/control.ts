import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { STOP } from '../citus/catalog.sql';
import type { Job } from '../citus/job';
import { hasEnded, progressOf, readJob, runningJob } from '../citus/job';
import type { ConnectionTarget } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { onCoordinator } from './on-coordinator';
import {
  askRun,
  isAtWork,
  readLastRun,
  readLastRunSurely,
  readUnrecordedSession,
  unrecorded,
} from './record/run-record';
import type { RecordedRun } from './record/run-record';

interface ControlInput {
  readonly target: ConnectionTarget;
}

/** What `rebalance stop` and `rebalance pause` answer with. */
export interface RebalanceControl {
  readonly formatVersion: 1;
  /** The job of Citus that was ended; null when none was running. */
  readonly job: number | null;
  /** The run of this program that was stopped, or asked to pause; null when none was at work. */
  readonly run: number | null;
}

/** Seconds a run has to end, or a cancelled job: the move under way has to undo what it began. */
const STOP_TIMEOUT_S = 60;

/** Seconds for which a job may go on with the move that it is at, which would be undone. */
const LAST_MOVE_S = 10;

const POLL_MS = 100;

/**
 * Ends what is at work after the move that it is at. A job of Citus has no such moment: one whose move goes on for longer than
 * {@link LAST_MOVE_S} is cancelled, and that move is undone. Moves that are done stay. Fine when nothing runs.
 *
 * @throws ScaleoutError where it has not ended within {@link STOP_TIMEOUT_S}
 */
export async function rebalanceStop(
  context: VerbContext,
  input: ControlInput,
): Promise<VerbResult<RebalanceControl>> {
  return onCoordinator<VerbResult<RebalanceControl>>(input, context, 'rebalance stop', async (client) => {
    const run = await readLastRunSurely(client);
    if (run !== undefined && isAtWork(run)) return stopRun(client, run, context.signal);
    const job = await endJob(client, run, 'stop', context.signal);
    if (job === undefined) return idle(client, 'stop');
    return answer(
      { job: job.id },
      `Rebalance job ${String(job.id)} is ${job.state}. ${howFar(job)} "scaleout rebalance run" does what is left.`,
    );
  });
}

/**
 * Has the run that is at work wait after its current move. A job of Citus cannot wait and is ended in the same way as by
 * {@link rebalanceStop}; `rebalance resume` starts another one. Fine when nothing is at work.
 */
export async function rebalancePause(
  context: VerbContext,
  input: ControlInput,
): Promise<VerbResult<RebalanceControl>> {
  return onCoordinator<VerbResult<RebalanceControl>>(input, context, 'rebalance pause', async (client) => {
    const run = await readLastRunSurely(client);
    if (run !== undefined && isAtWork(run)) {
      await askRun(client, run, 'pause');
      return answer(
        { run: run.id },
        `Rebalance run ${String(run.id)} pauses after the move that it is at; "scaleout rebalance resume" lets it go on.`,
      );
    }
    const job = await endJob(client, run, 'pause', context.signal);
    if (job === undefined) return idle(client, 'pause');
    return answer(
      { job: job.id },
      `A job of Citus cannot wait between two moves: rebalance job ${String(job.id)} is ${job.state}. ${howFar(job)} ` +
        '"scaleout rebalance resume" starts another one for what is left.',
    );
  });
}

/** @throws ScaleoutError where a session is at a rebalance that nothing reaches */
async function idle(client: Client, request: 'stop' | 'pause'): Promise<VerbResult<RebalanceControl>> {
  const pid = await readUnrecordedSession(client);
  if (pid === undefined) return answer({}, `No rebalance is running: nothing to ${request}.`);
  throw new ScaleoutError('cluster.busy', `${unrecorded(pid)}. Nothing was changed`, { details: { pid } });
}

function answer(
  { job = null, run = null }: Partial<Pick<RebalanceControl, 'job' | 'run'>>,
  text: string,
): VerbResult<RebalanceControl> {
  return { document: { formatVersion: 1, job, run }, text, outcome: 'done' };
}

function howFar(job: Job): string {
  const { movesDone, movesTotal } = progressOf(job);
  const undone = job.tasks.some(({ status }) => status === 'cancelled')
    ? ', and the one that was under way is undone'
    : '';
  return job.state === 'cancelled'
    ? `${String(movesDone)} of ${String(movesTotal)} moves are done and stay${undone}.`
    : `${String(movesDone)} of ${String(movesTotal)} moves are done.`;
}

/** Asks a run to end after the move that it is at, and waits for that. */
async function stopRun(
  client: Client,
  run: RecordedRun,
  signal: AbortSignal,
): Promise<VerbResult<RebalanceControl>> {
  await askRun(client, run, 'stop');
  let now: RecordedRun | undefined = run;
  await until(STOP_TIMEOUT_S, signal, async () => {
    now = await readLastRun(client);
    return now === undefined || !isAtWork(now);
  });
  if (isAtWork(now)) {
    throw new ScaleoutError(
      'rebalance.still-stopping',
      `rebalance run ${String(run.id)} was told to stop and ends after the move that it is at (${now.doing}). Look again with "scaleout rebalance status"`,
    );
  }
  return answer(
    { run: run.id },
    `Rebalance run ${String(run.id)} has ended after ${String(now.movesDone)} of ${String(run.movesPlanned)} moves, which stay. "scaleout rebalance run" does what is left.`,
  );
}

/** Ends the job that runs, once the moves that it is at are done or have taken too long; undefined where none runs. */
async function endJob(
  client: Client,
  run: RecordedRun | undefined,
  request: 'stop' | 'pause',
  signal: AbortSignal,
): Promise<Job | undefined> {
  const running = await runningJob(client);
  if (running === undefined) return undefined;
  if (run?.job === running.id) await askRun(client, run, request);
  const before = await readJob(client, running.id);
  let job = before;
  await until(LAST_MOVE_S, signal, async () => {
    job = await readJob(client, running.id);
    return hasEnded(job) || !isAtSameMove(before, job);
  });
  if (!hasEnded(job)) {
    await client.query(STOP).catch((error: unknown) => {
      // It ended between the look and the stop.
      if (!(error instanceof Error) || !/no ongoing rebalance/.test(error.message)) throw error;
    });
  }
  await until(STOP_TIMEOUT_S, signal, async () => {
    job = await readJob(client, running.id);
    return hasEnded(job);
  });
  if (hasEnded(job)) return job;
  throw new ScaleoutError(
    'rebalance.still-stopping',
    `rebalance job ${String(job.id)} was told to stop and is still ${job.state}: the move under way has not come to its end. Look again with "scaleout rebalance status"`,
  );
}

/** Whether a move is still under way that was so at the first look. One that is tried again has failed before. Pure. */
export function isAtSameMove(before: Job, now: Job): boolean {
  const atWork = (job: Job): number[] =>
    job.tasks.filter(({ status, retries }) => status === 'running' && retries === 0).map(({ id }) => id);
  const first = atWork(before);
  return atWork(now).some((id) => first.includes(id));
}

/** Looks until it happened, or the time is over, or Ctrl-C. */
async function until(seconds: number, signal: AbortSignal, happened: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!signal.aborted && !(await happened()) && Date.now() < deadline) await sleep(POLL_MS);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { isServerError } from '../../lib/errors';
import { bytes as asBytes } from '../../lib/reporter';
import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';
import { isCopyingMostly } from '../cost/estimate';
import { JobNews } from '../record/job-events';
import type { Job, JobMove, JobProgress, Task } from '../../citus/job';
import { hasEnded, isWaitingForWorkers, progressOf, retryingTasks } from '../../citus/job';

/** Where a job is read from. */
export interface JobSource {
  read(): Promise<Job>;
  /** Bytes that the moves under way have copied. */
  copiedBytes(): Promise<number>;
  /** Is told of each move that arrives, with the seconds for which it was seen under way. */
  arrived?(move: JobMove, seconds: number): Promise<void>;
}

const POLL_MS = 1000;

/** Looks for a background worker this many times before it warns; the queue itself looks every 5 s. */
const PATIENCE_POLLS = 30;

/**
 * Watches a job until the database says that it has ended, however it ended: the caller reads the state. Warns at once
 * when a task fails and is tried again (Citus does so for half an hour before the job fails), and when nothing begins.
 *
 * @throws InterruptedError on Ctrl-C; the job goes on in the database
 */
export async function followJob(
  source: JobSource,
  context: Pick<VerbContext, 'reporter' | 'signal'>,
  pollMs: number = POLL_MS,
): Promise<Job> {
  let job = await source.read();
  const atStart = progressOf(job);
  const inBytes = isCopyingMostly(job);
  const amountOf = (progress: JobProgress): number => (inBytes ? progress.bytesDone : progress.movesDone);
  const totalOf = (progress: JobProgress): number => (inBytes ? progress.bytesTotal : progress.movesTotal);
  // What an earlier run moved is not counted, or the rate would be this run's time over everybody's work.
  const bar = context.reporter.progress(
    `rebalance job ${String(job.id)}`,
    totalOf(atStart) - amountOf(atStart),
    inBytes ? 'bytes' : 'moves',
  );
  const told = new Set<string>();
  const news = new JobNews();
  let idlePolls = 0;
  let shown = 0;
  try {
    for (;;) {
      const progress = progressOf(job);
      const { events, arrived } = news.look(job, performance.now());
      for (const event of events) context.reporter.event(event);
      for (const { move, seconds } of arrived) await source.arrived?.(move, seconds);
      for (const warning of retryWarnings(job)) {
        if (!told.has(warning)) context.reporter.warn(warning);
        told.add(warning);
      }
      idlePolls = isWaitingForWorkers(job) ? idlePolls + 1 : 0;
      if (idlePolls === PATIENCE_POLLS) context.reporter.warn(waitingWarning(job, pollMs * PATIENCE_POLLS));
      const copied = inBytes && progress.running.length > 0 ? await copiedOrNothing(source) : 0;
      const ofRunning = progress.running.reduce((sum, { bytes }) => sum + bytes, 0);
      shown = Math.max(shown, amountOf(progress) - amountOf(atStart) + Math.min(copied, ofRunning));
      bar.update(shown, describeJobProgress(progress));
      if (hasEnded(job)) return job;
      await pause(pollMs, context.signal);
      stopIfAsked(
        context.signal,
        `${String(progress.movesDone)} of ${String(progress.movesTotal)} moves are done, and job ${String(job.id)} goes on in the database. ` +
          'Look at it with "scaleout rebalance status", follow it again with "scaleout rebalance run", end it with "scaleout rebalance stop"',
      );
      job = await source.read();
    }
  } finally {
    bar.finish(describeJobProgress(progressOf(job)));
  }
}

/** `7 of 21 moves, 66 MiB of 197 MiB, shard 102012 (devices, events; 9.4 MiB) from coordinator to w0`. */
export function describeJobProgress(progress: JobProgress): string {
  const moves = `${String(progress.movesDone)} of ${String(progress.movesTotal)} moves`;
  const size = `${asBytes(progress.bytesDone)} of ${asBytes(progress.bytesTotal)}`;
  return [moves, size, ...progress.running.map(describeMove)].join(', ');
}

export function describeMove({ shardId, tables, bytes, from, to }: JobMove): string {
  const what = tables.length === 0 ? '' : ` (${tables.join(', ')}; ${asBytes(bytes)})`;
  return `shard ${String(shardId)}${what} from ${from.label} to ${to.label}`;
}

/** One for each task that is being tried again. */
export function retryWarnings(job: Job): string[] {
  return retryingTasks(job).map(
    (task) =>
      `${describeTask(task)} failed and is tried again, ${times(task.retries)} so far: ${sentence(task.error)} ` +
      `Citus goes on trying for about half an hour; mend the cause, or end the job with "scaleout rebalance stop"`,
  );
}

export function describeTask(task: Task): string {
  return task.move === undefined ? 'copying the reference tables' : `moving ${describeMove(task.move)}`;
}

/** The server's words, ended as a sentence. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function waitingWarning(job: Job, ms: number): string {
  return (
    `job ${String(job.id)} has work ready and nothing has begun it for ${String(Math.round(ms / 1000))} s: the server has no background worker free. ` +
    'Raise max_worker_processes on the coordinator (it needs a restart), or wait for other background work to end; the job begins by itself then'
  );
}

function times(count: number): string {
  return count === 1 ? 'once' : `${String(count)} times`;
}

/** A node that does not answer with its sizes is no reason to stop watching: the job itself says what matters. */
async function copiedOrNothing(source: JobSource): Promise<number> {
  try {
    return await source.copiedBytes();
  } catch (error) {
    if (isServerError(error) && !error.code?.startsWith('57P')) return 0;
    throw error;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // An abort ends the pause early; the caller looks at the signal itself.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

import type { Client } from 'pg';
import { secondsLeft } from './estimate';
import { describeMove, retryWarnings } from './follow';
import type { Job, JobState } from '../citus/job';
import { hasEnded, isWaitingForWorkers, progressOf, readCopiedBytes, readJobs } from '../citus/job';
import { jobWarnings } from './job-moves';
import type { NodePlacement, Snapshot } from '../citus/placements';
import { placementsOf, readSnapshot } from '../citus/placements';
import { describeEnd } from './run';

/** What `rebalance status` answers with. */
export interface RebalanceStatus {
  readonly formatVersion: 1;
  /** The job that runs, or the last one that did; null when none ever has. */
  readonly job: {
    readonly id: number;
    readonly state: JobState;
    readonly startedAt: string | null;
    readonly finishedAt: string | null;
    readonly seconds: number;
  } | null;
  readonly moves: { readonly done: number; readonly total: number };
  readonly bytes: { readonly done: number; readonly total: number };
  /** Since the job began. */
  readonly bytesPerSecond: number;
  /** Null for a job that has ended, and before its first move has arrived. */
  readonly secondsLeft: number | null;
  /** The moves under way, in words. */
  readonly running: readonly string[];
  /** What a person should act on: retries, a job that does not begin, how a job failed. */
  readonly warnings: readonly string[];
  readonly nodes: readonly NodePlacement[];
}

/** Reads and changes nothing. */
export async function readStatus(client: Client): Promise<RebalanceStatus> {
  const snapshot = await readSnapshot(client);
  const [job] = await readJobs(client, 1, snapshot);
  const copied =
    job !== undefined && job.tasks.some(({ status }) => status === 'running')
      ? await readCopiedBytes(client)
      : 0;
  const status = statusOf(snapshot, job, copied);
  const warnings = job === undefined ? [] : await jobWarnings(client, job);
  return { ...status, warnings: [...warnings, ...status.warnings] };
}

/** @param copied bytes that the moves under way have written so far */
export function statusOf(snapshot: Snapshot, job: Job | undefined, copied: number): RebalanceStatus {
  const nodes = placementsOf(snapshot);
  if (job === undefined) {
    const none = { done: 0, total: 0 };
    return {
      formatVersion: 1,
      job: null,
      moves: none,
      bytes: none,
      bytesPerSecond: 0,
      secondsLeft: null,
      running: [],
      warnings: [],
      nodes,
    };
  }
  const progress = progressOf(job);
  const done = Math.min(progress.bytesTotal, progress.bytesDone + copied);
  const { id, state, startedAt, finishedAt, seconds } = job;
  const warnings = hasEnded(job) ? [describeEnd(job, progress)] : retryWarnings(job);
  if (isWaitingForWorkers(job)) {
    warnings.push(
      'no move has begun yet: the queue takes some seconds, and where it takes longer the server has no background worker free (max_worker_processes)',
    );
  }
  return {
    formatVersion: 1,
    job: { id, state, startedAt, finishedAt, seconds },
    moves: { done: progress.movesDone, total: progress.movesTotal },
    bytes: { done, total: progress.bytesTotal },
    bytesPerSecond: seconds > 0 ? done / seconds : 0,
    secondsLeft: hasEnded(job) ? null : (secondsLeft(job) ?? null),
    running: progress.running.map((move) => `moving ${describeMove(move)}`),
    warnings: warnings.filter((warning) => warning !== ''),
    nodes,
  };
}

import type { Client } from 'pg';
import { secondsLeft } from './estimate';
import { describeMove, retryWarnings } from './follow';
import type { Job, JobState } from '../citus/job';
import { hasEnded, isWaitingForWorkers, progressOf, readCopiedBytes, readJobs } from '../citus/job';
import { jobWarnings } from './job-moves';
import type { NodePlacement, Snapshot } from '../citus/placements';
import { placementsOf, readSnapshot } from '../citus/placements';
import { describeEnd } from './run';
import { isAtWork, readLastRun } from './run-record';
import type { RecordedRun, RunState } from './run-record';

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
  /** The run under a budget that is at work or was the last; null where a job is newer, or none ever was. */
  readonly run: {
    readonly id: number;
    readonly state: RunState | 'cut off';
    /** Of its session on the coordinator; null where it has ended. */
    readonly pid: number | null;
    readonly startedAt: string;
    readonly finishedAt: string | null;
    readonly seconds: number;
    readonly maxWritePauseMs: number;
    readonly longestWritePauseMs: number;
    readonly cancelledTries: number;
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
  const run = await readLastRun(client);
  const newer =
    run !== undefined &&
    (job === undefined || (hasEnded(job) && Date.parse(job.startedAt ?? '') < Date.parse(run.startedAt)));
  if (newer) return statusOfRun(snapshot, run);
  const copied =
    job !== undefined && job.tasks.some(({ status }) => status === 'running')
      ? await readCopiedBytes(client)
      : 0;
  const status = statusOf(snapshot, job, copied);
  const warnings = job === undefined ? [] : await jobWarnings(client, job);
  return { ...status, warnings: [...warnings, ...status.warnings] };
}

/** A run under a budget that is newer than any job. Pure. */
export function statusOfRun(snapshot: Snapshot, run: RecordedRun): RebalanceStatus {
  const {
    id,
    state,
    startedAt,
    finishedAt,
    seconds,
    doing,
    request,
    pid,
    maxWritePauseMs,
    longestWritePauseMs,
  } = run;
  const atWork = isAtWork(run);
  const cutOff = state === 'running' && !atWork;
  const asked =
    atWork && request !== ''
      ? [request === 'stop' ? 'it ends after this move, as asked' : 'it is asked to pause']
      : [];
  return {
    formatVersion: 1,
    job: null,
    run: {
      id,
      state: cutOff ? 'cut off' : state,
      pid,
      startedAt,
      finishedAt,
      seconds,
      maxWritePauseMs,
      longestWritePauseMs: Math.round(longestWritePauseMs),
      cancelledTries: run.cancelledTries,
    },
    moves: { done: run.movesDone, total: run.movesPlanned },
    bytes: { done: run.bytesDone, total: run.bytesPlanned },
    bytesPerSecond: seconds > 0 && !cutOff ? run.bytesDone / seconds : 0,
    secondsLeft: atWork ? run.secondsLeft : null,
    running: atWork && doing !== '' ? [doing === 'paused' ? 'paused' : `moving ${doing}`] : [],
    warnings: cutOff
      ? ['its session is gone: run "scaleout rebalance run" again, which does what is left']
      : [...asked, run.problem].filter((each) => each !== ''),
    nodes: placementsOf(snapshot),
  };
}

/** @param copied bytes that the moves under way have written so far */
export function statusOf(snapshot: Snapshot, job: Job | undefined, copied: number): RebalanceStatus {
  const nodes = placementsOf(snapshot);
  if (job === undefined) {
    const none = { done: 0, total: 0 };
    return {
      formatVersion: 1,
      job: null,
      run: null,
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
    run: null,
    moves: { done: progress.movesDone, total: progress.movesTotal },
    bytes: { done, total: progress.bytesTotal },
    bytesPerSecond: seconds > 0 ? done / seconds : 0,
    secondsLeft: hasEnded(job) ? null : (secondsLeft(job) ?? null),
    running: progress.running.map((move) => `moving ${describeMove(move)}`),
    warnings: warnings.filter((warning) => warning !== ''),
    nodes,
  };
}

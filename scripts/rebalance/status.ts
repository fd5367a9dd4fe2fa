import type { Client } from 'pg';
import { afterMoves, beforeMoves } from './watch/along';
import type { NodesAlong, NodesMove } from './watch/along';
import { secondsLeft } from './cost/estimate';
import { describeMove, retryWarnings } from './run/follow';
import type { Job, JobState } from '../citus/job';
import { hasEnded, isWaitingForWorkers, progressOf, readCopiedBytes, readJobs } from '../citus/job';
import { jobWarnings } from './observe/job-moves';
import { jobMoves } from './run/live-moves';
import type { NodePlacement, Snapshot } from '../citus/placements';
import { placementsOf, readSnapshot } from '../citus/placements';
import { describeEnd } from './run/run';
import { recordDocument } from './record/record-document';
import type { RunDocument } from './record/record-document';
import {
  isAtWork,
  isPaused,
  readLastRunSurely,
  readRunMoves,
  readUnrecordedSession,
  unrecorded,
} from './record/run-record';
import type { RecordedRun, RunMoves, RunState, TriedMove } from './record/run-record';

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
  /** The run that makes moves itself and is at work or was the last; null where a job is newer, or none ever was. */
  readonly run: {
    readonly id: number;
    readonly state: RunState | 'cut off';
    /** It waits between two moves until `rebalance resume` lets it go on. */
    readonly paused: boolean;
    /** Of its session on the coordinator; null where it has ended. */
    readonly pid: number | null;
    readonly startedAt: string;
    readonly finishedAt: string | null;
    readonly seconds: number;
    /** Null where no budget was asked for: nothing was measured then. */
    readonly maxWritePauseMs: number | null;
    readonly longestWritePauseMs: number;
    readonly cancelledTries: number;
  } | null;
  readonly moves: { readonly done: number; readonly total: number };
  readonly bytes: { readonly done: number; readonly total: number };
  /** Since the job began. */
  readonly bytesPerSecond: number;
  /** Of moving; a run that is paused takes so long once it goes on. Null for a job that has ended, and before its first move has arrived. */
  readonly secondsLeft: number | null;
  /** The moves under way, in words. */
  readonly running: readonly string[];
  /** What a person should act on: retries, a job that does not begin, how a job failed. */
  readonly warnings: readonly string[];
  /** What each node held before the moves, holds now, and will hold after them. */
  readonly before: readonly NodePlacement[];
  readonly nodes: readonly NodePlacement[];
  readonly planned: readonly NodePlacement[];
  /** For the auditor; null where no record was kept. */
  readonly record: RunDocument | null;
}

/** What a watcher asks for once: sizes of every shard are not read again and again. */
export interface Seen {
  readonly snapshot: Snapshot;
  /** Before the first move, by the snapshot. */
  readonly before: readonly NodePlacement[];
}

/** Reads and changes nothing. */
export async function readStatus(client: Client): Promise<RebalanceStatus> {
  return (await lookAgain(client, undefined)).status;
}

/**
 * The same for who looks again and again.
 *
 * @param seen of an earlier look at the same run or job
 */
export async function lookAgain(
  client: Client,
  seen: Seen | undefined,
): Promise<{ readonly status: RebalanceStatus; readonly seen: Seen }> {
  const snapshot = seen?.snapshot ?? (await readSnapshot(client));
  const [job] = await readJobs(client, 1, snapshot);
  const run = await readLastRunSurely(client);
  const ofRun = run !== undefined && isNewerThan(run, job);
  const moves =
    run !== undefined && (ofRun || run.job === job?.id)
      ? await readRunMoves(client, run)
      : { planned: [], tried: [] };
  const idle = (run === undefined || !isAtWork(run)) && (job === undefined || hasEnded(job));
  const pid = idle ? await readUnrecordedSession(client) : undefined;
  const hidden = pid === undefined ? [] : [unrecorded(pid)];
  if (ofRun) {
    const status = statusOfRun(snapshot, run, moves, seen?.before);
    return {
      status: { ...status, warnings: [...hidden, ...status.warnings] },
      seen: { snapshot, before: status.before },
    };
  }
  const copied =
    job !== undefined && job.tasks.some(({ status }) => status === 'running')
      ? await readCopiedBytes(client)
      : 0;
  const status = statusOf(snapshot, job, copied, seen?.before);
  const warnings = job === undefined ? [] : await jobWarnings(client, job);
  return {
    status: {
      ...status,
      warnings: [...hidden, ...warnings, ...status.warnings],
      record: run !== undefined && run.job === job?.id ? recordDocument(run, moves, job) : null,
    },
    seen: { snapshot, before: status.before },
  };
}

/** Whether a run that makes its moves itself is what happened last, and not a job. Pure. */
export function isNewerThan(run: RecordedRun, job: Job | undefined): boolean {
  if (run.job !== null) return false;
  return job === undefined || (hasEnded(job) && Date.parse(job.startedAt ?? '') < Date.parse(run.startedAt));
}

/** What nodes hold along the way. @param before of an earlier look; what they hold now is counted from there */
function nodesAlong(
  snapshot: Snapshot,
  moves: readonly (NodesMove & { readonly done: boolean })[],
  before: readonly NodePlacement[] | undefined,
): NodesAlong {
  const now = placementsOf(snapshot);
  const first = before ?? beforeMoves(snapshot, now, moves);
  return {
    before: first,
    nodes:
      before === undefined
        ? now
        : afterMoves(
            first,
            moves.filter(({ done }) => done),
          ),
    planned: afterMoves(first, moves),
  };
}

/** A run that makes its moves itself and is newer than any job. Pure. */
export function statusOfRun(
  snapshot: Snapshot,
  run: RecordedRun,
  moves: RunMoves = { planned: [], tried: [] },
  before?: readonly NodePlacement[],
): RebalanceStatus {
  const { id, state, startedAt, finishedAt, seconds, doing, pid, maxWritePauseMs } = run;
  const atWork = isAtWork(run);
  const cutOff = state === 'running' && !atWork;
  const made = new Set(moves.tried.filter((each) => each.cancelled === null).map(({ shardId }) => shardId));
  const tracked = moves.planned.map((move) => ({ ...move, done: made.has(move.shardId) }));
  return {
    formatVersion: 1,
    job: null,
    run: {
      id,
      state: cutOff ? 'cut off' : state,
      paused: isPaused(run),
      pid,
      startedAt,
      finishedAt,
      seconds,
      maxWritePauseMs,
      longestWritePauseMs: Math.round(run.longestWritePauseMs),
      cancelledTries: run.cancelledTries,
    },
    moves: { done: run.movesDone, total: run.movesPlanned },
    bytes: { done: run.bytesDone, total: run.bytesPlanned },
    bytesPerSecond: seconds > 0 && !cutOff ? run.bytesDone / seconds : 0,
    secondsLeft: atWork ? run.secondsLeft : null,
    running:
      atWork && doing !== '' && !isPaused(run)
        ? doing.split('\n').map((each) => (run.doingShard === null ? each : `moving ${each}`))
        : [],
    warnings: cutOff
      ? ['its session is gone: "scaleout rebalance resume" does what is left, with the same options']
      : runWarnings(run, moves.tried),
    ...nodesAlong(snapshot, tracked, before),
    record: recordDocument(run, moves, undefined),
  };
}

/** What was asked of a run at work, the move whose last try was cancelled, and how a run failed. */
function runWarnings(run: RecordedRun, tried: readonly TriedMove[]): string[] {
  if (isPaused(run)) return ['"scaleout rebalance resume" lets it go on'];
  const asked =
    isAtWork(run) && run.request !== ''
      ? [run.request === 'stop' ? 'it ends after this move, as asked' : 'it is asked to pause']
      : [];
  const last = new Map(tried.map((each) => [each.shardId, each]));
  const retries = isAtWork(run)
    ? [...last.values()].flatMap((each) => (each.cancelled === null ? [] : [cancelledText(each)]))
    : [];
  return [...asked, ...retries, run.problem].filter((each) => each !== '');
}

function cancelledText({ shardId, tables, cancelled, writePauseMs }: TriedMove): string {
  const why = {
    'over-budget': `writes had waited ${String(Math.round(writePauseMs ?? 0))} ms`,
    queued: 'it waited for a lock of another session, with writes queueing behind it',
    busy: 'another session was in its way',
  }[cancelled ?? 'busy'];
  return `the move of shard ${String(shardId)} (${tables.join(', ')}) was cancelled, because ${why}`;
}

const NOTHING: Omit<RebalanceStatus, keyof NodesAlong> = {
  formatVersion: 1,
  job: null,
  run: null,
  moves: { done: 0, total: 0 },
  bytes: { done: 0, total: 0 },
  bytesPerSecond: 0,
  secondsLeft: null,
  running: [],
  warnings: [],
  record: null,
};

/** @param copied bytes that the moves under way have written so far */
export function statusOf(
  snapshot: Snapshot,
  job: Job | undefined,
  copied: number,
  before?: readonly NodePlacement[],
): RebalanceStatus {
  if (job === undefined) return { ...NOTHING, ...nodesAlong(snapshot, [], before) };
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
    ...NOTHING,
    job: { id, state, startedAt, finishedAt, seconds },
    moves: { done: progress.movesDone, total: progress.movesTotal },
    bytes: { done, total: progress.bytesTotal },
    bytesPerSecond: seconds > 0 ? done / seconds : 0,
    secondsLeft: hasEnded(job) ? null : (secondsLeft(job) ?? null),
    running: progress.running.map((move) => `moving ${describeMove(move)}`),
    warnings: warnings.filter((warning) => warning !== ''),
    ...nodesAlong(snapshot, jobMoves(job), before),
  };
}

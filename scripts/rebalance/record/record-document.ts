import type { Client } from 'pg';
import type { Job } from '../../citus/job';
import { addressOf, wayOf } from './job-events';
import type { RecordedRun, RunMoves, RunRequest, RunState, TriedMove, WriterLatency } from './run-record';
import { readLastRun, readRunMoves } from './run-record';
import type { RebalanceWay } from '../cost/ways';

/** A try of a move, for the auditor. */
export interface RecordedMove extends Omit<TriedMove, 'tables' | 'endedAt' | 'seconds'> {
  readonly tables: readonly string[];
  /** ISO 8601; null where a job made it while nobody followed. */
  readonly endedAt: string | null;
  readonly seconds: number | null;
}

/** The record of a run: who asked, what moved, when, how long, and what writers felt. */
export interface RunDocument {
  readonly id: number;
  readonly way: RebalanceWay;
  /** The job of Citus that made the moves; null where this program did. */
  readonly job: number | null;
  /** Who logged in, the role that was worked as, and what the session called itself. */
  readonly login: string;
  readonly role: string;
  readonly application: string;
  readonly strategy: string;
  readonly maxWritePauseMs: number | null;
  readonly state: RunState;
  /** What another session asked of it last, and who that was. */
  readonly request: RunRequest;
  readonly requestedBy: string | null;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly seconds: number;
  readonly movesPlanned: number;
  /** Each try, in the order of their ends. */
  readonly moves: readonly RecordedMove[];
  /** Of a probe; null where nobody asked for one. */
  readonly writers: WriterLatency | null;
}

/** @param job that made the moves, whose own word counts for those that nobody saw. Pure. */
export function recordDocument(run: RecordedRun, { tried }: RunMoves, job: Job | undefined): RunDocument {
  const { id, way, login, role, application, strategy, maxWritePauseMs, state, request, requestedBy } = run;
  const { startedAt, finishedAt, seconds, movesPlanned, writers } = run;
  return {
    id,
    way,
    job: run.job,
    login,
    role,
    application,
    strategy,
    maxWritePauseMs,
    state,
    request,
    requestedBy,
    startedAt,
    finishedAt,
    seconds,
    movesPlanned,
    moves: [...(job === undefined ? [] : unseen(job, tried)), ...tried],
    writers,
  };
}

function unseen(job: Job, tried: readonly TriedMove[]): RecordedMove[] {
  const known = new Set(tried.map(({ shardId }) => shardId));
  return job.tasks.flatMap(({ status, move }) => {
    if (move === undefined || status !== 'done' || known.has(move.shardId)) return [];
    const { shardId, tables, bytes } = move;
    const [from, to, way] = [addressOf(move.from), addressOf(move.to), wayOf(move)];
    return [
      {
        shardId,
        tables,
        bytes,
        from,
        to,
        way,
        endedAt: null,
        seconds: null,
        writePauseMs: null,
        cancelled: null,
      },
    ];
  });
}

/** The record of the run that this session makes, which holds the lock of a rebalance; null where it keeps none. */
export async function readOwnRecord(client: Client): Promise<RunDocument | null> {
  const run = await readLastRun(client);
  if (run === undefined || run.pid === null) return null;
  return recordDocument(run, await readRunMoves(client, run), undefined);
}

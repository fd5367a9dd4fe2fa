import type { Client } from 'pg';
import { z } from 'zod';
import { ScaleoutError } from '../lib/errors';
import { TRANSFER_MODES } from './transfer-mode';
import { groupOfShard } from './moves';
import type { Move } from './moves';
import type { Node } from './nodes';
import { readRows } from './rows';
import { groupsByShard } from './placements';
import type { ShardGroup, Snapshot } from './placements';
import { COPIED_BYTES, JOBS, RUNNING_JOB } from './catalog.sql';

/** `pg_dist_background_job.state`. */
const JOB_STATES = [
  'scheduled',
  'running',
  'finished',
  'cancelling',
  'cancelled',
  'failing',
  'failed',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** `pg_dist_background_task.status`. */
const TASK_STATUSES = [
  'blocked',
  'runnable',
  'running',
  'done',
  'cancelling',
  'error',
  'unscheduled',
  'cancelled',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A node that left the cluster since a job moved shards from it or to it. */
export type GoneNode = Pick<Node, 'nodeId' | 'label'>;

/** A move of a job, which may have ended long ago. */
export type JobMove = Move<Node | GoneNode>;

/** One step of a job: a move, or (as the first one) the copying of reference tables to nodes that lack them. */
export interface Task {
  readonly id: number;
  readonly status: TaskStatus;
  /** How often it was tried again. */
  readonly retries: number;
  /** What the server said last, without its context lines; empty when nothing went wrong. */
  readonly error: string;
  /** True while a failed task waits for its next try. */
  readonly backsOff: boolean;
  readonly move?: JobMove;
}

/** A rebalance as the database runs it, with or without anybody watching. */
export interface Job {
  readonly id: number;
  readonly state: JobState;
  /** ISO 8601; null before the first task began. */
  readonly startedAt: string | null;
  /** ISO 8601; null while the job goes on. */
  readonly finishedAt: string | null;
  /** From the start to the end, or to now. */
  readonly seconds: number;
  readonly tasks: readonly Task[];
}

/** How far a job is. */
export interface JobProgress {
  readonly movesDone: number;
  readonly movesTotal: number;
  /** Bytes of the shard groups that have arrived. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** The moves under way. */
  readonly running: readonly JobMove[];
}

const jobRow = z.object({
  id: z.number(),
  state: z.enum(JOB_STATES),
  started: z.number().nullable(),
  finished: z.number().nullable(),
  seconds: z.number().nullable(),
  tasks: z.array(
    z.object({
      id: z.number(),
      status: z.enum(TASK_STATUSES),
      command: z.string(),
      retries: z.number(),
      message: z.string(),
      backsOff: z.boolean(),
    }),
  ),
});

/** A row of {@link JOBS}. */
export type JobRow = z.infer<typeof jobRow>;

/** For whoever does not ask what a job moves: a node that is down does not answer with sizes. */
const NO_SNAPSHOT: Snapshot = { nodes: [], groups: [] };

/**
 * The newest rebalance jobs, the last one first.
 *
 * @param snapshot of about now, which gives nodes and shards of moves their names and sizes
 */
export async function readJobs(client: Client, count: number, snapshot = NO_SNAPSHOT): Promise<Job[]> {
  const rows = await readRows(client, jobRow, JOBS, [count, null]);
  return rows.map((row) => parseJob(row, snapshot));
}

/** @throws ScaleoutError when the job is gone from the catalogs */
export async function readJob(client: Client, id: number, snapshot = NO_SNAPSHOT): Promise<Job> {
  const [row] = await readRows(client, jobRow, JOBS, [1, id]);
  if (row === undefined) {
    throw new ScaleoutError(
      'rebalance.job-gone',
      `rebalance job ${String(id)} is no longer recorded in pg_dist_background_job; look at the placements with "scaleout rebalance plan" and run again what is left`,
    );
  }
  return parseJob(row, snapshot);
}

/** The rebalance that goes on in this database; Citus runs one at a time. */
export async function runningJob(client: Client): Promise<Pick<Job, 'id' | 'state'> | undefined> {
  return (await readRows(client, jobRow.pick({ id: true, state: true }), RUNNING_JOB))[0];
}

/** Bytes the moves under way have copied so far. */
export async function readCopiedBytes(client: Client): Promise<number> {
  return (await readRows(client, z.object({ bytes: z.number() }), COPIED_BYTES))[0]?.bytes ?? 0;
}

export function parseJob(row: JobRow, snapshot: Snapshot): Job {
  const groups = groupsByShard(snapshot);
  return {
    id: row.id,
    state: row.state,
    startedAt: isoTime(row.started),
    finishedAt: isoTime(row.finished),
    seconds: row.seconds ?? 0,
    tasks: row.tasks.map((task) => {
      const move = parseMove(task.command, snapshot.nodes, groups);
      return {
        id: task.id,
        status: task.status,
        retries: task.retries,
        error: lastTaskError(task.message),
        backsOff: task.backsOff,
        ...(move === undefined ? {} : { move }),
      };
    }),
  };
}

/** The move in a task's command; undefined for a task that does something else. */
export function parseMove(
  command: string,
  nodes: readonly Node[],
  groups: ReadonlyMap<number, ShardGroup>,
): JobMove | undefined {
  const found = /citus_move_shard_placement\((\d+),\s*(\d+),\s*(\d+),\s*'(\w+)'/.exec(command);
  const mode = TRANSFER_MODES.find((candidate) => candidate === found?.[4]);
  if (found === null || mode === undefined) return undefined;
  const [, shardId, from, to] = found.map(Number);
  const node = (nodeId = 0): Node | GoneNode =>
    nodes.find((each) => each.nodeId === nodeId) ?? { nodeId, label: `node ${String(nodeId)}` };
  return { ...groupOfShard(groups, shardId ?? 0), from: node(from), to: node(to), mode };
}

/**
 * What went wrong, from the message of a task: the last ERROR or FATAL with its detail and hint, in one line. A task
 * that went well has a message too (notices, and a command tag).
 */
export function lastTaskError(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  const start = lines.findLastIndex((line) => /^(ERROR|FATAL|PANIC):/.test(line));
  if (start < 0) return '';
  const end = lines.findIndex((line, index) => index > start && line.startsWith('CONTEXT:'));
  return lines
    .slice(start, end < 0 ? undefined : end)
    .filter((line) => line !== '')
    .map((line) => line.replace(/^(ERROR|FATAL|PANIC|DETAIL):\s*/, '').replace(/^HINT:\s*/, 'Hint: '))
    .join('. ');
}

export function hasEnded(job: Job): boolean {
  return job.state === 'finished' || job.state === 'cancelled' || job.state === 'failed';
}

export function progressOf(job: Job): JobProgress {
  const moves = job.tasks.flatMap(({ status, move }) => (move === undefined ? [] : [{ status, move }]));
  const done = moves.filter(({ status }) => status === 'done');
  const bytesOf = (some: typeof moves): number => some.reduce((sum, { move }) => sum + move.bytes, 0);
  return {
    movesDone: done.length,
    movesTotal: moves.length,
    bytesDone: bytesOf(done),
    bytesTotal: bytesOf(moves),
    running: moves.filter(({ status }) => status === 'running').map(({ move }) => move),
  };
}

/** Tasks that failed and will be tried again. Citus retries for about half an hour before it gives a task up. */
export function retryingTasks(job: Job): Task[] {
  return job.tasks.filter(
    ({ status, retries, error }) =>
      retries > 0 && error !== '' && (status === 'runnable' || status === 'running'),
  );
}

/**
 * True when work is ready and nobody does it: no task runs, none waits for a retry, and yet some could begin. Normal for
 * the seconds the queue takes to notice; for longer it means that the server has no background worker left.
 */
export function isWaitingForWorkers(job: Job): boolean {
  const status = (wanted: TaskStatus): boolean => job.tasks.some((task) => task.status === wanted);
  return (
    (job.state === 'scheduled' || job.state === 'running') &&
    status('runnable') &&
    !status('running') &&
    !job.tasks.some(({ backsOff, retries }) => backsOff || retries > 0)
  );
}

/** The words of the task that made the job fail. */
export function jobError(job: Job): string {
  const failed =
    job.tasks.find(({ status }) => status === 'error') ?? job.tasks.find(({ error }) => error !== '');
  return failed?.error ?? '';
}

function isoTime(epochSeconds: number | null): string | null {
  return epochSeconds === null ? null : new Date(epochSeconds * 1000).toISOString();
}

import type { RunEvent } from '../../lib/events';
import { isLogical } from '../../citus/transfer-mode';
import type { Job, JobMove, Task } from '../../citus/job';
import { hasEnded, jobError, progressOf } from '../../citus/job';
import { secondsLeft } from '../cost/estimate';
import type { CopyWay } from '../cost/move-cost';
import { nodeName } from '../../citus/nodes';
import type { RecordedTry } from './run-record';

/** What came of a job since it was looked at last. */
export interface JobChanges {
  readonly events: readonly RunEvent[];
  /** Moves that have arrived, with the seconds for which they were seen under way: two looks more at most. */
  readonly arrived: readonly { readonly move: JobMove; readonly seconds: number }[];
}

/**
 * Tells what happens in a job from looks at it, as the job keeps neither times nor a history of its tasks. What was done before the first
 * look is no news.
 */
export class JobNews {
  private readonly startedAt = new Map<number, number>();
  private readonly retries = new Map<number, number>();
  private readonly done = new Set<number>();
  private lookedAt: number | undefined;
  private ended = false;

  /** @param at of the look, milliseconds of any one clock */
  look(job: Job, at: number): JobChanges {
    const since = this.lookedAt;
    this.lookedAt = at;
    const events: RunEvent[] = since === undefined ? [followEvent(job)] : [];
    const arrived: { move: JobMove; seconds: number }[] = [];
    for (const task of job.tasks) {
      events.push(...this.retried(task));
      if (task.move === undefined || this.done.has(task.id)) continue;
      const isDone = task.status === 'done';
      if (isDone) this.done.add(task.id);
      if (isDone && since === undefined) continue;
      // One that began and arrived between two looks took no longer than from the one to the other.
      if (isDone || task.status === 'running') {
        events.push(...this.started(task.id, task.move, isDone ? (since ?? at) : at));
      }
      if (!isDone) continue;
      const seconds = (at - (this.startedAt.get(task.id) ?? at)) / 1000;
      arrived.push({ move: task.move, seconds });
      events.push(doneEvent(task.move, seconds, secondsLeft(job) ?? null));
    }
    if (hasEnded(job) && !this.ended) {
      this.ended = true;
      events.push(endEvent(job));
    }
    return { events, arrived };
  }

  private started(id: number, move: JobMove, at: number): RunEvent[] {
    if (this.startedAt.has(id)) return [];
    this.startedAt.set(id, at);
    return [startEvent(move)];
  }

  private retried({ id, retries, error, move }: Task): RunEvent[] {
    if (retries <= (this.retries.get(id) ?? 0) || error === '') return [];
    this.retries.set(id, retries);
    return [{ name: 'move.retried', shard: move?.shardId ?? null, attempt: retries, reason: error }];
  }
}

/** How a move of a job copies. */
export function wayOf({ mode }: Pick<JobMove, 'mode'>): CopyWay {
  return isLogical(mode) ? 'logical' : 'blocking';
}

/** `name:port`, or the label of a node that left. */
export function addressOf(node: JobMove['from']): string {
  return 'name' in node ? nodeName(node) : node.label;
}

function followEvent(job: Job): RunEvent {
  const { movesDone, movesTotal } = progressOf(job);
  return { name: 'job.followed', job: job.id, moves: movesDone, movesPlanned: movesTotal };
}

/** A move that begins, in the mode in which it was planned. Pure. */
export function startEvent(move: JobMove): RunEvent {
  const { shardId, tables, bytes, from, to } = move;
  return {
    name: 'move.started',
    shard: shardId,
    tables,
    bytes,
    from: addressOf(from),
    to: addressOf(to),
    way: wayOf(move),
  };
}

/** A move that nobody measured has arrived. Pure. */
export function doneEvent(move: JobMove, seconds: number, left: number | null): RunEvent {
  const { shardId, bytes } = move;
  return {
    name: 'move.done',
    shard: shardId,
    way: wayOf(move),
    bytes,
    seconds,
    pauseMs: null,
    secondsLeft: left,
  };
}

/** The same for the record. Pure. */
export function arrivedTry(move: JobMove, seconds: number): RecordedTry {
  const { shardId, tables, bytes, from, to } = move;
  const [source, target] = [addressOf(from), addressOf(to)];
  return {
    shardId,
    tables,
    bytes,
    source,
    target,
    way: wayOf(move),
    seconds,
    pauseMs: null,
    cancelled: null,
  };
}

function endEvent(job: Job): RunEvent {
  const { movesDone, movesTotal } = progressOf(job);
  const reason = job.state === 'finished' ? '' : jobError(job);
  const name =
    job.state === 'finished' ? 'job.finished' : job.state === 'cancelled' ? 'job.cancelled' : 'job.failed';
  return { name, job: job.id, moves: movesDone, movesPlanned: movesTotal, reason };
}

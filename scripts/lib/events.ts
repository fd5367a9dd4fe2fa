import { duration } from '../../config/text/text';

/**
 * What happens during a run, for programs: tests await these, and the reporter words those that people want to read. Names are stable,
 * wording is not.
 */
export type RunEvent =
  | {
      readonly name: 'plan.ready';
      readonly steps: number;
      /** Steps during which writes wait. */
      readonly blocking: readonly string[];
      /** Whether writes pause briefly during an online copy. */
      readonly pauses: boolean;
    }
  /** The database could not be read, and it is tried again. */
  | {
      readonly name: 'look.retrying';
      readonly message: string;
      /** From 1. */
      readonly attempt: number;
      readonly attempts: number;
    }
  | { readonly name: 'rows.counting' }
  | { readonly name: 'step.started'; readonly step: string; readonly action: string; readonly table: string }
  | {
      readonly name: 'step.done';
      readonly step: string;
      readonly seconds: number;
      /** Its progress was shown, and so was its end. */
      readonly shown: boolean;
      /** Which step of the run it was, from 1. */
      readonly number?: number;
      /** How many there are in all. */
      readonly of?: number;
      /** Estimated, of all that are left. */
      readonly secondsLeft?: number;
    }
  /** A try of a step ended without it, and another follows. */
  | {
      readonly name: 'step.retrying';
      readonly step: string;
      readonly reason: 'lock' | 'catalog' | 'stalled';
      /** From 1. */
      readonly attempt: number;
      /** How many there are; undefined while the number is not limited. */
      readonly attempts: number | undefined;
      /** Who holds the lock, in words. */
      readonly blockers: readonly string[];
    }
  /** A step failed, and the database is read again before it counts. */
  | { readonly name: 'step.rechecking'; readonly step: string; readonly message: string }
  | MoveStarted
  | MoveDone
  | MoveCancelled
  | MoveRetried
  | JobFollowed
  | JobEnded
  | WritersFelt;

/** A shard group begins to move. */
interface MoveStarted {
  readonly name: 'move.started';
  readonly shard: number;
  readonly tables: readonly string[];
  readonly bytes: number;
  /** `name:port` */
  readonly from: string;
  readonly to: string;
  readonly way: 'blocking' | 'logical';
}

/** A shard group is on its new node. */
interface MoveDone {
  readonly name: 'move.done';
  readonly shard: number;
  readonly way: 'blocking' | 'logical';
  readonly bytes: number;
  readonly seconds: number;
  /** No write waited longer than this for it; null where nobody measured, as of a move of a job. */
  readonly pauseMs: number | null;
  /** Null where nobody knows. */
  readonly secondsLeft: number | null;
}

/** A move was undone, so that writes can go on. */
interface MoveCancelled {
  readonly name: 'move.cancelled';
  readonly shard: number;
  readonly way: 'blocking' | 'logical';
  readonly reason: 'over-budget' | 'queued' | 'busy';
  readonly pauseMs: number;
  /** Whether it is tried again in this run. */
  readonly again: boolean;
}

/** A move of a job failed, and Citus tries it again: for half an hour, whatever the reason. */
interface MoveRetried {
  readonly name: 'move.retried';
  /** Null where reference tables are copied. */
  readonly shard: number | null;
  /** From 1. */
  readonly attempt: number;
  /** The words of the server. */
  readonly reason: string;
}

/** A job of Citus is followed from here on. */
interface JobFollowed {
  readonly name: 'job.followed';
  readonly job: number;
  /** Done already. */
  readonly moves: number;
  readonly movesPlanned: number;
}

interface JobEnded {
  readonly name: 'job.finished' | 'job.failed' | 'job.cancelled';
  readonly job: number;
  readonly moves: number;
  readonly movesPlanned: number;
  /** The words of the server; empty where it finished. */
  readonly reason: string;
}

/** What the writes of a probe had to wait so far, milliseconds from when each was due. */
interface WritersFelt {
  readonly name: 'writers.felt';
  readonly writes: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** An event as one line for people; undefined where they see it otherwise, or do not care. Pure. */
export function describeEvent(event: RunEvent): string | undefined {
  switch (event.name) {
    case 'plan.ready':
      return describeReady(event);
    case 'look.retrying':
      return `${event.message}; this was attempt ${String(event.attempt)} of ${String(event.attempts)}`;
    case 'rows.counting':
    case 'step.started':
      return undefined;
    case 'step.done':
      return describeDone(event);
    case 'step.retrying':
      return describeRetry(event);
    case 'move.started':
    case 'move.done':
    case 'move.retried':
    case 'job.followed':
    case 'job.finished':
    case 'job.failed':
    case 'job.cancelled':
    case 'writers.felt':
      return undefined;
    case 'move.cancelled':
      return describeCancelled(event);
    case 'step.rechecking':
      return `${event.step} failed; reading the database again: ${event.message}`;
  }
}

/** Where a run has many steps, with how far it is. */
function describeDone({
  step,
  seconds,
  shown,
  number,
  of,
  secondsLeft,
}: Extract<RunEvent, { readonly name: 'step.done' }>): string | undefined {
  const took = `${step} (${seconds.toFixed(1)} s)`;
  if (number === undefined || of === undefined) return shown ? undefined : took;
  const left = number === of || secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
  return `${took}, step ${String(number)} of ${String(of)}${left}`;
}

/** Steps that a line names. */
const NAMED = 8;

function describeReady({
  steps,
  blocking,
  pauses,
}: Extract<RunEvent, { readonly name: 'plan.ready' }>): string {
  const unblocked = pauses ? 'writes go on, but for moments' : 'writes go on throughout';
  const writes =
    blocking.length === 0
      ? unblocked
      : `writes wait during ${blocking.slice(0, NAMED).join(', ')}${blocking.length > NAMED ? ` and ${String(blocking.length - NAMED)} more` : ''}`;
  return `${String(steps)} ${steps === 1 ? 'step' : 'steps'} to the specified distribution; ${writes}`;
}

function describeRetry({
  step,
  reason,
  attempt,
  attempts,
  blockers,
}: Extract<RunEvent, { readonly name: 'step.retrying' }>): string {
  const which = `attempt ${String(attempt)}${attempts === undefined ? '' : ` of ${String(attempts)}`}`;
  switch (reason) {
    case 'stalled':
      return `${step} was cancelled, because changes of writers no longer reached the copy; it starts again`;
    case 'catalog':
      return `${step} met another session in the catalogs of the server in ${which}, and tries again`;
    case 'lock': {
      const held = blockers.length === 0 ? '' : ` held by ${blockers.join('; ')}`;
      return `${step} waits for a lock${held}; ${which} gave up so that writes can go on`;
    }
  }
}

function describeCancelled({ shard, way, reason, pauseMs, again }: MoveCancelled): string {
  const why = {
    'over-budget': `writes had waited ${String(pauseMs)} ms`,
    queued: `it waited for a lock of another session, and writes would have queued behind it (${String(pauseMs)} ms)`,
    busy: 'another session was in its way',
  }[reason];
  const next = again ? 'it comes again later' : 'it is left';
  return `the move of shard ${String(shard)}${way === 'blocking' ? '' : ' by logical replication'} was cancelled, because ${why}; ${next}`;
}

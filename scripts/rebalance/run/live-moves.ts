import type { Job } from '../../citus/job';
import { hasEnded } from '../../citus/job';
import { nodeName } from '../../citus/nodes';
import { placementsOf } from '../../citus/placements';
import type { Snapshot } from '../../citus/placements';
import { addressOf } from '../record/job-events';
import type { Rebalance } from '../plan/plan';
import { beforeMoves } from '../watch/along';
import type { NodesMove } from '../watch/along';
import type { LiveMoves } from '../watch/live';

/** The moves of a plan that this program makes, for a picture of them. Pure. */
export function livePlan({ before, moves }: Rebalance, maxWritePauseMs: number | null): LiveMoves {
  return {
    title: 'Moving shards',
    before,
    moves: moves.map(({ shardId, bytes, from, to }) => ({
      shardId,
      bytes,
      from: nodeName(from),
      to: nodeName(to),
      done: false,
    })),
    maxWritePauseMs,
  };
}

/** The moves of a job as it is found. Pure. */
export function liveJob(job: Job, snapshot: Snapshot): LiveMoves {
  const moves = jobMoves(job);
  return {
    title: `Job ${String(job.id)}`,
    before: beforeMoves(snapshot, placementsOf(snapshot), moves),
    moves,
    maxWritePauseMs: null,
  };
}

/** The moves of a job as nodes see them. Of one that ended, what it did not move is planned no longer. Pure. */
export function jobMoves(job: Job): (NodesMove & { readonly done: boolean })[] {
  return job.tasks.flatMap(({ status, move }) => {
    const done = status === 'done';
    if (move === undefined || (hasEnded(job) && !done)) return [];
    const { shardId, bytes, from, to } = move;
    return [{ shardId, bytes, from: addressOf(from), to: addressOf(to), done }];
  });
}

import type { Client } from 'pg';
import { allOf } from '../../config/text/text';
import { showTable } from '../database/model/names';
import { readSecuredTables } from '../database/observe/row-security';
import { forcedTables } from './findings';
import type { Job } from '../citus/job';
import { hasEnded } from '../citus/job';
import type { Snapshot } from '../citus/placements';
import { groupsByShard } from '../citus/placements';
import type { Move } from './plan';
import { nodeName } from './plan';

/** Moves of a job that are not done: their shards are still where they were. */
export function movesAhead(job: Job, snapshot: Snapshot): Pick<Move, 'shardId' | 'from' | 'to'>[] {
  const name = (id: number): string => {
    const node = snapshot.nodes.find(({ nodeId }) => nodeId === id);
    return node === undefined ? '' : nodeName(node.name, node.port);
  };
  return job.tasks.flatMap(({ status, move }) =>
    move === undefined || status === 'done'
      ? []
      : [{ shardId: move.shardId, from: name(move.fromNodeId), to: name(move.toNodeId) }],
  );
}

/**
 * What is wrong with a job that goes on, whoever started it: `citus_rebalance_start()` by hand moves tables with forced policies like
 * any other.
 */
export async function jobWarnings(client: Client, job: Job, snapshot: Snapshot): Promise<string[]> {
  if (hasEnded(job)) return [];
  const groups = groupsByShard(snapshot);
  const tables = movesAhead(job, snapshot).flatMap(({ shardId }) => groups.get(shardId)?.tables ?? []);
  const forced = forcedTables(tables, await readSecuredTables(client));
  if (forced.length === 0) return [];
  return [
    `rebalance job ${String(job.id)} moves shards of ${allOf(forced.map(({ table }) => showTable(table)))} while FORCE ROW LEVEL SECURITY is on, and Citus loses the rows that policies hide from the owner. ` +
      'End it now with "scaleout rebalance stop", and start again with "scaleout rebalance run"',
  ];
}

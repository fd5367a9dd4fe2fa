import type { Client } from 'pg';
import { allOf } from '../../../config/text/text';
import { showTable } from '../../database/model/names';
import { readSecuredTables } from '../../database/observe/row-security';
import { forcedTables } from './findings';
import type { GoneNode, Job } from '../../citus/job';
import { hasEnded } from '../../citus/job';
import type { Move } from '../../citus/moves';
import type { Node } from '../../citus/nodes';

/** Moves of a job that are not done: their shards are still where they were, and their nodes in the cluster. */
export function movesAhead(job: Job): Move[] {
  return job.tasks.flatMap(({ status, move }) =>
    move !== undefined && status !== 'done' && isThere(move.from) && isThere(move.to)
      ? [{ ...move, from: move.from, to: move.to }]
      : [],
  );
}

function isThere(node: Node | GoneNode): node is Node {
  return 'name' in node;
}

/**
 * What is wrong with a job that goes on, whoever started it: `citus_rebalance_start()` by hand moves tables with forced policies like
 * any other.
 */
export async function jobWarnings(client: Client, job: Job): Promise<string[]> {
  if (hasEnded(job)) return [];
  const tables = movesAhead(job).flatMap((move) => move.tables);
  const forced = forcedTables({ tables, mode: 'auto' }, await readSecuredTables(client));
  if (forced.length === 0) return [];
  return [
    `rebalance job ${String(job.id)} moves shards of ${allOf(forced.map(({ table }) => showTable(table)))} while FORCE ROW LEVEL SECURITY is on, and Citus loses the rows that policies hide from the owner. ` +
      'End it now with "scaleout rebalance stop", and start again with "scaleout rebalance run"',
  ];
}

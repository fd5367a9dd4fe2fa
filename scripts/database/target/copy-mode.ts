import type { DistributedTable } from '../../../config/workload/distribution-types';
import type { LiveTable } from '../model/live';
import type { TargetState } from './target-state';

/** How rows are brought into shards: beside running writes, or with writes waiting, and then why. */
export type CopyMode = { readonly online: true } | { readonly online: false; readonly reason: string };

/**
 * Decides how a table is copied. The online copy replays changes by logical replication, which has its own demands;
 * where they are not met, writes that wait are better than writes that fail.
 */
export function copyMode(target: TargetState, wanted: DistributedTable, live: LiveTable): CopyMode {
  if (!target.expected.online) return { online: false, reason: 'the specification says online: false' };
  if (target.live.walLevel !== 'logical') {
    return { online: false, reason: `the server's wal_level is ${target.live.walLevel}, not logical` };
  }
  if (live.unlogged) return { online: false, reason: 'the table is unlogged and cannot be replicated' };
  if (live.inheritedCheck !== undefined) {
    // Before the online copy Citus makes the partitions tables of its own, and looks for the check under a shard's name.
    return {
      online: false,
      reason: `Citus copies no partitions beside writes that inherit a CHECK constraint (${live.inheritedCheck})`,
    };
  }
  if (live.uncheckedChecks.length > 0) {
    // They are away while Citus copies, which takes a transaction.
    return {
      online: false,
      reason: `shards take no row that does not hold to a CHECK, though it is NOT VALID (${live.uncheckedChecks.map(({ name }) => name).join(', ')}: VALIDATE CONSTRAINT, and the copy runs beside writes)`,
    };
  }
  if (live.rules.length > 0) {
    // Before the online copy Citus makes the table a shard of itself, and its rules with it.
    return {
      online: false,
      reason: `Citus loses rules on the way to an online copy (${live.rules.map(({ rule }) => rule).join(', ')})`,
    };
  }
  if (!identifiesRows(target, wanted, live)) {
    return {
      online: false,
      reason: 'without a primary key or replica identity, concurrent updates and deletes would fail',
    };
  }
  return { online: true };
}

function identifiesRows(target: TargetState, wanted: DistributedTable, live: LiveTable): boolean {
  if (live.replicaIdentity === 'full') return true;
  if (live.replicaIdentity === 'nothing') return false;
  // Once its index is dropped, such a table is left without any identity: the primary key does not step in.
  if (live.replicaIdentity === 'index') return live.keys.some((key) => key.identifiesRows);
  return wanted.primaryKey !== undefined || target.primaryKey(live.table) !== undefined;
}

import { allOf } from '../../../config/text/text';
import { identifiesRows } from '../model/live';
import type { LiveTable } from '../model/live';
import { showTable } from '../model/names';
import type { TargetState } from './target-state';

/** How rows are brought into shards: beside running writes, or with writes waiting, and then why. */
export type CopyMode = { readonly online: true } | { readonly online: false; readonly reason: string };

/**
 * Decides how a table is copied. The online copy replays changes by logical replication, which has its own demands;
 * where they are not met, writes that wait are better than writes that fail.
 */
export function copyMode(target: TargetState, live: LiveTable): CopyMode {
  if (!target.expected.online) return { online: false, reason: 'the specification says online: false' };
  if (target.live.walLevel !== 'logical') {
    return { online: false, reason: `the server's wal_level is ${target.live.walLevel}, not logical` };
  }
  if (live.unlogged) return { online: false, reason: 'the table is unlogged and cannot be replicated' };
  if (live.columnar) {
    return { online: false, reason: 'INSERT fails on a columnar table while Citus copies it online' };
  }
  if (live.noPartitions) {
    return { online: false, reason: 'Citus copies no partitioned table online that has no partitions' };
  }
  const rewritten = target.newPrimaryKey(live.table) !== undefined;
  const apart = live.partitionsApart.find(({ why }) => !rewritten || why !== 'without a key');
  if (apart !== undefined) {
    return { online: false, reason: `partition ${showTable(apart.table)} ${WHY_APART[apart.why]}` };
  }
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
      reason: `shards take no row that does not hold to a constraint, though it is NOT VALID (${live.uncheckedChecks.map(({ name }) => name).join(', ')}: VALIDATE CONSTRAINT, and the copy runs beside writes)`,
    };
  }
  if (live.rules.length > 0) {
    // Before the online copy Citus makes the table a shard of itself, and its rules with it.
    return {
      online: false,
      reason: `Citus loses rules on the way to an online copy (${live.rules.map(({ rule }) => rule).join(', ')})`,
    };
  }
  if (live.partitionOwners.length > 0) {
    return {
      online: false,
      reason: `Citus replays changes into the tables of one owner, and partitions belong to ${allOf(live.partitionOwners)} and not to ${live.owner}`,
    };
  }
  if (!identifiesRows(live, rewritten)) {
    return {
      online: false,
      reason: 'without a primary key or replica identity, concurrent updates and deletes would fail',
    };
  }
  return { online: true };
}

const NO_IDENTITY =
  'has no primary key and no replica identity of its own, so that concurrent updates and deletes would fail';

/** As the rest of a sentence about the partition. */
const WHY_APART: Readonly<Record<LiveTable['partitionsApart'][number]['why'], string>> = {
  unlogged: 'is unlogged and cannot be replicated',
  columnar: 'is columnar, on which INSERT fails while Citus copies it online',
  unidentified: NO_IDENTITY,
  'without a key': NO_IDENTITY,
};

import type { TableName } from '../../config/distribution-types';
import type { LiveTable } from './live';
import { compareTables, sameTable } from '../database/model/names';
import type { Outlook } from './outlook';

/** What becomes of a table that Citus holds already, in another way than asked. */
export type PlacementChange =
  /** Back to a plain table on the coordinator, from where the rest of the plan leads on. */
  | { readonly kind: 'undistribute' }
  /** A copy into shards of another kind; absent properties stay as they are. */
  | {
      readonly kind: 'alter';
      readonly column?: string;
      readonly shardCount?: number;
      /** Absent: a colocation group of its own. */
      readonly colocateWith?: TableName;
    }
  /** The same shards in another colocation group, or in one of their own; no row moves. */
  | { readonly kind: 'regroup'; readonly colocateWith?: TableName };

/**
 * How a table that is one of Citus's becomes what the specification says; undefined where it is already, is not one of
 * Citus's, or belongs to a distributed schema. Pure.
 */
export function placementChange(outlook: Outlook, table: TableName): PlacementChange | undefined {
  const wanted = outlook.expectedTable(table);
  const live = outlook.liveTable(table);
  const now = live?.citus;
  if (wanted === undefined || live === undefined) return undefined;
  if (now?.kind !== 'reference' && now?.kind !== 'distributed') return undefined;
  if (wanted.kind !== 'distributed') return wanted.kind === now.kind ? undefined : { kind: 'undistribute' };
  if (now.kind === 'reference' || now.column === null) return { kind: 'undistribute' };
  const column = now.column === wanted.distributeBy ? undefined : wanted.distributeBy;
  // Between the two copies a key has to hold both columns. Where it cannot, the way leads over the coordinator.
  if (column !== undefined && !keysHold(outlook, live, now.column)) return { kind: 'undistribute' };
  const by = column === undefined ? {} : { column };
  if (wanted.colocateWith === undefined) {
    const { shardCount } = outlook.expected;
    if (now.shardCount !== shardCount) return { kind: 'alter', ...by, shardCount };
    if (column !== undefined) return { kind: 'alter', column };
    return keepsGroup(outlook, table, now.colocationId) ? undefined : { kind: 'regroup' };
  }
  const colocateWith = outlook.groupRoot(wanted);
  const root = outlook.liveTable(colocateWith)?.citus;
  if (column !== undefined) return { kind: 'alter', column, colocateWith };
  const rootChange = placementChange(outlook, colocateWith);
  // A root that goes into a group of its own takes its shards there as they are.
  const rootKeepsShards = rootChange === undefined || rootChange.kind === 'regroup';
  if (root?.kind !== 'distributed' || !rootKeepsShards) return { kind: 'alter', colocateWith };
  if (rootChange === undefined && root.colocationId === now.colocationId) return undefined;
  const alike = root.shardCount === now.shardCount && root.layout === now.layout;
  return { kind: alike ? 'regroup' : 'alter', colocateWith };
}

/** Whether every key, as it is or as it is to be, holds the column that the table is distributed by today. */
function keysHold(outlook: Outlook, live: LiveTable, column: string): boolean {
  const then = outlook.newPrimaryKey(live.table);
  return then === undefined || then.includes(column);
}

/** Of tables that share a group and are not to, the first by name keeps it. */
function keepsGroup(outlook: Outlook, table: TableName, colocationId: number): boolean {
  const roots = outlook
    .distributedTables()
    .filter(
      ({ wanted, live }) =>
        wanted.colocateWith === undefined &&
        live.citus.kind === 'distributed' &&
        live.citus.colocationId === colocationId &&
        live.citus.shardCount === outlook.expected.shardCount &&
        live.citus.column === wanted.distributeBy,
    )
    .map(({ wanted }) => wanted.table)
    .sort(compareTables);
  return roots[0] === undefined || sameTable(roots[0], table);
}

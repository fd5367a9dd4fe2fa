import type { Client } from 'pg';
import { z } from 'zod';
import {
  MISSING_REFERENCE_BYTES,
  MISSING_REFERENCE_TABLES,
  MOVABLE_PLACEMENTS,
  NOT_REPLICABLE,
} from './catalog.sql';
import { readRows } from './rows';
import { groupBy } from '../lib/group-by';
import { holdsShards, readNodes } from './nodes';
import type { Node, NodeAddress } from './nodes';

/**
 * A node and what it holds. A *shard* is counted here the way it moves: shards of colocated tables that cover the same
 * range live and move together, so that they count as one. `devices` and `events`, colocated in 32 shards each, are 32
 * shards over all nodes, and two tables that are not colocated are 64. Reference and local tables are not counted.
 */
export interface NodePlacement {
  /** Host as Citus's metadata names it. */
  readonly name: string;
  readonly port: number;
  /** `coordinator`, `w0`, `w1`, ... */
  readonly label: string;
  /** Shard groups, see above. */
  readonly shards: number;
  /** On disk, indexes and TOAST included, of all tables in those shard groups. */
  readonly bytes: number;
  /** Whether the rebalancer may place shards here (`shouldhaveshards`, and the node is active). */
  readonly holdsShards: boolean;
}

/** One placement of the shards that live and move together. */
export interface ShardGroup {
  /** Ascending; the first one stands for the group. */
  readonly shardIds: readonly number[];
  /** Every table that has a shard in the group, as `regclass` writes them. */
  readonly tables: readonly string[];
  /** Of the whole shard group, indexes and TOAST included. */
  readonly bytes: number;
  /** Group id of the node it is on. */
  readonly groupId: number;
  /** Shards of this program's own tables, which move with it and count for nothing. @default - none */
  readonly ownShardIds?: readonly number[];
}

/** The cluster as the catalogs describe it at one moment. */
export interface Snapshot {
  readonly nodes: readonly Node[];
  readonly groups: readonly ShardGroup[];
}

const placementRow = z.object({
  table_name: z.string(),
  colocationid: z.number(),
  shard_id: z.number(),
  /** Lower end of the hash range; null for a distributed schema's one shard. */
  shardminvalue: z.string().nullable(),
  groupid: z.number(),
  bytes: z.number(),
  /** Whether the table is one of this program's own, which is nobody's business. */
  own: z.boolean().optional(),
});

/** A row of {@link MOVABLE_PLACEMENTS}. */
export type PlacementRow = z.infer<typeof placementRow>;

/** Placements of distributed tables, node by node, the coordinator first. */
export async function readPlacements(client: Client): Promise<NodePlacement[]> {
  return placementsOf(await readSnapshot(client));
}

export async function readSnapshot(client: Client): Promise<Snapshot> {
  const nodes = await readNodes(client);
  return { nodes, groups: shardGroups(await readRows(client, placementRow, MOVABLE_PLACEMENTS)) };
}

/** Rows of single shards, ordered by shard id, put together to the groups that move as one. */
export function shardGroups(rows: readonly PlacementRow[]): ShardGroup[] {
  // Append- and range-distributed tables have colocation id 0, which means "with nothing".
  const rangeOf = ({ colocationid, shard_id, shardminvalue }: PlacementRow): string =>
    colocationid === 0 ? `shard ${String(shard_id)}` : `${String(colocationid)} ${shardminvalue ?? ''}`;
  const groups = groupBy(rows, (row) => `${rangeOf(row)} on ${String(row.groupid)}`);
  return [...groups.values()].flatMap((all) => {
    const members = all.filter(({ own }) => own !== true);
    const own = all.filter((row) => row.own === true).map((row) => row.shard_id);
    if (members.length === 0) return [];
    return [
      {
        shardIds: members.map((row) => row.shard_id),
        tables: members.map((row) => row.table_name),
        bytes: members.reduce((sum, row) => sum + row.bytes, 0),
        groupId: all[0].groupid,
        ...(own.length === 0 ? {} : { ownShardIds: own }),
      },
    ];
  });
}

export function placementsOf({ nodes, groups }: Snapshot): NodePlacement[] {
  return nodes.map((node) => {
    const held = groups.filter((group) => group.groupId === node.groupId);
    return {
      name: node.name,
      port: node.port,
      label: node.label,
      shards: held.length,
      bytes: held.reduce((sum, group) => sum + group.bytes, 0),
      holdsShards: holdsShards(node),
    };
  });
}

/** Reference tables that some active node has no copy of: a node that joins gets none. As `regclass` writes them. */
export async function readMissingReferenceTables(client: Client): Promise<string[]> {
  const rows = await readRows(client, z.object({ table: z.string() }), MISSING_REFERENCE_TABLES);
  return rows.map(({ table }) => table);
}

/** Bytes of the reference tables that a node lacks, of each node that lacks some. */
export async function readMissingReferenceBytes(
  client: Client,
): Promise<readonly (NodeAddress & { readonly bytes: number })[]> {
  const row = z.object({ name: z.string(), port: z.number(), bytes: z.number() });
  return readRows(client, row, MISSING_REFERENCE_BYTES);
}

/** Those of them that logical replication cannot copy: unlogged and columnar ones. */
export async function readUncopiedReferenceTables(client: Client): Promise<string[]> {
  const missing = await readMissingReferenceTables(client);
  if (missing.length === 0) return [];
  const row = z.object({ table: z.string(), unlogged: z.boolean(), columnar: z.boolean() });
  const rows = await readRows(client, row, NOT_REPLICABLE);
  return rows
    .filter(({ table, unlogged, columnar }) => (unlogged || columnar) && missing.includes(table))
    .map(({ table }) => table);
}

/** The shard group by the id of any shard in it. */
export function groupsByShard({ groups }: Snapshot): ReadonlyMap<number, ShardGroup> {
  return new Map(
    groups.flatMap((group) =>
      [...group.shardIds, ...(group.ownShardIds ?? [])].map((shardId) => [shardId, group] as const),
    ),
  );
}

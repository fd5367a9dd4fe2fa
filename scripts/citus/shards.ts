import type { Client } from 'pg';
import { z } from 'zod';
import { readRows } from './rows';

const shardRow = z.object({
  shardId: z.number(),
  table: z.object({ schema: z.string(), name: z.string() }),
  /** The relation on the nodes, quoted: `public.events_102010`. */
  relation: z.string(),
  /** A partitioned table's shard holds no rows but those of its partitions' shards. */
  partitioned: z.boolean(),
});

/** A shard, wherever its placements are. */
export type Shard = Readonly<z.infer<typeof shardRow>>;

const SHARDS = `
SELECT s.shardid::float8 AS "shardId", json_build_object('schema', n.nspname, 'name', c.relname) AS table,
       c.relkind = 'p' AS partitioned,
       CASE n.nspname WHEN 'public' THEN 'public.' ELSE '' END || shard_name(c.oid, s.shardid) AS relation
  FROM pg_dist_shard s
  JOIN pg_class c ON c.oid = s.logicalrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE s.shardid = ANY ($1::bigint[])
 ORDER BY s.shardid`;

/** Reads shards by their ids. Those that are not there are left out. */
export async function readShards(client: Client, shardIds: readonly number[]): Promise<Shard[]> {
  return readRows(client, shardRow, SHARDS, [shardIds]);
}

const TABLES_OF_SHARDS = `
SELECT DISTINCT n.nspname::text AS schema, c.relname::text AS name
  FROM pg_dist_shard s
  JOIN pg_class c ON c.oid = s.logicalrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE s.shardid = ANY ($1::bigint[]) AND NOT c.relispartition
 ORDER BY 1, 2`;

/** The tables of shards, a partitioned one for all of its partitions. */
export async function readTablesOfShards(
  client: Client,
  shardIds: readonly number[],
): Promise<Shard['table'][]> {
  return readRows(client, shardRow.shape.table, TABLES_OF_SHARDS, [shardIds]);
}

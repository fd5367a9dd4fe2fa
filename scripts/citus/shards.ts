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

const SHARD = `s.shardid::float8 AS "shardId", json_build_object('schema', n.nspname, 'name', c.relname) AS table,
       c.relkind = 'p' AS partitioned,
       CASE n.nspname WHEN 'public' THEN 'public.' ELSE '' END || shard_name(c.oid, s.shardid) AS relation`;

const SHARDS = `
SELECT ${SHARD}
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

const placedShardRow = shardRow.extend({
  /** Where it is; null where no placement is active. */
  node: z.object({ name: z.string(), port: z.number() }).nullable(),
  /** The distribution column of a hash-distributed table. */
  column: z.string().nullable(),
  /** The function that gives a value's hash, as SQL calls it. */
  hash: z.string(),
  /** The smallest and the largest of its hashes, in decimal; of a table that is distributed by range, values. */
  min: z.string().nullable(),
  max: z.string().nullable(),
});

/** A placement of a shard, and which rows belong there. */
export type ShardPlacement = Readonly<z.infer<typeof placedShardRow>>;

/** The type's own function where SQL can call it, which costs a fraction of Citus's, or else that. */
const HASH = `coalesce((
         SELECT format('%I.%I', fn.nspname, f.proname)
           FROM pg_attribute a
           JOIN pg_opclass o ON o.opcdefault AND o.opcintype = CASE a.atttypid WHEN 'varchar'::regtype THEN 'text'::regtype ELSE a.atttypid END
           JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'hash'
           JOIN pg_amproc r ON r.amprocfamily = o.opcfamily AND r.amproclefttype = o.opcintype AND r.amprocrighttype = o.opcintype AND r.amprocnum = 1
           JOIN pg_proc f ON f.oid = r.amproc AND f.proargtypes[0] = o.opcintype
           JOIN pg_namespace fn ON fn.oid = f.pronamespace
          WHERE a.attrelid = p.logicalrelid AND p.partmethod = 'h' AND p.partkey IS NOT NULL
            AND a.attname = column_to_column_name(p.logicalrelid, p.partkey)), 'worker_hash')`;

const SHARD_PLACEMENTS = `
SELECT ${SHARD}, CASE WHEN d.nodename IS NOT NULL THEN json_build_object('name', d.nodename, 'port', d.nodeport) END AS node,
       CASE WHEN p.partmethod = 'h' AND p.partkey IS NOT NULL THEN column_to_column_name(p.logicalrelid, p.partkey) END AS column,
       ${HASH} AS hash, s.shardminvalue AS min, s.shardmaxvalue AS max
  FROM pg_dist_partition p
  JOIN pg_dist_shard s USING (logicalrelid)
  JOIN pg_class c ON c.oid = s.logicalrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN (pg_dist_placement pl JOIN pg_dist_node d ON d.groupid = pl.groupid AND d.noderole = 'primary')
         ON pl.shardid = s.shardid AND pl.shardstate = 1
 WHERE NOT c.relispartition AND NOT (p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid = 0)
 ORDER BY s.shardid, d.groupid`;

/** Every placement of the tables whose rows are in shards. A shard of a partitioned table has the rows of its partitions. */
export async function readShardPlacements(client: Client): Promise<ShardPlacement[]> {
  return readRows(client, placedShardRow, SHARD_PLACEMENTS);
}

const PLACED_SHARDS = `
SELECT ${SHARD}, json_build_object('name', d.nodename, 'port', d.nodeport) AS node
  FROM unnest($1::text[], $2::text[]) AS wanted(schema, name)
  JOIN pg_namespace wn ON wn.nspname = wanted.schema
  JOIN pg_class w ON w.relnamespace = wn.oid AND w.relname = wanted.name
 CROSS JOIN LATERAL (SELECT w.oid UNION SELECT relid FROM pg_partition_tree(w.oid)) AS family(oid)
  JOIN pg_dist_shard s ON s.logicalrelid = family.oid
  JOIN pg_class c ON c.oid = s.logicalrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_dist_placement pl ON pl.shardid = s.shardid AND pl.shardstate = 1
  JOIN pg_dist_node d ON d.groupid = pl.groupid AND d.noderole = 'primary' AND d.isactive
 ORDER BY s.shardid, d.groupid`;

const placed = shardRow.extend({ node: placedShardRow.shape.node.unwrap() });

/** Every placement of shards of some tables and of their partitions. */
export async function readPlacedShards(
  client: Client,
  tables: readonly Shard['table'][],
): Promise<Readonly<z.infer<typeof placed>>[]> {
  return readRows(client, placed, PLACED_SHARDS, [
    tables.map(({ schema }) => schema),
    tables.map(({ name }) => name),
  ]);
}

import type { Client } from 'pg';
import { z } from 'zod';
import { isCitusTable } from './fragments.sql';
import { readRows } from './rows';

const citusTableRow = z.object({
  oid: z.number(),
  kind: z.enum(['schema', 'distributed', 'reference', 'local']),
  /** The distribution column. */
  column: z.string().nullable(),
  colocationId: z.number(),
  autoConverted: z.boolean(),
  shardCount: z.number(),
  /** Shards were split, for a tenant of its own or otherwise: they are not as many, or not as wide, as those of a new group. */
  split: z.boolean(),
  /** A hash of where the shards are; null without hash distribution. */
  layout: z.string().nullable(),
  placements: z.array(z.object({ groupId: z.number(), shards: z.number(), inactive: z.number() })),
});

/** A table that Citus knows; `schema` is one of a distributed schema. */
export type CitusTableRow = z.infer<typeof citusTableRow>;

/**
 * Reads what Citus knows of tables. Those it does not know are left out.
 *
 * @param oids of `pg_class`
 * @param knowsSchemas whether this Citus distributes schemas
 */
export async function readCitusTables(
  client: Client,
  oids: readonly number[],
  knowsSchemas: boolean,
): Promise<CitusTableRow[]> {
  return readRows(client, citusTableRow, citusTables(knowsSchemas), [oids]);
}

/** Whether Citus knows the table. @param oid of `pg_class` */
export async function isKnownToCitus(client: Client, oid: number): Promise<boolean> {
  return (await client.query(`SELECT WHERE ${isCitusTable('$1::oid::regclass')}`, [oid])).rowCount === 1;
}

/** The catalogs rather than the view of tables, which asks every node for sizes. */
function citusTables(knowsSchemas: boolean): string {
  return `
SELECT p.logicalrelid::oid::int8::float8 AS oid,
       CASE WHEN ${knowsSchemas ? 'p.colocationid IN (SELECT colocationid FROM pg_dist_schema)' : 'false'} THEN 'schema'
            WHEN p.partkey IS NOT NULL THEN 'distributed'
            WHEN p.repmodel = 't' THEN 'reference'
            WHEN p.colocationid = 0 THEN 'local'
            ELSE 'distributed' END AS kind,
       CASE WHEN p.partkey IS NOT NULL THEN column_to_column_name(p.logicalrelid, p.partkey) END AS column,
       p.colocationid AS "colocationId", p.autoconverted AS "autoConverted",
       (SELECT count(*) FROM pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid)::int AS "shardCount",
       (p.partmethod = 'h' AND p.partkey IS NOT NULL AND (
         (SELECT count(*) FROM pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid)
           <> (SELECT g.shardcount FROM pg_dist_colocation g WHERE g.colocationid = p.colocationid)
         OR EXISTS (SELECT FROM (SELECT s.shardminvalue::int8 AS least, row_number() OVER (ORDER BY s.shardminvalue::int8) - 1 AS place,
                                        count(*) OVER () AS shards
                                   FROM pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid) AS ranges
                     WHERE least <> place * (4294967296 / shards) - 2147483648))) IS TRUE AS split,
       (SELECT to_hex(hashtextextended(string_agg(concat(s.shardminvalue, ' ', pl.groupid), ',' ORDER BY s.shardminvalue::int8, pl.groupid), 0))
          FROM pg_dist_shard s JOIN pg_dist_placement pl USING (shardid)
         WHERE s.logicalrelid = p.logicalrelid AND p.partmethod = 'h') AS layout,
       coalesce((SELECT json_agg(json_build_object('groupId', g.groupid, 'shards', g.shards, 'inactive', g.inactive) ORDER BY g.groupid)
                   FROM (SELECT pl.groupid, count(*) AS shards, count(*) FILTER (WHERE pl.shardstate <> 1) AS inactive
                           FROM pg_dist_shard s JOIN pg_dist_placement pl USING (shardid)
                          WHERE s.logicalrelid = p.logicalrelid GROUP BY pl.groupid) g), '[]') AS placements
  FROM pg_dist_partition p
 WHERE p.logicalrelid::oid = ANY ($1::oid[])`;
}

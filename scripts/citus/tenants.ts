import type { Client } from 'pg';
import { escapeLiteral } from 'pg';
import { z } from 'zod';
import { askAllNodes } from './nodes';

const shardTenants = z.object({
  /** The distributed table, as `regclass` writes it. */
  table: z.string(),
  isPartition: z.boolean(),
  /** The distribution column, as SQL writes it, and its type. */
  column: z.string(),
  type: z.string(),
  /** Of the shard on its node, in SQL. */
  name: z.string(),
  /** Indexes and TOAST included. */
  bytes: z.number(),
  /** What it is distributed by most often, and the share of rows of each; null where nobody analyzed the shard. */
  values: z.array(z.object({ value: z.string(), share: z.number() })).nullable(),
});

/** A shard and the values of its distribution column that most of its rows have. */
export type ShardTenants = Readonly<z.infer<typeof shardTenants>>;

/** Of each shard this many values. */
const MOST_VALUES = 5;

/** Rows of a shard are counted in at most about so many bytes of it, where nobody analyzed it. */
const SAMPLED_BYTES = 32 * 1024 * 1024;

/** As its node knows it: names of shards that are long are shortened. */
function tenantsQuery(shardIds: readonly number[]): string {
  return `
SELECT coalesce(json_agg(shard), '[]')
  FROM (SELECT t.oid::regclass::text AS "table", t.relispartition AS "isPartition", quote_ident(a.attname) AS "column", format_type(a.atttypid, a.atttypmod) AS type,
               format('%I.%I', n.nspname, c.relname) AS name, pg_total_relation_size(c.oid)::float8 AS bytes,
               (SELECT json_agg(json_build_object('value', v.value, 'share', v.share))
                  FROM pg_stats s, LATERAL (SELECT value, share FROM unnest(s.most_common_vals::text::text[], s.most_common_freqs) AS m (value, share)
                                             ORDER BY share DESC LIMIT ${String(MOST_VALUES)}) v
                 WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname) AS values
          FROM pg_dist_shard d
          JOIN pg_class t ON t.oid = d.logicalrelid
          JOIN pg_namespace n ON n.oid = t.relnamespace
          JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname ~ ('_' || d.shardid || '$') AND starts_with(c.relname, left(t.relname, 30))
          JOIN pg_dist_partition p ON p.logicalrelid = t.oid AND p.partmethod = 'h'
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = column_to_column_name(t.oid, p.partkey)
         WHERE d.shardid = ANY (${escapeLiteral(`{${shardIds.join(',')}}`)}::bigint[])) AS shard`;
}

/** Of a shard nobody analyzed. */
function countQuery({ name, column, bytes }: ShardTenants): string {
  const percent = Math.min(100, (100 * SAMPLED_BYTES) / Math.max(1, bytes));
  return `
SELECT coalesce(json_agg(v), '[]')
  FROM (SELECT ${column}::text AS value, count(*) / sum(count(*)) OVER () AS share
          FROM ${name} TABLESAMPLE SYSTEM (${percent.toFixed(6)}) GROUP BY 1 ORDER BY count(*) DESC LIMIT ${String(MOST_VALUES)}) AS v`;
}

/**
 * What the rows of a shard group are distributed by most often: by the statistics of its shards, or counted in a part of those without.
 *
 * @param shardIds of the group
 */
export async function readTenants(client: Client, shardIds: readonly number[]): Promise<ShardTenants[]> {
  const answers = await askAllNodes(client, z.array(shardTenants), tenantsQuery(shardIds));
  const shards = answers.flatMap(({ answer }) => answer);
  const counted: ShardTenants[] = [];
  for (const shard of shards) {
    if (shard.values !== null || shard.bytes === 0) counted.push(shard);
    else {
      // Nodes without the shard cannot answer, and are left out.
      const values = z.array(z.object({ value: z.string(), share: z.number() }));
      const [found] = await askAllNodes(client, values, countQuery(shard));
      counted.push({ ...shard, values: found?.answer ?? null });
    }
  }
  return counted;
}

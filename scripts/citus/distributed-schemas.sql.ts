/** Schemas a simulation reads. Bigints leave the server as float8, exact up to 2^53. */

export const SCHEMA_NAMES = `
SELECT nspname AS schema FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY nspname COLLATE "C"`;

/** The schemas of $1 that Citus has distributed as wholes. */
export const DISTRIBUTED_SCHEMAS = `
SELECT n.nspname AS schema
  FROM pg_dist_schema s JOIN pg_namespace n ON n.oid = s.schemaid
 WHERE n.nspname = ANY ($1::text[])
 ORDER BY n.nspname COLLATE "C"`;

/** Tables of the schemas $1 with their partitions: bytes, and rows as the planner estimates them where somebody counted. */
export function schemaTables(citus: boolean): string {
  return `
SELECT n.nspname AS schema, c.relname AS name, part.bytes, part.estimate
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL (
        SELECT coalesce(sum(pg_total_relation_size(p.oid)), 0)::float8 AS bytes,
               CASE WHEN bool_and(p.reltuples >= 0) THEN sum(p.reltuples) END::float8 AS estimate
          FROM (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid::regclass)) tree
          JOIN pg_class p ON p.oid = tree.oid AND p.relkind = 'r'
       ) part
 WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   ${citus ? 'AND NOT relation_is_a_known_shard(c.oid)' : ''}
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;
}

/**
 * As Citus finds those of one referenced table, by the index of pg_depend: by the referenced column, and of equals as the
 * rows lie on disk.
 */
export const FOREIGN_KEYS_IN_ORDER = `
SELECT k.conname::text AS name,
       json_build_object('schema', fn.nspname, 'name', f.relname) AS from, k.conrelid::int8::float8 AS "fromId",
       json_build_object('schema', tn.nspname, 'name', t.relname) AS to, k.confrelid::int8::float8 AS "toId",
       k.conparentid <> 0 AS inherited
  FROM pg_constraint k
  JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
  JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
  LEFT JOIN LATERAL (
        SELECT d.refobjsubid AS "column", d.ctid AS place
          FROM pg_depend d
         WHERE d.classid = 'pg_constraint'::regclass AND d.objid = k.oid AND d.deptype = 'n'
           AND d.refclassid = 'pg_class'::regclass AND d.refobjid = k.confrelid
         ORDER BY 1, 2
         LIMIT 1
       ) found ON true
 WHERE k.contype = 'f'
 ORDER BY found."column", found.place`;

/** Tables that Citus knows, by the ids of their shards. */
export const CITUS_TABLES_IN_ORDER = `
SELECT n.nspname AS schema, c.relname AS name
  FROM pg_dist_partition p
  JOIN pg_class c ON c.oid = p.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN (SELECT logicalrelid, min(shardid) AS id FROM pg_dist_shard GROUP BY 1) s USING (logicalrelid)
 ORDER BY s.id`;

/** Whether the sequence of the groups' ids may be looked at, and whether the reference tables have their group already. */
export const COLOCATION_IDS = `
SELECT has_sequence_privilege('pg_catalog.pg_dist_colocationid_seq', 'SELECT') AS readable,
       EXISTS (SELECT FROM pg_dist_colocation WHERE replicationfactor = -1) AS "referenceGroup"`;

export const NEXT_COLOCATION_ID = `
SELECT (last_value + CASE WHEN is_called THEN 1 ELSE 0 END)::float8 AS next FROM pg_catalog.pg_dist_colocationid_seq`;

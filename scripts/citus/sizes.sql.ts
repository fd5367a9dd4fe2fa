/** $1 oids of tables. */
export const SHARD_SIZES = `
WITH sizes AS (
  SELECT shard_id, max(size) AS size FROM citus_shard_sizes() GROUP BY shard_id
)
SELECT c.oid::int8::float8 AS oid, sum(sizes.size)::float8 AS bytes
  FROM unnest($1::oid[]) AS c(oid)
  CROSS JOIN LATERAL (SELECT c.oid UNION SELECT relid::oid FROM pg_partition_tree(c.oid)) AS family(oid)
  JOIN pg_dist_shard s ON s.logicalrelid = family.oid
  LEFT JOIN sizes ON sizes.shard_id = s.shardid
 GROUP BY c.oid
HAVING bool_and(sizes.size IS NOT NULL)`;

/** $1 tables as `regclass` reads them. */
export const TABLE_BYTES = `
WITH named AS (
  SELECT to_regclass(name) AS relid FROM unnest($1::text[]) AS name
), relations AS (
  SELECT relid FROM named UNION SELECT tree.relid FROM named, pg_partition_tree(named.relid) AS tree
)
SELECT coalesce(sum(citus_total_relation_size(relid) / greatest(1, (
         SELECT count(*) FROM pg_dist_placement
          WHERE shardid = (SELECT min(shardid) FROM pg_dist_shard WHERE logicalrelid = relid)))), 0)::float8 AS bytes
  FROM relations
 WHERE relid IN (SELECT logicalrelid FROM pg_dist_partition)`;

export const DATABASE_BYTES = `
SELECT coalesce(sum(CASE WHEN success THEN result::float8 END), 0) AS bytes
  FROM run_command_on_all_nodes('SELECT pg_database_size(current_database())',
       give_warning_for_connection_errors => false)`;

/** What Citus knows of where shards are. Bigints leave the server as float8, exact up to 2^53. */

/** Which of the tables $1 (schemas) $2 (names) Citus knows, as whatever. */
export const KNOWN_AMONG = `
SELECT n.nspname::text AS schema, c.relname::text AS name
  FROM pg_dist_partition t
  JOIN pg_class c ON c.oid = t.logicalrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN unnest($1::text[], $2::text[]) asked (schema, name) ON (asked.schema, asked.name) = (n.nspname, c.relname)`;

/**
 * Every placement that a rebalance may move, with its size as the rebalancer measures it. Groups come in the order in
 * which Citus plans them, which is that of the catalog's rows: "isFirst" marks the table whose shard ids stand for those
 * of its group. Tables of colocation 0 (range and append distribution) are with nothing; distributed schemas have one
 * shard, without a range. A partition counts as the table it is a part of.
 */
export const LAYOUT_SHARDS = `
WITH sizes AS (
  SELECT shard_id, max(size) AS size FROM citus_shard_sizes() GROUP BY 1
), movable AS (
  SELECT t.ctid AS place, t.logicalrelid, t.partmethod, t.partkey,
         CASE WHEN t.colocationid = 0 THEN 'table ' || t.logicalrelid::oid ELSE t.colocationid::text END AS grouped,
         coalesce(pg_partition_root(t.logicalrelid), t.logicalrelid) AS root
    FROM pg_dist_partition t
   WHERE t.partmethod <> 'n' OR (t.repmodel <> 't' AND t.colocationid <> 0)
), ordered AS (
  SELECT movable.*, min(place) OVER (PARTITION BY grouped) AS "group" FROM movable
)
SELECT dense_rank() OVER (ORDER BY o."group")::int - 1 AS "group", o.place = o."group" AS "isFirst",
       o.logicalrelid = o.root AS "isWhole",
       n.nspname::text AS schema, c.relname::text AS name,
       CASE WHEN o.partmethod = 'h' THEN column_to_column_name(o.root, o.partkey) END AS column,
       s.shardid::float8 AS "shardId",
       CASE WHEN o.partmethod = 'h' THEN s.shardminvalue::float8 END AS min,
       CASE WHEN o.partmethod = 'h' THEN s.shardmaxvalue::float8 END AS max,
       p.groupid AS "groupId", coalesce(sizes.size, 0)::float8 AS bytes
  FROM ordered o
  JOIN pg_class c ON c.oid = o.root
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_dist_shard s USING (logicalrelid)
  JOIN pg_dist_placement p USING (shardid)
  LEFT JOIN sizes ON sizes.shard_id = s.shardid
 WHERE p.shardstate = 1
 ORDER BY 1, CASE WHEN o.partmethod = 'h' THEN s.shardminvalue::int8 END, s.shardid`;

/** Copies of reference tables. */
export const LAYOUT_REFERENCES = `
SELECT n.nspname::text AS schema, c.relname::text AS name, max(z.size)::float8 AS bytes
  FROM pg_dist_partition t
  JOIN pg_class c ON c.oid = t.logicalrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_dist_shard s USING (logicalrelid)
  JOIN citus_shard_sizes() z ON z.shard_id = s.shardid
 WHERE t.partmethod = 'n' AND t.repmodel = 't'
 GROUP BY 1, 2
 ORDER BY 1, 2`;

/** The rules of a strategy ($1), and what a shard costs beside its bytes. */
export const LAYOUT_RULES = `
SELECT default_threshold::float8 AS threshold, improvement_threshold::float8 AS "improvementThreshold",
       pg_size_bytes(current_setting('citus.rebalancer_by_disk_size_base_cost'))::float8 AS "baseCost"
  FROM pg_dist_rebalance_strategy
 WHERE name = $1`;

/**
 * A number of each shard of the table $1: $2 is the command, into which Citus puts the shard's name with format(). One
 * shard after another: side by side would take a connection for each.
 */
export const ON_SHARDS = `
SELECT shardid::float8 AS "shardId", success, result FROM run_command_on_shards($1::regclass, $2, false)`;

/** What a shard whose rows policies hide answers with: sessions of Citus have `row_security` as the server has it. */
export const HIDDEN = 'hidden';

export const SHARD_COUNT = `SELECT CASE WHEN row_security_active(%1$L) THEN '${HIDDEN}' ELSE (SELECT count(*)::text FROM %1$s) END`;

/** The planner's, of a shard with its partitions; none where nobody has counted since it came to its node. */
export const SHARD_ESTIMATE = `
SELECT CASE WHEN bool_and(c.reltuples >= 0 OR pg_relation_size(c.oid) = 0) THEN sum(greatest(c.reltuples, 0)) END
  FROM (SELECT %1$L::regclass::oid AS oid UNION SELECT relid FROM pg_partition_tree(%1$L::regclass) WHERE isleaf) part
  JOIN pg_class c ON c.oid = part.oid AND c.relkind = 'r'`;

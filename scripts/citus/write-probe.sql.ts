/** $1 ids of shards. Their colocation groups with one table of each. */
export const MOVED_GROUPS = `
  SELECT c.colocationid::float8 AS "group", min(t.logicalrelid::regclass::text) AS "table", c.distributioncolumntype::regtype::text AS type,
         json_agg(s.shardid::float8) AS "shardIds", c.shardcount::float8 AS "shardCount"
    FROM pg_dist_shard s
    JOIN pg_dist_partition t USING (logicalrelid)
    JOIN pg_dist_colocation c ON c.colocationid = t.colocationid
   WHERE s.shardid = ANY ($1::float8[]::bigint[]) AND t.partmethod = 'h'
   GROUP BY c.colocationid, c.distributioncolumntype, c.shardcount
   ORDER BY c.colocationid`;

/** $1 a table, $2 how many values are tried. @param value an expression over \`i\` */
export const KEYS_OF_SHARDS = (value: string): string => `
  SELECT DISTINCT ON (shard) shard::float8 AS "shardId", key::text
    FROM (SELECT ${value} AS key FROM generate_series(1, $2::int) i) k,
         LATERAL get_shard_id_for_distribution_column($1::text::regclass, k.key) AS shard
   ORDER BY shard`;

/** $1 a table with a column \`key\`, $2 one of the group that it joins. */
export const DISTRIBUTE_PROBE = `SELECT create_distributed_table($1::text::regclass, 'key', colocate_with := $2)`;

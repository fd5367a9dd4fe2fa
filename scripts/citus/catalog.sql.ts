/**
 * Every statement of this room. Citus 12.1 grants all of them to any role; bigints that are counts, sizes or ids leave
 * the server as float8 or JSON numbers, exact up to 2^53, because `pg` hands int8 over as strings. Transfer modes are
 * not cast: their type is in the schema `citus`, which only superusers may name, and the server finds it by itself.
 */

/** The primaries, the coordinator first. */
export const NODES = `
  SELECT nodeid AS "nodeId", groupid AS "groupId", nodename AS name, nodeport AS port,
         shouldhaveshards AS "shouldHaveShards", isactive AS active
    FROM pg_dist_node
   WHERE noderole = 'primary' AND nodecluster = current_setting('citus.cluster_name')
   ORDER BY groupid`;

/**
 * Every placement that a rebalance may move: shards of hash (and range, append) distributed tables and of distributed
 * schemas. Reference tables (partmethod n, repmodel t) are on every node, local tables (colocation 0) on the
 * coordinator; neither moves.
 */
export const MOVABLE_PLACEMENTS = `
  WITH sizes AS (SELECT shard_id, max(size) AS size FROM citus_shard_sizes() GROUP BY shard_id)
  SELECT t.logicalrelid::regclass::text AS table_name, t.colocationid, s.shardid::float8 AS shard_id,
         s.shardminvalue, p.groupid, coalesce(sizes.size, 0)::float8 AS bytes, c.relnamespace::regnamespace::text = 'scaleout' AS own
    FROM pg_dist_partition t
    JOIN pg_class c ON c.oid = t.logicalrelid
    JOIN pg_dist_shard s USING (logicalrelid)
    JOIN pg_dist_placement p USING (shardid)
    LEFT JOIN sizes ON sizes.shard_id = s.shardid
   WHERE p.shardstate = 1
     AND (t.partmethod <> 'n' OR (t.repmodel <> 't' AND t.colocationid <> 0))
   ORDER BY s.shardid, p.groupid`;

/** Reference tables that some active node has no copy of: adding a node does not copy them. */
export const MISSING_REFERENCE_TABLES = `
  SELECT DISTINCT s.logicalrelid::regclass::text AS table
    FROM pg_dist_partition t
    JOIN pg_dist_shard s USING (logicalrelid)
   CROSS JOIN pg_dist_node n
   WHERE t.partmethod = 'n' AND t.repmodel = 't' AND n.noderole = 'primary' AND n.isactive
     AND NOT EXISTS (SELECT FROM pg_dist_placement p
                      WHERE p.shardid = s.shardid AND p.groupid = n.groupid AND p.shardstate = 1)
   ORDER BY 1`;

/** The nodes that lack reference tables, with the bytes of those. */
export const MISSING_REFERENCE_BYTES = `
  WITH sizes AS (SELECT shard_id, max(size) AS size FROM citus_shard_sizes() GROUP BY shard_id)
  SELECT n.nodename AS name, n.nodeport AS port, coalesce(sum(sizes.size), 0)::float8 AS bytes
    FROM pg_dist_partition t
    JOIN pg_dist_shard s USING (logicalrelid)
   CROSS JOIN pg_dist_node n
    LEFT JOIN sizes ON sizes.shard_id = s.shardid
   WHERE t.partmethod = 'n' AND t.repmodel = 't' AND n.noderole = 'primary' AND n.isactive
     AND NOT EXISTS (SELECT FROM pg_dist_placement p
                      WHERE p.shardid = s.shardid AND p.groupid = n.groupid AND p.shardstate = 1)
   GROUP BY n.nodename, n.nodeport`;

/**
 * $1 strategy, $2 the table whose colocation group is to move, or NULL for all, $3 whether only nodes that are to hold no shards are
 * emptied. One row for each shard, so a move of a shard group is as many rows as it has tables.
 */
export const PLAN = `
  SELECT table_name::text, shardid::float8 AS shard_id, sourcename, sourceport, targetname, targetport
    FROM get_rebalance_table_shards_plan(relation := $2::text::regclass, drain_only := $3, rebalance_strategy := $1)`;

/** $1 a table as `regclass` reads it: one row, whether it is there and has shards that a rebalance may move. */
export const MOVABLE_TABLE = `
  SELECT EXISTS (SELECT FROM pg_dist_partition
                  WHERE logicalrelid = to_regclass($1) AND (partmethod <> 'n' OR (repmodel <> 't' AND colocationid <> 0))) AS movable`;

/** $1 strategy, $2 mode. NULL when there is nothing to move. Must be committed before anything waits for the job. */
export const START = `
  SELECT citus_rebalance_start(rebalance_strategy := $1, drain_only := false, shard_transfer_mode := $2)::float8 AS job_id`;

/** $1 strategy, $2 mode. Copies reference tables to nodes that lack them, as the owner of the extension, and moves nothing. */
export const COPY_REFERENCE_TABLES = `
  SELECT rebalance_table_shards(max_shard_moves := 0, shard_transfer_mode := $2, rebalance_strategy := $1)`;

export const STOP = 'SELECT citus_rebalance_stop()';

/** Drops what moves left behind: old placements (otherwise dropped some seconds later) and leftovers of failures. */
export const CLEAN_UP = 'CALL citus_cleanup_orphaned_resources()';

/**
 * The newest rebalance jobs with their tasks. $1 how many, $2 the one job that is wanted or NULL. Read from the tables and not from citus_rebalance_status(),
 * which leaves out the tasks that are done and those that have not begun.
 */
export const JOBS = `
  SELECT j.job_id::float8 AS id, j.state::text,
         extract(epoch FROM j.started_at)::float8 AS started, extract(epoch FROM j.finished_at)::float8 AS finished,
         extract(epoch FROM coalesce(j.finished_at, clock_timestamp()) - j.started_at)::float8 AS seconds,
         coalesce((SELECT json_agg(json_build_object(
                            'id', t.task_id, 'status', t.status, 'command', t.command,
                            'retries', coalesce(t.retry_count, 0), 'message', t.message,
                            'backsOff', coalesce(t.not_before > clock_timestamp(), false)) ORDER BY t.task_id)
                     FROM pg_dist_background_task t WHERE t.job_id = j.job_id), '[]') AS tasks
    FROM pg_dist_background_job j
   WHERE j.job_type = 'rebalance' AND ($2::bigint IS NULL OR j.job_id = $2::bigint)
   ORDER BY j.job_id DESC
   LIMIT $1`;

/** The rebalance that has not come to its end, whoever follows it. */
export const RUNNING_JOB = `
  SELECT job_id::float8 AS id, state::text
    FROM pg_dist_background_job
   WHERE job_type = 'rebalance' AND state NOT IN ('finished', 'cancelled', 'failed')
   ORDER BY job_id DESC
   LIMIT 1`;

/** Bytes that the move under way has written to its target so far. Asks every node for sizes. */
export const COPIED_BYTES = `
  SELECT coalesce(sum(least(target_shard_size, source_shard_size)), 0)::float8 AS bytes
    FROM get_rebalance_progress()
   WHERE progress = 1`;

/** Tables a rebalance would have to own and does not. citus_rebalance_start looks at every one in the database. */
export const FOREIGN_OWNED = `
  SELECT c.oid::regclass::text AS table, pg_get_userbyid(c.relowner)::text AS owner
    FROM pg_dist_partition t
    JOIN pg_class c ON c.oid = t.logicalrelid
   WHERE NOT (t.partmethod = 'n' AND (t.repmodel = 't' OR t.colocationid = 0))
     AND NOT pg_has_role(current_user, c.relowner, 'USAGE')
   ORDER BY 1`;

/** Tables with shards that another role owns: Citus connects to nodes as that role where it moves them. */
export const OTHERS_TABLES = `
  SELECT c.oid::regclass::text AS table, pg_get_userbyid(c.relowner)::text AS owner
    FROM pg_dist_partition t
    JOIN pg_class c ON c.oid = t.logicalrelid
   WHERE c.relowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
   ORDER BY 1`;

/** Distributed tables whose owner may create nothing in their schema. A move creates the shard where it arrives as the owner. */
export const UNCREATABLE = `
  SELECT c.oid::regclass::text AS table, pg_get_userbyid(c.relowner)::text AS owner, c.relnamespace::regnamespace::text AS schema
    FROM pg_dist_partition t
    JOIN pg_class c ON c.oid = t.logicalrelid
   WHERE NOT has_schema_privilege(c.relowner, c.relnamespace, 'CREATE')
   ORDER BY 1`;

/**
 * Foreign keys of distributed tables whose owner may not reference the other table, or not use its schema. A move makes the
 * key again on the node where the shard arrives, as the owner.
 */
export const UNREFERENCEABLE = `
  SELECT DISTINCT c.conrelid::regclass::text AS table, pg_get_userbyid(t.relowner)::text AS owner, c.confrelid::regclass::text AS referenced,
         CASE WHEN has_schema_privilege(t.relowner, r.relnamespace, 'USAGE') THEN NULL ELSE r.relnamespace::regnamespace::text END AS schema
    FROM pg_constraint c
    JOIN pg_dist_partition d ON d.logicalrelid = c.conrelid
    JOIN pg_class t ON t.oid = c.conrelid
    JOIN pg_class r ON r.oid = c.confrelid
   WHERE c.contype = 'f'
     AND (NOT has_schema_privilege(t.relowner, r.relnamespace, 'USAGE')
          OR EXISTS (SELECT FROM unnest(c.confkey) k WHERE NOT has_column_privilege(t.relowner, c.confrelid, k, 'REFERENCES')))
   ORDER BY 1, 3`;

/**
 * What keeps shards of a table, reference tables included, from being copied by logical replication: PostgreSQL publishes no
 * unlogged table, columnar refuses rows while it is published, and without an identity UPDATE and DELETE fail. An index
 * identifies rows where each of them is checked at once.
 */
export const NOT_REPLICABLE = `
  SELECT * FROM (
    SELECT c.oid::regclass::text AS table, c.relpersistence = 'u' AS unlogged, coalesce(am.amname = 'columnar', false) AS columnar,
           c.relreplident <> 'f'
             AND NOT EXISTS (SELECT FROM pg_index i
                              WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                                AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END) AS unidentified
      FROM pg_dist_partition t
      JOIN pg_class c ON c.oid = t.logicalrelid
      LEFT JOIN pg_am am ON am.oid = c.relam
     WHERE c.relkind = 'r' AND NOT (t.partmethod = 'n' AND t.repmodel <> 't' AND t.colocationid = 0)) AS tables
   WHERE unlogged OR columnar OR unidentified
   ORDER BY 1`;

/** Pairs of nodes of which the first cannot reach the second. NULL: the first one is itself out of reach. */
export const UNREACHABLE = `
  SELECT from_nodename, from_nodeport, to_nodename, to_nodeport
    FROM citus_check_cluster_node_health()
   WHERE NOT result`;

/** $1 shard, $2 and $3 the node it leaves, $4 and $5 the one it goes to, $6 mode. Moves the whole shard group and commits. */
export const MOVE = `
  SELECT citus_move_shard_placement($1::bigint, $2, $3::int, $4, $5::int, $6)`;

/** $1 shard. The nodes it is on. */
export const PLACEMENTS = `
  SELECT n.nodename AS name, n.nodeport AS port
    FROM pg_dist_placement p
    JOIN pg_dist_node n USING (groupid)
   WHERE p.shardid = $1::bigint AND p.shardstate = 1 AND n.noderole = 'primary'`;

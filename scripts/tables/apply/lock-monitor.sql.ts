/** Queries of the second connection that looks on while a step runs. */

/**
 * Sessions that hold what session $1 waits for. What belongs to other roles may come back empty; of a prepared transaction there is
 * no process, which PostgreSQL writes as 0.
 */
export const BLOCKERS = `
SELECT DISTINCT nullif(blocker.pid, 0) AS pid, a.usename::text AS user, a.application_name AS application, a.state,
       to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since,
       to_char(a.query_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS "queryStart"
  FROM unnest(pg_blocking_pids($1::int)) AS blocker(pid)
  LEFT JOIN pg_stat_activity a ON a.pid = blocker.pid
 ORDER BY since NULLS LAST`;

/**
 * Sessions, wherever they came from, that hold on a worker what a statement of session $1 waits for there. They are
 * looked for by the number that Citus gives a session for all nodes: node times ten billion, plus process. Citus opens
 * connections anew to read what the sessions of all nodes do, twice for this view: so it is asked first whether anybody
 * waits (one whose number it does not know has number 0), which goes over connections that it keeps, at a twentieth of
 * the cost.
 */
export const WORKER_BLOCKERS = `
SELECT DISTINCT a.pid, a.usename::text AS user, a.application_name AS application, a.state,
       to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since,
       to_char(a.query_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS "queryStart",
       format('%s:%s', n.nodename, n.nodeport) AS node
  FROM citus_lock_waits w
  JOIN citus_stat_activity a ON a.global_pid = w.blocking_gpid AND NOT a.is_worker_query
  JOIN pg_dist_node n ON n.nodeid = a.nodeid
 WHERE EXISTS (SELECT FROM citus_internal_global_blocked_processes()
                WHERE waiting_global_pid IN (0, citus_calculate_gpid((SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'), $1::int)))
   AND w.waiting_gpid = citus_calculate_gpid((SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'), $1::int)
 ORDER BY since NULLS LAST`;

/**
 * The COPYs into shards that Citus runs on any node for session $1, told by the number of that session in their name for
 * themselves. Shards made in the same transaction have no name yet that another session could read.
 */
export const COPIES = `
SELECT nodeid AS node, copy.key AS copy, copy.value::float8 AS rows
  FROM run_command_on_all_nodes(format(
         $$SELECT coalesce(json_object_agg(p.pid || ' ' || p.relid::int8, p.tuples_processed), '{}')
             FROM pg_stat_progress_copy p JOIN pg_stat_activity a USING (pid)
            WHERE p.datname = current_database() AND p.command = 'COPY FROM' AND a.application_name ~ %L$$,
         ' gpid=' || citus_calculate_gpid((SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'), $1::int) || '$'),
       give_warning_for_connection_errors => false) answer,
       json_each_text(CASE WHEN answer.success THEN answer.result::json ELSE '{}' END) AS copy`;

/** What one copy of the tables $1, their indexes and their partitions take, wherever their shards are. */
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

/** What the database takes on all nodes. */
export const DATABASE_BYTES = `
SELECT coalesce(sum(CASE WHEN success THEN result::float8 END), 0) AS bytes
  FROM run_command_on_all_nodes('SELECT pg_database_size(current_database())',
       give_warning_for_connection_errors => false)`;

/** Typed, because Citus brings a `pg_cancel_backend(bigint)` of its own and the bare parameter would fit both. */
export const CANCEL = 'SELECT pg_cancel_backend($1::int)';

/**
 * Whether session $1, or one that Citus opened for it on this node, holds or asks for a lock that writers of table $2 (or
 * of a partition of it) have to wait for, and for how many milliseconds somebody has been waiting there. Writers wait for
 * the table itself, and, once Citus knows it, for the advisory lock of class 4 on its only shard. The looking session
 * counts as well: it may be the one that holds writers up. Nothing in here waits for a lock of the step itself.
 */
export const WRITERS_HELD = `
WITH RECURSIVE step AS (
  SELECT pid FROM pg_stat_activity
   WHERE pid IN ($1::int, pg_backend_pid())
      OR application_name = 'citus_internal gpid=' || citus_calculate_gpid(
           (SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'), $1::int)
), relations AS (
  SELECT to_regclass($2)::oid AS relid UNION SELECT inhrelid FROM pg_inherits JOIN relations ON inhparent = relid
), locks AS (
  SELECT l.* FROM pg_locks l, pg_database d
   WHERE d.datname = current_database() AND l.database = d.oid
     AND (l.locktype = 'relation' AND l.relation IN (SELECT relid FROM relations)
          OR l.locktype = 'advisory' AND l.objsubid = 4 AND l.classid::bigint << 32 | l.objid::bigint IN (
               SELECT shardid FROM pg_dist_shard WHERE logicalrelid IN (SELECT relid FROM relations)))
)
SELECT EXISTS (
         SELECT FROM locks JOIN step USING (pid)
          WHERE mode IN ('ExclusiveLock', 'AccessExclusiveLock')
             OR locktype = 'relation' AND mode IN ('ShareLock', 'ShareRowExclusiveLock')) AS held,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - min(waitstart)) * 1000
                   FROM locks WHERE NOT granted AND pid NOT IN (SELECT pid FROM step)), 0)::float8 AS "waitedMs"`;

/** The newest operation of Citus that left something to remove; 0 where none did. What it makes bears its number. */
export const LAST_OPERATION = 'SELECT coalesce(max(operation_id), 0)::text AS last FROM pg_dist_cleanup';

/**
 * How far Citus has come, in an operation after $2, with the shards that an online copy of table $1 makes on this node, by
 * its own list of what to remove should it fail: whether it is about to make replication slots (\`near\`: tables that only
 * stand in for shards of other nodes get their keys just before), and whether every shard that changes will be replayed
 * into can tell rows apart (\`safe\`). \`shards\` are those that writers use until the copy is over.
 */
export const COPY_STAGE = `
WITH RECURSIVE relations AS (
  SELECT to_regclass($1)::oid AS relid UNION SELECT inhrelid FROM pg_inherits JOIN relations ON inhparent = relid
), made AS (
  SELECT policy_type = 1 AS stays, c.relkind = 'r' AS has_rows,
         c.relreplident = 'f'
           OR EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND (indisprimary OR indisreplident)) AS has_key
    FROM pg_dist_cleanup JOIN pg_class c ON c.oid = to_regclass(object_name)
   WHERE operation_id > $2::bigint AND object_type = 1 AND policy_type IN (0, 1) AND node_group_id = 0
)
SELECT ARRAY(SELECT shardid::text FROM pg_dist_shard
              WHERE logicalrelid IN (SELECT relid FROM relations) ORDER BY shardid) AS shards,
       EXISTS (SELECT FROM made WHERE stays)
         AND (EXISTS (SELECT FROM made WHERE NOT stays AND has_rows AND has_key)
              OR EXISTS (SELECT FROM pg_publication
                          WHERE substring(pubname FROM '^citus_shard_split_publication_.*_(\\d+)$')::bigint > $2::bigint)
              OR (SELECT count(*) = 1 FROM pg_dist_node WHERE noderole = 'primary')) AS near,
       EXISTS (SELECT FROM pg_replication_slots
                WHERE database = current_database()
                  AND substring(slot_name FROM '^citus_shard_split_slot_.*_(\\d+)$')::bigint > $2::bigint)
         AND NOT EXISTS (SELECT FROM made WHERE stays AND has_rows AND NOT has_key) AS safe`;

/** Holds writers of the shards $1 up until the transaction ends: Citus's own way, 7 is PostgreSQL's ExclusiveLock. */
export const HOLD_WRITERS = 'SELECT lock_shard_metadata(7, $1::bigint[])';

/** Whether a subscription of an online copy after operation $1 is to replay changes on this node and has no process that does. */
export const REPLAY_STANDS = `
SELECT EXISTS (
  SELECT FROM pg_subscription s
    JOIN pg_database d ON d.oid = s.subdbid AND d.datname = current_database()
    JOIN pg_replication_slots r ON r.slot_name = s.subslotname
   WHERE s.subenabled AND NOT r.active
     AND substring(s.subname FROM '^citus_shard_split_subscription_.*_(\\d+)$')::bigint > $1::bigint) AS stands`;

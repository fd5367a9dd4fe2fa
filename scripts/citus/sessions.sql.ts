/** Queries about sessions on every node. $1 is the backend of a session of this node. */

/** The number that Citus gives session $1 for all nodes: node times ten billion, plus process. */
const GLOBAL_PID = `citus_calculate_gpid((SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'), $1::int)`;

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
                WHERE waiting_global_pid IN (0, ${GLOBAL_PID}))
   AND w.waiting_gpid = ${GLOBAL_PID}
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
         ' gpid=' || ${GLOBAL_PID} || '$'),
       give_warning_for_connection_errors => false) answer,
       json_each_text(CASE WHEN answer.success THEN answer.result::json ELSE '{}' END) AS copy`;

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
      OR application_name = 'citus_internal gpid=' || ${GLOBAL_PID}
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

/**
 * Prepared transactions of this database and their nodes. One of a living session is there for the moment of its commit;
 * one that stays belongs to a session that its server took along, and keeps its locks until Citus settles it.
 */
export const PREPARED_TRANSACTIONS = `
SELECT format('%s:%s', n.nodename, n.nodeport) AS node, gid
  FROM run_command_on_all_nodes(
         'SELECT coalesce(json_agg(gid), ''[]'') FROM pg_prepared_xacts WHERE database = current_database() AND gid LIKE ''citus\\_%''') r
  JOIN pg_dist_node n USING (nodeid),
       json_array_elements_text(CASE WHEN r.success THEN r.result::json ELSE '[]' END) AS gid
 ORDER BY n.groupid`;

/**
 * Whether the move of session $1 keeps writers out: it holds, or waits for, a lock on the metadata of shards (advisory: class 8 of shards
 * that are colocated, class 4 of others) that every write shares, as moves take it on the coordinator before the nodes. `waits`: it waits
 * for a lock of another session, whichever that is; `waitedMs`: how long a writer has waited for it.
 */
export const MOVE_LOCKS = `
WITH advisory AS (
  SELECT * FROM pg_locks
   WHERE locktype = 'advisory' AND objsubid IN (4, 8) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), own AS (
  SELECT classid, objid, objsubid FROM advisory WHERE pid = $1::int AND mode = 'ExclusiveLock'
)
SELECT EXISTS (SELECT FROM own) AS held,
       EXISTS (SELECT FROM pg_locks WHERE pid = $1::int AND NOT granted) AS waits,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - min(waitstart)) * 1000
                   FROM advisory JOIN own USING (classid, objid, objsubid) WHERE NOT granted AND pid <> $1::int), 0)::float8 AS "waitedMs"`;

/** Typed, because Citus brings a `pg_cancel_backend(bigint)` of its own and the bare parameter would fit both. */
export const CANCEL = 'SELECT pg_cancel_backend($1::int)';

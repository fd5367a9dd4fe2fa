/** Queries of the second connection that looks on while a step runs. */

/** Sessions that hold what session $1 waits for. What belongs to other roles may come back empty. */
export const BLOCKERS = `
SELECT DISTINCT blocker.pid, a.usename::text AS user, a.application_name AS application, a.state,
       to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since,
       to_char(a.query_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS "queryStart"
  FROM unnest(pg_blocking_pids($1::int)) AS blocker(pid)
  LEFT JOIN pg_stat_activity a ON a.pid = blocker.pid
 ORDER BY since NULLS LAST`;

/**
 * Sessions, wherever they came from, that hold on a worker what a statement of session $1 waits for there. They are
 * looked for by the number that Citus gives a session for all nodes: node times ten billion, plus process.
 */
export const WORKER_BLOCKERS = `
SELECT DISTINCT a.pid, a.usename::text AS user, a.application_name AS application, a.state,
       to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since,
       to_char(a.query_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS "queryStart",
       format('%s:%s', n.nodename, n.nodeport) AS node
  FROM citus_lock_waits w
  JOIN citus_stat_activity a ON a.global_pid = w.blocking_gpid AND NOT a.is_worker_query
  JOIN pg_dist_node n ON n.nodeid = a.nodeid
 WHERE w.waiting_gpid = citus_calculate_gpid((SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'), $1::int)
 ORDER BY since NULLS LAST`;

/** Rows that have arrived in the shards of a table, over all nodes; $1 is a pattern of the shards' names. */
export const ROWS_COPIED = `
SELECT coalesce(sum(CASE WHEN success THEN result::bigint END), 0)::float8 AS rows
  FROM run_command_on_all_nodes(format(
         'SELECT coalesce(sum(tuples_processed), 0) FROM pg_stat_progress_copy WHERE datname = current_database() AND relid::regclass::text ~ %L', $1::text),
       give_warning_for_connection_errors => false)`;

/** Typed, because Citus brings a `pg_cancel_backend(bigint)` of its own and the bare parameter would fit both. */
export const CANCEL = 'SELECT pg_cancel_backend($1::int)';

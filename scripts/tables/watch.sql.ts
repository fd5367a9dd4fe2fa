/** Queries of the second connection that looks on while a step runs. */

/** Sessions that hold what session $1 waits for. What belongs to other roles may come back empty. */
export const BLOCKERS = `
SELECT a.pid, a.usename::text AS user, a.application_name AS application, a.state,
       to_char(coalesce(a.query_start, a.xact_start), 'YYYY-MM-DD HH24:MI:SS TZ') AS since
  FROM unnest(pg_blocking_pids($1::int)) AS blocker(pid)
  LEFT JOIN pg_stat_activity a ON a.pid = blocker.pid
 WHERE blocker.pid <> 0
 ORDER BY a.query_start NULLS LAST`;

/** Rows that have arrived in the shards of a table, over all nodes; $1 is a pattern of the shards' names. */
export const ROWS_COPIED = `
SELECT coalesce(sum(CASE WHEN success THEN result::bigint END), 0)::float8 AS rows
  FROM run_command_on_all_nodes(format(
         'SELECT coalesce(sum(tuples_processed), 0) FROM pg_stat_progress_copy WHERE datname = current_database() AND relid::regclass::text ~ %L', $1::text),
       give_warning_for_connection_errors => false)`;

/** Typed, because Citus brings a `pg_cancel_backend(bigint)` of its own and the bare parameter would fit both. */
export const CANCEL = 'SELECT pg_cancel_backend($1::int)';

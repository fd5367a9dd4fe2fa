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

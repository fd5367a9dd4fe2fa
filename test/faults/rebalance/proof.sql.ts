import { LEFTOVERS } from '../snapshot.sql';

/** The columns that tell the rows of a table apart. */
const KEYS: Readonly<Record<string, string>> = {
  accounts: 'account_id',
  orders: "account_id || ',' || order_id",
  secrets: "owner || ',' || secret_id",
  visits: "page || ',' || visit_id",
};

/** Every row of these tables, with its key. */
export const ROWS = (tables: readonly string[]): string =>
  tables
    .map((table) => `SELECT '${table}:' || ${KEYS[table] ?? ''} AS key, t::text AS line FROM ${table} t`)
    .join(' UNION ALL ');

/** Jobs of Citus, and tasks of them, that have not come to an end. */
export const UNFINISHED_JOBS = `
SELECT format('job %s is %s', job_id, state) AS line FROM pg_dist_background_job WHERE state NOT IN ('finished', 'cancelled', 'failed')
UNION ALL
SELECT format('task %s is %s', task_id, status) FROM pg_dist_background_task WHERE status NOT IN ('done', 'error', 'cancelled', 'unscheduled')`;

/** What is left on a node. The schema of the program's own has the record of its runs, which stays; open windows and tables of probes do not. */
export const LEFT = `
SELECT what AS line FROM (${LEFTOVERS}) l WHERE what !~ '^schema scaleout'
UNION ALL SELECT 'probe ' || relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^rebalance_probe_'
UNION ALL SELECT 'subscription ' || subname FROM pg_subscription WHERE NOT subenabled AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * Where shards are, by Citus's own list: each colocation group has as many on each node, or one more; those of one range are on one node;
 * and Citus would move nothing.
 */
export const UNBALANCED = `
WITH shards AS (
  SELECT t.colocationid, t.logicalrelid::regclass::text AS name, s.shardminvalue, p.groupid
    FROM pg_dist_partition t JOIN pg_dist_shard s USING (logicalrelid) JOIN pg_dist_placement p USING (shardid)
   WHERE t.partmethod = 'h'
), held AS (
  SELECT t.colocationid, t.name, n.groupid, (SELECT count(*) FROM shards s WHERE s.name = t.name AND s.groupid = n.groupid) AS shards
    FROM (SELECT DISTINCT colocationid, name FROM shards) t, pg_dist_node n
)
SELECT format('%s has %s', name, string_agg(format('%s shards on node group %s', shards, groupid), ', ' ORDER BY groupid)) AS line
  FROM held GROUP BY name HAVING max(shards) - min(shards) > 1
UNION ALL
SELECT format('%s of range %s are on %s nodes', string_agg(DISTINCT name, ', '), shardminvalue, count(DISTINCT groupid))
  FROM shards GROUP BY colocationid, shardminvalue HAVING count(DISTINCT groupid) > 1
UNION ALL
SELECT format('shard %s of %s would move from port %s to %s', shardid, table_name, sourceport, targetport) FROM get_rebalance_table_shards_plan()`;

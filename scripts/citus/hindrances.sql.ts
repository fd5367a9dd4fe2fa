/** Queries about what is in the way of moves, each asked of every node by a connection of Citus's own. */

/** Seconds after which an open transaction is worth a word: a web request is over by then, a report or a forgotten psql is not. */
export const LONG_TRANSACTION_S = 5;

/**
 * Transactions of this server that have been open for a while, as JSON: those that wrote, in whichever database, since a replication slot
 * is made only once they are over, and those that hold locks on distributed tables of this one. Times of other roles' sessions are hidden
 * from a role without `pg_read_all_stats`. No statement is read: it could have anything in it.
 */
export const LONG_TRANSACTIONS = `
SELECT coalesce(json_agg(t), '[]')
  FROM (SELECT a.pid, a.usename::text AS role, a.application_name AS application, a.state, a.datname = current_database() AS here,
               extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds, a.backend_xid IS NOT NULL AS wrote,
               (SELECT max(CASE WHEN l.mode IN ('AccessShareLock', 'RowShareLock') THEN 1 ELSE 2 END)
                  FROM pg_locks l JOIN pg_dist_partition p ON p.logicalrelid = l.relation
                 WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted
                   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS level
          FROM pg_stat_activity a
         WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
           AND a.xact_start < clock_timestamp() - interval '${String(LONG_TRANSACTION_S)} s') AS t
 WHERE wrote OR level IS NOT NULL`;

/** The same of transactions that were prepared and neither committed nor rolled back: they outlive their session, and keep its locks. */
export const LONG_PREPARED = `
SELECT coalesce(json_agg(t), '[]')
  FROM (SELECT gid, owner::text AS role, database = current_database() AS here,
               extract(epoch FROM clock_timestamp() - prepared)::float8 AS seconds
          FROM pg_prepared_xacts
         WHERE prepared < clock_timestamp() - interval '${String(LONG_TRANSACTION_S)} s') AS t`;

/** Replication slots, publications and subscriptions that Citus makes for the length of a move or a split, with the operation that their name ends in. */
export const OPERATION_OBJECTS = `
SELECT coalesce(json_agg(json_build_object('kind', kind, 'name', name, 'operation', substring(name FROM '\\d+$'))), '[]')
  FROM (SELECT 'slot' AS kind, slot_name::text AS name FROM pg_replication_slots
         WHERE database = current_database() AND slot_name ~ '^citus_shard_(move|split)_slot_.*\\d$'
        UNION ALL
        SELECT 'publication', pubname FROM pg_publication WHERE pubname ~ '^citus_shard_(move|split)_publication_.*\\d$'
        UNION ALL
        SELECT 'subscription', subname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid AND d.datname = current_database()
         WHERE subname ~ '^citus_shard_(move|split)_subscription_.*\\d$') AS made`;

/**
 * Tables of a node that bear the name of a shard which Citus's metadata has elsewhere. On the way of a move they are normal; long names of
 * tables are shortened in those of shards.
 */
export const STRAY_SHARDS = `
SELECT coalesce(json_agg(json_build_object('shardId', s.shardid, 'table', t.oid::regclass::text, 'name', format('%I.%I', n.nspname, c.relname)) ORDER BY s.shardid), '[]')
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_dist_shard s ON s.shardid = substring(c.relname FROM '_(\\d{1,18})$')::bigint
  JOIN pg_class t ON t.oid = s.logicalrelid AND t.relnamespace = c.relnamespace
   AND (c.relname = t.relname || '_' || s.shardid OR length(t.relname || '_' || s.shardid) > 63 AND starts_with(c.relname, left(t.relname, 30)))
 WHERE c.relkind IN ('r', 'p')
   AND NOT EXISTS (SELECT FROM pg_dist_placement p WHERE p.shardid = s.shardid AND p.groupid = (SELECT groupid FROM pg_dist_local_group))`;

/** What sort of object a line of `pg_dist_cleanup` is. */
export const LEFTOVER_KIND = `CASE object_type WHEN 1 THEN 'shard placements' WHEN 2 THEN 'subscriptions' WHEN 3 THEN 'replication slots'
                        WHEN 4 THEN 'publications' WHEN 5 THEN 'roles' ELSE 'objects' END`;

/** What operations wrote down to remove, of those that no session is at work on: Citus holds a lock of class 10 on the number of one that is. */
export const RECORDED_LEFTOVERS = `
SELECT object_name AS name, node_group_id AS "groupId", operation_id::text AS operation,
       ${LEFTOVER_KIND} AS kind,
       EXISTS (SELECT FROM pg_locks l
                WHERE l.locktype = 'advisory' AND l.objsubid = 10 AND l.granted
                  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND l.classid::bigint << 32 | l.objid::bigint = operation_id) AS "atWork"
  FROM pg_dist_cleanup`;

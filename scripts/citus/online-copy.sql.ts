/** Queries about an online copy while it runs on the coordinator. */

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

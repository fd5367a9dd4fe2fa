import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';

/**
 * What a relation has that its shards have to have too, one line each; names of shards read as their tables'. A rule rewrites queries before
 * Citus sees them, and nothing inherits from a shard.
 */
const FACTS = `
SELECT format('column %I %s', a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage, a.attcompression,
                (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(a.attacl) g))) AS fact
  FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT format('constraint %s%s', regexp_replace(pg_get_constraintdef(oid), 'REFERENCES .*[(]|_[0-9]{6,}| NO INHERIT', '', 'g'), CASE WHEN convalidated THEN '' ELSE ' not validated' END)
  FROM pg_constraint WHERE conrelid = r.oid AND contype <> 't'
UNION ALL
SELECT format('index %s', regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '')) FROM pg_index WHERE indrelid = r.oid
UNION ALL
SELECT format('policy %s %s %s %s %s', polname, polcmd, polpermissive, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  FROM pg_policy WHERE polrelid = r.oid
UNION ALL
SELECT format('trigger %s', tgname) FROM pg_trigger WHERE tgrelid = r.oid AND NOT tgisinternal
UNION ALL
SELECT format('security %s %s', relrowsecurity, relforcerowsecurity) FROM pg_class WHERE oid = r.oid
UNION ALL
SELECT format('options %s %s', relpersistence, reloptions) FROM pg_class WHERE oid = r.oid`;

/** Facts of a node's tables that some shard of them on the node lacks. */
const LOST = `
SELECT coalesce(json_agg(DISTINCT format('a shard of %s lacks %s', s.logicalrelid, missing.fact)), '[]')
  FROM pg_dist_shard s
  JOIN pg_dist_placement p USING (shardid)
 CROSS JOIN LATERAL (SELECT s.logicalrelid::oid AS oid) r
 CROSS JOIN LATERAL (
   SELECT fact FROM (${FACTS}) whole
   EXCEPT
   SELECT fact FROM (SELECT to_regclass(shard_name(s.logicalrelid, s.shardid))::oid AS oid) r CROSS JOIN LATERAL (${FACTS}) part
 ) missing
 WHERE p.groupid = (SELECT groupid FROM pg_dist_local_group)`;

/** What tables have and their shards have not, where queries of users find it: on every node. */
export async function lostOnShards(platform: ConnectionTarget): Promise<string[]> {
  return withClient(platform, async (client) => {
    const { rows } = await client.query<{ success: boolean; result: string }>(
      'SELECT success, result FROM run_command_on_all_nodes($1)',
      [LOST],
    );
    return [
      ...new Set(
        rows.flatMap(({ success, result }) => (success ? (JSON.parse(result) as string[]) : [result])),
      ),
    ].sort();
  });
}

import type { Client } from 'pg';

/** A colocation group as the placements have it. */
export interface ColocationGroup {
  readonly id: number;
  readonly tables: readonly string[];
  /** Ranges of hash values that the tables of the group have a shard for. */
  readonly ranges: number;
  /** Those whose shards are not all on the same node. */
  readonly apart: number;
}

const COLOCATION_GROUPS = `
WITH placed AS (
  SELECT t.colocationid, s.shardminvalue, t.logicalrelid::oid AS relation,
         array_agg(p.groupid ORDER BY p.groupid) AS nodes
    FROM pg_dist_partition t
    JOIN pg_dist_shard s USING (logicalrelid)
    JOIN pg_dist_placement p USING (shardid)
   WHERE t.partmethod = 'h' AND t.colocationid <> 0 AND p.shardstate = 1
   GROUP BY 1, 2, 3
), ranges AS (
  SELECT colocationid, shardminvalue, count(DISTINCT nodes) > 1 AS apart FROM placed GROUP BY 1, 2
)
SELECT colocationid AS id, count(*)::int AS ranges, (count(*) FILTER (WHERE apart))::int AS apart,
       ARRAY(SELECT DISTINCT relation::regclass::text FROM placed
              WHERE placed.colocationid = ranges.colocationid ORDER BY 1) AS tables
  FROM ranges
 GROUP BY colocationid
 ORDER BY colocationid`;

export async function readColocationGroups(client: Client): Promise<ColocationGroup[]> {
  return (await client.query<ColocationGroup>(COLOCATION_GROUPS)).rows;
}

import type { Client } from 'pg';
import { z } from 'zod';
import { readRows } from './rows';

const colocationGroup = z.object({
  id: z.number(),
  tables: z.array(z.string()),
  /** Ranges of hash values that the tables of the group have a shard for. */
  ranges: z.number(),
  /** Those whose shards are not all on the same node. */
  apart: z.number(),
});

/** A colocation group as the placements have it. */
export type ColocationGroup = Readonly<z.infer<typeof colocationGroup>>;

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

/** The colocation groups of hash-distributed tables, by id. */
export async function readColocationGroups(client: Client): Promise<ColocationGroup[]> {
  return readRows(client, colocationGroup, COLOCATION_GROUPS);
}

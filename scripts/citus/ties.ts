import type { Client } from 'pg';
import { z } from 'zod';
import { movesSeveralOfAGroup } from './versions';
import { readRows } from './rows';

const tableTies = z.object({
  /** As `regclass` writes it. */
  table: z.string(),
  /** Names its colocation group; a table that is colocated with none is one of its own. */
  group: z.string(),
  /** Reference tables that it refers to by foreign keys, at any remove. */
  references: z.array(z.string()),
});

/** What a table with shards has in common with others. */
export type TableTies = Readonly<z.infer<typeof tableTies>>;

const TABLE_TIES = `
WITH RECURSIVE refers AS (
  SELECT conrelid AS table, confrelid AS referenced FROM pg_constraint WHERE contype = 'f'
  UNION
  SELECT r.table, c.confrelid FROM refers r JOIN pg_constraint c ON c.contype = 'f' AND c.conrelid = r.referenced
)
SELECT t.logicalrelid::regclass::text AS table,
       CASE t.colocationid WHEN 0 THEN t.logicalrelid::regclass::text ELSE t.colocationid::text END AS "group",
       ARRAY(SELECT DISTINCT d.logicalrelid::regclass::text
               FROM refers r JOIN pg_dist_partition d ON d.logicalrelid = r.referenced AND d.partmethod = 'n' AND d.repmodel = 't'
              WHERE r.table = t.logicalrelid) AS references
  FROM pg_dist_partition t`;

/** By name what each table of Citus has in common with others. */
export async function readTableTies(client: Client): Promise<ReadonlyMap<string, TableTies>> {
  const rows = await readRows(client, tableTies, TABLE_TIES);
  return new Map(rows.map((row) => [row.table, row]));
}

/** Whether this Citus moves several shards of one colocation group at a time. */
export async function readMovesSeveralOfAGroup(client: Client): Promise<boolean> {
  const [row] = await readRows(
    client,
    z.object({ version: z.string() }),
    "SELECT extversion AS version FROM pg_extension WHERE extname = 'citus'",
  );
  return movesSeveralOfAGroup(row?.version);
}

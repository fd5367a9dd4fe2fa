import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';

/** The comment that says a table was made by `local` and may be dropped by it. */
const MARK = 'made by scaleout local: dropped when the run ends';

const LIST = `
  SELECT n.nspname AS schema, c.relname AS name, obj_description(c.oid, 'pg_class') = $1 AS ours
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
     AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
   ORDER BY 1, 2`;

interface Listed {
  readonly schema: string;
  readonly name: string;
  readonly ours: boolean | null;
}

/** Tables and views of the database that `local` did not make. */
export async function foreignRelations(client: Client): Promise<string[]> {
  const { rows } = await client.query<Listed>(LIST, [MARK]);
  return rows.filter(({ ours }) => ours !== true).map(({ schema, name }) => `${schema}.${name}`);
}

/** Marks every table of the database as made by `local`. Call it in the transaction that made them. */
export async function markTablesAsOurs(client: Client): Promise<void> {
  const { rows } = await client.query<Listed>(LIST, [MARK]);
  for (const { schema, name } of rows) {
    await client.query(`COMMENT ON TABLE ${escapeIdentifier(schema)}.${escapeIdentifier(name)} IS '${MARK}'`);
  }
}

/** Drops the tables that `local` made, and nothing else. */
export async function dropOurTables(client: Client): Promise<void> {
  const { rows } = await client.query<Listed>(LIST, [MARK]);
  const names = rows
    .filter(({ ours }) => ours === true)
    .map(({ schema, name }) => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`);
  if (names.length > 0) await client.query(`DROP TABLE ${names.join(', ')}`);
}

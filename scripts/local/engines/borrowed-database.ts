import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { sqlStateOf } from '../../lib/errors';

/**
 * Where a run on somebody else's cluster writes down which tables it made, so that it, or the next run after one that
 * was killed, drops them and nothing else. A comment on each table would be simpler, and Citus loses comments when it
 * converts a table.
 */
const RECORD_SCHEMA = 'scaleout_local';

/** What `tables apply` keeps while it works, and leaves when it is broken off. */
const WORK_SCHEMA = 'scaleout';

const LIST = `
  SELECT n.nspname AS schema, c.relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
     AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
   ORDER BY 1, 2`;

interface Relation {
  readonly schema: string;
  readonly name: string;
}

/** Tables and views of the database that `local` did not make, as `schema.name`. */
export async function foreignRelations(client: Client): Promise<string[]> {
  await dropOrphanedShards(client);
  const { rows } = await client.query<Relation>(LIST);
  const ours = await ourTables(client);
  return rows
    .filter(({ schema, name }) => {
      if (ours === undefined) return true;
      const listed = ours.some((table) => table.schema === schema && table.name === name);
      return !listed && schema !== RECORD_SCHEMA && schema !== WORK_SCHEMA;
    })
    .map(({ schema, name }) => `${schema}.${name}`);
}

/** Writes down every table of the database as made by `local`. Call it in the transaction that made them. */
export async function recordOurTables(client: Client): Promise<void> {
  const { rows } = await client.query<Relation>(LIST);
  await client.query(`CREATE SCHEMA ${RECORD_SCHEMA}`);
  await client.query(`CREATE TABLE ${RECORD_SCHEMA}.made (schema text NOT NULL, name text NOT NULL)`);
  await client.query(`INSERT INTO ${RECORD_SCHEMA}.made SELECT * FROM unnest($1::text[], $2::text[])`, [
    rows.map(({ schema }) => schema),
    rows.map(({ name }) => name),
  ]);
}

/** Drops the tables that `local` made, and its records. Fine when there are none. */
export async function dropOurTables(client: Client): Promise<void> {
  const ours = await ourTables(client);
  if (ours === undefined) return;
  const { rows } = await client.query<Relation>(LIST);
  const names = rows
    .filter(({ schema, name }) => ours.some((table) => table.schema === schema && table.name === name))
    .map(({ schema, name }) => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`);
  if (names.length > 0) await client.query(`DROP TABLE ${names.join(', ')}`);
  await dropOrphanedShards(client);
  // The record goes last: as long as it is there, what is left can be told from what is somebody else's.
  await client.query(`DROP SCHEMA IF EXISTS ${WORK_SCHEMA} CASCADE`);
  await client.query(`DROP SCHEMA ${RECORD_SCHEMA} CASCADE`);
}

/**
 * Citus drops the old copies of shards a while after it has moved them, and until then those of a table that is gone
 * look like tables of their own.
 */
async function dropOrphanedShards(client: Client): Promise<void> {
  await client.query('CALL citus_cleanup_orphaned_resources()').catch((error: unknown) => {
    // Not granted everywhere; Citus does it by itself, only later.
    if (sqlStateOf(error) !== '42501') throw error;
  });
}

/** The tables that are written down; undefined where nothing is. */
async function ourTables(client: Client): Promise<Relation[] | undefined> {
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `${RECORD_SCHEMA}.made`,
  ]);
  if (rows[0]?.there !== true) return undefined;
  return (await client.query<Relation>(`SELECT schema, name FROM ${RECORD_SCHEMA}.made`)).rows;
}

import type { Client } from 'pg';

/**
 * The schema `scaleout`, in which runs write down what they have to bring back. It is there as long as a record is in it.
 */

/**
 * Statements that create a table of it. It stays what PostgreSQL makes of it, whatever Citus is set to.
 *
 * @param table its name with its columns, as CREATE TABLE takes them
 */
export function createRecordTable(table: string): string[] {
  return [
    "SELECT set_config('citus.enable_schema_based_sharding', 'off', true)",
    "SELECT set_config('citus.use_citus_managed_tables', 'off', true)",
    // Whichever record comes first creates it; a plan says the same of it however far an earlier run came.
    'CREATE SCHEMA IF NOT EXISTS scaleout',
    `CREATE TABLE ${table}`,
  ];
}

const IS_EMPTY = `
SELECT to_regnamespace('scaleout') IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('scaleout'))
   AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace('scaleout')) AS empty`;

/** Drops a table of it, and the schema where nothing else is in it. Within a transaction of the caller. */
export async function dropRecordTable(client: Client, table: string): Promise<void> {
  await client.query(`DROP TABLE ${table}`);
  const { rows } = await client.query<{ empty: boolean }>(IS_EMPTY);
  if (rows[0]?.empty === true) await client.query('DROP SCHEMA scaleout');
}

import type { Client } from 'pg';
import { escapeLiteral } from 'pg';
import type { TableName } from '../../config/distribution-types';
import { tableKey } from '../../config/identifiers';
import { withTransaction } from '../lib/connection';
import { fingerprintTables } from './fingerprint';
import type { Fingerprint } from './fingerprint';
import { showTable } from './names';

/** The rows of one table before the first step and after the last. */
export interface RowsCompared {
  readonly table: string;
  readonly before: Pick<Fingerprint, 'rows' | 'checksum'>;
  /** Absent where the table is gone. */
  readonly after?: Pick<Fingerprint, 'rows' | 'checksum'>;
  readonly same: boolean;
}

/** What a run has to say of the rows; it is the receipt of the run, and `before` what `tables verify` may compare with. */
export interface RowsReceipt {
  /** When the rows were counted first, by this run or by the one it continues. */
  readonly takenAt: string;
  /** Reading every row twice took this long. */
  readonly seconds: number;
  readonly tables: readonly RowsCompared[];
}

const RECORD_IS_THERE = "SELECT to_regclass('scaleout.row_fingerprint') IS NOT NULL AS there";

const READ_RECORD = `
SELECT table_schema AS schema, table_name AS name, rows::float8 AS rows, checksum,
       to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "takenAt"
  FROM scaleout.row_fingerprint
 ORDER BY table_schema COLLATE "C", table_name COLLATE "C"`;

const CREATE_RECORD = [
  "SELECT set_config('citus.enable_schema_based_sharding', 'off', true)",
  "SELECT set_config('citus.use_citus_managed_tables', 'off', true)",
  'CREATE SCHEMA IF NOT EXISTS scaleout',
  'CREATE TABLE scaleout.row_fingerprint (table_schema text, table_name text, rows bigint NOT NULL, checksum text NOT NULL, ' +
    'taken_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (table_schema, table_name))',
];

const SCHEMA_IS_EMPTY = `
SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('scaleout'))
   AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace('scaleout')) AS empty`;

export async function rowsAreRecorded(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(RECORD_IS_THERE);
  return rows[0]?.there === true;
}

/**
 * Counts and hashes every row of the tables and writes that down in the database, so that whichever run comes to the
 * end, after whatever befell the ones before it, compares with the rows there were at first.
 */
export async function recordRows(client: Client, tables: readonly TableName[]): Promise<void> {
  const fingerprints = await fingerprintTables(client, tables);
  if (fingerprints.length === 0) return;
  const values = fingerprints.map(
    ({ table, rows, checksum }) =>
      `(${[table.schema, table.name, String(rows), checksum].map((value) => escapeLiteral(value)).join(', ')})`,
  );
  await withTransaction(client, async () => {
    for (const statement of CREATE_RECORD) await client.query(statement);
    await client.query(
      `INSERT INTO scaleout.row_fingerprint (table_schema, table_name, rows, checksum) VALUES ${values.join(', ')}`,
    );
  });
}

/** Compares with what was recorded. @param there the tables that still exist */
export async function compareRows(
  client: Client,
  there: readonly TableName[],
): Promise<Omit<RowsReceipt, 'seconds'>> {
  const { rows: recorded } = await client.query<
    TableName & { rows: number; checksum: string; takenAt: string }
  >(READ_RECORD);
  const known = new Set(there.map(tableKey));
  const now = await fingerprintTables(
    client,
    recorded.filter((each) => known.has(tableKey(each))).map(({ schema, name }) => ({ schema, name })),
  );
  return {
    takenAt: recorded[0]?.takenAt ?? '',
    tables: recorded.map(({ schema, name, rows, checksum }): RowsCompared => {
      const after = now.find(({ table }) => tableKey(table) === tableKey({ schema, name }));
      return {
        table: showTable({ schema, name }),
        before: { rows, checksum },
        ...(after === undefined ? {} : { after: { rows: after.rows, checksum: after.checksum } }),
        same: after !== undefined && after.rows === rows && after.checksum === checksum,
      };
    }),
  };
}

/** Removes the record, and the project's schema where nothing else is in it. */
export async function forgetRows(client: Client): Promise<void> {
  await withTransaction(client, async () => {
    await client.query('DROP TABLE scaleout.row_fingerprint');
    const { rows } = await client.query<{ empty: boolean }>(SCHEMA_IS_EMPTY);
    if (rows[0]?.empty === true) await client.query('DROP SCHEMA scaleout');
  });
}

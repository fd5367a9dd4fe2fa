import type { Client } from 'pg';
import { escapeLiteral } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { withTransaction } from '../../lib/connection';
import { isServerError } from '../../lib/errors';
import { withLockRetry } from '../../lib/lock-retry';
import type { LockPatience } from '../../lib/lock-retry';
import { sqlTable } from './names';
import { createRecordTable, dropRecordTable } from './own-schema';

/**
 * Row-level security that is forced binds the owner of a table too, and Citus copies and moves rows as the owner, over connections
 * of its own: rows that the policies hide are lost without an error. So FORCE is off while Citus copies a table or moves a shard
 * group of it, and a record in the database says that it has to come back.
 */

/** Whether FORCE is on, off for a copy or a move as the record says, or was never on. */
export type ForcedPolicies = 'on' | 'lifted' | 'off';

const CREATE_RECORD = createRecordTable(
  'IF NOT EXISTS scaleout.forced_policy (table_schema text, table_name text, ' +
    'lifted_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (table_schema, table_name))',
);

/** Writes down that FORCE has to come back, and takes it off, in one transaction that is to be committed before the copy begins. */
export function liftForcedPolicies(tables: readonly TableName[]): string[] {
  const rows = tables.map(({ schema, name }) => `(${escapeLiteral(schema)}, ${escapeLiteral(name)})`);
  return [
    ...CREATE_RECORD,
    `INSERT INTO scaleout.forced_policy (table_schema, table_name) VALUES ${rows.join(', ')}`,
    ...tables.map(takeOff),
  ];
}

/**
 * FORCE off within a transaction that reads rows and copies none, as foreign keys are checked: no other session ever sees it off, and
 * nothing has to be written down. Sessions that use the tables wait until the transaction ends.
 */
export function noForce(tables: readonly TableName[]): string[] {
  return [
    // Of a distributed table and one that it references in parallel, Citus takes the second no more.
    ...(tables.length > 1 ? ["SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"] : []),
    ...tables.map(takeOff),
  ];
}

function takeOff(table: TableName): string {
  return `ALTER TABLE ${sqlTable(table)} NO FORCE ROW LEVEL SECURITY`;
}

/** FORCE on, at the end of a transaction of {@link noForce}. */
export function force(tables: readonly TableName[]): string[] {
  return tables.map((table) => `ALTER TABLE ${sqlTable(table)} FORCE ROW LEVEL SECURITY`);
}

/** Puts FORCE back and forgets the record of it, in one transaction. */
export function restoreForcedPolicies(tables: readonly TableName[]): string[] {
  return tables.flatMap((table) => [...force([table]), forget(table)]);
}

function forget({ schema, name }: TableName): string {
  return `DELETE FROM scaleout.forced_policy WHERE table_schema = ${escapeLiteral(schema)} AND table_name = ${escapeLiteral(name)}`;
}

/** Whether there is a record of tables of which FORCE is off: one row, `there`. */
export const RECORD_IS_THERE = "SELECT to_regclass('scaleout.forced_policy') IS NOT NULL AS there";

async function isRecordThere(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(RECORD_IS_THERE);
  return rows[0]?.there === true;
}

/** Tables in the record; `there` is false for one that was dropped since. */
const LIFTED = `
SELECT table_schema AS schema, table_name AS name, to_regclass(format('%I.%I', table_schema, table_name)) IS NOT NULL AS there
  FROM scaleout.forced_policy
 ORDER BY table_schema COLLATE "C", table_name COLLATE "C"`;

export interface LiftedTable {
  readonly table: TableName;
  readonly there: boolean;
}

/** The tables of which FORCE is off and has to come back. */
export async function readLiftedTables(client: Client): Promise<LiftedTable[]> {
  if (!(await isRecordThere(client))) return [];
  const lifted = await client.query<{ schema: string; name: string; there: boolean }>(LIFTED);
  return lifted.rows.map(({ schema, name, there }) => ({ table: { schema, name }, there }));
}

/** A verb that only looks does not wait long for a lock: what is left, the next verb puts back. */
const PATIENCE = { timeoutMs: 2000, attempts: 3, pauseMs: 500 } as const;

/**
 * Puts FORCE back on every table that a run took it from, and removes the record. The caller knows that no run is at work: a run
 * holds the advisory lock `tables` as long as a window is open.
 *
 * @returns the tables that have it again
 * @throws the first failure, after every other table was tried: one that is locked keeps no other one open
 */
export async function putBackForcedPolicies(
  client: Client,
  lifted: readonly LiftedTable[],
  patience: LockPatience = PATIENCE,
): Promise<TableName[]> {
  const failures: unknown[] = [];
  for (const { table, there } of lifted) {
    try {
      await withLockRetry(client, patience, async () => {
        for (const statement of there ? restoreForcedPolicies([table]) : [forget(table)])
          await client.query(statement);
      });
    } catch (error) {
      if (!isServerError(error) || error.severity !== 'ERROR') throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  await dropForcedPolicyRecord(client);
  return lifted.filter(({ there }) => there).map(({ table }) => table);
}

const RECORD_IS_EMPTY = 'SELECT NOT EXISTS (SELECT FROM scaleout.forced_policy) AS empty';

/** Removes the record where nothing waits in it, and the project's schema where nothing else is in it. Fine where there is none. */
export async function dropForcedPolicyRecord(client: Client): Promise<void> {
  if (!(await isRecordThere(client))) return;
  await withTransaction(client, async () => {
    const { rows } = await client.query<{ empty: boolean }>(RECORD_IS_EMPTY);
    if (rows[0]?.empty === true) await dropRecordTable(client, 'scaleout.forced_policy');
  });
}

interface ForcedTable {
  readonly table: TableName;
  readonly forced: readonly { readonly table: TableName }[];
}

/** Of some tables and their partitions, in their order, those whose policies bind the owner too, each once. Pure. */
export function withForcedPolicies(
  { tables }: { readonly tables: readonly ForcedTable[] },
  of: readonly TableName[],
): TableName[] {
  const forced = new Map(
    tables.filter((each) => each.forced.length > 0).map((each) => [tableKey(each.table), each.forced]),
  );
  return [...new Set(of.map(tableKey))].flatMap((key) => (forced.get(key) ?? []).map(({ table }) => table));
}

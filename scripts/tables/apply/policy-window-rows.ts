import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { withBoundedReads, withTransaction } from '../../lib/connection';
import { ScaleoutError } from '../../lib/errors';
import {
  force,
  noForce,
  putBackForcedPolicies,
  readLiftedTables,
} from '../../database/model/forced-policies';
import { sameTable, showTable } from '../../database/model/names';
import { fingerprintTables, fingerprintWithin, isSame } from '../../database/observe/fingerprint';
import type { Fingerprint } from '../../database/observe/fingerprint';
import type { ReadSessions } from '../../database/observe/read-sessions';
import { actsOn } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import { readRecord, recordRowsAfter, recordRowsBefore } from '../../database/observe/before-record';
import type { LiveDatabase, LiveTable } from '../../database/model/live';
import type { TablesStep } from '../../database/model/step';

/**
 * The rows of a table whose policies bind its owner can be counted only while FORCE is off: right before the copy and right after it,
 * by sessions of their own. Both counts go into the record of what there was before the run, which outlives it.
 */

/** Called before each step: counts what the step is about to copy, or has copied before FORCE comes back. */
export async function countWhileLifted(
  client: Client,
  readers: ReadSessions,
  step: TablesStep,
  live: LiveDatabase,
): Promise<void> {
  if (stepKind(step).copies !== undefined) {
    const lifted = live.tables.filter((each) => isLifted(each) && actsOn(step, each.table));
    const known = lifted.length === 0 ? undefined : await readRecord(client);
    for (const { table } of lifted) {
      if (known?.rows.some((each) => sameTable(each.table, table)) === true) continue;
      const counted = await count(readers, table);
      await withTransaction(client, () => recordRowsBefore(client, counted));
    }
  } else if (step.action === 'restore-forced-policy') {
    const lifted = live.tables.filter(isLifted).map(({ table }) => table);
    for (const table of lifted) await recordCopied(client, readers, table);
  }
}

async function recordCopied(client: Client, readers: ReadSessions, table: TableName): Promise<void> {
  const counted = await count(readers, table);
  await withTransaction(client, () => recordRowsAfter(client, counted));
}

/** Told of each statement of a step, within the transaction of the step. */
export interface StatementWitness {
  readonly before: (statement: string) => Promise<void>;
  readonly after: (statement: string) => Promise<void>;
}

/**
 * Counts tables that Citus converts along. FORCE is off them within the transaction of the step alone, so they are counted there: once
 * it is off, and before it is back. Nobody writes to them in between, so a difference ends the step, which then changes nothing.
 */
export function countWithin(client: Client, step: TablesStep, live: LiveDatabase): StatementWitness {
  const along = step.target.kind === 'table' ? (step.target.converts ?? []) : [];
  const forced = live.tables.flatMap((each) => each.forced).filter(({ state }) => state === 'on');
  const tables = along.filter((table) => forced.some((each) => sameTable(each.table, table)));
  const off = new Map(tables.flatMap((table) => noForce([table]).map((statement) => [statement, table])));
  const on = new Map(tables.flatMap((table) => force([table]).map((statement) => [statement, table])));
  const held = new Map<TableName, Fingerprint>();
  return {
    after: async (statement) => {
      const table = off.get(statement);
      if (table !== undefined) held.set(table, await fingerprintWithin(client, table));
    },
    before: async (statement) => {
      const table = on.get(statement);
      const was = table && held.get(table);
      if (was === undefined) return;
      const is = await fingerprintWithin(client, was.table);
      if (!isSame(was, is)) throw otherRows(step, was, is);
      await recordRowsBefore(client, was);
      await recordRowsAfter(client, is);
    },
  };
}

function otherRows(step: TablesStep, was: Fingerprint, is: Fingerprint): ScaleoutError {
  const rows = ({ rows: counted }: Fingerprint): string => String(counted);
  return new ScaleoutError(
    'tables.rows-not-kept',
    `step ${step.id} was undone: it would leave table ${showTable(was.table)} with other rows than it had (${rows(was)} before, ${rows(is)} after)`,
  );
}

function isLifted({ forced }: LiveTable): boolean {
  return forced.some(({ state }) => state === 'lifted');
}

async function count(readers: ReadSessions, table: TableName): Promise<Fingerprint> {
  const counted = await readers(1, ([reader]) =>
    reader === undefined
      ? Promise.resolve([])
      : withBoundedReads(reader, () => fingerprintTables(reader, [table])),
  );
  const [fingerprint] = counted;
  if (fingerprint === undefined) throw new Error('no session to count with');
  return fingerprint;
}

/**
 * Counts what a run copied and was cut off before it put FORCE back, as far as the record knows what it held before. The caller puts
 * FORCE back next. Fine where nothing is lifted.
 */
export async function countCutOff(client: Client, readers: ReadSessions): Promise<void> {
  const lifted = await readLiftedTables(client);
  if (lifted.length === 0) return;
  const known = (await readRecord(client))?.rows ?? [];
  for (const { table, there } of lifted) {
    if (there && known.some((each) => sameTable(each.table, table)))
      await recordCopied(client, readers, table);
  }
}

/** Puts FORCE back after a step that failed or was stopped, and counts before it does. @returns the tables that have it again */
export async function closeWindows(client: Client, readers: ReadSessions): Promise<TableName[]> {
  await countCutOff(client, readers).catch(() => undefined);
  return putBackForcedPolicies(client, await readLiftedTables(client));
}

import type { Client } from 'pg';
import { z } from 'zod';
import { withTransaction } from '../../lib/connection';
import { ScaleoutError } from '../../lib/errors';
import type { Fingerprint } from './fingerprint';
import { sameTable } from '../model/names';
import { createRecordTable, dropRecordTable } from '../model/own-schema';
import { observationSchema } from './observation';
import type { Observation } from './observation';

const RECORD_IS_THERE = "SELECT to_regclass('scaleout.before_apply') IS NOT NULL AS there";

/** Whole rows, since a table of that name may have any columns; a second one is as wrong as a hundred more. */
const READ_RECORD = 'SELECT to_json(record) AS record FROM scaleout.before_apply record LIMIT 2';

const CREATE_RECORD = createRecordTable(
  'IF NOT EXISTS scaleout.before_apply (format_version int PRIMARY KEY, observation json NOT NULL)',
);

const FORMAT_VERSION = 1;

const recordSchema = z.object({ format_version: z.literal(FORMAT_VERSION), observation: observationSchema });

/**
 * What was written down before the first step, by this run or by the one that it continues; undefined where nothing is.
 *
 * @throws ScaleoutError where another version of this program wrote it
 */
export async function readRecord(client: Client): Promise<Observation | undefined> {
  const { rows } = await client.query<{ there: boolean }>(RECORD_IS_THERE);
  if (rows[0]?.there !== true) return undefined;
  const { rows: records } = await client.query<{ record: unknown }>(READ_RECORD);
  const read = recordSchema.safeParse(records[0]?.record);
  if (records.length === 1 && read.success) return read.data.observation;
  throw new ScaleoutError(
    'database.bookkeeping-unreadable',
    'the table scaleout.before_apply, in which a run notes what there was before its first step, holds what this version of the program ' +
      'cannot read: finish the run with the version that began it, or give the comparison up with DROP TABLE scaleout.before_apply; nothing was changed',
  );
}

/**
 * Writes down in the database what there is, so that whichever run comes to the end, after whatever befell the ones
 * before it, compares with what there was at first. Takes the place of a record that is there.
 */
export async function writeRecord(client: Client, observation: Observation): Promise<void> {
  await withTransaction(client, async () => {
    for (const statement of CREATE_RECORD) await client.query(statement);
    await replaceRecord(client, observation);
  });
}

async function replaceRecord(client: Client, observation: Observation): Promise<void> {
  await client.query('DELETE FROM scaleout.before_apply');
  await client.query('INSERT INTO scaleout.before_apply (format_version, observation) VALUES ($1, $2)', [
    FORMAT_VERSION,
    JSON.stringify(observation),
  ]);
}

/**
 * Adds to the record what a table held before it was touched, where it could not be counted with the others: its forced policies
 * were lifted since. What this run or an earlier one counted stays. Within a transaction; nothing where there is no record.
 */
export async function recordRowsBefore(client: Client, counted: Fingerprint): Promise<void> {
  await amendRecord(client, (record) =>
    record.rows.some((each) => sameTable(each.table, counted.table))
      ? record
      : { ...record, rows: [...record.rows, counted] },
  );
}

/**
 * Adds to the record what a table holds after a step, where it cannot be counted with the others at the end: its forced policies
 * come back now. Takes the place of what was counted after an earlier step. Within a transaction; nothing where there is no record.
 */
export async function recordRowsAfter(client: Client, counted: Fingerprint): Promise<void> {
  await amendRecord(client, (record) => ({
    ...record,
    countedAfter: [
      ...(record.countedAfter ?? []).filter((each) => !sameTable(each.table, counted.table)),
      counted,
    ],
  }));
}

async function amendRecord(client: Client, amend: (record: Observation) => Observation): Promise<void> {
  const record = await readRecord(client);
  if (record !== undefined) await replaceRecord(client, amend(record));
}

/** Removes the record, and the project's schema where nothing else is in it. */
export async function forgetRecord(client: Client): Promise<void> {
  await withTransaction(client, () => dropRecordTable(client, 'scaleout.before_apply'));
}

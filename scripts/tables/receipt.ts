import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Client } from 'pg';
import { z } from 'zod';
import { errorCode, refused, ScaleoutError } from '../lib/errors';
import type { AppliedStep } from './apply';
import type { Compared } from './comparison';
import { observationSchema } from './observation';
import type { Observation } from './observation';
import { contentDigest, readWritten } from './sealed-file';

/** What a run of `tables apply` leaves behind for those who come later: counts and digests, no content of any row. */
export interface Receipt {
  readonly formatVersion: 1;
  readonly kind: 'receipt of tables apply';
  readonly database: DatabaseIdentity;
  /** The steps of the run that came to the end; those of runs before it, which were broken off, are not in it. */
  readonly applied: readonly AppliedStep[];
  /** Before the first step of the first run; null where there was nothing to do, and `after` is what was found. */
  readonly before: Observation | null;
  readonly after: Observation;
  /** `before` held against `after`. */
  readonly compared: Compared | null;
  /** SHA-256 over all the rest: a file that was edited shows it. No signature: who can edit can also apply. */
  readonly digest: string;
}

export interface DatabaseIdentity {
  readonly name: string;
  /** What Citus gave the database when the extension was created; a restored backup keeps it. */
  readonly id: string;
}

const IDENTITY = `
SELECT current_database() AS name, (SELECT metadata ->> 'server_id' FROM pg_dist_node_metadata) AS id`;

export async function databaseIdentity(client: Client): Promise<DatabaseIdentity> {
  const { rows } = await client.query<{ name: string; id: string | null }>(IDENTITY);
  return { name: rows[0]?.name ?? '', id: rows[0]?.id ?? '' };
}

/** Pure. */
export function sealReceipt(content: Omit<Receipt, 'formatVersion' | 'kind' | 'digest'>): Receipt {
  const receipt = { formatVersion: 1, kind: 'receipt of tables apply', ...content } as const;
  return { ...receipt, digest: contentDigest(receipt) };
}

/** Before anything is done, so that what was done does not end without its receipt. @throws ScaleoutError */
export function requireWritable(file: string): void {
  try {
    accessSync(path.dirname(path.resolve(file)), constants.W_OK);
  } catch (error) {
    throw unwritable(file, errorCode(error), 'nothing was changed', error);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw unwritable(file, 'EISDIR', 'nothing was changed', undefined);
  }
}

/** Whole or not at all. @throws ScaleoutError */
export function writeReceipt(file: string, receipt: Receipt): void {
  const beside = `${file}.${String(process.pid)}.tmp`;
  try {
    writeFileSync(beside, `${JSON.stringify(receipt, undefined, 2)}\n`, { flush: true });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw unwritable(
      file,
      errorCode(error),
      'The tables are distributed, and what there was before is still noted in the database: run the same command again for the receipt alone',
      error,
    );
  }
}

function unwritable(file: string, code: string | undefined, state: string, cause: unknown): ScaleoutError {
  return new ScaleoutError(
    `the receipt cannot be written to ${file} (${code ?? 'unknown'}): name a file in a directory that exists and may be written to; ${state}`,
    { cause },
  );
}

/** As deep as this program reads it; the digest vouches for the rest. */
const sealed = z.looseObject({
  formatVersion: z.literal(1),
  kind: z.literal('receipt of tables apply'),
  database: z.object({ name: z.string(), id: z.string() }),
  before: observationSchema.nullable(),
  after: observationSchema,
  digest: z.string(),
});

/**
 * Reads what {@link writeReceipt} wrote.
 *
 * @throws ScaleoutError where it is no receipt of this format; refused where it was edited since
 */
export function readReceipt(file: string): Receipt {
  const content = readWritten(file, 'receipt', 'tables apply --receipt');
  const head = z.looseObject({ formatVersion: z.number(), kind: z.literal(sealed.shape.kind.value) });
  const version = head.safeParse(content).data?.formatVersion;
  if (version !== undefined && version !== 1) {
    throw new ScaleoutError(
      `the receipt ${file} has formatVersion ${String(version)}, and this program reads 1: verify with the version of the program that wrote it`,
    );
  }
  const known = sealed.safeParse(content).success;
  if (!known && version === undefined) {
    throw new ScaleoutError(`${file} is not a receipt: "tables apply --receipt FILE" writes one`);
  }
  const receipt = content as Receipt;
  const { digest: claimed, ...rest } = receipt;
  if (!known || claimed !== contentDigest(rest)) {
    throw refused(
      `the receipt ${file} was edited since it was written: its content does not have the digest it carries. Nothing can be verified with it; ` +
        'use the file as "tables apply --receipt" wrote it',
    );
  }
  return receipt;
}

/** @throws ScaleoutError (refused) */
export function requireSameDatabase(file: string, receipt: Receipt, now: DatabaseIdentity): void {
  const { name, id } = receipt.database;
  if (id === now.id && name === now.name) return;
  throw refused(
    `the receipt ${file} is of another database: of ${show(receipt.database)}, and this is ${show(now)}. ` +
      'Name the database that it was written for, or its own receipt; nothing was changed',
  );
}

function show({ name, id }: DatabaseIdentity): string {
  return `"${name}" (${id === '' ? 'without an identity of Citus' : id})`;
}

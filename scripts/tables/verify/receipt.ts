import { z } from 'zod';
import { describeDatabase, identitySchema, isSameDatabase } from '../../database/observe/identity';
import type { DatabaseIdentity } from '../../database/observe/identity';
import { refused, ScaleoutError } from '../../lib/errors';
import type { Tool } from '../../lib/tool';
import type { AppliedStep } from '../../database/model/step';
import type { Compared } from '../../database/observe/comparison';
import { observationSchema } from '../../database/observe/observation';
import type { Observation } from '../../database/observe/observation';
import { contentDigest, isIntact } from '../../lib/digest';
import { readWritten, requireReplaceable, writeWhole } from '../review/sealed-file';
import type { SealedKind } from '../review/sealed-file';

/** What a run of `tables apply` leaves behind for those who come later: counts and digests, no content of any row. */
export interface Receipt {
  readonly formatVersion: 1;
  readonly kind: 'receipt of tables apply';
  readonly database: DatabaseIdentity;
  /** What wrote it. */
  readonly tool: Tool;
  /** When it was written, by the clock of the tool: ISO 8601, UTC. */
  readonly writtenAt: string;
  /** Tables and schemas that the specification named, sorted. */
  readonly specified: readonly string[];
  /** The steps of the runs that came to the end; those of runs that were broken off are not in it. */
  readonly applied: readonly AppliedStep[];
  /**
   * Before the first step of the first run that wrote this file; null where there was nothing to do, and `after` is what was found. A
   * later run adds what the first did not look at, and changes nothing else of it.
   */
  readonly before: Observation | null;
  readonly after: Observation;
  /** `before` held against `after`. */
  readonly compared: Compared | null;
  /** SHA-256 over all the rest: a file that was edited shows it. No signature: who can edit can also apply. */
  readonly digest: string;
}

/** Pure. */
export function sealReceipt(content: Omit<Receipt, 'formatVersion' | 'kind' | 'digest'>): Receipt {
  const receipt = { formatVersion: 1, kind: 'receipt of tables apply', ...content } as const;
  return { ...receipt, digest: contentDigest(receipt) };
}

const marks = z.looseObject({
  formatVersion: z.number(),
  kind: z.literal('receipt of tables apply' satisfies Receipt['kind']),
});

const RECEIPT_FILE: SealedKind = {
  what: 'receipt',
  writtenBy: 'tables apply --receipt',
  looksLike: (content) => marks.safeParse(content).success,
};

/**
 * Before anything is done, so that what was done does not end without its receipt.
 *
 * @param state what holds where it cannot be written, and how to go on
 * @returns whether there is a receipt by that name
 * @throws ScaleoutError
 */
export function requireWritable(file: string, state?: string): boolean {
  return requireReplaceable(file, RECEIPT_FILE, state);
}

/** Whole or not at all. @throws ScaleoutError */
export function writeReceipt(file: string, receipt: Receipt): void {
  writeWhole(file, receipt, RECEIPT_FILE.what, RUN_AGAIN);
}

/** What holds where a receipt cannot be written at the end. */
export const RUN_AGAIN =
  'The tables are distributed, and what there was before is still noted in the database: run the same command again for the receipt alone';

/** As deep as this program reads it; the digest vouches for the rest. */
const sealed = z.looseObject({
  formatVersion: z.literal(1),
  kind: z.literal('receipt of tables apply'),
  database: identitySchema,
  specified: z.array(z.string()),
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
  const content = readWritten(file, RECEIPT_FILE);
  const version = marks.safeParse(content).data?.formatVersion;
  if (version !== undefined && version !== 1) {
    throw new ScaleoutError(
      'file.wrong-version',
      `the receipt ${file} has formatVersion ${String(version)}, and this program reads 1: verify with the version of the program that wrote it`,
    );
  }
  const known = sealed.safeParse(content).success;
  if (!known && version === undefined) {
    throw new ScaleoutError(
      'file.wrong-kind',
      `${file} is not a receipt: "tables apply --receipt FILE" writes one`,
    );
  }
  if (!isIntact(content as Receipt)) {
    throw refused(
      'file.edited',
      `the receipt ${file} was edited since it was written: its content does not have the digest it carries. Nothing can be verified with it; ` +
        'use the file as "tables apply --receipt" wrote it',
    );
  }
  if (!known) {
    throw new ScaleoutError(
      'file.wrong-version',
      `the receipt ${file} is as another version of this program writes one: verify with that version, or name another file for a new receipt`,
    );
  }
  return content as Receipt;
}

/** @throws ScaleoutError (refused) */
export function requireSameDatabase(file: string, receipt: Receipt, now: DatabaseIdentity): void {
  if (isSameDatabase(receipt.database, now)) return;
  throw refused(
    'cluster.other-database',
    `the receipt ${file} is of another database: of ${describeDatabase(receipt.database)}, and this is ${describeDatabase(now)}. ` +
      'Name the database that it was written for, or its own receipt; nothing was changed',
  );
}

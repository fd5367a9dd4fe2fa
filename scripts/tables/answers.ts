import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { WorkloadQuery } from '../../config/workload';
import { describeServerError, errorCode, isServerError } from '../lib/errors';
import type { Reporter } from '../lib/reporter';
import { settleText } from './fingerprint';

/** What a query answered, as a number: whoever reads it learns nothing of the rows. */
export type Answer = Asked &
  (
    | { readonly rows: number; readonly digest: string }
    /** The SQLSTATE of the server's refusal, or `too long`. */
    | { readonly failed: string }
  );

interface Asked {
  readonly query: string;
  /** SHA-256 of its text: another query of the same name is another query. */
  readonly sql: string;
}

/** Seconds one query may take. */
export const ANSWER_SECONDS = 60;

/** Rows fetched at once. */
const BATCH = 5000;

/** Types of floating numbers, and the bits of a number that are compared. */
const FLOAT_BITS = new Map([
  [700, 10],
  [701, 26],
]);
const NUMERIC = 1700;

/**
 * Asks each query for its answer, in a transaction that can change nothing, and keeps a digest of it.
 *
 * A query that the server refuses, or that takes longer than {@link ANSWER_SECONDS}, is said and noted as such. Somebody's
 * exclusive lock is no answer: that error is thrown.
 */
export async function takeAnswers(
  client: Client,
  queries: readonly WorkloadQuery[],
  reporter: Reporter,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { name, sql } of queries) {
    const asked = { query: name, sql: queryHash(sql) };
    try {
      const answer = await takeAnswer(client, sql);
      if (answer === undefined) {
        reporter.info(`query ${name} is not compared: it takes longer than ${String(ANSWER_SECONDS)} s`);
      }
      answers.push({ ...asked, ...(answer ?? { failed: 'too long' }) });
    } catch (error) {
      if (!isServerError(error) || error.severity !== 'ERROR' || errorCode(error) === '55P03') throw error;
      reporter.info(`query ${name} is not compared: ${describeServerError(error)}`);
      answers.push({ ...asked, failed: error.code ?? 'unknown' });
    }
  }
  return answers;
}

export function queryHash(sql: string): string {
  return `sha256:${createHash('sha256').update(sql).digest('hex')}`;
}

/** Values as the server writes them. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** Undefined where it took too long. */
async function takeAnswer(
  client: Client,
  sql: string,
): Promise<{ readonly rows: number; readonly digest: string } | undefined> {
  const deadline = performance.now() + ANSWER_SECONDS * 1000;
  await client.query('BEGIN READ ONLY');
  try {
    await settleText(client);
    await client.query(`SET LOCAL statement_timeout TO ${String(ANSWER_SECONDS * 1000)}`);
    await client.query(`DECLARE answer NO SCROLL CURSOR FOR ${sql}`);
    const digest = new AnswerDigest();
    for (;;) {
      const { rows, fields } = await client.query<(string | null)[]>({
        text: `FETCH ${String(BATCH)} FROM answer`,
        rowMode: 'array',
        types: AS_TEXT,
      });
      const types = fields.map(({ dataTypeID }) => dataTypeID);
      for (const row of rows) digest.add(row, types);
      if (rows.length < BATCH) return digest.finish();
      if (performance.now() > deadline) return undefined;
    }
  } catch (error) {
    if (errorCode(error) === '57014') return undefined;
    throw error;
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

/**
 * A digest of rows as a bag: neither their order counts (without ORDER BY, or with one that leaves ties, shards answer in
 * whatever order they finish) nor where they came from, and a row that comes twice counts twice. It is the sum of the
 * rows' SHA-256, so an answer of any length takes no memory. Values are compared as the text PostgreSQL gives of them, but
 *
 * - numeric without trailing zeros, since a quotient of partial sums may show another scale for the same number;
 * - floating numbers to about eight digits (`real` to three): their sum depends on the order of the summands, which
 *   shards change. Where summands cancel out, even those digits may differ; numeric has no such trouble.
 *
 * Pure.
 */
export class AnswerDigest {
  private rows = 0;
  private sum = 0n;

  /** @param types the OIDs of the columns' types */
  add(row: readonly (string | null)[], types: readonly number[]): void {
    const text = JSON.stringify(row.map((value, column) => comparable(value, types[column] ?? 0)));
    this.sum = BigInt.asUintN(256, this.sum + BigInt(`0x${createHash('sha256').update(text).digest('hex')}`));
    this.rows += 1;
  }

  finish(): { readonly rows: number; readonly digest: string } {
    return { rows: this.rows, digest: `sum-sha256:${this.sum.toString(16).padStart(64, '0')}` };
  }
}

/** A value in a form that is the same wherever it was computed. Pure. */
export function comparable(value: string | null, type: number): string | null {
  if (value === null) return null;
  const bits = FLOAT_BITS.get(type);
  if (bits !== undefined) return String(roundedFloat(Number(value), bits));
  if (type === NUMERIC && value.includes('.')) return value.replace(/\.?0+$/, '');
  return value;
}

/** Where within a step its edge is: neither whole numbers nor short fractions are there. */
const EDGE = (Math.sqrt(5) - 1) / 2;

/** Rounds to so many bits: numbers that differ in their last bits come out the same, unless an edge is between them. */
function roundedFloat(value: number, bits: number): number {
  if (!Number.isFinite(value) || value === 0) return value + 0;
  const step = Math.max(2 ** (Math.floor(Math.log2(Math.abs(value))) - bits), Number.MIN_VALUE);
  return Math.sign(value) * Math.floor(Math.abs(value) / step + EDGE) * step;
}

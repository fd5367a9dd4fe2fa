import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { WorkloadQuery } from '../../../config/workload/workload';
import { describeServerError, sqlStateOf, isServerError } from '../../lib/errors';
import type { Reporter } from '../../lib/reporter';
import { beginAsApplication, beginNormalized } from './query-session';

/** What a query answered, as a number: whoever reads it learns nothing of the rows. */
export type Answer = Asked & Outcome & { readonly asApplication?: OutcomeAsApplication };

/** @see takeAnswers */
type OutcomeAsApplication = Outcome & {
  /** What counts of the settings: `TimeZone 'Asia/Tokyo'`. */
  readonly settings: string;
};

export type Outcome =
  | ({ readonly rows: number } & Digests)
  /** The SQLSTATE of the server's refusal, or `too long`. */
  | { readonly failed: string };

interface Digests {
  /** One, or with floating numbers several; two answers are the same where any of them, place by place, is. */
  readonly digests: readonly string[];
}

interface Asked {
  readonly query: string;
  /** SHA-256 of its text and role: another query of the same name is another query. */
  readonly sql: string;
}

/** Seconds one query may take. */
export const ANSWER_SECONDS = 60;

/** Rows fetched at once. */
const BATCH = 5000;

/** OIDs of types. */
const FLOATING: ReadonlySet<number> = new Set([700, 701]);
const NUMERIC = 1700;

/** Grids that floating numbers are rounded on, and the bits that are left of them: about three digits. */
const GRIDS = 8;
const FLOAT_BITS = 10;

/**
 * Asks each query for its answer, in a transaction that can change nothing, and keeps a digest of it. Each is asked twice: with the
 * settings under which this program compares values everywhere, in UTC above all, and as its application asks it, since a shard answers
 * with the settings of its node.
 *
 * A query that the server refuses, or that takes longer than {@link ANSWER_SECONDS}, is said and noted as such. Somebody's
 * exclusive lock is no answer: that error is thrown.
 *
 * @param snapshot that another session exported
 */
export async function takeAnswers(
  client: Client,
  queries: readonly WorkloadQuery[],
  reporter: Reporter,
  snapshot?: string,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const query of queries) {
    const { sql } = query;
    const normalized = await takeOutcome(client, sql, () => beginNormalized(client, query, snapshot));
    let settings = '';
    const asApplication =
      normalized === TOO_LONG
        ? TOO_LONG
        : await takeOutcome(client, sql, async () => {
            settings = await beginAsApplication(client, query, snapshot);
          });
    reportNotCompared(reporter, query.name, normalized.reason, asApplication.reason);
    answers.push({
      query: query.name,
      sql: queryHash(query),
      ...normalized.outcome,
      asApplication: { settings, ...asApplication.outcome },
    });
  }
  return answers;
}

function reportNotCompared(
  reporter: Reporter,
  query: string,
  normalized: string | undefined,
  asApplication: string | undefined,
): void {
  const say = (how: string, reason: string): void =>
    reporter.info(`query ${query} is not compared${how}: ${reason}`);
  if (normalized !== undefined && asApplication !== undefined) say('', asApplication);
  else if (normalized !== undefined) say(' in UTC', normalized);
  else if (asApplication !== undefined) say(' as its application asks it', asApplication);
}

export function queryHash({ sql, role }: Pick<WorkloadQuery, 'sql' | 'role'>): string {
  const text = role === undefined ? sql : `${role}\n${sql}`;
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Values as the server writes them. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

interface Taken {
  readonly outcome: Outcome;
  /** Why there is no answer, for people. */
  readonly reason?: string;
}

const TOO_LONG: Taken = {
  outcome: { failed: 'too long' },
  reason: `it takes longer than ${String(ANSWER_SECONDS)} s`,
};

/** @param begin a transaction for this answer alone */
async function takeOutcome(client: Client, sql: string, begin: () => Promise<void>): Promise<Taken> {
  const deadline = performance.now() + ANSWER_SECONDS * 1000;
  try {
    await begin();
    await client.query(`SET LOCAL statement_timeout TO ${String(ANSWER_SECONDS * 1000)}`);
    await client.query(`DECLARE answer NO SCROLL CURSOR FOR ${sql}`);
    let digest: AnswerDigest | undefined;
    for (;;) {
      const { rows, fields } = await client.query<(string | null)[]>({
        text: `FETCH ${String(BATCH)} FROM answer`,
        rowMode: 'array',
        types: AS_TEXT,
      });
      digest ??= new AnswerDigest(fields.map(({ dataTypeID }) => dataTypeID));
      for (const row of rows) digest.add(row);
      if (rows.length < BATCH) return { outcome: digest.finish() };
      if (performance.now() > deadline) return TOO_LONG;
    }
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === '57014') return TOO_LONG;
    if (!isServerError(error) || error.severity !== 'ERROR' || state === '55P03') throw error;
    return { outcome: { failed: state ?? 'unknown' }, reason: describeServerError(error) };
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
 * - `real` and `double precision` rounded, since their sums depend on the order of the summands, which shards change, and
 *   Citus computes avg(real) from sums of type real. Numbers that agree but for their last digits round to the same unless
 *   an edge of the grid lies between them. So there is a digest for each of several grids, whose edges are apart: where
 *   one of them is the same, every number of the two answers agrees to three digits. Where summands cancel out not even
 *   those may; numeric has no such trouble. Numbers within an array or JSON are text.
 *
 * Pure.
 */
export class AnswerDigest {
  private readonly types: readonly number[];
  private readonly sums: bigint[];
  private rows = 0;

  /** @param types the OIDs of the columns' types */
  constructor(types: readonly number[]) {
    this.types = types;
    this.sums = Array.from({ length: types.some((type) => FLOATING.has(type)) ? GRIDS : 1 }, () => 0n);
  }

  add(row: readonly (string | null)[]): void {
    this.rows += 1;
    for (const [grid, sum] of this.sums.entries()) {
      const text = JSON.stringify(
        row.map((value, column) => comparable(value, this.types[column] ?? 0, grid)),
      );
      const hash = createHash('sha256').update(text).digest('hex');
      this.sums[grid] = BigInt.asUintN(256, sum + BigInt(`0x${hash}`));
    }
  }

  finish(): { readonly rows: number } & Digests {
    return { rows: this.rows, digests: this.sums.map((sum) => sum.toString(16).padStart(64, '0')) };
  }
}

/** Whether two answers are the same, as far as digests tell. Pure. */
export function sameAnswer(a: Digests, b: Digests): boolean {
  return (
    a.digests.length === b.digests.length && a.digests.some((digest, grid) => digest === b.digests[grid])
  );
}

/** A value in a form that is the same wherever it was computed. Pure. */
export function comparable(value: string | null, type: number, grid = 0): string | null {
  if (value === null) return null;
  if (FLOATING.has(type)) return String(rounded(Number(value), grid));
  if (type === NUMERIC && value.includes('.')) return value.replace(/\.?0+$/, '');
  return value;
}

/** Where within a step the edge of the first grid is: neither whole numbers nor short fractions are there. */
const FIRST_EDGE = (Math.sqrt(5) - 1) / 2;

function rounded(value: number, grid: number): number {
  if (!Number.isFinite(value) || value === 0) return value + 0;
  const step = Math.max(2 ** (Math.floor(Math.log2(Math.abs(value))) - FLOAT_BITS), Number.MIN_VALUE);
  const edge = (FIRST_EDGE + grid / GRIDS) % 1;
  return Math.sign(value) * Math.floor(Math.abs(value) / step + edge) * step;
}

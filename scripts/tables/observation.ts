import type { Client } from 'pg';
import { z } from 'zod';
import type { Distribution, TableName } from '../../config/distribution-types';
import { tableKey } from '../../config/identifiers';
import type { WorkloadQuery } from '../../config/workload';
import { count } from '../lib/reporter';
import type { Reporter } from '../lib/reporter';
import { sameAnswer, takeAnswers } from './answers';
import type { Answer } from './answers';
import { fingerprintAtOnce } from '../database/observe/fingerprint';
import type { Fingerprint } from '../database/observe/fingerprint';
import type { LiveDatabase } from './live';
import { compareTables, showTable } from '../database/model/names';
import { readObjects } from './objects';
import type { Objects } from './objects';
import type { Readers } from '../database/observe/readers';

/** What a distribution may not change, at one moment: counts and digests, nothing of the content. */
export interface Observation {
  /** When it was begun, by the server's clock: ISO 8601, UTC. */
  readonly at: string;
  /** Empty where nobody counted. Each table at its own moment. */
  readonly rows: readonly Fingerprint[];
  readonly answers: readonly Answer[];
  readonly objects: Objects;
}

export interface Subject {
  readonly expected: Distribution;
  /** Whose rows are counted and hashed. */
  readonly tables: readonly TableName[];
  readonly queries: readonly WorkloadQuery[];
}

/** What looking is done with, beside the session that plans. */
export interface Around {
  readonly reporter: Reporter;
  readonly readers: Readers;
}

/** Tables that are read at once. More gain little: each is read on its shards in parallel already. */
const AT_ONCE = 4;

const NOW = `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS now`;

/** @param live inspected with its facts */
export async function observe(
  client: Client,
  { expected, tables, queries }: Subject,
  live: LiveDatabase,
  around: Around,
): Promise<Observation> {
  const { rows } = await client.query<{ now: string }>(NOW);
  // The rows last: they take longest, and whatever is in the way of a query is then known.
  const objects = await readObjects(client, expected, live);
  const answers = await takeAnswers(client, queries, around.reporter);
  const bytes = new Map(live.tables.map((each) => [tableKey(each.table), each.bytes]));
  const largestFirst = tables.toSorted(
    (a, b) => (bytes.get(tableKey(b)) ?? 0) - (bytes.get(tableKey(a)) ?? 0),
  );
  const counted = await countRows(largestFirst, around);
  return {
    at: rows[0]?.now ?? '',
    rows: counted.sort((a, b) => compareTables(a.table, b.table)),
    answers,
    objects,
  };
}

/** Counts and hashes, and says how far it is. */
export async function countRows(
  tables: readonly TableName[],
  { reporter, readers }: Around,
): Promise<Fingerprint[]> {
  if (tables.length === 0) return [];
  const progress = reporter.progress('counting and hashing rows', tables.length, 'tables');
  const counted = await readers(Math.min(AT_ONCE, tables.length), (clients) =>
    fingerprintAtOnce(clients, tables, (table, done) => progress.update(done, showTable(table))),
  );
  progress.update(tables.length);
  progress.finish('');
  return counted;
}

/** The rows of one table before the first step and after the last. */
export interface RowsCompared {
  readonly table: string;
  readonly before: Pick<Fingerprint, 'rows' | 'checksum'>;
  /** Absent where the table is gone. */
  readonly after?: Pick<Fingerprint, 'rows' | 'checksum'>;
  readonly same: boolean;
}

/** Pure. */
export function compareRows(before: readonly Fingerprint[], now: readonly Fingerprint[]): RowsCompared[] {
  return before.map(({ table, rows, checksum }) => {
    const after = now.find((each) => tableKey(each.table) === tableKey(table));
    return {
      table: showTable(table),
      before: { rows, checksum },
      ...(after === undefined ? {} : { after: { rows: after.rows, checksum: after.checksum } }),
      same: after !== undefined && after.rows === rows && after.checksum === checksum,
    };
  });
}

/** The answer of one query, then and now. */
export interface AnswerCompared {
  readonly query: string;
  /** Null where there is nothing to compare, and `detail` says why. */
  readonly same: boolean | null;
  readonly detail: string;
}

/** Every query that was asked before. Pure. */
export function compareAnswers(before: readonly Answer[], now: readonly Answer[]): AnswerCompared[] {
  return before.map((was) => {
    const { query } = was;
    const is = now.find((each) => each.query === query);
    if ('failed' in was) {
      return { query, same: null, detail: `not compared: it had no answer before (${was.failed})` };
    }
    if (is === undefined) {
      return {
        query,
        same: null,
        detail: 'not compared: it was asked before, and is not among the queries now',
      };
    }
    if (is.sql !== was.sql) {
      return { query, same: null, detail: 'not compared: another query has its name now' };
    }
    const rows = `${count(was.rows)} rows`;
    if ('failed' in is) {
      return {
        query,
        same: false,
        detail: `answered with ${rows} before, and not at all now (${is.failed})`,
      };
    }
    if (is.rows !== was.rows) {
      return { query, same: false, detail: `answered with ${rows} before, with ${count(is.rows)} now` };
    }
    const same = sameAnswer(was, is);
    return {
      query,
      same,
      detail: same ? `${rows}, the same as before` : `${rows} as before, but not the same ones`,
    };
  });
}

const hash = z.string();
const asked = { query: z.string(), sql: hash };

/** What an observation looks like where it was written down: in the database, and in a receipt. */
export const observationSchema: z.ZodType<Observation> = z.object({
  at: z.string(),
  rows: z.array(
    z.object({
      table: z.object({ schema: z.string(), name: z.string() }),
      rows: z.number(),
      checksum: z.string(),
    }),
  ),
  answers: z.array(
    z.union([
      z.object({ ...asked, rows: z.number(), digests: z.array(hash) }),
      z.object({ ...asked, failed: z.string() }),
    ]),
  ),
  objects: z.record(z.string(), z.record(z.string(), hash)),
});

import type { Client } from 'pg';
import { z } from 'zod';
import type { DistributionScope, TableName } from '../../../config/workload/distribution-types';
import { tableKey } from '../../../config/workload/identifiers';
import type { WorkloadQuery } from '../../../config/workload/workload';
import { withBoundedReads } from '../../lib/connection';
import { isServerError } from '../../lib/errors';
import { count } from '../../lib/reporter';
import type { Reporter } from '../../lib/reporter';
import { sameAnswer, takeAnswers } from './answers';
import type { Answer, Outcome } from './answers';
import { fingerprintTables, inSessions, isSame, readNotCountable } from './fingerprint';
import type { Fingerprint, NotCounted } from './fingerprint';
import { inspectDatabase } from '../inspect/inspect';
import type { LiveDatabase, LiveView } from '../model/live';
import { compareTables, showTable } from '../model/names';
import { readObjects } from './objects';
import type { Objects } from './objects';
import type { ReadSessions } from './read-sessions';
import { unlistedTablesInScope, tablesInScope, viewsOver } from '../target/scope';
import { sequencePositionSchema } from './sequences';
import type { SequencePosition } from './sequences';
import { askView, readViewState, observedViewSchema, observeViews } from './view-answers';
import type { ViewAnswer, ObservedView } from './view-answers';

/**
 * What a distribution may not change, at one moment: counts, digests and positions, nothing of the content. What versions before
 * this one did not write down is optional.
 */
export interface Observation {
  /** When it was begun, by the server's clock: ISO 8601, UTC. */
  readonly at: string;
  /** The tables that were looked at, whether or not their rows were counted. */
  readonly tables?: readonly TableName[];
  /** Empty where nobody counted. Each table at its own moment. */
  readonly rows: readonly Fingerprint[];
  readonly notCounted?: readonly NotCounted[];
  readonly answers: readonly Answer[];
  readonly objects: Objects;
  readonly sequences?: readonly SequencePosition[];
  readonly views?: readonly ObservedView[];
  /** Rows after the steps, of tables that can be counted only while a run has lifted their forced policies; in the record alone. */
  readonly countedAfter?: readonly Fingerprint[];
}

/** What a run is about. */
export interface ObservationSubject {
  readonly expected: DistributionScope;
  /** Count and hash rows. */
  readonly countRows: boolean;
  /** Ask views, which is reading rows too. @default `countRows` */
  readonly askViews?: boolean;
  readonly queries: readonly WorkloadQuery[];
}

/** What is looked at. */
export interface ObservationScope extends ObservationSubject {
  readonly tables: readonly TableName[];
  /** How many rows they had: what Citus keeps in shards has no size here. @default - unknown */
  readonly rowsBefore?: readonly Fingerprint[];
}

/** What looking is done with, beside the session that plans. */
export interface ObservationContext {
  readonly reporter: Reporter;
  readonly readers: ReadSessions;
  /** Whether a table that this role may not read ends the look, or is named among those that were not counted. @default 'fail' */
  readonly unreadable?: 'fail' | 'name';
}

/** Tables that are read at once. More gain little: each is read on its shards in parallel already. */
const AT_ONCE = 4;

/** Bytes that are read before another session is open, which on a distributed table opens more of them on the nodes. */
const LITTLE_BYTES = 4 * 2 ** 20;

/** Of a row that was counted, for want of its size. */
const ROW_BYTES = 1_000;

/** More than is little. */
const UNKNOWN_BYTES = Number.MAX_SAFE_INTEGER;

const NOW = `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS now`;

/**
 * Looks in sessions of its own, so that nothing the run set for its session decides what is seen.
 *
 * @param live inspected with its facts
 */
export async function observe(
  scope: ObservationScope,
  live: LiveDatabase,
  around: ObservationContext,
): Promise<Observation> {
  const { expected, tables, queries, countRows: counts, askViews = counts, rowsBefore = [] } = scope;
  const views = viewsOver(tables, live);
  const read = {
    tables: counts ? tables : [],
    views: askViews ? views : [],
    bytes: bytesToRead(live, rowsBefore),
  };
  return around.readers(sessionsFor(read), async (clients) => {
    const [client] = clients;
    if (client === undefined) throw new Error('there is no session to read with');
    // The rows last: they take longest, and whatever is in the way of a query is then known.
    const seen = await withBoundedReads(client, async () => {
      const { rows } = await client.query<{ now: string }>(NOW);
      const { objects, sequences } = await readObjects(client, expected, live, tables);
      const state = await readViewState(client, views);
      const answers = await takeAnswers(client, queries, around.reporter);
      return { at: rows[0]?.now ?? '', objects, sequences, answers, state };
    });
    const { rows, notCounted, answers } = await readRelations(clients, read, around);
    const { state, ...others } = seen;
    return {
      ...others,
      tables,
      rows: rows.toSorted((a, b) => compareTables(a.table, b.table)),
      notCounted,
      views: observeViews(views, state, answers),
    };
  });
}

export interface Counted {
  readonly rows: readonly Fingerprint[];
  /** Tables of which policies hide rows from this role. */
  readonly notCounted: readonly NotCounted[];
}

/**
 * Counts and hashes, and says how far it is.
 *
 * @param rowsBefore how many rows they had, as far as that is known
 */
export async function countRows(
  tables: readonly TableName[],
  around: ObservationContext,
  rowsBefore: readonly Fingerprint[] = [],
): Promise<Counted> {
  const read = { tables, views: [], bytes: bytesOfRows(rowsBefore) };
  if (tables.length === 0) return { rows: [], notCounted: [] };
  return around.readers(sessionsFor(read), (clients) => readRelations(clients, read, around));
}

interface Relations {
  readonly tables: readonly TableName[];
  readonly views: readonly LiveView[];
  /** Of a relation by its {@link tableKey}, where it is known: what takes longest is begun first, or it would be left to one session. */
  readonly bytes?: ReadonlyMap<string, number>;
}

/** A plain view reads its tables. Pure. */
function bytesToRead(
  { tables, views }: LiveDatabase,
  rowsBefore: readonly Fingerprint[],
): ReadonlyMap<string, number> {
  const counted = bytesOfRows(rowsBefore);
  const bytes = new Map(
    tables.map(({ table, citus, bytes: here }) => [
      tableKey(table),
      citus.kind === 'plain' ? here : (counted.get(tableKey(table)) ?? UNKNOWN_BYTES),
    ]),
  );
  const reads = ({ kind, bytes: own, tables: below }: LiveView): number =>
    kind === 'materialized' ? own : below.reduce((sum, table) => sum + (bytes.get(tableKey(table)) ?? 0), 0);
  return new Map([...bytes, ...views.map((each) => [tableKey(each.view), reads(each)] as const)]);
}

function bytesOfRows(counted: readonly Fingerprint[]): ReadonlyMap<string, number> {
  return new Map(counted.map(({ table, rows }) => [tableKey(table), rows * ROW_BYTES]));
}

function sessionsFor({ tables, views, bytes }: Relations): number {
  const relations = [...tables, ...views.map(({ view }) => view)];
  const all = relations.reduce((sum, each) => sum + (bytes?.get(tableKey(each)) ?? UNKNOWN_BYTES), 0);
  return all <= LITTLE_BYTES ? 1 : Math.min(AT_ONCE, relations.length);
}

/** Reads all of them at once, as far as there are sessions, the largest first. @returns answers by their {@link tableKey} */
async function readRelations(
  clients: readonly Client[],
  { tables, views, bytes }: Relations,
  { reporter, unreadable = 'fail' }: Omit<ObservationContext, 'readers'>,
): Promise<Counted & { readonly answers: ReadonlyMap<string, ViewAnswer> }> {
  const answers = new Map<string, ViewAnswer>();
  const [client] = clients;
  const total = tables.length + views.length;
  if (client === undefined || total === 0) return { rows: [], notCounted: [], answers };
  const unit = views.length === 0 ? 'tables' : 'tables and views';
  reporter.event({ name: 'rows.counting' });
  const progress = reporter.progress('counting and hashing rows', total, unit);
  const notCounted = await readNotCountable(client, tables);
  const hidden = new Set(notCounted.map(({ table }) => tableKey(table)));
  const rows: Fingerprint[] = [];
  const work = [
    ...tables
      .filter((table) => !hidden.has(tableKey(table)))
      .map((table) => ({
        name: table,
        read: async (session: Client) => {
          try {
            rows.push(...(await fingerprintTables(session, [table])));
          } catch (error) {
            if (unreadable === 'fail' || !isServerError(error) || error.code !== '42501') throw error;
            notCounted.push({ table, reason: `not countable: ${error.message}` });
          }
        },
      })),
    ...views.map((view) => ({
      name: view.view,
      read: async (session: Client) => {
        answers.set(tableKey(view.view), await askView(session, view));
      },
    })),
  ];
  const weight = ({ name }: { readonly name: TableName }): number => bytes?.get(tableKey(name)) ?? 0;
  await inSessions(
    clients,
    work.toSorted((a, b) => weight(b) - weight(a)),
    (session, { read }) => read(session),
    ({ name }, done) => progress.update(done, showTable(name)),
  );
  progress.update(total);
  progress.finish('');
  return { rows, notCounted, answers };
}

/**
 * Looks at what a run can change and the record of an earlier run does not hold: all of it where there is no record. Tables of a
 * specification that was given up stay in the record. The record itself where it holds everything.
 *
 * @param live of the specification, inspected with its facts
 */
export async function observeBefore(
  subject: ObservationSubject,
  live: LiveDatabase,
  record: Observation | undefined,
  around: ObservationContext,
): Promise<Observation> {
  const scope = tablesInScope(subject.expected, live);
  if (record === undefined) return observe({ ...subject, tables: scope }, live, around);
  const known = new Set(tablesOfRecord(record, live).map(tableKey));
  const asked = new Set(record.answers.map(({ query }) => query));
  const tables = scope.filter((table) => !known.has(tableKey(table)));
  const queries = subject.queries.filter(({ name }) => !asked.has(name));
  if (tables.length + queries.length === 0) return record;
  const seen = await observe({ ...subject, tables, queries }, live, around);
  return joined({ ...record, tables: tablesOfRecord(record, live) }, seen);
}

/** Looks at all that the record holds and is there, named now or not, and at what a run can change. */
export async function observeAfter(
  client: Client,
  subject: ObservationSubject,
  live: LiveDatabase,
  record: Observation | undefined,
  around: ObservationContext,
): Promise<Observation> {
  const { tables, all } = await withRecorded(client, subject.expected, live, record);
  const after = await observe({ ...subject, tables, rowsBefore: record?.rows ?? [] }, all, {
    ...around,
    unreadable: 'name',
  });
  if (record?.countedAfter === undefined) return after;
  const missing = new Set(after.notCounted?.map(({ table }) => tableKey(table)));
  const counted = record.countedAfter.filter(({ table }) => missing.has(tableKey(table)));
  return {
    ...after,
    rows: [...after.rows, ...counted].sort((a, b) => compareTables(a.table, b.table)),
  };
}

/**
 * The tables to look at once a record is there, and a database inspected with all of them.
 *
 * @param live of the specification, inspected with its facts
 */
export async function withRecorded(
  client: Client,
  expected: DistributionScope,
  live: LiveDatabase,
  record: Observation | undefined,
): Promise<{ readonly tables: readonly TableName[]; readonly all: LiveDatabase }> {
  const scope = tablesInScope(expected, live);
  const recorded = record === undefined ? [] : tablesOfRecord(record, live);
  const wanted = [...new Map([...scope, ...recorded].map((table) => [tableKey(table), table])).values()];
  const known = new Set(live.tables.map(({ table }) => tableKey(table)));
  const more = wanted.filter((table) => !known.has(tableKey(table)));
  const all =
    more.length === 0
      ? live
      : await inspectDatabase(client, unlistedTablesInScope(expected, more), { readRows: false });
  const there = new Set(all.tables.map(({ table }) => tableKey(table)));
  return { tables: wanted.filter((table) => there.has(tableKey(table))), all };
}

/** What versions before this one wrote down has names as messages show them for tables without a count. */
function tablesOfRecord(record: Observation, live: LiveDatabase): readonly TableName[] {
  if (record.tables !== undefined) return record.tables;
  const counted = record.rows.map(({ table }) => table);
  const shown = new Set(Object.keys(record.objects));
  const others = [...live.tables.map(({ table }) => table), ...live.otherTables].filter(
    (table) => shown.has(showTable(table)) && !counted.some((each) => tableKey(each) === tableKey(table)),
  );
  return [...counted, ...others];
}

function joined(record: Observation, seen: Observation): Observation {
  const views = new Map(
    [...(seen.views ?? []), ...(record.views ?? [])].map((each) => [tableKey(each.view), each]),
  );
  return {
    ...record,
    tables: [...(record.tables ?? []), ...(seen.tables ?? [])],
    rows: [...record.rows, ...seen.rows].sort((a, b) => compareTables(a.table, b.table)),
    notCounted: [...(record.notCounted ?? []), ...(seen.notCounted ?? [])],
    answers: [...record.answers, ...seen.answers],
    objects: { ...seen.objects, ...record.objects },
    sequences: [...(record.sequences ?? []), ...(seen.sequences ?? [])],
    views: [...views.values()],
  };
}

/** The rows of one table before the first step and after the last. */
export interface RowsCompared {
  readonly table: string;
  readonly before: Pick<Fingerprint, 'rows' | 'checksum'>;
  /** Absent where the table is gone. */
  readonly after?: Pick<Fingerprint, 'rows' | 'checksum'>;
  readonly same: boolean;
}

/** @param notCounted tables that are there and cannot be counted now: nothing is said of them. Pure. */
export function compareRows(
  before: readonly Fingerprint[],
  now: readonly Fingerprint[],
  notCounted: readonly NotCounted[] = [],
): RowsCompared[] {
  const counted = new Set(now.map(({ table }) => tableKey(table)));
  const unknown = new Set(notCounted.map(({ table }) => tableKey(table)).filter((key) => !counted.has(key)));
  const compared = before.filter(({ table }) => !unknown.has(tableKey(table)));
  return compared.map(({ table, rows, checksum }) => {
    const after = now.find((each) => tableKey(each.table) === tableKey(table));
    return {
      table: showTable(table),
      before: { rows, checksum },
      ...(after === undefined ? {} : { after: { rows: after.rows, checksum: after.checksum } }),
      same: after !== undefined && isSame({ rows, checksum }, after),
    };
  });
}

/** The answer of one query, then and now. */
export interface AnswerCompared {
  readonly query: string;
  /** Null where there is nothing to compare, and `detail` says why. */
  readonly same: boolean | null;
  readonly detail: string;
  /** Set where the answer is the same in UTC: what sessions begin with makes the difference. */
  readonly bySettings?: true;
}

/** Every query that was asked before. Pure. */
export function compareAnswers(before: readonly Answer[], now: readonly Answer[]): AnswerCompared[] {
  return before.map((was) => {
    const { query } = was;
    const is = now.find((each) => each.query === query);
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
    return { query, ...compareAnswer(was, is) };
  });
}

type Verdict = Omit<AnswerCompared, 'query'>;

/** In UTC, and as the application asks. Versions before this one asked in UTC alone. */
function compareAnswer(was: Answer, is: Answer): Verdict {
  const inUtc = compareOutcome(was, is);
  if (was.asApplication === undefined || is.asApplication === undefined) return inUtc;
  const [then, now] = [was.asApplication.settings, is.asApplication.settings];
  if (then !== now) {
    // The same value may be written otherwise.
    const why = `its sessions begin with other settings now (${then} then, ${now} now)`;
    return { ...inUtc, detail: `${inUtc.detail} in UTC; not compared as its application asks it: ${why}` };
  }
  const asApplication = compareOutcome(was.asApplication, is.asApplication);
  const isAlike = asApplication.same === inUtc.same && asApplication.same !== false;
  if (isAlike || asApplication.detail === inUtc.detail) return asApplication;
  return {
    same: inUtc.same === false ? false : (asApplication.same ?? inUtc.same),
    detail: `as its application asks it (${now}): ${asApplication.detail}; in UTC: ${inUtc.detail}`,
    ...(inUtc.same === true && asApplication.same === false ? { bySettings: true } : {}),
  };
}

function compareOutcome(was: Outcome, is: Outcome): Verdict {
  if ('failed' in was) {
    return { same: null, detail: `not compared: it could not run when it was recorded (${was.failed})` };
  }
  const rows = `${count(was.rows)} rows`;
  if ('failed' in is) {
    return { same: false, detail: `answered with ${rows} before, and not at all now (${is.failed})` };
  }
  if (is.rows !== was.rows) {
    return { same: false, detail: `answered with ${rows} before, with ${count(is.rows)} now` };
  }
  const same = sameAnswer(was, is);
  return { same, detail: same ? `${rows}, the same as before` : `${rows} as before, but not the same ones` };
}

const hash = z.string();
const asked = { query: z.string(), sql: hash };
/** An object with these keys, and what came of asking. */
const outcomes = <Shape extends z.ZodRawShape>(shape: Shape) =>
  [
    z.object({ ...shape, rows: z.number(), digests: z.array(hash) }),
    z.object({ ...shape, failed: z.string() }),
  ] as const;
const tableName = z.object({ schema: z.string(), name: z.string() });
const fingerprint = z.object({ table: tableName, rows: z.number(), checksum: z.string() });

/** What an observation looks like where it was written down: in the database, and in a receipt. */
export const observationSchema: z.ZodType<Observation> = z.object({
  at: z.string(),
  tables: z.array(tableName).exactOptional(),
  rows: z.array(fingerprint),
  notCounted: z.array(z.object({ table: tableName, reason: z.string() })).exactOptional(),
  answers: z.array(
    z.union(
      outcomes({ ...asked, asApplication: z.union(outcomes({ settings: z.string() })).exactOptional() }),
    ),
  ),
  objects: z.record(z.string(), z.record(z.string(), hash)),
  sequences: z.array(sequencePositionSchema).exactOptional(),
  views: z.array(observedViewSchema).exactOptional(),
  countedAfter: z.array(fingerprint).exactOptional(),
});

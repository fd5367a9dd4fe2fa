import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { withBoundedReads } from '../../lib/connection';
import { sqlTable } from '../model/names';

/** What a table holds, in two numbers that depend neither on the order of its rows nor on where they are. */
export interface Fingerprint {
  readonly table: TableName;
  readonly rows: number;
  /** `m` and the sum of the rows' mixed 64-bit hashes, in decimal; without `m` as versions before this one hashed, see {@link isSame}. */
  readonly checksum: string;
}

/** A table whose rows this role does not see all of, and why. */
export interface NotCounted {
  readonly table: TableName;
  readonly reason: string;
}

/**
 * Types whose hash PostgreSQL computes from the value itself. Every other type is hashed by its text. Both are the same
 * on every node, and neither is MD5, which Azure has disabled.
 */
const HASHED_BY_VALUE = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'numeric',
  'text',
  'character varying',
  'character',
  'bytea',
  'uuid',
  'jsonb',
  'date',
  'time without time zone',
  'time with time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'interval',
  'inet',
  'cidr',
  'macaddr',
]);

/**
 * Types of which values that differ are equal, and have one hash: 1.0 and 1.00, 0 and -0, a month and 30 days. With what tells them
 * apart, whatever the session is set to.
 */
const LOOSELY_EQUAL: ReadonlyMap<string, string> = new Map([
  ['real', 'float4send'],
  ['double precision', 'float8send'],
  ['numeric', 'numeric_send'],
  ['interval', 'interval_send'],
  ['jsonb', 'jsonb_send'],
]);

const COLUMNS = `
SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS type, coalesce(NOT co.collisdeterministic, false) AS "looseCollation"
  FROM pg_attribute a LEFT JOIN pg_collation co ON co.oid = a.attcollation
 WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum`;

/** Types whose sums depend on the order of the summands, which shards change. */
const FLOATING = new Set(['real', 'double precision', 'real[]', 'double precision[]']);

/** How a session writes values as text; a column that is hashed by its text has the same everywhere then. */
export const TEXT_SETTINGS: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
};

/** How text depends on the session, settled on every node that takes part, and what policies hide as well. */
const SETTINGS = [
  "SELECT set_config('citus.propagate_set_commands', 'local', true)",
  // A count of what policies show is no count: where they hide rows from this role, reading fails.
  'SET LOCAL row_security TO off',
  // What the role has set for its sessions holds for those of Citus on the nodes, unless this says otherwise.
  'SET LOCAL statement_timeout TO 0',
  ...Object.entries(TEXT_SETTINGS).map(([name, value]) => `SET LOCAL ${name} TO ${escapeLiteral(value)}`),
];

/** Within a transaction: the same value has the same text, on every node and whatever the session was set to. */
export async function normalizeSession(client: Client): Promise<void> {
  for (const setting of SETTINGS) await client.query(setting);
}

/**
 * Counts and hashes every row of each table: one scan each, on the shards in parallel where the table is distributed
 * (about a quarter of a second for a million sensor readings). Two tables with the same rows have the same fingerprint,
 * distributed or not; with writes in between, the figures are those of the moment each table was read.
 *
 * Needs PostgreSQL 14 or later, as Citus 12.1 does. A table of which policies hide rows from this role fails with SQLSTATE 42501.
 */
export async function fingerprintTables(
  client: Client,
  tables: readonly TableName[],
): Promise<Fingerprint[]> {
  const fingerprints: Fingerprint[] = [];
  for (const table of tables) {
    const { rows, checksum } = await fingerprint(client, table, {});
    fingerprints.push({ table, rows, checksum });
  }
  return fingerprints;
}

/** The fingerprint of a table within a transaction of the caller's, which goes on as it was. */
export async function fingerprintWithin(client: Client, table: TableName): Promise<Fingerprint> {
  const { rows, checksum } = await fingerprint(client, table, { within: true });
  return { table, rows, checksum };
}

/** What a view answers with, in the two numbers of a {@link Fingerprint}. */
export interface ViewFingerprint {
  readonly rows: number;
  readonly checksum: string;
  /** Columns of floating numbers, which are not in the checksum. */
  readonly leftOut: readonly string[];
}

/**
 * The same of what a view answers with, but for its columns of floating numbers.
 *
 * @param seconds that it may take; after them it fails with SQLSTATE 57014
 */
export async function fingerprintView(
  client: Client,
  view: TableName,
  seconds: number,
): Promise<ViewFingerprint> {
  return fingerprint(client, view, { seconds, leaveOut: FLOATING });
}

/** How a relation is read that is held against one of another database. */
export interface ForeignReading {
  /** Of a session that exported it (`pg_export_snapshot()`). */
  readonly snapshot: string;
  /** Leaves out columns of floating numbers, as of a materialized view. @default false */
  readonly computed?: boolean;
}

/**
 * The fingerprint of a relation as one of another database with the same rows has it: whatever the order of their columns.
 */
export async function fingerprintAnywhere(
  client: Client,
  relation: TableName,
  { snapshot, computed = false }: ForeignReading,
): Promise<ViewFingerprint> {
  return fingerprint(client, relation, {
    snapshot,
    anywhere: true,
    ...(computed ? { leaveOut: FLOATING } : {}),
  });
}

/** Columns in an order that two databases agree on, of which only the same values are to have the same hash. */
export function columnsAnywhere(columns: readonly HashedColumn[]): HashedColumn[] {
  return columns
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((column) => ({ ...column, exactly: true }));
}

/** Begins a transaction that can change nothing. @param snapshot that another session exported */
export async function beginReading(client: Client, snapshot?: string): Promise<void> {
  await client.query(
    snapshot === undefined ? 'BEGIN READ ONLY' : 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
  );
  if (snapshot !== undefined) await client.query(`SET TRANSACTION SNAPSHOT ${escapeLiteral(snapshot)}`);
}

async function fingerprint(
  client: Client,
  relation: TableName,
  {
    seconds,
    leaveOut,
    anywhere = false,
    snapshot,
    within = false,
  }: {
    readonly seconds?: number;
    readonly leaveOut?: ReadonlySet<string>;
    readonly anywhere?: boolean;
    readonly snapshot?: string;
    readonly within?: boolean;
  },
): Promise<ViewFingerprint> {
  if (within) await client.query('SAVEPOINT fingerprint');
  else await beginReading(client, snapshot);
  try {
    await normalizeSession(client);
    if (seconds !== undefined) {
      await client.query(`SET LOCAL statement_timeout TO ${String(seconds * 1000)}`);
    }
    const all = await readColumns(client, relation);
    const columns = anywhere ? columnsAnywhere(all) : all;
    const isLeftOut = ({ type }: HashedColumn): boolean => leaveOut?.has(type) === true;
    const { rows } = await client.query<{ rows: string; checksum: string }>(
      `SELECT count(*) AS rows, ${checksumOf(columns.filter((column) => !isLeftOut(column)))} AS checksum FROM ${sqlTable(relation)} t`,
    );
    return {
      rows: Number(rows[0]?.rows),
      // Against another database the sums of shards are held, which are numbers.
      checksum: `${anywhere ? '' : MIXED}${rows[0]?.checksum ?? ''}`,
      leftOut: columns.filter(isLeftOut).map(({ name }) => name),
    };
  } finally {
    // With it go the settings.
    await client.query(within ? 'ROLLBACK TO SAVEPOINT fingerprint' : 'ROLLBACK').catch(() => undefined);
  }
}

/**
 * Does a piece of work for each item in several sessions at once; items are begun in their order.
 *
 * @param onItem told of each item as it is begun, and how many are done by then
 */
export async function inSessions<Item>(
  clients: readonly Client[],
  items: readonly Item[],
  work: (client: Client, item: Item) => Promise<void>,
  onItem: (item: Item, done: number) => void,
): Promise<void> {
  const left = [...items];
  let done = 0;
  const run = async (client: Client): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      const next = item;
      onItem(next, done);
      await withBoundedReads(client, () => work(client, next));
      done += 1;
    }
  };
  await Promise.all(clients.map(run));
}

/** Of some tables, those that row-level security hides rows of from this role, be it their owner; needs `row_security` off. */
const HIDDEN = `
SELECT name, c.relforcerowsecurity AND pg_has_role(c.relowner, 'USAGE') AS forced
  FROM unnest($1::text[]) AS name JOIN pg_class c ON c.oid = to_regclass(name)
 WHERE row_security_active(c.oid)`;

/** The tables that cannot be counted because policies hide rows of them from this role. */
export async function readNotCountable(client: Client, tables: readonly TableName[]): Promise<NotCounted[]> {
  if (tables.length === 0) return [];
  const { rows } = await client.query<{ name: string; forced: boolean }>(HIDDEN, [tables.map(sqlTable)]);
  const hidden = new Map(rows.map(({ name, forced }) => [name, forced]));
  return tables.flatMap((table) => {
    const forced = hidden.get(sqlTable(table));
    return forced === undefined ? [] : [{ table, reason: notCountable(sqlTable(table), forced) }];
  });
}

function notCountable(table: string, forced: boolean): string {
  return forced
    ? `not countable while forced: FORCE ROW LEVEL SECURITY hides rows from the owner too. To count them, run ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY ` +
        'while no application logs in as the owner, run this again, and then ALTER TABLE ... FORCE ROW LEVEL SECURITY'
    : `not countable: row-level security hides rows from this role. Log in as the owner of ${table}`;
}

/** A column as its hash depends on it. */
export interface HashedColumn {
  readonly name: string;
  /** Without its modifier. */
  readonly type: string;
  /** Text of other letters can be equal, as where case does not count. */
  readonly looseCollation?: boolean;
  /** Whether values that are equal and not the same have other hashes, which takes longer. @default false */
  readonly exactly?: boolean;
}

export async function readColumns(client: Client, table: TableName): Promise<HashedColumn[]> {
  return (await client.query<HashedColumn>(COLUMNS, [sqlTable(table)])).rows;
}

/**
 * The sum of the hashes of the rows of `t`, in decimal. Where {@link isHashedByText}, the session's text has to be settled.
 *
 * The hash of a record is a weighted sum of those of its columns: rows that swap the values of a column have the sum that they had. So
 * each row's hash is hashed once more.
 */
export function checksumOf(columns: readonly HashedColumn[]): string {
  return `coalesce(sum(hashint8extended(hash_record_extended(ROW(${columns.map(hashed).join(', ')}), 0), 0)), 0)::text`;
}

const MIXED = 'm';

/** Whether both hold as many rows, and the same ones. What an earlier version hashed is held by its count alone. Pure. */
export function isSame(
  was: Pick<Fingerprint, 'rows' | 'checksum'>,
  is: Pick<Fingerprint, 'rows' | 'checksum'>,
): boolean {
  return was.rows === is.rows && (!isHashedAlike(was, is) || was.checksum === is.checksum);
}

/** Whether one version hashed both. Pure. */
export function isHashedAlike(
  was: Pick<Fingerprint, 'checksum'>,
  is: Pick<Fingerprint, 'checksum'>,
): boolean {
  return was.checksum.startsWith(MIXED) === is.checksum.startsWith(MIXED);
}

/** Whether the hash depends on how the session writes values. */
export function isHashedByText({ type }: HashedColumn): boolean {
  return !HASHED_BY_VALUE.has(type);
}

function hashed(column: HashedColumn): string {
  const name = `t.${escapeIdentifier(column.name)}`;
  if (isHashedByText(column)) return `${name}::text`;
  if (column.exactly !== true) return name;
  const send = LOOSELY_EQUAL.get(column.type);
  if (send !== undefined) return `${send}(${name})`;
  return column.looseCollation === true ? `${name} COLLATE "C"` : name;
}

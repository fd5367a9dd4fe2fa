import type { Client } from 'pg';
import type { TableName } from '../../config/workload/distribution-types';
import { didYouMean, someOf } from '../../config/text/text';
import { isKnownToCitus } from '../citus/citus-tables';
import { citusVersion } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { showTable, sqlTable } from '../database/model/names';
import type { Edge } from '../database/model/order';
import type { StoredTable } from './shard-bytes';
import { COLUMN_NAMES, LEAVES, REFERENCES, SOURCE, TABLE_NAMES, TYPE_NAME, WHOLE_BYTES } from './source.sql';

/** A relation that holds rows: the table itself, or one of its partitions. */
export interface Leaf extends StoredTable {
  readonly table: TableName;
  /** PostgreSQL's own table access method, which knows blocks and their rows. */
  readonly isHeap: boolean;
  /** Bytes stored out of line. */
  readonly toastBytes: number;
  readonly columns: readonly string[];
}

export interface HashFunction {
  readonly schema: string;
  readonly name: string;
  /**
   * Whether SQL can call it with a value of the type. Dates are hashed by the function of integers, for one, which the
   * hash index knows and a query may not say.
   */
  readonly takesType: boolean;
}

/** How values of a column's type are hashed. */
export interface HashedType {
  readonly hash: HashFunction;
  /** Its name in SQL, quoted, without length: what a text can be cast to. */
  readonly sqlType: string;
  /** Types, as `format_type` says them, that a comparison turns its values into without changing them. */
  readonly plainCasts: readonly string[];
}

/** Where a simulation reads from. */
export interface Source {
  readonly table: TableName;
  readonly column: string;
  /** As `format_type` says it, without length or precision. */
  readonly type: string;
  /** The hash function of the type's default hash operator class. */
  readonly hash: HashFunction;
  /** What follows FROM: a partitioned table with its partitions, any other table alone. */
  readonly from: string;
  readonly mayBeNull: boolean;
  /** What a specification makes of the primary key, where it does. */
  readonly primaryKey?: readonly string[] | undefined;
  readonly leaves: readonly Leaf[];
}

/** Names listed where one is wrong. */
const NAMES_SHOWN = 12;

interface SourceRow {
  readonly oid: number;
  readonly kind: string;
  readonly isPartition: boolean;
  readonly hasColumn: boolean;
  readonly type: string;
  readonly notNull: boolean;
  readonly generated: boolean;
  readonly looseCollation: boolean;
  readonly negativeScale: boolean;
  readonly hashSchema: string | null;
  readonly hashName: string | null;
  readonly hashTakesType: boolean | null;
}

/**
 * Looks a table and its distribution column up, and how Citus would hash it.
 *
 * @throws ScaleoutError where there is no such table or column, where Citus has the table already, and where Citus would
 * refuse it
 */
export async function readSource(client: Client, table: TableName, column: string): Promise<Source> {
  const { source, oid } = await lookUp(client, table, column);
  if ((await citusVersion(client)) !== undefined && (await isKnownToCitus(client, oid))) {
    throw new ScaleoutError(
      'simulate.not-distributable',
      `${showTable(table)} is one of Citus's reference or local tables, whose rows are not cut into shards: undistribute_table() makes it one that can be simulated; nothing was changed`,
    );
  }
  return source;
}

/** The same of a table that Citus has: what its rows are counted by, on the shards. */
export async function readDistributedSource(
  client: Client,
  table: TableName,
  column: string,
): Promise<Source> {
  const { source } = await lookUp(client, table, column);
  return { ...source, from: sqlTable(table) };
}

/**
 * The same of a table that is asked to be distributed in another way, whatever it is now.
 *
 * @throws ScaleoutError where there is no such table or column, and where Citus would refuse it
 */
export async function readAskedSource(client: Client, table: TableName, column: string): Promise<Source> {
  const { source, oid } = await lookUp(client, table, column);
  return (await isKnownToCitus(client, oid)) ? { ...source, from: sqlTable(table) } : source;
}

/** How Citus would hash a column; undefined where it has no hash function, or there is no such column. */
export async function readHashedType(
  client: Client,
  { schema, name }: TableName,
  column: string,
): Promise<HashedType | undefined> {
  const found = (await client.query<SourceRow>(SOURCE, [schema, name, column])).rows[0];
  const type = (await client.query<{ name: string; casts: string[] }>(TYPE_NAME, [schema, name, column]))
    .rows[0];
  const hash = found && hashOf(found);
  return hash && type && { hash, sqlType: type.name, plainCasts: type.casts };
}

async function lookUp(
  client: Client,
  table: TableName,
  column: string,
): Promise<{ readonly source: Source; readonly oid: number }> {
  const found = (await client.query<SourceRow>(SOURCE, [table.schema, table.name, column])).rows[0];
  if (found === undefined) throw await unknownTable(client, table);
  const noTable = relationFault(found);
  if (noTable !== undefined) {
    throw new ScaleoutError(
      'simulate.unknown-name',
      `${showTable(table)} is ${noTable}; nothing was changed`,
    );
  }
  if (!found.hasColumn) throw await unknownColumn(client, table, found.oid, column);
  const hash = hashOf(found);
  if (hash === undefined || isRefused(found)) {
    throw new ScaleoutError(
      'simulate.not-distributable',
      `${showTable(table)} cannot be distributed by ${column}: ${refusal(found)}`,
    );
  }
  const source = {
    table,
    column,
    type: found.type,
    hash,
    from: found.kind === 'p' ? sqlTable(table) : `ONLY ${sqlTable(table)}`,
    mayBeNull: !found.notNull,
    leaves: await readLeaves(client, found.oid),
  };
  return { source, oid: found.oid };
}

function hashOf({ hashSchema: schema, hashName: name, hashTakesType }: SourceRow): HashFunction | undefined {
  return schema === null || name === null ? undefined : { schema, name, takesType: hashTakesType === true };
}

/** What a relation is that Citus does not distribute. */
function relationFault({ kind, isPartition }: SourceRow): string | undefined {
  if (isPartition) return 'a partition, which is distributed with the table it is a part of: name that one';
  if (kind === 'r' || kind === 'p') return undefined;
  return NO_TABLES[kind] ?? 'no table: name an ordinary or partitioned one';
}

/** By `pg_class.relkind`. */
const NO_TABLES: Readonly<Record<string, string>> = {
  v: 'a view, and only tables are distributed: name the table beneath it',
  m: 'a view, and only tables are distributed: name the table beneath it',
  f: 'a foreign table, whose rows are elsewhere: only ordinary and partitioned tables are distributed',
};

function isRefused({ generated, looseCollation, negativeScale }: SourceRow): boolean {
  return generated || looseCollation || negativeScale;
}

/** Why Citus would refuse to distribute by a column, and the way out. */
function refusal({ generated, looseCollation, negativeScale, type }: SourceRow): string {
  if (generated) {
    return 'the column is generated from others, and Citus distributes by stored input only. Choose another column, or one of those it is generated from';
  }
  if (looseCollation) {
    return 'its collation is not deterministic, under which different values are equal and would hash apart. Give the column a deterministic one (ALTER COLUMN ... TYPE ... COLLATE), or choose another column';
  }
  return negativeScale
    ? 'it is a numeric of negative scale, which Citus refuses. Give it a scale of 0 or more, or choose another column'
    : `its type ${type} has no hash function in PostgreSQL, and a row's shard is decided by one. Choose a column of another type, as a number, text, uuid or timestamp`;
}

async function readLeaves(client: Client, oid: number): Promise<Leaf[]> {
  const { rows } = await client.query<
    Omit<Leaf, 'table' | 'isHeap' | 'toastBlocks'> &
      TableName & { accessMethod: string | null; toastBlocks: number | null }
  >(LEAVES, [oid]);
  return rows.map(({ schema, name, accessMethod, toastBlocks, ...leaf }) => ({
    ...leaf,
    toastBlocks: toastBlocks ?? undefined,
    table: { schema, name },
    isHeap: accessMethod === 'heap',
  }));
}

/**
 * Bytes of a table that becomes a reference table.
 *
 * @throws ScaleoutError where there is none of that name
 */
export async function readWholeBytes(client: Client, table: TableName): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(WHOLE_BYTES, [table.schema, table.name]);
  const found = rows[0];
  if (found === undefined) throw await unknownTable(client, table);
  return found.bytes;
}

/** Which tables come before which because of foreign keys, as `tables plan` orders them. */
export async function readReferences(client: Client): Promise<Edge[]> {
  const { rows } =
    await client.query<Record<'fromSchema' | 'fromName' | 'toSchema' | 'toName', string>>(REFERENCES);
  return rows.map((row) => ({
    first: { schema: row.toSchema, name: row.toName },
    then: { schema: row.fromSchema, name: row.fromName },
    firm: false,
  }));
}

/** The message for a column with NULLs, however they were found. Pure. */
export function nullsFault({ table, column }: Source, found: string): ScaleoutError {
  return new ScaleoutError(
    'simulate.not-distributable',
    `${showTable(table)} cannot be distributed by ${column}: ${found}, and Citus puts no row without a value into any shard. Choose another column, or fill the NULLs in and declare the column NOT NULL`,
  );
}

async function unknownTable(client: Client, table: TableName): Promise<ScaleoutError> {
  const { rows } = await client.query<{ name: string }>(TABLE_NAMES, [table.schema]);
  const names = rows.map(({ name }) => name);
  return new ScaleoutError(
    'simulate.unknown-name',
    `there is no table ${showTable(table)} in this database${didYouMean(table.name, names)}: ${
      names.length === 0
        ? `the schema ${table.schema} holds no table`
        : `the schema ${table.schema} holds ${someOf(names, NAMES_SHOWN)}`
    }. Name one as table or schema.table`,
  );
}

async function unknownColumn(
  client: Client,
  table: TableName,
  oid: number,
  column: string,
): Promise<ScaleoutError> {
  const { rows } = await client.query<{ name: string }>(COLUMN_NAMES, [oid]);
  const names = rows.map(({ name }) => name);
  return new ScaleoutError(
    'simulate.unknown-name',
    `${showTable(table)} has no column "${column}" to distribute by${didYouMean(column, names)}: its columns are ${someOf(names, NAMES_SHOWN)}`,
  );
}

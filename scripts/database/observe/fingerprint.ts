import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import type { TableName } from '../../../config/distribution-types';
import { withBoundedReads } from '../../lib/connection';
import { sqlTable } from '../model/names';

/** What a table holds, in two numbers that depend neither on the order of its rows nor on where they are. */
export interface Fingerprint {
  readonly table: TableName;
  readonly rows: number;
  /** The sum of the rows' 64-bit hashes, in decimal. */
  readonly checksum: string;
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

const COLUMNS = `
SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS type
  FROM pg_attribute a
 WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum`;

/** How text depends on the session, settled on every node that takes part. */
const SETTINGS = [
  "SELECT set_config('citus.propagate_set_commands', 'local', true)",
  // What the role has set for its sessions holds for those of Citus on the nodes, unless this says otherwise.
  'SET LOCAL statement_timeout TO 0',
  "SET LOCAL TimeZone TO 'UTC'",
  "SET LOCAL DateStyle TO 'ISO, YMD'",
  "SET LOCAL IntervalStyle TO 'postgres'",
];

/** Within a transaction: the same value has the same text, on every node and whatever the session was set to. */
export async function settleText(client: Client): Promise<void> {
  for (const setting of SETTINGS) await client.query(setting);
}

/**
 * Counts and hashes every row of each table: one scan each, on the shards in parallel where the table is distributed
 * (about a quarter of a second for a million sensor readings). Two tables with the same rows have the same fingerprint,
 * distributed or not; with writes in between, the figures are those of the moment each table was read.
 *
 * Needs PostgreSQL 14 or later, as Citus 12.1 does.
 */
export async function fingerprintTables(
  client: Client,
  tables: readonly TableName[],
): Promise<Fingerprint[]> {
  const fingerprints: Fingerprint[] = [];
  for (const table of tables) {
    await client.query('BEGIN READ ONLY');
    try {
      await settleText(client);
      const columns = await readColumns(client, table);
      const { rows } = await client.query<{ rows: string; checksum: string }>(
        `SELECT count(*) AS rows, ${checksumOf(columns)} AS checksum FROM ${sqlTable(table)} t`,
      );
      fingerprints.push({ table, rows: Number(rows[0]?.rows), checksum: rows[0]?.checksum ?? '' });
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  }
  return fingerprints;
}

/**
 * The same in several sessions at once, a table each; the tables are begun in their order, and answered for in it.
 *
 * @param onTable told of each table as it is begun, and how many are done by then
 */
export async function fingerprintAtOnce(
  clients: readonly Client[],
  tables: readonly TableName[],
  onTable: (table: TableName, done: number) => void,
): Promise<Fingerprint[]> {
  const left = [...tables.entries()];
  const found: [number, Fingerprint[]][] = [];
  const work = async (client: Client): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      onTable(next[1], found.length);
      found.push([next[0], await withBoundedReads(client, () => fingerprintTables(client, [next[1]]))]);
    }
  };
  await Promise.all(clients.map(work));
  return found.sort(([a], [b]) => a - b).flatMap(([, fingerprints]) => fingerprints);
}

/** A column as its hash depends on it. */
export interface HashedColumn {
  readonly name: string;
  /** Without its modifier. */
  readonly type: string;
}

export async function readColumns(client: Client, table: TableName): Promise<HashedColumn[]> {
  return (await client.query<HashedColumn>(COLUMNS, [sqlTable(table)])).rows;
}

/** The sum of the hashes of the rows of `t`, in decimal. Where {@link isHashedByText}, the session's text has to be settled. */
export function checksumOf(columns: readonly HashedColumn[]): string {
  return `coalesce(sum(hash_record_extended(ROW(${columns.map(hashed).join(', ')}), 0)), 0)::text`;
}

/** Whether the hash depends on how the session writes values. */
export function isHashedByText({ type }: HashedColumn): boolean {
  return !HASHED_BY_VALUE.has(type);
}

function hashed(column: HashedColumn): string {
  const name = `t.${escapeIdentifier(column.name)}`;
  return isHashedByText(column) ? `${name}::text` : name;
}

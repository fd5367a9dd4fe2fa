import type { Client } from 'pg';
import { z } from 'zod';
import { showTable, sqlTable } from '../../database/model/names';
import { refused } from '../../lib/errors';
import { bytes, count } from '../../lib/reporter';
import { readShardSizes } from '../../citus/sizes';
import { READABLE, TABLE_SIZES } from './growth.sql';
import type { LiveTable } from '../../database/model/live';

/** How large a table is. */
export interface TableSize {
  /** Counted where that takes no time, else as the planner would estimate; null where it cannot, and for shards. */
  readonly rows: number | null;
  readonly bytes: number;
  /** Where it was measured. The two are not comparable. */
  readonly on: 'coordinator' | 'shards';
}

/** By the names of the tables as messages show them. */
export type TableSizes = Readonly<Record<string, TableSize>>;

export const sizesSchema: z.ZodType<TableSizes> = z.record(
  z.string(),
  z.object({ rows: z.number().nullable(), bytes: z.number(), on: z.enum(['coordinator', 'shards']) }),
);

/** Times the rows that a plan was reviewed with. */
export const DEFAULT_GROWTH = 2;

/** No copy of so little takes long, however often it has doubled. */
const SMALL = { rows: 1_000, bytes: 1024 * 1024 } as const;

/** Bytes of a table on the coordinator up to which its rows are counted. */
const COUNTED_BYTES = 64 * 1024 * 1024;

/** Reads how large the tables are. One of which a shard does not answer is left out. */
export async function readSizes(client: Client, tables: readonly LiveTable[]): Promise<TableSizes> {
  const isOnShards = ({ citus }: LiveTable): boolean => citus.kind !== 'plain';
  const here = tables.filter((table) => !isOnShards(table)).map(({ oid }) => oid);
  const there = tables.filter(isOnShards).map(({ oid }) => oid);
  const { rows } = await client.query<Omit<TableSize, 'on'> & { oid: number }>(TABLE_SIZES, [here]);
  const counted = await countSmall(client, tables, new Map(rows.map(({ oid, bytes }) => [oid, bytes])));
  const sizes = new Map([
    ...rows.map(({ oid, rows, bytes }): [number, TableSize] => [
      oid,
      { rows: counted.get(oid) ?? rows, bytes, on: 'coordinator' },
    ]),
    ...(await readShardSizes(client, there)).map(({ oid, bytes }): [number, TableSize] => [
      oid,
      { rows: null, bytes, on: 'shards' },
    ]),
  ]);
  return Object.fromEntries(
    tables.flatMap(({ oid, table }): [string, TableSize][] => {
      const size = sizes.get(oid);
      return size === undefined ? [] : [[showTable(table), size]];
    }),
  );
}

/** Estimates lag behind, and there are none before the first ANALYZE. Tables that this session may not read, or of which policies hide rows, are not counted. */
async function countSmall(
  client: Client,
  tables: readonly LiveTable[],
  sizes: ReadonlyMap<number, number>,
): Promise<Map<number, number>> {
  const counted = new Map<number, number>();
  const readable = new Set(
    (await client.query<{ oid: number }>(READABLE, [[...sizes.keys()]])).rows.map(({ oid }) => oid),
  );
  for (const { oid, table } of tables) {
    const size = sizes.get(oid);
    if (size === undefined || size > COUNTED_BYTES || !readable.has(oid)) continue;
    const { rows } = await client.query<{ rows: number }>(
      `SELECT count(*)::float8 AS rows FROM ${sqlTable(table)}`,
    );
    if (rows[0] !== undefined) counted.set(oid, rows[0].rows);
  }
  return counted;
}

/**
 * Tables that have become larger than a factor, by rows where both are known, else by bytes. What is small now, gone, or measured
 * elsewhere by now, as a run leaves it, is not among them. Pure.
 */
export function grownTables(then: TableSizes, now: TableSizes, factor: number): string[] {
  return Object.keys(then).filter((table) => {
    const [was, is] = [then[table], now[table]];
    if (was === undefined || is?.on !== was.on) return false;
    if (was.rows !== null && is.rows !== null) {
      return is.rows > SMALL.rows && is.rows > factor * was.rows;
    }
    return is.bytes > SMALL.bytes && is.bytes > factor * was.bytes;
  });
}

/** @throws ScaleoutError (refused) that names the tables, and how large they were and are */
export function requireNotGrown(then: TableSizes, now: TableSizes, factor: number): void {
  const grown = grownTables(then, now, factor).map(
    (table) => `${table} had ${describeSize(then[table])} then and has ${describeSize(now[table])} now`,
  );
  if (grown.length === 0) return;
  throw refused(
    'tables.plan-outgrown',
    `the plan was reviewed for less: ${grown.join('; ')}, more than ${String(factor)} times as much, and what copies it takes as much longer. ` +
      'Plan again and review that, or say with --growth FACTOR how many times as much will do; nothing was changed',
  );
}

function describeSize(size: TableSize | undefined): string {
  if (size === undefined) return 'nothing';
  const { rows } = size;
  return rows === null ? bytes(size.bytes) : `about ${count(Math.round(rows))} rows (${bytes(size.bytes)})`;
}

import type { Client } from 'pg';
import { z } from 'zod';
import { readRows } from '../citus/rows';
import type { Distribution, TableName } from '../../config/workload/distribution-types';
import { didYouMean } from '../../config/text/text';
import { citusVersion } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { groupBy } from '../lib/group-by';
import type { VerbContext } from '../lib/verb';
import { showTable, sqlTable } from '../database/model/names';
import { orderTables } from '../database/model/order';
import { knowsSchemas } from '../citus/versions';
import {
  CITUS_TABLES_IN_ORDER,
  COLOCATION_IDS,
  DISTRIBUTED_SCHEMAS,
  FOREIGN_KEYS_IN_ORDER,
  NEXT_COLOCATION_ID,
  SCHEMA_NAMES,
  schemaTables,
} from '../citus/distributed-schemas.sql';
import { readInTurn } from './in-turn';
import { isEstimated } from './shard-rows';
import type { Reading } from './shard-rows';
import { readReferences } from './source';
import { convertedToLocal } from './converted-to-local';
import type { CatalogForeignKey } from './converted-to-local';

/** A schema as it would be distributed: every table in one shard, all of them together. */
export interface ReadSchema {
  readonly schema: string;
  readonly tables: readonly ReadSchemaTable[];
  /**
   * Counted from 0 among the schemas whose first table is local to Citus before any schema is distributed, as a rule
   * turned so by a new reference table: such a table has its shard from then on. In the order of those shards' ids; absent
   * where it gets its shard when the schema is distributed.
   */
  readonly turnsLocal?: number;
}

export interface ReadSchemaTable {
  /** As messages name it. */
  readonly name: string;
  readonly rows: number;
  /** `rows` is the planner's estimate. */
  readonly estimated: boolean;
  /** As the table is now, with its indexes and partitions. */
  readonly bytes: number;
}

/** The schemas of a specification that are to be distributed as wholes, in the order in which `tables plan` takes them. */
export function wholeSchemas({ schemas = [] }: Distribution): string[] {
  return schemas
    .filter(({ kind }) => kind === 'distributed')
    .map(({ schema }) => schema)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Those of the schemas that are distributed already. */
export async function distributedSchemasAmong(client: Client, schemas: readonly string[]): Promise<string[]> {
  if (schemas.length === 0 || !knowsSchemas(await citusVersion(client))) return [];
  const rows = await readRows(client, z.object({ schema: z.string() }), DISTRIBUTED_SCHEMAS, [schemas]);
  return rows.map(({ schema }) => schema);
}

interface SchemaTable extends TableName {
  readonly bytes: number;
  /** Of its rows, by the planner. */
  readonly estimate: number | null;
}

/**
 * Reads the tables of schemas that are to be distributed as wholes.
 *
 * @param references tables that are to become reference tables
 * @throws ScaleoutError where a schema is not there
 */
export async function readSchemas(
  client: Client,
  schemas: readonly string[],
  references: readonly TableName[],
  reading: Reading,
  context: VerbContext,
): Promise<ReadSchema[]> {
  if (schemas.length === 0) return [];
  await requireThere(client, schemas);
  const citus = (await citusVersion(client)) !== undefined;
  const { rows } = await client.query<SchemaTable>(schemaTables(citus), [schemas]);
  const read = await readInTurn(context, 'reading schemas', rows, showTable, async (row) => ({
    schema: row.schema,
    name: showTable(row),
    ...(await rowsOf(client, row, reading)),
    bytes: row.bytes,
  }));
  const tables = groupBy(read, ({ schema }) => schema);
  const first = new Map([...rows].reverse().map(({ schema, name }) => [schema, name]));
  const local = (await localInOrder(client, references, citus)).filter(
    ({ schema, name }) => first.get(schema) === name,
  );
  const places = new Map(local.map(({ schema }, place) => [schema, place]));
  return schemas.map((schema) => {
    const turnsLocal = places.get(schema);
    const own = (tables.get(schema) ?? []).map(({ name, rows, estimated, bytes }) => ({
      name,
      rows,
      estimated,
      bytes,
    }));
    return { schema, tables: own, ...(turnsLocal === undefined ? {} : { turnsLocal }) };
  });
}

/** The tables that are local to Citus, or turn local with reference tables, in the order of their shards' ids. */
export async function localInOrder(
  client: Client,
  references: readonly TableName[],
  citus: boolean,
): Promise<TableName[]> {
  const tableName = z.object({ schema: z.string(), name: z.string() });
  const there = citus ? await readRows(client, tableName, CITUS_TABLES_IN_ORDER) : [];
  const { rows: foreignKeys } = await client.query<CatalogForeignKey>(FOREIGN_KEYS_IN_ORDER);
  return [...there, ...convertedToLocal(references, foreignKeys, there)];
}

async function rowsOf(
  client: Client,
  table: SchemaTable,
  reading: Reading,
): Promise<Pick<ReadSchemaTable, 'rows' | 'estimated'>> {
  const { estimate, bytes } = table;
  if (estimate !== null && isEstimated(reading, bytes))
    return { rows: Math.round(estimate), estimated: true };
  const sql = `SELECT count(*)::float8 AS rows FROM ${sqlTable(table)}`;
  return { rows: (await client.query<{ rows: number }>(sql)).rows[0]?.rows ?? 0, estimated: false };
}

async function requireThere(client: Client, schemas: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ schema: string }>(SCHEMA_NAMES);
  const names = rows.map(({ schema }) => schema);
  const missing = schemas.find((schema) => !names.includes(schema));
  if (missing === undefined) return;
  throw new ScaleoutError(
    'simulate.unknown-name',
    `there is no schema ${missing} in this database${didYouMean(missing, names)}: correct the name, or take it out of the specification; nothing was changed`,
  );
}

/** Reference tables in the order in which `tables plan` makes them. */
export async function referencesInOrder(client: Client, { tables }: Distribution): Promise<TableName[]> {
  const references = tables.filter(({ kind }) => kind === 'reference').map(({ table }) => table);
  return orderTables(references, await readReferences(client));
}

/**
 * The id that the next schema's colocation group gets; it decides on which node an empty cluster puts the schema. Ids are
 * drawn from a sequence, so that whatever else makes groups in between moves what follows by one node.
 *
 * @param withReferences whether reference tables are made first, whose group is the first of all
 */
export async function nextColocationId(client: Client, withReferences: boolean): Promise<number> {
  const fresh = 1 + (withReferences ? 1 : 0);
  if ((await citusVersion(client)) === undefined) return fresh;
  const ids = z.object({ readable: z.boolean(), referenceGroup: z.boolean() });
  const [known] = await readRows(client, ids, COLOCATION_IDS);
  if (known?.readable !== true) return fresh;
  const [row] = await readRows(client, z.object({ next: z.number() }), NEXT_COLOCATION_ID);
  const next = row?.next ?? 1;
  return next + (withReferences && !known.referenceGroup ? 1 : 0);
}

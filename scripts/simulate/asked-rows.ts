import type { Client } from 'pg';
import type { TableName } from '../../config/workload/distribution-types';
import { readTableBytes } from '../citus/sizes';
import { ScaleoutError } from '../lib/errors';
import type { VerbContext } from '../lib/verb';
import { sameTable, showTable, sqlTable } from '../database/model/names';
import type { AskedChanges, AskedRows, AskedTable } from './asked-layout';
import { bytesOf, groupOf } from './asked-layout';
import { readInTurn } from './in-turn';
import { exactRowsOfShards } from './rows.sql';
import type { ShardLayout } from './shard-layout';
import type { CountedRow, Reading } from './shard-rows';
import { fewestNamedRows, isEstimated, tenantsOf, withSnapshot } from './shard-rows';
import type { Source } from './source';
import { nullsFault, readAskedSource, readDistributedSource, readWholeBytes } from './source';

/** Bytes of a table that are read where it is estimated: as many blocks as a sample of an undistributed table has. */
const SAMPLE_BYTES = 64 * 1024 * 1024;
const SEED = 121;

/**
 * Reads the rows that each shard of the asked tables would hold, from the shards that are there: by the hash of the column,
 * so that they are those Citus would make. Sizes are the table's, shared by rows.
 *
 * @returns by the name of the table
 * @throws ScaleoutError where a table or a column is missing, or Citus would refuse it
 */
export async function readAskedRows(
  context: VerbContext,
  client: Client,
  layout: ShardLayout,
  { distributed }: AskedChanges,
  reading: Reading,
): Promise<Map<string, AskedRows>> {
  return withSnapshot(client, async () => {
    const sources = new Map<string, Source>();
    // All names first: a wrong one is said before the first table is read.
    for (const { table, column } of distributed) {
      sources.set(showTable(table), await readAskedSource(client, table, column));
    }
    for (const table of distributed) await requireTypeOfGroup(client, layout, sources, table);
    const read = await readInTurn(
      context,
      'reading tables as asked',
      distributed,
      ({ table }) => showTable(table),
      async (asked) => {
        const source = sources.get(showTable(asked.table));
        return source === undefined ? [] : [await readOne(client, layout, asked, source, reading)];
      },
    );
    return new Map(
      distributed.flatMap(({ table }, at) =>
        (read[at] ?? []).map((rows): [string, AskedRows] => [showTable(table), rows]),
      ),
    );
  });
}

async function readOne(
  client: Client,
  layout: ShardLayout,
  { table, ranges }: AskedTable,
  source: Source,
  reading: Reading,
): Promise<AskedRows> {
  const bytes = await presentBytes(client, layout, table);
  const percent = Math.min(100, (SAMPLE_BYTES / Math.max(1, bytes)) * 100);
  // Other storage knows no blocks to draw from.
  const estimated =
    isEstimated(reading, bytes) && percent < 100 && source.leaves.every(({ isHeap }) => isHeap);
  const from = estimated
    ? `${source.from} TABLESAMPLE SYSTEM (${percent.toFixed(6)}) REPEATABLE (${String(SEED)})`
    : source.from;
  const starts = ranges.map(({ min }) => min + 2 ** 31);
  const { rows } = await client.query<CountedRow>(exactRowsOfShards({ ...source, from }), [
    starts,
    fewestNamedRows(bytes),
  ]);
  const nulls = rows.find(({ index }) => index === null)?.rows ?? 0;
  if (nulls > 0) {
    throw nullsFault(
      source,
      `${String(nulls)} of its rows${estimated ? ' that were sampled' : ''} are NULL there`,
    );
  }
  const scale = (count: number): number => (estimated ? Math.round((count * 100) / percent) : count);
  const byIndex = new Map(rows.map((row) => [row.index, row.rows]));
  const counts = ranges.map((_, index) => scale(byIndex.get(index) ?? 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const { biggestTenant, tenants } = tenantsOf(rows);
  return {
    rows: counts,
    bytes: counts.map((count) => Math.round(bytes * (total === 0 ? 1 / ranges.length : count / total))),
    estimated,
    ...(biggestTenant === undefined
      ? {}
      : { biggestTenant: { value: biggestTenant.value, rows: scale(biggestTenant.rows) } }),
    ...(estimated ? {} : { tenants }),
  };
}

async function presentBytes(client: Client, layout: ShardLayout, table: TableName): Promise<number> {
  if (groupOf(layout, table) !== undefined) return bytesOf(layout, table);
  const bytes = await readTableBytes(client, [sqlTable(table)]);
  return bytes > 0 ? bytes : readWholeBytes(client, table);
}

/** Equal values of different types have different hashes. */
async function requireTypeOfGroup(
  client: Client,
  layout: ShardLayout,
  sources: ReadonlyMap<string, Source>,
  { table, root }: AskedTable,
): Promise<void> {
  const own = sources.get(showTable(table));
  if (own === undefined || sameTable(table, root)) return;
  const present = groupOf(layout, root)?.tables.find((each) => sameTable(each.table, root))?.column;
  const other =
    sources.get(showTable(root)) ??
    (present === undefined ? own : await readDistributedSource(client, root, present));
  if (own.type !== other.type) throw typesDiffer(own, other);
}

/** The message for colocated columns of two types. Pure. */
export function typesDiffer(own: Source, other: Source): ScaleoutError {
  return new ScaleoutError(
    'simulate.types-differ',
    `${showTable(own.table)} cannot be colocated with ${showTable(other.table)}: ${own.column} is ${own.type} and ${other.column} is ${other.type}, and Citus colocates columns of one type only. Change the type of one, or leave colocateWith out; nothing was changed`,
  );
}

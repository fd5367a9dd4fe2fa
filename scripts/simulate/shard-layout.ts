import type { Client } from 'pg';
import { z } from 'zod';
import type { TableName } from '../../config/workload/distribution-types';
import { citusVersion, withBoundedReads } from '../lib/connection';
import { describeHiddenRows, ScaleoutError } from '../lib/errors';
import { readRows } from '../citus/rows';
import { readActiveNodes } from '../citus/nodes';
import type { Node } from '../citus/nodes';
import type { VerbContext } from '../lib/verb';
import { groupBy } from '../lib/group-by';
import { readInTurn } from './in-turn';
import { showTable, sqlTable } from '../database/model/names';
import {
  HIDDEN,
  KNOWN_AMONG,
  LAYOUT_REFERENCES,
  LAYOUT_RULES,
  LAYOUT_SHARDS,
  ON_SHARDS,
  SHARD_COUNT,
  SHARD_ESTIMATE,
} from '../citus/shard-layout.sql';
import type { Strategy } from '../citus/strategy';
import type { StrategyRules } from './rebalance';
import { STRATEGY_RULES } from './rebalance';
import { exactRowsOfShards } from './rows.sql';
import type { CountedRow, Reading } from './shard-rows';
import { fewestNamedRows, isEstimated, tenantsOf } from './shard-rows';
import { readDistributedSource } from './source';

/** A database that is distributed, as Citus knows it: real shards, real sizes, real placements. */
export interface ShardLayout {
  /** In the order in which the rebalancer takes those that are equally full. */
  readonly nodes: readonly Node[];
  /** In the order in which the rebalancer takes them. */
  readonly groups: readonly ShardLayoutGroup[];
  readonly referenceTables: readonly { readonly table: string; readonly bytes: number }[];
  /** Of the strategy that is asked about, as the database has them set. */
  readonly rules: StrategyRules;
}

/** Tables whose shards live and move together. */
export interface ShardLayoutGroup {
  readonly tables: readonly ShardLayoutTable[];
  /** In the order of their hash ranges. */
  readonly shards: readonly ShardLayoutShard[];
}

export interface ShardLayoutShard {
  /** Of the group's first table. */
  readonly id: number;
  /** Of the node it is on. */
  readonly groupId: number;
  /** Absent for the one shard of a distributed schema. */
  readonly range?: { readonly min: number; readonly max: number };
}

export interface ShardLayoutTable {
  readonly table: TableName;
  /** Absent in a distributed schema. */
  readonly column?: string;
  /** Of each shard of the group: tables, indexes and TOAST, partitions included. */
  readonly bytes: readonly number[];
  /** Of each shard of the group. */
  readonly rows: readonly number[];
  /** The rows are the planner's estimate, and were not counted. */
  readonly estimated: boolean;
  /** Absent where rows were not counted by value. */
  readonly biggestTenant?: { readonly value: string | null; readonly rows: number };
  readonly tenants?: number;
}

const tableName = z.object({ schema: z.string(), name: z.string() });

/** Which of these tables Citus has already, distributed or otherwise; none where the database is plain PostgreSQL. */
export async function knownAmong(client: Client, tables: readonly TableName[]): Promise<TableName[]> {
  if ((await citusVersion(client)) === undefined) return [];
  const asked = [tables.map(({ schema }) => schema), tables.map(({ name }) => name)];
  return readRows(client, tableName, KNOWN_AMONG, asked);
}

const shardRow = tableName.extend({
  group: z.number(),
  isFirst: z.boolean(),
  /** Of the table itself, and not of a partition of it. */
  isWhole: z.boolean(),
  column: z.string().nullable(),
  shardId: z.number(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  groupId: z.number(),
  bytes: z.number(),
});
type ShardRow = z.infer<typeof shardRow>;

/**
 * Reads what a rebalance would be planned from. Changes nothing.
 *
 * @returns undefined where nothing is distributed
 * @throws ScaleoutError where a node is switched off, or shards have several copies
 */
export async function readLayout(
  context: VerbContext,
  client: Client,
  { strategy, reading }: { readonly strategy: Strategy; readonly reading: Reading },
): Promise<ShardLayout | undefined> {
  if ((await citusVersion(client)) === undefined) return undefined;
  return withBoundedReads(client, async () => {
    const rows = await readRows(client, shardRow, LAYOUT_SHARDS);
    if (rows.length === 0) return undefined;
    const nodes = await readActiveNodes(client);
    const groups = toGroups(rows, new Set(nodes.map(({ groupId }) => groupId)));
    const references = await readRows(client, tableName.extend({ bytes: z.number() }), LAYOUT_REFERENCES);
    return {
      nodes,
      groups: await countRows(context, client, groups, reading),
      referenceTables: references.map((row) => ({ table: showTable(row), bytes: row.bytes })),
      rules: await readRules(client, strategy),
    };
  });
}

async function readRules(client: Client, strategy: Strategy): Promise<StrategyRules> {
  const row = z.object({ threshold: z.number(), improvementThreshold: z.number(), baseCost: z.number() });
  const [found] = await readRows(client, row, LAYOUT_RULES, [strategy]);
  const shipped = STRATEGY_RULES[strategy];
  if (found === undefined) return shipped;
  const { threshold, improvementThreshold, baseCost } = found;
  return {
    threshold,
    improvementThreshold,
    cost: strategy === 'by_disk_size' ? (bytes) => bytes + baseCost : shipped.cost,
  };
}

interface Uncounted extends Omit<ShardLayoutTable, 'rows' | 'estimated'> {
  /** Its own shard ids, in the order of the group's shards. */
  readonly shardIds: readonly number[];
}
interface UncountedGroup extends Omit<ShardLayoutGroup, 'tables'> {
  readonly tables: readonly Uncounted[];
}

/** Shards of one range, of whatever table and partition of the group, are one. Pure. */
function toGroups(rows: readonly ShardRow[], nodes: ReadonlySet<number>): UncountedGroup[] {
  return [...groupBy(rows, ({ group }) => group).values()].map((all) => {
    const byRange = groupBy(all, (row) =>
      row.min === null && row.column === null ? rangeless(row, all) : String(row.min),
    );
    const ranges = [...byRange.values()];
    const shards = ranges.map((members): ShardLayoutShard => {
      const first = members.find(({ isFirst }) => isFirst) ?? members[0];
      const copied = new Set(members.map(({ shardId }) => shardId)).size < members.length;
      if (!nodes.has(first.groupId) || copied) {
        throw new ScaleoutError(
          'simulate.not-placed-once',
          `shard ${String(first.shardId)} of ${showTable(first)} ${copied ? 'has several placements (citus.shard_replication_factor above 1)' : 'is on a node that is no primary of this cluster'}, and moves of such shards are not simulated: see \`scaleout rebalance plan\`; nothing was changed`,
        );
      }
      const { shardId: id, groupId, min, max } = first;
      return { id, groupId, ...(min === null || max === null ? {} : { range: { min, max } }) };
    });
    const named = new Map(
      [...all].sort((a, b) => Number(b.isFirst) - Number(a.isFirst)).map((row) => [showTable(row), row]),
    );
    return {
      shards,
      tables: [...named].map(([name, { schema, name: bare, column }]) => ({
        table: { schema, name: bare },
        ...(column === null ? {} : { column }),
        shardIds: ranges.map(
          (members) => members.find((row) => row.isWhole && showTable(row) === name)?.shardId ?? 0,
        ),
        bytes: ranges.map((members) =>
          members.reduce((sum, row) => (showTable(row) === name ? sum + row.bytes : sum), 0),
        ),
      })),
    };
  });
}

/** Tables of a distributed schema share the one shard; those of range and append distribution have theirs to themselves. */
function rangeless(row: ShardRow, all: readonly ShardRow[]): string {
  return new Set(all.map(showTable)).size === all.length ? 'whole' : `shard ${String(row.shardId)}`;
}

async function countRows(
  context: VerbContext,
  client: Client,
  groups: readonly UncountedGroup[],
  reading: Reading,
): Promise<ShardLayoutGroup[]> {
  const read = await readInTurn(
    context,
    'reading tables',
    groups.flatMap(({ shards, tables }) => tables.map((table) => ({ shards, table }))),
    ({ table }) => showTable(table.table),
    async ({ shards, table: { shardIds, ...table } }): Promise<ShardLayoutTable> => {
      const bytes = table.bytes.reduce((sum, each) => sum + each, 0);
      const estimated = isEstimated(reading, bytes);
      const rows = estimated
        ? { rows: await estimateRows(client, { ...table, shardIds }) }
        : await countedRows(client, { ...table, shardIds }, shards, bytes);
      return { ...table, ...rows, estimated };
    },
  );
  return groups.map(({ shards, tables }) => ({ shards, tables: read.splice(0, tables.length) }));
}

async function countedRows(
  client: Client,
  uncounted: Uncounted,
  shards: readonly ShardLayoutShard[],
  bytes: number,
): Promise<Pick<ShardLayoutTable, 'rows' | 'biggestTenant' | 'tenants'>> {
  const starts = shards.flatMap(({ range }) => (range === undefined ? [] : [range.min + 2 ** 31]));
  const { table, column } = uncounted;
  if (column === undefined || starts.length < shards.length) {
    const counts = await askShards(client, uncounted, SHARD_COUNT);
    return { rows: counts.map((count) => count ?? 0) };
  }
  const source = await readDistributedSource(client, table, column);
  const values = [starts, fewestNamedRows(bytes)];
  const { rows } = await client.query<CountedRow>(exactRowsOfShards(source), values);
  const byIndex = new Map(rows.map((row) => [row.index, row.rows]));
  return { rows: shards.map((_, index) => byIndex.get(index) ?? 0), ...tenantsOf(rows) };
}

/** A shard that has just moved has no statistics: it is taken to hold as many rows to a byte as the others. */
async function estimateRows(client: Client, table: Uncounted): Promise<number[]> {
  const estimates = await askShards(client, table, SHARD_ESTIMATE);
  const known = estimates.flatMap((rows, shard) => (rows === null ? [] : [{ rows, shard }]));
  const rows = known.reduce((sum, each) => sum + each.rows, 0);
  const bytes = known.reduce((sum, { shard }) => sum + (table.bytes[shard] ?? 0), 0);
  if (bytes === 0) return (await askShards(client, table, SHARD_COUNT)).map((count) => count ?? 0);
  return estimates.map((each, shard) => each ?? Math.round((rows / bytes) * (table.bytes[shard] ?? 0)));
}

/** A number of each shard, in the order of the group's shards; null where a shard has none to give. */
async function askShards(
  client: Client,
  { table, shardIds }: Uncounted,
  command: string,
): Promise<(number | null)[]> {
  const { rows } = await client.query<{ shardId: number; success: boolean; result: string | null }>(
    ON_SHARDS,
    [sqlTable(table), command],
  );
  const failed = rows.find(({ success }) => !success);
  if (failed !== undefined) {
    throw new ScaleoutError(
      'simulate.shard-unreadable',
      `shard ${String(failed.shardId)} of ${showTable(table)} could not be read: ${failed.result ?? ''}; nothing was changed`,
    );
  }
  if (rows.some(({ result }) => result === HIDDEN)) {
    throw new ScaleoutError('database.rows-hidden', describeHiddenRows(showTable(table)));
  }
  const byShard = new Map(rows.map(({ shardId, result }) => [shardId, result]));
  return shardIds.map((shardId) => {
    const result = byShard.get(shardId) ?? '';
    return result === '' ? null : Number(result);
  });
}

import type { Client } from 'pg';
import type { DistributedTable } from '../../config/workload/distribution-types';
import { withBoundedReads, withTransaction } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { showTable } from '../database/model/names';
import { shardWidth } from './hash-ranges';
import { exactRows, sampledRows } from './rows.sql';
import type { Draw } from './sample-draw';
import { drawBlocks, seededRandom } from './sample-draw';
import type { BlockSums, Drawn } from './sample-estimate';
import { estimateRows, NOTHING_SEEN, standardErrors } from './sample-estimate';
import { BLOCK_BYTES, shardBytes } from './shard-bytes';
import { nullsFault, readSource } from './source';
import type { Leaf, Source } from './source';

/** What one shard of a table would hold. */
export interface ShardRows {
  readonly index: number;
  readonly rows: number;
  /** As COPY fills it: its share of the table's blocks by the size of its rows, and indexes of its own. */
  readonly bytes: number;
  /** Where the rows were estimated: bounds that hold for all shards at once, with {@link CONFIDENCE}. */
  readonly bounds?: { readonly low: number; readonly high: number };
}

/** The value of the distribution column that most rows have. */
export interface BiggestTenant {
  /** As text; null where no value of a large table has more than a few dozen rows, so that none stands out. */
  readonly value: string | null;
  readonly rows: number;
  readonly bounds?: { readonly low: number; readonly high: number };
}

/** A table's rows by shard, and how they were come by. */
export interface TableShards {
  readonly source: Source;
  readonly shards: readonly ShardRows[];
  /** Null for a table without rows. */
  readonly biggestTenant: BiggestTenant | null;
  /** Different values of the column; absent where they were not counted. */
  readonly tenants?: number;
  /** Absent where every row was read. */
  readonly sample?: { readonly blocks: number; readonly ofBlocks: number; readonly rows: number };
}

/** That all bounds of a table hold together. */
export const CONFIDENCE = 0.99;

/** `exact` reads every row; `sample` a bounded number of blocks; `auto` the latter for tables that are large. */
export type Reading = 'exact' | 'sample' | 'auto';

/** Larger tables are estimated unless all rows are asked for. */
const LARGE_BYTES = 512 * 1024 * 1024;

/** Whether a table of so many bytes is estimated instead of counted. */
export function isEstimated(reading: Reading, bytes: number): boolean {
  return reading === 'sample' || (reading === 'auto' && bytes > LARGE_BYTES);
}

/** Blocks of a sample: some hundred thousand rows of usual size. */
const SAMPLE_BLOCKS = 2000;
/** Blocks that say how large the rows of a shard are, where all rows are counted anyhow. */
const WIDTH_BLOCKS = 128;
/** Rows of the table's average size that a shard's own sizes are mixed with, so that a handful of rows does not decide. */
const AVERAGE_ROWS = 16;

const SEED = 12_1;

/** TID range scans, which reach a block without reading those before it, came with this version. */
const SAMPLING_SINCE = 140_000;

/**
 * The rows of an undistributed table by the shard Citus would put them in: exactly, by PostgreSQL's own hash function.
 *
 * @throws ScaleoutError where the table or the column is missing, or Citus would refuse them
 */
export async function readShardRows(
  client: Client,
  { table, distributeBy, primaryKey }: Pick<DistributedTable, 'table' | 'distributeBy' | 'primaryKey'>,
  shardCount: number,
): Promise<readonly ShardRows[]> {
  return withSnapshot(client, async () => {
    const source = { ...(await readSource(client, table, distributeBy)), primaryKey };
    return (await readTableShards(client, source, shardCount, 'exact')).shards;
  });
}

/** @throws ScaleoutError where the column holds NULLs, or sampling is asked for and cannot be done */
export async function readTableShards(
  client: Client,
  source: Source,
  shardCount: number,
  reading: Reading,
): Promise<TableShards> {
  const obstacle = await samplingObstacle(client, source);
  if (reading === 'sample' && obstacle !== undefined) {
    throw new ScaleoutError(
      'simulate.no-sample',
      `${showTable(source.table)} cannot be sampled: ${obstacle}. Leave --sample out, and every row is read`,
    );
  }
  return obstacle === undefined && isEstimated(reading, blocksOf(source) * BLOCK_BYTES)
    ? readSample(client, source, shardCount)
    : readExactly(client, source, shardCount, obstacle === undefined);
}

function blocksOf({ leaves }: Source): number {
  return leaves.reduce((sum, { blocks }) => sum + blocks, 0);
}

async function samplingObstacle(client: Client, { leaves }: Source): Promise<string | undefined> {
  if (!leaves.every(({ isHeap }) => isHeap)) return 'it is not stored in blocks of rows (access method heap)';
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  return (rows[0]?.version ?? 0) >= SAMPLING_SINCE
    ? undefined
    : 'the server is older than PostgreSQL 14, which is the first that can read single blocks';
}

/**
 * Naming the biggest value costs something for every value with so many rows: in a small table all are looked at, in a
 * large one those that could stand out.
 */
export function fewestNamedRows(bytes: number): number {
  return Math.min(32, Math.max(1, Math.ceil(bytes / (4 * 1024 * 1024))));
}

/** What was counted of one shard. */
export interface CountedRow {
  /** Null for NULLs. */
  readonly index: number | null;
  readonly rows: number;
  readonly tenants: number;
  readonly biggestRows: number;
  readonly biggest: string | null;
}

async function readExactly(
  client: Client,
  source: Source,
  shardCount: number,
  withWidths: boolean,
): Promise<TableShards> {
  const { rows } = await client.query<CountedRow>(exactRows(source), [
    shardCount,
    shardWidth(shardCount),
    fewestNamedRows(blocksOf(source) * BLOCK_BYTES),
  ]);
  const nulls = rows.find(({ index }) => index === null)?.rows ?? 0;
  if (nulls > 0) throw nullsFault(source, `${String(nulls)} of its rows are NULL there`);
  const widths = withWidths ? await drawSample(client, source, shardCount, WIDTH_BLOCKS) : undefined;
  const byIndex = new Map(rows.map((row) => [row.index, row]));
  const counted = Array.from({ length: shardCount }, (_, index) => byIndex.get(index)?.rows ?? 0);
  const { biggestTenant = null, tenants } = tenantsOf(rows);
  const bytes = shareBytes(source, counted, widths);
  return {
    source,
    shards: counted.map((each, index) => ({ index, rows: each, bytes: bytes[index] ?? 0 })),
    biggestTenant,
    tenants,
  };
}

/** The value that most rows have, and how many values there are. Pure. */
export function tenantsOf(rows: readonly CountedRow[]): {
  readonly biggestTenant?: BiggestTenant;
  readonly tenants: number;
} {
  const [most] = [...rows].sort((a, b) => b.biggestRows - a.biggestRows);
  return {
    ...(most === undefined ? {} : { biggestTenant: { value: most.biggest, rows: most.biggestRows } }),
    tenants: rows.reduce((sum, { tenants }) => sum + tenants, 0),
  };
}

async function readSample(client: Client, source: Source, shardCount: number): Promise<TableShards> {
  const sample = await drawSample(client, source, shardCount, SAMPLE_BLOCKS);
  const nulls = sample.rows.get(null)?.seen ?? 0;
  if (nulls > 0) {
    throw nullsFault(source, `${String(nulls)} of the ${String(sample.seen)} rows sampled are NULL there`);
  }
  const z = standardErrors(CONFIDENCE, shardCount + 1);
  const estimates = Array.from({ length: shardCount }, (_, index) =>
    estimateRows(sample.rows.get(index) ?? NOTHING_SEEN, sample.drawn, z),
  );
  const bytes = shareBytes(
    source,
    estimates.map(({ rows }) => rows),
    sample,
  );
  const top = sample.rows.get(TOP);
  return {
    source,
    shards: estimates.map((estimated, index) => ({
      index,
      rows: estimated.rows,
      bytes: bytes[index] ?? 0,
      bounds: { low: estimated.low, high: estimated.high },
    })),
    biggestTenant: top === undefined ? null : biggestSeen(top, sample.drawn),
    sample: { blocks: sample.drawn.draws, ofBlocks: sample.drawn.totalBlocks, rows: sample.seen },
  };
}

/** The one of thousands that was seen most was also lucky, which the bounds allow for: they hold for all that were seen. */
function biggestSeen(top: SampleRow, drawn: Drawn): BiggestTenant {
  const estimated = estimateRows(top, drawn, standardErrors(CONFIDENCE, top.tenants ?? 1));
  return { value: top.tenant, rows: estimated.rows, bounds: { low: estimated.low, high: estimated.high } };
}

interface SampleRow extends BlockSums {
  /** A shard's, {@link TOP} or {@link ALL}; null for NULLs. */
  readonly index: number | null;
  /** Of the rows, each block's times what it stands for. */
  readonly bytes: number;
  readonly tenant: string | null;
  readonly tenants: number | null;
}

const ALL = -1;
const TOP = -2;

interface Sample {
  readonly rows: ReadonlyMap<number | null, SampleRow>;
  readonly drawn: Drawn;
  readonly seen: number;
}

async function drawSample(
  client: Client,
  source: Source,
  shardCount: number,
  blocks: number,
): Promise<Sample> {
  const leaves = source.leaves.filter((leaf) => leaf.blocks > 0);
  const draws = drawBlocks(
    leaves.map((leaf) => leaf.blocks),
    blocks,
    seededRandom(SEED),
  );
  const totalBlocks = blocksOf(source);
  const rows = draws.length === 0 ? [] : await readDraws(client, source, leaves, draws, shardCount);
  const byIndex = new Map(rows.map((row) => [row.index, row]));
  const all = byIndex.get(ALL);
  return {
    rows: byIndex,
    drawn: {
      draws: draws.length,
      totalBlocks,
      rowsPerBlock: totalBlocks === 0 ? 0 : (all?.estimate ?? 0) / totalBlocks,
    },
    seen: all?.seen ?? 0,
  };
}

async function readDraws(
  client: Client,
  source: Source,
  leaves: readonly Leaf[],
  draws: readonly Draw[],
  shardCount: number,
): Promise<SampleRow[]> {
  const numbered = draws.map((draw, index) => ({ ...draw, draw: index + 1 }));
  const byLeaf = leaves.map((_, leaf) => numbered.filter((draw) => draw.leaf === leaf));
  const parameters = byLeaf.flatMap((own) => [
    own.map(({ draw }) => draw),
    own.map(({ weight }) => weight),
    own.map(({ block }) => `(${String(block)},0)`),
    own.map(({ block }) => `(${String(block + 1)},0)`),
  ]);
  // One server process, for one statement, over rows whose number is bounded: room to sort them in memory.
  await client.query("SELECT set_config('work_mem', '64MB', true)");
  const { rows } = await client.query<SampleRow>(sampledRows(source, leaves), [
    shardCount,
    shardWidth(shardCount),
    draws.length,
    ...parameters,
  ]);
  await client.query('SET LOCAL work_mem TO DEFAULT');
  return rows;
}

/** By rows and their size; the partitions of a table are taken to be cut alike. Pure. */
function shareBytes(source: Source, rows: readonly number[], sample: Sample | undefined): number[] {
  const all = sample?.rows.get(ALL);
  const average = all === undefined || all.estimate === 0 ? 1 : all.bytes / all.estimate;
  const weights = rows.map((count, index) => {
    const seen = sample?.rows.get(index);
    if (seen === undefined || seen.estimate === 0) return count * average;
    const own = seen.bytes / seen.estimate;
    return (count * (own * seen.seen + average * AVERAGE_ROWS)) / (seen.seen + AVERAGE_ROWS);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const blocks = blocksOf(source);
  return weights.map((weight, shard) => {
    const share = total === 0 ? 0 : weight / total;
    return source.leaves.reduce((sum, leaf) => {
      const part = blocks === 0 ? 0 : leaf.blocks / blocks;
      const held = { share: part === 0 ? 0 : share, rows: (rows[shard] ?? 0) * part };
      return sum + shardBytes(leaf, held, source.primaryKey);
    }, 0);
  });
}

/**
 * Runs reads that see the database as of one moment and can change nothing.
 */
export function withSnapshot<T>(client: Client, read: () => Promise<T>): Promise<T> {
  return withTransaction(client, async () => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    // Compiling takes longer than it saves on statements that do this little with each row.
    await client.query("SELECT set_config('jit', 'off', true)");
    return withBoundedReads(client, read);
  });
}

import type { Client } from 'pg';
import type { DistributedTable, Distribution, TableName } from '../../config/workload/distribution-types';
import { allOf } from '../../config/text/text';
import type { ConnectionTarget } from '../lib/connection';
import { requirePrimary } from '../citus/nodes';
import { withClient } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { putBackFirst } from '../database/checks/put-back-first';
import { sameTable, showTable } from '../database/model/names';
import { orderTables } from '../database/model/order';
import { requireShardCount } from '../database/model/shard-count';
import type { Node } from '../citus/nodes';
import { readInTurn } from './in-turn';
import { distributedAmong, readLayout } from './shard-layout';
import type { RebalanceSimulation, TopologyChange } from './real-rebalance';
import { simulateRebalance } from './real-rebalance';
import type { Strategy } from '../citus/strategy';
import {
  distributedSchemasAmong,
  nextColocationId,
  readSchemas,
  referencesInOrder,
  wholeSchemas,
} from './schemas';
import type { Reading } from './shard-rows';
import { readTableShards, withSnapshot } from './shard-rows';
import type { Estimate } from '../rebalance/cost/estimate';
import type { ReadTable, Simulation, Topology } from './simulation';
import { simulateCluster } from './simulation';
import type { Source } from './source';
import { readReferences, readSource, readWholeBytes } from './source';
import { describeRebalance, describeSimulation } from './text';

export interface SimulateInput {
  readonly target: ConnectionTarget;
  /** How the database is to be distributed; may be left out where it is distributed already. */
  readonly expected?: Distribution | undefined;
  /** Instead of the specification's. */
  readonly shardCount?: number | undefined;
  /** @default - two workers beside a coordinator that holds shards, or those of a cluster that is there */
  readonly topology: TopologyChange;
  readonly strategy: Strategy;
  readonly reading: Reading;
  /** From measured rates, of moves that follow one another. */
  readonly estimateMoves: (moves: readonly { readonly bytes: number }[]) => Estimate;
}

/** Far above any cluster; keeps a slip of the finger from filling the memory. */
const MOST_WORKERS = 10_000;

/**
 * Says what a database would be once distributed, from its real rows and without changing anything: the rows and bytes
 * of every shard, the nodes they come to, and what a rebalance would move. Needs no Citus.
 *
 * Of a database that is distributed already it says what a rebalance would move, from the shards and sizes that are
 * there: `get_rebalance_table_shards_plan()` for a cluster of another size.
 *
 * @throws ScaleoutError where the question cannot be asked of this database
 */
export async function simulate(
  context: VerbContext,
  input: SimulateInput,
): Promise<VerbResult<Simulation | RebalanceSimulation>> {
  const { expected, topology } = input;
  requirePossibleWorkers(topology);
  if (input.shardCount !== undefined) requireShardCount(input.shardCount);
  return withClient(
    input.target,
    async (client) => {
      await putBackFirst(client, context.reporter);
      if (expected !== undefined && !(await isDistributed(client, expected))) {
        const simulation = await simulateDistribution(context, client, { ...input, expected });
        return { document: simulation, text: describeSimulation(simulation), outcome: 'done' };
      }
      await requirePrimary(client);
      const layout = await readLayout(context, client, input);
      if (layout === undefined) throw nothingDeclared();
      if (input.shardCount !== undefined) throw fixedShardCount();
      requireSomewhere(topology, layout.nodes);
      const simulation = simulateRebalance({ ...input, layout });
      return { document: simulation, text: describeRebalance(simulation), outcome: 'done' };
    },
    { purpose: 'simulate', reporter: context.reporter, signal: context.signal },
  );
}

async function simulateDistribution(
  context: VerbContext,
  client: Client,
  input: SimulateInput & { readonly expected: Distribution },
): Promise<Simulation> {
  const { expected, reading } = input;
  const shardCount = input.shardCount ?? expected.shardCount;
  requireShardCount(shardCount);
  const { workers = 2, coordinatorHoldsShards = true } = input.topology;
  const topology = { workers, coordinatorHoldsShards };
  requirePlace(topology);
  const distributed = expected.tables.filter((table) => table.kind === 'distributed');
  const whole = wholeSchemas(expected);
  if (distributed.length === 0 && whole.length === 0) {
    throw new ScaleoutError(
      'input.nothing-specified',
      'nothing is distributed there, so that there are no shards to simulate: give a table distributeBy or a schema { distributed: true }, or name a table with --table and --column',
    );
  }
  const read = await withSnapshot(client, async () => ({
    schemas: await readSchemas(client, whole, await referencesInOrder(client, expected), reading, context),
    tables:
      distributed.length === 0 ? [] : await readTables(context, client, distributed, shardCount, reading),
    referenceTables: await readReferenceTables(client, expected),
    firstColocationId: await nextColocationId(
      client,
      expected.tables.some(({ kind }) => kind === 'reference'),
    ),
  }));
  return simulateCluster({ ...input, ...read, topology, shardCount });
}

/** Whether all that is to be distributed is; in between there is no telling what is asked. */
async function isDistributed(client: Client, expected: Distribution): Promise<boolean> {
  const asked = expected.tables.filter(({ kind }) => kind === 'distributed').map(({ table }) => table);
  const whole = wholeSchemas(expected);
  const thereAlready = await distributedAmong(client, asked);
  const schemasThere = await distributedSchemasAmong(client, whole);
  const there = [...thereAlready.map(showTable), ...schemasThere.map(showSchema)];
  if (there.length === 0) return false;
  const open = [
    ...asked.filter((table) => !thereAlready.some((each) => sameTable(each, table))).map(showTable),
    ...whole.filter((schema) => !schemasThere.includes(schema)).map(showSchema),
  ];
  if (open.length === 0) return true;
  throw new ScaleoutError(
    'simulate.partly-distributed',
    `${allOf(open)} ${open.length === 1 ? 'is' : 'are'} not distributed yet, and ${allOf(there)} ${there.length === 1 ? 'is' : 'are'}: simulate the rest by itself (--table with --column, or a file that names nothing else), or leave --spec and --workload out to simulate a rebalance of what is there; nothing was changed`,
  );
}

function showSchema(schema: string): string {
  return `schema ${schema}`;
}

function nothingDeclared(): ScaleoutError {
  return new ScaleoutError(
    'input.nothing-specified',
    'nothing says how the database should be distributed, and nothing in it is distributed yet: name a file with --spec, a workload with --workload, an environment with --env, or one table with --table and --column',
  );
}

function fixedShardCount(): ScaleoutError {
  return new ScaleoutError(
    'input.invalid',
    '--shards asks how tables would be cut, and these are cut already: leave it out to simulate a rebalance of the shards there are; another shardCount in the specification is what `tables plan` goes by; nothing was changed',
  );
}

/** A specification of one table. */
export function distributionOf(table: TableName, column: string, shardCount: number): Distribution {
  return { shardCount, online: true, tables: [{ kind: 'distributed', table, distributeBy: column }] };
}

function requirePossibleWorkers({ workers }: TopologyChange): void {
  if (workers === undefined) return;
  if (Number.isInteger(workers) && workers >= 0 && workers <= MOST_WORKERS) return;
  throw new ScaleoutError(
    'input.invalid',
    `${String(workers)} is no number of workers: give a whole one from 0, which is the coordinator alone; nothing was changed`,
  );
}

function requirePlace({ workers, coordinatorHoldsShards }: Topology): void {
  if (workers > 0 || coordinatorHoldsShards) return;
  throw new ScaleoutError(
    'input.invalid',
    'a cluster without workers has no node but the coordinator for its shards: add --workers, or let the coordinator hold them; nothing was changed',
  );
}

/** The same of a cluster that is there. */
function requireSomewhere(topology: TopologyChange, nodes: readonly Node[]): void {
  const present = nodes.filter(({ groupId }) => groupId !== 0).length;
  requirePlace({
    workers: topology.workers ?? present,
    coordinatorHoldsShards: topology.coordinatorHoldsShards ?? true,
  });
}

async function readTables(
  context: VerbContext,
  client: Client,
  distributed: readonly DistributedTable[],
  shardCount: number,
  reading: Reading,
): Promise<ReadTable[]> {
  const sources: DistributedSource[] = [];
  // All names first: a wrong one is said before the first table is read.
  for (const declared of await distributionOrder(client, distributed)) {
    const { table, distributeBy, primaryKey } = declared;
    const root = groupRoot(declared, distributed).table;
    sources.push({ ...(await readSource(client, table, distributeBy)), primaryKey, root });
  }
  requireOneType(sources);
  return readInTurn(
    context,
    'reading tables',
    sources,
    ({ table }) => showTable(table),
    async (source) => ({
      name: showTable(source.table),
      group: showTable(source.root),
      read: await readTableShards(client, source, shardCount, reading),
    }),
  );
}

/** With the table that starts its colocation group. */
type DistributedSource = Source & { readonly root: TableName };

/** As `tables apply` does it: what others are colocated with first, then parents before children, then by name. */
async function distributionOrder(
  client: Client,
  distributed: readonly DistributedTable[],
): Promise<DistributedTable[]> {
  const groups = distributed.flatMap(({ table, colocateWith }) =>
    colocateWith === undefined ? [] : [{ first: colocateWith, then: table, firm: true }],
  );
  const ordered = orderTables(
    distributed.map(({ table }) => table),
    [...(await readReferences(client)), ...groups],
  );
  return ordered.flatMap((table) => distributed.find((each) => sameTable(each.table, table)) ?? []);
}

/** Equal values of different types have different hashes. */
function requireOneType(sources: readonly DistributedSource[]): void {
  for (const own of sources) {
    const other = sources.find(({ table }) => sameTable(table, own.root)) ?? own;
    if (own.type === other.type) continue;
    throw new ScaleoutError(
      'simulate.types-differ',
      `${showTable(own.table)} cannot be colocated with ${showTable(other.table)}: ${own.column} is ${own.type} and ${other.column} is ${other.type}, and Citus colocates columns of one type only. Change the type of one, or leave colocateWith out; nothing was changed`,
    );
  }
}

function groupRoot(table: DistributedTable, all: readonly DistributedTable[]): DistributedTable {
  const { colocateWith } = table;
  const parent = colocateWith && all.find((other) => sameTable(other.table, colocateWith));
  return parent === undefined ? table : groupRoot(parent, all);
}

async function readReferenceTables(
  client: Client,
  { tables }: Distribution,
): Promise<Simulation['referenceTables']> {
  const read: { table: string; bytes: number }[] = [];
  for (const { kind, table } of tables) {
    if (kind === 'reference')
      read.push({ table: showTable(table), bytes: await readWholeBytes(client, table) });
  }
  return read;
}

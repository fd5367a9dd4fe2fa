import type { Client } from 'pg';
import { SHARDS } from '../../config/workload/distribution-types';
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
import type { TableQuestion } from './asked-layout';
import { askedChanges, isNothing, layAsAsked, partedTables, questionOn } from './asked-layout';
import { readAskedRows, typesDiffer } from './asked-rows';
import { describeAsked } from './asked-report';
import { groupRoot } from './group-root';
import { readInTurn } from './in-turn';
import type { ShardLayout } from './shard-layout';
import { knownAmong, readLayout } from './shard-layout';
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
  /** One table instead of a specification. */
  readonly question?: TableQuestion | undefined;
  /** Instead of the specification's, or of those that there are. */
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
 * there: `get_rebalance_table_shards_plan()` for a cluster of another size. Where another layout is asked, it shows that
 * one beside the present one: its shards made on the nodes that are there, and the rebalance that would follow.
 *
 * @throws ScaleoutError where the question cannot be asked of this database
 */
export async function simulate(
  context: VerbContext,
  input: SimulateInput,
): Promise<VerbResult<Simulation | RebalanceSimulation>> {
  requirePossibleWorkers(input.topology);
  if (input.shardCount !== undefined) requireShardCount(input.shardCount);
  return withClient(
    input.target,
    async (client) => {
      await putBackFirst(client, context.reporter);
      const expected = input.expected ?? (await undistributedQuestion(client, input));
      if (expected !== undefined && !(await isDistributed(client, expected))) {
        return simulatedFirst(context, client, { ...input, expected });
      }
      await requirePrimary(client);
      const layout = await readLayout(context, client, input);
      if (layout === undefined) {
        if (expected === undefined) throw nothingDeclared();
        return simulatedFirst(context, client, { ...input, expected });
      }
      requireSomewhere(input.topology, layout.nodes);
      const simulation = await simulateDistributed(context, client, { ...input, layout });
      return { document: simulation, text: describeRebalance(simulation), outcome: 'done' };
    },
    { purpose: 'simulate', reporter: context.reporter, signal: context.signal },
  );
}

async function simulatedFirst(
  ...given: Parameters<typeof simulateDistribution>
): Promise<VerbResult<Simulation>> {
  const simulation = await simulateDistribution(...given);
  return { document: simulation, text: describeSimulation(simulation), outcome: 'done' };
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

/** One table of a database that is not distributed yet, with the column that has to be named then. */
async function undistributedQuestion(
  client: Client,
  { question, shardCount }: SimulateInput,
): Promise<Distribution | undefined> {
  if (question === undefined) return undefined;
  const { table, column } = question;
  if ((await knownAmong(client, [table])).length > 0) return undefined;
  if (column !== undefined) return distributionOf(table, column, shardCount ?? SHARDS.usual);
  throw new ScaleoutError(
    'input.invalid',
    `--table needs --column: ${showTable(table)} is not distributed by one yet; nothing was changed`,
  );
}

/** What is there, and beside it what is asked, where that is something else. */
async function simulateDistributed(
  context: VerbContext,
  client: Client,
  input: SimulateInput & { readonly layout: ShardLayout },
): Promise<RebalanceSimulation> {
  const { layout, question, shardCount } = input;
  const named = question === undefined ? {} : { named: showTable(question.table) };
  if (input.expected === undefined && question === undefined && shardCount === undefined) {
    return simulateRebalance(input);
  }
  const asked =
    input.expected === undefined
      ? questionOn(layout, question, shardCount)
      : { expected: input.expected, shardCount };
  if (asked === undefined) throw noColumn(question?.table);
  const changes = askedChanges(layout, asked.expected, asked.shardCount);
  if (isNothing(changes)) return { ...simulateRebalance(input), ...named };
  const rows = await readAskedRows(context, client, layout, changes, input.reading);
  const laid = layAsAsked(layout, changes, ({ table, ranges }) => {
    return rows.get(showTable(table)) ?? { rows: [], bytes: ranges.map(() => 0), estimated: false };
  });
  const present = simulateRebalance({ ...input, topology: {} });
  return {
    ...simulateRebalance({ ...input, layout: laid }),
    asked: describeAsked(changes, partedTables(layout, changes)),
    present: { tables: present.tables, nodes: present.before, moves: present.moves.length },
    ...named,
  };
}

function noColumn(table: TableName | undefined): ScaleoutError {
  return new ScaleoutError(
    'input.invalid',
    `--table needs --column: ${table === undefined ? 'it' : showTable(table)} has shards, and no column that they go by; nothing was changed`,
  );
}

/** Whether Citus has any of what is asked about already; schemas as wholes are all there, or none of them is. */
async function isDistributed(client: Client, expected: Distribution): Promise<boolean> {
  const whole = wholeSchemas(expected);
  const known = await knownAmong(
    client,
    expected.tables.map(({ table }) => table),
  );
  const schemasThere = await distributedSchemasAmong(client, whole);
  const open = whole.filter((schema) => !schemasThere.includes(schema)).map(showSchema);
  if (open.length === 0) return known.length + schemasThere.length > 0;
  // Reference tables come before schemas, and tables after them.
  const distributed = expected.tables.filter(({ kind }) => kind === 'distributed').map(({ table }) => table);
  const there = [
    ...known.filter((table) => distributed.some((each) => sameTable(each, table))).map(showTable),
    ...schemasThere.map(showSchema),
  ];
  if (there.length === 0) return false;
  throw new ScaleoutError(
    'simulate.partly-distributed',
    `${allOf(open)} ${open.length === 1 ? 'is' : 'are'} not distributed yet, and ${allOf(there)} ${there.length === 1 ? 'is' : 'are'}: simulate schemas that come as wholes by themselves, with a file that names nothing else; nothing was changed`,
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
    if (own.type !== other.type) throw typesDiffer(own, other);
  }
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

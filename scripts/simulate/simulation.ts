import type { SizedGroup, SimulatedMove, SimulatedNode } from './shard-sizes';
import { shardRange } from './hash-ranges';
import { shardGroupSize, nodeTotals, tableMoves } from './shard-sizes';
import { roundRobin, schemaNode } from './placement';
import type { PlacedGroup, RebalanceStrategy } from './rebalance';
import { applyMoves, planRebalance, STRATEGY_RULES } from './rebalance';
import { estimateSkew } from './sample-estimate';
import type { ReadSchema, ReadSchemaTable } from './schemas';
import type { BiggestTenant, TableShards } from './shard-rows';
import { CONFIDENCE } from './shard-rows';

/** The cluster that is asked about. */
export interface Topology {
  readonly workers: number;
  /** Whether the coordinator keeps shards once there are workers. */
  readonly coordinatorHoldsShards: boolean;
}

/** A table as it would be distributed. */
export interface ReadTable {
  /** As messages name it. */
  readonly name: string;
  /** The table that starts its colocation group. */
  readonly group: string;
  readonly read: TableShards;
}

export interface SimulatedShard {
  readonly index: number;
  /** The smallest and the largest hash. */
  readonly min: number;
  readonly max: number;
  readonly rows: number;
  readonly bytes: number;
  /** Bounds of `rows` where they were estimated. */
  readonly rowsBetween?: readonly [low: number, high: number];
}

export interface SimulatedTable {
  readonly table: string;
  readonly column: string;
  /** PostgreSQL's function that decides. */
  readonly hashFunction: string;
  /** Tables of one group live and move together. */
  readonly colocationGroup: string;
  readonly rows: number;
  readonly bytes: number;
  readonly shards: readonly SimulatedShard[];
  /** Rows of the largest shard over those of the average shard; 1 is even. */
  readonly skew: number;
  readonly skewBetween?: readonly [low: number, high: number];
  readonly biggestTenant:
    | (Pick<BiggestTenant, 'value' | 'rows'> & {
        /** Of the table's rows, from 0 to 1. */
        readonly share: number;
        readonly rowsBetween?: readonly [low: number, high: number];
      })
    | null;
  /** Different values of the column; absent where rows were sampled. */
  readonly tenants?: number;
  /** Absent where every row was read. */
  readonly sample?: {
    readonly blocks: number;
    readonly ofBlocks: number;
    readonly rows: number;
    /** That all bounds of the table hold at once, from 0 to 1. */
    readonly confidence: number;
  };
}

/** A schema that is distributed as a whole: one shard of each of its tables, all of them on one node. */
export interface SimulatedSchema {
  readonly schema: string;
  readonly rows: number;
  readonly bytes: number;
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    /** Of the planner; absent where every row was counted. */
    readonly estimated?: true;
    readonly bytes: number;
  }[];
  /** The node it is on once the shards are rebalanced; null where it has no tables. */
  readonly node: string | null;
}

/** How long moves take and how long a write may wait for them. */
export interface MoveEstimate {
  readonly seconds: number;
  readonly longestWritePauseMs: number;
  readonly assumes: string;
}

/** What `simulate` answers with. Nothing of it has happened. */
export interface Simulation {
  readonly formatVersion: 1;
  readonly simulated: true;
  readonly shardCount: number;
  readonly workers: number;
  readonly coordinatorHoldsShards: boolean;
  readonly strategy: RebalanceStrategy;
  readonly tables: readonly SimulatedTable[];
  readonly schemas: readonly SimulatedSchema[];
  /** Copied whole to every node. */
  readonly referenceTables: readonly { readonly table: string; readonly bytes: number }[];
  /** Distributed on the lone coordinator, before there are workers. */
  readonly before: readonly SimulatedNode[];
  /** Of the rebalance after workers were added, in Citus's order. */
  readonly moves: readonly SimulatedMove[];
  /** After those moves. */
  readonly nodes: readonly SimulatedNode[];
  readonly estimate: MoveEstimate;
  /** What comes of adding workers first and distributing after. */
  readonly workersFirst: {
    readonly nodes: readonly SimulatedNode[];
    /** Moves that a rebalance would still make, colocated shards counted as one. */
    readonly moves: number;
    /**
     * Schemas that Citus puts on nodes in an order of its own, as it does where the first table was local by then because
     * of a foreign key to a reference table. They are counted where the order of the nodes would put them.
     */
    readonly schemasInAnyOrder: readonly string[];
  };
}

export interface SimulationInput {
  readonly shardCount: number;
  readonly topology: Topology;
  readonly strategy: RebalanceStrategy;
  /** In the order they are distributed. */
  readonly tables: readonly ReadTable[];
  /** In the order they are distributed: after the reference tables, before the tables. */
  readonly schemas?: readonly ReadSchema[];
  /** The id of the first schema's colocation group; those of the others follow. */
  readonly firstColocationId?: number;
  readonly referenceTables: Simulation['referenceTables'];
  readonly estimateMoves: (moves: readonly { readonly bytes: number }[]) => MoveEstimate;
}

/** A colocation group: its tables have equally many shards, and those of equal place live and move together. */
interface Group extends SizedGroup {
  readonly shardCount: number;
  /** The node of each shard on that many empty nodes, counted from 0. */
  readonly nodesAmong: (nodeCount: number) => readonly number[];
  /** Stands for the ids of its shards, where they do not follow those of the groups before it. */
  readonly shardIds?: readonly number[];
}

/** Puts what was read of the tables together to what the cluster would be. Pure. */
export function simulateCluster(input: SimulationInput): Simulation {
  const { shardCount, topology, strategy, tables, schemas = [] } = input;
  const rules = STRATEGY_RULES[strategy];
  const groups = [...schemaGroups(schemas, input.firstColocationId ?? 1), ...groupsOf(tables, shardCount)];
  const names = nodeNames(topology.workers);
  const nodes = names.map((_, node) => ({
    holdsShards: node > 0 || topology.workers === 0 || topology.coordinatorHoldsShards,
  }));
  const onCoordinator = place(groups, (group) => Array.from({ length: group.shardCount }, () => 0));
  const moves = planRebalance(onCoordinator, nodes, rules);
  const holders = nodes.flatMap(({ holdsShards }, node) => (holdsShards ? [node] : []));
  const spread = place(groups, (group) => group.nodesAmong(holders.length).map((at) => holders[at] ?? 0));
  const balanced = applyMoves(onCoordinator, moves);
  return {
    formatVersion: 1,
    simulated: true,
    shardCount,
    ...topology,
    strategy,
    tables: tables.map((table) => describeTable(table, shardCount)),
    schemas: schemas.map((schema, at) => describeSchema(schema, names[balanced[at]?.[0] ?? -1] ?? null)),
    referenceTables: input.referenceTables,
    before: nodeTotals(names, groups, applyMoves(onCoordinator, [])),
    moves: moves.flatMap((move) => tableMoves(move, groups[move.group], names)),
    nodes: nodeTotals(names, groups, balanced),
    estimate: input.estimateMoves(
      moves.map(({ group, shard }) => ({ bytes: onCoordinator[group]?.shards[shard]?.bytes ?? 0 })),
    ),
    workersFirst: {
      nodes: nodeTotals(names, groups, applyMoves(spread, [])),
      moves: planRebalance(spread, nodes, rules).length,
      schemasInAnyOrder: schemas
        .filter(({ turnsLocal }) => turnsLocal !== undefined)
        .map(({ schema }) => schema),
    },
  };
}

function nodeNames(workers: number): string[] {
  return ['coordinator', ...Array.from({ length: workers }, (_, worker) => `w${String(worker)}`)];
}

/** Colocation groups in the order of their first tables, which is the order Citus rebalances them in. */
function groupsOf(tables: readonly ReadTable[], shardCount: number): Group[] {
  const byRoot = new Map<string, ReadTable[]>();
  for (const table of tables) byRoot.set(table.group, [...(byRoot.get(table.group) ?? []), table]);
  return [...byRoot.values()].map((members) => ({
    shardCount,
    tables: members.map(({ name, read }) => ({ name, shards: read.shards })),
    nodesAmong: (nodeCount) => roundRobin(shardCount, nodeCount),
  }));
}

/** A schema without tables has nothing that could be anywhere, and is a group all the same. */
function schemaGroups(schemas: readonly ReadSchema[], firstColocationId: number): Group[] {
  // Sorting keeps the order of the plan among those whose shards are made with the schema.
  const byShardId = schemas
    .filter(({ tables }) => tables.length > 0)
    .sort((a, b) => (a.turnsLocal ?? schemas.length) - (b.turnsLocal ?? schemas.length));
  const ids = new Map(byShardId.map((schema, index) => [schema, index + 1]));
  return schemas.map((schema, place) => ({
    shardIds: [ids.get(schema) ?? 0],
    shardCount: schema.tables.length === 0 ? 0 : 1,
    tables: schema.tables.map(({ name, rows, bytes }) => ({ name, shards: [{ rows, bytes }] })),
    nodesAmong: (nodeCount) =>
      schema.tables.length === 0 ? [] : [schemaNode(firstColocationId + place, nodeCount)],
  }));
}

function place(groups: readonly Group[], nodesOf: (group: Group) => readonly number[]): PlacedGroup[] {
  return groups.map((group) => ({
    shards: nodesOf(group).map((node, shard) => {
      const id = group.shardIds?.[shard];
      return { node, bytes: shardGroupSize(group, shard).bytes, ...(id === undefined ? {} : { id }) };
    }),
  }));
}

function describeSchema({ schema, tables }: ReadSchema, node: string | null): SimulatedSchema {
  const sum = (of: (table: ReadSchemaTable) => number): number =>
    tables.reduce((all, table) => all + of(table), 0);
  return {
    schema,
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    tables: tables.map(({ name, rows, estimated, bytes }) => ({
      table: name,
      rows,
      ...(estimated ? { estimated: true as const } : {}),
      bytes,
    })),
    node,
  };
}

function describeTable({ name, group, read }: ReadTable, shardCount: number): SimulatedTable {
  const { source, shards, biggestTenant, sample, tenants } = read;
  const rows = shards.reduce((sum, shard) => sum + shard.rows, 0);
  const skew = estimateSkew(
    shards.map((shard) => ({
      rows: shard.rows,
      low: shard.bounds?.low ?? shard.rows,
      high: shard.bounds?.high ?? shard.rows,
    })),
  );
  return {
    table: name,
    column: source.column,
    hashFunction:
      source.hash.schema === 'pg_catalog' ? source.hash.name : `${source.hash.schema}.${source.hash.name}`,
    colocationGroup: group,
    rows,
    bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0),
    shards: shards.map((shard) => ({
      index: shard.index,
      ...shardRange(shard.index, shardCount),
      rows: shard.rows,
      bytes: shard.bytes,
      ...(shard.bounds === undefined ? {} : { rowsBetween: [shard.bounds.low, shard.bounds.high] as const }),
    })),
    skew: round(skew.skew),
    ...(sample === undefined ? {} : { skewBetween: [floor(skew.low), ceil(skew.high)] as const }),
    biggestTenant:
      biggestTenant === null
        ? null
        : {
            value: biggestTenant.value,
            rows: biggestTenant.rows,
            share: rows === 0 ? 0 : Math.round((biggestTenant.rows / rows) * 1e6) / 1e6,
            ...(biggestTenant.bounds === undefined
              ? {}
              : { rowsBetween: [biggestTenant.bounds.low, biggestTenant.bounds.high] as const }),
          },
    ...(tenants === undefined ? {} : { tenants }),
    ...(sample === undefined ? {} : { sample: { ...sample, confidence: CONFIDENCE } }),
  };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
const floor = (value: number): number => Math.floor(value * 1000) / 1000;
const ceil = (value: number): number => Math.ceil(value * 1000) / 1000;

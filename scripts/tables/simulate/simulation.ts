import { shardRange } from './hash-ranges';
import { roundRobin } from './placement';
import type { GroupMove, PlacedGroup, RebalanceStrategy } from './rebalance';
import { applyMoves, planRebalance, STRATEGY_RULES } from './rebalance';
import { estimateSkew } from './sample-estimate';
import type { BiggestTenant, ShardRows, TableShards } from './shard-rows';
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

export interface SimulatedNode {
  /** `coordinator`, `w0`, `w1`, ... */
  readonly name: string;
  /** Counted as they move: the shards of colocated tables that cover the same range are one. */
  readonly shards: number;
  readonly rows: number;
  readonly bytes: number;
}

/** One shard of one table; colocated shards follow one another, as in Citus's own plan. */
export interface SimulatedMove {
  readonly table: string;
  /** Its index, from 0. */
  readonly shard: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
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
  };
}

export interface SimulationInput {
  readonly shardCount: number;
  readonly topology: Topology;
  readonly strategy: RebalanceStrategy;
  /** In the order they are distributed. */
  readonly tables: readonly ReadTable[];
  readonly referenceTables: Simulation['referenceTables'];
  readonly estimateMoves: (moves: readonly { readonly bytes: number }[]) => MoveEstimate;
}

interface Group {
  readonly tables: readonly ReadTable[];
}

/** Puts what was read of the tables together to what the cluster would be. Pure. */
export function simulateCluster(input: SimulationInput): Simulation {
  const { shardCount, topology, strategy, tables } = input;
  const rules = STRATEGY_RULES[strategy];
  const groups = groupsOf(tables);
  const names = nodeNames(topology.workers);
  const nodes = names.map((_, node) => ({
    holdsShards: node > 0 || topology.workers === 0 || topology.coordinatorHoldsShards,
  }));
  const onCoordinator = place(groups, () => Array.from({ length: shardCount }, () => 0));
  const moves = planRebalance(onCoordinator, nodes, rules);
  const holders = nodes.flatMap(({ holdsShards }, node) => (holdsShards ? [node] : []));
  const spread = place(groups, () => roundRobin(shardCount, holders.length).map((at) => holders[at] ?? 0));
  return {
    formatVersion: 1,
    simulated: true,
    shardCount,
    ...topology,
    strategy,
    tables: tables.map((table) => describeTable(table, shardCount)),
    referenceTables: input.referenceTables,
    before: holdings(names, groups, applyMoves(onCoordinator, [])),
    moves: moves.flatMap((move) => tableMoves(move, groups[move.group], names)),
    nodes: holdings(names, groups, applyMoves(onCoordinator, moves)),
    estimate: input.estimateMoves(
      moves.map(({ group, shard }) => ({ bytes: onCoordinator[group]?.shards[shard]?.bytes ?? 0 })),
    ),
    workersFirst: {
      nodes: holdings(names, groups, applyMoves(spread, [])),
      moves: planRebalance(spread, nodes, rules).length,
    },
  };
}

function nodeNames(workers: number): string[] {
  return ['coordinator', ...Array.from({ length: workers }, (_, worker) => `w${String(worker)}`)];
}

/** Colocation groups in the order of their first tables, which is the order Citus rebalances them in. */
function groupsOf(tables: readonly ReadTable[]): Group[] {
  const byRoot = new Map<string, ReadTable[]>();
  for (const table of tables) byRoot.set(table.group, [...(byRoot.get(table.group) ?? []), table]);
  return [...byRoot.values()].map((members) => ({ tables: members }));
}

function place(groups: readonly Group[], nodesOf: (group: Group) => readonly number[]): PlacedGroup[] {
  return groups.map((group) => ({
    shards: nodesOf(group).map((node, shard) => ({ node, bytes: sumOf(group, shard, ({ bytes }) => bytes) })),
  }));
}

function sumOf({ tables }: Group, shard: number, of: (shard: ShardRows) => number): number {
  return tables.reduce((sum, { read }) => {
    const found = read.shards[shard];
    return found === undefined ? sum : sum + of(found);
  }, 0);
}

function holdings(
  names: readonly string[],
  groups: readonly Group[],
  placement: readonly (readonly number[])[],
): SimulatedNode[] {
  const held = names.map((name) => ({ name, shards: 0, rows: 0, bytes: 0 }));
  for (const [at, group] of groups.entries()) {
    for (const [shard, node] of (placement[at] ?? []).entries()) {
      const holder = held[node];
      if (holder === undefined) continue;
      holder.shards += 1;
      holder.rows += sumOf(group, shard, ({ rows }) => rows);
      holder.bytes += sumOf(group, shard, ({ bytes }) => bytes);
    }
  }
  return held;
}

function tableMoves(
  { shard, from, to }: GroupMove,
  group: Group | undefined,
  names: readonly string[],
): SimulatedMove[] {
  return (group?.tables ?? []).map(({ name, read }) => ({
    table: name,
    shard,
    from: names[from] ?? '',
    to: names[to] ?? '',
    bytes: read.shards[shard]?.bytes ?? 0,
  }));
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

import { groupBy } from '../lib/group-by';
import type { Estimate } from '../rebalance/cost/estimate';
import { shardRange } from './hash-ranges';
import { roundRobin, schemaNode } from './placement';
import type { Strategy } from '../citus/strategy';
import type { ClusterNode } from './rebalance';
import { planRebalance, STRATEGY_RULES } from './rebalance';
import { nodeTotals, reportRebalance, sizedGroup } from './shard-sizes';
import type { RebalanceReport, SimulatedNode, SizedTable } from './shard-sizes';
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

/** What `simulate` answers with. Nothing of it has happened: the rebalance is the one after workers were added. */
export interface Simulation extends RebalanceReport, Topology {
  readonly formatVersion: 1;
  readonly simulated: true;
  readonly shardCount: number;
  readonly tables: readonly SimulatedTable[];
  readonly schemas: readonly SimulatedSchema[];
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
  readonly strategy: Strategy;
  /** In the order they are distributed. */
  readonly tables: readonly ReadTable[];
  /** In the order they are distributed: after the reference tables, before the tables. */
  readonly schemas?: readonly ReadSchema[];
  /** The id of the first schema's colocation group; those of the others follow. */
  readonly firstColocationId?: number;
  readonly referenceTables: Simulation['referenceTables'];
  readonly estimateMoves: (moves: readonly { readonly bytes: number }[]) => Estimate;
}

/** A colocation group: its tables have equally many shards, and those of equal place live and move together. */
interface ColocationGroup {
  readonly tables: readonly SizedTable[];
  /** Stand for the ids of its shards: they grow in the order in which Citus would make the shards. */
  readonly shardIds: readonly number[];
  /** The node of each shard on that many empty nodes, counted from 0. */
  readonly nodesAmong: (nodeCount: number) => readonly number[];
}

/** Puts what was read of the tables together to what the cluster would be. Pure. */
export function simulateCluster(input: SimulationInput): Simulation {
  const { shardCount, topology, strategy, tables, schemas = [] } = input;
  const rules = STRATEGY_RULES[strategy];
  const groups = [
    ...schemaGroups(schemas, input.firstColocationId ?? 1),
    ...tableGroups(tables, shardCount, schemas.length + 1),
  ];
  const nodes = nodesOf(topology);
  const onCoordinator = groups.map((group) =>
    group.shardIds.map((id, at) => sizedGroup(group.tables, at, id, 0)),
  );
  const { report, after } = reportRebalance(onCoordinator, nodes, rules, input.estimateMoves);
  const holders = nodes.filter(({ shouldHaveShards }) => shouldHaveShards);
  const spread = groups.map(({ tables: own, shardIds, nodesAmong }) =>
    nodesAmong(holders.length).map((node, at) =>
      sizedGroup(own, at, shardIds[at] ?? 0, holders[node]?.groupId ?? 0),
    ),
  );
  return {
    formatVersion: 1,
    simulated: true,
    shardCount,
    ...topology,
    strategy,
    tables: tables.map((table) => describeTable(table, shardCount)),
    schemas: schemas.map((schema, at) => describeSchema(schema, nodes[after[at]?.[0]?.groupId ?? -1]?.label)),
    referenceTables: input.referenceTables,
    ...report,
    workersFirst: {
      nodes: nodeTotals(nodes, spread),
      moves: planRebalance(spread, nodes, rules).length,
      schemasInAnyOrder: schemas
        .filter(({ turnsLocal }) => turnsLocal !== undefined)
        .map(({ schema }) => schema),
    },
  };
}

/** The coordinator and its workers, whose group ids count from 0. */
function nodesOf({ workers, coordinatorHoldsShards }: Topology): ClusterNode[] {
  return Array.from({ length: workers + 1 }, (_, groupId) => ({
    groupId,
    label: groupId === 0 ? 'coordinator' : `w${String(groupId - 1)}`,
    shouldHaveShards: groupId > 0 || workers === 0 || coordinatorHoldsShards,
  }));
}

/** Colocation groups in the order of their first tables, which is the order Citus rebalances them in. */
function tableGroups(
  tables: readonly ReadTable[],
  shardCount: number,
  firstShardId: number,
): ColocationGroup[] {
  return [...groupBy(tables, ({ group }) => group).values()].map((members, at) => ({
    tables: members.map(({ name, read }) => ({ name, shards: read.shards })),
    shardIds: Array.from({ length: shardCount }, (_, shard) => firstShardId + at * shardCount + shard),
    nodesAmong: (nodeCount) => roundRobin(shardCount, nodeCount),
  }));
}

/** A schema without tables has nothing that could be anywhere, and is a group all the same. */
function schemaGroups(schemas: readonly ReadSchema[], firstColocationId: number): ColocationGroup[] {
  // Sorting keeps the order of the plan among those whose shards are made with the schema.
  const byShardId = [...schemas].sort(
    (a, b) => (a.turnsLocal ?? schemas.length) - (b.turnsLocal ?? schemas.length),
  );
  return schemas.map((schema, place) => ({
    tables: schema.tables.map(({ name, rows, bytes }) => ({ name, shards: [{ rows, bytes }] })),
    shardIds: schema.tables.length === 0 ? [] : [byShardId.indexOf(schema) + 1],
    nodesAmong: (nodeCount) =>
      schema.tables.length === 0 ? [] : [schemaNode(firstColocationId + place, nodeCount)],
  }));
}

function describeSchema({ schema, tables }: ReadSchema, node: string | undefined): SimulatedSchema {
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
    node: node ?? null,
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

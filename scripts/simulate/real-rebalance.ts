import { showTable } from '../database/model/names';
import { shardGroupSize, nodeTotals, tableMoves } from './shard-sizes';
import type { SizedGroup, SimulatedMove, SimulatedNode } from './shard-sizes';
import type { ShardLayoutGroup, ShardLayoutTable, ShardLayout } from './shard-layout';
import type { PlacedGroup, RebalanceStrategy } from './rebalance';
import { applyMoves, planRebalance } from './rebalance';
import type { MoveEstimate, SimulatedShard, Simulation } from './simulation';

/** What is asked of a database that is distributed already; what is left out stays as it is. */
export interface TopologyChange {
  readonly workers?: number | undefined;
  readonly coordinatorHoldsShards?: boolean | undefined;
}

/** A table as it is distributed. */
export interface ShardLayoutReport {
  readonly table: string;
  /** Null in a distributed schema. */
  readonly column: string | null;
  /** The table that starts its colocation group. */
  readonly colocationGroup: string;
  readonly rows: number;
  /** The rows are the planner's estimate, and were not counted. */
  readonly rowsEstimated: boolean;
  readonly bytes: number;
  /** A shard without a range of its own, as that of a distributed schema, has the whole. */
  readonly shards: readonly SimulatedShard[];
  /** Rows of the largest shard over those of the average shard; 1 is even. */
  readonly skew: number;
  readonly biggestTenant: {
    readonly value: string | null;
    readonly rows: number;
    readonly share: number;
  } | null;
  readonly tenants?: number;
}

/**
 * What `simulate` answers with of a database that is distributed already: the rebalance that the cluster would need, from
 * the shards that are there. Nothing of it has happened.
 */
export interface RebalanceSimulation {
  readonly formatVersion: 1;
  readonly simulated: true;
  readonly distributed: true;
  readonly workers: number;
  readonly coordinatorHoldsShards: boolean;
  readonly strategy: RebalanceStrategy;
  /** Nodes that are not there yet, and those that are to be emptied. */
  readonly added: readonly string[];
  readonly emptied: readonly string[];
  readonly tables: readonly ShardLayoutReport[];
  readonly referenceTables: Simulation['referenceTables'];
  /** As the shards lie now. */
  readonly before: readonly SimulatedNode[];
  /** In Citus's order. */
  readonly moves: readonly SimulatedMove[];
  /** After those moves. */
  readonly nodes: readonly SimulatedNode[];
  readonly estimate: MoveEstimate;
}

export interface RealRebalanceInput {
  readonly layout: ShardLayout;
  readonly topology: TopologyChange;
  readonly strategy: RebalanceStrategy;
  readonly estimateMoves: (moves: readonly { readonly bytes: number }[]) => MoveEstimate;
}

/**
 * Plans the rebalance of a database that is distributed, for the workers it has or is to have: new ones join empty and
 * last, and those that are to go, the last to join first, are emptied. Pure.
 */
export function simulateRebalance({
  layout,
  topology,
  strategy,
  estimateMoves,
}: RealRebalanceInput): RebalanceSimulation {
  const nodes = changeNodes(layout, topology);
  const names = nodes.map(({ name }) => name);
  const held = layout.groups.map(heldGroup);
  const groups = layout.groups.map((group, at) => place(group, held[at] ?? { tables: [] }));
  const moves = planRebalance(groups, nodes, layout.rules);
  const coordinator = nodes.find(({ isCoordinator }) => isCoordinator);
  return {
    formatVersion: 1,
    simulated: true,
    distributed: true,
    workers: nodes.filter(({ isCoordinator, leaves }) => !isCoordinator && !leaves).length,
    coordinatorHoldsShards: coordinator?.holdsShards === true,
    strategy,
    added: nodes.filter(({ isNew }) => isNew).map(({ name }) => name),
    emptied: nodes.filter(({ leaves }) => leaves).map(({ name }) => name),
    tables: layout.groups.flatMap((group) => group.tables.map((table) => describeTable(group, table))),
    referenceTables: layout.referenceTables,
    before: nodeTotals(names, held, applyMoves(groups, [])),
    moves: moves.flatMap((move) => tableMoves(move, held[move.group], names)),
    nodes: nodeTotals(names, held, applyMoves(groups, moves)),
    estimate: estimateMoves(
      moves.map(({ group, shard }) => ({ bytes: groups[group]?.shards[shard]?.bytes ?? 0 })),
    ),
  };
}

interface ChangedNode {
  readonly name: string;
  readonly isCoordinator: boolean;
  readonly holdsShards: boolean;
  readonly isNew: boolean;
  readonly leaves: boolean;
}

function changeNodes(
  { nodes }: ShardLayout,
  { workers: asked, coordinatorHoldsShards }: TopologyChange,
): ChangedNode[] {
  const present = nodes.filter(({ groupId }) => groupId !== 0).length;
  const wanted = asked ?? present;
  let worker = 0;
  const kept = nodes.map(({ label: name, groupId, shouldHaveShards }): ChangedNode => {
    const isCoordinator = groupId === 0;
    if (isCoordinator) {
      // The only node there is holds shards, whatever was said of it.
      const holds = wanted === 0 || (coordinatorHoldsShards ?? shouldHaveShards);
      return { name, isCoordinator, holdsShards: holds, isNew: false, leaves: false };
    }
    worker += 1;
    const leaves = worker > wanted;
    return { name, isCoordinator, holdsShards: shouldHaveShards && !leaves, isNew: false, leaves };
  });
  const names = new Set(nodes.map(({ label }) => label));
  const added: ChangedNode[] = [];
  for (let number = 0; added.length < wanted - present; number += 1) {
    const name = `w${String(number)}`;
    if (names.has(name)) continue;
    added.push({ name, isCoordinator: false, holdsShards: true, isNew: true, leaves: false });
  }
  return [...kept, ...added];
}

function heldGroup({ tables }: ShardLayoutGroup): SizedGroup {
  return {
    tables: tables.map(({ table, rows, bytes }) => ({
      name: showTable(table),
      shards: bytes.map((size, shard) => ({ rows: rows[shard] ?? 0, bytes: size })),
    })),
  };
}

function place({ shards }: ShardLayoutGroup, group: SizedGroup): PlacedGroup {
  return {
    shards: shards.map(({ id, node }, shard) => ({ id, node, bytes: shardGroupSize(group, shard).bytes })),
  };
}

function describeTable({ shards, tables }: ShardLayoutGroup, each: ShardLayoutTable): ShardLayoutReport {
  const rows = each.rows.reduce((sum, count) => sum + count, 0);
  const [root] = tables;
  const { biggestTenant, tenants } = each;
  return {
    table: showTable(each.table),
    column: each.column ?? null,
    colocationGroup: showTable(root?.table ?? each.table),
    rows,
    rowsEstimated: each.estimated,
    bytes: each.bytes.reduce((sum, bytes) => sum + bytes, 0),
    shards: shards.map(({ range }, index) => ({
      index,
      ...(range ?? { min: -(2 ** 31), max: 2 ** 31 - 1 }),
      rows: each.rows[index] ?? 0,
      bytes: each.bytes[index] ?? 0,
    })),
    skew: rows === 0 ? 1 : Math.round((Math.max(...each.rows) * shards.length * 1000) / rows) / 1000,
    biggestTenant:
      biggestTenant === undefined || rows === 0
        ? null
        : { ...biggestTenant, share: Math.round((biggestTenant.rows / rows) * 1e6) / 1e6 },
    ...(tenants === undefined ? {} : { tenants }),
  };
}

import { showTable } from '../database/model/names';
import type { Node } from '../citus/nodes';
import type { AskedReport } from './asked-report';
import type { Estimate } from '../rebalance/cost/estimate';
import { reportRebalance, sizedGroup } from './shard-sizes';
import type { RebalanceReport, SimulatedNode, SizedGroup } from './shard-sizes';
import type { ShardLayoutGroup, ShardLayoutTable, ShardLayout } from './shard-layout';
import type { Strategy } from '../citus/strategy';
import type { ClusterNode } from './rebalance';
import type { SimulatedShard } from './simulation';

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

/** The layout that is there, beside the one that is asked about. */
export interface PresentReport {
  readonly tables: readonly ShardLayoutReport[];
  readonly nodes: readonly SimulatedNode[];
  /** That a rebalance of the layout and the nodes that are there would make, colocated tables counted one by one. */
  readonly moves: number;
}

/**
 * What `simulate` answers with of a database that is distributed already: the rebalance that the cluster would need, from
 * the shards that are there. Nothing of it has happened.
 */
export interface RebalanceSimulation extends RebalanceReport {
  readonly formatVersion: 1;
  readonly simulated: true;
  readonly distributed: true;
  readonly workers: number;
  readonly coordinatorHoldsShards: boolean;
  /** Nodes that are not there yet, and those that are to be emptied. */
  readonly added: readonly string[];
  readonly emptied: readonly string[];
  /** As they are, or as they are asked to be. */
  readonly tables: readonly ShardLayoutReport[];
  /** What is asked to be different; absent where all is as asked. `before` is then the asked layout, freshly made. */
  readonly asked?: AskedReport;
  /** Beside `asked`: what is there. */
  readonly present?: PresentReport;
  /** The one table that was asked about. */
  readonly named?: string;
}

export interface RealRebalanceInput {
  readonly layout: ShardLayout;
  readonly topology: TopologyChange;
  readonly strategy: Strategy;
  readonly estimateMoves: (moves: readonly { readonly bytes: number }[]) => Estimate;
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
  const { kept, added, emptied } = changeNodes(layout.nodes, topology);
  const nodes = [...kept, ...added];
  const { report } = reportRebalance(layout.groups.map(sizedGroups), nodes, layout.rules, estimateMoves);
  return {
    formatVersion: 1,
    simulated: true,
    distributed: true,
    workers: nodes.filter(({ groupId }) => groupId !== 0).length - emptied.length,
    coordinatorHoldsShards: nodes.some(({ groupId, shouldHaveShards }) => groupId === 0 && shouldHaveShards),
    strategy,
    added: added.map(({ label }) => label),
    emptied: emptied.map(({ label }) => label),
    tables: layout.groups.flatMap((group) => group.tables.map((table) => describeTable(group, table))),
    referenceTables: layout.referenceTables,
    ...report,
  };
}

/** The nodes that are there, those that join, and which of the first leave. */
function changeNodes(
  nodes: readonly Node[],
  { workers: asked, coordinatorHoldsShards }: TopologyChange,
): Record<'kept' | 'added' | 'emptied', ClusterNode[]> {
  const present = nodes.filter(({ groupId }) => groupId !== 0);
  const wanted = asked ?? present.length;
  const emptied = present.slice(wanted);
  const kept = nodes.map(({ label, groupId, shouldHaveShards }) => ({
    label,
    groupId,
    shouldHaveShards:
      groupId === 0
        ? // The only node there is holds shards, whatever was said of it.
          wanted === 0 || (coordinatorHoldsShards ?? shouldHaveShards)
        : shouldHaveShards && !emptied.some((node) => node.groupId === groupId),
  }));
  const labels = new Set(nodes.map(({ label }) => label));
  const lastGroupId = Math.max(...nodes.map(({ groupId }) => groupId));
  const added = Array.from({ length: nodes.length + wanted }, (_, number) => `w${String(number)}`)
    .filter((label) => !labels.has(label))
    .slice(0, Math.max(0, wanted - present.length))
    .map((label, index) => ({ label, groupId: lastGroupId + 1 + index, shouldHaveShards: true }));
  return { kept, added, emptied };
}

function sizedGroups({ shards, tables }: ShardLayoutGroup): SizedGroup[] {
  const sized = tables.map(({ table, rows, bytes }) => ({
    name: showTable(table),
    shards: bytes.map((size, shard) => ({ rows: rows[shard] ?? 0, bytes: size })),
  }));
  return shards.map(({ id, groupId }, index) => sizedGroup(sized, index, id, groupId));
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

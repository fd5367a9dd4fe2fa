import type { Estimate } from '../rebalance/cost/estimate';
import type { ShardGroup } from '../citus/placements';
import { applyMoves, planRebalance } from './rebalance';
import type { Strategy } from '../citus/strategy';
import type { ClusterNode, StrategyRules } from './rebalance';

export interface SimulatedNode {
  /** `coordinator`, `w0`, `w1`, ... */
  readonly name: string;
  /** Counted as they move: the shards of colocated tables that cover the same range are one. */
  readonly shards: number;
  readonly rows: number;
  readonly bytes: number;
}

/** A rebalance as documents have it. Nothing of it has happened. */
export interface RebalanceReport {
  readonly strategy: Strategy;
  /** Copied whole to every node. */
  readonly referenceTables: readonly { readonly table: string; readonly bytes: number }[];
  /** Without those moves. */
  readonly before: readonly SimulatedNode[];
  /** In Citus's order; the shards of colocated tables follow one another, as in Citus's own plan. */
  readonly moves: readonly {
    readonly table: string;
    /** Its index, from 0. */
    readonly shard: number;
    readonly from: string;
    readonly to: string;
    readonly bytes: number;
  }[];
  /** After those moves. */
  readonly nodes: readonly SimulatedNode[];
  readonly estimate: Estimate;
}

/** A table by its shards, in their order. */
export interface SizedTable {
  readonly name: string;
  readonly shards: readonly { readonly rows: number; readonly bytes: number }[];
}

/** The shards of colocated tables that cover one range, with what they hold. */
export interface SizedGroup extends ShardGroup {
  /** Counted from 0 within its colocation group. */
  readonly index: number;
  readonly rows: number;
  /** Of each of its tables. */
  readonly tableBytes: readonly number[];
}

/**
 * Puts together what moves as one. Pure.
 *
 * @param tables that are colocated
 * @param index of the shard within each of them
 * @param shardId stands for the group
 * @param groupId of the node it is on
 */
export function sizedGroup(
  tables: readonly SizedTable[],
  index: number,
  shardId: number,
  groupId: number,
): SizedGroup {
  const shards = tables.map((table) => table.shards[index] ?? { rows: 0, bytes: 0 });
  return {
    shardIds: [shardId],
    tables: tables.map(({ name }) => name),
    groupId,
    index,
    rows: shards.reduce((sum, { rows }) => sum + rows, 0),
    bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
    tableBytes: shards.map(({ bytes }) => bytes),
  };
}

/** What each node holds. Pure. */
export function nodeTotals(
  nodes: readonly ClusterNode[],
  colocated: readonly (readonly SizedGroup[])[],
): SimulatedNode[] {
  const groups = colocated.flat();
  return nodes.map(({ label, groupId }) => {
    const held = groups.filter((group) => group.groupId === groupId);
    return {
      name: label,
      shards: held.length,
      rows: held.reduce((sum, { rows }) => sum + rows, 0),
      bytes: held.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}

/** Plans a rebalance, and says what each node holds before and after. Pure. */
export function reportRebalance(
  colocated: readonly (readonly SizedGroup[])[],
  nodes: readonly ClusterNode[],
  rules: StrategyRules,
  estimateMoves: (moves: readonly { readonly bytes: number }[]) => Estimate,
): {
  readonly report: Pick<RebalanceReport, 'before' | 'moves' | 'nodes' | 'estimate'>;
  readonly after: SizedGroup[][];
} {
  const moves = planRebalance(colocated, nodes, rules);
  const after = applyMoves(colocated, moves);
  const report = {
    before: nodeTotals(nodes, colocated),
    moves: moves.flatMap(({ tables, tableBytes, index, from, to }) =>
      tables.map((table, at) => ({
        table,
        shard: index,
        from: from.label,
        to: to.label,
        bytes: tableBytes[at] ?? 0,
      })),
    ),
    nodes: nodeTotals(nodes, after),
    estimate: estimateMoves(moves),
  };
  return { report, after };
}

import type { NodePlacement, Snapshot } from '../../citus/placements';
import { groupsByShard } from '../../citus/placements';
import { nodeName } from '../../citus/nodes';

/** A move as the nodes see it. */
export interface NodesMove {
  readonly shardId: number;
  readonly bytes: number;
  /** `name:port`; a node that left is at no such address. */
  readonly from: string;
  readonly to: string;
}

/** What each node held before some moves, holds now, and holds once all are made. */
export interface NodesAlong {
  readonly before: readonly NodePlacement[];
  readonly nodes: readonly NodePlacement[];
  readonly planned: readonly NodePlacement[];
}

/** What nodes hold after moves. Pure. */
export function afterMoves(
  nodes: readonly NodePlacement[],
  moves: readonly NodesMove[],
): readonly NodePlacement[] {
  return nodes.map((node) => {
    let { shards, bytes } = node;
    for (const move of moves) {
      const change = Number(move.to === nodeName(node)) - Number(move.from === nodeName(node));
      shards += change;
      bytes += change * move.bytes;
    }
    return { ...node, shards, bytes };
  });
}

/**
 * What nodes held before moves of which some were made when they were looked at: sizes are asked for once, and what each holds along the way is
 * counted. Pure.
 *
 * @param nodes the placements of the snapshot
 */
export function beforeMoves(
  snapshot: Snapshot,
  nodes: readonly NodePlacement[],
  moves: readonly NodesMove[],
): readonly NodePlacement[] {
  const groups = groupsByShard(snapshot);
  const address = new Map(snapshot.nodes.map((node) => [node.groupId, nodeName(node)]));
  const made = moves.filter(({ shardId, to }) => address.get(groups.get(shardId)?.groupId ?? -1) === to);
  const back = made.map((move) => ({ ...move, from: move.to, to: move.from }));
  // A shard can be smaller by now than it was when it moved.
  return afterMoves(nodes, back).map((node) => ({ ...node, bytes: Math.max(0, node.bytes) }));
}

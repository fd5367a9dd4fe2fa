/** A move of one shard (with the shards colocated with it) from a node to another, nodes counted from 0. */
export interface ShardMove {
  readonly shard: number;
  readonly from: number;
  readonly to: number;
}

/** Where Citus puts new shards: shard i on node i modulo the number of nodes. Returns the node of each shard. Pure. */
export function roundRobin(shardCount: number, nodeCount: number): number[] {
  return Array.from({ length: shardCount }, (_, shard) => shard % nodeCount);
}

/**
 * The moves that even the number of shards out, as the strategy `by_shard_count` does: from the fullest node to the
 * emptiest until no two differ by more than one. Pure.
 *
 * @param placement the node of each shard
 */
export function balanceByCount(
  placement: readonly number[],
  nodeCount: number,
): { readonly placement: readonly number[]; readonly moves: readonly ShardMove[] } {
  const result = [...placement];
  const moves: ShardMove[] = [];
  const held = Array.from({ length: nodeCount }, (_, node) => placement.filter((on) => on === node).length);
  for (;;) {
    const from = held.indexOf(Math.max(...held));
    const to = held.indexOf(Math.min(...held));
    if ((held[from] ?? 0) - (held[to] ?? 0) <= 1) return { placement: result, moves };
    const shard = result.indexOf(from);
    result[shard] = to;
    held[from] = (held[from] ?? 0) - 1;
    held[to] = (held[to] ?? 0) + 1;
    moves.push({ shard, from, to });
  }
}

/** Where Citus puts new shards: shard i on node i modulo the number of nodes. Returns the node of each shard. Pure. */
export function roundRobin(shardCount: number, nodeCount: number): number[] {
  return Array.from({ length: shardCount }, (_, shard) => shard % nodeCount);
}

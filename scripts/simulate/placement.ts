/**
 * Where Citus 12.1 puts the one shard of the first table of a distributed schema, and with it those of all its tables: on the
 * node that the id of the colocation group gives, modulo the number of nodes. Pure.
 */
export function schemaNode(colocationId: number, nodeCount: number): number {
  return colocationId % nodeCount;
}

/** Where Citus puts new shards: shard i on node i modulo the number of nodes. Returns the node of each shard. Pure. */
export function roundRobin(shardCount: number, nodeCount: number): number[] {
  return Array.from({ length: shardCount }, (_, shard) => shard % nodeCount);
}

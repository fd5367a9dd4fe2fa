/** Rebalance strategies that Citus ships: what is to be equal on every node. `by_disk_size` is its default since 12.0. */
export const STRATEGIES = ['by_disk_size', 'by_shard_count'] as const;
export type Strategy = (typeof STRATEGIES)[number];

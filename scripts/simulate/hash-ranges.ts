/**
 * How Citus cuts the hash space: `shardCount` ranges of equal width over the signed 32-bit integers, the last one taking
 * what is left over. Pure.
 */
const SMALLEST_HASH = -(2 ** 31);
const HASHES = 2 ** 32;

/** Hashes from the start of one shard's range to the start of the next one's. */
export function shardWidth(shardCount: number): number {
  return Math.floor(HASHES / shardCount);
}

/** The smallest and the largest hash of shard `index` of `shardCount`. */
export function shardRange(
  index: number,
  shardCount: number,
): { readonly min: number; readonly max: number } {
  const width = shardWidth(shardCount);
  const min = SMALLEST_HASH + index * width;
  return { min, max: index === shardCount - 1 ? 2 ** 31 - 1 : min + width - 1 };
}

/** Which of `shardCount` shards a hash (a signed 32-bit integer) belongs to, counted from 0. */
export function shardOfHash(hash: number, shardCount: number): number {
  return Math.min(shardCount - 1, Math.floor((hash - SMALLEST_HASH) / shardWidth(shardCount)));
}

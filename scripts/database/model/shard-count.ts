import { SHARDS } from '../../../config/workload/distribution-types';
import { ScaleoutError } from '../../lib/errors';

/** @throws ScaleoutError where Citus cuts no table into so many shards */
export function requireShardCount(shardCount: number): void {
  if (Number.isInteger(shardCount) && shardCount >= SHARDS.fewest && shardCount <= SHARDS.most) return;
  throw new ScaleoutError(
    'input.invalid',
    `${String(shardCount)} is no shard count: Citus cuts a table into ${String(SHARDS.fewest)} to 64,000 shards; 32 is usual; nothing was changed`,
  );
}

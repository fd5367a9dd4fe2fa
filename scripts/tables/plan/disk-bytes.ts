import type { Client } from 'pg';
import { readShardSizes } from '../../citus/sizes';
import type { LiveTable } from '../../database/model/live';

/** Bytes of each table by its oid, with indexes and partitions, copies of a shard counted once. One of which a shard does not answer is left out. */
export async function readBytesOnDisk(
  client: Client,
  tables: readonly LiveTable[],
): Promise<ReadonlyMap<number, number>> {
  const isPlain = ({ citus }: LiveTable): boolean => citus.kind === 'plain';
  const onShards = tables.filter((table) => !isPlain(table)).map(({ oid }) => oid);
  const sizes = await readShardSizes(client, onShards);
  return new Map([...tables.filter(isPlain), ...sizes].map(({ oid, bytes }) => [oid, bytes]));
}

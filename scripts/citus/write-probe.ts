import type { Client } from 'pg';
import { z } from 'zod';
import { readRows } from './rows';
import { KEYS_OF_SHARDS, MOVED_GROUPS } from './write-probe.sql';

/** A colocation group of which shards move. */
export interface MovedGroup {
  readonly group: number;
  /** One of its tables, as `regclass` reads it. */
  readonly table: string;
  /** Of its distribution column. */
  readonly type: string;
  /** Those of its shards that were asked for. */
  readonly shardIds: readonly number[];
  readonly shardCount: number;
}

const groupRow = z.object({
  group: z.number(),
  table: z.string(),
  type: z.string(),
  shardIds: z.array(z.number()),
  shardCount: z.number(),
});

/** How values are made of which each may be in another shard, by the type of a distribution column. `i` counts. */
const VALUES: Readonly<Record<string, string>> = {
  integer: 'i::int',
  bigint: 'i::bigint',
  text: 'i::text',
  'character varying': 'i::varchar',
  uuid: 'md5(i::text)::uuid',
};

/** So many values for each shard leave hardly one without any. */
const VALUES_PER_SHARD = 24;

/** The colocation groups of shards, of hash-distributed tables alone. */
export async function readMovedGroups(client: Client, shardIds: readonly number[]): Promise<MovedGroup[]> {
  return readRows(client, groupRow, MOVED_GROUPS, [shardIds]);
}

/** By shard of a group, a value that belongs there; none where no values of the type are known. */
export async function readKeys(
  client: Client,
  { table, type, shardCount }: MovedGroup,
): Promise<ReadonlyMap<number, string>> {
  const value = VALUES[type];
  if (value === undefined) return new Map();
  const row = z.object({ shardId: z.number(), key: z.string() });
  const keys = await readRows(client, row, KEYS_OF_SHARDS(value), [table, shardCount * VALUES_PER_SHARD]);
  return new Map(keys.map(({ shardId, key }) => [shardId, key]));
}

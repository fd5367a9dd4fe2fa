import type { Client } from 'pg';
import { z } from 'zod';
import { DATABASE_BYTES, SHARD_SIZES, TABLE_BYTES } from './sizes.sql';
import { readRows } from './rows';

const bytes = z.object({ bytes: z.number() });

/**
 * Bytes of the shards of tables, partitions as part of their parent, copies of a shard counted once. A table of which a
 * shard does not answer is left out.
 *
 * @param oids of tables that Citus knows
 */
export async function readShardSizes(
  client: Client,
  oids: readonly number[],
): Promise<{ readonly oid: number; readonly bytes: number }[]> {
  // Plain PostgreSQL has none, and no catalog that says so.
  return oids.length === 0 ? [] : readRows(client, bytes.extend({ oid: z.number() }), SHARD_SIZES, [oids]);
}

/** Bytes that one copy of the tables takes with indexes and partitions, wherever the shards are. @param names as `regclass` reads them */
export async function readTableBytes(client: Client, names: readonly string[]): Promise<number> {
  return (await readRows(client, bytes, TABLE_BYTES, [names]))[0]?.bytes ?? 0;
}

/** Bytes of this database on all nodes that answer. */
export async function readDatabaseBytes(client: Client): Promise<number> {
  return (await readRows(client, bytes, DATABASE_BYTES))[0]?.bytes ?? 0;
}

import type { Client } from 'pg';
import { z } from 'zod';
import { COPY_STAGE, HOLD_WRITERS, LAST_OPERATION, REPLAY_STANDS } from './online-copy.sql';
import { readRows } from './rows';

/** The id of the newest operation of Citus that left something to remove; `0` where none did. */
export async function readLastOperation(client: Client): Promise<string> {
  return (await readRows(client, z.object({ last: z.string() }), LAST_OPERATION))[0]?.last ?? '0';
}

const copyStage = z.object({
  /** Ids of the shards that writers use until the copy is over. */
  shards: z.array(z.string()),
  /** Citus is about to make replication slots. */
  near: z.boolean(),
  /** Every shard that changes are replayed into can tell rows apart. */
  safe: z.boolean(),
});

/**
 * How far Citus is with the shards that an online copy makes on the coordinator.
 *
 * @param table that is copied, as `regclass` reads it
 * @param after the last operation before the copy
 */
export async function readCopyStage(
  client: Client,
  table: string,
  after: string,
): Promise<z.infer<typeof copyStage>> {
  const [stage] = await readRows(client, copyStage, COPY_STAGE, [table, after]);
  return stage ?? { shards: [], near: false, safe: false };
}

/** Holds writers of shards up until the transaction ends. */
export async function holdWriters(client: Client, shards: readonly string[]): Promise<void> {
  await client.query(HOLD_WRITERS, [shards]);
}

/**
 * Whether changes of an online copy wait for a process that replays them on this node.
 *
 * @param after the last operation before the copy
 */
export async function hasStalledReplay(client: Client, after: string): Promise<boolean> {
  const rows = await readRows(client, z.object({ stands: z.boolean() }), REPLAY_STANDS, [after]);
  return rows[0]?.stands === true;
}

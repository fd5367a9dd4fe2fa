import type { Client } from 'pg';
import { z } from 'zod';
import { readRows } from './rows';
import { COPIES, MOVE_LOCKS, PREPARED_TRANSACTIONS, WORKER_BLOCKERS, WRITERS_HELD } from './sessions.sql';

const workerSession = z.object({
  pid: z.number(),
  user: z.string().nullable(),
  application: z.string().nullable(),
  state: z.string().nullable(),
  /** When its transaction began. */
  since: z.string().nullable(),
  /** When its last statement began. */
  queryStart: z.string().nullable(),
  /** `name:port` of the node it works on. */
  node: z.string(),
});

/** A session on a worker. Fields of other roles' sessions may be hidden from ours. */
export type WorkerSession = Readonly<z.infer<typeof workerSession>>;

/** The sessions that hold on a worker what a statement of session `pid` waits for there. */
export async function readWorkerBlockers(client: Client, pid: number): Promise<WorkerSession[]> {
  return readRows(client, workerSession, WORKER_BLOCKERS, [pid]);
}

const copyCount = z.object({
  node: z.number(),
  /** The process and the relation: one process copies into one shard after the other. */
  copy: z.string(),
  rows: z.number(),
});

/** One COPY on one node and the rows that it has received so far. */
export type CopyCount = Readonly<z.infer<typeof copyCount>>;

/** The COPYs into shards that Citus runs on any node for session `pid`. */
export async function readCopies(client: Client, pid: number): Promise<CopyCount[]> {
  return readRows(client, copyCount, COPIES, [pid]);
}

/**
 * How long a prepared transaction is waited for, in milliseconds. Citus looks for such once a minute
 * (citus.recover_2pc_interval), from when the server is back: two rounds and a half. Whoever may call
 * recover_prepared_transactions() could do it at once; that is superusers alone.
 */
export const SETTLED_WITHIN_MS = 150_000;

const preparedTransaction = z.object({
  /** `name:port` */
  node: z.string(),
  gid: z.string(),
});

/** A transaction that is prepared on a node, and neither committed nor undone there. */
export type PreparedTransaction = Readonly<z.infer<typeof preparedTransaction>>;

/** Those of this database, on nodes that answer. */
export async function readPreparedTransactions(client: Client): Promise<PreparedTransaction[]> {
  return readRows(client, preparedTransaction, PREPARED_TRANSACTIONS);
}

const writersHeld = z.object({ held: z.boolean(), waitedMs: z.number() });

/**
 * Whether session `pid` keeps writers of a table out, and for how many milliseconds one of them has waited.
 *
 * @param table as `regclass` reads it
 */
export async function readWritersHeld(
  client: Client,
  pid: number,
  table: string,
): Promise<z.infer<typeof writersHeld>> {
  const [row = { held: false, waitedMs: 0 }] = await readRows(client, writersHeld, WRITERS_HELD, [
    pid,
    table,
  ]);
  return row;
}

const moveLocks = writersHeld.extend({ waits: z.boolean() });

/** Whether the move of session `pid` keeps writers out, and whether it waits for a lock itself. */
export async function readMoveLocks(client: Client, pid: number): Promise<z.infer<typeof moveLocks>> {
  // Asked dozens of times a second: prepared, it takes the server a third of the time.
  const { rows } = await client.query({ name: 'scaleout move locks', text: MOVE_LOCKS, values: [pid] });
  return moveLocks.parse(rows[0]);
}

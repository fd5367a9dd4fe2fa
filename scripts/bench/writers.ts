import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { ConnectionTarget } from '../lib/connection';
import { withClient } from '../lib/connection';

/** A table that writers work on; `value` starts as 0. */
export const READINGS = `
CREATE TABLE readings (device_id bigint, reading_id bigint, value bigint NOT NULL DEFAULT 0, payload text,
  PRIMARY KEY (device_id, reading_id))`;

/** Rows of one reading a device each: $1 of them, their payload of the size of a sensor's. */
export const FILL_READINGS = `
INSERT INTO readings (device_id, reading_id, payload)
SELECT i % 1000, i, repeat(md5(i::text), 4) FROM generate_series(1, $1::bigint) i`;

/** Rows the updating writer goes round; rows after them are the deleting writer's. */
const UPDATED = 1_000;
/** Where the inserting writer begins. */
const INSERTED_FROM = 1_000_000_000;
/** Milliseconds a writer rests between two writes, so that a copy on a small machine can catch up with it. */
const REST_MS = 5;

/** What writers did by their own account: only what was acknowledged counts. */
export interface Written {
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
  /** The longest time from a write's start to its acknowledgement. */
  readonly longestStallSeconds: number;
}

/** What the table holds of the work of the writers. */
export interface Found {
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
}

/**
 * Inserts, updates and deletes in `readings` all the time, each in a session of its own.
 *
 * @param rows of the table as it was filled: two thousand at least
 * @returns stops the writers once their last writes are acknowledged; rejects where one was refused
 */
export function startWriters(target: ConnectionTarget, rows: number): () => Promise<Written> {
  const done = new AbortController();
  let longestMs = 0;
  const write = (purpose: string, next: (client: Client, turn: number) => Promise<number | null>) =>
    withClient(
      target,
      async (client) => {
        let acknowledged = 0;
        for (let turn = 0; !done.signal.aborted; turn += 1) {
          const from = performance.now();
          const changed = await next(client, turn);
          longestMs = Math.max(longestMs, performance.now() - from);
          acknowledged += changed ?? 0;
          await sleep(REST_MS);
        }
        return acknowledged;
      },
      { purpose },
    );
  const work = Promise.all([
    write('inserts', async (client, turn) => {
      const id = INSERTED_FROM + turn;
      const sql = 'INSERT INTO readings (device_id, reading_id) VALUES ($1, $2)';
      return (await client.query(sql, [id % 1000, id])).rowCount;
    }),
    write('updates', async (client, turn) => {
      const id = 1 + (turn % UPDATED);
      const sql = 'UPDATE readings SET value = value + 1 WHERE device_id = $1 AND reading_id = $2';
      return (await client.query(sql, [id % 1000, id])).rowCount;
    }),
    write('deletes', async (client, turn) => {
      const id = 1 + UPDATED + (turn % (rows - UPDATED));
      const sql = 'DELETE FROM readings WHERE device_id = $1 AND reading_id = $2';
      return (await client.query(sql, [id % 1000, id])).rowCount;
    }),
  ]);
  // Whoever stops them hears of it.
  work.catch(() => undefined);
  return async () => {
    done.abort();
    const [inserts, updates, deletes] = await work;
    return { inserts, updates, deletes, longestStallSeconds: longestMs / 1000 };
  };
}

/** Counts the work of the writers in the table: a write that was lost is missing, one that was done twice is too much. */
export async function findWrites(client: Client, rows: number): Promise<Found> {
  const { rows: found } = await client.query<Found>(
    `SELECT count(*) FILTER (WHERE reading_id >= $2)::int AS inserts, sum(value)::int AS updates,
            $1::int - count(*) FILTER (WHERE reading_id < $2)::int AS deletes
       FROM readings`,
    [rows, INSERTED_FROM],
  );
  const [only] = found;
  if (only === undefined) throw new Error('a count without a row');
  return only;
}

import type { Client } from 'pg';
import { count } from '../lib/reporter';
import type { Reporter } from '../lib/reporter';
import { isServerError, describeServerError } from '../lib/errors';
import { CLEAN_UP } from './catalog.sql';
import { LEFTOVER_KIND, RECORDED_LEFTOVERS } from './hindrances.sql';

/** Where Citus writes down what it is to remove. */
export const LEFTOVERS_TABLE = 'pg_dist_cleanup';

/** What a person types to see them all. */
export const LIST_LEFTOVERS = `select * from ${LEFTOVERS_TABLE}`;

/** What Citus wrote down to remove, by kind: everything an operation makes on the way is in this list until it ends. */
const LEFTOVERS = `
SELECT ${LEFTOVER_KIND} AS kind,
       count(*)::int AS count
  FROM pg_dist_cleanup
 GROUP BY 1
 ORDER BY 1`;

/** Milliseconds to wait for a lock: whoever holds one on a leftover is a session that is not gone yet. */
const LOCK_TIMEOUT_MS = 5000;

/**
 * Removes what an operation that broke off left on the nodes: orphaned shards, which would be in the way of the next
 * attempt, and replication slots, which hold the log of their node back until its disk is full. Citus knows by its own
 * list what belongs to an operation that is still at work and leaves that alone; its daemon would come round sooner or
 * later, a run that goes on at once cannot wait for it.
 */
export async function cleanUpLeftovers(client: Client, reporter: Reporter): Promise<void> {
  const { rows } = await client.query<{ kind: string; count: number }>(LEFTOVERS);
  if (rows.length === 0) return;
  await client.query("SELECT set_config('lock_timeout', $1, false)", [String(LOCK_TIMEOUT_MS)]);
  try {
    await client.query(CLEAN_UP);
    reporter.info(
      `cleaned up after an operation that broke off: ${rows.map((row) => `${count(row.count)} ${row.kind}`).join(', ')}`,
    );
  } catch (error) {
    // The step that meets what is left will say so better; most often nothing does.
    if (!isServerError(error)) throw error;
    reporter.warn(
      `what an earlier operation left behind could not be removed: ${describeServerError(error)}`,
    );
  } finally {
    await client.query("SELECT set_config('lock_timeout', '0', false)").catch(() => undefined);
  }
}

/** Without those of operations that a session is at work on, which are removed at their end. */
const COUNT = `SELECT count(*)::int AS count FROM (${RECORDED_LEFTOVERS}) AS left_behind WHERE NOT "atWork"`;

/** How many objects operations left that nobody is at work on. */
export async function countLeftovers(client: Client): Promise<number> {
  return (await client.query<{ count: number }>(COUNT)).rows[0]?.count ?? 0;
}

/**
 * Drops what moves left at their sources and on their targets, and says how much is still there: a placement that somebody reads cannot
 * be dropped, and a move that blocks writes would try it first, with writers waiting.
 *
 * @returns how many objects are left; undefined where this role may not clean up
 */
export async function dropLeftovers(client: Client): Promise<number | undefined> {
  if ((await countLeftovers(client)) === 0) return 0;
  try {
    await client.query(CLEAN_UP);
  } catch (error) {
    if (!isServerError(error) || error.severity !== 'ERROR') throw error;
    if (error.code === '42501') return undefined;
  }
  return countLeftovers(client);
}

import type { Client } from 'pg';
import { runningJob } from '../../citus/job';
import { refused } from '../../lib/errors';
import { describeBlocker } from './lock-monitor';
import type { Blocker } from './lock-monitor';

/**
 * Sessions that move, copy or split shards without a job, as citus_move_shard_placement() and rebalance_table_shards()
 * do. Citus marks them with advisory locks of its own kinds, told apart by the last field: 7 is a rebalance of a
 * colocation group, 13 a shard operation in it. A session of this program is not meant: the lock of `tables`, which it
 * holds, tells of it.
 */
const MOVING_SESSIONS = `
SELECT DISTINCT a.pid, a.usename::text AS user, a.application_name AS application, a.state,
       to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since,
       to_char(a.query_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS "queryStart"
  FROM pg_locks l
  JOIN pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.objsubid IN (7, 13) AND l.granted AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND NOT EXISTS (
         SELECT FROM pg_locks own
          WHERE own.pid = l.pid AND own.database = l.database AND own.locktype = 'advisory' AND own.objsubid = 1
            AND (own.classid::bigint << 32) | own.objid::bigint = hashtextextended('scaleout tables', 0))
 ORDER BY a.pid`;

/** What moves shards: a rebalance job, or sessions that do it without one. */
export interface ShardMoves {
  /** The start of a sentence. */
  readonly what: string;
  /** What to do about it: a sentence without its end. */
  readonly hint: string;
}

/** Why tables cannot be distributed at the moment; undefined where they can. */
export async function shardsOnTheMove(client: Client): Promise<ShardMoves | undefined> {
  const job = await runningJob(client);
  if (job !== undefined) {
    return {
      what: `rebalance job ${String(job.id)} is ${job.state}`,
      hint: 'Follow it to its end with "scaleout rebalance run", or end it with "scaleout rebalance stop", and run this again',
    };
  }
  const { rows: sessions } = await client.query<Blocker>(MOVING_SESSIONS);
  return sessions.length === 0
    ? undefined
    : {
        what: `shards are moved outside of any rebalance job by ${sessions.map(describeBlocker).join('; ')}`,
        hint: 'Wait for it to end and run this again',
      };
}

/**
 * A table that joins a colocation group gets its shards where those of the group are at that moment; a move under way
 * then takes the others away from them, and the group is broken for good.
 *
 * @param done what was changed so far, as the end of a sentence
 * @throws ScaleoutError (refused) that names the job or the session
 */
export async function requireNoRebalance(client: Client, done: string): Promise<void> {
  const moves = await shardsOnTheMove(client);
  if (moves === undefined) return;
  throw refused(
    'tables.rebalance-running',
    `${moves.what}, and tables that are distributed while shards move end up apart from those they are to be joined with. ${moves.hint}; ${done}`,
  );
}

import type { Client } from 'pg';
import { refused } from '../lib/errors';

/** A rebalance that has not come to its end, whoever follows it. */
const UNFINISHED_REBALANCE = `
SELECT job_id::float8 AS id, state::text
  FROM pg_dist_background_job
 WHERE job_type = 'rebalance' AND state NOT IN ('finished', 'cancelled', 'failed')
 ORDER BY job_id DESC
 LIMIT 1`;

/**
 * A table that joins a colocation group gets its shards where those of the group are at that moment; a move under way
 * then takes the others away from them, and the group is broken for good.
 *
 * @param done what was changed so far, as the end of a sentence
 * @throws ScaleoutError (refused) that names the job
 */
export async function requireNoRebalance(client: Client, done: string): Promise<void> {
  const { rows } = await client.query<{ id: number; state: string }>(UNFINISHED_REBALANCE);
  const job = rows[0];
  if (job === undefined) return;
  throw refused(
    `rebalance job ${String(job.id)} is ${job.state}, and tables that are distributed while shards move end up apart from those they are to be joined with. ` +
      `Follow it to its end with "scaleout rebalance run", or end it with "scaleout rebalance stop", and run this again; ${done}`,
  );
}

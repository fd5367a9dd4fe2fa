import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { withTransaction } from './connection';
import { sqlStateOf } from './errors';

/** How long a short transaction asks for its locks. While one attempt waits, every write to the table waits behind it. */
export interface LockPatience {
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly pauseMs: number;
}

/**
 * Runs `work` in one transaction whose locks are asked for with a timeout, here and in Citus's sessions on the nodes, and
 * asked for again after a pause.
 *
 * @throws what the server said last (55P03 or 40P01) once the attempts are used up
 */
export async function withLockRetry<T>(
  client: Client,
  patience: LockPatience,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withTransaction(client, async () => {
        // The sessions that Citus opens on the nodes wait as long as this one, whatever their role has set.
        await client.query("SELECT set_config('citus.propagate_set_commands', 'local', true)");
        await client.query('SET LOCAL statement_timeout TO 0');
        await client.query('SET LOCAL idle_in_transaction_session_timeout TO 0');
        await client.query(`SET LOCAL lock_timeout TO ${String(Math.round(patience.timeoutMs))}`);
        return work();
      });
    } catch (error) {
      const conflict = ['55P03', '40P01'].includes(sqlStateOf(error) ?? '');
      if (!conflict || attempt >= patience.attempts) throw error;
      await sleep(patience.pauseMs);
    }
  }
}

import type { Client } from 'pg';
import { nodesWithPreparedTransactions } from '../../citus/sessions';
import type { Blocker } from './lock-monitor';

/**
 * How long a prepared transaction is waited for, in milliseconds. Citus looks for such once a minute
 * (citus.recover_2pc_interval), from when the server is back: two rounds and a half. Whoever may call
 * recover_prepared_transactions() could do it at once; that is superusers alone.
 */
const SETTLED_WITHIN_MS = 150_000;

/** Prepared transactions as the blockers they may be, one for each node that has any. */
export async function preparedTransactions(client: Client): Promise<Blocker[]> {
  const nodes = await nodesWithPreparedTransactions(client);
  return nodes.map((node) => ({
    pid: null,
    node,
    user: null,
    application: null,
    state: null,
    since: null,
    queryStart: null,
  }));
}

/** Whether nothing but prepared transactions is in the way. */
export function areAllPrepared(blockers: readonly Blocker[]): boolean {
  return blockers.length > 0 && blockers.every(({ pid }) => pid === null);
}

/**
 * Whether to ask for a lock once more, however often that was done: nobody can be asked to end such a transaction, and it
 * goes by itself.
 *
 * @param waitedMs since the lock was asked for first
 */
export function resolvesItself(blockers: readonly Blocker[], waitedMs: number): boolean {
  return areAllPrepared(blockers) && waitedMs < SETTLED_WITHIN_MS;
}

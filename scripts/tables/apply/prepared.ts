import type { Client } from 'pg';
import { readPreparedTransactions, SETTLED_WITHIN_MS } from '../../citus/sessions';
import type { Blocker } from './lock-monitor';

/** Prepared transactions as the blockers they may be, one for each node that has any. */
export async function preparedTransactions(client: Client): Promise<Blocker[]> {
  const nodes = new Set((await readPreparedTransactions(client)).map(({ node }) => node));
  return [...nodes].map((node) => ({
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

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { allOf } from '../../../config/text/text';
import { readPreparedTransactions, SETTLED_WITHIN_MS } from '../../citus/sessions';
import type { PreparedTransaction } from '../../citus/sessions';
import { ScaleoutError } from '../../lib/errors';
import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';

/** Milliseconds between two looks at transactions that are prepared. */
const POLL_MS = 50;

/** Milliseconds after which one that is still there is nobody's: a session commits what it prepared at once. */
const MOMENT_MS = 2000;

/**
 * Waits until Citus has settled what was prepared on nodes and left there, as a server that ends in the middle of a commit leaves it. Such a
 * transaction is committed for whoever asked for it and not yet in its shard: a move would copy the shard without it, and it would come to
 * be at the source alone.
 *
 * @param stands how far the run is, for messages
 * @throws ScaleoutError where it stays; InterruptedError on Ctrl-C
 */
export async function untilSettled(
  client: Client,
  { reporter, signal }: Pick<VerbContext, 'reporter' | 'signal'>,
  stands: string,
): Promise<void> {
  const startedAt = performance.now();
  let left = await readPreparedTransactions(client);
  let told = false;
  while (left.length > 0) {
    const waited = performance.now() - startedAt;
    if (waited > SETTLED_WITHIN_MS) throw unsettled(left, stands);
    if (!told && waited > MOMENT_MS) {
      told = true;
      reporter.info(
        `waiting for Citus to settle a transaction on ${nodesOf(left)} that was left prepared, which it does once a minute: a move would lose what it wrote`,
      );
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    stopIfAsked(signal, `${stands}; run "scaleout rebalance run" again to do the rest`);
    // Those that came since are of sessions that live.
    const now = new Set((await readPreparedTransactions(client)).map(({ gid }) => gid));
    left = left.filter(({ gid }) => now.has(gid));
  }
}

function nodesOf(left: readonly PreparedTransaction[]): string {
  return allOf([...new Set(left.map(({ node }) => node))]);
}

function unsettled(left: readonly PreparedTransaction[], stands: string): ScaleoutError {
  return new ScaleoutError(
    'rebalance.unsettled',
    `a transaction on ${nodesOf(left)} is prepared and Citus has not settled it for ${String(SETTLED_WITHIN_MS / 1000)} s; a move would lose what it wrote, so none was begun, and ${stands}. ` +
      'Whoever runs the servers settles it with SELECT recover_prepared_transactions() on the node where it began, mostly the coordinator; then run "scaleout rebalance run" again',
    { details: { transactions: left } },
  );
}

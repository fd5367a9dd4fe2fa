import type { Client } from 'pg';
import { withCoordinator } from '../citus/coordinator';
import { putBackFirst } from '../database/checks/put-back-first';
import type { ConnectionTarget } from '../lib/connection';
import type { VerbContext } from '../lib/verb';

/** Connects to the coordinator, and restores what an earlier run left undone. */
export function onCoordinator<Answer>(
  { target }: { readonly target: ConnectionTarget },
  context: Pick<VerbContext, 'reporter'> & Partial<Pick<VerbContext, 'signal'>>,
  purpose: string,
  work: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  return withCoordinator(target, context, purpose, async (client) => {
    await putBackFirst(client, context.reporter);
    return work(client);
  });
}

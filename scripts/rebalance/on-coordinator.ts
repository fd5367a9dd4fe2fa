import type { Client } from 'pg';
import { requireCoordinator, requirePrimary } from '../citus/nodes';
import { putBackFirst } from '../database/checks/put-back-first';
import { requireCitus, withClient } from '../lib/connection';
import type { ConnectionTarget } from '../lib/connection';
import type { VerbContext } from '../lib/verb';

/** Connects to the coordinator, and restores what an earlier run left undone. */
export function onCoordinator<Answer>(
  { target }: { readonly target: ConnectionTarget },
  { reporter, signal }: Pick<VerbContext, 'reporter'> & Partial<Pick<VerbContext, 'signal'>>,
  purpose: string,
  work: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  return withClient(
    target,
    async (client) => {
      await requireCitus(client, target);
      await requireCoordinator(client);
      await requirePrimary(client);
      await putBackFirst(client, reporter);
      return work(client);
    },
    { purpose, reporter, direct: true, ...(signal === undefined ? {} : { signal }) },
  );
}

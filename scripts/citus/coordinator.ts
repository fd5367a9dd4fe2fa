import type { Client } from 'pg';
import { requireCitus, withClient } from '../lib/connection';
import type { ConnectionTarget } from '../lib/connection';
import type { VerbContext } from '../lib/verb';
import { requireCoordinator, requirePrimary } from './nodes';

/**
 * Connects to the coordinator that takes writes, past a pooler.
 *
 * @throws ScaleoutError where it is another server, or has no Citus
 */
export function withCoordinator<Answer>(
  target: ConnectionTarget,
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
      return work(client);
    },
    { purpose, reporter, direct: true, ...(signal === undefined ? {} : { signal }) },
  );
}

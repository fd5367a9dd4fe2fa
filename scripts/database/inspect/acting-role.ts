import type { Client } from 'pg';
import type { DistributionScope } from '../../../config/workload/distribution-types';
import { refused } from '../../lib/errors';
import { OWNERS, RECORDS_UNREADABLE } from './acting-role.sql';

interface OwnerRow {
  readonly owner: string;
  readonly session: string;
  /** This session has the owner's rights. */
  readonly ours: boolean;
  /** The owner has the rights of the owners of all the other tables. */
  readonly hasAll: boolean;
}

/**
 * Whom a session that does not own the tables plans for: the owner who has the rights of all of them.
 *
 * @returns undefined where the session has the rights of some owner itself, and where no owner has those of all: then the plan is this
 * session's own
 * @throws ScaleoutError (refused) where a run left records that this session may not read, without which there is no plan
 */
export async function readActingRole(client: Client, scope: DistributionScope): Promise<string | undefined> {
  const { rows } = await client.query<OwnerRow>(OWNERS, [
    scope.tables.map(({ table }) => table.schema),
    scope.tables.map(({ table }) => table.name),
    (scope.schemas ?? []).map(({ schema }) => schema),
  ]);
  // Who owns some of them means to apply the plan, and is told of the others.
  if (rows.some(({ ours }) => ours)) return undefined;
  const owner = rows.find(({ hasAll }) => hasAll);
  if (owner === undefined) return undefined;
  const unreadable = (await client.query<{ statement: string }>(RECORDS_UNREADABLE)).rows;
  if (unreadable.length > 0) {
    throw refused(
      'tables.session-unable',
      `a run of \`tables apply\` left records in the schema scaleout, which a plan goes by and ${owner.session} may not read: plan as ${owner.owner}, ` +
        `or let it read them as that role: ${unreadable.map(({ statement }) => `${statement};`).join(' ')} Nothing was changed`,
    );
  }
  return owner.owner;
}

import { escapeIdentifier } from 'pg';
import { allOf } from '../../../config/text/text';
import type { LiveTable } from '../model/live';
import { showTable, sqlTable } from '../model/names';

/** What of the grants on a table keeps it from being distributed. */
export function grantFailures(table: LiveTable): string[] {
  return [...columnGrantFailures(table), ...ownRightFailures(table)];
}

/**
 * Before 13.1, Citus grants on whole tables alone: grants on columns stay on the coordinator, where a shard's server does not see them,
 * and are lost where it makes the table anew. Either way a role that has no more is refused its queries.
 */
function columnGrantFailures({ table, leftColumnGrants }: LiveTable): string[] {
  if (leftColumnGrants.length === 0) return [];
  return [
    `table ${showTable(table)} has grants on ${columns(leftColumnGrants)}, and Citus takes none to the shards, ` +
      'where roles that have no others would be refused: revoke them and grant on the whole table, or leave the table out',
  ];
}

/** An owner may revoke from itself what steps do in its name: removing the local copy, making foreign keys again. */
function ownRightFailures({ table, owner, ownerLacks = [] }: LiveTable): string[] {
  if (ownerLacks.length === 0) return [];
  return [
    `role ${owner} owns table ${showTable(table)} and has no ${allOf(ownerLacks)} on it, which the steps need: ` +
      `GRANT ${ownerLacks.join(', ')} ON ${sqlTable(table)} TO ${escapeIdentifier(owner)}`,
  ];
}

/** {@link columnGrantFailures} of a table that Citus makes anew beside another. @param why what makes it, as the beginning of a sentence */
export function convertedGrantFailures({ leftColumnGrants }: LiveTable, why: string): string[] {
  if (leftColumnGrants.length === 0) return [];
  return [
    `${why}, without its grants on ${columns(leftColumnGrants)}: revoke them and grant on the whole table, or drop the foreign key`,
  ];
}

function columns(names: readonly string[]): string {
  return `${names.length === 1 ? 'column' : 'columns'} ${allOf(names)}`;
}

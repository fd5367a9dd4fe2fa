import { escapeIdentifier } from 'pg';
import { showTable, sqlTable } from '../model/names';
import type { LivePolicy, LiveTable } from '../model/live';

/**
 * Row-level security that Citus does not carry: it takes no policy with a subquery, and makes policies on shards, and on a table that it
 * makes anew, without AS RESTRICTIVE, so that a policy that narrowed what others permit would permit by itself.
 */
export function policyFailures({ policies }: Pick<LiveTable, 'policies'>): string[] {
  return policies.flatMap((policy) => [
    ...(policy.subquery ? [subqueryFault(policy)] : []),
    ...(policy.permissive ? [] : [restrictiveFault(policy, policies)]),
  ]);
}

export function subqueryFault({ table, name }: Pick<LivePolicy, 'table' | 'name'>): string {
  return (
    `policy ${name} of table ${showTable(table)} has a subquery, which Citus takes in no policy: write it without one ` +
    '(current_user or current_setting() say who asks; what it looks up can be a column of the table), or leave the table out'
  );
}

function restrictiveFault(policy: LivePolicy, all: readonly LivePolicy[]): string {
  const name = escapeIdentifier(policy.name);
  const permissive = all.filter(
    (each) =>
      each.permissive &&
      showTable(each.table) === showTable(policy.table) &&
      [each.command, policy.command].some((command) => command === 'ALL' || each.command === policy.command),
  );
  const rewritten = permissive.map((each) => narrowed(each, policy));
  const instead =
    rewritten.length === 0
      ? 'no permissive policy stands beside it, so nothing is permitted by it either: drop it'
      : `AND its expression into each permissive policy instead: ${[...rewritten, `DROP POLICY ${name} ON ${sqlTable(policy.table)}`].join('; ')}`;
  return (
    `policy ${policy.name} of table ${showTable(policy.table)} is RESTRICTIVE, and Citus makes it PERMISSIVE on shards, where it would let rows through ` +
    `that it is to hide: ${instead}`
  );
}

/** The permissive policy with the restrictive one's expressions ANDed to its own. */
function narrowed({ table, name, using, withCheck }: LivePolicy, by: LivePolicy): string {
  const and = (own: string | undefined, other: string | undefined): string | undefined => {
    if (own === undefined) return undefined;
    return other === undefined ? own : `(${own}) AND (${other})`;
  };
  const clauses = [
    ['USING', and(using, by.using)],
    ['WITH CHECK', and(withCheck, by.withCheck ?? by.using)],
  ].flatMap(([clause, expression]) => (expression === undefined ? [] : [`${clause ?? ''} (${expression})`]));
  return `ALTER POLICY ${escapeIdentifier(name)} ON ${sqlTable(table)} ${clauses.join(' ')}`;
}

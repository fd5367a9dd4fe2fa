import { escapeIdentifier, escapeLiteral } from 'pg';
import { allOf } from '../../../config/text/text';
import { sameTable, showTable, sqlTable } from '../model/names';
import type { LivePolicy, LiveTable, ReadingCall } from '../model/live';

/**
 * Row-level security that Citus does not carry: it takes no policy with a subquery, and makes policies on shards, and on a table that it
 * makes anew, without AS RESTRICTIVE, so that a policy that narrowed what others permit would permit by itself.
 *
 * @param isSharded whether rows of the table come to other nodes, and the policies with them
 */
export function policyFailures({ policies }: Pick<LiveTable, 'policies'>, isSharded: boolean): string[] {
  const restrictive = policies.filter(({ permissive }) => !permissive);
  const first = restrictive.filter(
    ({ table }, place) => restrictive.findIndex((each) => sameTable(each.table, table)) === place,
  );
  return [
    ...policies.filter(({ subquery }) => subquery).map(subqueryFault),
    ...(isSharded ? policies : []).flatMap((policy) => policy.calls.map((call) => callFault(policy, call))),
    ...first.map(({ table }) => restrictiveFault(policies.filter((each) => sameTable(each.table, table)))),
  ];
}

export function subqueryFault({ table, name }: Pick<LivePolicy, 'table' | 'name'>): string {
  return (
    `policy ${name} of table ${showTable(table)} has a subquery, which Citus takes in no policy: write it without one ` +
    '(current_user or current_setting() say who asks; what it looks up can be a column of the table), or leave the table out'
  );
}

function callFault({ table, name }: LivePolicy, call: ReadingCall): string {
  return (
    `policy ${name} of table ${showTable(table)} calls ${describeCall(call)}, and on shards Citus runs no function that reads a table: every query under ` +
    'the policy would fail. Write the policy without it (current_user or current_setting() say who asks; what it looks up can be a column of the table), or leave the table out'
  );
}

/** `function f(integer), which reads t`. */
export function describeCall({ function: name, reads }: ReadingCall): string {
  return `${name}, which reads ${allOf([...new Set(reads.map(showTable))])}`;
}

/** @param policies all of one table */
function restrictiveFault(policies: readonly LivePolicy[]): string {
  const names = policies.filter(({ permissive }) => !permissive).map(({ name }) => name);
  const [policy] = policies;
  const table = policy === undefined ? '' : showTable(policy.table);
  const [what, pronoun] =
    names.length === 1
      ? [`policy ${allOf(names)} of table ${table} is RESTRICTIVE`, 'it']
      : [`policies ${allOf(names)} of table ${table} are RESTRICTIVE`, 'each'];
  const instead = policies.some(({ permissive }) => permissive)
    ? `The same without AS RESTRICTIVE: ${withoutRestrictive(policies).join('; ')}`
    : 'No permissive policy stands beside it, so nothing is permitted by it either: drop it';
  return (
    `${what}, and Citus makes ${pronoun} PERMISSIVE on shards, where it would let rows through ` +
    `that it is to hide. ${instead}`
  );
}

/** What {@link withoutRestrictive} needs to know of a policy. */
export type Rule = Omit<LivePolicy, 'subquery' | 'readsSetting' | 'calls'>;

const COMMANDS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;
type Command = (typeof COMMANDS)[number];

/**
 * Statements after which the permissive policies of a table alone permit what they do with the restrictive ones: the expressions of these
 * are joined by AND to those of each permissive policy, for their commands and roles alone. Pure.
 *
 * @param policies all of one table
 */
export function withoutRestrictive(policies: readonly Rule[]): string[] {
  const restrictive = policies.filter(({ permissive }) => !permissive);
  return [
    ...policies.filter(({ permissive }) => permissive).flatMap((policy) => narrowed(policy, restrictive)),
    ...restrictive.map(({ table, name }) => `DROP POLICY ${escapeIdentifier(name)} ON ${sqlTable(table)}`),
  ];
}

function narrowed(policy: Rule, restrictive: readonly Rule[]): string[] {
  const { table, name, command, roles } = policy;
  const narrowing = (of: Command): Rule[] =>
    restrictive.filter((each) => each.command === 'ALL' || each.command === of);
  const [of, ...others] = command === 'ALL' ? COMMANDS : [command];
  const all = narrowing(of);
  if (others.every((each) => narrowing(each).length === all.length)) {
    return all.length === 0
      ? []
      : [`ALTER POLICY ${escapeIdentifier(name)} ON ${sqlTable(table)}${clauses(policy, all, command)}`];
  }
  const to = roles.map((role) => (role === 'public' ? 'PUBLIC' : escapeIdentifier(role))).join(', ');
  return [
    `DROP POLICY ${escapeIdentifier(name)} ON ${sqlTable(table)}`,
    ...COMMANDS.map(
      (each) =>
        `CREATE POLICY ${escapeIdentifier(`${name}_${each.toLowerCase()}`)} ON ${sqlTable(table)} FOR ${each} TO ${to}${clauses(policy, narrowing(each), each)}`,
    ),
  ];
}

function clauses(policy: Rule, by: readonly Rule[], command: Rule['command']): string {
  const { using, withCheck = using } = policy;
  const and = (clause: string, own: string, others: readonly (string | undefined)[]): string =>
    ` ${clause} (${[own, ...others].flatMap((each) => (each === undefined ? [] : [`(${each})`])).join(' AND ')})`;
  const readsRows = command !== 'INSERT' && using !== undefined;
  // What is not said of new rows is what is said of old ones.
  const isSaid = command === 'INSERT' || [policy, ...by].some((each) => each.withCheck !== undefined);
  const writesRows = command !== 'SELECT' && command !== 'DELETE' && isSaid && withCheck !== undefined;
  const usings = by.map((each) => forItsRoles(each, each.using));
  const checks = by.map((each) => forItsRoles(each, each.withCheck ?? each.using));
  return [
    ...(readsRows ? [and('USING', using, usings)] : []),
    ...(writesRows ? [and('WITH CHECK', withCheck, checks)] : []),
  ].join('');
}

/** A policy holds for the members of its roles; for others the expression says nothing. */
function forItsRoles({ roles }: Rule, expression: string | undefined): string | undefined {
  if (expression === undefined || roles.includes('public')) return expression;
  const members = roles.map((role) => `pg_has_role(${escapeLiteral(role)}, 'USAGE')`);
  return `NOT (${members.join(' OR ')}) OR (${expression})`;
}

import type { z } from 'zod';
import { matching, ruled } from '../file/schema-types';
import type { Violation } from '../file/violations';
import { violationsOf } from '../file/violations';
import { show } from '../text/text';

/** Roles that every cluster has from the start, and that Azure or Citus itself signs in with. */
const SYSTEM_ROLES = ['citus', 'pgbouncer', 'postgres'];

/** Azure keeps these for itself: azure_pg_admin, azuresu and others to come. */
const SYSTEM_PREFIX = 'azure';

/** What PostgreSQL takes for something else where a role's name stands. */
const NOT_A_ROLE = ['none', 'public'];

/**
 * PostgreSQL's reserved words without an underscore (of 15; 14 and 16 have the same). As the name of a role, each would
 * have to stand in double quotes in every GRANT.
 */
const RESERVED_WORDS = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation ' +
    'column concurrently constraint create cross default deferrable desc distinct do else end except false fetch for ' +
    'foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral ' +
    'leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps ' +
    'placing primary references returning right select similar some symmetric table tablesample then to trailing true ' +
    'union unique user using variadic verbose when where window with'
  ).split(' '),
);

/** Whether the service itself has the role, on every cluster. */
export function isServiceRole(name: string): boolean {
  return SYSTEM_ROLES.includes(name) || name.startsWith(SYSTEM_PREFIX);
}

function isReserved(name: string): boolean {
  return NOT_A_ROLE.includes(name) || RESERVED_WORDS.has(name);
}

// Neither the service nor the provider takes capitals, underscores or hyphens here, unlike PostgreSQL.
export const roleName = ruled(
  matching(/^[a-z0-9]{1,63}$/, 'the name of a role: 1 to 63 lowercase letters and digits, and nothing else'),
  (name) => {
    if (isServiceRole(name)) {
      return ', a role of the service itself: choose another name';
    }
    return isReserved(name) ? ', a word that PostgreSQL keeps for itself: choose another name' : undefined;
  },
);

/** PostgreSQL itself makes the roles of an elastic cluster, so they may have underscores too. */
export const sqlRoleName = ruled(
  matching(
    /^[a-z_][a-z0-9_]{0,62}$/,
    'the name of a role: 1 to 63 lowercase letters, digits and underscores, a letter or underscore first',
  ),
  (name) => {
    if (name.startsWith('pg_') || isServiceRole(name)) {
      return ', a role of the service itself: choose another name';
    }
    return isReserved(name) ? ', a word that PostgreSQL keeps for itself: choose another name' : undefined;
  },
);

/**
 * What is wrong with the names of database roles; `at` starts with the role's index.
 *
 * @param nameType what one name may be
 */
export function roleViolations(
  roles: readonly { readonly name: string }[],
  nameType: z.ZodType = roleName,
): Violation[] {
  const names = roles.map(({ name }) => name);
  return names.flatMap((name, index) => {
    const at = [index, 'name'];
    const [wrong] = violationsOf(nameType, name);
    if (wrong !== undefined) return [{ at, problem: wrong.problem }];
    if (names.indexOf(name) === index) return [];
    const problem = `is ${show(name)}, the name of an earlier role: a role has one password, so list it once`;
    return [{ at, problem }];
  });
}

import { escapeIdentifier } from 'pg';
import { allOf } from '../../config/text/text';
import { passwordVariable } from './passwords';
import type { SeenRole, SeenRoles } from './read';

/**
 * `create` makes a login; `set-password` gives it the password of its variable; `set-on-nodes` does either on every node, for a role
 * that Citus does not carry; `refused` is a person's to decide.
 */
export type RoleAction = 'create' | 'set-password' | 'set-on-nodes' | 'unchanged' | 'refused';

export interface PlannedRole {
  readonly name: string;
  readonly action: RoleAction;
  /** Why, in words. */
  readonly why: string;
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

/** What `roles plan` answers with. */
export interface RolesPlan {
  readonly formatVersion: 1;
  readonly environment: string;
  readonly database: string;
  /** `name:port` of every node, the coordinator first. */
  readonly nodes: readonly string[];
  readonly roles: readonly PlannedRole[];
  /** Logins that the file does not name; they are left alone. */
  readonly unnamedRoles: readonly string[];
}

/** What has to happen so that each role of the file can log in with its password. Pure. */
export function planRoles(
  environment: string,
  database: string,
  names: readonly string[],
  seen: SeenRoles,
): RolesPlan {
  return {
    formatVersion: 1,
    environment,
    database,
    nodes: seen.nodes,
    roles: names.map((name) => ({ name, ...planRole(name, seen) })),
    unnamedRoles: seen.unnamed,
  };
}

type Decision = Omit<PlannedRole, 'name'>;

function planRole(name: string, seen: SeenRoles): Decision {
  const role = seen.roles.find((each) => each.name === name);
  const { missing, shut } = seen.lacking.get(name) ?? { missing: [], shut: [] };
  if (role === undefined) {
    const where = missing.length === seen.nodes.length ? '' : ` on ${allOf(missing)}`;
    return { action: 'create', why: `does not exist${where}`, notes: [] };
  }
  const against = reasonAgainst(role, shut);
  if (against !== undefined) return refusal(against);
  const change = changeOf(name, seen, missing);
  const notes = [
    ...(role.powers.length === 0 ? [] : [`it has ${allOf(role.powers)}, which this leaves as it is`]),
    ...(seen.carried.includes(name)
      ? []
      : ['Citus carries it to no node that joins: run this again after the cluster has grown']),
  ];
  if (change === undefined) {
    const { login, why } = seen.logins.get(name) ?? { login: 'works', why: '' };
    return { action: 'unchanged', why: '', notes: [...notes, ...(login === 'works' ? [] : [why])] };
  }
  if (role.powers.length > 0) {
    return refusal(
      `has ${allOf(role.powers)}, and ${change.why}: give it its password yourself, or take these rights from it`,
    );
  }
  if (!role.changeable) {
    return refusal(
      `${change.why}, and ${seen.session} may not change a role that another one made: run GRANT ${escapeIdentifier(name)} TO ${escapeIdentifier(seen.session)} WITH ADMIN OPTION as that one`,
    );
  }
  return { ...change, notes };
}

function refusal(why: string): Decision {
  return { action: 'refused', why, notes: [] };
}

/** What keeps a role from logging in, and a password does not change. */
function reasonAgainst(
  { name, mayLogIn, expired, self }: SeenRole,
  shut: readonly string[],
): string | undefined {
  const role = escapeIdentifier(name);
  if (self) return 'is the login of this session, whose password is the environment’s admin password';
  if (!mayLogIn) return `may not log in (NOLOGIN): run ALTER ROLE ${role} LOGIN if it is meant to`;
  if (expired)
    return `may no longer log in (VALID UNTIL is over): run ALTER ROLE ${role} VALID UNTIL 'infinity'`;
  return shut.length === 0
    ? undefined
    : `may not log in (NOLOGIN) on ${allOf(shut)}: run ALTER ROLE ${role} LOGIN`;
}

function changeOf(
  name: string,
  seen: SeenRoles,
  missing: readonly string[],
): Pick<PlannedRole, 'action' | 'why'> | undefined {
  if (missing.length > 0) return { action: 'set-on-nodes', why: `does not exist on ${allOf(missing)}` };
  if (seen.logins.get(name)?.login !== 'wrong-password') return undefined;
  const why = `does not log in with the password of ${passwordVariable(name)}`;
  return { action: seen.carried.includes(name) ? 'set-password' : 'set-on-nodes', why };
}

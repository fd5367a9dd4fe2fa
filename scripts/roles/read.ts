import type { Client } from 'pg';
import { z } from 'zod';
import { isServiceRole } from '../../config/azure/database-roles';
import { readRows } from '../citus/rows';
import { readCarriedRoles, readRolesOnNodes } from '../citus/roles';
import type { ConnectionTarget } from '../lib/connection';
import { withClient } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { FEWEST_ITERATIONS } from './verifier';

const role = z.object({
  name: z.string(),
  mayLogIn: z.boolean(),
  /** Attributes with which a role may do more than what is granted to it, as ALTER ROLE writes them. */
  powers: z.array(z.string()),
  /** VALID UNTIL is over. */
  expired: z.boolean(),
  /** Whether this session may set its password. */
  changeable: z.boolean(),
  /** Whether it is the role of this session. */
  self: z.boolean(),
});

/** A role as the coordinator has it. */
export type SeenRole = Readonly<z.infer<typeof role>>;

/** How a login ended: `unopened` knows the password and is kept out by something else. */
export type Login = 'works' | 'wrong-password' | 'unopened';

/** Everything that a plan is made from. */
export interface SeenRoles {
  readonly roles: readonly SeenRole[];
  /** By role; only of roles that may log in. */
  readonly logins: ReadonlyMap<string, { readonly login: Login; readonly why: string }>;
  /** `name:port` of every node, the coordinator first. */
  readonly nodes: readonly string[];
  /** By role: nodes that have it not, and nodes on which it may not log in. */
  readonly lacking: ReadonlyMap<
    string,
    { readonly missing: readonly string[]; readonly shut: readonly string[] }
  >;
  /** Roles that Citus carries to nodes that join. */
  readonly carried: readonly string[];
  /** Logins that the file does not name. */
  readonly unnamed: readonly string[];
  /** Rounds of hashing that this server wants. */
  readonly iterations: number;
  /** The role of this session. */
  readonly session: string;
}

/** From PostgreSQL 16 on, CREATEROLE alone changes no role that another one made. */
const ROLES = `
SELECT r.rolname::text AS name, r.rolcanlogin AS "mayLogIn",
       array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
                          CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
                          CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL) AS powers,
       coalesce(r.rolvaliduntil < now(), false) AS expired,
       me.rolsuper OR me.rolcreaterole AND NOT r.rolsuper AND
         (current_setting('server_version_num')::int < 160000
           OR EXISTS (SELECT FROM pg_auth_members m
                       WHERE m.roleid = r.oid AND m.admin_option AND pg_has_role(m.member, 'USAGE'))) AS changeable,
       r.rolname = current_user AS self
  FROM pg_roles r, pg_roles me
 WHERE me.rolname = current_user AND r.rolname !~ '^pg_'
 ORDER BY r.rolname COLLATE "C"`;

/** The setting is there since PostgreSQL 16. */
const SESSION = `
SELECT coalesce(current_setting('scram_iterations', true), '0')::int AS iterations, current_user::text AS session`;

/** Reads the roles of the cluster, and logs in as those of the file that may log in. Changes nothing. */
export async function readSeenRoles(
  client: Client,
  target: ConnectionTarget,
  passwords: ReadonlyMap<string, string>,
): Promise<SeenRoles> {
  const names = [...passwords.keys()];
  const all = await readRows(client, role, ROLES);
  const roles = all.filter(({ name }) => passwords.has(name));
  const onNodes = await readRolesOnNodes(client, names);
  const logins = new Map<string, { login: Login; why: string }>();
  for (const { name, mayLogIn } of roles) {
    if (mayLogIn) logins.set(name, await tryLogin(target, name, passwords.get(name) ?? ''));
  }
  const [settings] = await readRows(
    client,
    z.object({ iterations: z.number(), session: z.string() }),
    SESSION,
  );
  return {
    roles,
    logins,
    nodes: onNodes.map(({ node }) => node),
    lacking: new Map(
      names.map((name) => {
        const on = onNodes.map((each) => ({
          node: each.node,
          role: each.roles.find((one) => one.name === name),
        }));
        return [
          name,
          {
            missing: on.filter((each) => each.role === undefined).map(({ node }) => node),
            shut: on.filter((each) => each.role?.mayLogIn === false).map(({ node }) => node),
          },
        ];
      }),
    ),
    carried: await readCarriedRoles(client, names),
    unnamed: all
      .filter(({ name, mayLogIn, powers, self }) => {
        const isOfService = isServiceRole(name) || powers.includes('SUPERUSER');
        return mayLogIn && !self && !isOfService && !passwords.has(name);
      })
      .map(({ name }) => name),
    iterations: Math.max(FEWEST_ITERATIONS, settings?.iterations ?? 0),
    session: settings?.session ?? target.user,
  };
}

/** Kept out after the server took the password. */
const UNOPENED: Readonly<Record<string, string>> = {
  '42501': 'it may not connect to this database: GRANT CONNECT ON DATABASE to it',
  '53300': 'it has no connection left (CONNECTION LIMIT)',
};

/** @throws ScaleoutError where the login fails for a reason that says nothing of the password */
async function tryLogin(
  target: ConnectionTarget,
  name: string,
  password: string,
): Promise<{ login: Login; why: string }> {
  // What PGOPTIONS says is about this program's own sessions, and the firewall lets it in already.
  const asRole = { ...target, user: name, password, options: '', waitForFirewallMs: 0 };
  try {
    await withClient(asRole, () => Promise.resolve(), { purpose: 'roles' });
    return { login: 'works', why: '' };
  } catch (error) {
    const reason = error instanceof ScaleoutError ? error.details['reason'] : undefined;
    if (reason === '28P01') return { login: 'wrong-password', why: '' };
    const why = typeof reason === 'string' ? UNOPENED[reason] : undefined;
    if (why === undefined) throw error;
    return { login: 'unopened', why };
  }
}

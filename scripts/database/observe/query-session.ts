import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { allOf } from '../../../config/text/text';
import type { WorkloadQuery } from '../../../config/workload/workload';
import { ANSWERING_SETTINGS } from '../../../config/azure/answering-settings';
import { BECOME } from '../../citus/membership.sql';
import { refused } from '../../lib/errors';
import { beginReading, normalizeSession } from './fingerprint';

const NAMES = [...ANSWERING_SETTINGS, 'row_security'].map((name) => `'${name.toLowerCase()}'`).join(', ');

/** What a session of this role begins with; of another role than the login's, as if that role logged in. */
const TAKE_SETTINGS = `
SELECT set_config(s.name, coalesce(own.value, s.reset_val), true)
  FROM pg_settings s
  LEFT JOIN LATERAL (
    SELECT substr(entry, strpos(entry, '=') + 1) AS value
      FROM pg_db_role_setting d, unnest(d.setconfig) AS entry
     WHERE current_user <> session_user AND lower(split_part(entry, '=', 1)) = lower(s.name)
       AND d.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
       AND d.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
     ORDER BY d.setrole = 0, d.setdatabase = 0
     LIMIT 1) own ON true
 WHERE lower(s.name) IN (${NAMES})`;

const ROLES = `
SELECT name, r.rolcanlogin AS "mayLogin", coalesce($2::name, session_user)::text AS login,
       pg_has_role(coalesce($2::name, session_user), r.oid, ${BECOME}) AS member
  FROM unnest($1::text[]) AS name LEFT JOIN pg_roles r ON r.rolname = name`;

/**
 * Before anything is asked, since an answer that is missing before a run cannot be compared after it.
 *
 * @param as who will ask @default - this session's login
 * @throws ScaleoutError (refused) that names each role that no query can be asked as
 */
export async function requireQueryRoles(
  client: Client,
  queries: readonly WorkloadQuery[],
  as?: string,
): Promise<void> {
  const names = [...new Set(queries.flatMap(({ role }) => (role === undefined ? [] : [role])))];
  if (names.length === 0) return;
  const { rows } = await client.query<{
    name: string;
    /** Null where there is no such role. */
    mayLogin: boolean | null;
    member: boolean | null;
    login: string;
  }>(ROLES, [names, as ?? null]);
  const problems = rows.flatMap(({ name, mayLogin, member, login }) => {
    const role = escapeIdentifier(name);
    const asked = `role ${name} of ${queryNames(queries, name)}`;
    if (mayLogin === null) return [`${asked} does not exist: create it, or correct its name`];
    if (!mayLogin) {
      return [
        `${asked} may not log in, and Citus logs in to the nodes as the role that asks: run ALTER ROLE ${role} LOGIN, or name a role that may`,
      ];
    }
    return member === true
      ? []
      : [`${login} may not become ${asked}: run GRANT ${role} TO ${escapeIdentifier(login)}`];
  });
  if (problems.length > 0)
    throw refused('database.query-roles', `${problems.join('. ')}. Nothing was changed`);
}

function queryNames(queries: readonly WorkloadQuery[], role: string): string {
  const names = queries.filter((query) => query.role === role).map(({ name }) => name);
  return `${names.length === 1 ? 'query' : 'queries'} ${allOf(names)}`;
}

/** The time zone, and others that are not PostgreSQL's default, but for those that a server takes from its operating system. */
const DESCRIBE_SETTINGS = `
SELECT string_agg(format('%s %L', name, setting), ', ' ORDER BY name <> 'TimeZone', name) AS settings
  FROM pg_settings
 WHERE name = 'TimeZone'
    OR lower(name) IN (${NAMES}) AND setting <> boot_val AND name !~ '^(lc_|default_text)'`;

/**
 * Begins a transaction that can change nothing, in which a query is asked as its application asks it: with what its sessions begin
 * with. On the nodes that holds for the sessions of Citus.
 *
 * @param snapshot that another session exported
 * @returns the settings, for messages
 */
export async function beginAsApplication(
  client: Client,
  query: Pick<WorkloadQuery, 'role'>,
  snapshot?: string,
): Promise<string> {
  await beginAs(client, query, snapshot);
  await client.query(TAKE_SETTINGS);
  const { rows } = await client.query<{ settings: string }>(DESCRIBE_SETTINGS);
  return rows[0]?.settings ?? '';
}

/** The same, with the settings under which this program compares values. */
export async function beginNormalized(
  client: Client,
  query: Pick<WorkloadQuery, 'role'>,
  snapshot?: string,
): Promise<void> {
  await beginAs(client, query, snapshot);
  await normalizeSession(client);
  // What policies show to a role that is named is its answer.
  if (query.role !== undefined) await client.query('SET LOCAL row_security TO on');
}

/** On the nodes Citus logs in as the role of the moment. */
async function beginAs(
  client: Client,
  { role }: Pick<WorkloadQuery, 'role'>,
  snapshot?: string,
): Promise<void> {
  await beginReading(client, snapshot);
  if (role !== undefined) await client.query(`SET LOCAL ROLE ${escapeIdentifier(role)}`);
}

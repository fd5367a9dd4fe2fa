import { randomBytes } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import type { ConnectionTarget } from '../../../scripts/lib/connection';
import type { TestDatabase } from '../../support/citus';
import { query } from '../../tables/support/sensors';

/** A login as Azure's administrator of an elastic cluster: it makes roles and databases, and is no superuser. */
export interface Admin {
  readonly target: ConnectionTarget;
  /** Names of roles that no other test has, since roles belong to the servers. */
  role(name: string): string;
  /** Lets the nodes that have joined in among the others. */
  introduce(): Promise<void>;
  /** Drops it and every role of these names, on every node. */
  drop(): Promise<void>;
}

/**
 * Makes the administrator on every node of a test's database, with which the nodes let it in among themselves.
 */
export async function createAdmin({ target, platform }: TestDatabase): Promise<Admin> {
  const mark = randomBytes(4).toString('hex');
  const admin = `admin${mark}`;
  const password = randomBytes(12).toString('hex');
  await query(platform, `CREATE ROLE ${admin} LOGIN CREATEROLE CREATEDB PASSWORD '${password}'`);
  const introduce = async (): Promise<void> => {
    await query(
      platform,
      `SELECT run_command_on_all_nodes($$INSERT INTO pg_dist_authinfo VALUES (0, '${admin}', 'password=${password}') ON CONFLICT DO NOTHING$$)`,
    );
  };
  await introduce();
  return {
    introduce,
    target: { ...target, user: admin, password },
    role: (name) => `${name}${mark}`,
    async drop() {
      const roles = await query<{ name: string }>(
        platform,
        'SELECT rolname AS name FROM pg_roles WHERE rolname LIKE $1 ORDER BY rolname = $2',
        [`%${mark}`, admin],
      );
      // Citus drops those that it carries everywhere.
      for (const { name } of roles) {
        const role = escapeIdentifier(name);
        await query(platform, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    },
  };
}

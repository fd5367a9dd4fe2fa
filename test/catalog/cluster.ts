import { rmSync } from 'node:fs';
import { findNative } from '../../scripts/local/engines/native';
import { PLATFORM, LOGIN } from '../../scripts/local/engines/platform';
import { identifyProcess } from '../../scripts/local/engines/processes';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { enterRun } from '../support/enter-run';
import { stopTestClusters, testCluster, testLogin } from '../support/test-cluster';
import { publishTestRun, testRun } from '../support/test-run';
import { OWNER, quote, READER, text, WRITER } from './feature';

const ROLES = [READER, WRITER, OWNER];
const PASSWORD = 'catalog';

/**
 * A run of its own outside of jest, with servers that end with it.
 *
 * @throws Error in one line where this machine has no PostgreSQL with Citus
 */
export async function enterOwnRun(): Promise<() => Promise<void>> {
  await findNative();
  publishTestRun({ directory: enterRun().directory, owner: identifyProcess(), citus: 'native' });
  return async () => {
    await stopTestClusters();
    rmSync(testRun().directory, { recursive: true, force: true });
  };
}

/** The roles that cases grant to, on every server of the test cluster. */
export async function createRoles(): Promise<void> {
  const cluster = await testCluster();
  await Promise.all(
    cluster.nodes.map((node) =>
      withClient(testLogin(cluster, node, PLATFORM, 'postgres'), async (client) => {
        for (const role of ROLES) {
          await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]).then(async ({ rowCount }) => {
            if (rowCount === 0)
              await client.query(`CREATE ROLE ${quote(role)} LOGIN PASSWORD ${text(PASSWORD)}`);
          });
        }
        await client.query(`GRANT ${quote(OWNER)} TO ${quote(LOGIN)}`);
      }),
    ),
  );
}

/** Takes them away, once no database of the cases is left: views of other tests are granted to PUBLIC, which they would be part of. */
export async function dropRoles(): Promise<void> {
  const cluster = await testCluster();
  await Promise.all(
    cluster.nodes.map((node) =>
      withClient(testLogin(cluster, node, PLATFORM, 'postgres'), (client) =>
        client.query(`DROP ROLE IF EXISTS ${ROLES.map(quote).join(', ')}`),
      ),
    ),
  );
}

/**
 * The roles as Citus knows those that were made in a database of its own. The coordinator reads as them on the other nodes, too.
 */
export async function introduceRoles(platform: ConnectionTarget): Promise<void> {
  await withClient(platform, async (client) => {
    await client.query(
      "INSERT INTO pg_dist_object (classid, objid, objsubid) SELECT 'pg_authid'::regclass, oid, 0 FROM pg_authid WHERE rolname = ANY ($1) ON CONFLICT DO NOTHING",
      [ROLES],
    );
    await client.query(
      'INSERT INTO pg_dist_authinfo (nodeid, rolename, authinfo) SELECT 0, role, $2 FROM unnest($1::text[]) role',
      [ROLES, `password=${PASSWORD}`],
    );
  });
}

import { Client } from 'pg';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase } from '../../support/citus';
import { testRun } from '../../support/test-run';

/**
 * A fresh database for a test that distributes online. Citus names the replication slots of such a copy after the node,
 * the role and a number that starts at 1 in every database, so two copies in two databases of one server can collide;
 * a cluster on Azure has one database. Every worker of jest has servers of its own; on those that
 * SCALEOUT_TEST_CLUSTER names the tests take turns.
 */
export async function freshOnlineDatabase(options: { readonly workers: 0 | 2 }): Promise<TestDatabase> {
  const database = await freshCitusDatabase(options);
  if (testRun().citus !== 'named') return database;
  const turn = new Client({ ...database.platform, database: 'postgres', ssl: false });
  await turn.connect();
  // A test that gave up while it waited is to hold nobody else up: the turn ends with its process.
  (turn as Client & { unref(): void }).unref();
  await turn.query("SELECT pg_advisory_lock(hashtextextended('scaleout tests distribute online', 0))");
  return {
    ...database,
    async drop() {
      await database.drop();
      await turn.end();
    },
  };
}

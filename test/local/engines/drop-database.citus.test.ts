import { createDatabase, dropDatabase } from '../../../scripts/local/engines/platform';
import { withClient } from '../../../scripts/lib/connection';
import { platformSuite } from '../../support/citus';
import { testCluster, testLogin } from '../../support/test-cluster';

platformSuite('dropping a database', () => {
  test('waits for what is still in it', async () => {
    const cluster = await testCluster();
    const server = testLogin(cluster, cluster.nodes[0]!, cluster.superuser, 'postgres');
    const database = 'test_dropped_while_in_use';
    const inside = { ...server, database };
    await createDatabase(server, database, { citus: false });
    // The one way to be in a database that FORCE does not end.
    await withClient(inside, (client) => client.query("BEGIN; PREPARE TRANSACTION 'still here'"));
    let ended = false;
    const dropped = dropDatabase(server, database).then(() => ended);
    await new Promise((resolve) => setTimeout(resolve, 500));
    ended = true;
    await withClient(inside, (client) => client.query("ROLLBACK PREPARED 'still here'"));
    expect(await dropped).toBe(true);
    const { rows } = await withClient(server, (client) =>
      client.query('SELECT FROM pg_database WHERE datname = $1', [database]),
    );
    expect(rows).toEqual([]);
  });
});

import type { Client } from 'pg';
import type { ConnectionTarget } from '../../../../scripts/lib/connection';
import { withClient } from '../../../../scripts/lib/connection';
import { silentReporter } from '../../../../scripts/lib/reporter';
import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../../scripts/local/azure/http/server';
import { ELASTIC_CLUSTER_NEEDS } from '../../../../scripts/local/engines/engine';
import { nativeEngine } from '../../../../scripts/local/engines/native';
import { EngineClusters } from '../../../../scripts/local/terraform/engine-clusters';
import { elasticSuite } from '../../../support/elastic';
import type { ArmAnswer, Send } from '../arm-client';
import { GROUP } from '../arm-client';
import { ELASTIC, elasticClient, PASSWORD, SERVER } from './elastic';

/** Servers start, on a machine that may be busy. */
const SLOW = 180_000;
const NAME = 'wwi.postgres.database.azure.com';

elasticSuite('citus', 'requests for an elastic cluster and what stands behind it', () => {
  let clusters: EngineClusters;
  let azure: AzureStandIn;
  let send: Send;

  beforeAll(async () => {
    const engine = await nativeEngine.probe(ELASTIC_CLUSTER_NEEDS);
    if (!engine.available) throw new Error(engine.reason);
    clusters = new EngineClusters((access) => engine.start(silentReporter, access));
    azure = await startAzureStandIn({ clusters, operationMs: 0 });
    send = elasticClient(azure);
    await send('PUT', GROUP, { location: 'westus2' });
    await ended(await send('PUT', SERVER, ELASTIC));
  }, SLOW);
  afterAll(async () => {
    await azure.close();
    await clusters.stop();
  });

  /** Waits for the operation that a request began, which has to succeed. */
  async function ended({ status, headers, body }: ArmAnswer): Promise<void> {
    expect([status, body]).toEqual([202, {}]);
    const path = String(headers['azure-asyncoperation']).slice(azure.origin.length).replace(/\?.*/, '');
    for (;;) {
      const { body: operation } = await send('GET', path);
      if (operation['status'] !== 'InProgress') {
        expect(operation).toMatchObject({ status: 'Succeeded' });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const target = (password = PASSWORD, database = 'sensors'): ConnectionTarget => ({
    ...azure.resolve(NAME)!,
    user: 'wwi_admin',
    database,
    password,
    sslMode: 'disable',
  });
  const rowsOf = (sql: string): Promise<Record<string, unknown>[]> =>
    withClient(target(), async (client: Client) => (await client.query<Record<string, unknown>>(sql)).rows);

  test('the administrator who was named logs in to the database that was named, and is no superuser', async () => {
    expect(
      await rowsOf(
        `SELECT rolsuper, rolcreaterole, rolcreatedb, pg_has_role(oid, 'azure_pg_admin', 'MEMBER') AS administers,
                current_database() AS database, current_setting('server_version_num')::int / 10000 AS postgres,
                (SELECT count(*)::int FROM pg_roles WHERE rolname = 'citus') AS others
           FROM pg_roles WHERE rolname = current_user`,
      ),
    ).toEqual([
      {
        rolsuper: false,
        rolcreaterole: true,
        rolcreatedb: true,
        administers: true,
        database: 'sensors',
        postgres: 17,
        others: 0,
      },
    ]);
  });

  test(
    'a node alone holds shards, and stays the same one with two beside it, on the same host',
    async () => {
      await rowsOf('CREATE TABLE readings (device_id bigint, value int)');
      await rowsOf('INSERT INTO readings SELECT i, i FROM generate_series(1, 100) i');
      const cluster = { clusterSize: 3, defaultDatabaseName: 'sensors' };
      const before = azure.resolve(NAME);
      await ended(await send('PATCH', SERVER, { properties: { cluster } }));
      expect(azure.resolve(NAME)).toEqual(before);
      const nodes = await rowsOf(
        'SELECT nodename, nodeport, shouldhaveshards FROM pg_dist_node ORDER BY nodeport',
      );
      expect(nodes.map(({ nodename, shouldhaveshards }) => [nodename, shouldhaveshards])).toEqual(
        Array.from({ length: 3 }, () => ['127.0.0.1', true]),
      );
      expect(new Set(nodes.map(({ nodeport }) => nodeport)).size).toBe(3);
      await rowsOf("SELECT create_distributed_table('readings', 'device_id')");
      const [spread] = await rowsOf(
        "SELECT count(DISTINCT nodeport)::int AS nodes FROM citus_shards WHERE table_name = 'readings'::regclass",
      );
      expect(spread).toEqual({ nodes: 3 });
      expect(await rowsOf('SELECT count(*)::int AS rows FROM readings')).toEqual([{ rows: 100 }]);
      await rowsOf('SELECT citus_rebalance_start()');
    },
    SLOW,
  );

  test(
    'another password lets in, and the one of before does not',
    async () => {
      const administratorLoginPassword = `${PASSWORD}-b`;
      await ended(await send('PATCH', SERVER, { properties: { administratorLoginPassword } }));
      await expect(rowsOf('SELECT 1')).rejects.toThrow(/password/);
      await withClient(target(administratorLoginPassword), (client) => client.query('SELECT 1'));
      await ended(await send('PATCH', SERVER, { properties: { administratorLoginPassword: PASSWORD } }));
      expect(await rowsOf('SELECT count(*)::int AS rows FROM readings')).toEqual([{ rows: 100 }]);
    },
    SLOW,
  );

  test(
    'it goes with its group, and nothing of it answers any longer',
    async () => {
      const address = target();
      await send('DELETE', GROUP);
      const gone = async (): Promise<boolean> => (await send('GET', SERVER)).status === 404;
      while (!(await gone())) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(azure.resolve(NAME)).toBeUndefined();
      await expect(withClient(address, (client) => client.query('SELECT 1'))).rejects.toThrow();
    },
    SLOW,
  );
});

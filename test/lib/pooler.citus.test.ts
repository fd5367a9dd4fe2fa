import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { parseDistribution } from '../../config/workload/distribution';
import { withAdvisoryLock, withClient } from '../../scripts/lib/connection';
import { rebalancePlan } from '../../scripts/rebalance/commands';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { transactionPooler } from '../support/transaction-pooler';
import type { TransactionPooler } from '../support/transaction-pooler';
import { query, testContext } from '../tables/support/sensors';

jest.setTimeout(60_000);

const expected = parseDistribution('shardCount: 4\ntables:\n  calls: { distributeBy: team_id }\n', 'd.yaml');
const REFUSED = {
  code: 'cluster.pooler',
  exitCode: 3,
  message: expect.stringMatching(/is a transaction pooler .*Connect to the server itself: .*5432/) as string,
};

platformSuite('a transaction pooler', () => {
  let database: TestDatabase;
  let pooler: TransactionPooler | undefined;
  const locks = (): Promise<unknown> =>
    query(
      database.target,
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(
      database.target,
      'CREATE TABLE calls (team_id int NOT NULL, id int NOT NULL, PRIMARY KEY (team_id, id))',
    );
  });
  afterEach(async () => {
    await pooler?.close();
    pooler = undefined;
    await database.drop();
  });

  test.each([true, false])(
    'is refused by what its sessions see, and keeps no lock (rotating: %s)',
    async (rotate) => {
      pooler = await transactionPooler(database.target, { rotate });
      const { target } = pooler;
      // As many sessions as clients, which one after the other has.
      await withClient(target, () => withClient(target, () => Promise.resolve()));
      await expect(tablesApply(testContext(), { target, expected })).rejects.toMatchObject(REFUSED);
      await expect(tablesPlan(testContext(), { target, expected })).rejects.toMatchObject(REFUSED);
      await expect(rebalancePlan(testContext(), { target })).rejects.toMatchObject(REFUSED);
      expect(await locks()).toEqual([]);
      const direct = await tablesPlan(testContext(), { target: database.target, expected });
      expect(direct.document.steps).toHaveLength(1);
      await tablesApply(testContext(), { target: database.target, expected });
    },
  );

  test('a pooler of sessions with one connection is refused, and not waited for', async () => {
    const sockets: Socket[] = [];
    const server = createServer((client) => {
      sockets.push(client);
      client.on('error', () => undefined);
      if (sockets.length === 1) {
        const upstream = connect(database.target.port, database.target.host);
        sockets.push(upstream.on('error', () => undefined));
        client.pipe(upstream).pipe(client);
        return;
      }
      // AuthenticationOk and ReadyForQuery; what comes then waits for the first client to go.
      client.once('data', () => client.write(Buffer.from('520000000800000000' + '5a0000000549', 'hex')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target = { ...database.target, host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    try {
      await expect(tablesPlan(testContext(), { target, expected })).rejects.toMatchObject({
        code: 'cluster.pooler',
        exitCode: 3,
        message: expect.stringMatching(/lets a session in and then wait \(for 5 s\)/) as string,
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  test.each([6432, 8432])('is known by port %d, before anything connects to it', async (port) => {
    const target = { ...database.target, port };
    await expect(tablesPlan(testContext(), { target, expected })).rejects.toMatchObject(REFUSED);
  });

  test('a lock that a session of a pool keeps of a run that is gone is taken over, that of a run is not', async () => {
    await withClient(database.target, async (holder) => {
      await withAdvisoryLock(holder, 'tables', async () => {
        const apply = () => tablesApply(testContext(), { target: database.target, expected });
        await expect(apply()).rejects.toMatchObject({
          code: 'cluster.busy',
          message: expect.stringMatching(/pg_terminate_backend\(\d+\)/) as string,
        });
        // The pool gave the session to another client since.
        await holder.query("SELECT set_config('application_name', 'web', false)");
        expect((await apply()).document.applied).toHaveLength(1);
        expect(await locks()).toEqual([]);
      });
    }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'cluster.connection-lost' });
    });
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import {
  citusVersion,
  requireCitus,
  withAdvisoryLock,
  withClient,
  withTransaction,
} from '../../scripts/lib/connection';
import { ScaleoutError } from '../../scripts/lib/errors';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';

platformSuite('connections', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  });

  afterAll(() => database.drop());

  it('refuses the second run, names the first, and lets go at the end', async () => {
    const { target } = database;
    await withClient(target, async (first) => {
      const { rows } = await first.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await withAdvisoryLock(first, 'tables', async () => {
        const second = withClient(target, (client) => withAdvisoryLock(client, 'tables', async () => 'ran'));
        await expect(second).rejects.toThrow(
          new RegExp(`another "tables" run .*session ${String(rows[0]?.pid)} of citus, connected since`),
        );
        const other = withClient(target, (client) =>
          withAdvisoryLock(client, 'rebalance', async () => 'ran'),
        );
        await expect(other).resolves.toBe('ran');
      });
      const after = withClient(target, (client) => withAdvisoryLock(client, 'tables', async () => 'ran'));
      await expect(after).resolves.toBe('ran');
    });
  });

  it('says so when the server closes the connection in the middle', async () => {
    const { target, platform } = database;
    const work = withClient(target, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await withClient(platform, (other) =>
        other.query('SELECT pg_terminate_backend($1::int)', [rows[0]?.pid]),
      );
      await sleep(100);
      await client.query('SELECT 1');
    });
    await expect(work).rejects.toThrow(/was lost in the middle of the work .* run the same command again/);
  });

  it('lets what went wrong be said where a session beside it was lost', async () => {
    const { target, platform } = database;
    const work = withClient(target, (beside) =>
      withClient(target, async () => {
        const { rows } = await beside.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await withClient(platform, (other) =>
          other.query('SELECT pg_terminate_backend($1::int)', [rows[0]?.pid]),
        );
        await sleep(100);
        throw new ScaleoutError('step distribute:t failed');
      }),
    );
    await expect(work).rejects.toThrow(/^step distribute:t failed$/);
  });

  it('does not take a worker that is away for a lost connection', async () => {
    const work = withClient(database.target, (client) =>
      client.query(
        "DO $$ BEGIN RAISE EXCEPTION 'connection to the remote node failed' USING ERRCODE = '08006'; END $$",
      ),
    );
    await expect(work).rejects.toThrow(/^connection to the remote node failed$/);
  });

  it('rolls back what a failing transaction did', async () => {
    await withClient(database.target, async (client) => {
      const failing = withTransaction(client, async () => {
        await client.query('CREATE TABLE half_done (id int)');
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      const { rows } = await client.query("SELECT to_regclass('half_done') AS found");
      expect(rows).toEqual([{ found: null }]);
    });
  });

  it('tells Citus from plain PostgreSQL', async () => {
    await withClient(database.target, async (client) => {
      expect(await citusVersion(client)).toMatch(/^\d+\.\d+/);
    });
    const plain = { ...database.platform, database: 'postgres' };
    await expect(withClient(plain, (client) => requireCitus(client, plain))).rejects.toThrow(
      /is PostgreSQL without Citus/,
    );
  });
});

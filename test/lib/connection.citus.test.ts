import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionTarget } from '../../scripts/lib/connection';
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
import { withVariables } from '../support/environment';

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
          new RegExp(
            `another "tables" run .*session ${String(rows[0]?.pid)} of citus, scaleout, connected since`,
          ),
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
        throw new ScaleoutError('tables.step-failed', 'step distribute:t failed');
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

  const settings = (target: ConnectionTarget): Promise<Record<string, string>> =>
    withClient(target, async (client) => {
      const { rows } = await client.query<{ name: string; setting: string; reset: string }>(
        'SELECT name, setting, reset_val AS reset FROM pg_settings',
      );
      return Object.fromEntries(
        rows.flatMap(({ name, setting, reset }): [string, string][] => [
          [name, setting],
          ...(name.endsWith('_timeout') ? [[`${name} at login`, reset] as [string, string]] : []),
        ]),
      );
    });

  it('takes nothing for a server of its own from the variables of whoever runs it', async () => {
    const plain = await settings(database.target);
    const variables = {
      PGOPTIONS: '-c search_path=nowhere -c statement_timeout=5s -c default_transaction_read_only=on',
      PGREPLICATION: 'database',
      PGSSLNEGOTIATION: 'direct',
      PGAPPNAME: 'somebody',
      PGCLIENTENCODING: 'LATIN1',
      PGCLIENT_ENCODING: 'LATIN1',
      PGDATESTYLE: 'German',
      PGTZ: 'Asia/Kathmandu',
      PGHOST: 'nowhere.example.com',
      PGPORT: '1',
      PGUSER: 'nobody',
      PGDATABASE: 'nothing',
      PGSERVICE: 'nothing',
      PGCONNECT_TIMEOUT: '1',
    };
    expect(await withVariables(variables, () => settings(database.target))).toEqual(plain);
  });

  it('begins a session with what PGOPTIONS says, but for what it sets itself', async () => {
    const options =
      '-c search_path=elsewhere -c work_mem=12MB -c statement_timeout=5s -c lock_timeout=1 -c intervalstyle=iso_8601 ' +
      '-c bytea_output=escape -c extra_float_digits=-3 -c standard_conforming_strings=off -c quote_all_identifiers=on';
    const { target } = database;
    expect(await settings({ ...target, options })).toEqual({
      ...(await settings(target)),
      search_path: 'elsewhere',
      work_mem: '12288',
    });
  });

  it('reads and writes values as it does, whatever the role has set', async () => {
    const { target, platform } = database;
    const set = async (statement: string): Promise<void> => {
      await withClient(platform, (client) =>
        client.query(`ALTER ROLE citus IN DATABASE "${target.database}" ${statement}`),
      );
    };
    for (const setting of [
      "datestyle = 'German, DMY'",
      'intervalstyle = sql_standard',
      'bytea_output = escape',
    ]) {
      await set(`SET ${setting}`);
    }
    try {
      const { rows } = await withClient(target, (client) =>
        client.query(
          "SELECT '2026-01-31'::date::text AS day, '1 day 2 hours'::interval::text AS long, '\\x00ff'::bytea::text AS bytes, '3.2.2026'::date AS dmy",
        ),
      );
      // The order of day and month is the person's own.
      expect(rows).toEqual([
        { day: '2026-01-31', long: '1 day 02:00:00', bytes: '\\x00ff', dmy: new Date(2026, 1, 3) },
      ]);
    } finally {
      await set('RESET ALL');
    }
  });
});

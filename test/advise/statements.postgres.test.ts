import { readFileSync, truncateSync } from 'node:fs';
import { loadWorkload } from '../../config/workload/workload';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { findEmbedded } from '../../scripts/local/engines/embedded';
import { createDatabase } from '../../scripts/local/engines/platform';
import { createServerProcesses } from '../../scripts/local/engines/server-processes';
import type { ServerSet } from '../../scripts/local/engines/server-set';
import type { Advice } from '../../scripts/advise/advice-document';
import { adviseDistribution } from '../../scripts/advise/commands';
import { laneSuite } from '../support/lanes';
import { createSensors, query, testContext } from '../tables/support/sensors';

laneSuite('postgres', 'the workload that pg_stat_statements knows', () => {
  let servers: ServerSet;
  let platform: ConnectionTarget;
  let target: ConnectionTarget;

  beforeAll(async () => {
    const { binaries, user, copyFrom } = await findEmbedded();
    servers = await createServerProcesses({
      installation: { binaries, user },
      citus: false,
      ...(copyFrom === undefined ? {} : { copyFrom }),
      settings: {
        shared_preload_libraries: 'pg_stat_statements,auto_explain',
        logging_collector: 'on',
        log_destination: 'stderr,csvlog,jsonlog',
        log_filename: 'server.log',
        // As Debian has it: a date, then whatever else.
        log_line_prefix: '%m [%p] %q%u@%d ',
      },
    });
    const [node] = await servers.start(['coordinator']);
    if (node === undefined) throw new Error('no server was started');
    await createDatabase(servers.login(node, 'postgres', 'postgres'), 'citus', { citus: false });
    await createDatabase(servers.login(node, 'postgres', 'postgres'), 'other', { citus: false });
    platform = servers.login(node, 'postgres', 'citus');
    target = servers.login(node, 'citus', 'citus');
    await createSensors(target, 3_000);
    await query(target, 'ANALYZE');
  }, 120_000);
  afterAll(() => servers.stop());

  beforeEach(async () => {
    await query(platform, 'DROP EXTENSION IF EXISTS pg_stat_statements; CREATE EXTENSION pg_stat_statements');
    await query(platform, 'GRANT pg_read_all_stats TO citus');
    await query(platform, 'SELECT pg_stat_statements_reset()');
  });

  const run = async (more = {}): Promise<Advice> =>
    (await adviseDistribution(testContext(), { target, ...more })).document;
  /** As an application would: one statement, many times, with other values. */
  const use = (as: ConnectionTarget, times: number, sql: string, values?: (turn: number) => unknown[]) =>
    withClient(as, async (client) => {
      for (let turn = 0; turn < times; turn += 1) await client.query(sql, values?.(turn));
    });
  const statements = ({ queries }: Advice): [string, number | undefined, string, unknown][] =>
    queries.map(({ sql, calls, route, tasks }) => [sql, calls, route, tasks]);
  const NOTHING_KNOWN =
    /no workload is known \(no --queries, no --log, and pg_stat_statements says nothing\)/;

  it('counts by calls, whatever the constants were, and leaves out what is not about these tables', async () => {
    await use(target, 30, 'SELECT payload FROM events WHERE device_id = $1', (turn) => [turn]);
    await query(target, 'SELECT count(*) FROM events WHERE device_id IN (1, 2, 3)');
    await query(target, 'SELECT count(*) FROM events WHERE device_id IN (7, 8, 9)');
    await query(target, "/* a job */ SELECT count(*) FROM events WHERE created_at > now() - interval '2 h'");
    await query(target, "UPDATE devices SET name = 'x' WHERE device_id = 3");
    await query(target, 'SELECT count(*) FROM pg_class');
    await query(target, 'CREATE TEMPORARY TABLE t (n int)');
    await query(platform, 'SELECT 1');

    const advice = await run();

    expect(statements(advice)).toEqual([
      ['SELECT payload FROM events WHERE device_id = $1', 30, 'one-shard', 1],
      ['SELECT count(*) FROM events WHERE device_id IN ($1, $2, $3)', 2, 'some-shards', undefined],
      [
        '/* a job */ SELECT count(*) FROM events WHERE created_at > now() - $1::interval',
        1,
        'all-shards',
        'all',
      ],
      ['UPDATE devices SET name = $1 WHERE device_id = $2', 1, 'one-shard', 1],
    ]);
    expect(advice.queries.map(({ source }) => source)).toEqual(
      advice.queries.map(() => 'pg_stat_statements'),
    );
    expect(advice.queries[0]?.share).toBeCloseTo(30 / 34);
    expect(advice.tables.find(({ name }) => name === 'events')?.distributeBy).toBe('device_id');
    expect(advice.caveats).toEqual([]);
  });

  it('leaves out the statements of other databases of the server, and its own', async () => {
    await createSensors({ ...target, database: 'other' }, 10);
    await use({ ...target, database: 'other' }, 5, 'SELECT count(*) FROM events WHERE event_id = $1', () => [
      1,
    ]);
    await run();
    const advice = await run();
    expect(statements(advice)).toEqual([]);
    expect(advice.caveats).toEqual([expect.stringMatching(NOTHING_KNOWN)]);
  });

  it('weighs a file and what was recorded the same', async () => {
    await use(target, 100, 'SELECT count(*) FROM events WHERE created_at > $1', () => ['2024-01-01']);
    const advice = await run({ queries: (await loadWorkload('sensors')).queries });
    expect(advice.queries.map(({ source, share }) => [source, share])).toEqual([
      ['file', 0.25],
      ['file', 0.25],
      ['pg_stat_statements', 0.5],
    ]);
  });

  it('sees what others run only where it may, and says so', async () => {
    await query(platform, 'REVOKE pg_read_all_stats FROM citus');
    await use(platform, 9, 'SELECT name FROM devices WHERE device_id = $1', () => [1]);
    await use(target, 2, 'SELECT count(*) FROM events WHERE device_id = $1', () => [1]);
    const advice = await run();
    expect(statements(advice).map(([sql, calls]) => [sql, calls])).toEqual([
      ['SELECT count(*) FROM events WHERE device_id = $1', 2],
    ]);
    expect(advice.caveats).toEqual([
      'pg_stat_statements shows this role its own statements alone: GRANT pg_read_all_stats to it to see the whole workload',
    ]);
  });

  it('is read where its schema is, whatever that is called', async () => {
    await query(
      platform,
      'DROP EXTENSION pg_stat_statements; CREATE SCHEMA IF NOT EXISTS "My ""tools"""; GRANT USAGE ON SCHEMA "My ""tools""" TO citus; CREATE EXTENSION pg_stat_statements SCHEMA "My ""tools"""',
    );
    await use(target, 3, 'SELECT payload FROM events WHERE device_id = $1', () => [1]);
    expect(statements(await run()).map(([, calls]) => calls)).toEqual([3]);

    await query(platform, 'REVOKE USAGE ON SCHEMA "My ""tools""" FROM citus');
    const advice = await run();
    expect(statements(advice)).toEqual([]);
    expect(advice.caveats[0]).toMatch(
      /^pg_stat_statements is created and cannot be read: permission denied for schema My "tools"/,
    );
  });

  it('is not missed where it was never created', async () => {
    await query(platform, 'DROP EXTENSION pg_stat_statements');
    await use(target, 3, 'SELECT payload FROM events WHERE device_id = $1', () => [1]);
    const advice = await run();
    expect(statements(advice)).toEqual([]);
    expect(advice.caveats).toEqual([expect.stringMatching(NOTHING_KNOWN)]);
  });

  describe('of a log', () => {
    const LOGGING = {
      statements: "log_statement = 'all'",
      durations: 'log_min_duration_statement = 0',
      plans: 'auto_explain.log_min_duration = 0',
    };
    const APPLICATION = [
      ['SELECT payload\n  FROM events -- "of one device", by name\n WHERE device_id = $1', 3],
      ["UPDATE devices SET name = 'it''s, \"1\"' WHERE device_id = 3", 2],
      ['/* both */ SELECT 1 FROM devices; DELETE FROM events WHERE event_id = 4711', 1],
    ] as const;

    /** The logs of what an application does while the server logs it in one way. */
    async function logsOf(...settings: readonly string[]): Promise<string[]> {
      await query(platform, 'DROP EXTENSION IF EXISTS pg_stat_statements');
      for (const setting of settings) await query(platform, `ALTER ROLE citus SET ${setting}`);
      const { rows } = await withClient(platform, (client) =>
        client.query<{ log: string }>("SELECT current_setting('data_directory') || '/log/server' AS log"),
      );
      const logs = ['log', 'csv', 'json'].map((ending) => `${rows[0]?.log ?? ''}.${ending}`);
      for (const log of logs) truncateSync(log);
      for (const [sql, times] of APPLICATION) {
        await use(target, times, sql, sql.includes('$1') ? (turn) => [turn] : undefined);
      }
      await query(platform, 'ALTER ROLE citus RESET ALL');
      const last = 'THE LOG ENDS HERE';
      await withClient(platform, async (client) => {
        await client.query("SET log_statement = 'all'");
        await client.query(`SELECT '${last}'`);
      });
      for (const log of logs) {
        while (!readFileSync(log, 'utf8').includes(last)) await new Promise((done) => setTimeout(done, 10));
      }
      return logs;
    }

    it.each([
      ['log_statement', [LOGGING.statements]],
      ['log_min_duration_statement', [LOGGING.durations]],
      ['auto_explain', [LOGGING.plans]],
      ['auto_explain in JSON', [LOGGING.plans, 'auto_explain.log_format = json']],
      ['statements and plans of the same runs', [LOGGING.statements, LOGGING.plans]],
    ])('counts what %s writes, the same in each of its formats', async (_, settings) => {
      for (const log of await logsOf(...settings)) {
        const advice = await run({ logs: [log] });
        expect(statements(advice).map(([sql, calls]) => [sql, calls])).toEqual([
          [APPLICATION[0][0], 3],
          ['UPDATE devices SET name = $1 WHERE device_id = $2', 2],
          ['SELECT $1 FROM devices', 1],
          ['DELETE FROM events WHERE event_id = $1', 1],
        ]);
        expect(advice.queries.map(({ source }) => source)).toEqual(advice.queries.map(() => 'log'));
        // What rows hold stays in the log.
        expect(JSON.stringify(advice)).not.toMatch(/it''s|4711/);
      }
    });

    it('is read whole or refused: what is no log, or holds no statement', async () => {
      await expect(run({ logs: ['/no/such/server.log'] })).rejects.toThrow(
        '/no/such/server.log cannot be read (ENOENT): name a log of the server with --log',
      );
      await expect(run({ logs: [__filename, __filename] })).rejects.toThrow(
        /statements\.postgres\.test\.ts and .* hold no statement of an application/,
      );
    });
  });
});

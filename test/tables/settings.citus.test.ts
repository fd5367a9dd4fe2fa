import path from 'node:path';
import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { scratchDirectory } from '../support/scratch';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const expected = parseDistribution(
  'shardCount: 4\ntables:\n  checkins: { distributeBy: gym_id }\n',
  'd.yaml',
);

platformSuite('settings of sessions that differ between nodes', () => {
  const receipt = path.join(scratchDirectory(), 'receipt.json');
  let database: TestDatabase;
  const everywhere = (sql: string): Promise<unknown> =>
    query(
      database.platform,
      `SELECT run_command_on_workers($cmd$ DO $do$ BEGIN SET LOCAL citus.enable_ddl_propagation TO off; EXECUTE format('${sql.replaceAll("'", "''")}', current_database()); END $do$ $cmd$)`,
    );
  const onCoordinator = (sql: string): Promise<unknown> =>
    query(
      database.platform,
      `SET citus.enable_ddl_propagation TO off; ${sql.replace('%I', database.target.database)}`,
    );
  const plan = async () => (await tablesPlan(testContext(), { target: database.target, expected })).document;
  const apply = (ids: string[]) =>
    tablesApply(testContext(), { target: database.target, expected, allow: ids.map((id) => ({ id })) });

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await query(
      database.target,
      'CREATE TABLE checkins (gym_id int NOT NULL, id int NOT NULL, at timestamptz, PRIMARY KEY (gym_id, id))',
    );
  });
  afterEach(() => database.drop());

  test.each([
    ['TimeZone', 'Asia/Tokyo'],
    ['DateStyle', 'SQL, DMY'],
    ['IntervalStyle', 'iso_8601'],
    ['extra_float_digits', '0'],
    ['bytea_output', 'escape'],
    ['lc_numeric', 'POSIX'],
  ])('%s of the database is named with the statement that mends it, which does', async (name, value) => {
    await onCoordinator(`ALTER DATABASE %I SET ${name} = '${value}'`);
    const id = `setting-differs:${name}`;
    const [found, ...more] = (await plan()).findings;
    expect(more).toEqual([]);
    expect(found).toMatchObject({ id, needs: 'allowance', allowed: false });
    const statement = /: (ALTER DATABASE .*)$/.exec(found?.message ?? '')?.[1] ?? '';
    expect(statement).toContain(`SET ${name} = '${value}'`);
    await expect(apply([])).rejects.toMatchObject({ code: 'tables.not-allowed', exitCode: 3 });
    await everywhere(statement);
    expect((await plan()).findings).toEqual([]);
    await apply([]);
  });

  test('one of a worker alone is found as well, and can be allowed by name', async () => {
    await everywhere('ALTER DATABASE %I SET search_path = other, public');
    expect((await plan()).findings).toMatchObject([{ id: 'setting-differs:search_path' }]);
    const id = 'setting-differs:search_path';
    await apply([id]);
    const verify = async (allow: { id: string }[]) =>
      (await tablesVerify(testContext(), { target: database.target, expected: { ...expected, allow } }))
        .document;
    const { ok, checks } = await verify([]);
    expect(ok).toBe(false);
    expect(checks.filter((check) => !check.ok)).toMatchObject([{ id }]);
    expect((await verify([{ id }])).ok).toBe(true);
  });

  test('answers are compared as the application asks, whose settings shards have not', async () => {
    const { target } = database;
    const queries = [
      { name: 'days', sql: "SELECT date_trunc('day', at) AS day, count(*) FROM checkins GROUP BY 1" },
      { name: 'hours', sql: 'SELECT at, count(*) FROM checkins GROUP BY 1' },
    ];
    // The sessions of an application, as they begin.
    const days = async () =>
      (
        await query<{ rows: string }>(
          target,
          'SELECT count(*) AS rows FROM checkins GROUP BY at::date ORDER BY at::date LIMIT 3',
        )
      ).map(({ rows }) => Number(rows));
    await onCoordinator("ALTER DATABASE %I SET TimeZone = 'Asia/Tokyo'");
    await query(
      target,
      "INSERT INTO checkins SELECT i % 30, i, timestamptz '2026-01-01 00:00+00' + i * interval '1 hour' FROM generate_series(1, 480) i",
    );
    const atFirst = await days();
    expect(atFirst).toEqual([14, 24, 24]);

    const allow = [{ id: 'setting-differs:TimeZone' }];
    const context = testContext();
    const wide = { ...expected, shardCount: 32 };
    const { document } = await tablesApply(context, { target, expected: wide, allow, queries, receipt });
    expect(await days()).not.toEqual(atFirst);
    const detail = document.answers[0]?.detail ?? '';
    // Days that begin in Tokyo, and days that begin in UTC, of which those of few rows may be on the coordinator alone.
    expect(detail).toMatch(
      /^as its application asks it \(TimeZone 'Asia\/Tokyo'\): answered with 21 rows before, with 4[012] now; in UTC: 21 rows, the same as before$/,
    );
    expect(document.answers).toEqual([
      { query: 'days', same: false, bySettings: true, detail },
      { query: 'hours', same: true, detail: '480 rows, the same as before' },
    ]);
    expect(context.lines).toContainEqual(
      expect.stringContaining(`${detail}. Shards answer with the settings of their nodes`),
    );

    const verify = async () =>
      (
        await tablesVerify(testContext(), { target, expected: { ...wide, allow }, queries, receipt })
      ).document.checks.filter(({ id }) => id.startsWith('answer:') || id.startsWith('setting-'));
    expect(await verify()).toMatchObject([
      { ...allow[0], ok: true, warning: true },
      {
        id: 'answer:days',
        ok: true,
        warning: true,
        detail: expect.stringMatching(
          /^4[012] rows, the same as before; against the time before the run: as its application/,
        ) as string,
      },
      { id: 'answer:hours', ok: true, detail: '480 rows, the same as before' },
    ]);
    await everywhere("ALTER DATABASE %I SET TimeZone = 'Asia/Tokyo'");
    expect(await days()).toEqual(atFirst);
    expect(await verify()).toEqual([
      {
        id: 'answer:days',
        ok: true,
        detail: '21 rows, the same as before the run, which left another answer',
      },
      { id: 'answer:hours', ok: true, detail: '480 rows, the same as before' },
    ]);
  });
});

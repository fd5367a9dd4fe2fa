import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const expected = parseDistribution(
  'shardCount: 4\ntables:\n  checkins: { distributeBy: gym_id }\n',
  'd.yaml',
);

platformSuite('settings of sessions that differ between nodes', () => {
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
});

import type { Distribution } from '../../config/workload/distribution-types';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

platformSuite('views that are older than a column which their table lost', () => {
  let database: TestDatabase;
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
  });
  afterAll(() => database.drop());

  test('fail on Citus where a policy permits nothing, as the plan says, and answer after what it says', async () => {
    const { target } = database;
    await run(`
CREATE TABLE closed (org int NOT NULL, id int NOT NULL, n int, gone int, PRIMARY KEY (org, id));
CREATE TABLE open (org int NOT NULL, id int NOT NULL, n int, gone int, PRIMARY KEY (org, id));
INSERT INTO closed SELECT i % 7, i, i FROM generate_series(1, 70) i;
INSERT INTO open SELECT i % 7, i, i FROM generate_series(1, 70) i;
CREATE VIEW old WITH (security_barrier) AS SELECT org, id, n FROM closed;
CREATE VIEW "Over It" AS SELECT count(*) FROM old;
CREATE VIEW renewed AS SELECT org, id, n FROM closed;
CREATE VIEW seen AS SELECT org, id, n FROM open;
CREATE MATERIALIZED VIEW stored AS SELECT org, count(*) FROM closed GROUP BY org;
ALTER TABLE closed DROP COLUMN gone;
ALTER TABLE open DROP COLUMN gone;
CREATE VIEW young AS SELECT org, id, n FROM closed;
CREATE OR REPLACE VIEW renewed AS SELECT org, id, n FROM closed;
ALTER TABLE closed ENABLE ROW LEVEL SECURITY;
CREATE POLICY writes ON closed FOR INSERT WITH CHECK (n IS NOT NULL);
ALTER TABLE closed FORCE ROW LEVEL SECURITY`);
    const by = (name: string) => ({ kind: 'distributed', table: named(name), distributeBy: 'org' }) as const;
    const expected: Distribution = { shardCount: 4, online: false, tables: [by('closed'), by('open')] };
    const { document } = await tablesPlan(testContext(), { target, expected });
    const found = document.findings.filter(({ id }) => id.startsWith('view-'));
    expect(found.map(({ id, needs }) => [id, needs]).sort()).toEqual([
      ['view-names-dropped-columns:seen', 'none'],
      ['view-will-fail:Over It', 'allowance'],
      ['view-will-fail:old', 'allowance'],
      ['view-will-fail:stored', 'allowance'],
    ]);

    const allow = document.findings.filter(({ needs }) => needs === 'allowance').map(({ id }) => ({ id }));
    await tablesApply(testContext(), { target, expected, allow });
    const columns = /has 3 columns available but 4 columns specified/;
    const asked = (sql: string): Promise<unknown> => run(`SET row_security TO on; ${sql}`);
    for (const view of ['old', '"Over It"']) await expect(asked(`TABLE ${view}`)).rejects.toThrow(columns);
    await expect(asked('REFRESH MATERIALIZED VIEW stored')).rejects.toThrow(columns);
    for (const view of ['young', 'renewed']) await asked(`TABLE ${view}`);
    await asked('SELECT * FROM seen WHERE org = 1');
    await expect(asked('SELECT * FROM seen WHERE org = 1 AND org = 2')).rejects.toThrow(columns);

    for (const { message } of found.filter(({ id }) => id !== 'view-will-fail:stored')) {
      await run(/(?<statement>DO \$\$.*\$\$)/.exec(message)?.groups?.['statement'] ?? 'no statement');
    }
    for (const view of ['old', '"Over It"']) await asked(`TABLE ${view}`);
    await asked('SELECT * FROM seen WHERE org = 1 AND org = 2');
    expect(await run(`SELECT reloptions FROM pg_class WHERE relname = 'old'`)).toEqual([
      { reloptions: ['security_barrier=true'] },
    ]);
  });
});

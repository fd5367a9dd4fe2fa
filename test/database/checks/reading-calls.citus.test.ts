import { tablesApply, tablesPlan, tablesVerify } from '../../../scripts/tables/commands';
import { withClient } from '../../../scripts/lib/connection';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { parseDistribution } from '../../../config/workload/distribution';
import { query, testContext } from '../../tables/support/sensors';

jest.setTimeout(120_000);

const SCHEMA = `
CREATE TABLE mem (org int PRIMARY KEY); INSERT INTO mem SELECT generate_series(0, 20);
CREATE TABLE doc (org int NOT NULL, id int NOT NULL, PRIMARY KEY (org, id)); INSERT INTO doc SELECT i % 9, i FROM generate_series(1, 90) i;
CREATE SCHEMA "My S"; CREATE TABLE "My S"."Mem 2" (org int PRIMARY KEY);
CREATE FUNCTION in_sql(o int) RETURNS bool STABLE LANGUAGE sql AS 'WITH other AS (SELECT 1) SELECT EXISTS (SELECT FROM mem, other WHERE org = o)';
CREATE FUNCTION in_plpgsql(o int) RETURNS bool STABLE LANGUAGE plpgsql SECURITY DEFINER AS 'DECLARE found bool; BEGIN SELECT true INTO found FROM "My S"."Mem 2"; RETURN found OR EXISTS (SELECT FROM mem WHERE org = o); END';
CREATE FUNCTION harmless(o int) RETURNS bool STABLE LANGUAGE sql AS 'WITH mem AS (SELECT 1) SELECT o = current_setting(''app.org'', true)::int FROM mem';`;

platformSuite('policies and views that call functions that read tables', () => {
  let database: TestDatabase;
  const run = (sql: string) => query(database.target, sql);
  const given = (text: string, allow: readonly string[] = []) => ({
    target: database.target,
    expected: parseDistribution(text, 'distribution.yaml'),
    allow: allow.map((id) => ({ id })),
  });
  const DOC = 'tables: { doc: { distributeBy: org } }';

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await run(SCHEMA);
  });
  afterEach(async () => database.drop());

  test.each([
    [
      'in_sql',
      /policy p of table doc calls function public\.in_sql\(integer\), which reads mem, and on shards Citus runs no function/,
    ],
    ['in_plpgsql', /calls function public\.in_plpgsql\(integer\), which reads .*Mem 2/],
  ])('a policy is refused by name (%s), and Citus refuses every query under it', async (name, words) => {
    await run(`ALTER TABLE doc ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON doc USING (${name}(org))`);
    await expect(tablesPlan(testContext(), given(DOC))).rejects.toMatchObject({
      code: 'tables.preconditions',
      exitCode: 3,
      message: expect.stringMatching(words) as string,
    });
    // The rows of a reference table are read where the query is.
    await tablesPlan(testContext(), given('tables: { doc: { reference: true } }'));
    await run("SELECT create_distributed_table('doc', 'org')");
    await run('ALTER TABLE doc FORCE ROW LEVEL SECURITY');
    const asOwner = withClient(database.target, async (client) => {
      await client.query('SET row_security TO on');
      await client.query('SELECT count(*) FROM doc');
    });
    await expect(asOwner).rejects.toThrow(/does not exist|from a query on a shard/);
  });

  test('a policy by a function that reads no table is taken', async () => {
    await run('ALTER TABLE doc ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON doc USING (harmless(org))');
    expect((await tablesPlan(testContext(), given(DOC))).document.steps).not.toEqual([]);
  });

  test('a view needs an allowance by name; afterwards verify runs it and says that it fails', async () => {
    await run(
      `CREATE VIEW members AS SELECT id, in_sql(org) AS there FROM doc; CREATE VIEW few AS SELECT * FROM members WHERE id < 5;
       CREATE VIEW fine AS SELECT id, harmless(org) AS own FROM doc; CREATE VIEW of_mem AS SELECT in_sql(org) AS there FROM mem`,
    );
    const plan = await tablesPlan(testContext(), given(DOC));
    const asked = ['view-will-fail:members', 'view-will-fail:few'];
    expect(plan.document.findings.map(({ id, needs }) => [id, needs])).toEqual(
      asked.map((id) => [id, 'allowance']),
    );
    await expect(tablesApply(testContext(), given(DOC))).rejects.toMatchObject({ exitCode: 3 });
    const { document } = await tablesApply(testContext(), given(DOC, asked));
    expect(document.views.map(({ view, same }) => [view, same])).toEqual(
      expect.arrayContaining([
        ['members', false],
        ['few', false],
        ['fine', true],
      ]),
    );
    const verified = await tablesVerify(testContext(), given(DOC));
    const checks = Object.fromEntries(verified.document.checks.map(({ id, ok }) => [id, ok]));
    expect(checks).toMatchObject({ 'view:members': false, 'view:fine': true });
    await expect(run('SELECT * FROM members')).rejects.toThrow(/does not exist|from a query on a shard/);
  });
});

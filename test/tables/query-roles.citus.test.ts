import { randomUUID } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const expected = parseDistribution(
  'shardCount: 4\nonline: false\ntables:\n  notes: { distributeBy: tenant_id }\n',
  'd.yaml',
);

platformSuite('queries that ask as a role of their own', () => {
  const name = `asks ${randomUUID().slice(0, 8)}`;
  const role = escapeIdentifier(name);
  const queries = [
    { name: 'mine', role: name, sql: 'SELECT id FROM notes', expectedTasks: 4 },
    { name: 'days', role: name, sql: 'SELECT at::date, count(*) FROM notes GROUP BY 1' },
    { name: 'all', sql: 'SELECT id FROM notes' },
  ];
  let database: TestDatabase;
  const apply = () => tablesApply(testContext(), { target: database.target, expected, queries });
  const refusal = (message: string) => ({
    code: 'database.query-roles',
    exitCode: 3,
    message: expect.stringContaining(message) as string,
  });

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await query(
      database.target,
      `CREATE TABLE notes (tenant_id int NOT NULL, id int NOT NULL, at timestamptz NOT NULL, reader text NOT NULL, PRIMARY KEY (tenant_id, id));
       INSERT INTO notes SELECT i % 30, i, timestamptz '2026-01-01 00:00+00' + i * interval '1 hour', CASE i % 2 WHEN 0 THEN '${name}' ELSE 'others' END
         FROM generate_series(1, 480) i;
       ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
       CREATE POLICY own_notes ON notes USING (reader = current_user)`,
    );
  });
  afterAll(async () => {
    await query(database.platform, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await database.drop();
  });

  test('one that is not there, may not log in, or that the login is no member of is refused with what mends it', async () => {
    await expect(apply()).rejects.toMatchObject(
      refusal(`role ${name} of queries mine and days does not exist`),
    );
    await query(database.platform, `CREATE ROLE ${role}`);
    await expect(apply()).rejects.toMatchObject(refusal(`run ALTER ROLE ${role} LOGIN`));
    await query(database.platform, `ALTER ROLE ${role} LOGIN PASSWORD 'asks'`);
    await query(
      database.platform,
      `SELECT run_command_on_all_nodes($$INSERT INTO pg_dist_authinfo VALUES (0, '${name}', 'password=asks')$$)`,
    );
    const grant = `GRANT ${role} TO "citus"`;
    const plan = tablesPlan(testContext(), { target: database.target, expected, queries });
    await expect(plan).rejects.toMatchObject(refusal(`run ${grant}`));
    await query(database.platform, grant);
  });

  test('the answers are those that the role gets, by its policies and settings', async () => {
    await query(database.target, `GRANT SELECT ON notes TO ${role}`);
    await query(database.platform, `ALTER ROLE ${role} SET TimeZone = 'Asia/Tokyo'`);
    const { answers } = (await apply()).document;
    expect(answers).toEqual([
      { query: 'mine', same: true, detail: '240 rows, the same as before' },
      { query: 'days', same: true, detail: '21 rows, the same as before' },
      { query: 'all', same: true, detail: '480 rows, the same as before' },
    ]);
    const { checks } = (await tablesVerify(testContext(), { target: database.target, expected, queries }))
      .document;
    expect(checks).toContainEqual({ id: 'query:mine', ok: true, detail: 'Task Count: 4' });
  });
});

import { randomUUID } from 'node:crypto';
import { withClient } from '../../../scripts/lib/connection';
import { inspectDatabase } from '../../../scripts/database/inspect/inspect';
import { policyFailures, withoutRestrictive } from '../../../scripts/database/checks/policies';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { byId, spec } from '../../tables/support/specifications';
import { query } from '../../tables/support/sensors';

jest.setTimeout(60_000);

platformSuite('the equivalent of RESTRICTIVE policies', () => {
  const suffix = randomUUID().replaceAll('-', '').slice(0, 12);
  const [one, two] = [`One ${suffix}`, `two_${suffix}`];
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(
      database.platform,
      `CREATE ROLE "${one}"; CREATE ROLE ${two}; GRANT USAGE ON SCHEMA public TO "${one}", ${two}`,
    );
  });
  afterAll(async () => {
    await query(database.platform, `DROP OWNED BY "${one}", ${two}; DROP ROLE "${one}", ${two}`);
    await database.drop();
  });

  /** What each role sees, changes, removes and may put in. */
  const permitted = (): Promise<unknown> =>
    withClient(database.platform, async (client) => {
      const found: unknown[] = [];
      for (const role of [one, two]) {
        for (const sql of [
          'SELECT id FROM "No te" ORDER BY id',
          'UPDATE "No te" SET body = body RETURNING id',
          'UPDATE "No te" SET id = id + 90 WHERE id = 20 RETURNING id',
          'DELETE FROM "No te" RETURNING id',
          ...[2, 50, 150].map((id) => `INSERT INTO "No te" VALUES (3, ${String(id)}000, 'x')`),
          ...[2, 50, 150].map((id) => `INSERT INTO "No te" VALUES (3, -${String(id)}, 'x')`),
        ]) {
          await client.query('BEGIN');
          await client.query(`SET LOCAL ROLE "${role}"`);
          await client.query("SET LOCAL app.firm TO '3'");
          found.push(
            await client.query<{ id: number }>(sql).then(
              ({ rows, rowCount }) => [rowCount, rows.map(({ id }) => id).sort()],
              (error: unknown) => String(error),
            ),
          );
          await client.query('ROLLBACK');
        }
      }
      return found;
    });

  test('permits the same rows, command by command and role by role', async () => {
    await query(
      database.target,
      `CREATE TABLE "No te" (firm_id int NOT NULL, id int NOT NULL, body text, PRIMARY KEY (firm_id, id));
       INSERT INTO "No te" SELECT i % 5, i, CASE WHEN i % 3 > 0 THEN 'x' END FROM generate_series(1, 100) i;
       GRANT ALL ON "No te" TO "${one}", ${two}; ALTER TABLE "No te" ENABLE ROW LEVEL SECURITY;
       CREATE POLICY may ON "No te" FOR ALL TO "${one}", ${two} USING (firm_id = current_setting('app.firm', true)::int) WITH CHECK (id > 3);
       CREATE POLICY "may see" ON "No te" FOR SELECT USING (body IS NOT NULL);
       CREATE POLICY "may put" ON "No te" FOR INSERT WITH CHECK (id < -100);
       CREATE POLICY never ON "No te" AS RESTRICTIVE FOR UPDATE TO "${one}" USING (id > 10) WITH CHECK (id < 100);
       CREATE POLICY "never these" ON "No te" AS RESTRICTIVE TO ${two} USING (id <> 13 AND id < 140000);
       CREATE POLICY "never go" ON "No te" AS RESTRICTIVE FOR DELETE USING (id > 20)`,
    );
    const table = { schema: 'public', name: 'No te' };
    const live = await withClient(database.target, (client) =>
      inspectDatabase(client, spec(byId('x', { table, distributeBy: 'firm_id' }))),
    );
    const policies = live.tables.flatMap((each) => each.policies);
    expect(policyFailures({ policies }, true)).toEqual([
      expect.stringMatching(/^policies never, never go and never these of table No te are RESTRICTIVE/),
    ]);
    const before = await permitted();
    for (const statement of withoutRestrictive(policies)) await query(database.target, statement);
    expect(await query(database.target, 'SELECT FROM pg_policy WHERE NOT polpermissive')).toEqual([]);
    expect(await permitted()).toEqual(before);
  });
});

import { parseDistribution } from '../../config/workload/distribution';
import type { Distribution } from '../../config/workload/distribution-types';
import { inspectDatabase } from '../../scripts/database/inspect/inspect';
import { force, liftForcedPolicies, noForce } from '../../scripts/database/model/forced-policies';
import { step } from '../../scripts/database/model/step';
import { withClient, withTransaction } from '../../scripts/lib/connection';
import { explain } from '../../scripts/lib/errors';
import { countWithin } from '../../scripts/tables/apply/policy-window-rows';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const spec = (text: string): Distribution => parseDistribution(text, 'distribution.yaml');
const WINDOW = { id: 'forced-policy-window:ledger_lines' };

platformSuite('a table whose policies bind its owner', () => {
  let database: TestDatabase;
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);
  /** As a superuser, whom no policy binds. */
  const lines = (table = 'ledger_lines'): Promise<Record<string, unknown>[]> =>
    query(
      database.platform,
      `SELECT (SELECT count(*)::int FROM ${table}) AS rows, (SELECT relforcerowsecurity FROM pg_class WHERE oid = '${table}'::regclass) AS forced`,
    );
  const shardsForced = async (): Promise<unknown> =>
    (
      await query<{ all: boolean }>(
        database.platform,
        `SELECT bool_and(result::bool) AS all FROM run_command_on_placements('ledger_lines', $$ SELECT relforcerowsecurity FROM pg_class WHERE oid = '%s'::regclass $$)`,
      )
    )[0]?.all;
  const apply = (expected: Distribution, allow = [WINDOW]) =>
    tablesApply(testContext(), { target: database.target, expected, allow });

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await run(
      `CREATE TABLE ledger_lines (org_id int NOT NULL, line_id int NOT NULL, amount numeric NOT NULL, PRIMARY KEY (org_id, line_id));
       INSERT INTO ledger_lines SELECT i % 50, i, i FROM generate_series(1, 5000) i;
       ALTER TABLE ledger_lines ENABLE ROW LEVEL SECURITY; ALTER TABLE ledger_lines FORCE ROW LEVEL SECURITY;
       CREATE POLICY own_org ON ledger_lines USING (org_id = coalesce(nullif(current_setting('app.org', true), '')::int, -1))`,
    );
  });
  afterEach(() => database.drop());

  test.each(['true', 'false'])('keeps every row, there, elsewhere and back (online: %s)', async (online) => {
    const by = (shards: number): Distribution =>
      spec(
        `online: ${online}\nshardCount: ${String(shards)}\ntables:\n  ledger_lines: { distributeBy: org_id }\n`,
      );
    for (const expected of [by(4), by(6), spec('tables:\n  ledger_lines: { local: true }\n')]) {
      const { document } = await apply(expected);
      expect(document.applied.map(({ id }) => id)).toEqual(
        expect.arrayContaining(['lift-forced-policy:ledger_lines', 'restore-forced-policy:ledger_lines']),
      );
      expect(document.rows?.tables).toMatchObject([
        { table: 'ledger_lines', before: { rows: 5000 }, after: { rows: 5000 }, same: true },
      ]);
      expect(document.objects.filter(({ same }) => !same)).toEqual([]);
      expect(await lines()).toEqual([{ rows: 5000, forced: true }]);
      if (expected.tables[0]?.kind === 'distributed') expect(await shardsForced()).toBe(true);
      expect(await run("SELECT FROM pg_namespace WHERE nspname = 'scaleout'")).toEqual([]);
    }
    const { document } = await tablesVerify(testContext(), {
      target: database.target,
      expected: spec('tables:\n  ledger_lines: { local: true }\n'),
    });
    expect(document.ok).toBe(true);
  });

  test('is not touched before its window is allowed, which the plan names with its length', async () => {
    const expected = spec('shardCount: 4\ntables:\n  ledger_lines: { distributeBy: org_id }\n');
    const plan = await tablesPlan(testContext(), { target: database.target, expected });
    expect(plan.outcome).toBe('refused');
    expect(plan.document.findings).toContainEqual(
      expect.objectContaining({
        ...WINDOW,
        needs: 'allowance',
        message: expect.stringMatching(/about \d+/) as string,
      }),
    );
    expect(plan.document.findings.map(({ id }) => id)).toContain('policy-reads-setting:ledger_lines.own_org');
    await expect(apply(expected, [])).rejects.toThrow(
      /nothing was changed[^]*--allow forced-policy-window:ledger_lines/,
    );
    expect(await lines()).toEqual([{ rows: 5000, forced: true }]);
    expect(await run('SELECT FROM pg_dist_partition')).toEqual([]);
  });

  test('has FORCE again after a run that was cut off, before the next verb does anything else', async () => {
    const expected = spec('shardCount: 4\ntables:\n  ledger_lines: { distributeBy: org_id }\n');
    const cutOff = async (): Promise<void> => {
      for (const statement of liftForcedPolicies([named('ledger_lines')])) await run(statement);
      expect(await lines()).toEqual([{ rows: 5000, forced: false }]);
    };
    await cutOff();
    const context = testContext();
    await tablesPlan(context, { target: database.target, expected });
    expect(context.lines.join('\n')).toMatch(
      /cut off while FORCE ROW LEVEL SECURITY of ledger_lines was off; it is on again/,
    );
    expect(await lines()).toEqual([{ rows: 5000, forced: true }]);
    await cutOff();
    await apply(expected);
    expect(await lines()).toEqual([{ rows: 5000, forced: true }]);
    await cutOff();
    await tablesVerify(testContext(), { target: database.target, expected });
    expect(await lines()).toEqual([{ rows: 5000, forced: true }]);
  });

  test('has FORCE again where its copy fails', async () => {
    await run(
      'ALTER TABLE ledger_lines ADD COLUMN other ledger_lines; CREATE TABLE root (id text PRIMARY KEY)',
    ).catch(() => undefined);
    await run(
      `CREATE FUNCTION fails(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
       ALTER TABLE ledger_lines ADD CONSTRAINT fails CHECK (fails(org_id));
       CREATE OR REPLACE FUNCTION fails(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'fails on purpose'; END $$`,
    );
    const expected = spec(
      'online: false\nshardCount: 4\ntables:\n  ledger_lines: { distributeBy: org_id }\n',
    );
    await expect(apply(expected)).rejects.toThrow(/fails on purpose/);
    expect(await lines()).toEqual([{ rows: 5000, forced: true }]);
    await run('ALTER TABLE ledger_lines DROP CONSTRAINT fails');
    const { document } = await apply(expected);
    expect(document.rows?.tables).toMatchObject([
      { before: { rows: 5000 }, after: { rows: 5000 }, same: true },
    ]);
    expect(await lines()).toEqual([{ rows: 5000, forced: true }]);
  });

  test('has partitions that are forced by themselves, a reference table, and a schema as a whole', async () => {
    await run(
      `CREATE TABLE parts (org_id int NOT NULL, at date NOT NULL, PRIMARY KEY (org_id, at)) PARTITION BY RANGE (at);
       CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
       INSERT INTO parts SELECT i, '2025-02-01' FROM generate_series(1, 500) i;
       ALTER TABLE parts_a ENABLE ROW LEVEL SECURITY; ALTER TABLE parts_a FORCE ROW LEVEL SECURITY; CREATE POLICY none ON parts_a USING (false);
       CREATE TABLE codes (id int PRIMARY KEY); INSERT INTO codes SELECT generate_series(1, 50);
       ALTER TABLE codes ENABLE ROW LEVEL SECURITY; ALTER TABLE codes FORCE ROW LEVEL SECURITY; CREATE POLICY none ON codes USING (id < 3);
       CREATE SCHEMA one; CREATE TABLE one.t (id int PRIMARY KEY); INSERT INTO one.t SELECT generate_series(1, 70);
       ALTER TABLE one.t ENABLE ROW LEVEL SECURITY; ALTER TABLE one.t FORCE ROW LEVEL SECURITY; CREATE POLICY none ON one.t USING (id < 3)`,
    );
    const expected = spec(
      'shardCount: 4\nschemas:\n  one: { distributed: true }\ntables:\n  parts: { distributeBy: org_id }\n  codes: { reference: true }\n',
    );
    const allow = ['parts', 'codes', 'one.t'].map((table) => ({ id: `forced-policy-window:${table}` }));
    await apply(expected, allow);
    expect(await lines('parts_a')).toEqual([{ rows: 500, forced: true }]);
    expect(await lines('parts')).toEqual([{ rows: 500, forced: false }]);
    expect(await lines('codes')).toEqual([{ rows: 50, forced: true }]);
    expect(await lines('one.t')).toEqual([{ rows: 70, forced: true }]);
    const back = spec(
      'schemas:\n  one: { local: true }\ntables:\n  parts: { local: true }\n  codes: { local: true }\n',
    );
    await apply(back, allow);
    expect(await lines('parts_a')).toEqual([{ rows: 500, forced: true }]);
    expect(await lines('codes')).toEqual([{ rows: 50, forced: true }]);
    expect(await lines('one.t')).toEqual([{ rows: 70, forced: true }]);
  });

  test('is counted in the transaction that takes it along, where no file names it', async () => {
    await run(
      `CREATE TABLE orgs (org_id int PRIMARY KEY); INSERT INTO orgs SELECT generate_series(0, 49);
       ALTER TABLE ledger_lines NO FORCE ROW LEVEL SECURITY; ALTER TABLE ledger_lines ADD FOREIGN KEY (org_id) REFERENCES orgs;
       ALTER TABLE ledger_lines FORCE ROW LEVEL SECURITY`,
    );
    const expected = spec('tables:\n  orgs: { reference: true }\n');
    const { document } = await apply(expected, []);
    expect(document.rows?.tables).toMatchObject([
      { table: 'orgs', before: { rows: 50 }, after: { rows: 50 }, same: true },
      { table: 'ledger_lines', before: { rows: 5000 }, after: { rows: 5000 }, same: true },
    ]);
    expect(await lines()).toEqual([{ rows: 5000, forced: true }]);
  });

  test('undoes the step that would leave it with other rows', async () => {
    const along = step('create-reference-table', named('orgs'), [], {
      comment: '',
      converts: [named('ledger_lines')],
    });
    await withClient(database.target, async (client) => {
      const live = await inspectDatabase(client, spec('tables:\n  ledger_lines: { local: true }\n'));
      const witness = countWithin(client, along, live);
      const undone = withTransaction(client, async () => {
        for (const statement of noForce([named('ledger_lines')])) {
          await witness.before(statement);
          await client.query(statement);
          await witness.after(statement);
        }
        await client.query('UPDATE ledger_lines SET amount = 7 WHERE line_id = 8');
        for (const statement of force([named('ledger_lines')])) await witness.before(statement);
      });
      await expect(undone).rejects.toThrow(
        'step create-reference-table:orgs was undone: it would leave table ledger_lines with other rows than it had (5000 before, 5000 after)',
      );
    });
  });

  test('is refused with a RESTRICTIVE policy or a subquery in one, with the equivalent', async () => {
    await run(
      `CREATE POLICY never ON ledger_lines AS RESTRICTIVE USING (line_id > 0);
       CREATE POLICY looked ON ledger_lines USING (org_id IN (SELECT 1))`,
    );
    const expected = spec('shardCount: 4\ntables:\n  ledger_lines: { distributeBy: org_id }\n');
    const own =
      "org_id = COALESCE(NULLIF(current_setting('app.org'::text, true), ''::text)::integer, '-1'::integer)";
    const refused = await tablesPlan(testContext(), { target: database.target, expected }).then(
      () => 'accepted',
      explain,
    );
    expect(refused).toContain(
      'policy never of table ledger_lines is RESTRICTIVE, and Citus makes it PERMISSIVE on shards',
    );
    expect(refused.replaceAll(/[()]/g, '')).toContain(
      `ALTER POLICY "own_org" ON "public"."ledger_lines" USING ${own.replaceAll(/[()]/g, '')} AND line_id > 0;`,
    );
    await expect(tablesPlan(testContext(), { target: database.target, expected })).rejects.toThrow(
      /policy looked of table ledger_lines has a subquery/,
    );
  });
});

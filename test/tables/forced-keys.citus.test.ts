import { parseDistribution } from '../../config/workload/distribution';
import type { Distribution } from '../../config/workload/distribution-types';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(240_000);

/** Every end of a foreign key that policies may hide: of what is distributed, what is a reference table, and what nobody names. */
const SCHEMA = `
CREATE TABLE codes (code int PRIMARY KEY);
CREATE TABLE firms (firm_id int PRIMARY KEY, code int REFERENCES codes);
CREATE TABLE lines (firm_id int REFERENCES firms, line_id int, code int REFERENCES codes, PRIMARY KEY (firm_id, line_id));
CREATE TABLE open_lines (firm_id int, line_id int, PRIMARY KEY (firm_id, line_id), FOREIGN KEY (firm_id, line_id) REFERENCES lines);
CREATE TABLE logs (firm_id int REFERENCES firms, at date, PRIMARY KEY (firm_id, at)) PARTITION BY RANGE (at);
CREATE TABLE logs_a PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE lists (list_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code int REFERENCES codes);
CREATE TABLE notes (note_id int PRIMARY KEY, list_id int REFERENCES lists);
CREATE TABLE hints (hint_id int PRIMARY KEY, note_id int REFERENCES notes);
INSERT INTO codes SELECT generate_series(1, 20);
INSERT INTO firms SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO lines SELECT i, i, i FROM generate_series(1, 20) i;
INSERT INTO open_lines SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO logs SELECT i, '2025-02-01' FROM generate_series(1, 20) i;
INSERT INTO lists (code) SELECT i FROM generate_series(1, 20) i;
INSERT INTO notes SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO hints SELECT i, i FROM generate_series(1, 20) i`;

const TABLES = ['codes', 'firms', 'lines', 'logs_a', 'lists', 'notes'];
const ALL = [...TABLES, 'open_lines', 'logs', 'hints'];

const spec = (online: boolean): Distribution =>
  parseDistribution(
    JSON.stringify({
      online,
      shardCount: 4,
      tables: {
        codes: { reference: true },
        firms: { distributeBy: 'firm_id' },
        lines: { distributeBy: 'firm_id', colocateWith: 'firms' },
        open_lines: { distributeBy: 'firm_id', colocateWith: 'firms' },
        logs: { distributeBy: 'firm_id', colocateWith: 'firms' },
      },
    }),
    'distribution.yaml',
  );

platformSuite('foreign keys of tables whose policies bind their owner', () => {
  let database: TestDatabase;
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);
  /** As a superuser, whom no policy binds. */
  const state = async (): Promise<unknown[]> => [
    ...(await query(
      database.platform,
      `SELECT conrelid::regclass::text AS "table", conname, convalidated FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY ($1) ORDER BY 1, 2`,
      [ALL],
    )),
    ...(await query(
      database.platform,
      'SELECT oid::regclass::text AS "table", relforcerowsecurity FROM pg_class WHERE oid::regclass::text = ANY ($1) ORDER BY 1',
      [ALL],
    )),
    ...(
      await Promise.all(
        ALL.map((table) =>
          query(database.platform, `SELECT '${table}' AS table, count(*)::int AS rows FROM ${table}`),
        ),
      )
    ).flat(),
  ];

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    for (const statement of SCHEMA.split(';\n')) await run(statement);
    for (const table of TABLES) {
      await run(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      await run(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
      await run(`CREATE POLICY none ON ${table} USING (false)`);
    }
  });
  afterEach(() => database.drop());

  test.each([true, false])('come back, and are checked past the policies (online: %s)', async (online) => {
    const before = await state();
    const { document: plan } = await tablesPlan(testContext(), {
      target: database.target,
      expected: spec(online),
    });
    const allow = plan.findings.filter(({ needs }) => needs === 'allowance').map(({ id }) => ({ id }));
    await tablesApply(testContext(), { target: database.target, expected: spec(online), allow });
    expect(await state()).toEqual(before);
    const again = await tablesPlan(testContext(), { target: database.target, expected: spec(online) });
    expect(again.document.steps).toEqual([]);
  });

  test('see hidden rows that refer to nothing, which came while the foreign key was away', async () => {
    const expected = spec(false);
    const { document: plan } = await tablesPlan(testContext(), { target: database.target, expected });
    const allow = plan.findings.filter(({ needs }) => needs === 'allowance').map(({ id }) => ({ id }));
    const stop = testContext((event, ask) => {
      if (event.name === 'step.done' && event.step.startsWith('drop-foreign-key:open_lines')) ask();
    });
    await expect(tablesApply(stop, { target: database.target, expected, allow })).rejects.toThrow(
      /stopped as asked/,
    );
    await query(database.platform, 'INSERT INTO open_lines VALUES (3, 77)');
    await run('ALTER TABLE open_lines ENABLE ROW LEVEL SECURITY');
    await run('ALTER TABLE open_lines FORCE ROW LEVEL SECURITY');
    await run('CREATE POLICY none ON open_lines USING (false)');
    const more = [...allow, { id: 'forced-policy-window:open_lines' }];
    await expect(
      tablesApply(testContext(), { target: database.target, expected, allow: more }),
    ).rejects.toThrow(
      /validate-foreign-key:open_lines:.* failed: .*rows came in or were left behind that refer to nothing/,
    );
    expect(
      await query(
        database.platform,
        "SELECT relforcerowsecurity AS forced FROM pg_class WHERE relname = 'open_lines'",
      ),
    ).toEqual([{ forced: true }]);
  });
});

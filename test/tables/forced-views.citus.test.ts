import type { Distribution } from '../../config/workload/distribution-types';
import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(180_000);

platformSuite('materialized views over tables with forced policies come out as they were', () => {
  let database: TestDatabase;
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);
  const contents = async (...names: string[]): Promise<unknown[]> =>
    run(
      `${names.map((name) => `SELECT '${name}' AS view, count(*)::int AS rows, md5(string_agg(v::text, ',' ORDER BY v::text)) AS hash FROM ${name} v`).join(' UNION ALL ')} ORDER BY view`,
    );
  const forced = (): Promise<unknown[]> =>
    run(
      'SELECT relname::text AS name FROM pg_class WHERE relforcerowsecurity AND relnamespace = \'public\'::regnamespace ORDER BY relname COLLATE "C"',
    );
  const asked = async (expected: Distribution): Promise<string[]> => {
    const { document } = await tablesPlan(testContext(), { target: database.target, expected });
    return document.findings.filter(({ needs }) => needs === 'allowance').map(({ id }) => id);
  };

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
  });
  afterEach(async () => {
    await database.drop();
  });

  // Filled before FORCE, under it, over one another, over a table that nobody names, and never filled.
  const SCHEMA = `
CREATE TABLE a (org int NOT NULL, id int NOT NULL, v int, PRIMARY KEY (org, id));
CREATE TABLE b (org int NOT NULL, id int NOT NULL, v int, PRIMARY KEY (org, id));
CREATE TABLE apart (id int PRIMARY KEY, v int);
INSERT INTO a SELECT i % 20, i, i FROM generate_series(1, 400) i;
INSERT INTO b SELECT i % 20, i, i FROM generate_series(1, 400) i;
INSERT INTO apart SELECT i, i FROM generate_series(1, 50) i;
CREATE MATERIALIZED VIEW whole AS SELECT org, count(*) AS n FROM a GROUP BY org;
CREATE MATERIALIZED VIEW of_whole AS SELECT sum(n) AS n FROM whole;
CREATE MATERIALIZED VIEW joined AS SELECT a.org, count(*) AS n FROM a JOIN b USING (org, id) GROUP BY a.org;
ALTER TABLE a ENABLE ROW LEVEL SECURITY; ALTER TABLE a FORCE ROW LEVEL SECURITY; CREATE POLICY few ON a USING (org = 3);
ALTER TABLE b ENABLE ROW LEVEL SECURITY; ALTER TABLE b FORCE ROW LEVEL SECURITY; CREATE POLICY none ON b USING (false);
SET row_security = on;
CREATE MATERIALIZED VIEW shown AS SELECT org, id FROM a;
CREATE MATERIALIZED VIEW of_shown AS SELECT count(*) AS n FROM shown;
CREATE MATERIALIZED VIEW never AS SELECT org FROM a WITH NO DATA`;
  const VIEWS = ['whole', 'of_whole', 'joined', 'shown', 'of_shown'];
  const APART = `
SET row_security = on;
CREATE MATERIALIZED VIEW with_apart AS SELECT apart.v, count(*) AS n FROM a JOIN apart ON a.id = apart.id GROUP BY apart.v;
ALTER TABLE apart ENABLE ROW LEVEL SECURITY; ALTER TABLE apart FORCE ROW LEVEL SECURITY; CREATE POLICY no ON apart USING (id < 7)`;

  test.each(['true', 'false'])(
    'through a distribution, other shards and back (online: %s)',
    async (online) => {
      await run(SCHEMA);
      const by = (shards: number): Distribution =>
        parseDistribution(
          `online: ${online}\nshardCount: ${String(shards)}\ntables:\n  a: { distributeBy: org }\n  b: { distributeBy: org, colocateWith: a }\n`,
          'distribution.yaml',
        );
      const back = parseDistribution(
        'tables:\n  a: { local: true }\n  b: { local: true }\n',
        'distribution.yaml',
      );
      const before = await contents(...VIEWS);
      const first = by(4);
      for (const expected of [first, by(6), back]) {
        const ids = await asked(expected);
        // A plain table that is copied with writes waiting stays the relation it is, and so do its views.
        const recreated = online === 'true' || expected !== first;
        expect(ids.filter((id) => id.startsWith('refresh')).sort()).toEqual(
          recreated ? ['refresh-under-policy:joined', 'refresh-under-policy:whole'] : [],
        );
        const { document } = await tablesApply(testContext(), {
          target: database.target,
          expected,
          allow: ids.map((id) => ({ id })),
        });
        expect(document.rows?.tables.filter(({ same }) => !same)).toEqual([]);
        expect(await contents(...VIEWS)).toEqual(before);
        expect(await forced()).toEqual([{ name: 'a' }, { name: 'b' }]);
        expect(await run("SELECT relispopulated FROM pg_class WHERE relname = 'never'")).toEqual([
          { relispopulated: false },
        ]);
        expect(await asked(expected)).toEqual([]);
      }
    },
  );

  test('a table that only the view reads keeps its policies and the view its rows', async () => {
    await run(
      `${SCHEMA}; ALTER TABLE a NO FORCE ROW LEVEL SECURITY; ALTER TABLE b NO FORCE ROW LEVEL SECURITY; ${APART}`,
    );
    const expected = parseDistribution(
      'shardCount: 4\ntables:\n  a: { distributeBy: org }\n',
      'distribution.yaml',
    );
    const before = await contents('with_apart');
    expect(await asked(expected)).toContain('refresh-under-policy:with_apart');
    await tablesApply(testContext(), {
      target: database.target,
      expected,
      allow: (await asked(expected)).map((id) => ({ id })),
    });
    expect(await contents('with_apart')).toEqual(before);
    expect(await forced()).toEqual([{ name: 'apart' }]);
  });

  test('in a schema whose name needs quotes, where a run looks again after FORCE is off', async () => {
    await run(
      `CREATE SCHEMA "Odd S"; CREATE TABLE "Odd S"."T 1" (org int PRIMARY KEY); INSERT INTO "Odd S"."T 1" SELECT generate_series(1, 9);
       CREATE MATERIALIZED VIEW whole AS SELECT * FROM "Odd S"."T 1";
       ALTER TABLE "Odd S"."T 1" ENABLE ROW LEVEL SECURITY; ALTER TABLE "Odd S"."T 1" FORCE ROW LEVEL SECURITY`,
    );
    const before = await contents('whole');
    for (const shards of [4, 6]) {
      const expected = parseDistribution(
        `online: false\nshardCount: ${String(shards)}\ntables:\n  '"Odd S"."T 1"': { distributeBy: org }\n`,
        'distribution.yaml',
      );
      const given = {
        target: database.target,
        expected,
        allow: (await asked(expected)).map((id) => ({ id })),
      };
      const reviewed = (await tablesPlan(testContext(), given)).document;
      await tablesApply(testContext(), { ...given, expected: reviewed.expected, reviewed, lookLastsMs: 0 });
      expect(await contents('whole')).toEqual(before);
    }
  });
});

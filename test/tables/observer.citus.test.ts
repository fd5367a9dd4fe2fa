import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Distribution } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { countRows } from '../../scripts/database/observe/observation';
import { readRecord, recordRowsAfter, recordRowsBefore } from '../../scripts/database/observe/before-record';
import { onlySession } from '../../scripts/database/observe/read-sessions';
import { silentReporter } from '../../scripts/lib/reporter';
import { tablesApply, tablesVerify } from '../../scripts/tables/commands';
import type { TablesApplied } from '../../scripts/tables/apply/apply';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

/** Of every kind that is looked at one; `visits` and `pages` are in no specification, and Citus converts them beside `kinds`. */
const SCHEMA = `
CREATE TABLE kinds (kind_id int PRIMARY KEY, name text);
CREATE TABLE visits (visit_id bigserial PRIMARY KEY, kind_id int REFERENCES kinds, note text);
CREATE TABLE pages (page_id serial PRIMARY KEY, visit_id bigint REFERENCES visits);
CREATE TABLE tickets (team_id int, ticket_id bigserial, note text, weight double precision, PRIMARY KEY (team_id, ticket_id));
CREATE TABLE flags (team_id int PRIMARY KEY);
CREATE SEQUENCE codes INCREMENT BY -10;
CREATE TABLE vault (team_id int PRIMARY KEY, code int DEFAULT nextval('codes'), CONSTRAINT whole CHECK (team_id > 0));
CREATE TABLE logs (team_id int, at date, body text, PRIMARY KEY (team_id, at)) PARTITION BY RANGE (at);
CREATE TABLE logs_a PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO kinds SELECT i, 'kind' FROM generate_series(1, 10) i;
INSERT INTO visits (kind_id, note) SELECT 1 + i % 10, 'visit' FROM generate_series(1, 100) i;
INSERT INTO pages (visit_id) SELECT i FROM generate_series(1, 100) i;
INSERT INTO tickets (team_id, note, weight) SELECT i % 7, 'ticket', sqrt(i) FROM generate_series(1, 200) i;
INSERT INTO flags SELECT generate_series(1, 5);
INSERT INTO vault (team_id) SELECT generate_series(1, 20);
INSERT INTO logs SELECT i, '2025-02-01', 'log' FROM generate_series(1, 50) i;
SELECT create_distributed_table('vault', 'team_id', shard_count => 4, colocate_with => 'none');
SELECT truncate_local_data_after_distributing_table('vault');
CREATE POLICY own_team ON tickets USING (team_id > 0);
CREATE POLICY all_teams ON vault USING (false);
ALTER TABLE vault ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault FORCE ROW LEVEL SECURITY;
COMMENT ON POLICY own_team ON tickets IS 'why';
COMMENT ON SEQUENCE tickets_ticket_id_seq IS 'numbers';
COMMENT ON TABLE logs_a IS 'the year';
COMMENT ON COLUMN logs_a.body IS 'what was said';
COMMENT ON TABLE pages IS 'not named';
CREATE VIEW newest AS SELECT team_id, max(ticket_id) AS newest, sum(weight) AS weight FROM tickets GROUP BY team_id;
CREATE VIEW lately AS SELECT team_id, now() AS at FROM tickets;
CREATE VIEW hidden AS SELECT * FROM vault;
CREATE MATERIALIZED VIEW per_team AS SELECT team_id, count(*) AS tickets FROM tickets GROUP BY team_id;
CREATE UNIQUE INDEX per_team_key ON per_team (team_id);
COMMENT ON MATERIALIZED VIEW per_team IS 'fresh';
GRANT SELECT ON newest, tickets TO PUBLIC;
CREATE MATERIALIZED VIEW flagged AS SELECT team_id FROM flags;
CREATE MATERIALIZED VIEW never AS SELECT team_id FROM flags WITH NO DATA`;

const distribution = (...tables: Distribution['tables']): Distribution => ({
  shardCount: 4,
  online: false,
  tables,
});
const byTeam = (name: string): Distribution['tables'][number] => ({
  kind: 'distributed',
  table: named(name),
  distributeBy: 'team_id',
});
const expected = distribution(
  { kind: 'reference', table: named('kinds') },
  ...['tickets', 'flags', 'vault', 'logs'].map(byTeam),
);

/** Stops once every step is done, before the second look: what is done to the database then is what the run seems to have done. */
const stopBeforeLooking = (): ReturnType<typeof testContext> => {
  let counts = 0;
  return testContext((event, ask) => {
    if (event.name === 'rows.counting' && ++counts === 2) ask();
  });
};

/** Everything that a run says is not as before, without what says it is. */
const wrongOf = ({ rows, objects, sequences, views }: TablesApplied): string[] => [
  ...(rows?.tables ?? []).filter(({ same }) => !same).map(({ table }) => `rows of ${table}`),
  ...objects.flatMap(({ table, gone, different }) => [
    ...gone.map((each) => `${table}: ${each} gone`),
    ...different.map((each) => `${table}: ${each} different`),
  ]),
  ...sequences.filter(({ same }) => same === false).map(({ table, sequence }) => `${sequence} of ${table}`),
  ...views.flatMap(({ view, same, gone, different }) => [
    ...(same === false ? [`answer of ${view}`] : []),
    ...gone.map((each) => `${view}: ${each} gone`),
    ...different.map((each) => `${view}: ${each} different`),
  ]),
];

platformSuite('the second observer', () => {
  let database: TestDatabase;
  const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-observer-'));
  const receipt = path.join(directory, 'receipt.json');
  const sql = async (...statements: string[]): Promise<void> => {
    for (const statement of statements) await query(database.target, statement);
  };
  beforeEach(async () => {
    rmSync(receipt, { force: true });
    database = await freshCitusDatabase({ workers: 2 });
    await sql(...SCHEMA.split(';\n'));
  });
  afterEach(async () => {
    await database.drop();
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  test('a run that loses nothing says so of tables, sequences and views, named or not', async () => {
    const context = testContext();
    const { document, text } = await tablesApply(context, { target: database.target, expected, receipt });
    expect(wrongOf(document)).toEqual([]);
    expect(document.rows?.tables.map(({ table }) => table)).toEqual([
      'flags',
      'kinds',
      'logs',
      'pages',
      'tickets',
      'visits',
    ]);
    expect(document.rows?.notCounted).toEqual([
      { table: 'vault', reason: expect.stringMatching(/^not countable while forced: .*NO FORCE/) as string },
    ]);
    expect(document.objects.map(({ table }) => table).sort()).toEqual([
      'flags',
      'kinds',
      'logs',
      'pages',
      'tickets',
      'vault',
      'visits',
    ]);
    expect(document.sequences.map(({ table, column, same }) => [table, column, same])).toEqual([
      ['pages', 'page_id', true],
      ['tickets', 'ticket_id', true],
      ['vault', 'code', true],
      ['visits', 'visit_id', true],
    ]);
    expect(document.views.map(({ view, same, detail }) => [view, same, detail])).toEqual([
      ['flagged', true, '5 rows, the same as before'],
      [
        'hidden',
        null,
        expect.stringMatching(/^not compared: before the run, table "vault" is not countable while forced/),
      ],
      ['lately', null, expect.stringMatching(/^not compared: it asks for the present time/)],
      ['never', null, 'not compared: before the run, it holds no data (WITH NO DATA)'],
      ['newest', true, '7 rows, the same as before (weight not compared: floating numbers)'],
      ['per_team', true, '7 rows, the same as before'],
    ]);
    expect(text).toMatch(
      /6 of 6 tables.*Nobody could count vault.*No sequence was set back\. 3 of 3 views answer as before/,
    );

    const verified = async (): Promise<string[]> =>
      (await tablesVerify(testContext(), { target: database.target, expected, receipt })).document.checks
        .filter(({ ok }) => !ok)
        .map(({ id, detail }) => `${id} ${detail}`);
    expect(await verified()).toEqual([]);
    const { checks } = (await tablesVerify(testContext(), { target: database.target, expected, receipt }))
      .document;
    expect(checks.find(({ id }) => id === 'rows:vault')).toMatchObject({
      ok: true,
      warning: true,
      detail: expect.stringMatching(/not countable while forced/) as string,
    });
    await sql(
      'DELETE FROM pages WHERE page_id = 3',
      "SELECT setval('visits_visit_id_seq', 5)",
      'REFRESH MATERIALIZED VIEW flagged WITH NO DATA',
      'COMMENT ON TABLE pages IS NULL',
      'ALTER TABLE tickets ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE tickets FORCE ROW LEVEL SECURITY',
    );
    expect((await verified()).map((each) => each.replace(/ Set it with.*/, ''))).toEqual([
      'rows:pages held 100 rows, holds 99 now',
      'objects:pages table pages: comment is gone',
      'objects:tickets table tickets: row-level security is different',
      'sequence:visits:visit_id sequence visits_visit_id_seq of column visit_id was set back: its next value was 101, and is 6 now, so it gives values again that it gave before.',
      'objects:flagged view flagged: contents is gone',
    ]);
    const forced = (await tablesVerify(testContext(), { target: database.target, expected, receipt }))
      .document.checks;
    for (const [id, detail] of [
      ['rows:tickets', /^not countable while forced/],
      ['rows:newest', /^not compared: table "tickets" is not countable while forced/],
    ] as const) {
      expect(forced.find((check) => check.id === id)).toMatchObject({
        ok: true,
        warning: true,
        detail: expect.stringMatching(detail) as string,
      });
    }
  });

  test('what a partition has of its own, a check that is NOT VALID, an empty view and an identity that cycles are compared', async () => {
    await sql(
      `CREATE TABLE "Ev" (team_id int, at date, n int GENERATED BY DEFAULT AS IDENTITY (CYCLE), v text, PRIMARY KEY (team_id, at)) PARTITION BY RANGE (at)`,
      `CREATE TABLE "Ev 1" PARTITION OF "Ev" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') WITH (fillfactor = 60)`,
      `CREATE TABLE ev_2 PARTITION OF "Ev" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
      `INSERT INTO "Ev" SELECT i, '2025-02-01' FROM generate_series(1, 50) i`,
      'ALTER TABLE "Ev 1" ENABLE ROW LEVEL SECURITY',
      'CREATE POLICY "p 1" ON "Ev 1" USING (team_id > 0)',
      `COMMENT ON POLICY "p 1" ON "Ev 1" IS 'why'`,
      'CREATE POLICY p2 ON "Ev 1" USING (team_id > 1)',
      'GRANT SELECT ON "Ev 1" TO PUBLIC',
      `ALTER TABLE "Ev 1" ALTER COLUMN v SET DEFAULT 'x'`,
      'ALTER TABLE "Ev 1" ALTER COLUMN v SET STATISTICS 77',
      'ALTER TABLE "Ev 1" ALTER COLUMN v SET (n_distinct = 4)',
      'CREATE INDEX "of one" ON "Ev 1" (v)',
      'CREATE INDEX of_all ON "Ev" (v, team_id)',
      'CREATE STATISTICS of_part ON team_id, v FROM "Ev 1"',
      'ALTER TABLE "Ev 1" ADD CONSTRAINT "some day" CHECK (team_id < 1000)',
      'ALTER TABLE flags ADD CONSTRAINT small CHECK (team_id < 1000) NOT VALID',
    );
    const wider = { ...expected, tables: [...expected.tables, byTeam('Ev')] };
    const { document } = await tablesApply(testContext(), {
      target: database.target,
      expected: wider,
      receipt,
    });
    expect(wrongOf(document)).toEqual([]);
    const wrong = async (): Promise<string[]> =>
      (
        await tablesVerify(testContext(), { target: database.target, expected: wider, receipt })
      ).document.checks
        .filter(({ ok }) => !ok)
        .map(({ detail }) => detail.replace(/: its next value.*/, ''));
    expect(await wrong()).toEqual([]);
    await sql(
      'ALTER POLICY "p 1" ON "Ev 1" USING (true)',
      'COMMENT ON POLICY "p 1" ON "Ev 1" IS NULL',
      'DROP POLICY p2 ON "Ev 1"',
      'ALTER TABLE "Ev 1" FORCE ROW LEVEL SECURITY',
      'REVOKE SELECT ON "Ev 1" FROM PUBLIC',
      `ALTER TABLE "Ev 1" ALTER COLUMN v SET DEFAULT 'y'`,
      'DROP INDEX "of one"',
      'DROP STATISTICS of_part',
      'ALTER TABLE "Ev 1" DROP CONSTRAINT "some day"',
      'ALTER TABLE "Ev 1" RESET (fillfactor)',
      'REFRESH MATERIALIZED VIEW never',
      `SELECT setval(pg_get_serial_sequence('"Ev"', 'n'), 3)`,
      'ALTER TABLE flags VALIDATE CONSTRAINT small',
    );
    const part = 'of partition public."Ev 1" is';
    expect(await wrong()).toEqual([
      `table Ev: ${[
        `comment on policy p 1 ${part} gone`,
        `constraint some day ${part} gone`,
        `index of one ${part} gone`,
        `policy p2 ${part} gone`,
        `statistics of_part ${part} gone`,
        `column v ${part} different`,
        `grants ${part} different`,
        `policy p 1 ${part} different`,
        `row-level security ${part} different`,
        `storage ${part} different`,
      ].join(', ')}`,
      'table flags: NOT VALID of constraint small is gone',
      'the identity of column n was set back',
      'view never: WITH NO DATA is gone',
    ]);
  });

  test('whatever is lost on the way is named', async () => {
    const { target } = database;
    await expect(tablesApply(stopBeforeLooking(), { target, expected })).rejects.toThrow(/not compared yet/);
    await sql(
      'DELETE FROM pages WHERE page_id = 99',
      'DELETE FROM visits WHERE visit_id = 99',
      "SELECT setval('tickets_ticket_id_seq', 1)",
      "SELECT setval('codes', -1)",
      'CREATE TABLE kept (team_id int)',
      'INSERT INTO kept SELECT team_id FROM flags',
      'DELETE FROM flags',
      'REFRESH MATERIALIZED VIEW flagged',
      'INSERT INTO flags SELECT * FROM kept',
      'DROP POLICY own_team ON tickets',
      'CREATE POLICY own_team ON tickets AS RESTRICTIVE USING (team_id > 0)',
      'ALTER TABLE vault NO FORCE ROW LEVEL SECURITY',
      'ALTER TABLE vault DROP CONSTRAINT whole',
      'ALTER TABLE vault ADD CONSTRAINT whole CHECK (team_id > 0) NOT VALID',
      'COMMENT ON SEQUENCE tickets_ticket_id_seq IS NULL',
      'COMMENT ON TABLE logs_a IS NULL',
      'COMMENT ON COLUMN logs_a.body IS NULL',
      'COMMENT ON TABLE pages IS NULL',
      'DROP INDEX per_team_key',
      'COMMENT ON MATERIALIZED VIEW per_team IS NULL',
      'REVOKE SELECT ON newest FROM PUBLIC',
    );
    const context = testContext();
    const { document } = await tablesApply(context, { target, expected });
    expect(wrongOf(document)).toEqual([
      'rows of pages',
      'rows of visits',
      'logs: comment on column body of partition public.logs_a gone',
      'logs: comment on partition public.logs_a gone',
      'pages: comment gone',
      'tickets: comment on policy own_team gone',
      'tickets: comment on sequence tickets_ticket_id_seq of column ticket_id gone',
      'tickets: policy own_team different',
      'vault: validation of constraint whole gone',
      'vault: row-level security different',
      'sequence tickets_ticket_id_seq of column ticket_id of tickets',
      'sequence codes of column code of vault',
      'answer of flagged',
      'newest: grants different',
      'per_team: comment gone',
      'per_team: index per_team_key gone',
    ]);
    for (const said of [
      /^the rows of visits are others than at .*: 100 then, 99 now/,
      /^sequence tickets_ticket_id_seq of column ticket_id of table tickets was set back: its next value was 201, and is 2 now.*SELECT setval\('"public"\."tickets_ticket_id_seq"', 201, false\)/,
      /^the rows of materialized view flagged are others than at .*: answered with 5 rows before, with 0 now\. `tables apply` refreshes/,
      /^view per_team: comment is gone, index per_team_key is gone/,
    ]) {
      expect(context.lines).toContainEqual(expect.stringMatching(said));
    }
  });

  test('a specification that is given up leaves no alarm, and tables of the next are looked at then', async () => {
    const { target } = database;
    const [first, second] = [distribution(byTeam('flags'), byTeam('tickets')), distribution(byTeam('logs'))];
    const stop = testContext((event, ask) => {
      if (event.name === 'step.done' && event.step === 'distribute:flags') ask();
    });
    await expect(tablesApply(stop, { target, expected: first })).rejects.toThrow(/stopped as asked/);
    const { document } = await tablesApply(testContext(), { target, expected: second, receipt });
    expect(document.rows?.tables.map(({ table, same }) => [table, same])).toEqual([
      ['flags', true],
      ['logs', true],
      ['tickets', true],
    ]);
    expect(wrongOf(document)).toEqual([]);
    const { document: verified } = await tablesVerify(testContext(), { target, expected: second, receipt });
    expect(verified.checks.filter(({ ok, id }) => !ok || id === 'objects:tickets')).toEqual([
      { id: 'objects:tickets', ok: true, detail: expect.stringMatching(/^all \d+ of before/) as string },
    ]);
  });

  test('what the given-up specification named and is lost since is told, and so is a table that is gone', async () => {
    const { target } = database;
    const stop = testContext((event, ask) => {
      if (event.name === 'step.done' && event.step === 'distribute:flags') ask();
    });
    await expect(
      tablesApply(stop, { target, expected: distribution(byTeam('flags'), byTeam('tickets')) }),
    ).rejects.toThrow(/stopped as asked/);
    await sql('DELETE FROM tickets WHERE ticket_id = 8', 'DROP TABLE flags CASCADE');
    const { document } = await tablesApply(testContext(), { target, expected: distribution(byTeam('logs')) });
    expect(document.rows?.tables.filter(({ same }) => !same)).toEqual([
      { table: 'flags', same: false, before: expect.anything() as unknown },
      {
        table: 'tickets',
        same: false,
        before: expect.anything() as unknown,
        after: expect.anything() as unknown,
      },
    ]);
    expect(wrongOf(document)).toEqual(
      expect.arrayContaining(['flags: the table gone', 'flagged: the view gone', 'rows of tickets']),
    );
  });

  test('a record of the version before is read, and what it lacks is not missed', async () => {
    const { target } = database;
    await expect(tablesApply(stopBeforeLooking(), { target, expected })).rejects.toThrow(/not compared yet/);
    await sql(
      `UPDATE scaleout.before_apply SET observation = (observation::jsonb - '{tables,notCounted,sequences,views}'::text[]
         || jsonb_build_object('objects', (observation::jsonb -> 'objects') - '{pages,visits}'::text[]
              || jsonb_build_object('tickets', (observation::jsonb #> '{objects,tickets}') || '{"sequence public.tickets_ticket_id_seq": "0"}')))::json`,
      'DELETE FROM tickets WHERE ticket_id = 8',
    );
    const { document } = await tablesApply(testContext(), { target, expected });
    expect(wrongOf(document)).toEqual(['rows of tickets']);
  });

  test('what is counted while forced policies are lifted takes the place of what cannot be counted', async () => {
    const { target } = database;
    const vault = named('vault');
    await expect(tablesApply(stopBeforeLooking(), { target, expected })).rejects.toThrow(/not compared yet/);
    await sql('ALTER TABLE vault NO FORCE ROW LEVEL SECURITY');
    await withClient(target, async (client) => {
      const around = { reporter: silentReporter, readers: onlySession(client) };
      const [counted] = (await countRows([vault], around)).rows;
      if (counted === undefined) throw new Error('not counted');
      await recordRowsBefore(client, counted);
      // A run that was killed between, or a step that is tried again: the first count stays.
      await recordRowsBefore(client, { ...counted, rows: 7 });
      await recordRowsAfter(client, { ...counted, rows: 7 });
      await recordRowsAfter(client, { ...counted, rows: counted.rows - 1 });
      const record = await readRecord(client);
      expect(record?.rows.filter(({ table }) => table.name === 'vault')).toEqual([counted]);
    });
    await sql('ALTER TABLE vault FORCE ROW LEVEL SECURITY');
    const { document } = await tablesApply(testContext(), { target, expected, receipt });
    expect(document.rows?.tables.filter(({ same }) => !same)).toEqual([
      expect.objectContaining({ table: 'vault', before: expect.objectContaining({ rows: 20 }) as unknown }),
    ]);
    expect(document.rows?.notCounted).toEqual([]);
  });

  test('a table of which a run lifted FORCE counts as forced', async () => {
    const { target } = database;
    await expect(tablesApply(stopBeforeLooking(), { target, expected })).rejects.toThrow(/not compared yet/);
    await sql(
      'CREATE TABLE scaleout.forced_policy (table_schema text, table_name text, lifted_at timestamptz NOT NULL DEFAULT now())',
      "INSERT INTO scaleout.forced_policy VALUES ('public', 'vault')",
      'ALTER TABLE vault NO FORCE ROW LEVEL SECURITY',
    );
    const { document } = await tablesApply(testContext(), { target, expected });
    expect(wrongOf(document)).toEqual([]);
  });

  test('a view that Citus cannot run any more is told, with the reason', async () => {
    const { target } = database;
    await sql(
      'CREATE VIEW worst AS SELECT f.team_id, l.ticket_id FROM flags f LEFT JOIN LATERAL (SELECT t.ticket_id FROM tickets t WHERE t.note = f.team_id::text ORDER BY 1 LIMIT 1) l ON true',
    );
    const context = testContext();
    const allow = [{ id: 'view-will-fail:worst', reason: 'a test' }];
    const { document, text } = await tablesApply(context, { target, expected: { ...expected, allow } });
    expect(document.views.find(({ view }) => view === 'worst')).toMatchObject({
      same: false,
      detail: expect.stringMatching(/^answered with 5 rows before, and cannot run now: .*0A000/) as string,
    });
    expect(context.lines).toContainEqual(
      expect.stringMatching(/^the answer of view worst is another than at/),
    );
    expect(text).toMatch(
      /\n- view worst \(allowed\): answered with 5 rows before, and cannot run now: .*0A000/,
    );
  });

  test('a table that this role may read no more is named, and the rest is compared', async () => {
    const { target } = database;
    await tablesApply(testContext(), { target, expected, receipt });
    await query(database.platform, 'ALTER TABLE visits OWNER TO postgres');
    await sql('DELETE FROM pages WHERE page_id = 3');
    const { checks } = (await tablesVerify(testContext(), { target, expected, receipt })).document;
    expect(checks.find(({ id }) => id === 'rows:visits')).toMatchObject({
      warning: true,
      detail: expect.stringMatching(/^not countable: permission denied/) as string,
    });
    const wrong = checks.filter(({ ok }) => !ok).map(({ id }) => id);
    expect(wrong).toEqual(expect.arrayContaining(['rows:pages', 'objects:visits']));
  });
});

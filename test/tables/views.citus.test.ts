import { randomUUID } from 'node:crypto';
import type { Distribution, ExpectedTable } from '../../config/workload/distribution-types';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import { inspectDatabase } from '../../scripts/database/inspect/inspect';
import { showTable } from '../../scripts/database/model/names';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';
import { databaseState } from './support/state';

jest.setTimeout(60_000);

const by = (name: string): ExpectedTable => ({
  kind: 'distributed',
  table: named(name),
  distributeBy: 'id',
});
const whole = (name: string): ExpectedTable => ({ kind: 'reference', table: named(name) });
const spec = (...tables: ExpectedTable[]): Distribution => ({ shardCount: 4, online: false, tables });

platformSuite('roles with rights on a view alone', () => {
  const suffix = randomUUID().replaceAll('-', '').slice(0, 12);
  const [reader, group, member, password] = [
    `reader_${suffix}`,
    `group_${suffix}`,
    `member_${suffix}`,
    randomUUID(),
  ];
  let database: TestDatabase;
  let asReader: ConnectionTarget;
  const apply = (expected: Distribution) => tablesApply(testContext(), { target: database.target, expected });
  const refuses = async (expected: Distribution, ...words: readonly RegExp[]): Promise<void> => {
    const before = await databaseState(database.platform);
    for (const each of [...words, /othing was changed/]) await expect(apply(expected)).rejects.toThrow(each);
    expect(await databaseState(database.platform)).toEqual(before);
  };

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    asReader = { ...database.target, user: reader, password };
    await query(
      database.platform,
      `CREATE ROLE ${reader} LOGIN PASSWORD '${password}'; CREATE ROLE ${group}; CREATE ROLE ${member} LOGIN IN ROLE ${group}`,
    );
  });
  afterAll(async () => {
    await query(
      database.platform,
      `DROP OWNED BY ${reader}, ${group}, ${member}; DROP ROLE ${reader}, ${group}, ${member}`,
    );
    await database.drop();
  });

  test('are refused by shards, so a plan refuses before, until they may read what the view reads', async () => {
    const { target } = database;
    await query(
      target,
      `CREATE SCHEMA hidden;
       CREATE TABLE early (id int PRIMARY KEY); CREATE VIEW early_seen AS SELECT * FROM early;
       CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT i, 'x' FROM generate_series(1, 20) i;
       CREATE TABLE hidden.notes (id int PRIMARY KEY); INSERT INTO hidden.notes SELECT i FROM generate_series(1, 20) i;
       CREATE VIEW seen AS SELECT id, note FROM orders; CREATE VIEW totals AS SELECT count(*) FROM seen JOIN hidden.notes USING (id);
       GRANT SELECT ON early_seen, seen, totals TO ${reader}; GRANT SELECT ON hidden.notes TO ${reader}`,
    );
    const ask = async (sql: string): Promise<unknown> => (await query(asReader, sql))[0];
    expect(await ask('SELECT count(*)::int FROM early_seen')).toEqual({ count: 0 });

    // Typed by hand, it breaks the role's queries; what is so already is no fault of a plan.
    await query(target, `SELECT create_distributed_table('early', 'id', shard_count => 4)`);
    await expect(ask('SELECT count(*) FROM early_seen')).rejects.toThrow(
      /permission denied for table early_/,
    );
    expect((await apply(spec(by('early')))).document.applied).toEqual([]);

    // The way out for a view that is to hide the rest of its table.
    await query(
      target,
      `CREATE FUNCTION early_rows() RETURNS TABLE (id int) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
         AS 'SELECT id FROM early';
       CREATE OR REPLACE VIEW early_seen AS SELECT id FROM early_rows()`,
    );
    expect(await ask('SELECT count(*)::int FROM early_seen')).toEqual({ count: 0 });

    const notes: ExpectedTable = { kind: 'reference', table: { schema: 'hidden', name: 'notes' } };
    const expected = spec(by('orders'), notes);
    await refuses(
      expected,
      new RegExp(
        `table orders is read through view seen by ${reader} without SELECT on orders,.*GRANT SELECT ON orders TO ${reader}`,
      ),
      new RegExp(
        `view totals by ${reader} without SELECT on orders and USAGE on schema hidden,.*GRANT USAGE ON SCHEMA hidden TO ${reader}`,
      ),
    );
    await query(target, `GRANT SELECT ON orders TO ${reader}`);
    await refuses(expected, /without USAGE on schema hidden/);
    await query(target, `GRANT USAGE ON SCHEMA hidden TO ${reader}`);
    expect((await apply(expected)).document.applied.map(({ id }) => id)).toContain('distribute:orders');
    expect(await ask('SELECT count(*)::int FROM seen')).toEqual({ count: 20 });
    expect(await ask('SELECT * FROM seen WHERE id = 7')).toEqual({ id: 7, note: 'x' });
    expect(await ask('SELECT count::int FROM totals')).toEqual({ count: 20 });
  });

  test('are told from those that a shard would let in', async () => {
    const { target } = database;
    await query(
      target,
      `CREATE SCHEMA api; CREATE TABLE api.t (id int, note text) PARTITION BY RANGE (id); GRANT USAGE ON SCHEMA api TO PUBLIC;
       CREATE TABLE api.part PARTITION OF api.t FOR VALUES FROM (0) TO (9); CREATE TABLE api.beside (id int);
       CREATE VIEW api.plain AS SELECT * FROM api.t; CREATE VIEW api.nested AS SELECT * FROM api.plain;
       CREATE VIEW api.of_part AS SELECT * FROM api.part; CREATE VIEW api.both AS SELECT * FROM api.t JOIN api.beside USING (id);
       CREATE VIEW api.invoker WITH (security_invoker) AS SELECT * FROM api.plain; CREATE VIEW api.of_columns AS SELECT * FROM api.t;
       CREATE VIEW api.of_all WITH (security_barrier, check_option = local) AS SELECT * FROM api.t; CREATE VIEW api.of_group AS SELECT * FROM api.t;
       CREATE MATERIALIZED VIEW api.kept AS SELECT * FROM api.t; CREATE VIEW api.of_kept AS SELECT * FROM api.kept;
       CREATE FUNCTION api.definer() RETURNS SETOF api.t LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT * FROM api.t';
       CREATE VIEW api.of_function AS SELECT * FROM api.definer();
       CREATE VIEW api.instead AS SELECT * FROM api.t; CREATE FUNCTION api.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE TRIGGER instead INSTEAD OF INSERT ON api.instead FOR EACH ROW EXECUTE FUNCTION api.nothing();
       CREATE SCHEMA closed; CREATE VIEW closed.unseen AS SELECT * FROM api.t;
       GRANT SELECT ON api.plain, api.nested, api.of_part, api.invoker, api.kept, api.of_kept, api.of_function, closed.unseen TO ${reader};
       GRANT INSERT, DELETE ON api.plain, api.nested TO ${reader}; GRANT INSERT ON api.instead TO ${reader};
       GRANT SELECT (id) ON api.of_columns TO ${reader}; GRANT SELECT ON api.of_all TO PUBLIC;
       GRANT SELECT, UPDATE ON api.both TO ${group}; GRANT ALL ON api.of_group TO ${member}; GRANT ALL ON api.t TO ${group};
       GRANT INSERT ON api.t TO ${reader}`,
    );
    const table = { schema: 'api', name: 't' };
    const live = await withClient(target, (client) =>
      inspectDatabase(client, spec({ kind: 'distributed', table, distributeBy: 'id' })),
    );
    const t = live.tables.find((each) => showTable(each.table) === 'api.t');
    const found = t?.viewRoles.map(({ view, role, lacksSelect, lacksUsage, writes }) =>
      [view.name, role, ...lacksSelect.map(showTable), ...lacksUsage, ...writes].join(' '),
    );
    expect(found).toEqual([
      `both ${group} api.beside`,
      `nested ${reader} api.t DELETE`,
      'of_all PUBLIC api.t',
      `of_columns ${reader} api.t`,
      `of_part ${reader} api.part`,
      `plain ${reader} api.t DELETE`,
    ]);
    const withExtras = live.views
      .filter(({ extras }) => extras.length > 0)
      .map(({ view }) => showTable(view));
    expect(withExtras).toEqual(
      expect.arrayContaining(['api.nested', 'api.of_columns', 'api.of_part', 'api.instead', 'api.kept']),
    );
    await query(
      target,
      `GRANT SELECT ON ALL TABLES IN SCHEMA api TO PUBLIC; GRANT DELETE ON api.t TO ${reader}`,
    );
    const after = await withClient(target, (client) =>
      inspectDatabase(client, spec({ kind: 'distributed', table, distributeBy: 'id' })),
    );
    expect(after.tables.flatMap(({ viewRoles }) => viewRoles)).toEqual([]);
  });

  test('see other rows where policies bind them and not the owner of the view, which takes an allowance', async () => {
    const { target } = database;
    await query(
      target,
      `CREATE TABLE acct (id int PRIMARY KEY, open bool); INSERT INTO acct SELECT i, i < 6 FROM generate_series(1, 20) i;
       ALTER TABLE acct ENABLE ROW LEVEL SECURITY; CREATE POLICY opened ON acct TO ${reader} USING (open);
       CREATE VIEW accts AS SELECT count(*)::int AS n FROM acct; CREATE VIEW invoking WITH (security_invoker) AS SELECT * FROM acct;
       GRANT SELECT ON acct, accts, invoking TO ${reader}`,
    );
    const ask = (): Promise<unknown> =>
      withClient(asReader, async (client) => {
        await client.query('SET row_security TO on');
        return (await client.query<{ n: number }>('SELECT n FROM accts')).rows[0];
      });
    expect(await ask()).toEqual({ n: 20 });
    const { document } = await tablesPlan(testContext(), { target, expected: spec(by('acct')) });
    expect(document.findings).toEqual([
      expect.objectContaining({
        id: 'view-under-policy:accts',
        needs: 'allowance',
        message: expect.stringMatching(`view accts reads acct.* So ${reader} will see other rows`) as string,
      }),
    ]);
    await expect(apply(spec(by('acct')))).rejects.toMatchObject({ code: 'tables.not-allowed' });
    await tablesApply(testContext(), {
      target,
      expected: spec(by('acct')),
      allow: [{ id: 'view-under-policy:accts' }],
    });
    // What the finding says.
    expect(await ask()).toEqual({ n: 5 });
  });

  test('see other rows where a policy is theirs and not that of the group which may read the view', async () => {
    const { target } = database;
    await query(
      target,
      `CREATE TABLE vaulted (id int PRIMARY KEY, open bool); INSERT INTO vaulted SELECT i, i < 6 FROM generate_series(1, 20) i;
       ALTER TABLE vaulted ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY opened ON vaulted USING (open);
       CREATE POLICY closed ON vaulted TO ${member} USING (NOT open);
       CREATE VIEW vaults AS SELECT count(*)::int AS n FROM vaulted; GRANT SELECT ON vaulted, vaults TO ${group}`,
    );
    const { document } = await tablesPlan(testContext(), { target, expected: spec(by('vaulted')) });
    expect(document.findings).toContainEqual(
      expect.objectContaining({
        id: 'view-under-policy:vaults',
        message: expect.stringContaining(`So ${member} will see other rows`) as string,
      }),
    );
  });

  test('write through no view whose owner may not write either', async () => {
    const { target } = database;
    await query(
      target,
      `CREATE TABLE noted (id int PRIMARY KEY); CREATE VIEW of_noted AS SELECT * FROM noted; GRANT SELECT ON noted TO ${reader}, ${group};
       GRANT SELECT ON of_noted TO ${group}`,
    );
    await query(database.platform, `ALTER VIEW of_noted OWNER TO ${reader}; GRANT ${reader} TO citus`);
    const ids = async () =>
      (await tablesPlan(testContext(), { target, expected: spec(by('noted')) })).document.steps.map(
        ({ id }) => id,
      );
    expect(await ids()).toContain('distribute:noted');
  });

  test('keep the view where Citus makes it anew: beside writes, with a neighbour, on the way back', async () => {
    const { target } = database;
    await query(
      target,
      `CREATE TABLE kinds (id int PRIMARY KEY); CREATE TABLE things (id int PRIMARY KEY, kind int REFERENCES kinds);
       CREATE TABLE stock (id int PRIMARY KEY); CREATE VIEW stocked AS SELECT * FROM stock; CREATE VIEW thing_ids AS SELECT id FROM things;
       CREATE VIEW nested AS SELECT * FROM stocked; GRANT SELECT ON nested, stock, things, thing_ids TO ${reader};
       COMMENT ON VIEW nested IS 'of stock'; COMMENT ON COLUMN nested.id IS 'which'`,
    );
    const seen = async (): Promise<void> => {
      for (const view of ['nested', 'thing_ids'])
        await expect(query(asReader, `SELECT * FROM ${view}`)).resolves.toEqual([]);
      expect(
        await query(
          target,
          `SELECT obj_description('nested'::regclass) AS of, col_description('nested'::regclass, 1) AS col`,
        ),
      ).toEqual([{ of: 'of stock', col: 'which' }]);
    };
    await apply({ ...spec(by('stock'), whole('kinds')), online: true });
    await seen();
    await apply(spec(whole('kinds'), by('things'), by('stock')));
    await seen();
    await apply(spec({ kind: 'local', table: named('stock') }));
    await seen();
  });
});

platformSuite('a materialized view over a distributed table', () => {
  test('is kept where a table that it also reads becomes local to Citus', async () => {
    const database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    try {
      await query(
        target,
        `CREATE TABLE countries (id int PRIMARY KEY, name text);
         CREATE TABLE orgs (id int PRIMARY KEY, country_id int);
         CREATE TABLE lines (id int PRIMARY KEY, org_id int, country_id int);
         INSERT INTO countries SELECT i, 'n' FROM generate_series(1, 5) i;
         INSERT INTO orgs SELECT i, 1 FROM generate_series(1, 30) i;
         INSERT INTO lines SELECT i, 1 + i % 30, 1 FROM generate_series(1, 100) i;
         CREATE MATERIALIZED VIEW per_org AS SELECT o.id, count(*) FROM orgs o JOIN lines l ON l.org_id = o.id GROUP BY 1`,
      );
      await query(target, "SELECT create_distributed_table('orgs', 'id')");
      await query(target, 'ALTER TABLE lines ADD FOREIGN KEY (country_id) REFERENCES countries');
      const expected = spec(whole('countries'), by('orgs'));
      const { document } = await tablesApply(testContext(), { target, expected });
      expect(document.applied.map(({ id }) => id)).toContain('create-reference-table:countries');
      expect(await query(target, 'SELECT count(*)::int, sum(count)::int FROM per_org')).toEqual([
        { count: 30, sum: 100 },
      ]);
    } finally {
      await database.drop();
    }
  });
});

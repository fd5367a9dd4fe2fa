import type { Distribution } from '../../config/workload/distribution-types';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import { fingerprintTables } from '../../scripts/database/observe/fingerprint';
import type { TestDatabase } from '../support/citus';
import { allowColumnar, freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { freshOnlineDatabase } from './support/databases';
import { query, testContext } from './support/sensors';
import { databaseState } from './support/state';

jest.setTimeout(120_000);

const SCHEMA = `
CREATE TABLE kinds (kind_id int PRIMARY KEY);
CREATE TABLE events (event_id int PRIMARY KEY, kind_id int REFERENCES kinds, note text, day date DEFAULT '2024-05-06');
COMMENT ON TABLE events IS 'all of it''s';
CREATE TABLE more (event_id int REFERENCES events);
INSERT INTO kinds VALUES (1);
INSERT INTO events SELECT i, 1, repeat(i::text, 20) FROM generate_series(1, 100000) i;
INSERT INTO more SELECT event_id FROM events;`;

const expected = (online: boolean): Distribution => ({
  shardCount: 4,
  online,
  tables: [
    { kind: 'reference', table: named('kinds') },
    { kind: 'distributed', table: named('events'), distributeBy: 'event_id' },
    {
      kind: 'distributed',
      table: named('more'),
      distributeBy: 'event_id',
      colocateWith: named('events'),
    },
  ],
});

const NOTHING = /othing was changed$/;

platformSuite('what a role or a database has set', () => {
  let database: TestDatabase;
  const name = (): string => `"${database.target.database}"`;
  /** Settings of the role in this database alone, on every node: sessions of Citus there have them as well. */
  const set = async (...settings: string[]): Promise<void> => {
    for (const setting of settings) {
      const statement = `ALTER ROLE citus IN DATABASE ${name()} SET ${setting}`;
      const done = await query(database.platform, 'SELECT success FROM run_command_on_all_nodes($1)', [
        statement,
      ]);
      expect(done).toEqual([{ success: true }, { success: true }, { success: true }]);
    }
  };
  const begin = async (online = false): Promise<void> => {
    database = await (online ? freshOnlineDatabase : freshCitusDatabase)({ workers: 2 });
    await query(database.target, SCHEMA);
  };
  afterEach(async () => {
    await database.drop();
  });

  test.each<[string, () => Promise<unknown>, RegExp[]]>([
    [
      'read-only sessions',
      () => set('default_transaction_read_only = on'),
      [
        /sessions of role "citus" .* are read-only \(default_transaction_read_only is on\)\..*set it off/,
        NOTHING,
      ],
    ],
    [
      'a timeout under which a copy would be cut off on the nodes',
      () => set('statement_timeout = 5000'),
      [
        /statement_timeout = 5000 ms.*online copy of events.*ALTER ROLE .* SET statement_timeout = 0/,
        NOTHING,
      ],
    ],
    [
      'no right to keep a record',
      () =>
        query(
          database.platform,
          `ALTER DATABASE ${name()} OWNER TO postgres; REVOKE CREATE ON DATABASE ${name()} FROM citus`,
        ),
      [/role "citus" may create no schema .*: GRANT CREATE ON DATABASE/, NOTHING],
    ],
    [
      'an owner without a right of its own',
      () => query(database.platform, 'REVOKE TRUNCATE ON events FROM citus'),
      [
        /owns table events and has no TRUNCATE on it.*GRANT TRUNCATE ON "public"\."events" TO "citus"/,
        NOTHING,
      ],
    ],
    [
      'an event trigger that forbids',
      () =>
        query(
          database.platform,
          `CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not on fridays''; END';
           CREATE EVENT TRIGGER forbid ON ddl_command_start EXECUTE FUNCTION forbid()`,
        ),
      [/event trigger "forbid".*"CREATE SCHEMA scaleout_probe" failed with.*not on fridays/, NOTHING],
    ],
    [
      'an event trigger that forbids what comes later',
      () =>
        query(
          database.platform,
          `CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no comments''; END';
           CREATE EVENT TRIGGER forbid ON ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION forbid()`,
        ),
      [/"COMMENT ON TABLE scaleout_probe.probe IS 'probe'" failed with.*no comments/, NOTHING],
    ],
    [
      'no right to connect',
      () =>
        query(
          database.platform,
          `ALTER DATABASE ${name()} OWNER TO postgres; REVOKE CONNECT ON DATABASE ${name()} FROM PUBLIC, citus`,
        ),
      [/role "citus" may not connect to it: GRANT CONNECT ON DATABASE/],
    ],
  ])('%s: is said before anything is changed', async (_what, spoil, words) => {
    await begin();
    await spoil();
    const before = await databaseState(database.platform);
    const input = { target: database.target, expected: expected(true) };
    const failure = await tablesApply(testContext(), input).then(
      () => 'it ran',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    for (const each of words) expect(failure).toMatch(each);
    expect(await databaseState(database.platform)).toEqual(before);
  });

  test('a login that only looks may plan, and is told that its run would be refused', async () => {
    await begin();
    await set('default_transaction_read_only = on');
    const context = testContext();
    const { document } = await tablesPlan(context, { target: database.target, expected: expected(false) });
    expect(document.steps.length).toBeGreaterThan(0);
    expect(context.lines).toContainEqual(
      expect.stringMatching(/`tables apply` would be refused: sessions of role "citus" .* are read-only/),
    );
  });

  test('a timeout of any length does not cut a copy off that lets writes wait', async () => {
    await begin();
    // Filling and validating take longer than this on every shard; a question to a node takes a tenth of it.
    await query(database.target, 'INSERT INTO more SELECT 1 + i % 100000 FROM generate_series(1, 500000) i');
    await set('statement_timeout = 150', 'idle_in_transaction_session_timeout = 500', 'lock_timeout = 20');
    await done(expected(false));
  });

  test('nothing rests on how sessions are set up', async () => {
    await begin(true);
    await allowColumnar(database);
    await set(
      'default_table_access_method = columnar',
      'search_path = nowhere, "$user"',
      'standard_conforming_strings = off',
      "DateStyle = 'German'",
      "IntervalStyle = 'sql_standard'",
      'quote_all_identifiers = on',
      "client_encoding = 'LATIN1'",
      'default_transaction_isolation = serializable',
      'default_transaction_deferrable = on',
      'citus.use_citus_managed_tables = on',
      'citus.enable_schema_based_sharding = on',
    );
    await done(expected(true));
  });

  test('nothing rests on what PGOPTIONS has a session begin with, and a timeout in it stops no copy', async () => {
    await begin(true);
    const options =
      '-c search_path=nowhere -c standard_conforming_strings=off --datestyle=German,\\ DMY -c intervalstyle=sql_standard ' +
      '-c quote_all_identifiers=on -c bytea_output=escape -c extra_float_digits=-3 -c timezone=Asia/Kathmandu ' +
      '-c statement_timeout=40 -c lock_timeout=20 -c idle_in_transaction_session_timeout=500 -c client_min_messages=debug1 ' +
      '-c default_transaction_isolation=serializable -c default_transaction_deferrable=on -c array_nulls=off ' +
      '-c row_security=off -c enable_seqscan=off -c check_function_bodies=off -c lc_numeric=C -c application_name=somebody';
    await done(expected(true), { ...database.target, options });
    await done(expected(true));
  });

  async function done(wanted: Distribution, target: ConnectionTarget = database.target): Promise<void> {
    const tables = wanted.tables.map(({ table }) => table);
    const expectedFingerprints = await withClient(target, (client) => fingerprintTables(client, tables));
    await tablesApply(testContext(), { target, expected: wanted });
    const verified = await tablesVerify(testContext(), { target, expected: wanted, expectedFingerprints });
    expect(verified.document.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect((await tablesPlan(testContext(), { target, expected: wanted })).document.steps).toEqual([]);
    expect(await query(target, `SELECT obj_description('public.events'::regclass) AS comment`)).toEqual([
      { comment: `all of it's` },
    ]);
    expect(await query(database.platform, `SELECT FROM pg_namespace WHERE nspname = 'scaleout'`)).toEqual([]);
  }
});

import { randomUUID } from 'node:crypto';
import { parseDistribution } from '../../config/workload/distribution';
import type { Distribution } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const spec = (text: string): Distribution => parseDistribution(text, 'distribution.yaml');
const JOBS = 'shardCount: 4\ntables:\n  jobs: { distributeBy: team_id }\n';

platformSuite('a table of a role in whose name Citus cannot work', () => {
  let database: TestDatabase;
  let owner: string;
  const platform = (sql: string): Promise<unknown> => query(database.platform, sql);
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);
  /** As if it had been done on each worker by itself. */
  const onWorkers = (sql: string): Promise<unknown> =>
    query(
      database.platform,
      `SELECT run_command_on_workers($cmd$ DO $do$ BEGIN SET LOCAL citus.enable_ddl_propagation TO off; ${sql}; END $do$ $cmd$)`,
    );
  const plan = (text: string) => tablesPlan(testContext(), { target: database.target, expected: spec(text) });
  const apply = (text: string, allow: { id: string }[] = []) =>
    tablesApply(testContext(), { target: database.target, expected: spec(text), allow });

  beforeEach(async () => {
    owner = `owner_${randomUUID().slice(0, 8)}`;
    database = await freshCitusDatabase({ workers: 2 });
    await platform(
      `CREATE ROLE "${owner}" LOGIN PASSWORD 'owner'; GRANT CREATE ON SCHEMA public TO "${owner}"`,
    );
    await platform(
      `SELECT run_command_on_all_nodes('INSERT INTO pg_dist_authinfo VALUES (0, ''${owner}'', ''password=owner'')')`,
    );
    await platform(`GRANT "${owner}" TO citus`);
    await onWorkers(`GRANT "${owner}" TO citus`);
    await withClient(database.target, (client) =>
      client.query(
        `SET ROLE "${owner}"; CREATE TABLE jobs (team_id int NOT NULL, job_id int NOT NULL, PRIMARY KEY (team_id, job_id));
         INSERT INTO jobs SELECT i % 10, i FROM generate_series(1, 500) i`,
      ),
    );
  });
  afterEach(() => database.drop());

  test('a role that asks after SET ROLE and may not log in needs an allowance until it may', async () => {
    const [web, login] = ['web', 'login'].map((name) => `${name}_${randomUUID().slice(0, 8)}`) as [
      string,
      string,
    ];
    await platform(
      `CREATE ROLE "${web}" NOLOGIN; CREATE ROLE "${login}" LOGIN NOINHERIT PASSWORD 'login' IN ROLE "${web}"; GRANT SELECT ON jobs TO "${web}"`,
    );
    try {
      const { findings } = (await plan(`online: false\n${JOBS}`)).document;
      expect(findings).toContainEqual(
        expect.objectContaining({
          id: `role-kept-out:${web}`,
          needs: 'allowance',
          message: expect.stringMatching(`rights on jobs.*ALTER ROLE "${web}" LOGIN`) as string,
        }),
      );
      // One whose members inherit its rights asks nothing by itself.
      // From PostgreSQL 16 on it is the membership that says so, as it was when it was granted.
      await platform(
        `ALTER ROLE "${login}" INHERIT; REVOKE "${web}" FROM "${login}"; GRANT "${web}" TO "${login}"`,
      );
      const ids = async (): Promise<string[]> =>
        (await plan(`online: false\n${JOBS}`)).document.findings.map(({ id }) => id);
      expect(await ids()).not.toContain(`role-kept-out:${web}`);
      await withClient(database.platform, (client) =>
        client.query(
          `CREATE FUNCTION counted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*)::int FROM jobs'; ALTER FUNCTION counted() OWNER TO "${web}"`,
        ),
      );
      expect(await ids()).toContain(`role-kept-out:${web}`);
      await platform(`ALTER ROLE "${web}" LOGIN`);
      expect(await ids()).not.toContain(`role-kept-out:${web}`);
    } finally {
      await platform(`DROP OWNED BY "${web}", "${login}"; DROP ROLE "${web}", "${login}"`);
    }
  });

  test('a role that its maker gives to others and does not become asks nothing by itself', async () => {
    const group = `group_${randomUUID().slice(0, 8)}`;
    const [{ major } = { major: 0 }] = (await run(
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    )) as { major: number }[];
    // As CREATE ROLE leaves it for a login with CREATEROLE, since PostgreSQL 16.
    const options = major < 16 ? 'WITH ADMIN OPTION' : 'WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
    await platform(`CREATE ROLE "${group}" NOLOGIN; GRANT SELECT ON jobs TO "${group}"`);
    try {
      await platform(`GRANT "${group}" TO citus ${options}`);
      const { findings } = (await plan(`online: false\n${JOBS}`)).document;
      expect(findings.map(({ id }) => id)).not.toContain(`role-kept-out:${group}`);
    } finally {
      await platform(`DROP OWNED BY "${group}"; DROP ROLE "${group}"`);
    }
  });

  test.each([
    [`NOLOGIN`, /may not log in \(NOLOGIN\) on \S+:\d+.*ALTER ROLE "owner_\w+" LOGIN/],
    [`CONNECTION LIMIT 0`, /CONNECTION LIMIT 0.*ALTER ROLE "owner_\w+" CONNECTION LIMIT -1/],
  ])(
    '%s is refused for an online copy, with the statement that helps, which does',
    async (option, message) => {
      await platform(`ALTER ROLE "${owner}" ${option}`);
      const refused = { code: 'tables.preconditions', message: expect.stringMatching(message) as string };
      await expect(plan(JOBS)).rejects.toMatchObject(refused);
      await expect(apply(JOBS)).rejects.toMatchObject(refused);
      expect(await run('SELECT FROM citus_tables')).toEqual([]);
      await platform(`ALTER ROLE "${owner}" LOGIN CONNECTION LIMIT -1`);
      expect((await apply(JOBS)).document.rows?.tables).toMatchObject([{ after: { rows: 500 }, same: true }]);
    },
  );

  test('NOLOGIN is named by its role where writes wait, and does not stop the copy that is allowed', async () => {
    await platform(`ALTER ROLE "${owner}" NOLOGIN`);
    const blocking = `online: false\n${JOBS}`;
    const id = `owner-kept-out:${owner}`;
    expect((await plan(blocking)).document.findings).toMatchObject([
      { id, needs: 'allowance', allowed: false },
    ]);
    await expect(apply(blocking)).rejects.toMatchObject({ code: 'tables.not-allowed' });
    expect((await apply(blocking, [{ id }])).document.rows?.tables).toMatchObject([{ after: { rows: 500 } }]);
    // What the finding says.
    await expect(
      withClient(database.target, (client) => client.query(`SET ROLE "${owner}"; SELECT count(*) FROM jobs`)),
    ).rejects.toThrow('not permitted to log in');
  });

  test.each(['', 'online: false\n'])(
    'a membership that a worker does not know is named with the node',
    async (head) => {
      await onWorkers(`REVOKE "${owner}" FROM citus`);
      await expect(apply(`${head}${JOBS}`)).rejects.toMatchObject({
        code: 'tables.preconditions',
        message: expect.stringMatching(
          /no member on \S+:\d+ and \S+:\d+\..* GRANT "owner_\w+" TO "citus" on \S+:\d+/,
        ) as string,
      });
      expect(await run('SELECT FROM citus_tables')).toEqual([]);
    },
  );

  test('a table that the specification does not name is refused where it would be taken along', async () => {
    await run('CREATE TABLE kinds (id int PRIMARY KEY)');
    await run(`GRANT REFERENCES ON kinds TO "${owner}"`);
    await platform('SET citus.enable_ddl_propagation TO off; CREATE ROLE away_' + owner);
    await platform(
      `CREATE TABLE uses (id int PRIMARY KEY, kind int REFERENCES kinds); ALTER TABLE uses OWNER TO away_${owner}`,
    );
    await expect(plan('tables:\n  kinds: { reference: true }\n')).rejects.toMatchObject({
      code: 'tables.preconditions',
      message: expect.stringMatching(
        new RegExp(
          `table uses belongs to role away_${owner}, .*GRANT "away_${owner}" TO "citus"|away_${owner}`,
        ),
      ) as string,
    });
    expect(await run('SELECT FROM citus_tables')).toEqual([]);
    await platform(`DROP TABLE uses; DROP ROLE away_${owner}`);
  });

  test('a session that a node refuses the owner for a reason of its own is found by asking for one', async () => {
    await platform("SELECT run_command_on_all_nodes('DELETE FROM pg_dist_authinfo')");
    await expect(apply(JOBS)).rejects.toMatchObject({
      code: 'tables.preconditions',
      message: expect.stringMatching(/\S+:\d+, \S+:\d+ and \S+:\d+ let Citus open no session/) as string,
    });
    expect(await run('SELECT FROM citus_tables')).toEqual([]);
  });

  test('CONNECT that the owner has not on the nodes is refused for an online copy', async () => {
    await platform(
      `SELECT run_command_on_all_nodes('REVOKE CONNECT ON DATABASE ' || current_database() || ' FROM PUBLIC')`,
    );
    await expect(apply(JOBS)).rejects.toMatchObject({
      message: expect.stringMatching(
        /may not connect to this database on .*GRANT CONNECT ON DATABASE/,
      ) as string,
    });
    expect(await run('SELECT FROM citus_tables')).toEqual([]);
  });

  test('a partition of another owner is copied with writes waiting', async () => {
    await run(
      `CREATE TABLE visits (team_id int NOT NULL, at int NOT NULL, PRIMARY KEY (team_id, at)) PARTITION BY RANGE (at);
       CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (1000);
       INSERT INTO visits SELECT i % 10, i FROM generate_series(1, 500) i; ALTER TABLE visits_1 OWNER TO "${owner}"`,
    );
    const visits = 'shardCount: 4\ntables:\n  visits: { distributeBy: team_id }\n';
    expect((await plan(visits)).document.steps[0]).toMatchObject({
      action: 'distribute',
      blocksWrites: true,
    });
    expect((await apply(visits)).document.rows?.tables).toMatchObject([{ after: { rows: 500 }, same: true }]);
  });
});

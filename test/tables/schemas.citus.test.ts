import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Distribution } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { Fingerprint } from '../../scripts/database/observe/fingerprint';
import { fingerprintTables } from '../../scripts/database/observe/fingerprint';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';
import { createTenants, identifier, keptOf, TENANTS, tenantsDistribution } from './support/tenants';
import { testEnvironment } from '../support/environment';

jest.setTimeout(180_000);

const CHILD = path.join(__dirname, 'support', 'apply-child.js');
const distributed = tenantsDistribution('distributed');
const local = tenantsDistribution('local');

let database: TestDatabase;
afterEach(async () => {
  await database.drop();
});

const names = TENANTS.flatMap((schema) =>
  ['Users', 'orders', 'log', 'settings'].map((name) => ({ schema, name })),
);
const rows = (): Promise<Fingerprint[]> =>
  withClient(database.target, (client) => fingerprintTables(client, [named('kinds'), ...names]));

const apply = (expected: Distribution) => tablesApply(testContext(), { target: database.target, expected });

const stepsOf = async (expected: Distribution): Promise<string[]> =>
  (await tablesPlan(testContext(), { target: database.target, expected })).document.steps.map(({ id }) => id);

async function expectVerified(expected: Distribution, before: readonly Fingerprint[]): Promise<void> {
  const { document } = await tablesVerify(testContext(), {
    target: database.target,
    expected,
    expectedFingerprints: before,
  });
  expect(document.checks.filter((check) => !check.ok)).toEqual([]);
  expect(document.ok).toBe(true);
}

/** Where Citus says the schemas are: distributed ones, and on which nodes the shards of each are. */
const placed = () =>
  query<{ schema: string; nodes: number; tables: number }>(
    database.target,
    `SELECT n.nspname AS schema, count(DISTINCT pl.groupid)::int AS nodes, count(DISTINCT p.logicalrelid)::int AS tables
       FROM pg_dist_schema s
       JOIN pg_namespace n ON n.oid = s.schemaid
       JOIN pg_dist_partition p USING (colocationid)
       JOIN pg_dist_shard sh ON sh.logicalrelid = p.logicalrelid
       JOIN pg_dist_placement pl USING (shardid)
      GROUP BY n.nspname ORDER BY n.nspname COLLATE "C"`,
  );

const ownSchema = async (): Promise<unknown> =>
  (await query(database.target, "SELECT to_regnamespace('scaleout') AS schema"))[0];

platformSuite('distributed schemas', () => {
  test('there and back: rows, comments, keys and views are as they were, and a second plan is empty', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await createTenants(database.target);
    const [before, kept] = [await rows(), await keptOf(database.target)];

    expect(await stepsOf(distributed)).toEqual([
      'record-comments:"Tenant ""Two""".orders',
      'record-comments:tenant_1.orders',
      'create-reference-table:kinds',
      'distribute-schema:Tenant "Two"',
      'restore-comments:"Tenant ""Two""".orders',
      'distribute-schema:tenant_1',
      'restore-comments:tenant_1.orders',
      'remove-record:scaleout.recorded_comment',
      'truncate-local-copy:"Tenant ""Two""".log',
      'truncate-local-copy:"Tenant ""Two""".settings',
      'truncate-local-copy:kinds',
      'truncate-local-copy:tenant_1.log',
      'truncate-local-copy:tenant_1.settings',
    ]);
    const { document: there } = await apply(distributed);
    expect(there.rows?.tables.filter(({ same }) => !same)).toEqual([]);
    expect(there.rows?.tables).toHaveLength(1 + names.length);
    expect(await stepsOf(distributed)).toEqual([]);
    await expectVerified(distributed, before);
    expect(await keptOf(database.target)).toEqual(kept);
    // Users, orders, log with its two partitions, settings.
    expect(await placed()).toEqual([
      { schema: 'Tenant "Two"', nodes: 1, tables: 6 },
      { schema: 'tenant_1', nodes: 1, tables: 6 },
    ]);
    expect(await ownSchema()).toEqual({ schema: null });

    // A new table joins by itself, and there is nothing to do for it.
    await query(database.target, 'CREATE TABLE tenant_1.later (id int PRIMARY KEY)');
    expect(await stepsOf(distributed)).toEqual([]);
    await query(database.target, 'DROP TABLE tenant_1.later');

    await apply(local);
    expect(await stepsOf(local)).toEqual([]);
    await expectVerified(local, before);
    expect(await keptOf(database.target)).toEqual(kept);
    expect(await query(database.target, 'SELECT FROM pg_dist_schema')).toEqual([]);
    expect(await ownSchema()).toEqual({ schema: null });
  });

  test('from a schema as a whole to tables of it, each by a column', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await createTenants(database.target);
    const before = await rows();
    await apply(distributed);
    const byColumn: Distribution = {
      shardCount: 4,
      online: false,
      tables: [
        { kind: 'reference', table: named('kinds') },
        { kind: 'reference', table: { schema: 'tenant_1', name: 'Users' } },
        {
          kind: 'distributed',
          table: { schema: 'tenant_1', name: 'orders' },
          distributeBy: 'user_id',
          primaryKey: ['user_id', 'id'],
        },
      ],
      schemas: [
        { kind: 'local', schema: 'tenant_1' },
        { kind: 'distributed', schema: 'Tenant "Two"' },
      ],
    };
    const planned = await stepsOf(byColumn);
    const { document } = await apply(byColumn);
    expect(planned).toEqual(expect.arrayContaining(document.applied.map(({ id }) => id)));
    expect(await stepsOf(byColumn)).toEqual([]);
    await expectVerified(byColumn, before);
    expect((await placed()).map(({ schema }) => schema)).toEqual(['Tenant "Two"']);
  });

  test.each([
    ['there', distributed],
    ['back', local],
  ])('%s, stopped after every single step of a reviewed plan', async (where, expected) => {
    database = await freshCitusDatabase({ workers: 2 });
    await createTenants(database.target);
    const [before, kept] = [await rows(), await keptOf(database.target)];
    if (where === 'back') await apply(distributed);
    const { document: reviewed } = await tablesPlan(testContext(), { target: database.target, expected });
    const done: string[] = [];
    for (let finished = false; !finished;) {
      const context = testContext((event, stop) => {
        if (event.name !== 'step.done') return;
        done.push(event.step);
        stop();
      });
      finished = await tablesApply(context, { target: database.target, expected, reviewed }).then(
        () => true,
        (error: unknown) => {
          expect((error as Error).message).toMatch(/^stopped as asked: .*Run the same command again/);
          return false;
        },
      );
      expect(await rows()).toEqual(before);
      expect(done.length).toBeLessThan(30);
    }
    expect(done).toContain(where === 'there' ? 'distribute-schema:tenant_1' : 'undistribute-schema:tenant_1');
    await expectVerified(expected, before);
    expect(await keptOf(database.target)).toEqual(kept);
  });

  test('killed in the middle, and run again', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await createTenants(database.target, 20_000);
    const [before, kept] = [await rows(), await keptOf(database.target)];
    for (const [expected, delays] of [
      [distributed, [80, 250, 500]],
      [local, [80, 250]],
    ] as const) {
      let killed = 0;
      for (const delay of delays) {
        const child = spawn(
          process.execPath,
          [CHILD, JSON.stringify({ target: database.target, expected })],
          {
            stdio: ['ignore', 'pipe', 'ignore'],
            env: testEnvironment(),
          },
        );
        const ended = new Promise<NodeJS.Signals | null>((resolve) => {
          child.on('exit', (_code, signal) => {
            resolve(signal);
          });
        });
        await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
        await sleep(delay);
        child.kill('SIGKILL');
        if ((await ended) === 'SIGKILL') killed += 1;
      }
      expect(killed).toBeGreaterThan(0);
      await finish(expected);
      await expectVerified(expected, before);
      expect(await keptOf(database.target)).toEqual(kept);
    }
  });

  /** Waits while the session of the killed run still notices that it is alone. */
  async function finish(expected: Distribution): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await apply(expected);
        return;
      } catch (error) {
        if (attempt > 60 || !(error instanceof Error) || !/another "tables" run/.test(error.message))
          throw error;
        await sleep(250);
      }
    }
  }

  const schema = (name: string, kind: 'distributed' | 'local' = 'distributed'): Distribution => ({
    shardCount: 4,
    online: true,
    tables: [],
    schemas: [{ schema: name, kind }],
  });

  /** What Citus itself says to the same. */
  const refusedByCitus = (call: string, name: string): Promise<void> =>
    expect(
      query(database.target, `SELECT ${call}($1::text::regnamespace)`, [identifier(name)]),
    ).rejects.toThrow();

  test('what Citus refuses is refused before, by name, and nothing changes', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    const faults: readonly (readonly [name: string, sql: string, words: RegExp])[] = [
      [
        'extension',
        'CREATE SCHEMA extension; CREATE EXTENSION btree_gist SCHEMA extension',
        /schema extension holds btree_gist, and Citus distributes no schema of an extension/,
      ],
      [
        'triggers',
        `CREATE SCHEMA triggers; CREATE TABLE triggers.t (id int); CREATE FUNCTION triggers.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER mine BEFORE INSERT ON triggers.t FOR EACH ROW EXECUTE FUNCTION triggers.f()`,
        /table triggers\.t has trigger mine/,
      ],
      [
        'inherits',
        'CREATE SCHEMA inherits; CREATE TABLE inherits.a (id int); CREATE TABLE inherits.b () INHERITS (inherits.a)',
        /table inherits\.a is parent or child of another table by INHERITS/,
      ],
      [
        'nested',
        `CREATE SCHEMA nested; CREATE TABLE nested.p (id int, t int) PARTITION BY RANGE (t);
        CREATE TABLE nested.q PARTITION OF nested.p FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (t)`,
        /a partition of table nested\.p is partitioned itself/,
      ],
      [
        'stray',
        `CREATE SCHEMA stray; CREATE TABLE stray.p (id int) PARTITION BY RANGE (id);
        CREATE TABLE public.q PARTITION OF stray.p FOR VALUES FROM (0) TO (9)`,
        /q is a partition of stray\.p, and in a distributed schema the two must be together/,
      ],
      [
        'policies',
        `CREATE SCHEMA policies; CREATE TABLE policies.t (id int); CREATE POLICY own ON policies.t USING (id IN (SELECT 1));
        ALTER TABLE policies.t ENABLE ROW LEVEL SECURITY`,
        /policy own of table policies\.t has a subquery/,
      ],
      [
        'sequences',
        `CREATE SCHEMA sequences; CREATE SEQUENCE sequences.s; CREATE TABLE sequences.a (id int DEFAULT nextval('sequences.s'));
        CREATE TABLE sequences.b (id bigint DEFAULT nextval('sequences.s'))`,
        /sequence sequences\.s gives .* their defaults, and Citus takes one type to a sequence/,
      ],
      [
        'outward',
        'CREATE SCHEMA outward; CREATE TABLE public.plain (id int PRIMARY KEY); CREATE TABLE outward.t (id int REFERENCES public.plain)',
        /t_id_fkey of outward\.t references plain, and tables of a distributed schema reference each other and reference tables alone/,
      ],
      [
        'inward',
        'CREATE SCHEMA inward; CREATE TABLE inward.t (id int PRIMARY KEY); CREATE TABLE public.refers (id int REFERENCES inward.t)',
        /references inward\.t of the distributed schema inward, and Citus lets no table outside of it do that/,
      ],
      [
        'partition_key',
        `CREATE SCHEMA partition_key; CREATE TABLE partition_key.r (id int PRIMARY KEY); CREATE TABLE partition_key.p (id int) PARTITION BY RANGE (id);
        CREATE TABLE partition_key.q PARTITION OF partition_key.p FOR VALUES FROM (0) TO (9); ALTER TABLE partition_key.q ADD CONSTRAINT alone FOREIGN KEY (id) REFERENCES partition_key.r`,
        /foreign key alone is one of partition partition_key\.q alone/,
      ],
      [
        'by_column',
        "CREATE SCHEMA by_column; CREATE TABLE by_column.t (id int PRIMARY KEY); SELECT create_distributed_table('by_column.t', 'id')",
        /table by_column\.t is distributed by itself, and Citus distributes a schema only where none of its tables is/,
      ],
    ];
    for (const [name, sql, words] of faults) {
      await query(database.target, sql);
      await expect(apply(schema(name))).rejects.toThrow(words);
      await refusedByCitus('citus_schema_distribute', name);
    }
    await query(
      database.platform,
      'CREATE SCHEMA theirs; CREATE SCHEMA mixed AUTHORIZATION citus; CREATE TABLE mixed.theirs (id int)',
    );
    await expect(apply(schema('theirs'))).rejects.toThrow(
      /schema theirs belongs to role postgres and this session is citus/,
    );
    await refusedByCitus('citus_schema_distribute', 'theirs');
    await expect(apply(schema('mixed'))).rejects.toThrow(
      /mixed\.theirs of schema mixed belongs to role postgres/,
    );
    await refusedByCitus('citus_schema_distribute', 'mixed');
    await expect(apply(schema('outwards'))).rejects.toThrow(
      /there is no schema outwards \(did you mean "outward"\?\)/,
    );
    expect(await query(database.target, 'SELECT FROM pg_dist_schema')).toEqual([]);
    expect(await ownSchema()).toEqual({ schema: null });
  });

  test('what has no way back is said before it goes, and again when it is to come back', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(
      database.target,
      `CREATE SCHEMA one_way; CREATE TABLE one_way.t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, unlogged_too text);
       CREATE UNLOGGED TABLE one_way.u (id int); INSERT INTO one_way.u VALUES (1)`,
    );
    const { document } = await tablesPlan(testContext(), {
      target: database.target,
      expected: schema('one_way'),
    });
    expect(document.steps[0]).toMatchObject({ id: 'distribute-schema:one_way', reversible: false });
    expect(document.steps[0]?.comment).toContain(
      'Citus brings no table with an identity column back, as one_way.t has',
    );
    await apply(schema('one_way'));
    await expect(apply(schema('one_way', 'local'))).rejects.toThrow(
      /Citus brings no table with an identity column back, as one_way\.t has/,
    );
    await refusedByCitus('citus_schema_undistribute', 'one_way');
    await query(database.target, 'DROP TABLE one_way.t');
    await apply(schema('one_way', 'local'));
    expect(await stepsOf(schema('one_way', 'local'))).toEqual([]);
    expect(
      await query(
        database.target,
        "SELECT relpersistence AS kind FROM pg_class WHERE oid = 'one_way.u'::regclass",
      ),
    ).toEqual([{ kind: 'u' }]);
  });

  test('a rule that would be lost, a view that keeps its grants, and an empty schema', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(
      database.target,
      'CREATE SCHEMA empty; CREATE SCHEMA viewed; CREATE TABLE viewed.t (id int); CREATE VIEW viewed.v AS SELECT * FROM viewed.t; GRANT SELECT ON viewed.v TO PUBLIC; CREATE RULE kept AS ON DELETE TO viewed.t DO INSTEAD NOTHING',
    );
    for (const name of ['empty', 'viewed']) {
      await apply(schema(name));
      await expectVerified(schema(name), []);
    }
    await expect(apply(schema('viewed', 'local'))).rejects.toThrow(
      /table viewed\.t anew without its rule kept/,
    );
    await query(database.target, 'DROP RULE kept ON viewed.t');
    await apply(schema('viewed', 'local'));
    expect(
      await query(database.target, "SELECT has_table_privilege('public', 'viewed.v', 'SELECT') AS kept"),
    ).toEqual([{ kept: true }]);
    await apply(schema('empty', 'local'));
    await expectVerified(schema('empty', 'local'), []);
  });
});

import type { Distribution, ExpectedTable } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import { fingerprintTables } from '../../scripts/database/observe/fingerprint';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const SCHEMA = `
CREATE TABLE kinds (kind_id int PRIMARY KEY, name text);
CREATE TABLE "Tenants" (tenant_id int, region int NOT NULL, kind_id int REFERENCES kinds, note text DEFAULT 'x', PRIMARY KEY (tenant_id, region));
CREATE TABLE orders (order_id bigserial, tenant_id int, region int, amount numeric(10,2), PRIMARY KEY (tenant_id, region, order_id),
  CONSTRAINT tenant FOREIGN KEY (tenant_id, region) REFERENCES "Tenants" (tenant_id, region) ON DELETE CASCADE);
CREATE INDEX by_amount ON orders (amount) WITH (fillfactor = 70);
CREATE VIEW totals AS SELECT tenant_id, sum(amount) AS total FROM orders GROUP BY 1;
GRANT SELECT ON orders TO PUBLIC;
INSERT INTO kinds VALUES (1, 'a'), (2, 'b');
INSERT INTO "Tenants" SELECT i, i % 5, 1 + i % 2 FROM generate_series(1, 50) i;
INSERT INTO orders (tenant_id, region, amount) SELECT 1 + i % 50, (1 + i % 50) % 5, i / 3.0 FROM generate_series(1, 1000) i;
`;

const COMMENTS = `
COMMENT ON TABLE orders IS 'all of them';
COMMENT ON COLUMN orders.amount IS 'euros';
COMMENT ON INDEX by_amount IS 'fast';
COMMENT ON CONSTRAINT orders_pkey ON orders IS 'the key';
COMMENT ON CONSTRAINT tenant ON orders IS 'whose';
COMMENT ON CONSTRAINT "Tenants_kind_id_fkey" ON "Tenants" IS 'which';
`;

/** What no way back or sideways may lose. */
const KEPT = `
SELECT (SELECT json_agg(json_build_array(conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint')) ORDER BY 1::text, conname)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND NOT relation_is_a_known_shard(conrelid)) AS constraints,
       (SELECT json_agg(json_build_array(indexrelid::regclass::text, pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class')) ORDER BY indexrelid::regclass::text COLLATE "C")
          FROM pg_index WHERE indrelid IN ('kinds'::regclass, '"Tenants"'::regclass, 'orders'::regclass)) AS indexes,
       obj_description('orders'::regclass, 'pg_class') AS comment, col_description('orders'::regclass, 4) AS column_comment,
       (SELECT relacl::text FROM pg_class WHERE oid = 'orders'::regclass) AS grants, pg_get_viewdef('totals') AS view,
       (SELECT json_agg(json_build_array(attname, format_type(atttypid, atttypmod), attnotnull) ORDER BY attnum) FROM pg_attribute
         WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped) AS columns`;

const names = ['kinds', 'Tenants', 'orders'].map(named);
const spec = (
  shardCount: number,
  kinds: 'reference' | 'local' | 'kind_id',
  tenants: 'local' | 'tenant_id' | 'region',
  online = false,
): Distribution => {
  const become = (name: string, what: string, more: object = {}): ExpectedTable => {
    if (what === 'reference' || what === 'local') return { kind: what, table: named(name) };
    return { kind: 'distributed', table: named(name), distributeBy: what, ...more };
  };
  return {
    shardCount,
    online,
    tables: [
      become('kinds', kinds),
      become('Tenants', tenants),
      become('orders', tenants, { colocateWith: named('Tenants') }),
    ],
  };
};

platformSuite('ways back and sideways', () => {
  let database: TestDatabase;
  afterEach(async () => {
    await database.drop();
  });

  test('from one specification to the next: no row, key, comment or grant is lost, and each plan names every step', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await query(target, SCHEMA);
    const before = await withClient(target, (client) => fingerprintTables(client, names));
    await tablesApply(testContext(), { target, expected: spec(4, 'reference', 'tenant_id') });
    await query(target, COMMENTS);
    const kept = await query(target, KEPT);
    const actions: string[][] = [];
    for (const expected of [
      spec(8, 'reference', 'tenant_id'),
      spec(8, 'reference', 'region'),
      spec(8, 'reference', 'local'),
      spec(4, 'local', 'local'),
    ]) {
      const reviewed = (await tablesPlan(testContext(), { target, expected })).document;
      actions.push(reviewed.steps.map((step) => step.id));
      await tablesApply(testContext(), { target, expected, reviewed });
      const verified = await tablesVerify(testContext(), { target, expected, expectedFingerprints: before });
      expect(verified.document.checks.filter((check) => !check.ok)).toEqual([]);
      expect(await query(target, KEPT)).toEqual(kept);
      expect((await tablesPlan(testContext(), { target, expected })).document.steps).toEqual([]);
      // The sequence goes on where it was.
      await query(target, 'BEGIN; INSERT INTO orders (tenant_id, region) VALUES (5, 0); ROLLBACK');
    }
    expect(actions[0]).toEqual([
      'drop-foreign-key:orders:tenant',
      'alter-distribution:Tenants',
      'alter-distribution:orders',
      'restore-foreign-key:orders:tenant',
      'validate-foreign-key:orders:tenant',
      'remove-record:scaleout.dropped_foreign_key',
    ]);
    expect(actions[1]).toEqual(actions[0]);
    expect(actions[2]).toEqual(expect.arrayContaining(['undistribute:orders', 'undistribute:Tenants']));
    expect(actions[3]).toEqual(expect.arrayContaining(['undistribute:kinds']));
  });

  test('a reference table becomes distributed, and tables change colocation without a copy', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await query(
      target,
      `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY);
       INSERT INTO a SELECT generate_series(1, 100); INSERT INTO b SELECT id FROM a; INSERT INTO c SELECT id FROM a;
       SELECT create_reference_table('c'); SELECT truncate_local_data_after_distributing_table('c'); SELECT create_distributed_table('a', 'id', shard_count => 4, colocate_with => 'none');
       SELECT create_distributed_table('b', 'id', colocate_with => 'a');
       SELECT truncate_local_data_after_distributing_table('a'), truncate_local_data_after_distributing_table('b')`,
    );
    const by = (name: string, more: object = {}): ExpectedTable => ({
      kind: 'distributed',
      table: named(name),
      distributeBy: 'id',
      ...more,
    });
    const run = async (...tables: ExpectedTable[]): Promise<string[]> => {
      const expected = { shardCount: 4, online: false, tables };
      const { document } = await tablesApply(testContext(), { target, expected });
      expect((await tablesVerify(testContext(), { target, expected })).document.ok).toBe(true);
      return document.applied.map((step) => step.id);
    };
    const shards = (): Promise<unknown> =>
      query(target, `SELECT shardid::text FROM pg_dist_shard WHERE logicalrelid = 'b'::regclass ORDER BY 1`);
    const there = await shards();
    expect(await run(by('a'), by('b'))).toEqual(['change-colocation:b']);
    expect(await run(by('a'), by('b', { colocateWith: named('a') }), by('c'))).toEqual([
      'undistribute:c',
      'change-colocation:b',
      'distribute:c',
      'truncate-local-copy:c',
    ]);
    expect(await shards()).toEqual(there);
    expect(
      await query(
        target,
        'SELECT (SELECT count(*) FROM a JOIN b USING (id)) AS ab, (SELECT count(*) FROM c) AS c',
      ),
    ).toEqual([{ ab: '100', c: '100' }]);
  });

  test('what a new reference table takes along keeps its comments, however many foreign keys away', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    const { target } = database;
    await query(
      target,
      `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY REFERENCES a);
       CREATE TABLE c (id int PRIMARY KEY REFERENCES b); CREATE TABLE d (id int PRIMARY KEY REFERENCES c);
       COMMENT ON TABLE d IS 'far away'`,
    );
    const expected: Distribution = {
      shardCount: 4,
      online: true,
      tables: [{ kind: 'reference', table: named('a') }],
    };
    await tablesApply(testContext(), { target, expected });
    expect(
      await query(
        target,
        `SELECT obj_description('d'::regclass) AS comment,
                (SELECT count(*)::int FROM pg_dist_partition WHERE logicalrelid = 'd'::regclass) AS known`,
      ),
    ).toEqual([{ comment: 'far away', known: 1 }]);
    await query(target, "SELECT undistribute_table('a', cascade_via_foreign_keys => true)");
    await query(target, 'CREATE RULE kept AS ON DELETE TO d DO INSTEAD NOTHING');
    await expect(tablesApply(testContext(), { target, expected })).rejects.toThrow(
      /connect table d with a, .* makes table d anew without its rule kept/,
    );
  });

  test('a way that Citus would make lossy is refused, and nothing is changed', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    const { target } = database;
    await query(
      target,
      `CREATE TABLE a (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
       CREATE TABLE c (id int PRIMARY KEY); CREATE RULE kept AS ON DELETE TO c DO INSTEAD NOTHING;
       SELECT create_reference_table('a'), create_reference_table('c')`,
    );
    const plan = (name: string): Promise<unknown> =>
      tablesApply(testContext(), {
        target,
        expected: { shardCount: 4, online: true, tables: [{ kind: 'local', table: named(name) }] },
      });
    await expect(plan('a')).rejects.toThrow(/identity column.*Nothing was changed/);
    await expect(plan('c')).rejects.toThrow(/makes table c anew without its rule kept.*Nothing was changed/);
  });

  test('a check that is NOT VALID beside a foreign key to a reference table: the shards change one by one', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await query(
      target,
      `CREATE TABLE kinds (kind_id int PRIMARY KEY);
       CREATE TABLE things (thing_id int PRIMARY KEY, kind_id int REFERENCES kinds, n int);
       INSERT INTO kinds VALUES (1), (2);
       INSERT INTO things SELECT i, 1 + i % 2, i FROM generate_series(1, 40) i;
       ALTER TABLE things ADD CONSTRAINT small CHECK (n < 20) NOT VALID`,
    );
    const wanted = (shardCount: number): Distribution => ({
      shardCount,
      online: false,
      tables: [
        { kind: 'reference', table: named('kinds') },
        { kind: 'distributed', table: named('things'), distributeBy: 'thing_id' },
      ],
    });
    await tablesApply(testContext(), { target, expected: wanted(4) });
    await tablesApply(testContext(), { target, expected: wanted(8) });
    expect(
      await query(
        target,
        `SELECT (SELECT count(*)::int FROM pg_dist_shard WHERE logicalrelid = 'things'::regclass) AS shards,
                (SELECT count(*)::int FROM things) AS rows, conname, convalidated
           FROM pg_constraint WHERE conrelid = 'things'::regclass AND contype = 'c'`,
      ),
    ).toEqual([{ shards: 8, rows: 40, conname: 'small', convalidated: false }]);
  });
});

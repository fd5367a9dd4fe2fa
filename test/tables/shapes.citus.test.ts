import type { Distribution, ExpectedTable } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import { fingerprintTables } from '../../scripts/database/observe/fingerprint';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { freshOnlineDatabase } from './support/databases';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

/** Shapes the sensors do not have: odd names, other schemas, nullable keys, circles, chains, tables without a key. */
const SCHEMA = `
CREATE SCHEMA "Odd ""one""";
CREATE TABLE regions (region text PRIMARY KEY);
CREATE TABLE kinds (kind_id int PRIMARY KEY, region text REFERENCES regions);
CREATE TABLE "Odd ""one"""."Ten'ants" ("Tenant Id" int PRIMARY KEY, kind_id int REFERENCES kinds ON DELETE CASCADE, boss int);
CREATE TABLE notes (tenant_id int REFERENCES "Odd ""one"""."Ten'ants", body json, seen point, at timestamptz DEFAULT now());
CREATE TABLE orders (order_id bigint, tenant_id int, parent bigint, amount numeric(10,2), PRIMARY KEY (order_id) INCLUDE (amount),
  UNIQUE (tenant_id, order_id));
ALTER TABLE orders ADD CONSTRAINT parent_fk FOREIGN KEY (tenant_id, parent) REFERENCES orders (tenant_id, order_id);
ALTER TABLE orders ADD CONSTRAINT tenant_fk FOREIGN KEY (tenant_id) REFERENCES "Odd ""one"""."Ten'ants" DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE orders ADD CONSTRAINT late FOREIGN KEY (tenant_id) REFERENCES "Odd ""one"""."Ten'ants" NOT VALID;
CREATE INDEX by_amount ON orders (amount);
COMMENT ON INDEX by_amount IS 'fast';
COMMENT ON TABLE orders IS 'all';
COMMENT ON COLUMN orders.amount IS 'euros';
COMMENT ON CONSTRAINT orders_pkey ON orders IS 'it''s the key';
COMMENT ON CONSTRAINT tenant_fk ON orders IS 'whose order';
ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_pkey;
CREATE TABLE log (at timestamptz, kind_id int REFERENCES kinds);
INSERT INTO regions VALUES ('west');
INSERT INTO kinds VALUES (1, 'west'), (2, NULL);
INSERT INTO "Odd ""one"""."Ten'ants" SELECT i, 1 + i % 2 FROM generate_series(1, 50) i;
INSERT INTO notes SELECT 1 + i % 50, '{"a":1}', point(i, i) FROM generate_series(1, 500) i;
INSERT INTO orders SELECT i, 1 + i % 50, NULL, i / 3.0 FROM generate_series(1, 500) i;
INSERT INTO orders SELECT 1000 + i, 1 + i % 50, i, 0 FROM generate_series(1, 100) i;
INSERT INTO log SELECT now(), 1 FROM generate_series(1, 10);
`;

const tenants = { schema: 'Odd "one"', name: `Ten'ants` };
const at = (name: string): { schema: string; name: string } => ({ schema: 'public', name });
const tables: ExpectedTable[] = [
  {
    kind: 'distributed',
    table: at('orders'),
    distributeBy: 'tenant_id',
    colocateWith: tenants,
    primaryKey: ['tenant_id', 'order_id'],
  },
  { kind: 'distributed', table: at('notes'), distributeBy: 'tenant_id', colocateWith: at('orders') },
  { kind: 'distributed', table: tenants, distributeBy: 'Tenant Id' },
  { kind: 'reference', table: at('kinds') },
  { kind: 'reference', table: at('regions') },
  { kind: 'local', table: at('log') },
];

const FOREIGN_KEYS = `
SELECT conrelid::regclass::text AS table, conname, pg_get_constraintdef(oid) AS definition,
       obj_description(oid, 'pg_constraint') AS comment FROM pg_constraint
 WHERE contype = 'f' AND connamespace <> 'pg_catalog'::regnamespace AND NOT relation_is_a_known_shard(conrelid) ORDER BY 1, 2`;

const COMMENTS = `
SELECT description AS text FROM pg_description
 WHERE (classoid = 'pg_class'::regclass AND objoid IN ('orders'::regclass, 'by_amount'::regclass))
    OR (classoid = 'pg_constraint'::regclass AND objoid IN (SELECT oid FROM pg_constraint WHERE conrelid = 'orders'::regclass))
 ORDER BY description COLLATE "C"`;

const PRIMARY_KEY = `
SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'p'`;

const IDENTITY = `
SELECT indexrelid::regclass::text AS index FROM pg_index WHERE indrelid = 'orders'::regclass AND indisreplident`;

let database: TestDatabase;
afterEach(async () => {
  await database.drop();
});

platformSuite('tables of every shape', () => {
  test.each<[0 | 2, boolean]>([
    [0, false],
    [2, true],
  ])('%i workers, online: %s', async (workers, online) => {
    database = await (online ? freshOnlineDatabase : freshCitusDatabase)({ workers });
    const { target } = database;
    await query(target, SCHEMA);
    const expected: Distribution = { shardCount: 4, online, tables };
    const names = tables.map((each) => each.table);
    const before = await withClient(target, (client) => fingerprintTables(client, names));
    const foreignKeys = await query(target, FOREIGN_KEYS);
    expect(foreignKeys).toHaveLength(7);
    const identity = (): Promise<unknown> => query(target, IDENTITY);
    expect(await identity()).toEqual([{ index: 'orders_pkey' }]);

    const plan = await tablesPlan(testContext(), { target, expected });
    expect(plan.document.steps.map((step) => step.id)).toEqual(
      expect.arrayContaining([
        'add-not-null-check:orders:tenant_id',
        'validate-not-null-check:orders:tenant_id',
        'set-not-null:orders:tenant_id',
      ]),
    );
    const { document } = await tablesApply(testContext(), { target, expected });
    expect(document.applied.length).toBeGreaterThan(10);

    // Unvalidated before, unvalidated after: that one is noted, and nothing is wrong.
    const verified = await tablesVerify(testContext(), { target, expected, expectedFingerprints: before });
    expect(verified.document.checks.filter((check) => !check.ok)).toEqual([]);
    expect(verified.document.checks.find(({ id }) => id === 'foreign-key:orders:late')).toMatchObject({
      warning: true,
    });
    expect(await query(target, FOREIGN_KEYS)).toEqual(foreignKeys);
    expect(await identity()).toEqual([{ index: 'orders_pkey' }]);
    expect(await query(target, COMMENTS)).toEqual(
      ['all', 'euros', 'fast', `it's the key`, 'whose order'].map((text) => ({ text })),
    );
    expect(await query(target, PRIMARY_KEY)).toEqual([
      { definition: 'PRIMARY KEY (tenant_id, order_id) INCLUDE (amount)' },
    ]);
    expect((await tablesPlan(testContext(), { target, expected })).document.steps).toEqual([]);
  });

  test('fingerprints see one changed value, do not see order or place, and do not depend on the session', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    const { target } = database;
    await query(target, SCHEMA);
    const take = (): Promise<string | undefined> =>
      withClient(target, async (client) => {
        return (await fingerprintTables(client, [at('notes')]))[0]?.checksum;
      });
    const first = await take();
    await query(
      target,
      'CREATE TABLE again AS SELECT * FROM notes ORDER BY random(); TRUNCATE notes; INSERT INTO notes SELECT * FROM again',
    );
    expect(await take()).toBe(first);
    const elsewhere = await withClient(target, async (client) => {
      await client.query("SET TimeZone TO 'Asia/Tokyo'; SET DateStyle TO 'German'");
      return (await fingerprintTables(client, [at('notes')]))[0]?.checksum;
    });
    expect(elsewhere).toBe(first);
    await query(target, `UPDATE notes SET seen = point(0, 1) WHERE seen ~= point(7, 7)`);
    expect(await take()).not.toBe(first);

    // Two rows that swap a value: PostgreSQL's hash of a record is a weighted sum of its columns' hashes.
    await query(target, 'CREATE TABLE pairs AS SELECT * FROM (VALUES (1, 10), (2, 20)) AS v (a, b)');
    const pairs = () => withClient(target, (client) => fingerprintTables(client, [at('pairs')]));
    const before = await pairs();
    await query(target, 'UPDATE pairs SET b = 30 - b');
    expect(await pairs()).not.toEqual(before);
  });
});

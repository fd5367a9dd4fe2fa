import type { Distribution } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import { fingerprintTables } from '../../scripts/database/observe/fingerprint';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { freshOnlineDatabase } from './support/databases';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const SCHEMA = `
CREATE TABLE kinds (kind_id int PRIMARY KEY);
CREATE TABLE users (user_id int PRIMARY KEY);
CREATE TABLE payments (payment_id bigint, user_id int NOT NULL REFERENCES users, kind_id int REFERENCES kinds, at date,
  CONSTRAINT the_key PRIMARY KEY (payment_id, at) WITH (fillfactor = 80)) PARTITION BY RANGE (at);
CREATE TABLE payments_2024 PARTITION OF payments FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE payments_2025 PARTITION OF payments FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX by_kind ON payments (kind_id);
COMMENT ON CONSTRAINT the_key ON payments IS 'the key';
INSERT INTO kinds VALUES (1), (2);
INSERT INTO users SELECT generate_series(1, 50);
INSERT INTO payments SELECT i, 1 + i % 50, 1 + i % 2, '2024-06-01'::date + i FROM generate_series(1, 500) i;
`;

const spec = (online: boolean, shardCount = 4): Distribution => ({
  shardCount,
  online,
  tables: [
    { kind: 'reference', table: named('kinds') },
    { kind: 'distributed', table: named('users'), distributeBy: 'user_id' },
    {
      kind: 'distributed',
      table: named('payments'),
      distributeBy: 'user_id',
      colocateWith: named('users'),
      primaryKey: ['user_id', 'payment_id', 'at'],
    },
  ],
});

platformSuite('a partitioned table', () => {
  let database: TestDatabase;
  afterEach(async () => {
    await database.drop();
  });

  test.each([[false], [true]])(
    'online: %s: is distributed with its partitions, its key and its foreign keys, and back again',
    async (online) => {
      database = await (online ? freshOnlineDatabase : freshCitusDatabase)({ workers: 2 });
      const { target } = database;
      await query(target, SCHEMA);
      const names = ['kinds', 'users', 'payments'].map(named);
      const before = await withClient(target, (client) => fingerprintTables(client, names));
      const wrong = async (expected: Distribution): Promise<unknown> =>
        (
          await tablesVerify(testContext(), { target, expected, expectedFingerprints: before })
        ).document.checks.filter((check) => !check.ok);

      const expected = spec(online);
      const reviewed = (await tablesPlan(testContext(), { target, expected })).document;
      const blocking = reviewed.steps.filter((step) => step.blocksWrites).map((step) => step.id);
      expect(blocking).toEqual(
        expect.arrayContaining([
          'replace-primary-key:payments',
          'restore-foreign-key:payments:payments_user_id_fkey',
        ]),
      );
      await tablesApply(testContext(), { target, expected, reviewed });
      expect(await wrong(expected)).toEqual([]);
      expect(
        await query(
          target,
          `SELECT (SELECT count(*)::int FROM citus_tables WHERE citus_table_type = 'distributed') AS distributed,
                  (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'the_key' AND conrelid = 'payments'::regclass) AS key,
                  (SELECT obj_description(oid) FROM pg_constraint WHERE conname = 'the_key' AND conrelid = 'payments'::regclass) AS comment,
                  (SELECT reloptions::text FROM pg_class WHERE oid = 'the_key'::regclass) AS options,
                  (SELECT count(*)::int FROM pg_constraint WHERE conrelid = 'payments'::regclass AND contype = 'f') AS keys`,
        ),
      ).toEqual([
        {
          distributed: 4,
          key: 'PRIMARY KEY (user_id, payment_id, at)',
          comment: 'the key',
          options: '{fillfactor=80}',
          keys: 2,
        },
      ]);
      expect((await tablesPlan(testContext(), { target, expected })).document.steps).toEqual([]);

      const more = spec(online, 8);
      await tablesApply(testContext(), { target, expected: more });
      expect(await wrong(more)).toEqual([]);
      const back: Distribution = { ...expected, tables: names.map((table) => ({ kind: 'local', table })) };
      await tablesApply(testContext(), { target, expected: back });
      expect(await wrong(back)).toEqual([]);
      expect(await query(target, 'SELECT count(*)::int AS n FROM payments_2024')).toEqual([{ n: 213 }]);
    },
  );

  // Citus 12.1 makes partitions tables of its own before an online copy, or for a foreign key to a reference table, and
  // fails over a check that they inherit: "child table is missing constraint".
  test('whose partitions inherit a check is distributed with writes waiting, and its keys step aside', async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    const { target } = database;
    await query(target, `${SCHEMA}; ALTER TABLE payments ADD CONSTRAINT positive CHECK (payment_id > 0)`);
    const expected = spec(true);
    const { document: plan } = await tablesPlan(testContext(), { target, expected });
    const distribute = plan.steps.find(({ id }) => id === 'distribute:payments');
    expect(distribute).toMatchObject({
      blocksWrites: true,
      comment: expect.stringMatching(/CHECK constraint \(positive\)/) as string,
    });
    expect(plan.steps.map(({ id }) => id)).toContain('drop-foreign-key:payments:payments_kind_id_fkey');
    await tablesApply(testContext(), { target, expected });
    const { document: verified } = await tablesVerify(testContext(), { target, expected });
    expect(verified.checks.filter(({ ok }) => !ok)).toEqual([]);
    await expect(query(target, "INSERT INTO payments VALUES (-1, 1, 1, '2024-07-01')")).rejects.toThrow(
      /violates check constraint "positive/,
    );
    expect(await query(target, 'SELECT count(*)::int AS n FROM payments')).toEqual([{ n: 500 }]);
  });

  test('with an identity column or a rule does not come back, and the plan says so', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await query(
      target,
      `CREATE TABLE visits (site_id int NOT NULL, at date NOT NULL, visit_id bigint GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE (at);
       CREATE TABLE visits_all PARTITION OF visits DEFAULT;
       CREATE TABLE clicks (site_id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
       CREATE TABLE clicks_all PARTITION OF clicks DEFAULT;
       CREATE RULE kept AS ON DELETE TO clicks DO INSTEAD NOTHING`,
    );
    const both = ['visits', 'clicks'].map(named);
    await tablesApply(testContext(), {
      target,
      expected: {
        shardCount: 4,
        online: false,
        tables: both.map((table) => ({ kind: 'distributed', table, distributeBy: 'site_id' })),
      },
    });
    const back: Distribution = {
      shardCount: 4,
      online: false,
      tables: both.map((table) => ({ kind: 'local', table })),
    };
    const refusal = await tablesPlan(testContext(), { target, expected: back }).catch(String);
    expect(refusal).toMatch(/table visits is to change with undistribute_table, .*identity column/);
    expect(refusal).toMatch(/table clicks is to change with undistribute_table, .*without its rule kept/);
  });
});

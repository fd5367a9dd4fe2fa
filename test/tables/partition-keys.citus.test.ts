import { parseDistribution } from '../../config/workload/distribution';
import type { Distribution } from '../../config/workload/distribution-types';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { platformSuite } from '../support/citus';
import { freshOnlineDatabase } from './support/databases';
import { query, testContext } from './support/sensors';

jest.setTimeout(180_000);

/** Foreign keys that one partition has and its table has not: from it, and to it. */
const SCHEMA = `
CREATE TABLE buyer (buyer_id int PRIMARY KEY, name text);
CREATE TABLE pay (buyer_id int NOT NULL, at date NOT NULL, id int NOT NULL, PRIMARY KEY (buyer_id, at, id)) PARTITION BY RANGE (at);
CREATE TABLE pay_a PARTITION OF pay FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE pay_b PARTITION OF pay FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE refund (buyer_id int, at date, id int, PRIMARY KEY (buyer_id, at, id));
ALTER TABLE pay_a ADD CONSTRAINT pay_a_buyer FOREIGN KEY (buyer_id) REFERENCES buyer;
COMMENT ON CONSTRAINT pay_a_buyer ON pay_a IS 'the buyer';
ALTER TABLE pay_b ADD CONSTRAINT pay_b_buyer FOREIGN KEY (buyer_id) REFERENCES buyer NOT VALID;
INSERT INTO buyer SELECT g, 'b' FROM generate_series(1, 300) g;
INSERT INTO pay SELECT g, '2025-03-01', g FROM generate_series(1, 300) g;
INSERT INTO refund SELECT g, '2025-03-01', g FROM generate_series(1, 20) g`;
const INBOUND = 'ALTER TABLE refund ADD CONSTRAINT refund_of FOREIGN KEY (buyer_id, at, id) REFERENCES pay_a';

const BUYER = 'buyer: { distributeBy: buyer_id }';
const REFERENCE = 'buyer: { reference: true }';
const PAY = 'pay: { distributeBy: buyer_id, colocateWith: buyer }';
const REFUND = 'refund: { distributeBy: buyer_id, colocateWith: buyer }';

function spec(tables: readonly string[], more = ''): Distribution {
  return parseDistribution(
    `${more}\ntables:\n${tables.map((each) => `  ${each}\n`).join('')}`,
    'distribution.yaml',
  );
}

platformSuite('foreign keys of one partition', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    await query(database.target, SCHEMA);
  }, 60_000);
  afterEach(async () => database.drop());

  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);
  const keys = (): Promise<Record<string, unknown>[]> =>
    run(`SELECT conrelid::regclass::text AS "table", conname AS name, convalidated AS valid, obj_description(oid, 'pg_constraint') AS comment
           FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND conname IN ('pay_a_buyer', 'pay_b_buyer', 'refund_of', 'pay_b_kind') ORDER BY 2`);

  async function become(expected: Distribution): Promise<void> {
    const { target } = database;
    expect((await tablesApply(testContext(), { target, expected })).outcome).toBe('done');
    expect(
      (await tablesVerify(testContext(), { target, expected })).document.checks.filter(({ ok }) => !ok),
    ).toEqual([]);
    expect((await tablesPlan(testContext(), { target, expected })).document.steps).toEqual([]);
  }

  test.each(['online: true', 'online: false'])(
    '%s: are away for the copy, come back as they were, go into other shards and back',
    async (online) => {
      await run(INBOUND);
      const before = await keys();
      expect(before).toHaveLength(3);
      const tables = [BUYER, PAY, REFUND];
      const local = ['buyer', 'pay', 'refund'].map((table) => `${table}: { local: true }`);
      for (const expected of [
        spec(tables, `${online}\nshardCount: 4`),
        spec(tables, `${online}\nshardCount: 2`),
        spec(local),
      ]) {
        await become(expected);
        expect(await keys()).toEqual(before);
        expect(await run('SELECT count(*)::int AS n FROM pay')).toEqual([{ n: 300 }]);
        await expect(run("INSERT INTO pay VALUES (999, '2025-03-01', 1)")).rejects.toThrow(/pay_a_buyer/);
      }
    },
  );

  test('a run broken off after it dropped them brings them back', async () => {
    const { target } = database;
    const before = await keys();
    const expected = spec([BUYER, PAY], 'shardCount: 4');
    const { document } = await tablesPlan(testContext(), { target, expected });
    const drops = document.steps.filter(({ action }) => action === 'drop-foreign-key');
    expect(drops.map(({ id }) => id)).toEqual([
      'drop-foreign-key:pay_a:pay_a_buyer',
      'drop-foreign-key:pay_b:pay_b_buyer',
    ]);
    for (const { sql } of drops) await run(`BEGIN; ${sql.join('; ')}; COMMIT`);
    expect(await keys()).toEqual([]);
    await become(expected);
    expect(await keys()).toEqual(before);
  });

  test('to a table that becomes a reference table, which Citus refuses while they are there', async () => {
    await expect(run("SELECT create_reference_table('buyer')")).rejects.toThrow(
      /cannot build foreign key between reference table and a partition/,
    );
    const before = await keys();
    await become(spec([REFERENCE, 'pay: { distributeBy: buyer_id }'], 'shardCount: 4'));
    expect(await keys()).toEqual(before);
  });

  test.each([
    [
      'the table stays local and the other becomes a reference table',
      spec([REFERENCE]),
      '',
      /table pay_a with buyer, .* no partition with a foreign key that pay has not \(pay_a_buyer\): declare it on pay, distribute pay as well, or drop it/,
      "SELECT create_reference_table('buyer')",
      /between reference table and a partition/,
    ],
    [
      'the table stays local and the other is distributed',
      spec([BUYER]),
      '',
      /foreign key pay_a_buyer of pay_a references buyer: .* Distribute pay as well, colocated with buyer/,
      "SELECT create_distributed_table_concurrently('buyer', 'buyer_id')",
      /foreign key/,
    ],
    [
      'the other is a local table that the file does not name',
      spec([BUYER, PAY]),
      `CREATE TABLE kind (id int PRIMARY KEY); INSERT INTO kind SELECT generate_series(1, 300);
       ALTER TABLE pay_a DROP CONSTRAINT pay_a_buyer; ALTER TABLE pay_b DROP CONSTRAINT pay_b_buyer;
       ALTER TABLE pay_b ADD CONSTRAINT pay_b_kind FOREIGN KEY (id) REFERENCES kind`,
      /foreign key pay_b_kind of pay_b references kind, which stays on the coordinator/,
      "SELECT create_distributed_table('pay', 'buyer_id')",
      /referenced table "kind" must be a distributed table or a reference table/,
    ],
  ])('are refused where %s, and nothing is changed', async (_where, expected, more, said, sql, citus) => {
    const { target } = database;
    if (more !== '') await run(more);
    const before = await keys();
    for (const verb of [tablesPlan, tablesApply]) {
      await expect(verb(testContext(), { target, expected })).rejects.toThrow(said);
    }
    expect(await keys()).toEqual(before);
    await expect(run(sql)).rejects.toThrow(citus);
  });
});

import { randomUUID } from 'node:crypto';
import { parseDistribution } from '../../config/workload/distribution';
import type { Distribution } from '../../config/workload/distribution-types';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const spec = (online: boolean): Distribution =>
  parseDistribution(
    `online: ${String(online)}\nshardCount: 4\ntables:\n  orders: { distributeBy: shop_id }\n`,
    'distribution.yaml',
  );

platformSuite('what replicates a table logically', () => {
  let database: TestDatabase;
  /** Slots are the server's: one name for each database. */
  const slot = `feed_${randomUUID().slice(0, 8)}`;
  const id = 'publication-goes-quiet:feed';
  const platform = <Row extends Record<string, unknown>>(sql: string): Promise<Row[]> =>
    query<Row>(database.platform, sql);
  const run = (sql: string): Promise<unknown> => query(database.target, sql);
  const plan = async (online = true) =>
    (await tablesPlan(testContext(), { target: database.target, expected: spec(online) })).document;
  const apply = (online: boolean, allow: string[]) =>
    tablesApply(testContext(), {
      target: database.target,
      expected: spec(online),
      allow: allow.map((each) => ({ id: each })),
    });
  /** What a subscriber gets since the last time, by kind: I for a row, T for TRUNCATE. */
  const received = async (kind: 'I' | 'T'): Promise<number> =>
    (
      await platform<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_logical_slot_get_binary_changes('${slot}', NULL, NULL, 'proto_version', '1', 'publication_names', 'feed')
          WHERE get_byte(data, 0) = ascii('${kind}')`,
      )
    )[0]?.n ?? -1;

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await run(
      `CREATE TABLE orders (shop_id int NOT NULL, order_id int NOT NULL, PRIMARY KEY (shop_id, order_id));
       INSERT INTO orders SELECT i % 10, i FROM generate_series(1, 500) i`,
    );
  });
  afterEach(async () => {
    await platform(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${slot}'`,
    );
    await database.drop();
  });

  test('a publication and its slot are named, and nothing runs before a yes by name', async () => {
    await run('CREATE PUBLICATION feed FOR TABLE orders');
    await platform(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    const { findings } = await plan();
    expect(findings).toMatchObject([{ id, needs: 'allowance', allowed: false }]);
    expect(findings[0]?.message).toContain(`slot of pgoutput in this database: ${slot}, not in use now`);
    await expect(apply(true, [])).rejects.toMatchObject({ code: 'tables.not-allowed', exitCode: 3 });
    expect(await run('SELECT FROM citus_tables')).toEqual([]);
    await run('INSERT INTO orders SELECT i, 1000 FROM generate_series(1, 30) i');
    expect(await received('I')).toBe(30);
    await apply(true, [id]);
    // What the finding says.
    await run('INSERT INTO orders SELECT i, 2000 FROM generate_series(1, 30) i');
    expect(await received('I')).toBe(0);
    expect((await plan()).findings).toEqual([]);
  });

  test.each([
    ['insert, update, delete, truncate', 1],
    ['insert, update, delete', 0],
  ])('that a subscriber is emptied is said where it is (publish = %s)', async (publish, truncated) => {
    await run(`CREATE PUBLICATION feed FOR TABLE orders WITH (publish = '${publish}')`);
    await platform(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    const message = (await plan(false)).findings[0]?.message ?? '';
    expect(message.includes('empties table orders at the subscriber')).toBe(truncated === 1);
    await apply(false, [id]);
    expect(await received('T')).toBe(truncated);
  });

  test.each(['FOR ALL TABLES', 'FOR TABLES IN SCHEMA public'])(
    'a publication %s is said to publish shards',
    async (what) => {
      await platform(`CREATE PUBLICATION feed ${what}`);
      await platform(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
      expect((await plan()).findings).toMatchObject([
        { id, message: expect.stringContaining('arrive under names like TABLE_102008') as string },
      ]);
      await apply(true, [id]);
      await run('INSERT INTO orders SELECT i, 2000 FROM generate_series(1, 30) i');
      // Those of shards on the coordinator, as rows of the shards.
      expect(await received('I')).toBeLessThan(30 + 500);
    },
  );

  test('a publication of another role is refused, which Citus itself would do in the run', async () => {
    await platform('CREATE PUBLICATION feed FOR TABLE orders');
    await expect(plan()).rejects.toMatchObject({
      code: 'tables.preconditions',
      message: expect.stringContaining('ALTER PUBLICATION "feed" OWNER TO "citus"') as string,
    });
    await expect(run("SELECT create_distributed_table('orders', 'shop_id')")).rejects.toThrow(
      'must be owner of publication',
    );
    await platform('ALTER PUBLICATION feed OWNER TO citus');
    await apply(true, [id]);
  });

  test('a publication of a partition is one of its table', async () => {
    await run(
      `DROP TABLE orders; CREATE TABLE orders (shop_id int NOT NULL, order_id int NOT NULL, PRIMARY KEY (shop_id, order_id)) PARTITION BY RANGE (order_id);
       CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (1000); CREATE PUBLICATION feed FOR TABLE orders_1`,
    );
    expect((await plan()).findings).toMatchObject([{ id }]);
  });

  test('a slot of another plugin, and a subscription, have ids of their own', async () => {
    await platform(`SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`);
    await platform(
      "CREATE SUBSCRIPTION inward CONNECTION 'host=127.0.0.1 port=1' PUBLICATION nothing WITH (connect = false, slot_name = NONE)",
    );
    await platform(
      "INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) SELECT oid, 'orders'::regclass, 'r' FROM pg_subscription WHERE subname = 'inward' AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    const ids = [`slot-goes-quiet:${slot}`, 'subscription-bypasses-shards:inward'];
    expect((await plan()).findings.map((each) => each.id).sort()).toEqual(ids);
    await expect(apply(true, ids.slice(1))).rejects.toMatchObject({ code: 'tables.not-allowed' });
    await apply(true, ids);
    await platform('DROP SUBSCRIPTION inward');
  });
});

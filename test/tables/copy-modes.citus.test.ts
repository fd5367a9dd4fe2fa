import type { Distribution } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { allowColumnar, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { freshOnlineDatabase } from './support/databases';
import { query, testContext } from './support/sensors';

jest.setTimeout(180_000);

const PARTITIONED = `
CREATE TABLE NAME (firm_id int NOT NULL, id int NOT NULL, n int, PRIMARY KEY (firm_id, id)) PARTITION BY RANGE (id);
CREATE TABLE NAME_a PARTITION OF NAME FOR VALUES FROM (0) TO (100);`;
const SECOND = 'NAME_b PARTITION OF NAME FOR VALUES FROM (100) TO (1000)';
const ROWS = 'INSERT INTO NAME SELECT i % 20, i, 0 FROM generate_series(1, 200) i;';
const IDENTITY = /relation \w+ does not have a REPLICA IDENTITY or PRIMARY KEY/;

/** Tables that are no good for an online copy: what the plan says of them, and what Citus's own call comes to. */
const TABLES: Readonly<Record<string, { schema: string; said: RegExp; citus?: RegExp; rows: number }>> = {
  'no partitions': {
    schema: `CREATE TABLE NAME (firm_id int NOT NULL, id int NOT NULL, n int, PRIMARY KEY (firm_id, id)) PARTITION BY RANGE (id)`,
    said: /has no partitions/,
    citus: /Could not find publication matching a split/,
    rows: 0,
  },
  'an unlogged partition': {
    schema: `${PARTITIONED} CREATE UNLOGGED TABLE ${SECOND}; ${ROWS}`,
    said: /partition t_b is unlogged and cannot be replicated/,
    citus: /cannot add relation "raw_b_\d+" to publication/,
    rows: 200,
  },
  'a partition whose identity is nothing': {
    schema: `${PARTITIONED} CREATE TABLE ${SECOND}; ALTER TABLE NAME_b REPLICA IDENTITY NOTHING; ${ROWS}`,
    said: /partition t_b has no primary key and no replica identity/,
    citus: IDENTITY,
    rows: 200,
  },
  'partitions that take no identity from their table': {
    schema: `
      CREATE TABLE NAME (firm_id int NOT NULL, id int NOT NULL, n int) PARTITION BY RANGE (id);
      CREATE TABLE NAME_a PARTITION OF NAME FOR VALUES FROM (0) TO (1000);
      ALTER TABLE NAME REPLICA IDENTITY FULL; ${ROWS}`,
    said: /partition t_a has no primary key and no replica identity/,
    citus: IDENTITY,
    rows: 200,
  },
  'a primary key that is checked late': {
    schema: `CREATE TABLE NAME (firm_id int NOT NULL, id int NOT NULL, n int, PRIMARY KEY (firm_id, id) DEFERRABLE); ${ROWS}`,
    said: /without a primary key or replica identity/,
    citus: IDENTITY,
    rows: 200,
  },
  'a columnar table': {
    schema: `CREATE TABLE NAME (firm_id int NOT NULL, id int NOT NULL, n int, PRIMARY KEY (firm_id, id)) USING columnar; ${ROWS}`,
    said: /INSERT fails on a columnar table while Citus copies it online/,
    rows: 200,
  },
  'a columnar table without rows': {
    schema: `CREATE TABLE NAME (firm_id int NOT NULL, id int NOT NULL, n int) USING columnar`,
    said: /INSERT fails on a columnar table/,
    citus: IDENTITY,
    rows: 0,
  },
  'a columnar partition': {
    schema: `${PARTITIONED} CREATE TABLE ${SECOND} USING columnar; ${ROWS}`,
    said: /partition t_b is columnar/,
    rows: 200,
  },
};

const spec = (shardCount: number): Distribution => ({
  shardCount,
  online: true,
  tables: [{ kind: 'distributed', table: named('t'), distributeBy: 'firm_id' }],
});
const LOCAL: Distribution = { shardCount: 4, online: true, tables: [{ kind: 'local', table: named('t') }] };

platformSuite('reference tables that nodes lack and no online copy takes along', () => {
  test('are named before a table that is local to Citus is copied online', async () => {
    const database = await freshOnlineDatabase({ workers: 0 });
    try {
      const { target } = database;
      await query(target, 'CREATE UNLOGGED TABLE kinds (k int PRIMARY KEY)');
      await query(target, "SELECT create_reference_table('kinds')");
      await query(target, 'CREATE TABLE t (firm_id int PRIMARY KEY)');
      await query(target, "SELECT citus_add_local_table_to_metadata('t')");
      await database.addWorkers();
      const expected = spec(4);
      await expect(tablesPlan(testContext(), { target, expected })).rejects.toThrow(
        /nodes lack reference table public\.kinds, .* online copy of t .*SELECT rebalance_table_shards/,
      );
      await expect(
        query(target, "SELECT create_distributed_table_concurrently('t', 'firm_id')"),
      ).rejects.toThrow(/cannot add relation "kinds_\d+" to publication/);
      await query(
        target,
        "SELECT rebalance_table_shards(max_shard_moves => 0, shard_transfer_mode => 'block_writes')",
      );
      expect((await tablesApply(testContext(), { target, expected })).outcome).toBe('done');
    } finally {
      await database.drop();
    }
  });
});

platformSuite('tables that Citus does not copy online, or not beside every write', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    await allowColumnar(database);
  }, 60_000);
  afterEach(async () => database.drop());

  const count = async (): Promise<unknown> =>
    (await query<{ n: number }>(database.target, 'SELECT count(*)::int AS n FROM t'))[0]?.n;

  async function become(expected: Distribution): Promise<void> {
    const { target } = database;
    expect((await tablesApply(testContext(), { target, expected })).outcome).toBe('done');
    expect(
      (await tablesVerify(testContext(), { target, expected })).document.checks.filter(({ ok }) => !ok),
    ).toEqual([]);
    expect((await tablesPlan(testContext(), { target, expected })).document.steps).toEqual([]);
  }

  /** What Citus says, as an error or as a notice, to a copy beside writes. */
  async function citusSays(): Promise<string> {
    const said: string[] = [];
    await withClient(database.target, async (client) => {
      client.on('notice', ({ message }) => said.push(message ?? ''));
      await client
        .query(
          "SELECT create_distributed_table_concurrently('raw', 'firm_id', colocate_with => 'none', shard_count => 2)",
        )
        .catch((error: unknown) => said.push(String(error)));
    });
    return said.join('\n');
  }

  test.each(Object.entries(TABLES))(
    '%s: is distributed with writes waiting, put into other shards, and brought back',
    async (_name, { schema, said, citus, rows }) => {
      const { target } = database;
      for (const name of citus === undefined ? ['t'] : ['t', 'raw'])
        await query(target, schema.replaceAll('NAME', name));
      if (citus !== undefined) expect(await citusSays()).toMatch(citus);
      const { document } = await tablesPlan(testContext(), { target, expected: spec(4) });
      expect(document.steps.find(({ action }) => action === 'distribute')).toMatchObject({
        blocksWrites: true,
        comment: expect.stringMatching(said) as string,
      });
      for (const expected of [spec(4), spec(2), LOCAL]) {
        await become(expected);
        expect(await count()).toBe(rows);
      }
    },
  );

  test('no partitions: a run that Citus broke off goes on with writes waiting, and partitions come afterwards', async () => {
    const { target } = database;
    await query(target, TABLES['no partitions']!.schema.replaceAll('NAME', 't'));
    await expect(
      query(target, "SELECT create_distributed_table_concurrently('t', 'firm_id', shard_count => 4)"),
    ).rejects.toThrow(/Could not find publication/);
    expect(
      await query(
        target,
        "SELECT citus_table_type AS type FROM citus_tables WHERE table_name = 't'::regclass",
      ),
    ).toEqual([{ type: 'local' }]);
    await become(spec(4));
    await query(target, 'CREATE TABLE t_a PARTITION OF t FOR VALUES FROM (0) TO (1000)');
    await query(target, 'INSERT INTO t SELECT i % 20, i, 0 FROM generate_series(1, 200) i');
    await become(spec(4));
    expect(await count()).toBe(200);
  });
});

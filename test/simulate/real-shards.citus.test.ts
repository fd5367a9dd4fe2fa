import type { Client } from 'pg';
import { withClient } from '../../scripts/lib/connection';
import { shardRange } from '../../scripts/simulate/hash-ranges';
import { readTableShards, withSnapshot } from '../../scripts/simulate/shard-rows';
import { readSource } from '../../scripts/simulate/source';
import type { TestDatabase } from '../support/citus';
import { citusSuite, freshCitusDatabase } from '../support/citus';

/** Values of column `v` from the number g, negative and repeated ones among them. */
const COLUMNS: readonly (readonly [type: string, value: string, hash: string])[] = [
  ['smallint', '(g % 4001 - 2000)::smallint', 'hashint2'],
  ['integer', 'g * 7919 - 12000000', 'hashint4'],
  ['bigint', '(g - 1500)::bigint * 4294967311', 'hashint8'],
  ['text', "CASE WHEN g % 5 = 0 THEN '' ELSE 'Kühllaster ' || g || ' ' END", 'hashtext'],
  ['varchar(40)', "'device ' || g % 900 || repeat(' ', g % 3)", 'hashtext'],
  ['char(12)', "'d' || g % 700", 'hashbpchar'],
  ['uuid', 'md5(g::text)::uuid', 'uuid_hash'],
  ['timestamp', "'1969-12-01'::timestamp + g * interval '1 hour 1 microsecond'", 'timestamp_hash'],
  ['timestamptz', "'1969-12-01'::timestamptz + g * interval '7 minutes'", 'timestamp_hash'],
  ['date', "'1999-06-01'::date + g % 1800", 'hashint4'],
  ['numeric(12,3)', '(g - 1500) / 7.0', 'hash_numeric'],
  ['numeric', "CASE WHEN g % 2 = 0 THEN (g || '.0')::numeric ELSE (g - 1)::numeric END", 'hash_numeric'],
  ['boolean', 'g % 3 = 0', 'hashchar'],
  ['double precision', 'g / 3.0 * CASE WHEN g % 2 = 0 THEN -1 ELSE 1 END', 'hashfloat8'],
  ['bytea', "decode(md5(g::text), 'hex')", 'hashvarlena'],
  ['inet', "'10.0.0.0'::inet + g", 'hashinet'],
  ['integer[]', 'ARRAY[g, g % 7]', 'hash_array'],
  ['mood', "(ARRAY['calm', 'odd name', 'wild'])[g % 3 + 1]::mood", 'hashenum'],
  ['plate', "('WWI-' || g)::plate", 'hashtext'],
  ['interval', "g % 800 * interval '1 hour 1 s'", 'interval_hash'],
  ['jsonb', "jsonb_build_object('truck', g % 900)", 'jsonb_hash'],
  ['int4range', 'int4range(g % 500, g % 500 + 3)', 'hash_range'],
  ['int4multirange', 'int4multirange(int4range(g % 500, g % 500 + 3))', 'hash_multirange'],
  ['place', "ROW(g % 70, 'aisle ' || g % 9)::place", 'hash_record'],
];

/** PostgreSQL 18 gave these types hash functions of their own, which give what the earlier ones gave. */
const SINCE_18: Readonly<Record<string, string>> = {
  timestamptz: 'timestamptz_hash',
  date: 'hashdate',
  boolean: 'hashbool',
  bytea: 'hashbytea',
};

citusSuite('simulated rows of shards', { workers: 0 }, () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await withClient(database.target, async (client) => {
      await client.query("CREATE TYPE mood AS ENUM ('calm', 'odd name', 'wild')");
      await client.query('CREATE TYPE place AS (shelf int, aisle text)');
      await client.query('CREATE DOMAIN short_text AS text CHECK (length(VALUE) < 40)');
      await client.query('CREATE DOMAIN plate AS short_text');
    });
  }, 60_000);

  afterAll(() => database.drop());

  const read = (client: Client, name: string, shardCount: number, column = 'v') =>
    withSnapshot(client, async () =>
      readTableShards(
        client,
        await readSource(client, { schema: 'public', name }, column),
        shardCount,
        'exact',
      ),
    );

  /** What Citus made of it, in the order of the hash ranges. */
  async function real(client: Client, table: string) {
    const { rows } = await client.query<{ min: string; max: string; rows: string }>(
      `SELECT s.shardminvalue AS min, s.shardmaxvalue AS max, r.result AS rows
         FROM run_command_on_shards($1::regclass, 'SELECT count(*) FROM %s') r JOIN pg_dist_shard s USING (shardid)
        ORDER BY s.shardminvalue::int`,
      [table],
    );
    return rows.map((row) => ({ min: Number(row.min), max: Number(row.max), rows: Number(row.rows) }));
  }

  it.each(COLUMNS)('are the real ones for every shard of a table by %s', async (type, value, hash) => {
    await withClient(database.target, async (client) => {
      await client.query('DROP TABLE IF EXISTS "Odd ""t"""');
      await client.query(`CREATE TABLE "Odd ""t""" ("v" ${type} NOT NULL, n int, filler text)`);
      await client.query(
        `INSERT INTO "Odd ""t""" SELECT ${value}, g, repeat('x', g % 50) FROM generate_series(1, 3000) g`,
      );
      const simulated = await read(client, 'Odd "t"', 13);
      expect([hash, SINCE_18[type]]).toContain(simulated.source.hash.name);

      await client.query(
        `SELECT create_distributed_table($1, 'v', shard_count := 13, colocate_with := 'none')`,
        ['"Odd ""t"""'],
      );

      const shards = simulated.shards.map(({ index, rows }) => ({ ...shardRange(index, 13), rows }));
      expect(shards).toEqual(await real(client, '"Odd ""t"""'));
      expect(shards.reduce((sum, { rows }) => sum + rows, 0)).toBe(3000);
      const top = await client.query<{ rows: string }>(
        'SELECT count(*) AS rows FROM "Odd ""t""" GROUP BY v ORDER BY 1 DESC LIMIT 1',
      );
      expect(simulated.biggestTenant?.rows).toBe(Number(top.rows[0]?.rows));
    });
  });

  it.each([
    ['text COLLATE loose', /by v: its collation is not deterministic.*ALTER COLUMN/],
    ['numeric(3,-2)', /by v: it is a numeric of negative scale/],
    ['money', /by v: its type money has no hash function/],
    ['bit(4)', /by v: its type bit has no hash function/],
    ['int GENERATED ALWAYS AS (n * 2) STORED', /by v: the column is generated/],
  ])('are not told by a column Citus refuses: %s', async (type, message) => {
    await withClient(database.target, async (client) => {
      await client.query(
        "CREATE COLLATION IF NOT EXISTS loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
      );
      await client.query('DROP TABLE IF EXISTS unfit');
      await client.query(`CREATE TABLE unfit (n int, v ${type})`);
      await expect(read(client, 'unfit', 4)).rejects.toThrow(message);
      await expect(client.query("SELECT create_distributed_table('unfit', 'v')")).rejects.toThrow(
        /distribut|operator class|collation/i,
      );
    });
  });

  it('are the real ones of a partitioned table, and so are its bytes', async () => {
    await withClient(database.target, async (client) => {
      await client.query(`
        CREATE TABLE readings (device bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE readings_early PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
        CREATE TABLE readings_late PARTITION OF readings FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
        INSERT INTO readings SELECT g % 211, '2024-01-01'::date + g % 366 FROM generate_series(1, 20000) g`);
      const simulated = await read(client, 'readings', 32, 'device');
      await client.query("SELECT create_distributed_table('readings', 'device', shard_count := 32)");
      expect(simulated.shards.map(({ rows }) => rows)).toEqual(
        (await real(client, 'readings')).map(({ rows }) => rows),
      );
      const { rows: sizes } = await client.query<{ bytes: number }>(
        `SELECT sum(z.size)::float8 AS bytes FROM citus_shard_sizes() z JOIN pg_dist_shard s ON s.shardid = z.shard_id
          WHERE pg_partition_root(s.logicalrelid) = 'readings'::regclass GROUP BY s.shardminvalue ORDER BY s.shardminvalue::int`,
      );
      // A block or two for each of the two partitions.
      simulated.shards.forEach(({ bytes }, index) => {
        expect(bytes % 8192).toBe(0);
        expect(Math.abs(bytes - (sizes[index]?.bytes ?? 0))).toBeLessThanOrEqual(2 * 2 * 8192);
      });
    });
  });

  it('give each shard bytes by the size of its rows', async () => {
    await withClient(database.target, async (client) => {
      await client.query(`
        CREATE TABLE letters (owner int NOT NULL, body text);
        ALTER TABLE letters ALTER body SET STORAGE EXTERNAL;
        INSERT INTO letters SELECT g % 2 + 1, repeat('x', CASE WHEN g % 2 = 0 THEN 20 ELSE 4000 END) FROM generate_series(1, 4000) g`);
      // The owners 1 and 2 are the shards 0 and 1 of 2, see hash-ranges.test.ts.
      const { shards } = await read(client, 'letters', 2, 'owner');
      await client.query(
        "SELECT create_distributed_table('letters', 'owner', shard_count := 2, colocate_with := 'none')",
      );
      const { rows } = await client.query<{ size: string }>(
        `SELECT size FROM citus_shard_sizes() z JOIN pg_dist_shard s ON s.shardid = z.shard_id
          WHERE s.logicalrelid = 'letters'::regclass ORDER BY s.shardminvalue::int`,
      );
      expect(shards.map((shard) => shard.rows)).toEqual([2000, 2000]);
      const sizes = rows.map(({ size }) => Number(size));
      expect(sizes[1]).toBeGreaterThan(10 * (sizes[0] ?? Infinity));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      shards.forEach(({ bytes }, index) =>
        expect(Math.abs(bytes - (sizes[index] ?? 0)) / total).toBeLessThan(0.05),
      );
    });
  });
});

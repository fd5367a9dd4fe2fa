import { loadWorkload } from '../../config/workload/workload';
import { estimate } from '../../scripts/rebalance/cost/estimate';
import { tablesApply } from '../../scripts/tables/commands';
import { simulate } from '../../scripts/simulate/commands';
import type { TestDatabase } from '../support/citus';
import { citusSuite, freshCitusDatabase } from '../support/citus';
import { createPayments } from '../advise/payments';
import { createSensors, query, testContext } from '../tables/support/sensors';

jest.setTimeout(120_000);

/** Real over simulated bytes, of a table and of the shards that are furthest off. */
interface Ratio {
  readonly whole: number;
  readonly least: number;
  readonly most: number;
}

/** What COPY adds to a file in advance, at most, from PostgreSQL 16 on: 64 blocks. */
const RESERVED_BYTES = 64 * 8192;

citusSuite('simulated bytes of shards', { workers: 0 }, () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  });
  afterEach(() => database.drop());

  it.each(['sensors', 'payments'])('are within a few percent of the real ones: %s', async (name) => {
    const { target } = database;
    await (name === 'sensors' ? createSensors(target, 200_000) : createPayments(target, 200_000));
    await query(target, 'ANALYZE');
    const expected = { ...(await loadWorkload(name)).distribution, online: false };
    const { document } = await simulate(testContext(), {
      target,
      expected,
      topology: {},
      strategy: 'by_disk_size',
      reading: 'exact',
      estimateMoves: (moves) => estimate(moves, 'auto', undefined),
    });
    await tablesApply(testContext(), { target, expected });
    const real = await query<{ table: string; bytes: number[] }>(
      target,
      `SELECT s.logicalrelid::text AS table, array_agg(z.size::float8 ORDER BY s.shardminvalue::int) AS bytes
         FROM citus_shard_sizes() z JOIN pg_dist_shard s ON s.shardid = z.shard_id WHERE s.shardminvalue IS NOT NULL GROUP BY 1`,
    );
    const [server] = await query<{ reserves: boolean }>(
      target,
      "SELECT current_setting('server_version_num')::int >= 160000 AS reserves",
    );
    const reserved = server?.reserves === true ? RESERVED_BYTES : 0;
    const ratios = document.tables.map(({ table, shards, bytes }): [string, Ratio] => {
      const sizes = real.find((each) => each.table === table)?.bytes ?? [];
      // No shard is smaller than simulated, and none larger by more than what is reserved.
      const used = sizes.map(
        (size, index) => size - Math.min(reserved, Math.max(0, size - (shards[index]?.bytes ?? 0))),
      );
      const each = shards.map((shard, index) => (used[index] ?? 0) / shard.bytes);
      const whole = used.reduce((sum, size) => sum + size, 0) / bytes;
      return [table, { whole, least: Math.min(...each), most: Math.max(...each) }];
    });
    expect(ratios).toHaveLength(2);
    for (const [table, { whole, least, most }] of ratios) {
      expect([table, whole > 0.95 && whole < 1.05, whole]).toEqual([table, true, whole]);
      expect([table, least > 0.9 && most < 1.12, least, most]).toEqual([table, true, least, most]);
    }
  });
});

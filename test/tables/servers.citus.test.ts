import { parseDistribution } from '../../config/workload/distribution';
import { tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

platformSuite('servers without what an online copy needs', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
  });
  afterAll(() => database.drop());

  const plan = () =>
    tablesPlan(testContext(), {
      target: database.target,
      expected: parseDistribution('shardCount: 4\ntables:\n  t: { distributeBy: id }\n', 'distribution.yaml'),
    });
  beforeAll(() => query(database.target, 'CREATE TABLE t (id int PRIMARY KEY)'));

  test('a session that makes several copies of each shard is refused with the statement that mends it', async () => {
    const { target, platform } = database;
    await query(platform, `ALTER DATABASE ${target.database} SET citus.shard_replication_factor TO 2`);
    try {
      await expect(plan()).rejects.toMatchObject({
        code: 'tables.preconditions',
        message: expect.stringMatching(
          /shard_replication_factor is 2 .*ALTER DATABASE .* SET citus.shard_replication_factor TO 1/,
        ) as string,
      });
      await expect(query(target, "SELECT create_distributed_table_concurrently('t', 'id')")).rejects.toThrow(
        /shard_replication_factor > 1/,
      );
    } finally {
      await query(platform, `ALTER DATABASE ${target.database} RESET citus.shard_replication_factor`);
    }
  });

  test('are refused in the plan, where Citus fails in the step', async () => {
    const { target, platform } = database;
    await query(
      platform,
      `SELECT pg_create_logical_replication_slot('taken_' || i, 'test_decoding')
         FROM generate_series(1, current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots)) i`,
    );
    try {
      await expect(plan()).rejects.toMatchObject({
        code: 'tables.preconditions',
        message: expect.stringMatching(
          /needs 3 of max_replication_slots on \S+, and (\d+) of \1 are in use.*say online: false/,
        ) as string,
      });
      await expect(query(target, "SELECT create_distributed_table_concurrently('t', 'id')")).rejects.toThrow(
        /all replication slots are in use/,
      );
    } finally {
      await query(
        platform,
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'taken%'",
      );
    }
    expect((await plan()).document.steps.map(({ id }) => id)).toContain('distribute:t');
  });
});

import { tablesApply, tablesVerify } from '../../../scripts/tables/commands';
import { resolvesItself } from '../../../scripts/tables/apply/prepared';
import type { Blocker } from '../../../scripts/tables/apply/lock-monitor';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { named } from '../support/catalog';
import { query, session, testContext } from '../support/sensors';

jest.setTimeout(120_000);

/** Of a coordinator that is not there, so that nothing settles it but the test. */
const GID = 'citus_7_1_1_1';

platformSuite('a prepared transaction that outlived its server', () => {
  let database: TestDatabase;
  let worker: TestDatabase['target'];
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await query(
      database.target,
      `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 100);
       SELECT create_distributed_table('a', 'id', shard_count => 4, colocate_with => 'none');
       SELECT truncate_local_data_after_distributing_table('a')`,
    );
    const [placement] = await query<{ port: number; shard: string }>(
      database.target,
      `SELECT nodeport AS port, shardid::text AS shard
         FROM pg_dist_placement JOIN pg_dist_shard USING (shardid) JOIN pg_dist_node USING (groupid) WHERE groupid = 1 LIMIT 1`,
    );
    worker = { ...database.target, port: placement!.port };
    const lost = await session(worker);
    await lost.query(
      `BEGIN; SET LOCAL citus.enable_manual_changes_to_shards TO on; LOCK TABLE a_${placement!.shard} IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION '${GID}'`,
    );
    await lost.end();
  });
  afterEach(async () => {
    await query(worker, `ROLLBACK PREPARED '${GID}'`).catch(() => undefined);
    await database.drop();
  });

  test('is named and waited for, for longer than sessions are, and the step is done once it is settled', async () => {
    const expected = {
      shardCount: 8,
      online: false,
      tables: [{ kind: 'distributed' as const, table: named('a'), distributeBy: 'id' }],
    };
    const locks = { timeoutMs: 300, longWorkTimeoutMs: 300, attempts: 2, pauseMs: 10 };
    let attempts = 0;
    const context = testContext((event) => {
      if (event.name !== 'step.retrying' || event.reason !== 'lock') return;
      attempts += 1;
      if (attempts === 4) void query(worker, `ROLLBACK PREPARED '${GID}'`);
    });
    await tablesApply(context, { target: database.target, expected, locks });
    expect(attempts).toBeGreaterThanOrEqual(4);
    expect(context.lines.filter((line) => line.includes('waits for a lock'))[3]).toMatch(
      new RegExp(
        `alter-distribution:a waits for a lock held by a prepared transaction on .+:${String(worker.port)} of a server that was restarted, ` +
          'which Citus settles within a minute; attempt 4 gave up',
      ),
    );
    expect((await tablesVerify(testContext(), { target: database.target, expected })).document.ok).toBe(true);
  });
});

test('only what goes by itself is waited for, and twice as long as Citus takes', () => {
  const blocker = (pid: number | null): Blocker => ({
    pid,
    user: null,
    application: null,
    state: null,
    since: null,
    queryStart: null,
  });
  expect(resolvesItself([blocker(null)], 120_000)).toBe(true);
  expect(resolvesItself([blocker(null)], 180_000)).toBe(false);
  expect(resolvesItself([blocker(null), blocker(7)], 0)).toBe(false);
  expect(resolvesItself([], 0)).toBe(false);
});

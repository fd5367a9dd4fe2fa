import type { Distribution } from '../../config/workload/distribution-types';
import { compare } from '../../scripts/compare/commands';
import { withClient } from '../../scripts/lib/connection';
import { rebalancePlan, rebalanceRun, rebalanceStatus } from '../../scripts/rebalance/commands';
import { tablesApply, tablesPlan, tablesUndo, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase } from '../support/citus';
import { laneSuite } from '../support/lanes';
import type { Standby } from '../support/standby';
import { startStandby } from '../support/standby';
import { testRun } from '../support/test-run';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

/** The standby is a copy of a server of this machine, made with its own programs. */
const copyable = testRun().citus === 'native';

(copyable ? laneSuite : skipped)('citus', 'a standby of the coordinator', () => {
  let database: TestDatabase;
  let standby: Standby;
  const expected: Distribution = {
    shardCount: 4,
    online: false,
    tables: ['plain', 'spread'].map((name) => ({
      kind: 'distributed',
      table: named(name),
      distributeBy: 'id',
    })),
  };

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(
      database.target,
      `CREATE TABLE plain (id int PRIMARY KEY, n int); INSERT INTO plain SELECT i, i FROM generate_series(1, 100) i;
       CREATE TABLE spread (id int PRIMARY KEY, n int); INSERT INTO spread SELECT i, i FROM generate_series(1, 100) i`,
    );
    await query(database.target, "SELECT create_distributed_table('spread', 'id', shard_count => 4)");
    standby = await startStandby(database.platform, [database.platform, database.target]);
  });
  afterAll(async () => {
    await standby.stop();
    await database.drop();
  });

  test.each([
    ['tables plan', tablesPlan],
    ['tables apply', tablesApply],
    ['tables undo', tablesUndo],
    ['rebalance plan', rebalancePlan],
    ['rebalance run', rebalanceRun],
    ['rebalance status', rebalanceStatus],
  ] as const)('refuses %s in one paragraph', async (_, verb) => {
    const target = standby.at(database.target);
    const refusal = await verb(testContext(), { target, expected }).then(
      () => 'it went on',
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({
      code: 'cluster.standby',
      message: expect.stringMatching(
        /^database \S+ is a standby here, .* connect to the primary .*; nothing was changed$/,
      ) as string,
    });
  });

  test('is read by tables verify and by compare', async () => {
    const target = standby.at(database.target);
    const { document } = await tablesVerify(testContext(), { target, expected });
    expect(document.checks.filter(({ ok }) => !ok).map(({ id }) => id)).toEqual([
      'table:plain',
      'leftovers:spread',
    ]);

    const sides = { from: database.target, to: target };
    expect(await compare(testContext(), { ...sides, tables: [named('plain')] })).toMatchObject({
      outcome: 'done',
      document: { equal: true },
    });
    // What the shards of a standby hold it cannot say: it would ask the primary's nodes.
    const { document: whole } = await compare(testContext(), sides);
    expect(whole.differences.map(({ kind, object }) => [kind, object])).toEqual([
      ['not-comparable', 'table spread'],
    ]);
    // It reads what the primary does later, too.
    await query(database.target, 'INSERT INTO plain VALUES (101, 1)');
    const [{ lsn } = { lsn: '' }] = await query<{ lsn: string }>(
      database.platform,
      'SELECT pg_current_wal_lsn()::text AS lsn',
    );
    await withClient(standby.at(database.platform), async (client) => {
      const REPLAYED = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS there';
      while ((await client.query<{ there: boolean }>(REPLAYED, [lsn])).rows[0]?.there !== true);
    });
    expect((await compare(testContext(), { ...sides, tables: [named('plain')] })).document.equal).toBe(true);
  });
});

function skipped(lane: string, title: string, tests: () => void): void {
  describe.skip(`[${lane}] ${title} (needs servers of this machine that the tests start themselves)`, tests);
}

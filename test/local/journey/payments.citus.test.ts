import type { Workload } from '../../../config/workload/workload';
import { loadWorkload } from '../../../config/workload/workload';
import { withClient } from '../../../scripts/lib/connection';
import { silentReporter } from '../../../scripts/lib/reporter';
import type { VerbContext } from '../../../scripts/lib/verb';
import type { LocalWorld } from '../../../scripts/local/run';
import { localRun } from '../../../scripts/local/commands';
import { localEngines } from '../../../scripts/local/engines';
import { checkFacts } from '../../../scripts/local/journey/facts';
import { loadData } from '../../../scripts/local/journey/load';
import { generateData } from '../../../scripts/local/workloads';
import { tablesApply } from '../../../scripts/tables/commands';
import type { TestDatabase } from '../../support/citus';
import { citusSuite, freshCitusDatabase, platformSuite } from '../../support/citus';
import { scratchDirectory } from '../../support/scratch';

const scratch = scratchDirectory();
const context: VerbContext = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.resolve(true),
};

/** Nobody writes here, and copying without blocking writes takes minutes. */
async function blockingWorkload(): Promise<Workload> {
  const workload = await loadWorkload('payments');
  return { ...workload, distribution: { ...workload.distribution, online: false } };
}

platformSuite('the payments on a real Citus', () => {
  const here: LocalWorld = {
    engines: localEngines({}).filter(({ name }) => name === 'docker' || name === 'native'),
    environment: {},
    stateDirectory: scratch,
  };

  test.each([
    ['scale-first', 0],
    ['distribute-first', 21],
  ])(
    '%s: everything holds, and %d shards move',
    async (order, moves) => {
      const { document, outcome } = await localRun(
        context,
        { rows: 2000, workload: await blockingWorkload(), order },
        here,
      );
      expect(document.verify.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(outcome).toBe('done');
      expect(document.simulated).toBe(false);
      expect(document.tasks).toEqual({ perDevice: 1, allDevices: 32 });
      expect(document.rebalance.moves).toBe(moves);
      expect(document.placements.map(({ shards }) => shards).sort()).toEqual([10, 11, 11]);
      expect(document.verify.checks.map(({ id }) => id)).toEqual(
        expect.arrayContaining([
          'rows:payment_events',
          'primary-key:payment_events',
          'foreign-key:payment_events:payment_events_user_id_fkey',
          'foreign-key:payment_events:payment_events_merchant_id_fkey',
          'foreign-key:payment_events:payment_events_event_type_fkey',
          'query:merchants-of-user-1',
          'query:most-active-users',
          'fact:payments-of-the-bot',
        ]),
      );
    },
    180_000,
  );
});

citusSuite('the payments, distributed', { workers: 2 }, () => {
  let database: TestDatabase;
  let workload: Workload;
  const data = generateData('payments', 3000);
  beforeAll(async () => {
    workload = await blockingWorkload();
    database = await freshCitusDatabase({ workers: 2 });
  }, 120_000);
  afterAll(() => database.drop());

  test('give the answers they gave on one node', async () => {
    const answers = (): Promise<unknown[][]> =>
      withClient(database.target, async (client) => {
        const all = [];
        for (const { sql } of workload.queries) all.push((await client.query(sql)).rows);
        return all;
      });
    await withClient(database.target, async (client) => {
      await client.query(workload.schemaSql);
      await loadData(client, data, {
        onTable: () => ({ update: () => undefined, finish: () => undefined }),
      });
    });
    const before = await answers();
    expect(before.map((rows) => rows.length)).toEqual([50, 1, expect.any(Number), 10, 10]);

    await tablesApply(context, { target: database.target, expected: workload.distribution });

    expect(await answers()).toEqual(before);
    await withClient(database.target, async (client) => {
      const checks = await checkFacts(client, data.facts);
      expect(checks.length).toBeGreaterThan(3);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    });
  }, 120_000);

  test('keep a user and all that they paid in shards of one node', async () => {
    await withClient(database.target, async (client) => {
      const { rows } = await client.query<{ table: string; group: string; kind: string; key: string }>(
        `SELECT table_name::text AS table, colocation_id AS group, citus_table_type AS kind,
                distribution_column AS key
           FROM citus_tables ORDER BY 1`,
      );
      const group = rows.find(({ table }) => table === 'payment_users')?.group;
      expect(rows.filter(({ kind }) => kind === 'reference').map(({ table }) => table)).toEqual([
        'event_types',
        'payment_merchants',
      ]);
      expect(rows.filter((row) => row.group === group)).toEqual([
        { table: 'payment_events', group, kind: 'distributed', key: 'user_id' },
        { table: 'payment_users', group, kind: 'distributed', key: 'user_id' },
      ]);
      const { rows: shards } = await client.query<{ nodes: string }>(
        `SELECT count(DISTINCT s.nodename || s.nodeport) AS nodes
           FROM (VALUES ('payment_users'::regclass), ('payment_events'::regclass)) tables (name)
           JOIN citus_shards s ON s.table_name = tables.name
            AND s.shardid = get_shard_id_for_distribution_column(tables.name, 1::bigint)`,
      );
      expect(shards).toEqual([{ nodes: '1' }]);
    });
  });

  test('take new ones, numbered behind those that were loaded', async () => {
    await withClient(database.target, async (client) => {
      const { rows } = await client.query<{ event_id: string }>(
        `INSERT INTO payment_events (event_type, user_id, merchant_id, event_details)
              VALUES ('SendFunds', 5, 1, '{"amount": 1.00}') RETURNING event_id`,
      );
      expect(Number(rows[0]?.event_id)).toBe(3001);
      await expect(
        client.query(
          `INSERT INTO payment_events (event_type, user_id, merchant_id, event_details)
                VALUES ('SendFunds', 999999, 1, '{}')`,
        ),
      ).rejects.toThrow(/foreign key constraint/);
    });
  });
});

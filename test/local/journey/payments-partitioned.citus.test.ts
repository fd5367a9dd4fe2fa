import type { Workload } from '../../../config/workload/workload';
import { loadWorkload } from '../../../config/workload/workload';
import { withClient, withTransaction } from '../../../scripts/lib/connection';
import { silentReporter } from '../../../scripts/lib/reporter';
import type { VerbContext } from '../../../scripts/lib/verb';
import type { LocalWorld } from '../../../scripts/local/run';
import { localRun } from '../../../scripts/local/commands';
import { localEngines } from '../../../scripts/local/engines';
import {
  dropOurTables,
  foreignRelations,
  recordOurTables,
} from '../../../scripts/local/engines/borrowed-database';
import { loadData } from '../../../scripts/local/journey/load';
import { generateData } from '../../../scripts/local/workloads';
import { tablesApply, tablesPlan, tablesVerify } from '../../../scripts/tables/commands';
import type { TestDatabase } from '../../support/citus';
import { citusSuite, freshCitusDatabase, platformSuite } from '../../support/citus';
import { scratchDirectory } from '../../support/scratch';

jest.setTimeout(60_000);

const scratch = scratchDirectory();
const context: VerbContext = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.resolve(true),
};

const SHARDS = 3;

/** Nobody writes here, and copying without blocking writes takes minutes. */
async function smallWorkload(): Promise<Workload> {
  const workload = await loadWorkload('payments-partitioned');
  return { ...workload, distribution: { ...workload.distribution, online: false, shardCount: SHARDS } };
}

platformSuite('the partitioned payments on a real Citus', () => {
  const here: LocalWorld = {
    engines: localEngines({}).filter(({ name }) => name === 'docker' || name === 'native'),
    environment: {},
    stateDirectory: scratch,
  };

  test.each([
    ['scale-first', 0],
    ['distribute-first', 2],
  ])(
    '%s: everything holds, and %d shards move with all their partitions',
    async (order, moves) => {
      const { document, outcome } = await localRun(
        context,
        { rows: 2000, workload: await smallWorkload(), order },
        here,
      );
      expect(document.verify.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(outcome).toBe('done');
      expect(document.tasks).toEqual({ perDevice: 1, allDevices: SHARDS });
      expect(document.rebalance.moves).toBe(moves);
      expect(document.placements.map(({ shards }) => shards)).toEqual([1, 1, 1]);
      expect(document.verify.checks.map(({ id }) => id)).toEqual(
        expect.arrayContaining([
          'rows:payment_events',
          'primary-key:payment_events',
          'foreign-key:payment_events:payment_events_user_id_fkey',
          'query:opening-hour',
          'fact:payments-of-the-newest-partition',
        ]),
      );
    },
    180_000,
  );
});

platformSuite('the partitioned payments in a database that was lent', () => {
  test('are known again with their partitions, which came later, and leave with them', async () => {
    const lent = await freshCitusDatabase({ workers: 0 });
    try {
      await withClient(lent.target, async (client) => {
        await withTransaction(client, async () => {
          await client.query((await loadWorkload('payments-partitioned')).schemaSql);
          await recordOurTables(client);
        });
        await client.query('CREATE TABLE of_somebody_else (id int)');
        await loadData(client, generateData('payments-partitioned', 100), {
          onTable: () => ({ update: () => undefined, finish: () => undefined }),
        });
        expect(await foreignRelations(client)).toEqual(['public.of_somebody_else']);
        await dropOurTables(client);
        expect(await foreignRelations(client)).toEqual(['public.of_somebody_else']);
      });
    } finally {
      await lent.drop();
    }
  }, 60_000);
});

citusSuite('the partitions of payments that are distributed', { workers: 2 }, () => {
  const ROWS = 3000;
  let workload: Workload;
  let database: TestDatabase;

  const ask = async <T extends object>(sql: string): Promise<T[]> =>
    withClient(database.target, async (client) => (await client.query<T>(sql)).rows);
  const partitions = async (): Promise<string[]> =>
    (
      await ask<{ name: string }>(
        "SELECT partition::text AS name FROM time_partitions WHERE parent_table = 'payment_events'::regclass ORDER BY 1",
      )
    ).map(({ name }) => name);
  const rowsOf = async (table: string): Promise<number> =>
    Number((await ask<{ count: string }>(`SELECT count(*) FROM ${table}`))[0]?.count);
  /** Shards of a table on all nodes, by what is really there. */
  const shardTables = async (table: string): Promise<number> => {
    const [answer] = await ask<{ shards: string }>(
      `SELECT sum(result::int) AS shards FROM run_command_on_all_nodes(
         $$SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '^${table}_[0-9]{6,}$'$$)`,
    );
    return Number(answer?.shards);
  };
  const explain = async (sql: string): Promise<string> =>
    (await ask<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`))
      .map((row) => row['QUERY PLAN'])
      .join('\n');
  /** What `tables plan` would still do, and what `tables verify` finds wrong. */
  const faults = async (): Promise<unknown[]> => {
    const { target } = database;
    const { distribution: expected, queries } = workload;
    const { document: plan } = await tablesPlan(context, { target, expected });
    const { document: verified } = await tablesVerify(context, { target, expected, queries });
    return [...plan.steps, ...verified.checks.filter(({ ok }) => !ok)];
  };

  beforeAll(async () => {
    workload = await smallWorkload();
    database = await freshCitusDatabase({ workers: 2 });
    await withClient(database.target, async (client) => {
      await client.query(workload.schemaSql);
      await loadData(client, generateData('payments-partitioned', ROWS), {
        onTable: () => ({ update: () => undefined, finish: () => undefined }),
      });
    });
    await tablesApply(context, { target: database.target, expected: workload.distribution });
  }, 120_000);
  afterAll(() => database.drop());

  test('are cut into shards beside their users, as their table is', async () => {
    expect(await partitions()).toEqual([
      'payment_events_p2022_08_08_0000',
      'payment_events_p2022_08_08_0005',
      'payment_events_p2022_08_08_0010',
      'payment_events_p2022_08_08_0015',
    ]);
    const groups = await ask<{ group: string; tables: string }>(
      `SELECT colocation_id AS group, count(*) AS tables FROM citus_tables
        WHERE citus_table_type = 'distributed' GROUP BY 1`,
    );
    expect(groups.map(({ tables }) => Number(tables))).toEqual([2 + 4]);
    expect(await shardTables('payment_events_p2022_08_08_0000')).toBe(SHARDS);
    expect(await faults()).toEqual([]);
  });

  test('are left out of what does not ask for their time, on all shards and on one', async () => {
    const time = "created_at >= '2022-08-08 00:05' AND created_at < '2022-08-08 00:08'";
    const all = await explain(`SELECT count(*) FROM payment_events WHERE ${time}`);
    expect(all).toContain(`Task Count: ${String(SHARDS)}`);
    const one = await explain(`SELECT * FROM payment_events WHERE user_id = 1 AND ${time}`);
    expect(one).toContain('Task Count: 1');
    for (const plan of [all, one]) {
      expect(new Set(plan.match(/payment_events_p[\d_]+?(?=_\d{6,})/g))).toEqual(
        new Set(['payment_events_p2022_08_08_0005']),
      );
    }
  });

  test('get company: a new one has its shards at once, by hand or by create_time_partitions', async () => {
    const pay = (at: string): Promise<unknown> =>
      ask(`INSERT INTO payment_events (event_type, user_id, merchant_id, event_details, created_at)
           VALUES ('SendFunds', 5, 1, '{"amount": 1.00}', '${at}')`);
    await expect(pay('2022-08-08 00:21')).rejects.toThrow(/no partition of relation/);

    await ask(`CREATE TABLE payment_events_p2022_08_08_0020 PARTITION OF payment_events
                 FOR VALUES FROM ('2022-08-08 00:20') TO ('2022-08-08 00:25')`);
    await pay('2022-08-08 00:21');
    expect(await shardTables('payment_events_p2022_08_08_0020')).toBe(SHARDS);
    expect(await rowsOf('payment_events_p2022_08_08_0020')).toBe(1);

    await ask(
      "SELECT create_time_partitions('payment_events', '5 minutes', '2022-08-08 00:35', '2022-08-08')",
    );
    expect((await partitions()).slice(4)).toEqual([
      'payment_events_p2022_08_08_0020',
      'payment_events_p2022_08_08_0025',
      'payment_events_p2022_08_08_0030',
    ]);
    await pay('2022-08-08 00:33');
    expect(await shardTables('payment_events_p2022_08_08_0030')).toBe(SHARDS);
    expect(await rowsOf('payment_events')).toBe(ROWS + 2);
    expect(await faults()).toEqual([]);
  });

  test('go, with all their shards, one by one or with drop_old_time_partitions', async () => {
    const oldest = await rowsOf('payment_events_p2022_08_08_0000');
    await ask('DROP TABLE payment_events_p2022_08_08_0000');
    expect(await shardTables('payment_events_p2022_08_08_0000')).toBe(0);
    expect(await rowsOf('payment_events')).toBe(ROWS + 2 - oldest);

    const next = await rowsOf('payment_events_p2022_08_08_0005');
    await ask('ALTER TABLE payment_events DETACH PARTITION payment_events_p2022_08_08_0005');
    expect(await rowsOf('payment_events_p2022_08_08_0005')).toBe(next);
    expect(await rowsOf('payment_events')).toBe(ROWS + 2 - oldest - next);
    expect(await faults()).toEqual([]);
    await ask('DROP TABLE payment_events_p2022_08_08_0005');
    expect(await shardTables('payment_events_p2022_08_08_0005')).toBe(0);

    await ask("CALL drop_old_time_partitions('payment_events', '2022-08-08 00:25')");
    expect(await partitions()).toEqual([
      'payment_events_p2022_08_08_0025',
      'payment_events_p2022_08_08_0030',
    ]);
    expect(await rowsOf('payment_events')).toBe(1);
    expect(await shardTables('payment_events_p2022_08_08_0015')).toBe(0);
    expect(await faults()).toEqual([]);
  });
});

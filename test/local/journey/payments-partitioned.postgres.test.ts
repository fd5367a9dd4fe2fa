import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Distribution } from '../../../config/workload/distribution-types';
import { loadDistribution } from '../../../config/workload/distribution';
import { loadWorkload } from '../../../config/workload/workload';
import { withClient } from '../../../scripts/lib/connection';
import { silentReporter } from '../../../scripts/lib/reporter';
import type { VerbContext } from '../../../scripts/lib/verb';
import { localRun } from '../../../scripts/local/commands';
import { embeddedEngine } from '../../../scripts/local/engines/embedded';
import { localEngines } from '../../../scripts/local/engines';
import { chooseEngine } from '../../../scripts/local/engines/choose-engine';
import type { LocalCluster } from '../../../scripts/local/engines/engine';
import { loadData } from '../../../scripts/local/journey/load';
import { explainQuery } from '../../../scripts/local/journey/plans';
import { generateData } from '../../../scripts/local/workloads';
import { adviseDistribution } from '../../../scripts/advise/commands';
import { fingerprintTables } from '../../../scripts/database/observe/fingerprint';
import { simulate } from '../../../scripts/simulate/commands';
import type { Simulation } from '../../../scripts/simulate/simulation';
import { laneSuite } from '../../support/lanes';
import { scratchDirectory } from '../../support/scratch';
import { recordingReporter } from './recording-reporter';

jest.setTimeout(60_000);

const scratch = scratchDirectory();
const context: VerbContext = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.resolve(true),
};

laneSuite('postgres', 'the partitioned payments on PostgreSQL from npm', () => {
  test.each([
    ['scale-first', 0],
    ['distribute-first', 21],
  ])('%s: the whole journey, in numbers, with each row in one shard', async (order, moves) => {
    const reporter = recordingReporter();
    const { document, outcome } = await localRun(
      { ...context, reporter },
      { rows: 5000, workload: 'payments-partitioned', order },
      { engines: [embeddedEngine], environment: {}, stateDirectory: path.join(scratch, order) },
    );
    expect(document.verify.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(outcome).toBe('done');
    expect(document).toMatchObject({
      workload: 'payments-partitioned',
      tasks: { perDevice: 1, allDevices: 32 },
      rebalance: { moves },
    });
    expect(reporter.lines).toContain(
      'payment_events: 6 partitions by time, from 2022-08-08 00:00:00 to 2022-08-08 00:30:00',
    );
    const details = new Map(document.verify.checks.map(({ id, detail }) => [id, detail]));
    expect(details.get('shards:payment_events')).toBe('32 shards hold 5,000 of 5,000 rows');
    expect(details.get('tasks:user-1')).toBe('Task Count 1');
    expect(details.get('tasks:merchants-of-user-1')).toBe('Task Count 1');
    expect(details.get('tasks:opening-hour')).toBe('Task Count 32');
    expect(details.get('fact:payments-of-the-newest-partition')).toBe('833, as generated');
  });
});

laneSuite('postgres', 'payments beside the same payments, partitioned', () => {
  const ROWS = 50_000;
  const NAMES = ['payments', 'payments-partitioned'] as const;
  let cluster: LocalCluster;

  beforeAll(async () => {
    const engines = localEngines({}).filter(({ name }) => name === 'embedded');
    cluster = await (await chooseEngine(engines, undefined)).availability.start(silentReporter);
    mkdirSync(scratch, { recursive: true });
  }, 120_000);
  afterAll(() => cluster.stop());

  const load = (name: string): Promise<void> =>
    withClient(cluster.coordinator, async (client) => {
      await client.query('SET client_min_messages TO warning');
      await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
      await client.query((await loadWorkload(name)).schemaSql);
      await loadData(client, generateData(name, ROWS), {
        onTable: () => ({ update: () => undefined, finish: () => undefined }),
      });
    });
  const simulated = async (expected: Distribution): Promise<Simulation> => {
    const { document } = await simulate(context, {
      target: cluster.coordinator,
      expected,
      topology: { workers: 2, coordinatorHoldsShards: true },
      strategy: 'by_shard_count',
      reading: 'exact',
      estimateMoves: () => ({ seconds: 1, longestWritePauseMs: 1, assumes: 'a test' }),
    });
    if ('distributed' in document) throw new Error('nothing is distributed here');
    return document;
  };

  test('have the same columns, rows, answers and shards', async () => {
    const seen = [];
    for (const name of NAMES) {
      const { distribution, queries } = await loadWorkload(name);
      await load(name);
      const { columns, answers, fingerprints } = await withClient(cluster.coordinator, async (client) => {
        const { rows } = await client.query(
          `SELECT a.attrelid::regclass::text AS of, a.attname, format_type(a.atttypid, NULL) AS type, a.attnotnull
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
              AND a.attnum > 0 ORDER BY 1, a.attnum`,
        );
        const all = [];
        for (const { sql } of queries) all.push((await client.query(sql)).rows);
        const tables = distribution.tables.map(({ table }) => table);
        return { columns: rows, answers: all, fingerprints: await fingerprintTables(client, tables) };
      });
      const shards = (await simulated(distribution)).tables.map(({ table, shards: each }) => [
        table,
        each.map(({ rows }) => rows),
      ]);
      seen.push({ columns, answers, fingerprints, shards });
    }
    const [plain, partitioned] = seen;
    expect(plain?.columns.length).toBeGreaterThan(10);
    expect(partitioned).toEqual(plain);
  });

  test('are read, partitioned, where they are asked for alone', async () => {
    await load('payments-partitioned');
    const partitions = generateData('payments-partitioned', ROWS).tables.at(-1)?.partitions ?? [];
    expect(partitions).toHaveLength(5);
    await withClient(cluster.coordinator, async (client) => {
      const readBy = async (sql: string): Promise<string[]> => {
        const plan = (await explainQuery(client, { name: 'any', sql })).join('\n');
        return partitions.map(({ name }) => name).filter((name) => plan.includes(name));
      };
      const { queries } = await loadWorkload('payments-partitioned');
      const query = (name: string): string => queries.find((each) => each.name === name)?.sql ?? '';
      expect(await readBy(query('opening-hour'))).toEqual(['payment_events_p2022_08_08_0000']);
      expect(await readBy(query('send-funds-per-hour'))).toEqual(partitions.map(({ name }) => name));
      expect(
        await readBy("SELECT 1 FROM payment_events WHERE user_id = 1 AND created_at >= '2022-08-08 03:30'"),
      ).toEqual(['payment_events_p2022_08_08_0300', 'payment_events_p2022_08_08_0400']);
    });
  });

  test('are simulated as one table, with every row counted once', async () => {
    await load('payments-partitioned');
    const { tables } = await simulated((await loadWorkload('payments-partitioned')).distribution);
    expect(tables.map(({ table }) => table).sort()).toEqual(['payment_events', 'payment_users']);
    const { shards = [] } = tables.find(({ table }) => table === 'payment_events') ?? {};
    expect(shards.reduce((sum, { rows }) => sum + rows, 0)).toBe(ROWS);
  });

  test('are advised to keep the time in their key', async () => {
    await load('payments-partitioned');
    const out = path.join(scratch, 'advice.yaml');
    rmSync(out, { force: true });
    const { queries, distribution } = await loadWorkload('payments-partitioned');
    await adviseDistribution(context, { target: cluster.coordinator, queries, out });
    const wanted = (from: Distribution): unknown[] =>
      from.tables
        .map((table) => ({
          ...table,
          ...('primaryKey' in table ? { primaryKey: [...(table.primaryKey ?? [])].sort() } : {}),
        }))
        .sort((a, b) => (a.table.name < b.table.name ? -1 : 1));
    expect(wanted(loadDistribution(out))).toEqual(wanted(distribution));
  });
});

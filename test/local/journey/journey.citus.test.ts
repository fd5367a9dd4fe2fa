import { withClient } from '../../../scripts/lib/connection';
import { silentReporter } from '../../../scripts/lib/reporter';
import type { VerbContext } from '../../../scripts/lib/verb';
import { loadWorkload } from '../../../config/workload/workload';
import type { LocalWorld } from '../../../scripts/local/run';
import { localRun } from '../../../scripts/local/commands';
import { localEngines } from '../../../scripts/local/engines';
import { loadData } from '../../../scripts/local/journey/load';
import { readShardRows } from '../../../scripts/simulate/shard-rows';
import { roundRobin } from '../../../scripts/simulate/placement';
import { generateData } from '../../../scripts/local/workloads';
import { tablesApply } from '../../../scripts/tables/commands';
import type { TestDatabase } from '../../support/citus';
import { citusSuite, freshCitusDatabase, platformSuite } from '../../support/citus';
import { scratchDirectory } from '../../support/scratch';
import { recordingReporter } from './recording-reporter';

const scratch = scratchDirectory();

function context(options: Partial<VerbContext> = {}): VerbContext {
  return {
    reporter: silentReporter,
    signal: new AbortController().signal,
    confirm: () => Promise.resolve(true),
    ...options,
  };
}

/** Nobody writes here, and copying without blocking writes takes minutes. */
async function blockingWorkload(): ReturnType<typeof loadWorkload> {
  const workload = await loadWorkload('sensors');
  return { ...workload, distribution: { ...workload.distribution, online: false } };
}

platformSuite('the journey on a real Citus', () => {
  const here: LocalWorld = {
    engines: localEngines({}).filter(({ name }) => name === 'docker' || name === 'native'),
    environment: {},
    stateDirectory: scratch,
  };

  test('scales first: no shard has to move', async () => {
    const reporter = recordingReporter();
    const { document, outcome } = await localRun(
      context({ reporter }),
      { rows: 2000, workload: await blockingWorkload() },
      here,
    );
    expect(outcome).toBe('done');
    expect(document.simulated).toBe(false);
    expect(document.placements.map(({ shards }) => shards).sort()).toEqual([10, 11, 11]);
    expect(document.tasks).toEqual({ perDevice: 1, allDevices: 32 });
    expect(document.rebalance).toEqual({ moves: 0, bytes: 0 });
    expect(document.verify.ok).toBe(true);
    expect(document.verify.checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['rows:events', 'rows:devices', 'query:outliers', 'query:device-42']),
    );
    expect(reporter.lines).toContain('Adding nodes moves no data: all of it is where it was.');
    expect(reporter.lines.join('\n')).not.toContain('simulated');
  }, 120_000);

  test('distributes first: 21 shards have to move', async () => {
    const reporter = recordingReporter();
    const { document, outcome } = await localRun(
      context({ reporter }),
      { rows: 2000, workload: await blockingWorkload(), order: 'distribute-first' },
      here,
    );
    expect(outcome).toBe('done');
    expect(document.rebalance.moves).toBe(21);
    expect(document.rebalance.bytes).toBeGreaterThan(0);
    expect(document.placements.map(({ shards }) => shards).sort()).toEqual([10, 11, 11]);
    expect(document.verify.ok).toBe(true);
    const scaled = reporter.lines.slice(reporter.lines.indexOf('# Scale out: a coordinator and two workers'));
    expect(scaled.find((line) => line.startsWith('coordinator'))).toMatch(/^coordinator\s+32\s+32\s/);
    expect(scaled.find((line) => line.startsWith('w0'))).toMatch(/^w0\s+0\s/);
  }, 180_000);
});

citusSuite('the simulation beside a real Citus', { workers: 2 }, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
  }, 120_000);
  afterAll(() => database.drop());

  test('foresees every row’s shard and every shard’s node', async () => {
    const workload = await blockingWorkload();
    const { distribution } = workload;
    const { target } = database;
    const distributed = distribution.tables.filter((table) => table.kind === 'distributed');
    const foreseen = await withClient(target, async (client) => {
      await client.query(workload.schemaSql);
      await loadData(client, generateData('sensors', 5000), {
        onTable: () => ({ update: () => undefined, finish: () => undefined }),
      });
      const tables = [];
      for (const table of distributed) {
        tables.push({ table, shards: await readShardRows(client, table, distribution.shardCount) });
      }
      return tables;
    });
    expect(foreseen.map(({ table }) => table.table.name)).toEqual(['devices', 'events']);

    await tablesApply(context(), { target, expected: distribution });

    await withClient(target, async (client) => {
      for (const { table, shards } of foreseen) {
        const { rows } = await client.query<{ rows: string; node: string }>(
          `SELECT r.result AS rows, n.nodename || ':' || n.nodeport AS node
             FROM run_command_on_shards($1, 'SELECT count(*) FROM %s') r
             JOIN pg_dist_shard s USING (shardid) JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
            ORDER BY s.shardminvalue::int`,
          [table.table.name],
        );
        expect(rows.map((row) => Number(row.rows))).toEqual(shards.map((shard) => shard.rows));
        // Which node comes first is Citus's business; from there on they take turns.
        const nodes = [...new Set(rows.map(({ node }) => node))];
        expect(nodes).toHaveLength(3);
        expect(rows.map(({ node }) => nodes.indexOf(node))).toEqual(roundRobin(distribution.shardCount, 3));
      }
      const { rows } = await client.query<{ index: string }>(
        `SELECT get_shard_id_for_distribution_column('events', 42) - min(shardid) AS index
           FROM pg_dist_shard WHERE logicalrelid = 'events'::regclass`,
      );
      expect(Number(rows[0]?.index)).toBe(27);
    });
  }, 120_000);
});

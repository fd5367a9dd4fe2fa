import { parseDistribution } from '../../config/workload/distribution';
import type { Distribution } from '../../config/workload/distribution-types';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { platformSuite } from '../support/citus';
import { freshOnlineDatabase } from './support/databases';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const MAILS = 'mails: { distributeBy: tenant_id }';
const FOLDERS = 'folders: { distributeBy: tenant_id, colocateWith: mails }';

function spec(tables: readonly string[], online = true): Distribution {
  return parseDistribution(
    `shardCount: 8\nonline: ${String(online)}\ntables:\n${tables.map((each) => `  ${each}\n`).join('')}`,
    'distribution.yaml',
  );
}

platformSuite('a colocation group whose shards were split', () => {
  let database: TestDatabase;
  const run = (sql: string): Promise<Record<string, unknown>[]> => query(database.target, sql);

  beforeEach(async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    await run(`
      CREATE TABLE mails (tenant_id int NOT NULL, id int NOT NULL, PRIMARY KEY (tenant_id, id));
      CREATE TABLE folders (tenant_id int NOT NULL, id int NOT NULL, PRIMARY KEY (tenant_id, id));
      SELECT create_distributed_table('mails', 'tenant_id', shard_count => 8);
      INSERT INTO mails SELECT i % 50, i FROM generate_series(1, 2000) i;
      INSERT INTO folders SELECT i % 50, i FROM generate_series(1, 500) i`);
  }, 60_000);
  afterEach(async () => database.drop());

  const isolate = (): Promise<unknown> =>
    run("SELECT isolate_tenant_to_new_shard('mails', 7, 'CASCADE', shard_transfer_mode => 'block_writes')");
  const ranges = (table: string): Promise<Record<string, unknown>[]> =>
    run(
      `SELECT shardminvalue, shardmaxvalue FROM pg_dist_shard WHERE logicalrelid = '${table}'::regclass ORDER BY shardminvalue::int8`,
    );

  async function become(expected: Distribution): Promise<void> {
    const { target } = database;
    expect((await tablesApply(testContext(), { target, expected })).outcome).toBe('done');
    const queries = [{ name: 'all', sql: 'SELECT count(*) FROM mails', expectedTasks: 'all' as const }];
    const { document } = await tablesVerify(testContext(), { target, expected, queries });
    expect(document.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect((await tablesPlan(testContext(), { target, expected })).document.steps).toEqual([]);
  }

  test.each([true, false])(
    'online: %s: is left as it is, and a table that joins it gets its ranges',
    async (online) => {
      const { target } = database;
      await isolate();
      const before = await ranges('mails');
      expect(before).toHaveLength(10);
      const expected = spec([MAILS, FOLDERS], online);
      const { document } = await tablesPlan(testContext(), { target, expected });
      expect(document.steps.map(({ id }) => id).filter((id) => id.endsWith(':mails'))).toEqual([]);
      expect(document.findings).toEqual([
        {
          id: 'split-shards:folders',
          allowed: true,
          needs: 'none',
          message: expect.stringMatching(
            /gets its 10 ranges\. The shardCount of 8 is for new groups/,
          ) as string,
        },
      ]);
      await become(expected);
      expect(await ranges('mails')).toEqual(before);
      expect(await ranges('folders')).toEqual(before);
      expect(await run('SELECT count(*)::int AS n FROM folders JOIN mails USING (tenant_id)')).toEqual([
        { n: 20000 },
      ]);
    },
  );

  test('a table in shards of its own joins it too', async () => {
    await run(
      "SELECT create_distributed_table('folders', 'tenant_id', colocate_with => 'none', shard_count => 8)",
    );
    await isolate();
    const before = await ranges('mails');
    await become(spec([MAILS, FOLDERS]));
    expect(await ranges('folders')).toEqual(before);
    expect(await run('SELECT count(*)::int AS n FROM folders JOIN mails USING (tenant_id)')).toEqual([
      { n: 20000 },
    ]);
  });

  test('every shard split in two is a split as well', async () => {
    const shards = await run(
      'SELECT shardid::int8 AS id, (shardminvalue::int8 + shardmaxvalue::int8 - 1) / 2 AS middle FROM pg_dist_shard',
    );
    const [node] = await run('SELECT min(nodeid) AS id FROM pg_dist_node');
    for (const { id, middle } of shards) {
      await run(
        `SELECT citus_split_shard_by_split_points(${String(id)}, ARRAY['${String(middle)}'], ARRAY[${String(node?.['id'])}, ${String(node?.['id'])}], 'block_writes')`,
      );
    }
    await become(spec([MAILS]));
    expect(await ranges('mails')).toHaveLength(16);
  });

  test('another number of shards that nobody split is still no reason to keep it', async () => {
    await run("SELECT alter_distributed_table('mails', shard_count => 6)");
    await become(spec([MAILS]));
    expect(await ranges('mails')).toHaveLength(8);
  });

  test('a change that merges it needs a yes by name', async () => {
    const { target } = database;
    await isolate();
    const expected = spec(['mails: { local: true }']);
    await expect(tablesApply(testContext(), { target, expected })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(
        /split-shards-merged:mails: the 10 shards of mails were split/,
      ) as string,
    });
    expect(await ranges('mails')).toHaveLength(10);
    const allow = [{ id: 'split-shards-merged:mails' }];
    expect((await tablesApply(testContext(), { target, expected, allow })).outcome).toBe('done');
    expect(await run('SELECT count(*)::int AS n FROM mails')).toEqual([{ n: 2000 }]);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../../scripts/lib/connection';
import { rebalancePlan, rebalanceRun } from '../../../scripts/rebalance/commands';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { recordingContext } from '../fixtures';
import { createVault, ROWS, Vault, WINDOW } from '../vault';

/** Runs statements for each shard of a table on the node they are on. `%1$s` is its id. */
const onShards = (table: string, statements: string): string => `
  DECLARE id text;
  BEGIN
    FOR id IN SELECT substring(relname FROM '\\d{6}$') FROM pg_class WHERE relname ~ '^${table}_\\d{6}$' AND relkind = 'r' LOOP
      EXECUTE format($x$ ${statements} $x$, id);
    END LOOP;
  END`;

platformSuite('what a rebalance moved, before and after', () => {
  let vault: Vault;
  beforeEach(async () => {
    vault = new Vault(await freshCitusDatabase({ workers: 0 }));
  }, 60_000);
  afterEach(async () => vault.database.drop());

  async function createReadings(): Promise<void> {
    await vault.as((client) =>
      client.query(`
        CREATE TABLE readings (id bigint PRIMARY KEY, v text CHECK (v <> ''), at timestamptz[] DEFAULT ARRAY[now()]);
        INSERT INTO readings (id, v) SELECT i, repeat('x', 50) FROM generate_series(1, 2000) i;
        SELECT create_distributed_table('readings', 'id', shard_count := 6);
        CREATE INDEX readings_v ON readings (v)`),
    );
    await vault.database.addWorkers();
  }

  test('a job: the same, though a node writes values as text in another way; nothing is read where nobody asks', async () => {
    await createReadings();
    for (const worker of await vault.workers()) {
      await withClient(worker, async (client) => {
        await client.query('SET citus.enable_ddl_propagation TO off');
        await client.query(`ALTER DATABASE ${worker.database} SET TimeZone TO 'Asia/Tokyo'`);
        await client.query(`ALTER DATABASE ${worker.database} SET DateStyle TO 'German'`);
      });
    }
    const input = vault.input('block_writes', ['setting-differs:DateStyle', 'setting-differs:TimeZone']);
    const run = await rebalanceRun(recordingContext().context, input);
    expect(run).toMatchObject({ outcome: 'done', document: { rows: { groups: 4, same: 4, different: [] } } });
    expect(run.document.job).not.toBeNull();
    await vault.as(async (client) => {
      const { rows } = await client.query<{ shardid: string; nodename: string; nodeport: number }>(
        'SELECT shardid, nodename, nodeport FROM citus_shards WHERE nodeport <> $1 LIMIT 1',
        [vault.database.target.port],
      );
      const [shard] = rows;
      await client.query("SELECT citus_move_shard_placement($1, $2, $3, $2, $4, 'block_writes')", [
        shard?.shardid,
        shard?.nodename,
        shard?.nodeport,
        vault.database.target.port,
      ]);
    });
    const recorded = recordingContext();
    const quick = await rebalanceRun(recorded.context, {
      ...input,
      compareRows: false,
    });
    expect(quick).toMatchObject({ outcome: 'done', document: { moves: 1, rows: null } });
    expect(recorded.infos.join()).not.toMatch(/counting/);
  }, 120_000);

  test('a job that lost rows has failed, and what it left at the source is not removed', async () => {
    await createReadings();
    await vault.onWorkersAfter(
      'ALTER TABLE',
      onShards('readings', 'DELETE FROM readings_%1$s WHERE mod(id, 7) = 0'),
    );
    const recorded = recordingContext();
    const run = await rebalanceRun(recorded.context, vault.input('block_writes'));
    await vault.leaveWorkersAlone();
    expect(run).toMatchObject({
      outcome: 'failed',
      document: { state: 'finished', rows: { groups: 4, same: 0 } },
    });
    const different = run.document.rows?.different ?? [];
    expect(different).toHaveLength(4);
    expect(different[0]).toEqual({
      table: 'readings',
      shard: expect.any(Number) as number,
      what: 'rows',
      before: expect.stringMatching(/^3\d\d rows$/) as string,
      now: expect.stringMatching(/^2\d\d rows$/) as string,
      lost: true,
    });
    expect(run.text).toMatch(/0 the same\.\n- readings, shard \d+, lost: rows: 3\d\d rows; now 2\d\d rows\n/);
    expect(run.text).toMatch(/Something was lost.*pg_dist_cleanup/);
    expect(recorded.warnings).toHaveLength(4);
  }, 120_000);

  test('rows that cannot be counted and indexes that are gone are losses', async () => {
    await createReadings();
    await vault.onWorkersAfter(
      'CREATE INDEX',
      onShards(
        'readings',
        `DROP INDEX IF EXISTS readings_v_%1$s; ALTER TABLE readings_%1$s ENABLE ROW LEVEL SECURITY;
         ALTER TABLE readings_%1$s FORCE ROW LEVEL SECURITY`,
      ),
    );
    const run = await rebalanceRun(recordingContext().context, vault.input('block_writes'));
    await vault.leaveWorkersAlone();
    expect(run.outcome).toBe('failed');
    const whats = (run.document.rows?.different ?? []).map(({ what, lost }) => `${what} ${String(lost)}`);
    expect([...new Set(whats)].sort()).toEqual(['indexes true', 'row-level security false', 'rows true']);
    expect(run.text).toMatch(/now not counted \(row-level security hides rows of it from the owner\)/);
    expect(run.text).toMatch(/indexes: CREATE INDEX readings_v_\d+ .*; now none of these/);
  }, 120_000);

  test('in windows the run ends with the move that lost something', async () => {
    await vault.as(createVault);
    await vault.database.addWorkers();
    await vault.onWorkersAfter(
      'ALTER TABLE',
      onShards('vault_r', 'DELETE FROM vault_r_%1$s WHERE mod(item_id, 5) = 0'),
    );
    const input = vault.input('block_writes', [WINDOW]);
    const run = await rebalanceRun(recordingContext().context, input);
    await vault.leaveWorkersAlone();
    expect(run).toMatchObject({
      outcome: 'failed',
      document: { state: 'failed', moves: 1, movesPlanned: 4, rows: { groups: 1, same: 0 } },
    });
    expect(run.text).toMatch(/^The run ended after 1 of 4 moves, because the last one lost something\./);
    expect(await vault.forced('vault_r')).toEqual([true, true]);
    const [lost] = run.document.rows?.different ?? [];
    // What the message says of the old placement.
    const left = await vault.platform((client) =>
      client.query<{ n: number }>(`SELECT count(*)::int AS n FROM vault_r_${String(lost?.shard)}`),
    );
    expect(lost?.before).toBe(`${left.rows[0]?.n.toLocaleString('en-US') ?? ''} rows`);
  }, 120_000);

  test('commits that are acknowledged before they are written need an allowance, but where writes wait', async () => {
    await createReadings();
    const ids = async (mode: 'auto' | 'block_writes'): Promise<string[]> => {
      const { document } = await rebalancePlan(recordingContext().context, vault.input(mode));
      return document.findings.map(({ id }) => id).sort();
    };
    expect(await ids('auto')).toEqual([]);
    const [worker] = await vault.workers();
    await vault.platform((client) =>
      client.query(`ALTER DATABASE ${vault.database.target.database} SET synchronous_commit TO off`),
    );
    if (worker !== undefined) {
      await withClient(worker, async (client) => {
        await client.query('SET citus.enable_ddl_propagation TO off');
        await client.query(`ALTER ROLE citus IN DATABASE ${worker.database} SET synchronous_commit TO off`);
      });
    }
    // On that worker the role of this session has it off, so that the worker is named as well.
    expect(await ids('auto')).toEqual([
      'asynchronous-commit:citus',
      'asynchronous-commit:coordinator',
      'asynchronous-commit:w0',
    ]);
    expect(await ids('block_writes')).toEqual([]);
    await expect(rebalanceRun(recordingContext().context, vault.input('auto'))).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/asynchronous-commit:coordinator: .*--mode block_writes/) as string,
    });
  }, 60_000);

  test('beside writers every write that was acknowledged is there, and more rows are no loss', async () => {
    await vault.as(createVault);
    await vault.database.addWorkers();
    const acknowledged = new Set<number>();
    let stop = false;
    const writer = async (first: number): Promise<void> =>
      vault.platform(async (client) => {
        for (let id = first; !stop; id += 2) {
          await client.query('INSERT INTO vault_r VALUES ($1, $2, $3)', [id % 50, id, 'new']);
          acknowledged.add(id);
          await client.query("UPDATE vault_r SET v = 'y' WHERE org_id = $1 AND item_id = $2", [id % 50, id]);
          await sleep(2);
        }
      });
    const writers = [writer(100_000), writer(100_001)];
    const run = await rebalanceRun(recordingContext().context, vault.input('auto', [WINDOW]));
    stop = true;
    await Promise.all(writers);
    expect(run).toMatchObject({ outcome: 'done', document: { moves: 4, rows: { groups: 4 } } });
    expect((run.document.rows?.different ?? []).filter(({ lost }) => lost)).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(50);
    expect(await vault.rows('vault_r')).toBe(ROWS + acknowledged.size);
    expect(await vault.forced('vault_r')).toEqual([true, true]);
  }, 120_000);
});

import type { Client } from 'pg';
import { withClient } from '../../scripts/lib/connection';
import {
  rebalancePlan,
  rebalanceRun,
  rebalanceStatus,
  rebalanceStop,
} from '../../scripts/rebalance/commands';
import { readPlacements } from '../../scripts/citus/placements';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { recordingContext } from './fixtures';

const ROWS = 20_000;

const SCHEMA = `
  CREATE TABLE device_types (device_type_id int PRIMARY KEY, device_type text);
  CREATE TABLE devices (device_id bigint PRIMARY KEY, device_type_id int REFERENCES device_types, name text);
  CREATE TABLE events (event_id bigint, device_id bigint, payload text, PRIMARY KEY (device_id, event_id));
  INSERT INTO device_types VALUES (1, 'delivery truck'), (2, 'warehouse');
  INSERT INTO devices SELECT i, 1 + i % 2, 'device ' || i FROM generate_series(1, 500) i;
  INSERT INTO events SELECT i, 1 + i % 500, repeat('x', i % 200) FROM generate_series(1, ${String(ROWS)}) i;
  SELECT create_reference_table('device_types');
  SELECT create_distributed_table('devices', 'device_id', shard_count := 32);
  SELECT create_distributed_table('events', 'device_id', colocate_with := 'devices');`;

async function contents(client: Client): Promise<unknown> {
  const { rows } = await client.query(
    `SELECT count(*)::int AS rows, sum(hashtextextended(concat_ws('|', e.event_id, e.device_id, e.payload, d.name, t.device_type), 0)::numeric)::text AS checksum
       FROM events e JOIN devices d USING (device_id) JOIN device_types t USING (device_type_id)`,
  );
  return rows[0];
}

platformSuite('a single node that was distributed, scaled out and rebalanced', () => {
  let database: TestDatabase;
  let before: unknown;
  const options = { strategy: 'by_shard_count', mode: 'block_writes' } as const;

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    before = await withClient(database.target, async (client) => {
      await client.query(SCHEMA);
      return contents(client);
    });
  }, 60_000);
  afterAll(async () => database.drop());

  const shards = async (): Promise<number[]> =>
    withClient(database.target, async (client) => (await readPlacements(client)).map((node) => node.shards));

  test('has nothing to move while it is alone, and no job to tell of', async () => {
    const { context } = recordingContext();
    const plan = await rebalancePlan(context, { target: database.target, ...options });
    expect(plan).toMatchObject({ outcome: 'done', document: { moves: [] } });
    expect(plan.text).toMatch(/^Nothing to move by by_shard_count\./);
    const status = await rebalanceStatus(context, { target: database.target });
    expect(status.document).toMatchObject({ job: null, nodes: [{ label: 'coordinator', shards: 32 }] });
    const stop = await rebalanceStop(context, { target: database.target });
    expect(stop).toMatchObject({ outcome: 'done', document: { job: null } });
    expect(stop.text).toMatch(/nothing to stop/);
  });

  test('holds every shard where it was after nodes were added, and plans 21 moves', async () => {
    await database.addWorkers();
    expect(await shards()).toEqual([32, 0, 0]);
    const { context, warnings } = recordingContext();
    const { document, outcome, text } = await rebalancePlan(context, {
      target: database.target,
      ...options,
    });
    expect(outcome).toBe('changes');
    expect(document.moves).toHaveLength(21);
    expect(document.missingReferenceTables).toEqual(['device_types']);
    expect(document.moves[0]).toMatchObject({
      tables: ['devices', 'events'],
      from: `${database.target.host}:${String(database.target.port)}`,
      mode: 'block_writes',
    });
    // Bytes are those on disk, and none are lost on the way.
    const onDisk = await withClient(database.target, async (client) => {
      const { rows } = await client.query<{ bytes: number }>(
        "SELECT sum(shard_size)::float8 AS bytes FROM citus_shards WHERE citus_table_type = 'distributed'",
      );
      return rows[0]?.bytes;
    });
    expect(document.before[0]?.bytes).toBe(onDisk);
    expect(document.after.reduce((sum, node) => sum + node.bytes, 0)).toBe(onDisk);
    expect(document.after.map((node) => node.shards).sort()).toEqual([10, 11, 11]);
    expect(document.estimate.seconds).toBeGreaterThan(1);
    expect(text).toMatch(/^21 moves of .* by by_shard_count, mode block_writes:/);
    expect(warnings).toEqual([]);
    expect(await shards()).toEqual([32, 0, 0]);
  });

  test('is moved by a job, ends 10, 11, 11 as planned, and holds the same rows', async () => {
    const { context, updates } = recordingContext();
    const plan = await rebalancePlan(context, { target: database.target, ...options });
    const run = await rebalanceRun(context, { target: database.target, ...options });
    expect(run.text).toMatch(/^Rebalanced: 21 of 21 moves/);
    expect(run).toMatchObject({
      outcome: 'done',
      document: { state: 'finished', moves: 21, movesPlanned: 21, referenceTables: ['device_types'] },
    });
    expect(run.document.job).toEqual(expect.any(Number));
    expect(run.document.seconds).toBeGreaterThan(0);
    const sum = plan.document.moves.reduce((total, move) => total + move.bytes, 0);
    expect(run.document.bytes).toBe(sum);
    expect(updates.at(-1)).toMatchObject({
      done: 21,
      detail: expect.stringMatching(/^21 of 21 moves, /) as string,
    });
    expect(run.document.after.map((node) => node.shards)).toEqual(
      plan.document.after.map((node) => node.shards),
    );
    expect(await withClient(database.target, contents)).toEqual(before);
    // The sources are free at once, not some seconds later.
    const leftovers = await withClient(database.platform, (client) =>
      client.query('SELECT FROM pg_dist_cleanup'),
    );
    expect(leftovers.rowCount).toBe(0);
  }, 60_000);

  test('is left alone by a second run', async () => {
    const { context } = recordingContext();
    const run = await rebalanceRun(context, { target: database.target, ...options });
    expect(run).toMatchObject({ outcome: 'done', document: { state: 'balanced', moves: 0, job: null } });
    expect(run.text).toMatch(/^Nothing to do: the shards are balanced\./);
    const status = await rebalanceStatus(context, { target: database.target });
    expect(status.document).toMatchObject({
      job: { state: 'finished' },
      moves: { done: 21, total: 21 },
      running: [],
      warnings: [],
      secondsLeft: null,
    });
  });

  test('estimates from then on by what it took', async () => {
    await withClient(database.target, async (client) => {
      const { rows } = await client.query<{ shardid: string; nodename: string; nodeport: number }>(
        "SELECT shardid::text, nodename, nodeport FROM citus_shards WHERE table_name = 'events'::regclass AND nodeport <> $1 LIMIT 2",
        [database.target.port],
      );
      for (const row of rows) {
        await client.query("SELECT citus_move_shard_placement($1, $2, $3, $2, $4, 'block_writes')", [
          row.shardid,
          row.nodename,
          row.nodeport,
          database.target.port,
        ]);
      }
    });
    const { context } = recordingContext();
    const plan = await rebalancePlan(context, { target: database.target, ...options });
    expect(plan.document.estimate.assumes).toMatch(/as measured at this database's last rebalance/);
    const auto = { target: database.target, strategy: 'by_shard_count', mode: 'auto' } as const;
    const logical = await rebalancePlan(context, auto);
    expect(logical.document.estimate.assumes).toMatch(/has not finished a rebalance of this mode/);
    const run = await rebalanceRun(context, auto);
    expect(run).toMatchObject({ outcome: 'done', document: { state: 'finished' } });
    expect(await withClient(database.target, contents)).toEqual(before);
  }, 60_000);
});

import type { Client } from 'pg';
import type { Distribution } from '../../config/workload/distribution-types';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { estimate } from '../../scripts/rebalance/cost/estimate';
import type { SimulateInput } from '../../scripts/simulate/commands';
import { simulate } from '../../scripts/simulate/commands';
import type { RebalanceSimulation } from '../../scripts/simulate/real-rebalance';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from '../tables/support/sensors';

/** Citus's plan in the words of a simulation, moves of partitions left out: they go with their table. */
const PLAN = `
WITH nodes AS (
  SELECT nodename, nodeport, CASE WHEN groupid = 0 THEN 'coordinator' ELSE 'w' || row_number() OVER (ORDER BY groupid) - 2 END AS name
    FROM pg_dist_node WHERE noderole = 'primary'
), shards AS (
  SELECT shardid, row_number() OVER (PARTITION BY logicalrelid ORDER BY shardminvalue::int) - 1 AS shard FROM pg_dist_shard
)
SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || CASE WHEN c.relname ~ '"' THEN quote_ident(c.relname) ELSE c.relname END AS table, s.shard::int, f.name AS from, t.name AS to
  FROM get_rebalance_table_shards_plan(rebalance_strategy := $1) WITH ORDINALITY p
  JOIN shards s USING (shardid)
  JOIN pg_class c ON c.oid = p.table_name AND NOT c.relispartition
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN nodes f ON (f.nodename, f.nodeport) = (p.sourcename, p.sourceport)
  JOIN nodes t ON (t.nodename, t.nodeport) = (p.targetname, p.targetport)
 ORDER BY p.ordinality`;

const STRATEGIES = ['by_disk_size', 'by_shard_count'] as const;
type Strategy = (typeof STRATEGIES)[number];

const named = (name: string) => ({ schema: 'public', name });

/** All of them by `user_id`, beside the first. */
const spec = (shardCount: number, first: string, ...others: string[]): Distribution => ({
  shardCount,
  online: true,
  tables: [first, ...others].map((name) => ({
    kind: 'distributed',
    table: named(name),
    distributeBy: 'user_id',
    ...(name === first ? {} : { colocateWith: named(first) }),
  })),
});

async function ask(
  target: ConnectionTarget,
  strategy: Strategy,
  more: Partial<SimulateInput> = {},
): Promise<RebalanceSimulation> {
  const { document } = await simulate(testContext(), {
    target,
    topology: {},
    strategy,
    reading: 'exact',
    estimateMoves: (moves) => estimate(moves, 'auto', undefined),
    ...more,
  });
  if (!('distributed' in document)) throw new Error('this was read as a database that is not distributed');
  return document;
}

/** Moves by table, shard and nodes; those of one shard group side by side, in the order of the tables' names. */
function lines(
  moves: readonly {
    readonly table: string;
    readonly shard: number;
    readonly from: string;
    readonly to: string;
  }[],
): string[] {
  return moves.map(({ table, shard, from, to }) => `${table} ${String(shard)} ${from} ${to}`);
}

async function realMoves(platform: ConnectionTarget, strategy: Strategy) {
  return query<{ table: string; shard: number; from: string; to: string }>(platform, PLAN, [strategy]);
}

async function holdShards(client: Client, group: string, holds: boolean): Promise<void> {
  await client.query(
    `SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', $1)
       FROM (SELECT *, row_number() OVER (ORDER BY groupid) - 2 AS worker FROM pg_dist_node WHERE noderole = 'primary') n
      WHERE CASE WHEN groupid = 0 THEN 'coordinator' ELSE 'w' || worker END = $2`,
    [holds, group],
  );
}

platformSuite('a simulated rebalance of what is distributed already', () => {
  let database: TestDatabase;
  const foreseen = new Map<string, RebalanceSimulation>();

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await withClient(database.target, async (client) => {
      // Each by itself: Citus takes no schema in a transaction that wrote to shards side by side.
      for (const statement of `
        CREATE TABLE users (user_id bigint PRIMARY KEY, "odd % name" text);
        CREATE TABLE events (user_id bigint NOT NULL, n int, body text);
        CREATE TABLE readings (device int NOT NULL, at date NOT NULL, body text) PARTITION BY RANGE (at);
        CREATE TABLE readings_a PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
        CREATE TABLE readings_b PARTITION OF readings FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
        CREATE INDEX ON readings (at);
        CREATE TABLE "One ""%s"" day" (id date NOT NULL);
        CREATE TABLE few (id text NOT NULL);
        CREATE TABLE kinds (kind int PRIMARY KEY);
        INSERT INTO users SELECT generate_series(1, 500);
        INSERT INTO events SELECT 1 + (g * g) % 37, g, repeat('x', 3000) FROM generate_series(1, 20000) g;
        INSERT INTO readings SELECT g % 9, '2024-01-01'::date + g % 360, repeat('y', 200) FROM generate_series(1, 9000) g;
        INSERT INTO "One ""%s"" day" SELECT '2024-01-01'::date + g % 5 FROM generate_series(1, 50) g;
        INSERT INTO few SELECT g FROM generate_series(1, 40) g;
        ALTER TABLE events ALTER body SET STORAGE EXTERNAL;
        SELECT create_distributed_table('readings', 'device', shard_count := 6, colocate_with := 'none');
        SELECT create_distributed_table('users', 'user_id', shard_count := 16, colocate_with := 'none');
        SELECT create_distributed_table('events', 'user_id', colocate_with := 'users');
        SELECT create_distributed_table('"One ""%s"" day"', 'id', shard_count := 1, colocate_with := 'none');
        SELECT create_distributed_table('few', 'id', shard_count := 2, colocate_with := 'none');
        SELECT create_reference_table('kinds');
        SET citus.enable_schema_based_sharding TO on;
        CREATE SCHEMA tenant_a; CREATE TABLE tenant_a.notes (body text); CREATE TABLE tenant_a.bills (n int);
        CREATE SCHEMA tenant_b; CREATE TABLE tenant_b.notes (body text);
        INSERT INTO tenant_a.notes SELECT repeat('z', 500) FROM generate_series(1, 3000);
        VACUUM ANALYZE`.split(';')) {
        await client.query(statement);
      }
    });
    for (const strategy of STRATEGIES) {
      for (const coordinatorHoldsShards of [true, false]) {
        const topology = { workers: 2, coordinatorHoldsShards };
        foreseen.set(
          `${strategy} ${String(coordinatorHoldsShards)}`,
          await ask(database.target, strategy, { topology }),
        );
      }
    }
    await database.addWorkers();
  }, 120_000);

  afterAll(() => database.drop());

  it.each(STRATEGIES.flatMap((strategy) => [true, false].map((holds) => [strategy, holds] as const)))(
    'is, asked before the workers came, what Citus plans once they are there: %s, coordinator holding shards: %s',
    async (strategy, holds) => {
      await withClient(database.platform, (client) => holdShards(client, 'coordinator', holds));
      const real = await realMoves(database.platform, strategy);
      const simulated = foreseen.get(`${strategy} ${String(holds)}`);
      expect(simulated?.added).toEqual(['w0', 'w1']);
      expect(real.length).toBeGreaterThan(20);
      expect(lines(simulated?.moves ?? [])).toEqual(lines(real));
      // And asked of the cluster as it is now, which needs no topology.
      const now = await ask(database.target, strategy);
      expect(now).toMatchObject({ workers: 2, coordinatorHoldsShards: holds, added: [], emptied: [] });
      expect(lines(now.moves)).toEqual(lines(real));
    },
  );

  it('takes thresholds and the base cost as the database has them set', async () => {
    await withClient(database.platform, async (client) => {
      await holdShards(client, 'coordinator', true);
      const name =
        (await client.query<{ d: string }>('SELECT quote_ident(current_database()) AS d')).rows[0]?.d ?? '';
      await client.query(`ALTER DATABASE ${name} SET citus.rebalancer_by_disk_size_base_cost = '1MB'`);
      await client.query(
        "UPDATE pg_dist_rebalance_strategy SET default_threshold = 0.02, improvement_threshold = 0.1 WHERE name = 'by_disk_size'",
      );
    });
    const before = lines(foreseen.get('by_disk_size true')?.moves ?? []);
    const moves = lines((await ask(database.target, 'by_disk_size')).moves);
    expect(moves).toEqual(lines(await realMoves(database.platform, 'by_disk_size')));
    expect(moves).not.toEqual(before);
  });

  it.each(STRATEGIES)('empties workers that are to go, as Citus does: %s', async (strategy) => {
    // Shards on every node first, wherever Citus wants them.
    await withClient(database.platform, async (client) => {
      await holdShards(client, 'coordinator', true);
      await client.query(
        "SELECT rebalance_table_shards(shard_transfer_mode := 'block_writes', rebalance_strategy := 'by_shard_count')",
      );
    });
    const simulated = await ask(database.target, strategy, { topology: { workers: 1 } });
    expect(simulated).toMatchObject({ workers: 1, emptied: ['w1'], added: [] });
    expect(simulated.before.every(({ shards }) => shards > 5)).toBe(true);
    expect(simulated.nodes.find(({ name }) => name === 'w1')).toEqual({
      name: 'w1',
      shards: 0,
      rows: 0,
      bytes: 0,
    });
    await withClient(database.platform, (client) => holdShards(client, 'w1', false));
    const real = await realMoves(database.platform, strategy);
    await withClient(database.platform, (client) => holdShards(client, 'w1', true));
    expect(lines(simulated.moves)).toEqual(lines(real));
    expect((await ask(database.target, strategy, { topology: { workers: 0 } })).nodes[0]).toMatchObject({
      name: 'coordinator',
      shards: 16 + 6 + 2 + 1 + 2,
    });
  });

  it('counts the rows of every shard, and names the biggest tenant', async () => {
    const { tables, before, referenceTables } = await ask(database.target, 'by_shard_count');
    const { length } = tables;
    expect(
      Object.fromEntries(
        tables.map(({ table, rows, column, shards }) => [table, [rows, column, shards.length]]),
      ),
    ).toEqual({
      users: [500, 'user_id', 16],
      events: [20_000, 'user_id', 16],
      readings: [9000, 'device', 6],
      '"One ""%s"" day"': [50, 'id', 1],
      few: [40, 'id', 2],
      'tenant_a.notes': [3000, null, 1],
      'tenant_a.bills': [0, null, 1],
      'tenant_b.notes': [0, null, 1],
    });
    expect(length).toBe(8);
    const sizes = await query<{ table: string; bytes: number }>(
      database.target,
      `SELECT coalesce(pg_partition_root(s.logicalrelid), s.logicalrelid)::text AS table, sum(z.size)::float8 AS bytes
         FROM citus_shard_sizes() z JOIN pg_dist_shard s ON s.shardid = z.shard_id GROUP BY 1`,
    );
    const sized = new Map(sizes.map(({ table, bytes }) => [table, bytes]));
    for (const name of ['users', 'events', 'readings', 'few']) {
      expect([name, tables.find(({ table }) => table === name)?.bytes]).toEqual([name, sized.get(name)]);
    }
    expect(before.reduce((sum, { rows }) => sum + rows, 0)).toBe(32_590);
    expect(referenceTables).toEqual([{ table: 'kinds', bytes: expect.any(Number) as number }]);
    for (const name of ['events', 'readings']) {
      const real = await query<{ min: number; rows: number }>(
        database.target,
        `SELECT s.shardminvalue::float8 AS min, r.result::float8 AS rows FROM run_command_on_shards($1::regclass, 'SELECT count(*) FROM %s') r JOIN pg_dist_shard s USING (shardid) ORDER BY 1`,
        [name],
      );
      const shards = tables.find(({ table }) => table === name)?.shards ?? [];
      expect(shards.map(({ min, rows }) => ({ min, rows }))).toEqual(real);
    }
    const biggest = await query<{ user_id: string; rows: number }>(
      database.target,
      'SELECT user_id, count(*)::float8 AS rows FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 1',
    );
    const events = tables.find(({ table }) => table === 'events');
    expect(events?.biggestTenant?.rows).toBe(biggest[0]?.rows);
    // Of a large table nobody waits for the count: the planner's estimate does, and shards that have moved have none.
    const moved = await ask(database.target, 'by_shard_count', { reading: 'sample' });
    const about = moved.tables.find(({ table }) => table === 'events')?.rows ?? 0;
    expect(about).not.toBe(20_000);
    expect(Math.abs(about - 20_000)).toBeLessThan(500);
    await query(database.target, 'ANALYZE');
    const estimated = await ask(database.target, 'by_shard_count', { reading: 'sample' });
    expect(estimated.tables.map(({ table, rows }) => [table, rows])).toEqual(
      tables.map(({ table, rows }) => [table, rows]),
    );
    expect(estimated.tables.every(({ rowsEstimated }) => rowsEstimated)).toBe(true);
  });

  it('refuses what cannot be asked of it, in one paragraph', async () => {
    await query(database.target, 'CREATE TABLE later (user_id bigint NOT NULL)');
    const wrong: [Partial<SimulateInput>, RegExp][] = [
      [{ expected: spec(32, 'users', 'few') }, /^few has no column "user_id" to distribute by/],
      [{ question: { table: named('later') } }, /^--table needs --column: later is not distributed/],
      [
        { question: { table: named('users'), column: 'odd % name' } },
        /by odd % name: 500 of its rows are NULL/,
      ],
      [
        { expected: { ...spec(32, 'users'), schemas: [{ schema: 'tenant_c', kind: 'distributed' }] } },
        /^schema tenant_c is not distributed yet, and users is: simulate schemas/,
      ],
      [
        { topology: { workers: 0, coordinatorHoldsShards: false } },
        /^a cluster without workers has no node but/,
      ],
      [{ topology: { workers: -1 } }, /^-1 is no number of workers/],
    ];
    for (const [more, message] of wrong) {
      const answer = await ask(database.target, 'by_disk_size', more).catch((error: unknown) => error);
      expect((answer as Error).message).toMatch(message);
      expect((answer as Error).message).not.toContain('\n');
    }
    // A specification of what is distributed asks the same as none.
    const same = await ask(database.target, 'by_disk_size', { expected: spec(16, 'users', 'events') });
    expect(same.asked).toBeUndefined();
    expect(same.moves).toEqual((await ask(database.target, 'by_disk_size')).moves);
  });

  it('says it for people', async () => {
    const { text } = await simulate(testContext(), {
      target: database.target,
      topology: { workers: 3, coordinatorHoldsShards: false },
      strategy: 'by_shard_count',
      reading: 'auto',
      estimateMoves: (moves) => estimate(moves, 'auto', undefined),
    });
    expect(text).toMatch(
      /^Simulated, nothing was changed: the shards that are there, on a coordinator which holds no shards and 3 workers\.\nNew, and empty so far: w2\./,
    );
    expect(text).toMatch(/^events +user_id +users +16 +20,000 /m);
    expect(text).toMatch(/^tenant_b\.notes +schema +1 +0 /m);
    expect(text).toMatch(/A rebalance would move \d+ shards of /);
    const asked = await simulate(testContext(), {
      target: database.target,
      question: { table: named('events') },
      shardCount: 4,
      topology: {},
      strategy: 'by_shard_count',
      reading: 'auto',
      estimateMoves: (moves) => estimate(moves, 'auto', undefined),
    });
    expect(asked.text).toMatch(/^events +user_id +users +16 +[\d.]+ +user_id +events +4 +[\d.]+ +20,000$/m);
    expect(asked.text).toMatch(
      /events would no longer live beside users: a join of them would leave the node/,
    );
    expect(asked.text).toMatch(/^w1 +\d+ +[\d,]+ +[\d.]+ [KM]iB +\d+ /m);
  });

  /** Rows of each shard and the node it is on, as Citus has them. */
  const real = (table: string) =>
    query<{ min: number; rows: number; node: string }>(
      database.platform,
      `SELECT s.shardminvalue::float8 AS min, r.result::float8 AS rows,
              CASE WHEN n.groupid = 0 THEN 'coordinator' ELSE 'w' || n.groupid - (SELECT min(groupid) FROM pg_dist_node WHERE groupid > 0) END AS node
         FROM run_command_on_shards($1::regclass, 'SELECT count(*) FROM %s') r
         JOIN pg_dist_shard s USING (shardid) JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
        ORDER BY 1`,
      [table],
    );

  it('shows the layout that is asked for beside the one that is there, as Citus then makes it', async () => {
    const present = await ask(database.target, 'by_shard_count');
    const later = { ...spec(32, 'later'), tables: [...spec(32, 'users', 'later').tables] };
    const byColumn = await ask(database.target, 'by_shard_count', {
      question: { table: named('events'), column: 'n' },
      shardCount: 5,
    });
    const byCount = await ask(database.target, 'by_shard_count', { shardCount: 7 });
    const mixed = await ask(database.target, 'by_shard_count', { expected: later });
    const referenceTables = await ask(database.target, 'by_shard_count', {
      expected: { shardCount: 16, online: true, tables: [{ kind: 'reference', table: named('few') }] },
    });

    expect(byColumn.asked).toMatchObject({
      tables: ['events'],
      parted: [{ leaving: ['events'], staying: ['users'] }],
    });
    expect(byColumn.present).toMatchObject({ tables: present.tables, nodes: present.before });
    expect(byColumn.tables.find(({ table }) => table === 'users')?.shards).toHaveLength(16);
    expect([...(byCount.asked?.tables ?? [])].sort()).toEqual(
      ['"One ""%s"" day"', 'events', 'few', 'readings', 'users'].sort(),
    );
    expect(byCount.asked?.parted).toEqual([]);
    expect(mixed.asked?.tables).toEqual(['users', 'later']);
    expect(mixed.asked?.parted).toEqual([{ leaving: ['users'], staying: ['events'] }]);
    expect(referenceTables.asked).toMatchObject({ tables: [], toReference: ['few'] });
    expect(referenceTables.referenceTables.map(({ table }) => table)).toEqual(['kinds', 'few']);
    expect(referenceTables.before.reduce((sum, { shards }) => sum + shards, 0)).toBe(16 + 6 + 1 + 2);

    const shardsOf = ({ tables }: RebalanceSimulation, name: string) =>
      tables.find(({ table }) => table === name)?.shards.map(({ min, rows }) => ({ min, rows }));
    for (const [simulated, table, change] of [
      [byColumn, 'events', "distribution_column := 'n', shard_count := 5, cascade_to_colocated := false"],
      [byCount, 'readings', 'shard_count := 7'],
    ] as const) {
      const before = await real(table);
      await query(database.target, `SELECT alter_distributed_table('${table}', ${change})`);
      const then = await real(table);
      expect(then).not.toEqual(before);
      expect(shardsOf(simulated, table)).toEqual(then.map(({ min, rows }) => ({ min, rows })));
    }
    // Once it is so, asking for it is asking for what is there; the nodes hold what was foreseen.
    const {
      asked,
      named: one,
      before,
    } = await ask(database.target, 'by_shard_count', {
      question: { table: named('events') },
      shardCount: 5,
    });
    expect([asked, one]).toEqual([undefined, 'events']);
    const rowsOnNodes = new Map<string, number>();
    for (const { node, rows } of await real('events')) {
      rowsOnNodes.set(node, (rowsOnNodes.get(node) ?? 0) + rows);
    }
    const others = await ask(database.target, 'by_shard_count', {
      expected: { shardCount: 5, online: true, tables: [{ kind: 'local', table: named('events') }] },
    });
    for (const { name, rows } of before) {
      const without = others.before.find((node) => node.name === name)?.rows ?? 0;
      expect([name, rows - without]).toEqual([name, rowsOnNodes.get(name) ?? 0]);
    }
    const large = await ask(database.target, 'by_shard_count', { shardCount: 9, reading: 'sample' });
    expect(large.tables.find(({ table }) => table === 'users')?.rows).toBe(500);
  });
});

import type { Distribution, ExpectedTable } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { silentReporter } from '../../scripts/lib/reporter';
import { localEngines } from '../../scripts/local/engines';
import { chooseEngine } from '../../scripts/local/engines/choose-engine';
import type { LocalCluster } from '../../scripts/local/engines/engine';
import type { SimulateInput } from '../../scripts/simulate/commands';
import { simulate } from '../../scripts/simulate/commands';
import type { Simulation } from '../../scripts/simulate/simulation';
import { laneSuite } from '../support/lanes';

const context = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.resolve(true),
};

const distributed = (name: string, distributeBy: string, colocateWith?: string): ExpectedTable => ({
  kind: 'distributed',
  table: { schema: 'public', name },
  distributeBy,
  ...(colocateWith === undefined ? {} : { colocateWith: { schema: 'public', name: colocateWith } }),
});

const spec = (...tables: ExpectedTable[]): Distribution => ({ shardCount: 32, online: true, tables });

laneSuite('postgres', 'simulate on plain PostgreSQL', () => {
  let cluster: LocalCluster;

  beforeAll(async () => {
    const engines = localEngines({}).filter(({ name }) => name === 'embedded');
    cluster = await (await chooseEngine(engines, undefined)).availability.start(silentReporter);
    await withClient(cluster.coordinator, (client) =>
      client.query(`
        CREATE TABLE kinds (kind int PRIMARY KEY, words text);
        CREATE TABLE owners (owner_id bigint PRIMARY KEY);
        -- Every second row is of one tenant; the others follow one another, so that a block holds few of them.
        CREATE TABLE readings (owner_id bigint REFERENCES owners, at timestamp, body text, shape xml, twice bigint GENERATED ALWAYS AS (owner_id * 2) STORED);
        INSERT INTO owners SELECT generate_series(1, 4000);
        INSERT INTO readings (owner_id, at, body)
          SELECT CASE WHEN g % 2 = 0 THEN 7 ELSE 1 + g / 100 END, '2024-01-01'::timestamp + g * interval '1 s', repeat('x', 150)
            FROM generate_series(1, 399900) g;
        CREATE TABLE holes (owner_id bigint, n int);
        INSERT INTO holes SELECT nullif(g % 50, 0), g FROM generate_series(1, 5000) g;
        CREATE TABLE parted (id int NOT NULL, at int NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (50000);
        CREATE TABLE parted_b PARTITION OF parted FOR VALUES FROM (50000) TO (1000000);
        INSERT INTO parted SELECT g % 3000, g FROM generate_series(1, 900000) g;
        CREATE VIEW lately AS SELECT * FROM readings;
        CREATE TABLE nobody (id int NOT NULL)`),
    );
  }, 120_000);

  afterAll(() => cluster.stop());

  const run = async (expected: Distribution, more: Partial<SimulateInput> = {}): Promise<Simulation> => {
    const { document } = await simulate(context, {
      target: cluster.coordinator,
      expected,
      topology: { workers: 2, coordinatorHoldsShards: true },
      strategy: 'by_shard_count',
      reading: 'exact',
      estimateMoves: (moves) => ({ seconds: moves.length, longestWritePauseMs: 1, assumes: 'a test' }),
      ...more,
    });
    if ('distributed' in document) throw new Error('this was read as a database that is distributed');
    return document;
  };

  it('counts every row once, on the shards and on the nodes, and moves colocated shards together', async () => {
    const simulation = await run(
      spec(distributed('readings', 'owner_id', 'owners'), distributed('owners', 'owner_id'), {
        kind: 'reference',
        table: { schema: 'public', name: 'kinds' },
      }),
    );
    expect(
      simulation.tables.map(({ table, rows, colocationGroup }) => [table, rows, colocationGroup]),
    ).toEqual([
      ['owners', 4000, 'owners'],
      ['readings', 399_900, 'owners'],
    ]);
    for (const nodes of [simulation.before, simulation.nodes, simulation.workersFirst.nodes]) {
      expect(nodes.map(({ name }) => name)).toEqual(['coordinator', 'w0', 'w1']);
      expect(nodes.reduce((sum, { rows }) => sum + rows, 0)).toBe(403_900);
      expect(nodes.reduce((sum, { shards }) => sum + shards, 0)).toBe(32);
    }
    expect(simulation.before.map(({ shards }) => shards)).toEqual([32, 0, 0]);
    expect(simulation.nodes.map(({ shards }) => shards).sort()).toEqual([10, 11, 11]);
    expect(simulation.workersFirst.moves).toBe(0);
    expect(simulation.moves).toHaveLength(2 * 21);
    expect(simulation.estimate.seconds).toBe(21);
    expect(simulation.referenceTables.map(({ table }) => table)).toEqual(['kinds']);
    const [, readings] = simulation.tables;
    expect(readings?.biggestTenant).toMatchObject({ value: '7', rows: 199_950 + 50 });
    // 1 + g / 100 for odd g up to 399,899.
    expect(readings?.tenants).toBe(3999);
    const largest = Math.max(...(readings?.shards ?? []).map(({ rows }) => rows));
    expect(readings?.skew).toBeCloseTo((largest * 32) / 399_900, 2);
    expect(largest).toBeGreaterThan(200_000);
  });

  it.each([
    ['readings', 'owner_id'],
    ['readings', 'at'],
    ['parted', 'id'],
  ])('estimates %s by %s from a sample, with bounds that hold', async (table, column) => {
    const expected = spec(distributed(table, column));
    const [truth] = (await run(expected)).tables;
    const [sampled] = (await run(expected, { reading: 'sample' })).tables;
    expect(sampled?.sample?.blocks).toBeLessThan((sampled?.sample?.ofBlocks ?? 0) * 0.8);
    sampled?.shards.forEach(({ index, rowsBetween }) => {
      const rows = truth?.shards[index]?.rows ?? -1;
      expect(rowsBetween?.[0]).toBeLessThanOrEqual(rows);
      expect(rowsBetween?.[1]).toBeGreaterThanOrEqual(rows);
    });
    expect(Math.abs((sampled?.rows ?? 0) / (truth?.rows ?? 1) - 1)).toBeLessThan(0.03);
    expect(sampled?.skewBetween?.[0]).toBeLessThanOrEqual(truth?.skew ?? 0);
    expect(sampled?.skewBetween?.[1]).toBeGreaterThanOrEqual(truth?.skew ?? Infinity);
    if (column === 'owner_id') {
      expect(sampled?.biggestTenant?.value).toBe('7');
      expect(sampled?.biggestTenant?.rowsBetween?.[0]).toBeLessThanOrEqual(200_000);
      expect(sampled?.biggestTenant?.rowsBetween?.[1]).toBeGreaterThanOrEqual(200_000);
    }
    // The same table gives the same answer.
    expect((await run(expected, { reading: 'sample' })).tables[0]).toEqual(sampled);
  });

  it('reads small tables whole however they are asked for', async () => {
    const [table] = (await run(spec(distributed('owners', 'owner_id')), { reading: 'sample' })).tables;
    expect(table?.rows).toBe(4000);
    expect(
      table?.shards.every(({ rows, rowsBetween }) => rowsBetween?.[0] === rows && rowsBetween[1] === rows),
    ).toBe(true);
    const [empty] = (await run(spec(distributed('nobody', 'id')))).tables;
    expect(empty).toMatchObject({ rows: 0, skew: 1, biggestTenant: null });
  });

  it.each<[string, Distribution, Partial<SimulateInput>, RegExp]>([
    [
      'an unknown table',
      spec(distributed('readngs', 'owner_id')),
      {},
      /^there is no table readngs .*did you mean "readings"/,
    ],
    [
      'an unknown reference table',
      spec(distributed('owners', 'owner_id'), { kind: 'reference', table: { schema: 'x', name: 'kinds' } }),
      {},
      /^there is no table x\.kinds .*the schema x holds no table/,
    ],
    [
      'an unknown column',
      spec(distributed('readings', 'owner')),
      {},
      /^readings has no column "owner" .*its columns are owner_id, at, body/,
    ],
    [
      'a column that cannot be hashed',
      spec(distributed('readings', 'shape')),
      {},
      /by shape: its type xml has no hash function/,
    ],
    ['a generated column', spec(distributed('readings', 'twice')), {}, /by twice: the column is generated/],
    [
      'NULLs',
      spec(distributed('holes', 'owner_id')),
      {},
      /^holes cannot be distributed by owner_id: 100 of its rows are NULL there/,
    ],
    [
      'NULLs in a sample',
      spec(distributed('holes', 'owner_id')),
      { reading: 'sample' },
      /100 of the 5000 rows sampled are NULL/,
    ],
    ['a partition', spec(distributed('parted_a', 'id')), {}, /^parted_a is a partition/],
    ['a view', spec(distributed('lately', 'owner_id')), {}, /^lately is a view/],
    [
      'columns of two types in a group',
      spec(distributed('owners', 'owner_id'), distributed('nobody', 'id', 'owners')),
      {},
      /^nobody cannot be colocated with owners: id is integer and owner_id is bigint/,
    ],
    [
      'no shard',
      spec(distributed('owners', 'owner_id')),
      { shardCount: 0 },
      /^0 is no shard count: .*1 to 64,000/,
    ],
    [
      'too many shards',
      spec(distributed('owners', 'owner_id')),
      { shardCount: 64_001 },
      /^64001 is no shard count/,
    ],
    [
      'a fraction of a worker',
      spec(distributed('owners', 'owner_id')),
      { topology: { workers: 1.5, coordinatorHoldsShards: true } },
      /^1\.5 is no number of workers/,
    ],
    [
      'nowhere to put shards',
      spec(distributed('owners', 'owner_id')),
      { topology: { workers: 0, coordinatorHoldsShards: false } },
      /^a cluster without workers/,
    ],
    [
      'nothing distributed',
      spec({ kind: 'reference', table: { schema: 'public', name: 'kinds' } }),
      {},
      /^nothing is distributed there/,
    ],
  ])('refuses %s in one paragraph', async (_, expected, more, message) => {
    const answer = await run(expected, more).catch((error: unknown) => error);
    expect(answer).toBeInstanceOf(Error);
    expect((answer as Error).message).toMatch(message);
    expect((answer as Error).message).not.toContain('\n');
  });

  it('takes 64,000 shards and no worker', async () => {
    const simulation = await run(spec(distributed('owners', 'owner_id')), {
      shardCount: 64_000,
      topology: { workers: 0, coordinatorHoldsShards: true },
    });
    expect(simulation.tables[0]?.shards).toHaveLength(64_000);
    expect(simulation.nodes).toEqual([
      { name: 'coordinator', shards: 64_000, rows: 4000, bytes: expect.any(Number) as number },
    ]);
    expect(simulation.moves).toEqual([]);
  });

  it.each([1, 7, 32])(
    'holds for shards (%i) on 0 to 20 workers, with the coordinator and without',
    async (shardCount) => {
      for (const workers of [0, 1, 2, 3, 8, 20]) {
        for (const coordinatorHoldsShards of workers === 0 ? [true] : [true, false]) {
          const { before, nodes, moves, workersFirst } = await run(spec(distributed('owners', 'owner_id')), {
            shardCount,
            topology: { workers, coordinatorHoldsShards },
          });
          const holders = workers + (coordinatorHoldsShards ? 1 : 0);
          for (const held of [before, nodes, workersFirst.nodes]) {
            expect(held.map(({ name }) => name)).toHaveLength(workers + 1);
            expect(held.reduce((sum, { shards }) => sum + shards, 0)).toBe(shardCount);
          }
          expect(nodes.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(before[0]?.bytes);
          const stay = coordinatorHoldsShards ? Math.ceil(shardCount / holders) : 0;
          expect(nodes[0]?.shards).toBe(stay);
          expect(moves).toHaveLength(shardCount - stay);
          const counts = nodes.slice(coordinatorHoldsShards ? 0 : 1).map(({ shards }) => shards);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          // Round robin is as even as shards can be counted, so that nothing is left to do.
          expect(workersFirst.moves).toBe(0);
        }
      }
    },
    30_000,
  );

  it('says it for people, with a bar for every shard and node', async () => {
    const { text } = await simulate(context, {
      target: cluster.coordinator,
      expected: spec(distributed('readings', 'owner_id')),
      shardCount: 4,
      topology: { workers: 1, coordinatorHoldsShards: false },
      strategy: 'by_disk_size',
      reading: 'exact',
      estimateMoves: () => ({ seconds: 75, longestWritePauseMs: 250, assumes: 'a test' }),
    });
    expect(text).toMatch(
      /^Simulated, nothing was changed: 4 shards a table, a coordinator which holds no shards, 1 worker\./,
    );
    expect(text).toMatch(/readings by owner_id \(hashint8\): 399,900 rows, \d+\.\d MiB/);
    expect(text.split('\n').filter((line) => /^ +\d .* #+$/.test(line))).toHaveLength(4);
    expect(text).toMatch(/\nw0 +4 +399,900 +\d+\.\d MiB +#{24}\n/);
    expect(text).toContain('The value with the most rows is 7, with 200,000 (50 %).');
    expect(text).toContain('About 1 min 15 s; a write may wait up to 0.3 s.');
  });
});

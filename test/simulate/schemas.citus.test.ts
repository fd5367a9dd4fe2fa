import type { Distribution } from '../../config/workload/distribution-types';
import { readTableName } from '../../config/workload/identifiers';
import type { Estimate } from '../../scripts/rebalance/cost/estimate';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply } from '../../scripts/tables/commands';
import { simulate } from '../../scripts/simulate/commands';
import type { Strategy } from '../../scripts/citus/strategy';
import type { Simulation } from '../../scripts/simulate/simulation';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from '../tables/support/sensors';

jest.setTimeout(120_000);

let database: TestDatabase;
afterEach(async () => {
  await database.drop();
});

const STRATEGIES: readonly Strategy[] = ['by_disk_size', 'by_shard_count'];

/** Thousands of rows of each tenant: sizes that differ by more than what free space is left in files. */
const TENANTS = { acme: 12, 'Big "One"': 48, corner: 2, delta: 27, echo: 6, foxtrot: 19, golf: 0 };

/** How long they take is no matter here. */
const estimateMoves = (): Estimate => ({ seconds: 0, longestWritePauseMs: 0, assumes: 'nothing' });

const distribution: Distribution = {
  shardCount: 8,
  online: false,
  tables: [
    { kind: 'reference', table: { schema: 'public', name: 'kinds' } },
    { kind: 'distributed', table: { schema: 'public', name: 'shared' }, distributeBy: 'id' },
  ],
  schemas: Object.keys(TENANTS).map((schema) => ({ schema, kind: 'distributed' })),
};

/** @param orders the columns of a table of each tenant, which the other references */
async function createTenants(orders: string): Promise<void> {
  const tenants = Object.entries(TENANTS).map(([name, thousands]) => {
    const schema = `"${name.replaceAll('"', '""')}"`;
    return `CREATE SCHEMA ${schema};
      CREATE TABLE ${schema}.orders (${orders});
      CREATE TABLE ${schema}.lines (order_id int REFERENCES ${schema}.orders, line text);
      INSERT INTO ${schema}.orders SELECT i, 1, repeat('x', 100) FROM generate_series(1, ${String(thousands)} * 1000) i;
      INSERT INTO ${schema}.lines SELECT i, i::text FROM generate_series(1, ${String(thousands)} * 1000) i;`;
  });
  await query(
    database.target,
    `CREATE TABLE kinds (id int PRIMARY KEY); INSERT INTO kinds VALUES (1);
     CREATE TABLE shared (id int, note text);
     INSERT INTO shared SELECT i, repeat('x', 200) FROM generate_series(1, 15) i, generate_series(1, 2000 * i);
     ${tenants.slice(0, 2).join('\n')}`,
  );
  // As autovacuum does at any time: foreign keys made from here on lie before those of the first tenants in the catalog.
  await query(database.platform, 'VACUUM pg_depend');
  await query(database.target, `${tenants.slice(2).join('\n')} ANALYZE`);
}

const simulated = async (strategy: Strategy): Promise<Simulation> => {
  const { document } = await simulate(testContext(), {
    target: database.target,
    expected: distribution,
    topology: { workers: 2, coordinatorHoldsShards: true },
    strategy,
    reading: 'exact',
    estimateMoves,
  });
  if (!('workersFirst' in document)) throw new Error('simulated a cluster that is distributed');
  return document;
};

/** What moves together, once: the schema of a tenant, or one shard of the table that is not. */
function together(
  moves: readonly {
    readonly schema: string;
    readonly shard: number;
    readonly from: string;
    readonly to: string;
  }[],
): string[] {
  const told = moves.map(({ schema, shard, from, to }) => `${schema} ${String(shard)} ${from} ${to}`);
  return told.filter((each, place) => told.indexOf(each) === place);
}

/** The plan Citus itself makes, in the words of {@link together}. */
async function realMoves(strategy: Strategy): Promise<string[]> {
  const rows = await query<{ schema: string; shard: number; from: string; to: string }>(
    database.target,
    `WITH nodes AS (SELECT nodename, nodeport, CASE WHEN groupid = 0 THEN 'coordinator' ELSE 'w' || row_number() OVER (ORDER BY nodeid) - 2 END AS node FROM pg_dist_node),
          shards AS (SELECT shardid, (row_number() OVER (PARTITION BY logicalrelid ORDER BY shardminvalue::int8) - 1)::int AS shard FROM pg_dist_shard)
     SELECT n.nspname AS schema, s.shard, f.node AS "from", t.node AS "to"
       FROM get_rebalance_table_shards_plan(rebalance_strategy := $1) WITH ORDINALITY p
       JOIN shards s USING (shardid) JOIN pg_class c ON c.oid = p.table_name JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN nodes f ON (f.nodename, f.nodeport) = (p.sourcename, p.sourceport)
       JOIN nodes t ON (t.nodename, t.nodeport) = (p.targetname, p.targetport)
      ORDER BY p.ordinality`,
    [strategy],
  );
  return together(rows);
}

platformSuite('simulated schemas', () => {
  test('move as Citus plans to move them, whatever else is distributed', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createTenants('id int PRIMARY KEY, kind_id int REFERENCES kinds, note text');
    const foreseen = new Map<Strategy, Simulation>();
    for (const strategy of STRATEGIES) foreseen.set(strategy, await simulated(strategy));

    await tablesApply(testContext(), { target: database.target, expected: distribution });
    await database.addWorkers();
    for (const [strategy, simulation] of foreseen) {
      const moves = simulation.moves.map((move) => {
        const name = readTableName(move.table);
        return { ...move, schema: name.ok ? name.value.schema : name.problem };
      });
      expect(moves.length).toBeGreaterThan(8);
      expect(together(moves)).toEqual(await realMoves(strategy));
    }

    const { schemas, tables, before, workersFirst } =
      foreseen.get('by_disk_size') ?? (await simulated('by_disk_size'));
    expect(tables.map(({ table }) => table)).toEqual(['shared']);
    expect(schemas.map(({ schema, rows }) => [schema, rows / 2000])).toEqual(
      Object.entries(TENANTS).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    expect(workersFirst.schemasInAnyOrder).toEqual(schemas.map(({ schema }) => schema));
    expect(before[0]).toMatchObject({ name: 'coordinator', shards: 8 + schemas.length });
    // What was foreseen of their size is what they have; that of files that were just filled, to a few blocks.
    const real = await query<{ schema: string; bytes: number }>(
      database.target,
      `SELECT n.nspname AS schema, sum(size)::float8 AS bytes
         FROM (SELECT shard_id, max(size) AS size FROM citus_shard_sizes() GROUP BY 1) z
         JOIN pg_dist_shard s ON s.shardid = z.shard_id JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname <> 'public' GROUP BY 1`,
    );
    for (const { schema, bytes } of schemas) {
      expect(Math.abs((real.find((each) => each.schema === schema)?.bytes ?? 0) - bytes)).toBeLessThan(
        16 * 8192,
      );
    }
  });

  test('come to the nodes where Citus puts them, with the workers there first', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await createTenants('id int PRIMARY KEY, kind_id int, note text');
    const { workersFirst } = await simulated('by_shard_count');
    await tablesApply(testContext(), { target: database.target, expected: distribution });
    // Citus counts nodes by name and port. On Azure that is the coordinator first; here, all hold shards, and are alike.
    const real = await query<{ node: string; rows: number; shards: number }>(
      database.target,
      `WITH nodes AS (SELECT groupid, (ARRAY['coordinator', 'w0', 'w1'])[row_number() OVER (ORDER BY nodename COLLATE "C", nodeport)] AS node FROM pg_dist_node),
            placed AS (SELECT s.logicalrelid, s.shardid, node, p.colocationid FROM pg_dist_partition p
                         JOIN pg_dist_shard s USING (logicalrelid) JOIN pg_dist_placement USING (shardid) JOIN nodes USING (groupid)
                        WHERE p.repmodel <> 't'),
            rows AS (SELECT shardid, result::int AS rows FROM (SELECT DISTINCT logicalrelid FROM placed) t, run_command_on_shards(t.logicalrelid, 'SELECT count(*) FROM %s'))
       SELECT node, sum(rows)::int AS rows,
              (count(DISTINCT colocationid) FILTER (WHERE colocationid IN (SELECT colocationid FROM pg_dist_schema))
               + count(*) FILTER (WHERE colocationid NOT IN (SELECT colocationid FROM pg_dist_schema)))::int AS shards
         FROM placed JOIN rows USING (shardid) GROUP BY 1 ORDER BY 1`,
    );
    expect(workersFirst.schemasInAnyOrder).toEqual([]);
    expect(workersFirst.nodes.map(({ name, rows, shards }) => ({ node: name, rows, shards }))).toEqual(real);
  });

  test('asked of what is distributed already, that is what a rebalance moves', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(
      database.target,
      'CREATE SCHEMA one; CREATE SCHEMA two; CREATE TABLE one.t (id int); CREATE TABLE two.t (id int)',
    );
    const of = (...names: string[]): Distribution => ({
      shardCount: 8,
      online: false,
      tables: [],
      schemas: names.map((schema) => ({ schema, kind: 'distributed' })),
    });
    const ask = (expected: Distribution) =>
      simulate(testContext(), {
        target: database.target,
        expected,
        topology: { workers: 2 },
        strategy: 'by_shard_count',
        reading: 'exact',
        estimateMoves,
      });
    await expect(ask(of('tow'))).rejects.toThrow(
      /there is no schema tow in this database \(did you mean "two"\?\)/,
    );
    const { document, text } = await ask(of('one', 'two'));
    expect(document.tables).toEqual([]);
    expect(text).toContain('Schemas, each as a whole on one node');
    await withClient(database.target, (client) => client.query("SELECT citus_schema_distribute('one')"));
    await expect(ask(of('one', 'two'))).rejects.toThrow(
      /^schema two is not distributed yet, and schema one is/,
    );
    await withClient(database.target, (client) => client.query("SELECT citus_schema_distribute('two')"));
    const there = await ask(of('one', 'two'));
    expect(there.document).not.toHaveProperty('workersFirst');
    expect(there.document.moves.map(({ table }) => table)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(one|two)\.t$/)]),
    );
  });
});

import type { Client } from 'pg';
import { estimate } from '../../scripts/rebalance/cost/estimate';
import { withClient } from '../../scripts/lib/connection';
import { silentReporter } from '../../scripts/lib/reporter';
import type { Distribution } from '../../config/workload/distribution-types';
import { simulate } from '../../scripts/simulate/commands';
import type { ShardGroup } from '../../scripts/citus/placements';
import type { StrategyRules } from '../../scripts/simulate/rebalance';
import { planRebalance, STRATEGY_RULES } from '../../scripts/simulate/rebalance';
import { seededRandom } from '../../scripts/simulate/sample-draw';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';

interface RealShard {
  readonly group: number;
  readonly shard: number;
  readonly shardId: string;
  readonly node: number;
  readonly bytes: number;
}

/**
 * Colocation groups in the order Citus takes them, shards by hash range, nodes by id, sizes as Citus itself measures
 * them: with all colocated shards.
 */
const SHARDS = `
WITH groups AS (
  SELECT colocationid, row_number() OVER (ORDER BY min(ctid)) - 1 AS "group", (array_agg(logicalrelid ORDER BY ctid))[1] AS first
    FROM pg_dist_partition WHERE partmethod = 'h' GROUP BY 1
), nodes AS (
  SELECT groupid, row_number() OVER (ORDER BY nodeid) - 1 AS node FROM pg_dist_node WHERE noderole = 'primary'
), sizes AS (SELECT shard_id, max(size) AS size FROM citus_shard_sizes() GROUP BY 1
), ranges AS (
  SELECT t.colocationid, s.shardminvalue, sum(sizes.size) AS bytes
    FROM pg_dist_partition t JOIN pg_dist_shard s USING (logicalrelid) JOIN sizes ON sizes.shard_id = s.shardid GROUP BY 1, 2
)
SELECT g."group"::int, (row_number() OVER (PARTITION BY g."group" ORDER BY s.shardminvalue::int) - 1)::int AS shard,
       s.shardid::text AS "shardId", n.node::int, r.bytes::float8 AS bytes
  FROM groups g
  JOIN pg_dist_shard s ON s.logicalrelid = g.first
  JOIN pg_dist_placement p USING (shardid)
  JOIN nodes n USING (groupid)
  JOIN ranges r ON r.colocationid = g.colocationid AND r.shardminvalue = s.shardminvalue
 ORDER BY 1, 2`;

/** One line a move of a shard of a group's first table: `shard from to`. */
async function realPlan(
  client: Client,
  shards: readonly RealShard[],
  strategy: string,
  more = '',
): Promise<string[]> {
  const { rows } = await client.query<{ shardid: string; from: number; to: number }>(
    `WITH nodes AS (SELECT nodename, nodeport, (row_number() OVER (ORDER BY nodeid) - 1)::int AS node FROM pg_dist_node WHERE noderole = 'primary')
     SELECT p.shardid, f.node AS "from", t.node AS "to"
       FROM get_rebalance_table_shards_plan(rebalance_strategy := $1 ${more}) WITH ORDINALITY p
       JOIN nodes f ON (f.nodename, f.nodeport) = (p.sourcename, p.sourceport)
       JOIN nodes t ON (t.nodename, t.nodeport) = (p.targetname, p.targetport)
      ORDER BY p.ordinality`,
    [strategy],
  );
  const firsts = new Set(shards.map(({ shardId }) => shardId));
  return rows
    .filter(({ shardid }) => firsts.has(shardid))
    .map(({ shardid, from, to }) => `${shardid} ${String(from)} ${String(to)}`);
}

function placed(shards: readonly RealShard[]): ShardGroup[][] {
  const groups: ShardGroup[][] = [];
  for (const { group, shardId, node, bytes } of shards) {
    (groups[group] ??= []).push({ shardIds: [Number(shardId)], tables: [], bytes, groupId: node });
  }
  return groups;
}

function ourPlan(shards: readonly RealShard[], holds: readonly boolean[], rules: StrategyRules): string[] {
  const nodes = holds.map((shouldHaveShards, groupId) => ({ label: '', groupId, shouldHaveShards }));
  return planRebalance(placed(shards), nodes, rules).map(
    ({ shardId, from, to }) => `${String(shardId)} ${String(from.groupId)} ${String(to.groupId)}`,
  );
}

async function holdShards(client: Client, holds: readonly boolean[]): Promise<void> {
  const { rows } = await client.query<{ nodename: string; nodeport: number }>(
    "SELECT nodename, nodeport FROM pg_dist_node WHERE noderole = 'primary' ORDER BY nodeid",
  );
  for (const [index, { nodename, nodeport }] of rows.entries()) {
    await client.query("SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)", [
      nodename,
      nodeport,
      holds[index] ?? true,
    ]);
  }
}

const table = (name: string, distributeBy: string, colocateWith?: string) => ({
  kind: 'distributed' as const,
  table: { schema: 'public', name },
  distributeBy,
  ...(colocateWith === undefined ? {} : { colocateWith: { schema: 'public', name: colocateWith } }),
});

const SPEC: Distribution = {
  shardCount: 16,
  online: false,
  tables: [table('users', 'user_id'), table('events', 'user_id', 'users'), table('trips', 'trip_id')],
};

const context = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.resolve(true),
};

platformSuite('simulated moves', () => {
  let database: TestDatabase;
  const foreseen = new Map<string, string[]>();

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await withClient(database.target, async (client) => {
      await client.query(`
        CREATE TABLE users (user_id bigint PRIMARY KEY);
        CREATE TABLE events (user_id bigint NOT NULL, n int, body text);
        CREATE TABLE trips (trip_id uuid NOT NULL, body text);
        CREATE TABLE few (id int NOT NULL);
        CREATE TABLE one (id int NOT NULL);
        INSERT INTO users SELECT generate_series(1, 500);
        INSERT INTO events SELECT 1 + (g * g) % 37, g, repeat('x', 300) FROM generate_series(1, 20000) g;
        INSERT INTO trips SELECT md5((g % 9)::text)::uuid, repeat('y', 200) FROM generate_series(1, 8000) g;`);
    });
    for (const strategy of ['by_shard_count', 'by_disk_size'] as const) {
      for (const coordinatorHoldsShards of [true, false]) {
        const { document } = await simulate(context, {
          target: database.target,
          expected: SPEC,
          topology: { workers: 2, coordinatorHoldsShards },
          strategy,
          reading: 'exact',
          estimateMoves: (moves) => estimate(moves, 'auto', undefined),
        });
        foreseen.set(
          `${strategy} ${String(coordinatorHoldsShards)}`,
          document.moves.map(({ table: name, shard, from, to }) => `${name} ${String(shard)} ${from} ${to}`),
        );
      }
    }
    await withClient(database.target, async (client) => {
      await client.query(
        "SELECT create_distributed_table('trips', 'trip_id', shard_count := 16, colocate_with := 'none')",
      );
      await client.query(
        "SELECT create_distributed_table('users', 'user_id', shard_count := 16, colocate_with := 'none')",
      );
      await client.query("SELECT create_distributed_table('events', 'user_id', colocate_with := 'users')");
    });
    await database.addWorkers();
  }, 120_000);

  afterAll(() => database.drop());

  it.each([
    ['by_shard_count', true],
    ['by_shard_count', false],
  ])(
    'of two groups from one node to two workers are those Citus plans %s, coordinator holding shards: %s',
    async (strategy, holds) => {
      await withClient(database.platform, async (client) => {
        await holdShards(client, [holds, true, true]);
        const { rows } = await client.query<{ move: string }>(
          `WITH nodes AS (SELECT nodename, nodeport, CASE WHEN groupid = 0 THEN 'coordinator' ELSE 'w' || row_number() OVER (ORDER BY nodeid) - 2 END AS name
                          FROM pg_dist_node WHERE noderole = 'primary'),
              shards AS (SELECT shardid, row_number() OVER (PARTITION BY logicalrelid ORDER BY shardminvalue::int) - 1 AS shard FROM pg_dist_shard)
         SELECT p.table_name || ' ' || s.shard || ' ' || f.name || ' ' || t.name AS move
           FROM get_rebalance_table_shards_plan(rebalance_strategy := $1) WITH ORDINALITY p
           JOIN shards s USING (shardid)
           JOIN nodes f ON (f.nodename, f.nodeport) = (p.sourcename, p.sourceport)
           JOIN nodes t ON (t.nodename, t.nodeport) = (p.targetname, p.targetport)
          ORDER BY p.ordinality`,
          [strategy],
        );
        const moves = foreseen.get(`${strategy} ${String(holds)}`);
        expect(rows.length).toBeGreaterThanOrEqual(30);
        expect(moves).toEqual(rows.map(({ move }) => move));
      });
    },
  );

  it.each([
    ['by_disk_size', true, 100],
    ['by_disk_size', false, 100],
    ['by_disk_size', true, 0],
    ['by_disk_size', false, 0],
    ['by_shard_count', true, 100],
  ] as const)(
    'from the sizes Citus measured are those it plans %s, coordinator holding shards: %s, base cost %i MB',
    async (strategy, holds, baseCost) => {
      await withClient(database.platform, async (client) => {
        await holdShards(client, [holds, true, true]);
        await client.query(`SET citus.rebalancer_by_disk_size_base_cost = '${String(baseCost)}MB'`);
        const { rows: shards } = await client.query<RealShard>(SHARDS);
        expect(new Set(shards.map(({ bytes }) => bytes)).size).toBeGreaterThan(5);
        const real = await realPlan(client, shards, strategy);
        const base = STRATEGY_RULES[strategy];
        const rules = baseCost === 100 ? base : { ...base, cost: (bytes: number) => bytes };
        expect(real.length).toBeGreaterThan(0);
        expect(ourPlan(shards, [holds, true, true], rules)).toEqual(real);
      });
    },
  );

  it('by disk size come to the same numbers of shards on every node as those of the real sizes', async () => {
    await withClient(database.platform, async (client) => {
      await holdShards(client, [true, true, true]);
      const { rows } = await client.query<{ table: string; shard: string }>(
        `SELECT p.table_name::text AS table FROM get_rebalance_table_shards_plan(rebalance_strategy := 'by_disk_size') p`,
      );
      const moves = foreseen.get('by_disk_size true') ?? [];
      expect(moves.map((move) => move.split(' ')[0]).sort()).toEqual(
        rows.map(({ table: name }) => name).sort(),
      );
    });
  });

  it('are those Citus plans for any costs, placements and thresholds', async () => {
    await withClient(database.platform, async (client) => {
      // The groups with fewer shards than nodes are balanced together.
      await client.query(
        "SELECT create_distributed_table('few', 'id', shard_count := 2, colocate_with := 'none')",
      );
      await client.query(
        "SELECT create_distributed_table('one', 'id', shard_count := 1, colocate_with := 'none')",
      );
      await client.query(`
        CREATE FUNCTION pseudo_cost(shardid bigint) RETURNS float4 LANGUAGE sql AS $$
          SELECT ((hashint8(shardid + current_setting('probe.seed')::int) & current_setting('probe.mask')::int) + 1)::float4 $$;
        SELECT citus_add_rebalance_strategy('probe', 'pseudo_cost', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0.1)`);
      let moved = 0;
      for (let seed = 1; seed <= 40; seed += 1) {
        const random = seededRandom(seed);
        const holds = [random() < 0.5, random() < 0.8, true];
        // Few different costs make ties. Their sums are exact in single precision, as those of files are up to 128 GiB:
        // Citus adds up in an order that depends on the nodes' names and ports.
        const mask = seed % 2 === 0 ? 3 : 2 ** 19 - 1;
        const threshold = Math.fround(Math.floor(random() * 4) / 10);
        const improvementThreshold = Math.fround(Math.floor(random() * 4) / 4);
        await client.query('BEGIN');
        await client.query("SELECT set_config('probe.seed', $1, true), set_config('probe.mask', $2, true)", [
          String(seed),
          String(mask),
        ]);
        await client.query('SELECT setseed($1)', [seed / 50]);
        await client.query(
          `UPDATE pg_dist_placement p SET groupid = g.nodes[1 + floor(random() * 3)]
             FROM (SELECT array_agg(groupid ORDER BY nodeid) AS nodes FROM pg_dist_node WHERE noderole = 'primary') g
            WHERE p.shardid IN (SELECT shardid FROM pg_dist_shard)`,
        );
        // Colocated shards go together.
        await client.query(
          `UPDATE pg_dist_placement p SET groupid = q.groupid
             FROM pg_dist_shard e, pg_dist_shard u, pg_dist_placement q
            WHERE e.logicalrelid = 'events'::regclass AND u.logicalrelid = 'users'::regclass
              AND e.shardminvalue = u.shardminvalue AND p.shardid = e.shardid AND q.shardid = u.shardid`,
        );
        await client.query(
          `UPDATE pg_dist_node n SET shouldhaveshards = ($1::bool[])[m.at]
             FROM (SELECT nodeid, row_number() OVER (ORDER BY nodeid)::int AS at FROM pg_dist_node WHERE noderole = 'primary') m
            WHERE m.nodeid = n.nodeid`,
          [holds],
        );
        const { rows } = await client.query<RealShard>(
          SHARDS.replace(
            /sizes AS \(.*/,
            'sizes AS (SELECT shardid AS shard_id, 0 AS size FROM pg_dist_shard',
          ).replace('r.bytes::float8 AS bytes', 'pseudo_cost(s.shardid)::float8 AS bytes'),
        );
        const real = await realPlan(
          client,
          rows,
          'probe',
          `, threshold := ${String(threshold)}::float4, improvement_threshold := ${String(improvementThreshold)}::float4`,
        );
        await client.query('ROLLBACK');
        const rules = { threshold, improvementThreshold, cost: (bytes: number) => bytes };
        expect({ seed, moves: ourPlan(rows, holds, rules) }).toEqual({ seed, moves: real });
        moved += real.length;
      }
      expect(moved).toBeGreaterThan(200);
    });
  }, 60_000);
});

import type { DistributedTable } from '../../../config/workload/distribution-types';
import { tableKey } from '../../../config/workload/identifiers';
import type { Workload, WorkloadQuery } from '../../../config/workload/workload';
import type { ConnectionTarget } from '../../lib/connection';
import { withClient } from '../../lib/connection';
import { count } from '../../lib/reporter';
import type { Fingerprint } from '../../database/observe/fingerprint';
import { fingerprintTables } from '../../database/observe/fingerprint';
import { roundRobin } from '../../simulate/placement';
import { applyMoves, planRebalance, STRATEGY_RULES } from '../../simulate/rebalance';
import type { ShardRows } from '../../simulate/shard-rows';
import { readShardRows } from '../../simulate/shard-rows';
import type { ClusterSteps, NodeHolding, RebalanceOutcome, Verification } from './cluster-steps';
import { asksForOneValue, explainQuery } from './plans';

/** Shards of tables that live and move together. */
export interface SimulatedGroup {
  readonly tables: readonly { readonly table: DistributedTable; readonly shards: readonly ShardRows[] }[];
  /** The node of each shard, counted from 0, the coordinator. */
  readonly placement: readonly number[];
}

/**
 * What Citus would do with the rows of a plain PostgreSQL. Which row belongs to which shard is exact, by PostgreSQL's
 * own hash functions; where a shard goes follows Citus's rule; how many bytes that is, is foreseen from the size of the
 * rows and of what each shard has for itself. Nothing is moved or changed.
 */
export async function simulatedCluster(
  target: ConnectionTarget,
  workload: Workload,
  before: readonly Fingerprint[],
): Promise<ClusterSteps> {
  const { distribution } = workload;
  const totalBytes = await bytesOfTables(target);
  let nodes = ['coordinator'];
  let groups: SimulatedGroup[] = [];
  const tasks = async (query: WorkloadQuery): Promise<number | undefined> => {
    if (groups.length === 0) return undefined;
    const plan = await withClient(target, (client) => explainQuery(client, query));
    return simulatedTasks(plan, groups, distribution.shardCount);
  };
  return {
    simulated: true,
    addWorkers(added) {
      nodes = [
        ...nodes,
        ...Array.from({ length: added }, (_, index) => `w${String(nodes.length - 1 + index)}`),
      ];
      return Promise.resolve();
    },
    async distribute() {
      groups = await readGroups(target, workload, nodes.length);
    },
    rebalance() {
      const { after, outcome } = rebalanced(groups, nodes);
      groups = after;
      return Promise.resolve(outcome);
    },
    holdings: () => Promise.resolve(holdingsOf(nodes, groups, totalBytes)),
    tasks,
    async verify() {
      const after = await withClient(target, (client) =>
        fingerprintTables(
          client,
          before.map(({ table }) => table),
        ),
      );
      const counted = await Promise.all(
        workload.queries.map(async (query) => ({ query, tasks: await tasks(query) })),
      );
      return verifySimulation({
        before,
        after,
        groups,
        nodes,
        tasks: counted,
        shardCount: distribution.shardCount,
      });
    },
    estimateMoves: () => undefined,
  };
}

async function bytesOfTables(target: ConnectionTarget): Promise<number> {
  const { rows } = await withClient(target, (client) =>
    client.query<{ bytes: string }>(
      "SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace",
    ),
  );
  return Number(rows[0]?.bytes ?? 0);
}

/** Where shards lie once every node has its share of them, and what was moved for it. */
function rebalanced(
  groups: readonly SimulatedGroup[],
  names: readonly string[],
): { readonly after: SimulatedGroup[]; readonly outcome: RebalanceOutcome } {
  const placed = groups.map((group, at) =>
    group.placement.map((groupId, shard) => ({
      shardIds: [at * group.placement.length + shard],
      tables: group.tables.map(({ table }) => table.table.name),
      bytes: groupBytes(group, shard),
      groupId,
    })),
  );
  const nodes = names.map((label, groupId) => ({ label, groupId, shouldHaveShards: true }));
  const moves = planRebalance(placed, nodes, STRATEGY_RULES.by_shard_count);
  const placements = applyMoves(placed, moves);
  const bytes = moves.reduce((sum, move) => sum + move.bytes, 0);
  return {
    after: groups.map((group, at) => ({
      ...group,
      placement: (placements[at] ?? []).map(({ groupId }) => groupId),
    })),
    outcome: { moves: moves.length, bytes },
  };
}

async function readGroups(
  target: ConnectionTarget,
  { distribution }: Workload,
  nodeCount: number,
): Promise<SimulatedGroup[]> {
  const distributed = distribution.tables.filter((table) => table.kind === 'distributed');
  const rootOf = (table: DistributedTable): string => {
    const parent = distributed.find(
      (other) => table.colocateWith !== undefined && tableKey(other.table) === tableKey(table.colocateWith),
    );
    return parent === undefined ? tableKey(table.table) : rootOf(parent);
  };
  const groups = new Map<string, { table: DistributedTable; shards: readonly ShardRows[] }[]>();
  await withClient(target, async (client) => {
    for (const table of distributed) {
      const shards = await readShardRows(client, table, distribution.shardCount);
      groups.set(rootOf(table), [...(groups.get(rootOf(table)) ?? []), { table, shards }]);
    }
  });
  return [...groups.values()].map((tables) => ({
    tables,
    placement: roundRobin(distribution.shardCount, nodeCount),
  }));
}

/** What each node would hold. Before the distribution that is everything on the coordinator, in no shards. Pure. */
export function holdingsOf(
  nodes: readonly string[],
  groups: readonly SimulatedGroup[],
  totalBytes: number,
): NodeHolding[] {
  const holdings = nodes.map((node, index) => {
    let shards = 0;
    let bytes = 0;
    for (const group of groups) {
      for (const [shard, on] of group.placement.entries()) {
        if (on !== index) continue;
        shards += 1;
        bytes += groupBytes(group, shard);
      }
    }
    return { node, shards, bytes };
  });
  const inShards = holdings.reduce((sum, { bytes }) => sum + bytes, 0);
  // What is in no shard stays on the coordinator; the copies of reference tables are too small to matter.
  return holdings.map((holding, index) => ({
    ...holding,
    totalBytes: holding.bytes + (index === 0 ? Math.max(0, totalBytes - inShards) : 0),
  }));
}

function groupBytes(group: SimulatedGroup, shard: number): number {
  return group.tables.reduce((sum, { shards }) => sum + (shards[shard]?.bytes ?? 0), 0);
}

/** One task where the plan asks for one value of a distribution column, else one to a shard. Pure. */
export function simulatedTasks(
  plan: readonly string[],
  groups: readonly SimulatedGroup[],
  shardCount: number,
): number {
  const columns = new Set(groups.flatMap(({ tables }) => tables.map(({ table }) => table.distributeBy)));
  return [...columns].some((column) => asksForOneValue(plan, column)) ? 1 : shardCount;
}

interface SimulationState {
  readonly before: readonly Fingerprint[];
  readonly after: readonly Fingerprint[];
  readonly groups: readonly SimulatedGroup[];
  readonly nodes: readonly string[];
  readonly tasks: readonly { readonly query: WorkloadQuery; readonly tasks: number | undefined }[];
  readonly shardCount: number;
}

/** Holds the simulation against the real rows and against what the workload expects. Pure. */
export function verifySimulation(state: SimulationState): Verification {
  const { before, after, groups, nodes, shardCount } = state;
  const checks = [
    ...before.map(({ table, rows, checksum }) => {
      const now = after.find((other) => tableKey(other.table) === tableKey(table));
      return {
        id: `rows:${table.name}`,
        ok: now?.rows === rows && now.checksum === checksum,
        detail: `${count(rows)} rows, checksum ${checksum}, before and after`,
      };
    }),
    ...groups.flatMap(({ tables }) =>
      tables.map(({ table, shards }) => {
        const placed = shards.reduce((sum, shard) => sum + shard.rows, 0);
        const real = before.find((other) => tableKey(other.table) === tableKey(table.table))?.rows;
        return {
          id: `shards:${table.table.name}`,
          ok: placed === real,
          simulated: true as const,
          detail: `${String(shards.length)} shards hold ${count(placed)} of ${count(real ?? 0)} rows`,
        };
      }),
    ),
    ...groups.map(({ tables, placement }) => {
      const held = nodes.map((_, node) => placement.filter((on) => on === node).length);
      return {
        id: `balance:${tables.map(({ table }) => table.table.name).join('+')}`,
        ok: Math.max(...held) - Math.min(...held) <= 1,
        simulated: true as const,
        detail: `${held.join(', ')} shards`,
      };
    }),
    ...state.tasks.map(({ query, tasks }) => {
      const expected = query.expectedTasks === 'all' ? shardCount : query.expectedTasks;
      return {
        id: `tasks:${query.name}`,
        ok: expected === undefined || tasks === expected,
        simulated: true as const,
        detail: `Task Count ${tasks === undefined ? 'unknown' : String(tasks)}`,
      };
    }),
  ];
  return { ok: checks.every(({ ok }) => ok), checks };
}

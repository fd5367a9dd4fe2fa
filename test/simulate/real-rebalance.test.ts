import fc from 'fast-check';
import type { ShardLayoutGroup, ShardLayout } from '../../scripts/simulate/shard-layout';
import type { RebalanceSimulation, TopologyChange } from '../../scripts/simulate/real-rebalance';
import { simulateRebalance } from '../../scripts/simulate/real-rebalance';
import { clusterNodes } from '../rebalance/fixtures';
import { STRATEGY_RULES } from '../../scripts/simulate/rebalance';
import type { Strategy } from '../../scripts/citus/strategy';
import { cases } from '../support/properties';

interface Case {
  readonly layout: ShardLayout;
  readonly topology: TopologyChange;
  readonly strategy: Strategy;
}

/** Clusters of 0 to 20 workers with 1 to 40 shards a group anywhere on them, asked for 0 to 20 workers. */
const layouts: fc.Arbitrary<Case> = fc
  .record({
    present: fc.integer({ min: 0, max: 20 }),
    workers: fc.integer({ min: 0, max: 20 }),
    holds: fc.boolean(),
    strategy: fc.constantFrom<Strategy>('by_disk_size', 'by_shard_count'),
    groups: fc.array(
      fc.record({
        tables: fc.integer({ min: 1, max: 3 }),
        shards: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 2 ** 33 }), fc.nat(1000)), {
          minLength: 1,
          maxLength: 40,
        }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ present, workers, holds, strategy, groups }) => ({
    strategy,
    topology: { workers, coordinatorHoldsShards: holds || workers === 0 },
    layout: {
      nodes: clusterNodes(present + 1),
      groups: groups.map(({ tables, shards }, group): ShardLayoutGroup => ({
        shards: shards.map(([node], index) => ({ id: group * 100 + index, groupId: node % (present + 1) })),
        tables: Array.from({ length: tables }, (_, table) => ({
          table: { schema: 'public', name: `t${String(group)}_${String(table)}` },
          column: 'id',
          bytes: shards.map(([, bytes]) => bytes),
          rows: shards.map(([, , rows]) => rows),
          estimated: false,
        })),
      })),
      referenceTables: [],
      rules: STRATEGY_RULES[strategy],
    },
  }));

const simulated = ({ layout, topology, strategy }: Case): RebalanceSimulation =>
  simulateRebalance({
    layout,
    topology,
    strategy,
    estimateMoves: (moves) => ({
      seconds: moves.length,
      longestWritePauseMs: moves.reduce((sum, { bytes }) => sum + bytes, 0),
      assumes: 'a test',
    }),
  });

/** By table and shard: the node it is on. */
function placement({ layout }: Case): Map<string, string> {
  return new Map(
    layout.groups.flatMap(({ tables, shards }) =>
      tables.flatMap(({ table }) =>
        shards.map(({ groupId }, shard): [string, string] => [
          `${table.name} ${String(shard)}`,
          layout.nodes[groupId]?.label ?? '',
        ]),
      ),
    ),
  );
}

const total = (nodes: readonly { shards: number; rows: number; bytes: number }[]): object => ({
  shards: nodes.reduce((sum, { shards }) => sum + shards, 0),
  rows: nodes.reduce((sum, { rows }) => sum + rows, 0),
  bytes: nodes.reduce((sum, { bytes }) => sum + bytes, 0),
});

const holds = ({ coordinatorHoldsShards }: RebalanceSimulation, name: string): boolean =>
  name !== 'coordinator' || coordinatorHoldsShards;

it('loses and makes no shard, row or byte, and has the nodes that were asked for', () => {
  fc.assert(
    fc.property(layouts, (each) => {
      const result = simulated(each);
      expect(total(result.nodes)).toEqual(total(result.before));
      expect(result.workers).toBe(each.topology.workers);
      expect(result.nodes.length - result.emptied.length).toBe((each.topology.workers ?? 0) + 1);
      expect(new Set(result.nodes.map(({ name }) => name)).size).toBe(result.nodes.length);
      expect(result.nodes.length).toBe(each.layout.nodes.length + result.added.length);
    }),
    cases(),
  );
});

it('moves shards from where they are, those of a group together, to where they may be', () => {
  fc.assert(
    fc.property(layouts, (each) => {
      const result = simulated(each);
      const at = placement(each);
      for (const { table, shard, from, to } of result.moves) {
        const key = `${table} ${String(shard)}`;
        expect([key, at.get(key)]).toEqual([key, from]);
        expect(to).not.toBe(from);
        expect(holds(result, to) && !result.emptied.includes(to)).toBe(true);
        at.set(key, to);
      }
      for (const { tables, shards } of each.layout.groups) {
        for (const shard of shards.keys()) {
          expect(new Set(tables.map(({ table }) => at.get(`${table.name} ${String(shard)}`))).size).toBe(1);
        }
      }
      const estimated = result.moves.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(result.estimate.longestWritePauseMs).toBe(estimated);
    }),
    cases(),
  );
});

it('leaves nothing on a node that is to hold nothing', () => {
  fc.assert(
    fc.property(layouts, (each) => {
      const result = simulated(each);
      for (const { name, shards } of result.nodes) {
        const empty =
          result.emptied.includes(name) || (name === 'coordinator' && !result.coordinatorHoldsShards);
        if (empty) expect([name, shards]).toEqual([name, 0]);
      }
    }),
    cases(),
  );
});

it('by shard count, evens out each group to within one shard, and then has nothing more to do', () => {
  fc.assert(
    fc.property(layouts, (original) => {
      const each: Case = {
        ...original,
        strategy: 'by_shard_count',
        layout: { ...original.layout, rules: STRATEGY_RULES.by_shard_count },
      };
      const result = simulated(each);
      const at = placement(each);
      for (const { table, shard, to } of result.moves) at.set(`${table} ${String(shard)}`, to);
      const holders = result.nodes.filter(
        ({ name }) => holds(result, name) && !result.emptied.includes(name),
      );
      for (const { tables, shards } of each.layout.groups) {
        if (shards.length < holders.length) continue;
        const counts = holders.map(
          ({ name }) =>
            [...shards.keys()].filter(
              (shard) => at.get(`${tables[0]?.table.name ?? ''} ${String(shard)}`) === name,
            ).length,
        );
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
      const names = result.nodes.map(({ name }) => name);
      const after: ShardLayout = {
        ...each.layout,
        nodes: clusterNodes(result.nodes.length).map((node, at) => ({
          ...node,
          label: names[at] ?? '',
          shouldHaveShards: holds(result, names[at] ?? '') && !result.emptied.includes(names[at] ?? ''),
        })),
        groups: each.layout.groups.map((group) => ({
          ...group,
          shards: group.shards.map((shard, index) => ({
            ...shard,
            groupId: names.indexOf(at.get(`${group.tables[0]?.table.name ?? ''} ${String(index)}`) ?? ''),
          })),
        })),
      };
      expect(simulated({ ...each, layout: after }).moves).toEqual([]);
    }),
    cases(),
  );
});

it('by disk size, never leaves the fullest node of a group fuller than it was', () => {
  fc.assert(
    fc.property(layouts, (original) => {
      const rules = STRATEGY_RULES.by_disk_size;
      const [group] = original.layout.groups;
      if (group === undefined) return;
      const layout: ShardLayout = { ...original.layout, rules, groups: [group] };
      const each: Case = { ...original, strategy: 'by_disk_size', layout };
      const result = simulated(each);
      // With nodes to be emptied there is more for the others to carry.
      if (result.emptied.length > 0 || !result.coordinatorHoldsShards) return;
      const at = placement(each);
      const fullest = (): number => {
        const cost = new Map<string, number>();
        for (const shard of group.shards.keys()) {
          const bytes = group.tables.reduce((sum, table) => sum + (table.bytes[shard] ?? 0), 0);
          const node = at.get(`${group.tables[0]?.table.name ?? ''} ${String(shard)}`) ?? '';
          cost.set(node, (cost.get(node) ?? 0) + rules.cost(bytes));
        }
        return Math.max(...cost.values());
      };
      const before = fullest();
      for (const { table, shard, to } of result.moves) at.set(`${table} ${String(shard)}`, to);
      // Citus adds up in single precision.
      expect(fullest()).toBeLessThanOrEqual(before * (1 + 1e-5));
    }),
    cases(),
  );
});

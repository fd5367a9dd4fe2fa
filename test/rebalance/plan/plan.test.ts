import * as fc from 'fast-check';
import { placementsOf } from '../../../scripts/citus/placements';
import type { PlanRow } from '../../../scripts/citus/moves';
import { planMoves } from '../../../scripts/citus/moves';
import { applyMoves } from '../../../scripts/rebalance/plan/plan';
import { clusterNodes, snapshot } from '../fixtures';
import { cases } from '../../support/properties';

const planRow = (shardId: number, from: number, to: number, table = 'devices'): PlanRow => ({
  table_name: table,
  shard_id: shardId,
  sourcename: '127.0.0.1',
  sourceport: 9700 + from,
  targetname: '127.0.0.1',
  targetport: 9700 + to,
});

test("Citus's row for each table of a shard group is one move of the whole group", () => {
  const moves = planMoves(
    snapshot(3, [0, 0, 0]),
    [planRow(2, 0, 1), planRow(102, 0, 1, 'events'), planRow(103, 0, 2, 'events'), planRow(3, 0, 2)],
    'block_writes',
  );
  const [from, w0, w1] = clusterNodes(3);
  const common = { tables: ['devices', 'events'], bytes: 1000, mode: 'block_writes', from };
  expect(moves).toEqual([
    { shardId: 2, shardIds: [2, 102], to: w0, ...common },
    { shardId: 3, shardIds: [3, 103], to: w1, ...common },
  ]);
});

test('a shard that appeared after the snapshot is planned with the name Citus gives it', () => {
  const [move] = planMoves(snapshot(2, [0]), [planRow(900, 0, 1, 'new')], 'auto');
  expect(move).toMatchObject({ shardIds: [900], tables: ['new'], bytes: 0 });
  expect(() => planMoves(snapshot(2, [0]), [planRow(1, 0, 2)], 'auto')).toThrow(/9702 joined the cluster/);
});

describe('what the nodes hold afterwards', () => {
  const cluster = fc.integer({ min: 1, max: 5 }).chain((nodes) =>
    fc.record({
      nodes: fc.constant(nodes),
      on: fc.array(fc.integer({ min: 0, max: nodes - 1 }), { minLength: 1, maxLength: 40 }),
      sizes: fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 40, maxLength: 40 }),
      targets: fc.array(fc.integer({ min: 0, max: nodes - 1 }), { minLength: 40, maxLength: 40 }),
    }),
  );

  test('equals a count over the shards where they then are, and loses neither shards nor bytes', () => {
    fc.assert(
      fc.property(cluster, ({ nodes, on, sizes, targets }) => {
        const empty = snapshot(nodes, on);
        const now = { ...empty, groups: empty.groups.map((group, i) => ({ ...group, bytes: sizes[i]! })) };
        const leaving = now.groups.flatMap((group, i) => (targets[i] === group.groupId ? [] : [i]));
        const moves = planMoves(
          now,
          leaving.map((i) => planRow(i + 1, on[i]!, targets[i]!)),
          'auto',
        );
        const then = { ...now, groups: now.groups.map((group, i) => ({ ...group, groupId: targets[i]! })) };
        expect(applyMoves(placementsOf(now), moves)).toEqual(placementsOf(then));
      }),
      cases(),
    );
  });

  test('is no more uneven when each move goes from a fuller node to one with at least two shards less', () => {
    fc.assert(
      fc.property(cluster, ({ nodes, on }) => {
        const now = snapshot(nodes, on);
        const counts = placementsOf(now).map(({ shards }) => shards);
        const rows: PlanRow[] = [];
        // The rule by which by_shard_count plans, so that the arithmetic is held against its promise.
        on.forEach((from, index) => {
          const to = counts.indexOf(Math.min(...counts));
          if (counts[from]! - counts[to]! < 2) return;
          counts[from]! -= 1;
          counts[to]! += 1;
          rows.push(planRow(index + 1, from, to));
        });
        const spread = (placements: readonly { readonly shards: number }[]): number =>
          Math.max(...placements.map(({ shards }) => shards)) -
          Math.min(...placements.map(({ shards }) => shards));
        const before = placementsOf(now);
        const after = applyMoves(before, planMoves(now, rows, 'auto'));
        expect(spread(after)).toBeLessThanOrEqual(spread(before));
        expect(after.map(({ shards }) => shards)).toEqual(counts);
      }),
      cases(),
    );
  });
});

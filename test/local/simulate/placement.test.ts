import fc from 'fast-check';
import { balanceByCount, roundRobin } from '../../../scripts/local/simulate/placement';

const held = (placement: readonly number[], nodes: number): number[] =>
  Array.from({ length: nodes }, (_, node) => placement.filter((on) => on === node).length);

test('32 shards go round three nodes as 11, 11, 10', () => {
  expect(held(roundRobin(32, 3), 3)).toEqual([11, 11, 10]);
  expect(roundRobin(32, 3).slice(0, 4)).toEqual([0, 1, 2, 0]);
});

test('32 shards on a coordinator take 21 moves to two new workers, as Citus makes', () => {
  const { placement, moves } = balanceByCount(roundRobin(32, 1), 3);
  expect(moves).toHaveLength(21);
  expect(held(placement, 3)).toEqual([11, 11, 10]);
});

test('what is balanced stays as it is', () => {
  expect(balanceByCount(roundRobin(32, 3), 3)).toEqual({ placement: roundRobin(32, 3), moves: [] });
});

test('a rebalance ends balanced, its moves lead there, and none of them is wasted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(), { maxLength: 64 }), (nodes, seeds) => {
      const before = seeds.map((seed) => seed % nodes);
      const { placement, moves } = balanceByCount(before, nodes);
      const counts = held(placement, nodes);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      const replayed = [...before];
      for (const { shard, from, to } of moves) {
        expect(replayed[shard]).toBe(from);
        replayed[shard] = to;
      }
      expect(replayed).toEqual(placement);
      expect(new Set(moves.map(({ shard }) => shard)).size).toBe(moves.length);
    }),
  );
});

import { roundRobin } from '../../scripts/simulate/placement';

test('32 shards go round three nodes, one after the other', () => {
  expect(roundRobin(32, 3).slice(0, 4)).toEqual([0, 1, 2, 0]);
  expect([0, 1, 2].map((node) => roundRobin(32, 3).filter((on) => on === node).length)).toEqual([11, 11, 10]);
});

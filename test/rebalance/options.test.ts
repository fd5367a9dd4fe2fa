import { parseOptions } from '../../scripts/rebalance/options';

test("defaults are Citus's own", () => {
  expect(parseOptions({})).toEqual({ strategy: 'by_disk_size', mode: 'auto' });
});

test.each([
  [{ strategy: 'greedy' }, /"greedy" is no rebalance strategy: choose one of by_disk_size, by_shard_count/],
  [{ mode: 'fast' }, /"fast" is no shard transfer mode: choose one of auto, force_logical, block_writes/],
  [{ strategy: '' }, /"" is no rebalance strategy/],
])('fails on %j and names what is allowed', (input, message) => {
  expect(() => parseOptions(input)).toThrow(message);
});

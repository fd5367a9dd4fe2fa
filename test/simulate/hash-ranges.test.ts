import fc from 'fast-check';
import { shardOfHash, shardRange } from '../../scripts/simulate/hash-ranges';
import { cases } from '../support/properties';

/** Of PostgreSQL's hashint4 and hashint8, with the shard Citus put the value in. */
const GOLDEN = [
  { value: 0, hash: -272711505, shard: 13 },
  { value: 1, hash: -1905060026, shard: 1 },
  { value: 2, hash: 1134484726, shard: 24 },
  { value: 5, hash: -1330264708, shard: 6 },
  { value: 42, hash: 1509752520, shard: 27 },
  { value: 928, hash: -1226595859, shard: 6 },
];

const HASH = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const SHARD_COUNT = fc.integer({ min: 1, max: 64_000 });

test.each(GOLDEN)('the hash of $value is in shard $shard of 32', ({ hash, shard }) => {
  expect(shardOfHash(hash, 32)).toBe(shard);
});

test('the ranges of 32 shards are those of pg_dist_shard', () => {
  expect(shardRange(0, 32)).toEqual({ min: -2147483648, max: -2013265921 });
  expect(shardRange(27, 32)).toEqual({ min: 1476395008, max: 1610612735 });
  expect(shardRange(31, 32)).toEqual({ min: 2013265920, max: 2147483647 });
});

test('a hash is within the range of its shard, whatever the number of shards', () => {
  fc.assert(
    fc.property(HASH, SHARD_COUNT, (hash, shardCount) => {
      const { min, max } = shardRange(shardOfHash(hash, shardCount), shardCount);
      return min <= hash && hash <= max;
    }),
    cases(),
  );
});

test('the ranges leave no gap, and the last one ends with the last hash', () => {
  fc.assert(
    fc.property(SHARD_COUNT, fc.nat(), (shardCount, seed) => {
      const index = seed % shardCount;
      const next = shardRange(index, shardCount).max + 1;
      return index === shardCount - 1 ? next === 2 ** 31 : next === shardRange(index + 1, shardCount).min;
    }),
    cases(),
  );
});

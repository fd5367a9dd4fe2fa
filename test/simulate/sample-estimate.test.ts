import fc from 'fast-check';
import { drawBlocks, seededRandom } from '../../scripts/simulate/sample-draw';
import type { BlockSums, Estimated } from '../../scripts/simulate/sample-estimate';
import {
  estimateRows,
  estimateSkew,
  NOTHING_SEEN,
  standardErrors,
} from '../../scripts/simulate/sample-estimate';
import { cases } from '../support/properties';

const SHARDS = 32;
const BLOCKS = 6000;
const DRAWS = 300;
const PER_BLOCK = 50;

/** A table as the shard of each row, block by block. */
type Blocks = readonly Readonly<Record<number, number>>[];

/** Rows of tenants in an order, cut into blocks. */
function blocksOf(tenantOfRow: (row: number) => number): Blocks {
  return Array.from({ length: BLOCKS }, (_, block) => {
    const rows: Record<number, number> = {};
    for (let row = block * PER_BLOCK; row < (block + 1) * PER_BLOCK; row += 1) {
      const shard = shardOf(tenantOfRow(row));
      rows[shard] = (rows[shard] ?? 0) + 1;
    }
    return rows;
  });
}

const SHARD_OF = Array.from({ length: 20_000 }, (_, tenant) => Math.floor(seededRandom(tenant)() * SHARDS));
const shardOf = (tenant: number): number => SHARD_OF[tenant % SHARD_OF.length] ?? 0;

function estimateAll(blocks: Blocks, seed: number): Estimated[] {
  const draws = drawBlocks([blocks.length], DRAWS, seededRandom(seed));
  const z = standardErrors(0.99, SHARDS + 1);
  return Array.from({ length: SHARDS }, (_, shard) => {
    const seen = draws.map(({ block, weight }) => ({ rows: blocks[block]?.[shard] ?? 0, weight }));
    const zs = seen.map(({ rows, weight }) => rows * weight);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const sums: BlockSums = {
      seen: sum(seen.map(({ rows }) => rows)),
      blocks: zs.filter((value) => value > 0).length,
      estimate: sum(zs),
      squares: sum(zs.map((value) => value ** 2)),
      products: sum(zs.slice(1).map((value, index) => value * (zs[index] ?? 0))),
      ends: (zs[0] ?? 0) ** 2 + (zs.at(-1) ?? 0) ** 2,
    };
    return estimateRows(sums, { draws: DRAWS, totalBlocks: BLOCKS, rowsPerBlock: PER_BLOCK }, z);
  });
}

function truthOf(blocks: Blocks): number[] {
  const truth = Array.from({ length: SHARDS }, () => 0);
  for (const block of blocks) {
    for (const [shard, rows] of Object.entries(block))
      truth[Number(shard)] = (truth[Number(shard)] ?? 0) + rows;
  }
  return truth;
}

const random = seededRandom(7);
const LAYOUTS: readonly (readonly [name: string, tenantOfRow: (row: number) => number])[] = [
  ['rows of many tenants as they came', () => Math.floor(random() * 10_000)],
  ['few tenants of very different size', () => Math.floor(1000 * random() ** 6)],
  ['rows sorted by tenant, small ones', (row) => Math.floor(row / 700)],
  ['rows sorted by tenant, large ones', (row) => Math.floor(row / 9000)],
  ['tenants that took turns, a stretch each', (row) => Math.floor(row / 2500) % 60],
  [
    'a newcomer at the end of the table',
    (row) => (row > BLOCKS * PER_BLOCK * 0.97 ? 1 : Math.floor(random() * 500) + 10),
  ],
];

describe('rows estimated from drawn blocks', () => {
  test.each(LAYOUTS)('are within their bounds for all shards at once: %s', (_, tenantOfRow) => {
    const blocks = blocksOf(tenantOfRow);
    const truth = truthOf(blocks);
    const runs = 100;
    let held = 0;
    for (let seed = 1; seed <= runs; seed += 1) {
      const estimates = estimateAll(blocks, seed);
      const inside = estimates.every(
        ({ low, high }, shard) => low <= (truth[shard] ?? 0) && (truth[shard] ?? 0) <= high,
      );
      const { low, high } = estimateSkew(estimates);
      const skew = (Math.max(...truth) * SHARDS) / (BLOCKS * PER_BLOCK);
      if (inside && low <= skew && skew <= high) held += 1;
    }
    // At 99 % confidence, four of a hundred outside happen once in a hundred and fifty times; the seeds are fixed.
    expect(held).toBeGreaterThanOrEqual(runs - 3);
  });

  test('have bounds of a few percent where rows are mixed, and say so where they are not', () => {
    const width = (tenantOfRow: (row: number) => number): number => {
      const [first] = estimateAll(blocksOf(tenantOfRow), 3);
      return ((first?.high ?? 0) - (first?.low ?? 0)) / (first?.rows ?? 1);
    };
    expect(width((row) => row)).toBeLessThan(0.5);
    expect(width((row) => Math.floor(row / 700))).toBeGreaterThan(0.8);
  });

  test('are the rows themselves where every block was read', () => {
    const sums = { ...NOTHING_SEEN, seen: 17, blocks: 3, estimate: 17, squares: 120, products: 80, ends: 9 };
    expect(estimateRows(sums, { draws: 4, totalBlocks: 4, rowsPerBlock: 5 }, 3)).toEqual({
      rows: 17,
      low: 17,
      high: 17,
    });
  });

  test('may be many where none was seen', () => {
    const { rows, low, high } = estimateRows(
      NOTHING_SEEN,
      { draws: 100, totalBlocks: 10_000, rowsPerBlock: 50 },
      3,
    );
    expect([rows, low]).toEqual([0, 0]);
    // Not seeing k blocks of 10,000 in 100 draws has the chance 0.99^k: one in a thousand for 688.
    expect(high).toBeGreaterThan(688 * 50 * 0.5);
  });
});

test('standard errors are those of the normal distribution, shared by all statements', () => {
  expect(standardErrors(0.95, 1)).toBeCloseTo(1.96, 2);
  expect(standardErrors(0.99, 1)).toBeCloseTo(2.576, 2);
  expect(standardErrors(0.99, 33)).toBeCloseTo(3.614, 1);
});

describe('the draw', () => {
  test('takes one block of every stretch, and its weights add up to the table', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 600 }),
        fc.integer(),
        (leaves, draws, seed) => {
          const drawn = drawBlocks(leaves, draws, seededRandom(seed));
          for (const [leaf, blocks] of leaves.entries()) {
            const own = drawn.filter((draw) => draw.leaf === leaf);
            const inOrder = own.every(
              ({ block }, index) => block < blocks && block > (own[index - 1]?.block ?? -1),
            );
            const weight = own.reduce((sum, draw) => sum + draw.weight, 0);
            if (!inOrder || weight !== blocks || own.length < Math.min(2, blocks)) return false;
          }
          return drawn.length <= draws + 3 * leaves.length;
        },
      ),
      cases(),
    );
  });

  test('is the same for the same seed', () => {
    expect(drawBlocks([9999], 50, seededRandom(4))).toEqual(drawBlocks([9999], 50, seededRandom(4)));
    expect(drawBlocks([9999], 50, seededRandom(4))).not.toEqual(drawBlocks([9999], 50, seededRandom(5)));
  });
});

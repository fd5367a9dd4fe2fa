import type { StoredTable } from '../../scripts/simulate/shard-bytes';
import { BLOCK_BYTES, shardBytes } from '../../scripts/simulate/shard-bytes';

const table = (more: Partial<StoredTable> = {}): StoredTable => ({
  blocks: 3200,
  indexes: [],
  widths: { id: 8, owner: 4, body: 100 },
  ...more,
});
const index = (method: string, blocks: number, more = {}) => ({
  method,
  blocks,
  isPrimary: false,
  fastUpdate: true,
  columns: ['id'],
  ...more,
});
const blocks = (stored: StoredTable, share: number, rows: number, primaryKey?: readonly string[]): number =>
  shardBytes(stored, { share, rows }, primaryKey) / BLOCK_BYTES;

it('gives a shard its share of the heap in whole blocks, and nothing where it has no rows', () => {
  expect(blocks(table(), 1 / 32, 100)).toBe(100);
  expect(blocks(table({ blocks: 10 }), 1 / 32, 1)).toBe(1);
  expect(blocks(table(), 0, 0)).toBe(0);
});

it.each([
  ['btree', 1, 2],
  ['hash', 4, 4],
  ['gin', 2, 3],
  ['gist', 1, 1],
  ['spgist', 3, 3],
  ['brin', 3, 3],
])('an empty %s index has %i blocks, and %i or one more with a row', (method, empty, filled) => {
  const stored = table({ blocks: 0, indexes: [index(method, empty)] });
  expect(blocks(stored, 0, 0)).toBe(empty);
  expect(blocks(stored, 1 / 32, 1) - filled).toBeGreaterThanOrEqual(0);
  expect(blocks(stored, 1 / 32, 1) - filled).toBeLessThanOrEqual(1);
});

it('gives TOAST a block for its index even where nothing is in it', () => {
  expect(blocks(table({ toastBlocks: 1 }), 0, 0)).toBe(1);
  expect(blocks(table({ toastBlocks: 320 }), 1 / 32, 5)).toBe(110);
});

it('widens the entries of a primary key that the specification widens, and of no other index', () => {
  const primary = index('btree', 642, { isPrimary: true });
  // 20 bytes an entry for a bigint; 28 with an integer before it, aligned.
  expect(blocks(table({ blocks: 0, indexes: [primary] }), 1 / 32, 9)).toBe(1 + 20 + 1);
  expect(blocks(table({ blocks: 0, indexes: [primary] }), 1 / 32, 9, ['owner', 'id'])).toBe(1 + 28 + 1);
  const other = index('btree', 642);
  expect(blocks(table({ blocks: 0, indexes: [other] }), 1 / 32, 9, ['owner', 'id'])).toBe(1 + 20 + 1);
});

it('has new entries of GIN wait in their list, up to 4 MiB, unless fastupdate is off', () => {
  const gin = (more = {}): StoredTable =>
    table({ blocks: 0, indexes: [index('gin', 34, { columns: ['body'], ...more })] });
  expect(blocks(gin(), 1 / 32, 1000)).toBe(2 + Math.ceil((1000 * 175) / BLOCK_BYTES));
  expect(blocks(gin({ fastUpdate: false }), 1 / 32, 1000)).toBe(3);
  expect(blocks(gin(), 1 / 32, 1_000_000)).toBe(3);
});

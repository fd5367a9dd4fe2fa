import type { MoveSample } from '../../../scripts/rebalance/cost/move-cost';
import { onPaper, parseAssumed } from '../../../scripts/rebalance/plan/on-paper';

const large = parseAssumed('nodes=16 new=4 shards=1024 gb=2000');
const budget = { maxWritePauseMs: 300 };

/** Moves that take 4 s and 100 MB a second. */
const costs: MoveSample[] = [1e9, 2e9, 3e9].map((bytes) => ({
  way: 'logical',
  bytes,
  seconds: 4 + bytes / 1e8,
  pauseMs: 90,
}));

test('a cluster is assumed in four numbers', () => {
  expect(large).toEqual({ nodes: 16, added: 4, shards: 1024, bytes: 2e12 });
  expect(() => parseAssumed('nodes=16 shards=1024 gb=2000')).toThrow(/lacks new/);
  expect(() => parseAssumed('nodes=16 new=0')).toThrow(/"new=0" is none of/);
  expect(() => parseAssumed('many')).toThrow(/"many" is none of/);
});

test('a rebalance to 20 nodes, 1,024 shards and 2 TB on paper: moves, time, pause and head-room', () => {
  const paper = onPaper(large, costs, budget);
  expect(paper).toMatchObject({ moves: 204, way: 'logical', longestWritePauseMs: 90 });
  // 204 moves of 1.95 GB, each 4 s and 19.5 s.
  expect(paper.bytesMoved).toBe(Math.round((204 * 2e12) / 1024));
  expect(paper.seconds / (204 * (4 + 2e12 / 1024 / 1e8))).toBeCloseTo(1, 1);
  expect(paper.bytesPerAddedNode).toBe(51 * Math.ceil(2e12 / 1024));
});

test('moves at once and a rate are in the time, and nothing arrives twice at a node at once', () => {
  const alone = onPaper(large, costs, budget).seconds;
  expect(onPaper(large, costs, { ...budget, maxParallel: 3 }).seconds / alone).toBeCloseTo(1 / 3);
  expect(onPaper(large, costs, { ...budget, maxParallel: 30 }).seconds / alone).toBeCloseTo(1 / 4);
  expect(onPaper(large, costs, { ...budget, bytesPerSecond: 2e7 }).seconds).toBe(
    Math.round((204 * 2e12) / 1024 / 2e7),
  );
});

test('small shards go with writes blocked, one at a time', () => {
  const small = onPaper({ ...large, bytes: 5e9 }, [], { ...budget, maxParallel: 4 });
  expect(small.way).toBe('blocking');
  expect(small.seconds).toBe(onPaper({ ...large, bytes: 5e9 }, [], budget).seconds);
  expect(small.longestWritePauseMs).toBeLessThanOrEqual(300);
});

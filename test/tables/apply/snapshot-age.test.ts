import { SnapshotAge } from '../../../scripts/tables/apply/snapshot-age';

const look = (tookMs: number) => (): Promise<string> => {
  jest.advanceTimersByTime(tookMs);
  return Promise.resolve('seen');
};

/** Milliseconds from the end of a look on that it is good for. */
async function goodFor(freshness: SnapshotAge, tookMs: number): Promise<number> {
  await expect(freshness.of(look(tookMs))).resolves.toBe('seen');
  const from = performance.now();
  while (!freshness.isOver) jest.advanceTimersByTime(1);
  return performance.now() - from;
}

describe('how long a look is good for', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('none before the first', () => {
    expect(new SnapshotAge().isOver).toBe(true);
  });

  test.each([
    ['a second at least', 10, 990],
    ['nineteen times what it took, after it', 400, 19 * 400],
    ['ten seconds at most, from its beginning', 4_000, 6_000],
    ['not at all, where it took longer', 12_000, 0],
  ])('%s', async (_, tookMs, expected) => {
    expect(await goodFor(new SnapshotAge(), tookMs)).toBeCloseTo(expected, 0);
  });

  test('each look counts by itself', async () => {
    const freshness = new SnapshotAge();
    await goodFor(freshness, 600);
    expect(await goodFor(freshness, 10)).toBeCloseTo(990, 0);
  });

  test('one that fails leaves what the one before is good for', async () => {
    const freshness = new SnapshotAge(50);
    await freshness.of(look(10));
    await expect(freshness.of(() => Promise.reject(new Error('no look')))).rejects.toThrow('no look');
    expect(freshness.isOver).toBe(false);
    jest.advanceTimersByTime(40);
    expect(freshness.isOver).toBe(true);
  });

  test.each([
    [0, 0],
    [5_000, 4_990],
  ])('as long as it is told: %d ms', async (fixedMs, expected) => {
    expect(await goodFor(new SnapshotAge(fixedMs), 10)).toBeCloseTo(expected, 0);
  });

  test('for ever, where it is told so', async () => {
    const freshness = new SnapshotAge(Infinity);
    await freshness.of(look(10));
    jest.advanceTimersByTime(1e9);
    expect(freshness.isOver).toBe(false);
  });
});

import fc from 'fast-check';
import { PauseMeter } from '../../scripts/lib/pause-meter';
import { cases } from '../support/properties';

/** Looks that take a millisecond each, at these times; those within the lock's time find it held. */
function measure(looks: readonly number[], lock: { from: number; until: number }, end: number) {
  const meter = new PauseMeter(0);
  for (const askedAt of looks) {
    const held = askedAt >= lock.from && askedAt < lock.until;
    meter.look({ askedAt, answeredAt: askedAt + 1, held, waitedMs: 0 });
  }
  const { seconds, resolutionSeconds } = meter.result(end);
  return { most: Math.round(seconds * 1000), least: Math.round((seconds - resolutionSeconds) * 1000) };
}

const every = (interval: number, until: number): number[] =>
  Array.from({ length: Math.floor(until / interval) }, (_, index) => (index + 1) * interval);

test('a lock of 400 ms, looked at every 50 ms, is between 349 and 451 ms', () => {
  expect(measure(every(50, 2000), { from: 601, until: 1001 }, 2000)).toEqual({ most: 451, least: 349 });
});

test('a pause between two looks is not seen, and cannot have been longer than the time between them', () => {
  expect(measure(every(50, 1000), { from: 601, until: 640 }, 1000)).toEqual({ most: 51, least: 0 });
});

test('a step that is over before the first look held writers up for its time at most', () => {
  expect(measure([], { from: 0, until: 30 }, 30)).toEqual({ most: 30, least: 0 });
});

test('the longest of two pauses counts', () => {
  const meter = new PauseMeter(0);
  for (const [askedAt, held] of [
    [100, true],
    [200, true],
    [300, false],
    [400, true],
    [500, true],
    [600, true],
    [700, false],
  ] as const) {
    meter.look({ askedAt, answeredAt: askedAt, held, waitedMs: 0 });
  }
  expect(meter.result(800)).toEqual({ seconds: 0.4, resolutionSeconds: 0.2 });
});

test('a wait that the server tells of is exact, where it is longer than what was looked at', () => {
  const meter = new PauseMeter(0);
  meter.look({ askedAt: 500, answeredAt: 510, held: true, waitedMs: 480 });
  expect(meter.result(520)).toEqual({ seconds: 0.52, resolutionSeconds: 0.04 });
});

test('whatever the looks, the lock was held no longer than the most and no shorter than the least', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5000 })),
      fc.integer({ min: 0, max: 5000 }),
      fc.integer({ min: 0, max: 5000 }),
      (times, from, length) => {
        // One look after another, each of a millisecond, as one session takes them.
        const looks = [...new Set(times.map((time) => 2 * time))].sort((a, b) => a - b);
        const { most, least } = measure(looks, { from, until: from + length }, 20_000);
        expect(most).toBeGreaterThanOrEqual(length);
        expect(least).toBeLessThanOrEqual(length);
      },
    ),
    cases(),
  );
});

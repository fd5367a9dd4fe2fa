import * as fc from 'fast-check';
import {
  fitsInto,
  hoursAt,
  hoursLengthMs,
  nextOpening,
  parseHours,
  showHours,
} from '../../../scripts/rebalance/cost/hours';
import { cases } from '../../support/properties';

const at = (iso: string): number => Date.parse(iso);
const HOUR = 3_600_000;

describe('hours of the day', () => {
  test('are read with their zone, or in that of this machine', () => {
    expect(parseHours('01:00-05:00', 'Asia/Tokyo')).toEqual({ from: 60, to: 300, zone: 'Asia/Tokyo' });
    expect(parseHours(' 22:30-4:00  Europe/Berlin', 'UTC')).toEqual({
      from: 1350,
      to: 240,
      zone: 'Europe/Berlin',
    });
    expect(parseHours('20:00-24:00 UTC', 'UTC')).toEqual({ from: 1200, to: 0, zone: 'UTC' });
    expect(showHours(parseHours('1:05-24:00', 'UTC'))).toBe('01:05-00:00 UTC');
  });

  test.each([
    ['1-5', /two times of the day/],
    ['01:00-25:00', /25:00 is no time of a day: write one from 00:00 to 24:00, as in 22:00-04:00/],
    ['01:60-02:00', /01:60 is no time/],
    ['01:00-01:00', /ends when it begins, at 01:00: leave it out for the whole day/],
    ['01:00-05:00 Mars/Olympus', /Mars\/Olympus is no time zone/],
  ])('%s is refused', (text, message) => {
    expect(() => parseHours(text, 'UTC')).toThrow(message);
  });

  test('are open from the first minute to before the last, over midnight too', () => {
    const night = parseHours('22:00-04:00', 'UTC');
    const open = (time: string): boolean => hoursAt(night, at(`2026-03-10T${time}Z`)).open;
    expect(['21:59:59', '22:00:00', '23:59:59', '00:00:00', '03:59:59', '04:00:00'].map(open)).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(hoursAt(night, at('2026-03-10T23:30:00Z')).changesInMs).toBe(4.5 * HOUR);
    expect(hoursAt(night, at('2026-03-10T04:00:00Z')).changesInMs).toBe(18 * HOUR);
    expect(hoursLengthMs(night)).toBe(6 * HOUR);
  });

  test('follow the clock of the zone, also on the day on which it changes', () => {
    const berlin = parseHours('01:00-05:00 Europe/Berlin', 'UTC');
    expect(hoursAt(berlin, at('2026-01-10T00:00:00Z'))).toEqual({ open: true, changesInMs: 4 * HOUR });
    expect(hoursAt(berlin, at('2026-07-10T23:00:00Z'))).toEqual({ open: true, changesInMs: 4 * HOUR });
    // From two to three there is no time that night, and from two to three there is twice.
    expect(hoursAt(berlin, at('2026-03-29T00:00:00Z'))).toEqual({ open: true, changesInMs: 3 * HOUR });
    expect(hoursAt(berlin, at('2026-10-24T23:00:00Z'))).toEqual({ open: true, changesInMs: 5 * HOUR });
    expect(nextOpening(berlin, at('2026-03-28T20:00:00Z'))).toBe(at('2026-03-29T00:00:00Z'));
  });

  test('take a move that ends within them, and no other', () => {
    const night = parseHours('01:00-05:00 UTC', 'UTC');
    expect(fitsInto(night, at('2026-03-10T04:50:00Z'), 600)).toBe(true);
    expect(fitsInto(night, at('2026-03-10T04:50:00Z'), 601)).toBe(false);
    expect(fitsInto(night, at('2026-03-10T00:59:59Z'), 1)).toBe(false);
  });

  test('change when they say, and not before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: 1, max: 1439 }),
        fc.constantFrom('UTC', 'Asia/Kolkata', 'America/St_Johns'),
        // Away from days on which clocks change.
        fc.integer({ min: at('2026-01-05T00:00:00Z'), max: at('2026-02-20T00:00:00Z') }),
        (from, length, zone, now) => {
          const hours = { from, to: (from + length) % 1440, zone };
          const { open, changesInMs } = hoursAt(hours, now);
          expect(hoursAt(hours, now + changesInMs - 1).open).toBe(open);
          expect(hoursAt(hours, now + changesInMs).open).toBe(!open);
          expect(hoursAt(hours, nextOpening(hours, now)).open).toBe(true);
        },
      ),
      cases(),
    );
  });
});

import fc from 'fast-check';
import { partitionInterval, timePartitions } from '../../../scripts/local/workloads/time-partitions';
import { cases } from '../../support/properties';

const MONDAY = Date.UTC(2022, 7, 8);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const moment = (text: string): number => Date.parse(`${text}Z`);

describe('partitions by time', () => {
  test('are as long as three of them allow, from five minutes to a day', () => {
    expect(
      [1, MINUTE, 16 * MINUTE, 31 * MINUTE, 3 * HOUR, 20 * HOUR, 48 * HOUR, 48 * HOUR + 1, 365 * DAY].map(
        (length) => partitionInterval(MONDAY, MONDAY + length) / MINUTE,
      ),
    ).toEqual([5, 5, 5, 15, 60, 360, 360, 1440, 1440]);
  });

  test('are named as those that create_time_partitions makes', () => {
    expect(timePartitions('t', MONDAY, MONDAY + 20 * HOUR)).toEqual([
      { name: 't_p2022_08_08_0000', from: '2022-08-08 00:00:00', to: '2022-08-08 06:00:00' },
      { name: 't_p2022_08_08_0600', from: '2022-08-08 06:00:00', to: '2022-08-08 12:00:00' },
      { name: 't_p2022_08_08_1200', from: '2022-08-08 12:00:00', to: '2022-08-08 18:00:00' },
      { name: 't_p2022_08_08_1800', from: '2022-08-08 18:00:00', to: '2022-08-09 00:00:00' },
    ]);
    expect(timePartitions('t', MONDAY, MONDAY + 9 * DAY).map(({ name }) => name)).toEqual([
      't_p2022_08_08',
      't_p2022_08_09',
      't_p2022_08_10',
      't_p2022_08_11',
      't_p2022_08_12',
      't_p2022_08_13',
      't_p2022_08_14',
      't_p2022_08_15',
      't_p2022_08_16',
    ]);
  });

  test('cover all of the time once, with none to spare, each under its own name', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 * DAY }), (length) => {
        const partitions = timePartitions('t', MONDAY, MONDAY + length);
        const lengths = partitions.map(({ from, to }) => moment(to) - moment(from));
        expect(new Set(lengths).size).toBe(1);
        expect(moment(partitions[0]?.from ?? '')).toBe(MONDAY);
        expect(partitions.slice(1).map(({ from }) => from)).toEqual(
          partitions.slice(0, -1).map(({ to }) => to),
        );
        const last = partitions.at(-1);
        expect(moment(last?.from ?? '')).toBeLessThan(MONDAY + length);
        expect(moment(last?.to ?? '')).toBeGreaterThanOrEqual(MONDAY + length);
        expect(new Set(partitions.map(({ name }) => name)).size).toBe(partitions.length);
      }),
      cases(),
    );
  });
});

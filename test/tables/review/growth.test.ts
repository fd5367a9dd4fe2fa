import { grownTables, requireNotGrown } from '../../../scripts/tables/review/growth';
import type { TableSize } from '../../../scripts/tables/review/growth';

const MIB = 1024 * 1024;
const size = (rows: number | null, mib: number, on: TableSize['on'] = 'coordinator'): TableSize => ({
  rows,
  bytes: mib * MIB,
  on,
});

test.each<[string, TableSize, TableSize | undefined, boolean]>([
  ['twice as many rows', size(10_000, 10), size(20_000, 10), false],
  ['more than that', size(10_000, 10), size(20_001, 10), true],
  ['the same rows in more room', size(10_000, 10), size(10_000, 90), false],
  ['some rows, where it was empty', size(0, 0), size(1_001, 0.1), true],
  ['few rows, where it was empty', size(0, 0), size(1_000, 0.1), false],
  ['more room, where nobody counted', size(null, 1), size(null, 2.1), true],
  ['more room, where nobody counted then', size(null, 1), size(5, 2.1), true],
  ['more room, where nobody counted since', size(5, 1), size(null, 2.1), true],
  ['twice the room', size(null, 1), size(5, 2), false],
  ['little room', size(null, 0), size(null, 1), false],
  ['shards by now', size(10, 1), size(null, 90, 'shards'), false],
  ['more in its shards', size(null, 1, 'shards'), size(null, 3, 'shards'), true],
  ['gone', size(10, 1), undefined, false],
])('a table that has %s', (_what, then, now, grown) => {
  expect(grownTables({ events: then }, now === undefined ? {} : { events: now }, 2)).toEqual(
    grown ? ['events'] : [],
  );
});

test('the refusal names each table, then and now, and the way out; the factor is one', () => {
  const then = { events: size(10_000, 10), devices: size(null, 2), types: size(9_000, 1) };
  const now = { events: size(31_000, 30), devices: size(null, 5), types: size(9_000, 1) };
  expect(() => requireNotGrown(then, now, 2)).toThrow(
    expect.objectContaining({
      exitCode: 3,
      message:
        'the plan was reviewed for less: events had about 10,000 rows (10.0 MiB) then and has about 31,000 rows (30.0 MiB) now; ' +
        'devices had 2.0 MiB then and has 5.0 MiB now, more than 2 times as much, and what copies it takes as much longer. ' +
        'Plan again and review that, or say with --growth FACTOR how many times as much will do; nothing was changed',
    }) as Error,
  );
  expect(() => requireNotGrown(then, now, 3)).toThrow(/for less: events had [^;]*more than 3 times/);
  expect(() => requireNotGrown(then, now, 3.1)).not.toThrow();
});

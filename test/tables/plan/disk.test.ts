import type { Distribution } from '../../../config/workload/distribution-types';
import type { LiveDatabase, LiveTable } from '../../../scripts/database/model/live';
import { describeDisk, diskNeed } from '../../../scripts/tables/plan/disk';
import type { DiskNeed } from '../../../scripts/tables/plan/disk';
import { planTables } from '../../../scripts/tables/plan/plan';
import {
  distributed,
  distribution,
  liveDatabase,
  liveTable,
  materializedView,
  named,
} from '../support/catalog';
import { byId, whole } from '../support/specifications';

/** A coordinator and two workers, which alone hold shards. */
const nodes = [0, 1, 2].map((groupId) => ({
  groupId,
  name: `n${String(groupId)}`,
  port: 5432,
  shouldHaveShards: groupId > 0,
  active: true,
}));

const blocking = (...tables: Distribution['tables']): Distribution =>
  distribution({ shardCount: 4, online: false, tables });

function needOf(
  expected: Distribution,
  tables: readonly LiveTable[],
  more: Partial<LiveDatabase> = {},
): DiskNeed | undefined {
  const numbered = tables.map((table, index) => ({ ...table, oid: index + 1 }));
  const live = liveDatabase(numbered, { nodes, ...more });
  const bytes = new Map(numbered.map(({ oid }) => [oid, 1000 * oid]));
  return diskNeed(planTables(expected, live).steps, expected, live, bytes);
}

const bytesOf = (need: DiskNeed | undefined): readonly number[] | undefined =>
  need?.nodes.map(({ bytes }) => bytes);

test('copies of plain tables stand beside their originals until the end', () => {
  const tables = ['a', 'b'].map((name) => liveTable(name));
  // Half of each on each worker, or all of it on every node.
  expect(bytesOf(needOf(blocking(byId('a'), byId('b')), tables))).toEqual([0, 1500, 1500]);
  expect(bytesOf(needOf(blocking(whole('a'), byId('b')), tables))).toEqual([1000, 2000, 2000]);
  expect(needOf(blocking(), tables)).toBeUndefined();
});

test('nodes that cannot share alike hold what the fullest one does', () => {
  const all = nodes.map((node) => ({ ...node, shouldHaveShards: true }));
  expect(bytesOf(needOf(blocking(byId('a')), [liveTable('a')], { nodes: all }))).toEqual([500, 500, 500]);
});

test('what Citus recreates is there twice for the time of its step alone', () => {
  const tables = ['a', 'b'].map((name, index) =>
    liveTable(name, { hasHeap: false, citus: distributed('id', index + 1, 8) }),
  );
  const back = ['a', 'b'].map((name) => ({ kind: 'local', table: named(name) }) as const);
  // The second table comes when the first one is gone from the workers.
  expect(bytesOf(needOf(blocking(...back), tables))).toEqual([3000, 0, 0]);
  // Shards of another number, one table after the other.
  expect(bytesOf(needOf(blocking(byId('a'), byId('b')), tables))).toEqual([0, 1000, 1000]);
  const view = { ...materializedView('m', named('b')), bytes: 70 };
  expect(bytesOf(needOf(blocking(byId('a'), byId('b')), tables, { views: [view] }))).toEqual([
    70, 1000, 1000,
  ]);
});

test('is said with what is not counted and where to look', () => {
  const live = liveDatabase([liveTable('a')], { nodes });
  const expected = blocking(byId('a'));
  const need = diskNeed(planTables(expected, live).steps, expected, live, new Map());
  if (need === undefined) throw new Error('nothing is copied');
  expect(describeDisk(need)).toMatch(
    /^Disk at the peak .*: n0:5432 0 B, n1:5432 0 B, n2:5432 0 B\. Not counted, .*: a\. .* storage_percent /,
  );
});

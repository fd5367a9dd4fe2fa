import type { PlacementRow } from '../../scripts/citus/placements';
import { groupsByShard, placementsOf, shardGroups } from '../../scripts/citus/placements';
import { clusterNodes } from '../rebalance/fixtures';

const row = (more: Partial<PlacementRow>): PlacementRow => ({
  table_name: 'devices',
  colocationid: 2,
  shard_id: 1,
  shardminvalue: '0',
  groupid: 0,
  bytes: 10,
  ...more,
});

test('shards of colocated tables over one range are one group', () => {
  const groups = shardGroups([
    row({}),
    row({ shard_id: 2, shardminvalue: '100', groupid: 1 }),
    row({ shard_id: 3, table_name: 'events', bytes: 7 }),
    row({ shard_id: 4, table_name: 'events', shardminvalue: '100', groupid: 1, bytes: 9 }),
  ]);
  expect(groups).toEqual([
    { shardIds: [1, 3], tables: ['devices', 'events'], bytes: 17, groupId: 0 },
    { shardIds: [2, 4], tables: ['devices', 'events'], bytes: 19, groupId: 1 },
  ]);
});

test('equal ranges of tables that are not colocated are two groups', () => {
  expect(shardGroups([row({}), row({ shard_id: 2, colocationid: 3 })])).toHaveLength(2);
});

test('colocation id 0 means colocated with nothing', () => {
  expect(shardGroups([row({ colocationid: 0 }), row({ colocationid: 0, shard_id: 2 })])).toHaveLength(2);
});

test("a distributed schema's tables, which have no range, are one group", () => {
  const groups = shardGroups([
    row({ shardminvalue: null }),
    row({ shard_id: 2, table_name: 's.b', shardminvalue: null }),
  ]);
  expect(groups.map(({ tables }) => tables)).toEqual([['devices', 's.b']]);
});

test('every node is listed, and any shard of a group finds it', () => {
  const groups = shardGroups([row({}), row({ shard_id: 5, table_name: 'events', bytes: 1 })]);
  const seen = { nodes: clusterNodes(2), groups };
  expect(placementsOf(seen).map(({ label, shards, bytes }) => [label, shards, bytes])).toEqual([
    ['coordinator', 1, 11],
    ['w0', 0, 0],
  ]);
  expect(groupsByShard(seen).get(5)).toBe(groups[0]);
});

test("this program's own tables move with a group and count for nothing in it", () => {
  const groups = shardGroups([
    row({}),
    row({ shard_id: 5, table_name: 'scaleout.probe', bytes: 99, own: true }),
  ]);
  expect(groups).toHaveLength(1);
  expect(groups[0]).toMatchObject({ shardIds: [row({}).shard_id], bytes: row({}).bytes, ownShardIds: [5] });
  // A job may name the group by any of its shards.
  expect(groupsByShard({ nodes: [], groups }).get(5)).toBe(groups[0]);
  expect(shardGroups([row({ own: true })])).toEqual([]);
});

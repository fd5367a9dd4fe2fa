import type { ShardTenants } from '../../../scripts/citus/tenants';
import { planText } from '../../../scripts/rebalance/text';
import { heavyGroups, isolation } from '../../../scripts/rebalance/plan/proposals';
import { snapshot } from '../fixtures';

const MIB = 1024 * 1024;

const shard = (more: Partial<ShardTenants>): ShardTenants => ({
  table: 'events',
  isPartition: false,
  column: 'tenant',
  type: 'text',
  name: 'public.events_101',
  bytes: 90 * MIB,
  values: [
    { value: "o'neil", share: 0.8 },
    { value: 'b', share: 0.1 },
  ],
  ...more,
});

describe('a shard group that outweighs a node', () => {
  const even = snapshot(3, [0, 0, 1, 2, 1, 2], 10 * MIB);
  const groups = even.groups.map((group, index) => (index === 2 ? { ...group, bytes: 90 * MIB } : group));

  test('is one larger than what a node holds on average, where there is more than one, and not of next to nothing', () => {
    expect(heavyGroups(even)).toEqual([]);
    expect(heavyGroups({ ...even, groups })).toEqual([groups[2]]);
    expect(heavyGroups({ nodes: even.nodes.slice(0, 1), groups })).toEqual([]);
    expect(
      heavyGroups({ ...even, groups: groups.map((group) => ({ ...group, bytes: group.bytes / 1000 })) }),
    ).toEqual([]);
  });

  test('has a tenant that dominates it: it may have a shard of its own, with those of the colocated tables', () => {
    const parts = [
      shard({ isPartition: true, table: 'events_2026', bytes: 70 * MIB }),
      shard({ bytes: 0, values: null }),
      shard({ table: 'devices', bytes: 20 * MIB, values: [{ value: "o'neil", share: 0.5 }] }),
    ];
    expect(isolation(groups[2]!, parts, 46 * MIB)).toMatchObject({
      kind: 'isolate-tenant',
      shardId: 3,
      tenant: "o'neil",
      tenantBytes: 66 * MIB,
      sql: "SELECT isolate_tenant_to_new_shard('events', 'o''neil'::text, 'CASCADE', 'auto')",
      message: expect.stringMatching(
        /^shard 3 .* 90\.0 MiB\) is larger than .* \(46\.0 MiB\).* tenant = 'o''neil' has about 73 % of it/,
      ) as string,
    });
  });

  test('of many tenants, or of unknown ones, has no remedy in this', () => {
    expect(isolation(groups[2]!, [shard({ values: [{ value: 'a', share: 0.4 }] })], MIB)).toBeUndefined();
    expect(isolation(groups[2]!, [shard({ values: null })], MIB)).toBeUndefined();
  });

  test('is in the text of a plan, as nothing that a run does', () => {
    const proposal = isolation(groups[2]!, [shard({})], MIB)!;
    const text = planText({
      formatVersion: 1,
      strategy: 'by_disk_size',
      moves: [],
      missingReferenceTables: [],
      before: [],
      after: [],
      disk: [],
      estimate: { seconds: 0, longestWritePauseMs: 0, assumes: '' },
      findings: [],
      proposals: [proposal],
      onPaper: null,
      failures: [],
    });
    expect(text).toMatch(
      /To consider, as nothing of this is done here:\n- shard 3 .*isolate_tenant_to_new_shard/,
    );
  });
});

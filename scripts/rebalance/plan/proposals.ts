import type { Client } from 'pg';
import { escapeLiteral } from 'pg';
import type { ShardGroup, Snapshot } from '../../citus/placements';
import { holdsShards } from '../../citus/nodes';
import { readTenants } from '../../citus/tenants';
import type { ShardTenants } from '../../citus/tenants';
import { bytes as asBytes } from '../../lib/reporter';

/** Something that a person may do, and that no verb does by itself. */
export interface Proposal {
  readonly kind: 'isolate-tenant';
  /** Stands for the shard group. */
  readonly shardId: number;
  readonly tables: readonly string[];
  /** The value of the distribution column. */
  readonly tenant: string;
  /** Of the shard group, and of that about the tenant's. */
  readonly bytes: number;
  readonly tenantBytes: number;
  /** What does it. */
  readonly sql: string;
  /** Why, and what follows: a paragraph. */
  readonly message: string;
}

/** Smaller groups are not worth a shard of their own, however small the others are. */
const LEAST_BYTES = 1024 * 1024;

/** The part of its shard group from which on a tenant dominates it. */
const DOMINATES = 0.5;

/** Groups that are looked into: the largest. */
const MOST_GROUPS = 3;

/** What a node holds on average, of those that are to hold shards. Pure. */
function nodeShare({ nodes, groups }: Snapshot): number {
  const holding = nodes.filter(holdsShards).length;
  return groups.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, holding);
}

/** Shard groups that outweigh a node's share, the largest first: no rebalance brings nodes with them to balance. Pure. */
export function heavyGroups(snapshot: Snapshot): ShardGroup[] {
  if (snapshot.nodes.filter(holdsShards).length < 2) return [];
  const share = nodeShare(snapshot);
  return snapshot.groups
    .filter(({ bytes }) => bytes > share && bytes >= LEAST_BYTES)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_GROUPS);
}

/** To give the tenant that dominates a shard group one of its own; undefined where none does. Pure. */
export function isolation(
  { shardIds, tables, bytes }: ShardGroup,
  shards: readonly ShardTenants[],
  share: number,
): Proposal | undefined {
  const tenants = new Map<string, number>();
  for (const shard of shards) {
    for (const { value, share: part } of shard.values ?? []) {
      tenants.set(value, (tenants.get(value) ?? 0) + part * shard.bytes);
    }
  }
  const [largest] = [...tenants].sort(([, a], [, b]) => b - a);
  const known = shards.reduce((sum, shard) => sum + shard.bytes, 0);
  const root = shards.find(({ isPartition }) => !isPartition) ?? shards[0];
  if (largest === undefined || root === undefined || largest[1] < DOMINATES * known) return undefined;
  const [tenant, tenantBytes] = largest;
  const sql = `SELECT isolate_tenant_to_new_shard(${escapeLiteral(root.table)}, ${escapeLiteral(tenant)}::${root.type}, 'CASCADE', 'auto')`;
  const part = `${String(Math.round((100 * tenantBytes) / known))} %`;
  return {
    kind: 'isolate-tenant',
    shardId: shardIds[0] ?? 0,
    tables,
    tenant,
    bytes,
    tenantBytes: Math.round(tenantBytes),
    sql,
    message:
      `shard ${String(shardIds[0])} (${tables.join(', ')}; ${asBytes(bytes)}) is larger than what a node holds on average (${asBytes(share)}), so that no move brings the nodes to balance, ` +
      `and ${root.column} = ${escapeLiteral(tenant)} has about ${part} of it. In a shard of its own it can have a node to itself, and the others move without it: ${sql}; then plan again`,
  };
}

/** Asks the nodes about shard groups that outweigh a node's share, and about no others. */
export async function readProposals(client: Client, snapshot: Snapshot): Promise<Proposal[]> {
  const proposals: Proposal[] = [];
  for (const group of heavyGroups(snapshot)) {
    const found = isolation(group, await readTenants(client, group.shardIds), nodeShare(snapshot));
    if (found !== undefined) proposals.push(found);
  }
  return proposals;
}

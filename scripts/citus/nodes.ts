import type { Client } from 'pg';
import { z } from 'zod';
import { NODES } from './catalog.sql';
import { labelNodes } from './node-labels';

/** Host and port as Citus's metadata names a node. */
export interface NodeAddress {
  readonly name: string;
  readonly port: number;
}

/** A primary node of the cluster: a row of `pg_dist_node`, with a name for people. */
export interface Node extends NodeAddress {
  /** Background tasks name nodes by it; grows with each node that joins. */
  readonly nodeId: number;
  /** Placements name nodes by it; 0 is the coordinator. */
  readonly groupId: number;
  /** `coordinator`, `w0`, `w1`, ... */
  readonly label: string;
  readonly shouldHaveShards: boolean;
  readonly active: boolean;
}

const nodeRows = z.array(
  z.object({
    nodeId: z.number(),
    groupId: z.number(),
    name: z.string(),
    port: z.number(),
    shouldHaveShards: z.boolean(),
    active: z.boolean(),
  }),
);

/** The primaries, the coordinator first. */
export async function readNodes(client: Client): Promise<Node[]> {
  const rows = nodeRows.parse((await client.query(NODES)).rows);
  const labels = labelNodes(rows);
  return rows.map((row, index) => ({ ...row, label: labels[index] ?? row.name }));
}

/** Whether the rebalancer may place shards there. */
export function holdsShards({
  active,
  shouldHaveShards,
}: Pick<Node, 'active' | 'shouldHaveShards'>): boolean {
  return active && shouldHaveShards;
}

/** `name:port`, unique in a cluster where several nodes may share a host. */
export function nodeName({ name, port }: NodeAddress): string {
  return `${name}:${String(port)}`;
}

export function sameNode(a: NodeAddress, b: NodeAddress): boolean {
  return a.name === b.name && a.port === b.port;
}

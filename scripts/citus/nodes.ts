import type { Client } from 'pg';
import { z } from 'zod';
import { allOf } from '../../config/text/text';
import { refused, ScaleoutError } from '../lib/errors';
import { NODES } from './catalog.sql';
import { labelNodes } from './node-labels';
import { readRows } from './rows';

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

const nodeRow = z.object({
  nodeId: z.number(),
  groupId: z.number(),
  name: z.string(),
  port: z.number(),
  shouldHaveShards: z.boolean(),
  active: z.boolean(),
});

/** The primaries, the coordinator first. */
export async function readNodes(client: Client): Promise<Node[]> {
  const rows = await readRows(client, nodeRow, NODES);
  const labels = labelNodes(rows);
  return rows.map((row, index) => ({ ...row, label: labels[index] ?? row.name }));
}

/**
 * The nodes a rebalance goes by, in the order in which they joined.
 *
 * @throws ScaleoutError where a node is switched off
 */
export async function readActiveNodes(client: Client): Promise<Node[]> {
  const nodes = await readNodes(client);
  const off = nodes.filter(({ active }) => !active).map(nodeName);
  if (off.length > 0) {
    throw new ScaleoutError(
      'cluster.inactive-node',
      `${allOf(off)} ${off.length === 1 ? 'is a node' : 'are nodes'} that Citus does not use (isactive is false in pg_dist_node), so that a rebalance would fail: activate with citus_activate_node(), or remove with citus_remove_node(); nothing was changed`,
    );
  }
  return nodes.sort((a, b) => a.nodeId - b.nodeId);
}

/**
 * Refuses to go on anywhere but on the coordinator, which alone distributes and moves.
 *
 * @throws ScaleoutError (refused) on a worker
 */
export async function requireCoordinator(client: Client): Promise<void> {
  const [local] = await readRows(
    client,
    z.object({ groupid: z.number() }),
    'SELECT groupid FROM pg_dist_local_group',
  );
  const group = local?.groupid ?? 0;
  if (group === 0) return;
  const nodes = await readNodes(client);
  const coordinator = nodes.find(({ groupId }) => groupId === 0);
  const known = coordinator === undefined ? '' : `, which the nodes know as ${nodeName(coordinator)}`;
  throw refused(
    'cluster.not-coordinator',
    `this is the worker of node group ${String(group)}, and what changes the cluster begins on its coordinator${known}. ${
      hasOneHost(nodes)
        ? 'On an elastic cluster it answers on port 5432, and any node on port 7432'
        : 'On Azure its host name starts with "c-"'
    }; nothing was changed`,
  );
}

/** All nodes of an elastic cluster are at one address, and have ports of their own. */
function hasOneHost(nodes: readonly NodeAddress[]): boolean {
  return nodes.length > 1 && new Set(nodes.map(({ name }) => name)).size === 1;
}

/**
 * Citus opens no session on its nodes from a standby, and nothing can change there.
 *
 * @throws ScaleoutError (refused) on a standby
 */
export async function requirePrimary(client: Client): Promise<void> {
  const [server] = await readRows(
    client,
    z.object({ standby: z.boolean(), database: z.string() }),
    'SELECT pg_is_in_recovery() AS standby, quote_ident(current_database()) AS database',
  );
  if (server?.standby !== true) return;
  throw refused(
    'cluster.standby',
    `database ${server.database} is a standby here, which only repeats what its primary does: connect to the primary and run this again. ` +
      '`tables verify` and `compare` work on a standby; nothing was changed',
  );
}

/** What Citus gave the database when the extension was created, or nothing. A restored backup keeps it. */
export async function readServerId(client: Client): Promise<string> {
  const [row] = await readRows(
    client,
    z.object({ id: z.string().nullable() }),
    `SELECT metadata ->> 'server_id' AS id FROM pg_dist_node_metadata`,
  );
  return row?.id ?? '';
}

/**
 * Asks every node, and leaves those out that do not answer.
 *
 * @param sql a query of one row and one column: JSON
 * @throws ZodError, SyntaxError where an answer has another shape
 */
export async function askAllNodes<Answer>(
  client: Client,
  answer: z.ZodType<Answer>,
  sql: string,
): Promise<{ readonly nodeId: number; readonly answer: Answer }[]> {
  const rows = await readRows(
    client,
    z.object({ nodeId: z.number(), success: z.boolean(), result: z.string() }),
    'SELECT nodeid AS "nodeId", success, result FROM run_command_on_all_nodes($1)',
    [sql],
  );
  return rows
    .filter(({ success }) => success)
    .map(({ nodeId, result }) => ({ nodeId, answer: answer.parse(JSON.parse(result)) }));
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

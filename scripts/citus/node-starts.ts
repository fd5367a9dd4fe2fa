import type { Client } from 'pg';
import { z } from 'zod';
import { askAllNodes, nodeName, readNodes } from './nodes';

/**
 * Since when a server has been up. One that ends a process of its own by force, as when memory is short, keeps its start and loses its
 * statistics.
 */
const UP_SINCE = `SELECT to_json(concat_ws(' ', pg_postmaster_start_time(), (SELECT stats_reset FROM pg_stat_bgwriter)))`;

/** Since when the server of each node has been up, by `name:port`; nodes that do not answer are left out. */
export type NodeStarts = ReadonlyMap<string, string>;

export async function readNodeStarts(client: Client): Promise<NodeStarts> {
  const nodes = new Map((await readNodes(client)).map((node) => [node.nodeId, nodeName(node)]));
  const answers = await askAllNodes(client, z.string(), UP_SINCE);
  return new Map(
    answers.map(({ nodeId, answer }) => [nodes.get(nodeId) ?? `node ${String(nodeId)}`, answer]),
  );
}

/** Nodes that a server was lost of. */
export interface LostNodes {
  /** They do not answer. */
  readonly silent: readonly string[];
  /** They answer, and have been up only since then. */
  readonly restarted: readonly string[];
}

/** What became of nodes between two looks. Pure. */
export function lostSince(before: NodeStarts, now: NodeStarts): LostNodes {
  const known = [...before.keys()];
  return {
    silent: known.filter((node) => !now.has(node)),
    restarted: known.filter((node) => now.has(node) && now.get(node) !== before.get(node)),
  };
}

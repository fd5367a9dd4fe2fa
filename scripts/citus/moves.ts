import type { Client } from 'pg';
import { z } from 'zod';
import { ScaleoutError } from '../lib/errors';
import { MOVABLE_TABLE, PLACEMENTS, PLAN } from './catalog.sql';
import { nodeName, sameNode } from './nodes';
import type { Node, NodeAddress } from './nodes';
import { groupsByShard } from './placements';
import { readRows } from './rows';
import type { ShardGroup, Snapshot } from './placements';
import type { TransferMode } from './transfer-mode';

/** One shard group going from one node to another. */
export interface Move<End = Node> extends Omit<ShardGroup, 'groupId'> {
  /** The lowest shard id, which stands for the group. */
  readonly shardId: number;
  readonly from: End;
  readonly to: End;
  readonly mode: TransferMode;
}

const planRow = z.object({
  table_name: z.string(),
  shard_id: z.number(),
  sourcename: z.string(),
  sourceport: z.number(),
  targetname: z.string(),
  targetport: z.number(),
});

/** A row of {@link PLAN}. */
export type PlanRow = z.infer<typeof planRow>;

/** What Citus is to plan. */
export interface PlanScope {
  readonly strategy: string;
  /** Moves its colocation group alone, as `regclass` reads it. @default - every table */
  readonly only?: string | undefined;
  /** Empties nodes that are to hold no shards, and moves nothing else. @default false */
  readonly drainOnly?: boolean | undefined;
}

/** Whether a table, as `regclass` reads it, is there and has shards that a rebalance may move. */
export async function isMovableTable(client: Client, table: string): Promise<boolean> {
  const [row] = await readRows(client, z.object({ movable: z.boolean() }), MOVABLE_TABLE, [table]);
  return row?.movable === true;
}

/** The moves that Citus plans, in its order. */
export async function readPlannedMoves(
  client: Client,
  { strategy, only, drainOnly = false }: PlanScope,
  mode: TransferMode,
  snapshot: Snapshot,
): Promise<Move[]> {
  return planMoves(
    snapshot,
    await readRows(client, planRow, PLAN, [strategy, only ?? null, drainOnly]),
    mode,
  );
}

/**
 * Citus's rows, one for each shard, as one move for each shard group, in Citus's order. Pure.
 *
 * @throws ScaleoutError where a node joined after the snapshot
 */
export function planMoves(snapshot: Snapshot, rows: readonly PlanRow[], mode: TransferMode): Move[] {
  const groups = groupsByShard(snapshot);
  const moves = new Map<string, Move>();
  for (const row of rows) {
    const from = nodeAt(snapshot, { name: row.sourcename, port: row.sourceport });
    const to = nodeAt(snapshot, { name: row.targetname, port: row.targetport });
    const move = { ...groupOfShard(groups, row.shard_id, row.table_name), from, to, mode };
    moves.set(`${String(move.shardId)} ${nodeName(from)} ${nodeName(to)}`, move);
  }
  return [...moves.values()];
}

/** @param table of the shard, where it came after the snapshot; undefined where nobody knows it */
export function groupOfShard(
  groups: ReadonlyMap<number, ShardGroup>,
  shardId: number,
  table?: string,
): Pick<Move, 'shardId' | 'shardIds' | 'tables' | 'bytes'> {
  const group = groups.get(shardId);
  if (group === undefined) {
    return { shardId, shardIds: [shardId], tables: table === undefined ? [] : [table], bytes: 0 };
  }
  const { shardIds, tables, bytes } = group;
  return { shardId: shardIds[0] ?? shardId, shardIds, tables, bytes };
}

function nodeAt({ nodes }: Snapshot, address: NodeAddress): Node {
  const node = nodes.find((each) => sameNode(each, address));
  if (node === undefined) {
    throw new ScaleoutError(
      'rebalance.busy',
      `node ${nodeName(address)} joined the cluster while the plan was read; run this again. Nothing was changed`,
    );
  }
  return node;
}

/** Where a shard group is now. */
export async function nodesOf(client: Client, { shardId }: Pick<Move, 'shardId'>): Promise<NodeAddress[]> {
  return readRows(client, z.object({ name: z.string(), port: z.number() }), PLACEMENTS, [shardId]);
}

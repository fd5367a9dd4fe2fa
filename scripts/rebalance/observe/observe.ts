import type { Client } from 'pg';
import type { SecuredTable } from '../../database/observe/row-security';
import { readSecuredTables } from '../../database/observe/row-security';
import { readShards } from '../../citus/shards';
import { readShardRows, readShardStates } from '../../database/observe/shards';
import type { PlacedShard } from '../../database/observe/shards';
import { compareShard, driftOf, hiddenDrift, sameRows } from './compare';
import type { SeenShard, ShardDifference } from './compare';
import { nodesOf } from '../../citus/moves';
import type { Move } from '../../citus/moves';
import { sameNode } from '../../citus/nodes';
import type { NodeAddress } from '../../citus/nodes';

/** What a move found where it began. */
export interface SeenMove {
  readonly move: Move;
  readonly shards: readonly SeenShard[];
}

/** What `rebalance run` says of the rows it moved. */
export interface ComparedRows {
  /** Shard groups that were looked at before and after their move. */
  readonly groups: number;
  /** Those that are the same in every row, index, constraint and policy. */
  readonly same: number;
  readonly different: readonly ShardDifference[];
}

export const NOTHING_COMPARED: ComparedRows = { groups: 0, same: 0, different: [] };

export function together(a: ComparedRows | null, b: ComparedRows | null): ComparedRows | null {
  if (a === null || b === null) return a ?? b;
  return {
    groups: a.groups + b.groups,
    same: a.same + b.same,
    different: [...a.different, ...b.different],
  };
}

/** Reads what is to move: rows, indexes, constraints and policies of every shard where it is now. */
export async function seeBefore(client: Client, moves: readonly Move[]): Promise<SeenMove[]> {
  const placed = await placedShards(client, moves, ({ from }) => from);
  const seen = await see(client, placed.flat());
  return moves.map((move, index) => ({ move, shards: seen.splice(0, placed[index]?.length ?? 0) }));
}

/**
 * Reads it again where it went, and compares. A shard of which rows differ is looked at twice: Citus leaves the old
 * placement for some seconds, as it was at the moment of the switch, with all that was written during the move.
 */
export async function compareAfter(
  client: Client,
  before: readonly SeenMove[],
  allowed: ReadonlySet<string>,
): Promise<ComparedRows> {
  const arrived: SeenMove[] = [];
  for (const each of before) {
    if (await hasArrived(client, each.move)) arrived.push(each);
  }
  const now = await see(
    client,
    arrived.flatMap(({ move, shards }) => shards.map(({ shard }) => ({ ...shard, node: move.to }))),
  );
  const different: ShardDifference[] = [];
  let same = 0;
  for (const { shards } of arrived) {
    const arrivedShards = now.splice(0, shards.length);
    const found: ShardDifference[] = [];
    for (const [index, was] of shards.entries()) {
      const is = arrivedShards[index];
      if (is === undefined) continue;
      found.push(...compareShard(...(await lookTwice(client, was, is)), allowed));
    }
    if (found.length === 0) same += 1;
    different.push(...found);
  }
  return { groups: arrived.length, same, different };
}

async function lookTwice(client: Client, was: SeenShard, is: SeenShard): Promise<[SeenShard, SeenShard]> {
  if (sameRows(was.rows, is.rows)) return [was, is];
  const [old, now] = await readShardRows(client, [was.shard, is.shard]);
  if (old === undefined || now === undefined || 'unreadable' in old) return [was, is];
  return [
    { ...was, rows: old },
    { ...is, rows: now },
  ];
}

/** Where flags and policies of placements are not those of their tables, as of now. */
export async function driftAfter(
  client: Client,
  moves: readonly Move[],
  told: readonly ShardDifference[],
): Promise<ShardDifference[]> {
  const tables = await readSecuredTables(client);
  const shards = (await placedShards(client, moves, ({ to }) => to)).flat();
  const states = await readShardStates(client, shards);
  const key = ({ shard, what }: ShardDifference): string => `${String(shard)} ${what}`;
  const known = new Set(told.map(key));
  return shards
    .flatMap((shard, index) => driftOf({ shard, state: states[index] }, tables))
    .filter((each) => !known.has(key(each)));
}

/** Shards that hide rows from the copy of a move although their table on the coordinator does not. */
export async function readHiddenDrift(
  client: Client,
  moves: readonly Move[],
  tables: readonly SecuredTable[],
): Promise<PlacedShard[]> {
  const shards = (await placedShards(client, moves, ({ from }) => from)).flat();
  const states = await readShardStates(client, shards);
  return hiddenDrift(
    shards.map((shard, index) => ({ shard, state: states[index] })),
    tables,
  );
}

async function placedShards(
  client: Client,
  moves: readonly Move[],
  nodeOf: (move: Move) => NodeAddress,
): Promise<PlacedShard[][]> {
  const shards = await readShards(
    client,
    moves.flatMap(({ shardIds }) => shardIds),
  );
  const byId = new Map(shards.map((shard) => [shard.shardId, shard]));
  return moves.map((move) =>
    move.shardIds.flatMap((id) => {
      const shard = byId.get(id);
      return shard === undefined ? [] : [{ ...shard, node: nodeOf(move) }];
    }),
  );
}

async function see(client: Client, shards: readonly PlacedShard[]): Promise<SeenShard[]> {
  const states = await readShardStates(client, shards);
  const rows = await readShardRows(client, shards);
  return shards.map((shard, index) => ({
    shard,
    rows: rows[index] ?? { unreadable: 'it was not read' },
    state: states[index],
  }));
}

async function hasArrived(client: Client, move: Move): Promise<boolean> {
  return (await nodesOf(client, move)).some((node) => sameNode(node, move.to));
}

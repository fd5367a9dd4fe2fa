import type { GroupMove } from './rebalance';

export interface SimulatedNode {
  /** `coordinator`, `w0`, `w1`, ... */
  readonly name: string;
  /** Counted as they move: the shards of colocated tables that cover the same range are one. */
  readonly shards: number;
  readonly rows: number;
  readonly bytes: number;
}

/** One shard of one table; colocated shards follow one another, as in Citus's own plan. */
export interface SimulatedMove {
  readonly table: string;
  /** Its index, from 0. */
  readonly shard: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
}

/** What one shard holds. */
export interface ShardSize {
  readonly rows: number;
  readonly bytes: number;
}

/** A table by its shards, in their order. */
export interface SizedTable {
  readonly name: string;
  readonly shards: readonly ShardSize[];
}

/** Tables whose shards live and move together. */
export interface SizedGroup {
  readonly tables: readonly SizedTable[];
}

/** What the shards of a group's tables hold that cover one range. */
export function shardGroupSize({ tables }: SizedGroup, shard: number): ShardSize {
  let [rows, bytes] = [0, 0];
  for (const { shards } of tables) {
    rows += shards[shard]?.rows ?? 0;
    bytes += shards[shard]?.bytes ?? 0;
  }
  return { rows, bytes };
}

/** @param placement the node of each shard of each group, by its place in `names` */
export function nodeTotals(
  names: readonly string[],
  groups: readonly SizedGroup[],
  placement: readonly (readonly number[])[],
): SimulatedNode[] {
  const held = names.map((name) => ({ name, shards: 0, rows: 0, bytes: 0 }));
  for (const [at, group] of groups.entries()) {
    for (const [shard, node] of (placement[at] ?? []).entries()) {
      const holder = held[node];
      if (holder === undefined) continue;
      const { rows, bytes } = shardGroupSize(group, shard);
      holder.shards += 1;
      holder.rows += rows;
      holder.bytes += bytes;
    }
  }
  return held;
}

/** The move of a group's shard, table by table. */
export function tableMoves(
  { shard, from, to }: GroupMove,
  group: SizedGroup | undefined,
  names: readonly string[],
): SimulatedMove[] {
  return (group?.tables ?? []).map(({ name, shards }) => ({
    table: name,
    shard,
    from: names[from] ?? '',
    to: names[to] ?? '',
    bytes: shards[shard]?.bytes ?? 0,
  }));
}

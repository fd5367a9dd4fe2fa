/** Rows that one shard has received so far. */
export interface ShardCount {
  /** The shard and its node. */
  readonly shard: string;
  readonly rows: number;
}

/**
 * Adds up the rows that arrive in shards. PostgreSQL forgets a copy that has ended, and the partitions of a table are
 * copied one after the other: what a shard had when it was last seen keeps counting.
 */
export class CopiedRows {
  private readonly most = new Map<string, number>();

  /** @returns rows of all shards, with those that are no longer being copied */
  see(copying: readonly ShardCount[]): number {
    for (const { shard, rows } of copying) this.most.set(shard, Math.max(rows, this.most.get(shard) ?? 0));
    return [...this.most.values()].reduce((sum, rows) => sum + rows, 0);
  }
}

/** Matches the shards of tables of these names: table, number; the name may be qualified or quoted. */
export function shardPattern(tables: readonly string[]): string {
  return `(^|[."])(${tables.map((table) => table.replace(/[^\w]/g, '\\$&')).join('|')})_[0-9]+"?$`;
}

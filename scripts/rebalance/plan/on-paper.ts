import { chooseWay } from '../cost/budget';
import type { CopyWay, MoveCosts } from '../cost/move-cost';
import { predictPauseMs, predictSeconds } from '../cost/move-cost';
import type { BudgetOptions } from './options';
import { throttledSeconds } from './pacer';

/** A cluster that there is not, of nodes that hold alike. */
export interface AssumedCluster {
  /** Nodes that hold shards now. */
  readonly nodes: number;
  /** Nodes that join and get their share. */
  readonly added: number;
  /** Shard groups, all of one size. */
  readonly shards: number;
  /** Of all shard groups together. */
  readonly bytes: number;
}

/** What a rebalance of an assumed cluster comes to. */
export interface OnPaper extends AssumedCluster {
  readonly moves: number;
  readonly bytesMoved: number;
  readonly way: CopyWay;
  readonly seconds: number;
  readonly longestWritePauseMs: number;
  /** That each node which joins has to have free, the log of writes not counted. */
  readonly bytesPerAddedNode: number;
}

const KEYS = { nodes: 'nodes', new: 'added', shards: 'shards', gb: 'bytes' } as const;

/**
 * Reads `nodes=16 new=4 shards=1024 gb=2000`, a gigabyte being 1,000,000,000 bytes. Pure.
 *
 * @throws Error that says what is wrong
 */
export function parseAssumed(text: string): AssumedCluster {
  const found = { nodes: 0, added: 0, shards: 0, bytes: 0 };
  for (const part of text.split(/[\s,]+/).filter((each) => each !== '')) {
    const [, key, number] = /^(nodes|new|shards|gb)=(\d+)$/.exec(part) ?? [];
    if (key === undefined || Number(number) < 1) {
      throw new Error(`"${part}" is none of nodes, new, shards and gb with a whole number above 0.`);
    }
    found[KEYS[key as keyof typeof KEYS]] = Number(number) * (key === 'gb' ? 1e9 : 1);
  }
  const missing = Object.entries(KEYS).find(([, name]) => found[name] === 0)?.[0];
  if (missing !== undefined)
    throw new Error(`It lacks ${missing}: as in "nodes=16 new=4 shards=1024 gb=2000".`);
  return found;
}

/**
 * How a rebalance by number of shards would go in a cluster of which only the size is known, by what moves cost in this database. Pure.
 *
 * With `n` nodes, `a` added, `G` shard groups of `s = B / G` bytes: `M = ⌊G · a / (n + a)⌋` moves; `t = f + s / r` seconds each, where the fixed cost `f` and
 * the rate `r` are measured; `T = M · t / p`, and no less than `M · s` at the rate of a throttle. `p` moves are under way at once: of those by logical
 * replication as many as asked for, and one to each node that joins at most; of those that block writes one. A node that joins needs
 * `⌈M / a⌉ · s` bytes.
 */
export function onPaper(
  assumed: AssumedCluster,
  costs: MoveCosts,
  {
    maxWritePauseMs,
    maxParallel = 1,
    bytesPerSecond,
  }: Pick<BudgetOptions, 'maxWritePauseMs' | 'maxParallel' | 'bytesPerSecond'>,
): OnPaper {
  const { nodes, added, shards, bytes } = assumed;
  const each = bytes / shards;
  const moves = Math.floor((shards * added) / (nodes + added));
  const way = chooseWay({ shardId: 0, bytes: each, logicalWorks: true, tries: [] }, costs, maxWritePauseMs);
  const atOnce = way === 'logical' ? Math.max(1, Math.min(maxParallel, added, moves)) : 1;
  return {
    ...assumed,
    moves,
    bytesMoved: Math.round(moves * each),
    way,
    seconds: Math.round(
      throttledSeconds((moves * predictSeconds(costs, way, each)) / atOnce, moves * each, bytesPerSecond),
    ),
    longestWritePauseMs: Math.ceil(Math.min(predictPauseMs(costs, way, each), maxWritePauseMs)),
    bytesPerAddedNode: Math.ceil(moves / added) * Math.ceil(each),
  };
}

import type { Allowance } from '../../config/distribution-types';
import { ScaleoutError } from '../lib/errors';

/** Strategies Citus ships. `by_disk_size` is its default since 12.0. */
export const STRATEGIES = ['by_disk_size', 'by_shard_count'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/**
 * How a shard travels. `auto` is logical replication, which needs a replica identity on every table of the shard group;
 * `force_logical` does without, and UPDATE and DELETE fail on the tables that have none while their shards move;
 * `block_writes` copies faster and lets writers of the shard group wait.
 */
export const TRANSFER_MODES = ['auto', 'force_logical', 'block_writes'] as const;
export type TransferMode = (typeof TRANSFER_MODES)[number];

export interface RebalanceOptions {
  readonly strategy: Strategy;
  readonly mode: TransferMode;
}

/** What a run is asked for besides. */
export interface RunOptions extends RebalanceOptions {
  readonly allow: readonly Allowance[];
  /** Count and hash what moves, before and after. */
  readonly compareRows: boolean;
}

/**
 * Options as a person gave them, parsed.
 *
 * @param input.strategy @default 'by_disk_size'
 * @param input.mode @default 'auto'
 * @throws ScaleoutError naming the value and those allowed
 */
export function parseOptions(input: {
  readonly strategy?: string | undefined;
  readonly mode?: string | undefined;
}): RebalanceOptions {
  return {
    strategy: oneOf(STRATEGIES, 'rebalance strategy', input.strategy ?? 'by_disk_size'),
    mode: oneOf(TRANSFER_MODES, 'shard transfer mode', input.mode ?? 'auto'),
  };
}

function oneOf<T extends string>(allowed: readonly T[], what: string, value: string): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new ScaleoutError(
      `"${value}" is no ${what}: choose one of ${allowed.join(', ')}; nothing was changed`,
    );
  }
  return found;
}

/** True for the modes that copy by logical replication while writes go on. */
export function isLogical(mode: TransferMode): boolean {
  return mode !== 'block_writes';
}

import { TRANSFER_MODES } from '../citus/transfer-mode';
import type { TransferMode } from '../citus/transfer-mode';
import type { Allowance } from '../../config/workload/distribution-types';
import { ScaleoutError } from '../lib/errors';

/** Strategies Citus ships. `by_disk_size` is its default since 12.0. */
export const STRATEGIES = ['by_disk_size', 'by_shard_count'] as const;
export type Strategy = (typeof STRATEGIES)[number];

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
      'input.invalid',
      `"${value}" is no ${what}: choose one of ${allowed.join(', ')}; nothing was changed`,
    );
  }
  return found;
}

import type { Allowance } from '../../config/workload/distribution-types';
import type { Strategy } from '../citus/strategy';
import type { TransferMode } from '../citus/transfer-mode';

export interface RebalanceOptions {
  readonly strategy: Strategy;
  readonly mode: TransferMode;
}

/** What is asked for, where Citus's own defaults will not do. */
export interface AskedOptions {
  /** @default 'by_disk_size' */
  readonly strategy?: Strategy | undefined;
  /** @default 'auto' */
  readonly mode?: TransferMode | undefined;
}

/** What a run is asked for besides. */
export interface RunOptions extends RebalanceOptions {
  readonly allow: readonly Allowance[];
  /** Count and hash what moves, before and after. */
  readonly compareRows: boolean;
}

/** Fills Citus's own defaults in. */
export function withDefaults({ strategy = 'by_disk_size', mode = 'auto' }: AskedOptions): RebalanceOptions {
  return { strategy, mode };
}

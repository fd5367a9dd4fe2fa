import type { Strategy } from '../../citus/strategy';
import type { TransferMode } from '../../citus/transfer-mode';

/**
 * Who makes the moves: `budgeted` this program, one after another, each so that no write waits longer than asked; `background` Citus's own
 * job, which goes on without anyone.
 */
export const REBALANCE_WAYS = ['budgeted', 'background'] as const;
export type RebalanceWay = (typeof REBALANCE_WAYS)[number];

interface JobOptions {
  readonly strategy: Strategy;
  readonly mode: TransferMode;
}

/** Fills Citus's own defaults in. */
export function jobDefaults({
  strategy = 'by_disk_size',
  mode = 'auto',
}: {
  readonly [Name in keyof JobOptions]?: JobOptions[Name] | undefined;
}): JobOptions {
  return { strategy, mode };
}

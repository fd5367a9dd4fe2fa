import type { TransferMode } from '../citus/transfer-mode';
import { bytes as asBytes, duration } from '../lib/reporter';
import { chooseWay, transferMode } from './budget';
import type { MoveCosts } from './move-cost';
import { predictPauseMs, secondsLeft } from './move-cost';
import type { Rebalance } from './plan';
import type { BothWays } from './preflight';

/** Times the budget that a pause may be thought to take before a move that cannot go otherwise is refused. */
const CLEARLY_OVER = 4;

/**
 * A plan as it is carried out under a budget: each move with the way in which it is tried first, and how long that takes by what moves
 * cost in this database before. Pure.
 *
 * @returns `faults`: moves that cannot be kept within the budget
 */
export function underBudget(
  plan: Rebalance,
  { onlyBlocking }: Pick<BothWays, 'onlyBlocking'>,
  costs: MoveCosts,
  maxWritePauseMs: number,
): { readonly plan: Rebalance; readonly faults: string[] } {
  const moves = plan.moves.map((move) => {
    const logicalWorks = !onlyBlocking.has(move.shardId);
    const way = chooseWay({ ...move, logicalWorks, tries: [] }, costs, maxWritePauseMs);
    return { move, way, logicalWorks, pauseMs: predictPauseMs(costs, way, move.bytes) };
  });
  const longest = Math.max(0, ...moves.map(({ pauseMs }) => pauseMs));
  const mode = (way: (typeof moves)[number]['way']): TransferMode => transferMode(way);
  return {
    plan: {
      ...plan,
      moves: moves.map(({ move, way }) => ({ ...move, mode: mode(way) })),
      estimate: {
        seconds:
          Math.round(
            10 *
              secondsLeft(
                costs,
                moves.map(({ move, way }) => ({ way, bytes: move.bytes })),
              ),
          ) / 10,
        longestWritePauseMs: Math.ceil(Math.min(longest, maxWritePauseMs)),
        assumes: `one move after another, ${
          costs.length === 0
            ? 'by the costs of three local servers, as no run under a budget has moved anything in this database yet: the first moves correct that'
            : `by what the last ${String(costs.length)} moves in this database took`
        }; a move that would keep a write waiting for longer than ${String(maxWritePauseMs)} ms is cancelled and comes again`,
      },
    },
    faults: moves
      .filter((each) => !each.logicalWorks && each.pauseMs > CLEARLY_OVER * maxWritePauseMs)
      .map(
        ({ move, pauseMs }) =>
          `shard ${String(move.shardId)} (${move.tables.join(', ')}; ${asBytes(move.bytes)}) cannot be kept within --max-write-pause ${String(maxWritePauseMs)}: ` +
          `with writes blocked it takes about ${duration(pauseMs / 1000)}, and logical replication does not copy it (${onlyBlocking.get(move.shardId) ?? ''})`,
      ),
  };
}

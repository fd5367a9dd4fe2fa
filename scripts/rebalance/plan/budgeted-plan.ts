import { someOf } from '../../../config/text/text';
import { groupBy } from '../../lib/group-by';
import { bytes as asBytes, duration } from '../../lib/reporter';
import { chooseWay, transferMode } from '../cost/budget';
import type { MoveCosts } from '../cost/move-cost';
import { expectedSeconds } from '../cost/expected';
import { predictPauseMs, predictSeconds } from '../cost/move-cost';
import { fitsInto, hoursLengthMs, nextOpening, showHours } from '../cost/hours';
import type { BudgetOptions } from './options';
import { throttledSeconds } from './pacer';
import type { Rebalance } from './plan';
import type { BothWays } from './preflight';

/** Times the budget that a pause may be thought to take before a move that cannot go otherwise is refused. */
const CLEARLY_OVER = 4;

/**
 * A plan as it is carried out under a budget: each move with the way in which it is tried first, and how long that takes by what moves
 * cost in this database before. Pure.
 *
 * @returns `faults`: moves that cannot be kept within the budget, or within the hours
 */
export function underBudget(
  plan: Rebalance,
  { onlyBlocking }: Pick<BothWays, 'onlyBlocking'>,
  costs: MoveCosts,
  budget: BudgetOptions,
): { readonly plan: Rebalance; readonly faults: string[] } {
  const { maxWritePauseMs } = budget;
  const moves = plan.moves.map((move) => {
    const logicalWorks = !onlyBlocking.has(move.shardId);
    const way = chooseWay({ ...move, logicalWorks, tries: [] }, costs, maxWritePauseMs);
    return {
      move,
      way,
      logicalWorks,
      pauseMs: predictPauseMs(costs, way, move.bytes),
      seconds: predictSeconds(costs, way, move.bytes),
      expected: expectedSeconds({ ...move, logicalWorks, tries: [] }, costs, maxWritePauseMs),
    };
  });
  const longest = Math.max(0, ...moves.map(({ pauseMs }) => pauseMs));
  const bytes = moves.reduce((sum, { move }) => sum + move.bytes, 0);
  const seconds = moves.reduce((sum, { expected }) => sum + expected, 0);
  return {
    plan: {
      ...plan,
      moves: moves.map(({ move, way }) => ({ ...move, mode: transferMode(way) })),
      estimate: {
        seconds: Math.round(10 * throttledSeconds(seconds, bytes, budget.bytesPerSecond)) / 10,
        longestWritePauseMs: Math.ceil(Math.min(longest, maxWritePauseMs)),
        assumes: assumptions(costs, budget),
      },
    },
    faults: [
      ...overBudget(
        moves.filter((each) => !each.logicalWorks && each.pauseMs > CLEARLY_OVER * maxWritePauseMs),
        onlyBlocking,
        maxWritePauseMs,
      ),
      ...moves.flatMap((each) => hoursFaults(each, budget)),
    ],
  };
}

/**
 * When the hours open, ISO 8601, in which any of these moves could begin; undefined where one could now. Pure.
 *
 * @param plan as {@link underBudget} has it
 */
export function opensLater(
  plan: Pick<Rebalance, 'moves'>,
  costs: MoveCosts,
  { hours }: Pick<BudgetOptions, 'hours'>,
  now: number,
): string | undefined {
  if (hours === undefined) return undefined;
  const seconds = plan.moves.map(({ mode, bytes }) =>
    predictSeconds(costs, mode === 'block_writes' ? 'blocking' : 'logical', bytes),
  );
  if (seconds.some((each) => fitsInto(hours, now, each))) return undefined;
  return new Date(nextOpening(hours, now)).toISOString();
}

/** Groups that one cause keeps from logical replication are one fault. */
function overBudget(
  moves: readonly { readonly move: Rebalance['moves'][number]; readonly pauseMs: number }[],
  onlyBlocking: BothWays['onlyBlocking'],
  maxWritePauseMs: number,
): string[] {
  const causes = groupBy(moves, ({ move }) => onlyBlocking.get(move.shardId) ?? '');
  return [...causes].map(([cause, these]) => {
    const longest = Math.max(...these.map(({ pauseMs }) => pauseMs));
    const names = someOf(
      these.map(({ move }) => named(move)),
      NAMED,
    );
    return (
      `${names} cannot be kept within --max-write-pause ${String(maxWritePauseMs)}: with writes blocked ${these.length === 1 ? 'it takes' : 'one takes up to'} about ` +
      `${duration(longest / 1000)}, and logical replication does not copy ${these.length === 1 ? 'it' : 'them'} (${cause}). A --max-write-pause above that lets writes wait`
    );
  });
}

/** Groups in a message before "and N more". */
const NAMED = 3;

function hoursFaults(
  { move, seconds }: { readonly move: Rebalance['moves'][number]; readonly seconds: number },
  { hours }: Pick<BudgetOptions, 'hours'>,
): string[] {
  if (hours === undefined || seconds * 1000 <= hoursLengthMs(hours)) return [];
  return [
    `${named(move)} takes about ${duration(seconds)}, and --window "${showHours(hours)}" is open for ${duration(hoursLengthMs(hours) / 1000)}: no move may end after it. Choose a longer one`,
  ];
}

function named({ shardId, tables, bytes }: Rebalance['moves'][number]): string {
  return `shard ${String(shardId)} (${tables.join(', ')}; ${asBytes(bytes)})`;
}

function assumptions(
  costs: MoveCosts,
  { maxWritePauseMs, bytesPerSecond, hours, maxParallel = 1 }: BudgetOptions,
): string {
  const grounds =
    costs.length === 0
      ? 'by the costs of three local servers, as no run under a budget has moved anything in this database yet: the first moves correct that'
      : `by what the last ${String(costs.length)} tries of moves in this database took`;
  const rate = bytesPerSecond === undefined ? '' : `, at ${asBytes(bytesPerSecond)}/s on average at most`;
  const when =
    hours === undefined
      ? ''
      : `; moves start and end within ${showHours(hours)}, and the time outside is not counted`;
  const order =
    maxParallel > 1
      ? `one move after another, though up to ${String(maxParallel)} may be under way at once, which is as much faster as the nodes allow`
      : 'one move after another';
  return `${order}${rate}, ${grounds}; a move that would keep a write waiting for longer than ${String(maxWritePauseMs)} ms is cancelled and comes again${when}`;
}

import { z } from 'zod';
import type { Allowance } from '../../../config/workload/distribution-types';
import { ScaleoutError } from '../../lib/errors';
import { STRATEGIES } from '../../citus/strategy';
import type { Strategy } from '../../citus/strategy';
import { TRANSFER_MODES } from '../../citus/transfer-mode';
import type { TransferMode } from '../../citus/transfer-mode';
import { DEFAULT_MAX_WRITE_PAUSE_MS, LEAST_MAX_WRITE_PAUSE_MS } from '../cost/budget';
import type { DailyHours } from '../cost/hours';
import type { RecordedOptions } from '../record/run-record';
import { jobDefaults, REBALANCE_WAYS } from '../cost/ways';
import type { RebalanceWay } from '../cost/ways';

export interface RebalanceOptions {
  readonly strategy: Strategy;
  /** Of every move; under a budget each group has its own, and this is that of copies of reference tables. */
  readonly mode: TransferMode;
  /** How moves are kept from writers; absent where Citus's own job makes them. */
  readonly budget?: BudgetOptions;
}

export interface BudgetOptions {
  /** Milliseconds that a write may have to wait for a move. */
  readonly maxWritePauseMs: number;
  /** Of the moves planned, this many. @default - all */
  readonly maxMoves?: number | undefined;
  /** The table whose colocation group moves, as `regclass` reads it. @default - all */
  readonly only?: string | undefined;
  /** The node that is emptied, by its label or `name:port`. @default - none, every node gets its share */
  readonly drain?: string | undefined;
  /** Bytes a second that the run moves on average at most. @default - as fast as it goes */
  readonly bytesPerSecond?: number | undefined;
  /** When moves may start, and have to end by what they are thought to take. @default - at any time */
  readonly hours?: DailyHours | undefined;
  /** Moves that are under way at once at most, where this Citus takes several. @default 1 */
  readonly maxParallel?: number | undefined;
  /** Whether a run waits for those hours, instead of ending. @default false */
  readonly waitForHours?: boolean | undefined;
}

/** What is asked for, where the defaults will not do. */
export interface AskedOptions extends Omit<BudgetOptions, 'maxWritePauseMs'> {
  /** @default 300 */
  readonly maxWritePauseMs?: number | undefined;
  /** @default 'budgeted', or 'background' where a mode is asked for, which is the job's */
  readonly way?: RebalanceWay | undefined;
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
  /** Write beside the moves to measure what writers feel. @default false */
  readonly probeWrites?: boolean;
}

/**
 * Fills the defaults in.
 *
 * @throws ScaleoutError for what one of the two ways does not know
 */
export function withDefaults(asked: AskedOptions): RebalanceOptions {
  const { strategy, mode } = jobDefaults(asked);
  const way = asked.way ?? (asked.mode === undefined ? 'budgeted' : 'background');
  if (way === 'background') {
    const unfit = OF_A_BUDGET.find((name) => asked[name] !== undefined);
    if (unfit !== undefined) {
      throw new ScaleoutError(
        'input.invalid',
        `${FLAGS[unfit]} is of --way budgeted: Citus's own job, which ${asked.way === undefined ? '--mode chooses' : 'you chose'}, plans and makes its moves itself. Leave ${FLAGS[unfit]} out, or ${asked.way === undefined ? '--mode' : '--way background'}`,
      );
    }
    return { strategy, mode };
  }
  if (asked.mode !== undefined) {
    throw new ScaleoutError(
      'input.invalid',
      `--mode ${asked.mode} is of --way background: under a budget each shard group is copied as its size and --max-write-pause allow. Leave --mode out, or choose --way background`,
    );
  }
  const { maxWritePauseMs = DEFAULT_MAX_WRITE_PAUSE_MS } = asked;
  if (maxWritePauseMs < LEAST_MAX_WRITE_PAUSE_MS) {
    throw new ScaleoutError(
      'input.invalid',
      `--max-write-pause is ${String(maxWritePauseMs)} ms: no move is that short. It has to be ${String(LEAST_MAX_WRITE_PAUSE_MS)} or more; ${String(DEFAULT_MAX_WRITE_PAUSE_MS)} is the default`,
    );
  }
  if (asked.waitForHours === true && asked.hours === undefined) {
    throw new ScaleoutError(
      'input.invalid',
      '--wait is for --window, which says what a run waits for: add --window, or leave --wait out',
    );
  }
  requireFewAtOnce(asked);
  const { maxMoves, only, drain, bytesPerSecond, hours, waitForHours, maxParallel } = asked;
  return {
    strategy,
    mode,
    budget: { maxWritePauseMs, maxMoves, only, drain, bytesPerSecond, hours, waitForHours, maxParallel },
  };
}

/** Moves at once at most: each has two sessions on the coordinator, and a slot, a sender and a process that replays on its nodes. */
export const MOST_PARALLEL = 16;

/** @throws ScaleoutError for more moves at once than servers have room for */
function requireFewAtOnce({ maxParallel = 1 }: Pick<AskedOptions, 'maxParallel'>): void {
  if (maxParallel <= MOST_PARALLEL) return;
  throw new ScaleoutError(
    'input.invalid',
    `--max-parallel is ${String(maxParallel)}, and ${String(MOST_PARALLEL)} is the most: each move under way has two sessions on the coordinator, and on its nodes a replication slot, a sender and a process that replays. ` +
      'Citus before 13.2 makes one move of each colocation group at a time anyway. Choose 2 to 4 and look at what they take. Nothing was changed',
  );
}

const OF_A_BUDGET = [
  'maxWritePauseMs',
  'maxMoves',
  'only',
  'drain',
  'bytesPerSecond',
  'hours',
  'waitForHours',
  'maxParallel',
] as const;

const recorded = z.object({
  way: z.enum(REBALANCE_WAYS),
  strategy: z.enum(STRATEGIES),
  mode: z.enum(TRANSFER_MODES).optional(),
  maxWritePauseMs: z.number().optional(),
  maxMoves: z.number().optional(),
  only: z.string().optional(),
  drain: z.string().optional(),
  bytesPerSecond: z.number().optional(),
  hours: z.object({ from: z.number(), to: z.number(), zone: z.string() }).optional(),
  waitForHours: z.boolean().optional(),
  maxParallel: z.number().optional(),
  allow: z.array(z.string()),
  compareRows: z.boolean(),
  probeWrites: z.boolean(),
});

/** What the record of a run keeps of its options, so that another run can go on with them. Pure. */
export function toRecord({
  strategy,
  mode,
  budget,
  allow,
  compareRows,
  probeWrites = false,
}: RunOptions): RecordedOptions {
  const how = budget === undefined ? { way: 'background', mode } : { way: 'budgeted', ...budget };
  return { ...how, strategy, allow: allow.map(({ id }) => id), compareRows, probeWrites };
}

/**
 * The options of a run that goes on with what another one left. Pure.
 *
 * @param made moves that were made already, which count
 * @throws ZodError where another version of this program kept them in another shape
 */
export function fromRecord(
  options: RecordedOptions,
  made: number,
): AskedOptions & Pick<RunOptions, 'allow' | 'compareRows' | 'probeWrites'> {
  const { allow, maxMoves, ...rest } = recorded.parse(options);
  return {
    ...rest,
    allow: allow.map((id) => ({ id })),
    ...(maxMoves === undefined ? {} : { maxMoves: Math.max(1, maxMoves - made) }),
  };
}

const FLAGS = {
  maxWritePauseMs: '--max-write-pause',
  maxMoves: '--max-moves',
  only: '--only',
  drain: '--drain',
  bytesPerSecond: '--throttle',
  hours: '--window',
  waitForHours: '--wait',
  maxParallel: '--max-parallel',
} as const;

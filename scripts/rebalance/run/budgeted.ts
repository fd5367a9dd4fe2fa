import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { allOf } from '../../../config/text/text';
import { MOVE } from '../../citus/catalog.sql';
import { countLeftovers, dropLeftovers } from '../../citus/leftovers';
import { readMovesSeveralOfAGroup, readTableTies } from '../../citus/ties';
import type { TableTies } from '../../citus/ties';
import { readSecuredTables } from '../../database/observe/row-security';
import type { Move } from '../../citus/moves';
import { nodeName } from '../../citus/nodes';
import { explain, InterruptedError, isServerError, sqlStateOf } from '../../lib/errors';
import { bytes as asBytes, duration } from '../../lib/reporter';
import type { Progress } from '../../lib/reporter';
import type { VerbContext } from '../../lib/verb';
import { isAskedToStop } from './between-moves';
import type { BudgetOptions, RunOptions } from '../plan/options';
import type { Cancelled, Pending } from '../cost/budget';
import { startEvent } from '../record/job-events';
import { chooseWay, comesAgain, LAUNCH_INTERVAL_MS, nextMove, restMs, transferMode } from '../cost/budget';
import { forcedTables } from '../observe/findings';
import { mayRunBeside, tiesOf } from './parallel';
import type { Concurrent, Lane } from './parallel';
import { MoveGuard } from './move-guard';
import type { GuardReport } from './move-guard';
import { expectedSeconds } from '../cost/expected';
import { isMeasured, learn, predictSeconds, retrySeconds } from '../cost/move-cost';
import type { CopyWay, MoveCosts } from '../cost/move-cost';
import { compareAfter, NOTHING_COMPARED, seeBefore, together } from '../observe/observe';
import type { ComparedRows } from '../observe/observe';
import { allowedWindow, copyReferenceTables, isAtItsSource, moveFailed } from './one-by-one';
import { showHours } from '../cost/hours';
import type { DailyHours } from '../cost/hours';
import { Pacer, throttledSeconds } from '../plan/pacer';
import type { Rebalance } from '../plan/plan';
import type { RunRecord } from '../record/run-record';
import { untilSettled } from './settled';
import { inForcedPolicyWindow } from './window';

/** A move that was made. */
export interface MadeMove {
  readonly shardId: number;
  readonly tables: readonly string[];
  readonly bytes: number;
  /** `name:port` */
  readonly from: string;
  readonly to: string;
  readonly way: CopyWay;
  /** Of the try that went through, comparing rows and cleaning up included. */
  readonly seconds: number;
  /** No write waited longer than this for it. */
  readonly writePauseMs: number;
  /** Tries that were cancelled before it went through. */
  readonly cancelled: readonly Cancelled[];
}

/** A move that is left for another run. */
export interface LeftMove extends Pick<MadeMove, 'shardId' | 'tables' | 'bytes' | 'cancelled'> {
  /** Why logical replication cannot copy it; empty where it can. */
  readonly onlyBlocking: string;
}

/** What `rebalance run` says of a run under a budget. */
export interface BudgetedDocument {
  readonly maxWritePauseMs: number;
  /** Of all tries, those that were cancelled too. */
  readonly longestWritePauseMs: number;
  readonly made: readonly MadeMove[];
  readonly left: readonly LeftMove[];
  /** Seconds that the moves were thought to take in all once three were made; null where there were fewer. */
  readonly estimatedSeconds: number | null;
  /** When --window opens again, ISO 8601, where it closed before the last move; null otherwise. */
  readonly opensAt: string | null;
}

export interface Budgeted {
  readonly document: BudgetedDocument;
  readonly moves: readonly Move[];
  readonly seconds: number;
  readonly rows: ComparedRows | null;
  /** Another session asked it to stop. */
  readonly stopped: boolean;
}

/** What a run under a budget works with. */
export interface BudgetedInput {
  /** Keeps the record, and copies reference tables. */
  readonly client: Client;
  /** What moves are made with: as many at once at most. */
  readonly lanes: readonly [Lane, ...Lane[]];
  readonly record: RunRecord;
  readonly plan: Rebalance;
  /** By shard id why logical replication cannot copy the group; empty where it can. */
  readonly onlyBlocking: ReadonlyMap<number, string>;
  /** Of earlier runs in this database. */
  readonly costs: MoveCosts;
  readonly options: RunOptions & { readonly budget: BudgetOptions };
  readonly context: VerbContext;
}

interface PendingMove extends Pending {
  readonly move: Move;
}

/** A move that a lane is at. */
interface UnderWay extends Concurrent {
  readonly move: Move;
  /** No other begins meanwhile. */
  readonly alone: boolean;
  readonly ended: Promise<{ readonly lane: Lane; readonly failure?: { readonly error: unknown } }>;
}

/** What moves have in common. */
interface Ties {
  readonly tables: ReadonlyMap<string, TableTies>;
  readonly severalOfAGroup: boolean;
}

/** A try that went through, or the reason why it did not. */
type Tried =
  | { readonly cancelled: Cancelled; readonly pauseMs: number }
  | { readonly cancelled?: undefined; readonly pauseMs: number; readonly rows: ComparedRows | null };

/** The server ends a blocked move by itself this long after its guard should have, should the guard be gone. */
const WITHOUT_GUARD = { times: 2, plusMs: 2000 } as const;

/**
 * Makes the moves of a plan one after another, so that no write waits longer than the budget: each group with its writes blocked where it is
 * through in time, by logical replication where it is not. A second session watches and cancels; what was cancelled comes again. Ends
 * between two moves where it is asked to, and after a move that lost something.
 *
 * @throws ScaleoutError where a move fails; InterruptedError on Ctrl-C
 */
export async function moveWithinBudget(input: BudgetedInput): Promise<Budgeted> {
  return new BudgetedRun(input).run();
}

class BudgetedRun {
  private readonly input: BudgetedInput;
  private readonly startedAt = performance.now();
  private readonly bar: Progress;
  private readonly made: MadeMove[] = [];
  private readonly moved: Move[] = [];
  private readonly left: LeftMove[] = [];
  private pending: PendingMove[];
  private costs: MoveCosts;
  private rows: ComparedRows | null;
  private longestPauseMs = 0;
  /** By node, when a logical move to it began last. */
  private readonly launchedAt = new Map<string, number>();
  private estimatedSeconds: number | null = null;
  private readonly pacer: Pacer;
  private opensAt: string | null = null;
  /** Processes of the sessions that move. */
  private readonly pids = new Map<Lane, number>();
  private readonly underWay = new Map<Lane, UnderWay>();
  private ties: Ties | undefined;
  /** Moves whose rows are compared: what they left at their sources is not to be dropped meanwhile. */
  private comparing = 0;
  /** Something was lost, or a move failed: none begins any more. */
  private ends = false;
  /** Seconds that were spent on moves, of all lanes together. */
  private busySeconds = 0;
  /** Of those what went into tries that other sessions were in the way of, and into the rest after them. */
  private waitedSeconds = 0;

  constructor(input: BudgetedInput) {
    const { plan, onlyBlocking, costs, options, context } = input;
    this.input = input;
    this.costs = costs;
    this.rows = options.compareRows ? NOTHING_COMPARED : null;
    this.pending = plan.moves.map((move) => ({
      move,
      shardId: move.shardId,
      bytes: move.bytes,
      logicalWorks: (onlyBlocking.get(move.shardId) ?? '') === '',
      tries: [],
    }));
    this.bar = context.reporter.progress('moving shards', plan.moves.length, 'moves');
    this.pacer = new Pacer({
      budget: options.budget,
      record: input.record,
      context,
      stands: () => this.stands(),
      secondsToCome: () => this.secondsToCome(),
    });
  }

  async run(): Promise<Budgeted> {
    const { client, plan, options } = this.input;
    await this.prepare();
    if (plan.missingReferenceTables.length > 0) await copyReferenceTables(client, options);
    const stopped = await this.makeAll();
    this.bar.finish();
    const { maxWritePauseMs } = options.budget;
    return {
      document: {
        maxWritePauseMs,
        longestWritePauseMs: Math.round(this.longestPauseMs),
        made: this.made,
        left: this.left,
        estimatedSeconds: this.estimatedSeconds,
        opensAt: this.opensAt,
      },
      moves: this.moved,
      seconds: this.secondsSoFar(),
      rows: this.rows,
      stopped,
    };
  }

  /** @returns whether another session asked it to stop */
  private async makeAll(): Promise<boolean> {
    try {
      while (this.underWay.size > 0 || (this.pending.length > 0 && !this.ends)) {
        const [lane, next] = [this.freeLane(), this.ends ? undefined : this.next()];
        if (this.underWay.size > 0 && (lane === undefined || next === undefined || this.isInterrupted())) {
          await this.oneEnds();
        } else if (next === undefined) {
          const answer = await this.pacer.outOfHours();
          if (answer === 'stop') return true;
          if (answer === 'go on') continue;
          this.opensAt = answer.opensAt;
          return false;
        } else if (lane !== undefined && (await this.begin(next, lane))) return true;
      }
      return false;
    } finally {
      await Promise.all([...this.underWay.values()].map(({ ended }) => ended));
    }
  }

  private isInterrupted(): boolean {
    return this.input.context.signal.aborted;
  }

  private freeLane(): Lane | undefined {
    return this.input.lanes.find((lane) => !this.underWay.has(lane));
  }

  /** @throws what a move failed by */
  private async oneEnds(): Promise<void> {
    const { lane, failure } = await Promise.race([...this.underWay.values()].map(({ ended }) => ended));
    this.underWay.delete(lane);
    if (failure !== undefined) throw failure.error;
  }

  /** @returns whether another session asked the run to stop */
  private async begin(next: PendingMove, lane: Lane): Promise<boolean> {
    const stands = this.stands();
    const [others, secondsLeft] = [[...this.underWay.values()].map(({ move }) => move), this.secondsToCome()];
    const between = { next: next.move, others, secondsLeft, stands };
    const { record, context } = this.input;
    if (await this.pacer.idle(() => isAskedToStop(record, context, between))) return true;
    const rest = this.pacer.restMs(next.bytes);
    // Others may have become the next by then, or the hours may be over.
    if (rest > 0) return this.pacer.rest(rest);
    const alone = this.input.lanes.length > 1 && (await hasForcedTables(lane.client, next.move));
    if (alone && this.underWay.size > 0) {
      await this.oneEnds();
      return false;
    }
    this.pending = this.pending.filter((each) => each !== next);
    this.pacer.count(next.bytes);
    const concurrent = this.concurrent(next);
    const ended = sleep(restMs(next))
      .then(() => this.makeOrPutOff(next, lane, concurrent.way))
      .then(
        () => ({ lane }),
        (error: unknown) => {
          this.ends = true;
          return { lane, failure: { error } };
        },
      );
    this.underWay.set(lane, { ...concurrent, move: next.move, alone, ended });
    return false;
  }

  /** A move as others beside it see it. */
  private concurrent(pending: PendingMove): Concurrent {
    const { shardId, move } = pending;
    const way = chooseWay(pending, this.costs, this.input.options.budget.maxWritePauseMs);
    return { shardId, way, to: nodeName(move.to), ...tiesOf(move.tables, this.ties?.tables ?? new Map()) };
  }

  private next(): PendingMove | undefined {
    const underWay = [...this.underWay.values()];
    // What nothing is known of is tried alone.
    if (underWay.some(({ alone }) => alone) || (underWay.length > 0 && !isMeasured(this.costs)))
      return undefined;
    const { maxWritePauseMs } = this.input.options.budget;
    const index = nextMove(
      this.pending,
      this.costs,
      (each) =>
        underWay.some(({ to }) => to === nodeName(each.move.to)) ||
        (performance.now() - (this.launchedAt.get(nodeName(each.move.to)) ?? -Infinity) <
          LAUNCH_INTERVAL_MS &&
          chooseWay(each, this.costs, maxWritePauseMs) === 'logical'),
      (each) => {
        const concurrent = this.concurrent(each);
        return (
          mayRunBeside(concurrent, underWay, this.ties?.severalOfAGroup ?? false) &&
          this.pacer.fits(predictSeconds(this.costs, concurrent.way, each.bytes))
        );
      },
    );
    return index === undefined ? undefined : this.pending[index];
  }

  private async prepare(): Promise<void> {
    const { client, lanes } = this.input;
    for (const lane of lanes) this.pids.set(lane, await prepareSession(lane.client));
    if (lanes.length === 1) return;
    this.ties = {
      tables: await readTableTies(client),
      severalOfAGroup: await readMovesSeveralOfAGroup(client),
    };
    const groups = new Set(this.pending.map((each) => this.concurrent(each).group)).size;
    if (!this.ties.severalOfAGroup && groups < lanes.length) {
      this.input.context.reporter.info(
        `this Citus makes one move of each colocation group at a time: ${String(groups)} at once, whatever --max-parallel says`,
      );
    }
  }

  /** @param wanted how it is tried */
  private async makeOrPutOff(pending: PendingMove, lane: Lane, wanted: CopyWay): Promise<void> {
    await this.settled(lane);
    if (!(await isAtItsSource(lane.client, pending.move, this.input.context))) return;
    const startedAt = performance.now();
    const leftovers = await this.sweep(lane);
    // A blocked move would first try to drop what somebody still reads, with writers waiting.
    const stuck = (leftovers ?? 0) > 0 && wanted === 'blocking';
    const way = stuck && pending.logicalWorks ? 'logical' : wanted;
    this.input.context.reporter.event(startEvent({ ...pending.move, mode: transferMode(way) }));
    const tried: Tried =
      stuck && way === 'blocking'
        ? { cancelled: 'busy', pauseMs: 0 }
        : await this.tryMove(pending.move, lane, way);
    this.longestPauseMs = Math.max(this.longestPauseMs, tried.pauseMs);
    const seconds = (): number => (performance.now() - startedAt) / 1000;
    if (tried.cancelled !== undefined) {
      await this.putOff(pending, way, { ...tried, seconds: seconds() });
      await this.sweep(lane);
    } else {
      await this.sweep(lane);
      await this.note(pending, way, { ...tried, seconds: seconds() });
    }
    const spent = restMs(pending) / 1000;
    this.busySeconds += spent + seconds();
    // Those that go over the budget are expected, by what they cost before.
    const unforeseen = tried.cancelled !== undefined && tried.cancelled !== 'over-budget';
    this.waitedSeconds += spent + (unforeseen ? seconds() : 0);
  }

  private async settled({ client }: Lane): Promise<void> {
    const { context, record } = this.input;
    try {
      await untilSettled(client, context, this.stands());
    } catch (error) {
      const state = error instanceof InterruptedError ? 'stopped' : 'failed';
      await record.end(state, explain(error)).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Drops what moves left, unless it may be the only copy of what was lost.
   *
   * @returns how much is there
   */
  private async sweep({ client }: Lane): Promise<number | undefined> {
    return this.comparing > 0 || this.ends ? countLeftovers(client) : dropLeftovers(client);
  }

  private async tryMove(move: Move, lane: Lane, way: CopyWay): Promise<Tried> {
    const { options } = this.input;
    const { client } = lane;
    const mode = transferMode(way);
    const planned = { ...move, mode };
    const stands = this.stands();
    const forced = await allowedWindow(client, planned, { allow: options.allow, mode }, stands);
    try {
      return await inForcedPolicyWindow(client, forced, () => this.moveAndCompare(planned, lane));
    } catch (error) {
      await this.input.record.end('failed', explain(error)).catch(() => undefined);
      throw moveFailed(error, stands);
    }
  }

  private async moveAndCompare(move: Move, lane: Lane): Promise<Tried> {
    const { options } = this.input;
    const before = options.compareRows ? await seeBefore(lane.client, [move]) : [];
    const compared = { moved: false };
    try {
      const { pauseMs, cancelled } = await this.guarded(move, lane, () => {
        compared.moved = true;
        this.comparing += 1;
      });
      if (cancelled !== undefined) return { cancelled, pauseMs };
      const allowed = new Set(options.allow.map(({ id }) => id));
      const rows = options.compareRows ? await compareAfter(lane.client, before, allowed) : null;
      if (rows?.different.some(({ lost }) => lost) === true) this.ends = true;
      return { pauseMs, rows };
    } finally {
      if (compared.moved) this.comparing -= 1;
    }
  }

  private async guarded(move: Move, lane: Lane, onMoved: () => void): Promise<GuardReport> {
    const { maxWritePauseMs } = this.input.options.budget;
    const { client, guard } = lane;
    const bound =
      move.mode === 'block_writes' ? maxWritePauseMs * WITHOUT_GUARD.times + WITHOUT_GUARD.plusMs : 0;
    await setStatementTimeout(client, bound);
    const { from, to } = move;
    const onStuck = (seconds: number): void =>
      this.input.context.reporter.warn(
        `the move of shard ${String(move.shardId)} was cancelled ${String(Math.round(seconds))} s ago and goes on, with writers of it waiting: ${from.label} or ${to.label} does not answer, and Citus waits until it does. Nothing is lost meanwhile; look at those servers`,
      );
    const watch = new MoveGuard(guard, { pid: this.pids.get(lane) ?? 0, maxWritePauseMs, onStuck });
    if (move.mode !== 'block_writes') this.launchedAt.set(nodeName(to), performance.now());
    const failure = await client
      .query(MOVE, [move.shardId, from.name, from.port, to.name, to.port, move.mode])
      .then(
        () => {
          onMoved();
          return undefined;
        },
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      );
    const report = await watch.stop();
    await setStatementTimeout(client, 0);
    // One that was through before it heard of the cancellation is made.
    if (failure === undefined) return { ...report, cancelled: undefined };
    const cancelled = reasonOf(failure, report.cancelled);
    if (cancelled === undefined) throw failure;
    return { ...report, cancelled };
  }

  private async putOff(
    pending: PendingMove,
    way: CopyWay,
    { cancelled, pauseMs, seconds }: { cancelled: Cancelled; pauseMs: number; seconds: number },
  ): Promise<void> {
    const { reporter } = this.input.context;
    const { move } = pending;
    if (cancelled === 'over-budget') {
      this.costs = learn(this.costs, { way, bytes: move.bytes, seconds, pauseMs, cancelled: true });
    }
    const tries = [...pending.tries, { way, cancelled }];
    const again = comesAgain({ ...pending, tries });
    if (again) this.pending.push({ ...pending, tries });
    else {
      const { shardId, tables, bytes } = move;
      const onlyBlocking = this.input.onlyBlocking.get(shardId) ?? '';
      this.left.push({
        shardId,
        tables,
        bytes,
        onlyBlocking,
        cancelled: tries.map((each) => each.cancelled),
      });
    }
    reporter.event({
      name: 'move.cancelled',
      shard: move.shardId,
      way,
      reason: cancelled,
      pauseMs: Math.round(pauseMs),
      again,
    });
    await this.input.record.add({ ...recorded(move, way), seconds, pauseMs, cancelled });
  }

  private async note(
    { move, tries }: PendingMove,
    way: CopyWay,
    { pauseMs, rows, seconds }: { pauseMs: number; rows: ComparedRows | null; seconds: number },
  ): Promise<void> {
    const { shardId, tables, bytes } = move;
    this.rows = together(this.rows, rows);
    this.moved.push({ ...move, mode: transferMode(way) });
    this.costs = learn(this.costs, { way, bytes, seconds, pauseMs });
    this.made.push({
      shardId,
      tables,
      bytes,
      from: nodeName(move.from),
      to: nodeName(move.to),
      way,
      seconds,
      writePauseMs: Math.round(pauseMs),
      cancelled: tries.map(({ cancelled }) => cancelled),
    });
    await this.input.record.add({ ...recorded(move, way), seconds, pauseMs, cancelled: null });
    const left = this.secondsToCome();
    if (this.made.length === 3) this.estimatedSeconds = this.secondsSoFar() + left;
    this.input.context.reporter.event({
      name: 'move.done',
      shard: shardId,
      way,
      bytes,
      seconds,
      pauseMs: Math.round(pauseMs),
      secondsLeft: left,
    });
    this.bar.update(
      this.made.length,
      `${way === 'blocking' ? 'writes blocked' : 'by logical replication'}, ${duration(left)} to go, longest pause ${String(Math.round(this.longestPauseMs))} ms`,
    );
  }

  private secondsSoFar(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  private secondsToCome(): number {
    const { maxWritePauseMs } = this.input.options.budget;
    const seconds = this.pending.reduce(
      (sum, each) => sum + expectedSeconds(each, this.costs, maxWritePauseMs),
      0,
    );
    const bytes = this.pending.reduce((sum, each) => sum + each.bytes, 0);
    const atOnce = Math.max(1, this.busySeconds / this.secondsSoFar());
    const tries = this.pending.length * retrySeconds(this.waitedSeconds, this.made.length);
    return throttledSeconds((seconds + tries) / atOnce, bytes, this.input.options.budget.bytesPerSecond);
  }

  private stands(): string {
    return `${String(this.made.length)} of ${String(this.input.plan.moves.length)} moves are done`;
  }
}

function recorded(move: Move, way: CopyWay) {
  const { shardId, tables, bytes, from, to } = move;
  return { shardId, tables, bytes, way, source: nodeName(from), target: nodeName(to) };
}

/**
 * Has the server undo a move at once that nobody waits for any more.
 *
 * @returns the process of the session
 */
async function prepareSession(client: Client): Promise<number> {
  await client
    .query("SELECT set_config('client_connection_check_interval', '200ms', false)")
    .catch((error: unknown) => {
      // Not every platform can tell that a client is gone.
      if (!['42704', '22023', '0A000'].includes(sqlStateOf(error) ?? '')) throw error;
    });
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

/** Whether FORCE has to be off while it moves, in whichever way. */
async function hasForcedTables(client: Client, move: Move): Promise<boolean> {
  return forcedTables({ ...move, mode: 'block_writes' }, await readSecuredTables(client)).length > 0;
}

async function setStatementTimeout(client: Client, ms: number): Promise<void> {
  await client.query("SELECT set_config('statement_timeout', $1, false)", [String(Math.round(ms))]);
}

/** Why a move that failed may come again; undefined where it failed of itself. */
function reasonOf(error: unknown, cancelled: Cancelled | undefined): Cancelled | undefined {
  if (!isServerError(error) || error.severity !== 'ERROR') return undefined;
  if (error.code === '57014') return cancelled ?? 'over-budget';
  // Citus may word the cancellation of a worker's statement otherwise.
  if (cancelled !== undefined && /cancel/i.test(error.message)) return cancelled;
  const busy =
    // Deadlocks, locks, and slots that other moves have until they end.
    ['40P01', '55P03', '53400'].includes(error.code ?? '') ||
    /could not acquire the lock/.test(error.message);
  return busy ? 'busy' : undefined;
}

/** That the hours closed before all was moved, and when they open; empty where they did not. Pure. */
export function describeClosed(
  { opensAt, made }: Pick<BudgetedDocument, 'opensAt' | 'made'>,
  hours: DailyHours | undefined,
  left: number,
): string {
  if (opensAt === null || hours === undefined || left === 0) return '';
  return (
    `no move that is left would end within --window "${showHours(hours)}" now: ${String(made.length)} of ${String(made.length + left)} moves are done and stay. ` +
    `It opens at ${opensAt}: run "scaleout rebalance run" again then, or with --wait`
  );
}

/** Why some moves are left, and what to do; empty where none is. */
export function describeLeft({ left, maxWritePauseMs, made }: BudgetedDocument): string {
  if (left.length === 0) return '';
  const only = left.find(({ onlyBlocking }) => onlyBlocking !== '');
  const over = left.some(({ cancelled }) => cancelled.includes('over-budget'));
  const which = allOf(
    left
      .slice(0, 5)
      .map(
        ({ shardId, tables, bytes }) => `shard ${String(shardId)} (${tables.join(', ')}; ${asBytes(bytes)})`,
      ),
  );
  const more = left.length > 5 ? ` and ${String(left.length - 5)} more` : '';
  const why = over
    ? `did not get through within --max-write-pause ${String(maxWritePauseMs)}`
    : 'waited for locks of other sessions each time';
  const way =
    only === undefined
      ? ''
      : `, and logical replication does not copy ${only.tables.join(', ')}: ${only.onlyBlocking}`;
  return (
    `${String(made.length)} of ${String(made.length + left.length)} moves are done and stay; ${which}${more} ${why}${way}. ` +
    (over
      ? `Run "scaleout rebalance run" again in a quieter hour, or with --max-write-pause ${String(maxWritePauseMs * 3)}`
      : 'End the long transactions that hold them up (pg_stat_activity), then run "scaleout rebalance run" again')
  );
}

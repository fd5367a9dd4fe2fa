import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { allOf } from '../../config/text/text';
import { MOVE } from '../citus/catalog.sql';
import { dropLeftovers } from '../citus/leftovers';
import type { Move } from '../citus/moves';
import { nodeName } from '../citus/nodes';
import { explain, isServerError, sqlStateOf } from '../lib/errors';
import { bytes as asBytes, duration } from '../lib/reporter';
import type { Progress } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import { stopIfAsked } from '../lib/verb';
import type { BudgetOptions, RunOptions } from './options';
import type { Cancelled, Pending } from './budget';
import { chooseWay, comesAgain, LAUNCH_INTERVAL_MS, nextMove, restMs, transferMode } from './budget';
import { MoveGuard } from './move-guard';
import type { GuardReport } from './move-guard';
import { learn, predictSeconds, secondsLeft } from './move-cost';
import type { CopyWay, MoveCosts } from './move-cost';
import { compareAfter, NOTHING_COMPARED, seeBefore, together } from './observe';
import type { ComparedRows } from './observe';
import { allowedWindow, copyReferenceTables, isAtItsSource, moveFailed } from './one-by-one';
import { showHours } from './hours';
import type { DailyHours } from './hours';
import { Pacer, throttledSeconds } from './pacer';
import type { Rebalance } from './plan';
import type { RunRecord } from './run-record';
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
  /** Makes the moves. */
  readonly client: Client;
  /** Watches them. */
  readonly guard: Client;
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

/** A try that went through, or the reason why it did not. */
type Tried =
  | { readonly cancelled: Cancelled; readonly pauseMs: number }
  | { readonly cancelled?: undefined; readonly pauseMs: number; readonly rows: ComparedRows | null };

/** Milliseconds between two looks at whether a paused run may go on. */
const PAUSED_POLL_MS = 1000;

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
  private pid = 0;

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
    await this.prepareSession();
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
    while (this.pending.length > 0) {
      const next = this.next();
      if (next === undefined) {
        const answer = await this.pacer.outOfHours();
        if (answer === 'stop') return true;
        if (answer === 'go on') continue;
        this.opensAt = answer.opensAt;
        return false;
      }
      if (await this.pacer.idle(() => this.isAskedToStop(next))) return true;
      const rest = this.pacer.restMs(next.bytes);
      if (rest > 0) {
        if (await this.pacer.rest(rest)) return true;
        continue;
      }
      this.pending = this.pending.filter((each) => each !== next);
      this.pacer.count(next.bytes);
      await sleep(restMs(next));
      if (await this.makeOrPutOff(next)) return false;
    }
    return false;
  }

  private next(): PendingMove | undefined {
    const { maxWritePauseMs } = this.input.options.budget;
    const index = nextMove(
      this.pending,
      this.costs,
      (each) =>
        performance.now() - (this.launchedAt.get(nodeName(each.move.to)) ?? -Infinity) < LAUNCH_INTERVAL_MS &&
        chooseWay(each, this.costs, maxWritePauseMs) === 'logical',
      (each) =>
        this.pacer.fits(predictSeconds(this.costs, chooseWay(each, this.costs, maxWritePauseMs), each.bytes)),
    );
    return index === undefined ? undefined : this.pending[index];
  }

  /** A move that nobody waits for any more is undone at once. */
  private async prepareSession(): Promise<void> {
    const { client } = this.input;
    await client
      .query("SELECT set_config('client_connection_check_interval', '200ms', false)")
      .catch((error: unknown) => {
        // Not every platform can tell that a client is gone.
        if (!['42704', '22023', '0A000'].includes(sqlStateOf(error) ?? '')) throw error;
      });
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    this.pid = rows[0]?.pid ?? 0;
  }

  /** @throws InterruptedError on Ctrl-C */
  private async isAskedToStop({ move }: PendingMove): Promise<boolean> {
    const { context, record } = this.input;
    for (let paused = false; ; paused = true) {
      if (context.signal.aborted) await record.end('stopped', 'stopped by Ctrl-C');
      stopIfAsked(context.signal, `${this.stands()}; run "scaleout rebalance run" again to do the rest`);
      const doing = paused
        ? 'paused'
        : `shard ${String(move.shardId)} (${move.tables.join(', ')}; ${asBytes(move.bytes)}) from ${move.from.label} to ${move.to.label}`;
      const request = await record.doing(doing, this.secondsToCome());
      if (request !== 'pause') return request === 'stop';
      if (!paused) context.reporter.info('paused as asked; "scaleout rebalance resume" lets it go on');
      await sleep(PAUSED_POLL_MS, undefined, { signal: context.signal }).catch(() => undefined);
    }
  }

  /** @returns whether the run has to end, as something was lost */
  private async makeOrPutOff(pending: PendingMove): Promise<boolean> {
    const { client, context, options } = this.input;
    if (!(await isAtItsSource(client, pending.move, context))) return false;
    const startedAt = performance.now();
    const leftovers = await dropLeftovers(client);
    const wanted = chooseWay(pending, this.costs, options.budget.maxWritePauseMs);
    // A blocked move would first try to drop what somebody still reads, with writers waiting.
    const stuck = (leftovers ?? 0) > 0 && wanted === 'blocking';
    const way = stuck && pending.logicalWorks ? 'logical' : wanted;
    const tried: Tried =
      stuck && way === 'blocking' ? { cancelled: 'busy', pauseMs: 0 } : await this.tryMove(pending.move, way);
    this.longestPauseMs = Math.max(this.longestPauseMs, tried.pauseMs);
    if (tried.cancelled !== undefined) {
      await this.putOff(pending, way, { ...tried, seconds: (performance.now() - startedAt) / 1000 });
      return false;
    }
    const lost = tried.rows?.different.some((each) => each.lost) === true;
    // What is left at the source is the only copy of what was lost.
    if (!lost) await dropLeftovers(client);
    await this.note(pending, way, { ...tried, seconds: (performance.now() - startedAt) / 1000 });
    return lost;
  }

  private async tryMove(move: Move, way: CopyWay): Promise<Tried> {
    const { client, options } = this.input;
    const mode = transferMode(way);
    const planned = { ...move, mode };
    const stands = this.stands();
    const forced = await allowedWindow(client, planned, { allow: options.allow, mode }, stands);
    try {
      return await inForcedPolicyWindow(client, forced, () => this.moveAndCompare(planned));
    } catch (error) {
      await this.input.record.end('failed', explain(error)).catch(() => undefined);
      throw moveFailed(error, stands);
    }
  }

  private async moveAndCompare(move: Move): Promise<Tried> {
    const { client, options } = this.input;
    const before = options.compareRows ? await seeBefore(client, [move]) : [];
    const { pauseMs, cancelled } = await this.guarded(move);
    if (cancelled !== undefined) return { cancelled, pauseMs };
    const allowed = new Set(options.allow.map(({ id }) => id));
    return { pauseMs, rows: options.compareRows ? await compareAfter(client, before, allowed) : null };
  }

  private async guarded(move: Move): Promise<GuardReport> {
    const { client, guard, options } = this.input;
    const { maxWritePauseMs } = options.budget;
    const bound =
      move.mode === 'block_writes' ? maxWritePauseMs * WITHOUT_GUARD.times + WITHOUT_GUARD.plusMs : 0;
    await setStatementTimeout(client, bound);
    const watch = new MoveGuard(guard, { pid: this.pid, maxWritePauseMs });
    const { from, to } = move;
    if (move.mode !== 'block_writes') this.launchedAt.set(nodeName(to), performance.now());
    const failure = await client
      .query(MOVE, [move.shardId, from.name, from.port, to.name, to.port, move.mode])
      .then(
        () => undefined,
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
    await dropLeftovers(this.input.client);
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
    const seconds = secondsLeft(
      this.costs,
      this.pending.map((each) => ({ bytes: each.bytes, way: chooseWay(each, this.costs, maxWritePauseMs) })),
    );
    const bytes = this.pending.reduce((sum, each) => sum + each.bytes, 0);
    return throttledSeconds(seconds, bytes, this.input.options.budget.bytesPerSecond);
  }

  private stands(): string {
    return `${String(this.made.length)} of ${String(this.input.plan.moves.length)} moves are done`;
  }
}

function recorded(move: Move, way: CopyWay) {
  const { shardId, tables, bytes, from, to } = move;
  return { shardId, tables, bytes, way, source: nodeName(from), target: nodeName(to) };
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
    error.code === '40P01' || error.code === '55P03' || /could not acquire the lock/.test(error.message);
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

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { readMoveLocks } from '../../citus/sessions';
import { CANCEL } from '../../citus/sessions.sql';
import { PauseMeter } from '../../lib/pause-meter';
import type { Cancelled, GuardedTry } from '../cost/budget';
import { untilVerdict, verdict } from '../cost/budget';

/** Milliseconds between two looks: as precise as a pause is known. */
const INTERVAL_MS = 15;
/** The same while the move holds up no one, as a copy by logical replication does for minutes. */
const IDLE_INTERVAL_MS = 25;
/** A cancellation falls flat between two statements of Citus's own, so it is sent again. */
const CANCEL_AGAIN_MS = 100;

/** Milliseconds after which a move that was cancelled and goes on waits for something that does not answer. */
const STUCK_MS = 5000;

export interface GuardedMove {
  /** The backend that moves. */
  readonly pid: number;
  readonly maxWritePauseMs: number;
  /** Told once where a move that was cancelled goes on. @param seconds for which it has */
  readonly onStuck?: (seconds: number) => void;
  /** @default {@link STUCK_MS} */
  readonly stuckMs?: number;
}

/** What a guard saw of one try. */
export interface GuardReport {
  /** No write waited longer than this for the move, milliseconds. */
  readonly pauseMs: number;
  /** Why the guard cancelled it; undefined where it did not. */
  readonly cancelled: Cancelled | undefined;
}

/**
 * Watches one move from a second session, as its own cannot: measures how long it keeps writers out, and cancels it where that comes near
 * the budget, or where it waits for somebody else's lock with writers queueing behind it. A `lock_timeout` would reach the coordinator
 * alone, and a `statement_timeout` would count what comes before writers wait.
 */
export class MoveGuard {
  private readonly client: Client;
  private readonly move: GuardedMove;
  private readonly ended = new AbortController();
  private readonly meter: PauseMeter;
  private readonly looping: Promise<void>;
  private look: GuardedTry;
  private cancelled: Cancelled | undefined;
  private cancelledAt = 0;
  private firstCancelledAt: number | undefined;
  private toldStuck = false;
  private failure: Error | undefined;

  constructor(client: Client, move: GuardedMove) {
    this.client = client;
    this.move = move;
    const startedAt = performance.now();
    this.meter = new PauseMeter(startedAt);
    this.look = { freeAt: startedAt, held: false, waits: false };
    this.looping = this.loop();
  }

  /**
   * Ends it, once the statement of the move is over.
   *
   * @throws what made looking fail: moves without a guard are not to go on
   */
  async stop(): Promise<GuardReport> {
    const endedAt = performance.now();
    this.ended.abort();
    await this.looping;
    if (this.failure !== undefined) throw this.failure;
    return { pauseMs: this.meter.result(endedAt).seconds * 1000, cancelled: this.cancelled };
  }

  private async loop(): Promise<void> {
    try {
      while (!this.ended.signal.aborted) {
        await this.measure();
        await this.judge();
        await this.rest();
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
  }

  private async measure(): Promise<void> {
    const askedAt = performance.now();
    const { held, waits, waitedMs } = await readMoveLocks(this.client, this.move.pid);
    this.meter.look({ askedAt, answeredAt: performance.now(), held, waitedMs });
    const stuckSince = waits ? (this.look.stuckSince ?? askedAt) : undefined;
    this.look = { freeAt: held ? this.look.freeAt : askedAt, held, waits, stuckSince };
  }

  private async judge(): Promise<void> {
    const now = performance.now();
    const found = this.cancelled ?? verdict(this.look, now, this.move.maxWritePauseMs);
    if (found === undefined || this.ended.signal.aborted) return;
    this.cancelled = found;
    this.firstCancelledAt ??= now;
    this.tellStuck(now - this.firstCancelledAt);
    if (now - this.cancelledAt < CANCEL_AGAIN_MS) return;
    this.cancelledAt = now;
    await this.client.query(CANCEL, [this.move.pid]);
  }

  /** Citus ends no statement on a node that does not answer, and waits for it. */
  private tellStuck(forMs: number): void {
    const { onStuck, stuckMs = STUCK_MS } = this.move;
    if (this.toldStuck || forMs < stuckMs) return;
    this.toldStuck = true;
    onStuck?.(forMs / 1000);
  }

  private async rest(): Promise<void> {
    const interval = this.look.held ? INTERVAL_MS : IDLE_INTERVAL_MS;
    const due = untilVerdict(this.look, performance.now(), this.move.maxWritePauseMs);
    const ms = this.cancelled === undefined ? Math.min(interval, due) : interval;
    await sleep(ms, undefined, { signal: this.ended.signal }).catch(() => undefined);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';
import { fitsInto, hoursAt, nextOpening, showHours } from '../cost/hours';
import type { BudgetOptions } from './options';
import type { RunRecord } from '../record/run-record';

/** Milliseconds between two looks at what other sessions ask of a run that waits. */
const POLL_MS = 1000;

/** A wait for hours ends in pieces: the clock of the machine may be set, or have stood still. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Milliseconds that a run has to wait before its next move, so that on average it never moves more than so many bytes a second: what it
 * moved, and the next move whole, have their time before that begins. Pure.
 *
 * @param moved bytes of all tries so far, of those under way too
 * @param activeMs how long the run has been at it, without what it was paused or waited for its hours
 */
export function throttleRestMs(
  { moved, next, activeMs }: { readonly moved: number; readonly next: number; readonly activeMs: number },
  bytesPerSecond: number,
): number {
  return Math.max(0, ((moved + next) / bytesPerSecond) * 1000 - activeMs);
}

/** Seconds that moves take at least at that rate. Pure. */
export function throttledSeconds(seconds: number, bytes: number, bytesPerSecond: number | undefined): number {
  return bytesPerSecond === undefined ? seconds : Math.max(seconds, bytes / bytesPerSecond);
}

/** What a pacer works with. */
export interface PacerInput {
  readonly budget: Pick<BudgetOptions, 'bytesPerSecond' | 'hours' | 'waitForHours'>;
  readonly record: Pick<RunRecord, 'doing' | 'end'>;
  readonly context: VerbContext;
  /** How many moves are done, as a sentence without its end. */
  readonly stands: () => string;
  readonly secondsToCome: () => number;
}

/** Says when the moves of a run may start, and waits for that where it is asked to. */
export class Pacer {
  private readonly input: PacerInput;
  private readonly startedAt = performance.now();
  private moved = 0;
  private idleMs = 0;
  private saidClosed = false;

  constructor(input: PacerInput) {
    this.input = input;
  }

  /** Whether a move that takes so many seconds may start now. */
  fits(seconds: number): boolean {
    const { hours } = this.input.budget;
    return hours === undefined || fitsInto(hours, Date.now(), seconds);
  }

  /** A move was tried, or is about to be. */
  count(bytes: number): void {
    this.moved += bytes;
  }

  /** Time in which the run may not move anything, which does not count for its rate. */
  async idle<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work();
    } finally {
      this.idleMs += performance.now() - began;
    }
  }

  /** @returns milliseconds; 0 where the next move may begin at once */
  restMs(next: number): number {
    const { bytesPerSecond } = this.input.budget;
    if (bytesPerSecond === undefined) return 0;
    const activeMs = performance.now() - this.startedAt - this.idleMs;
    return throttleRestMs({ moved: this.moved, next, activeMs }, bytesPerSecond);
  }

  /**
   * Waits for the rate.
   *
   * @returns whether another session asked the run to stop
   * @throws InterruptedError on Ctrl-C
   */
  async rest(ms: number): Promise<boolean> {
    const { bytesPerSecond = 0 } = this.input.budget;
    return this.wait(ms, `resting, as --throttle is ${String(bytesPerSecond / 1e6)} MB a second`);
  }

  /**
   * Waits a while for the hours to open, where that was asked for.
   *
   * @returns `go on`: look again; `stop`: another session asked for it; else when they open, ISO 8601
   * @throws InterruptedError on Ctrl-C
   */
  async outOfHours(): Promise<'go on' | 'stop' | { readonly opensAt: string }> {
    const { hours, waitForHours = false } = this.input.budget;
    if (hours === undefined) return 'go on';
    const now = Date.now();
    const { open, changesInMs } = hoursAt(hours, now);
    const opensAt = new Date(nextOpening(hours, now)).toISOString();
    if (!waitForHours) return { opensAt };
    const what = `waiting for the hours ${showHours(hours)}, until ${opensAt}`;
    if (!this.saidClosed) this.input.context.reporter.info(what);
    this.saidClosed = true;
    // Open, and no move ends in what is left of it.
    const ms = Math.min(LONGEST_WAIT_MS, changesInMs + (open ? 1 : 0));
    const stopped = await this.idle(() => this.wait(ms, what));
    return stopped ? 'stop' : 'go on';
  }

  private async wait(ms: number, what: string): Promise<boolean> {
    const { record, context, stands, secondsToCome } = this.input;
    const until = performance.now() + ms;
    for (let left = ms; left > 0; left = until - performance.now()) {
      if (context.signal.aborted) await record.end('stopped', 'stopped by a signal, as of Ctrl-C');
      stopIfAsked(context.signal, `${stands()}; run "scaleout rebalance run" again to do the rest`);
      // Nothing moves here: a pause begins before the next move.
      if ((await record.doing(what, null, secondsToCome())) === 'stop') return true;
      await sleep(Math.min(left, POLL_MS), undefined, { signal: context.signal }).catch(() => undefined);
    }
    return false;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { ConnectionTarget } from './connection';
import { withClient } from './connection';
import { explain } from './errors';
import type { Answered } from './latencies';

/** What a load does, so many times a second. */
export interface SteadyLoad {
  /** Requests due a second. */
  readonly rate: number;
  /** Sessions that make them: as many requests can be under way, and the others wait with their time running. */
  readonly sessions: number;
  /** Makes one request; resolves once it was acknowledged. @param number counts from 0 */
  readonly request: (client: Client, number: number) => Promise<unknown>;
  /** What its sessions call themselves. @default 'load' */
  readonly purpose?: string;
  /** Is told of each request that was acknowledged, at once. */
  readonly onAnswered?: (answered: Answered) => void;
}

/** What came of a load. */
export interface LoadResult {
  readonly answered: readonly Answered[];
  /** Numbers of the requests that were acknowledged. */
  readonly acknowledged: readonly number[];
  /** What went wrong, and how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/**
 * Makes requests at a set rate, whatever becomes of those before: latency counts from when a request was due, so that a pause is felt by
 * every request that falls into it, and not by the one alone that waits.
 *
 * @returns stops the load once what was due is answered
 */
export async function startSteadyLoad(
  target: ConnectionTarget,
  load: SteadyLoad,
): Promise<() => Promise<LoadResult>> {
  const running = new RunningLoad(load);
  const opened: Promise<void>[] = [];
  const sessions = Array.from({ length: load.sessions }, () => {
    let open = (): void => undefined;
    opened.push(new Promise((resolve) => (open = resolve)));
    return withClient(
      target,
      async (client) => {
        open();
        await running.work(client);
      },
      { purpose: load.purpose ?? 'load' },
    );
  });
  const all = Promise.all(sessions);
  // A login that fails is heard of here, and a session that is lost where the load is stopped.
  all.catch(() => undefined);
  await Promise.race([Promise.all(opened), all]);
  running.start();
  return async () => {
    running.stop();
    await all;
    return running.result();
  };
}

/** Longest sleep of a session, milliseconds: a load that is stopped is noticed by then. */
const NAP_MS = 20;

class RunningLoad {
  private readonly load: SteadyLoad;
  private startedAt = Number.POSITIVE_INFINITY;
  private stoppedAt = Number.POSITIVE_INFINITY;
  private taken = 0;
  private readonly answered: Answered[] = [];
  private readonly acknowledged: number[] = [];
  private readonly failures = new Map<string, number>();

  constructor(load: SteadyLoad) {
    this.load = load;
  }

  start(): void {
    this.startedAt = performance.now();
  }

  stop(): void {
    this.stoppedAt = performance.now();
  }

  /** One session: takes the next request, waits until it is due, and makes it. */
  async work(client: Client): Promise<void> {
    for (;;) {
      const due = this.startedAt + (this.taken * 1000) / this.load.rate;
      if (due > this.stoppedAt) return;
      const early = due - performance.now();
      if (early > 0) {
        await sleep(Math.min(early, NAP_MS));
        continue;
      }
      const number = this.taken;
      this.taken += 1;
      await this.make(client, number, due);
    }
  }

  result(): LoadResult {
    const { answered, acknowledged, failures } = this;
    return { answered, acknowledged, failures };
  }

  private async make(client: Client, number: number, due: number): Promise<void> {
    try {
      await this.load.request(client, number);
      const now = performance.now();
      const answered = { dueAt: due - this.startedAt, answeredAt: now - this.startedAt };
      this.answered.push(answered);
      this.load.onAnswered?.(answered);
      this.acknowledged.push(number);
    } catch (error) {
      const words = explain(error);
      this.failures.set(words, (this.failures.get(words) ?? 0) + 1);
    }
  }
}

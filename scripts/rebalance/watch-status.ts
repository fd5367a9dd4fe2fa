import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { ConnectionTarget } from '../lib/connection';
import { withBoundedReads } from '../lib/connection';
import { InterruptedError, ScaleoutError } from '../lib/errors';
import { TerminalBlock } from '../lib/terminal-block';
import type { Terminal } from '../lib/terminal-block';
import type { VerbContext, VerbResult } from '../lib/verb';
import { onCoordinator } from './on-coordinator';
import type { RebalanceStatus, Seen } from './status';
import { lookAgain } from './status';
import { statusText } from './text';
import { describeChange, drawPicture, hasChanged } from './watch/picture';
import type { Picture } from './watch/picture';

export interface RebalanceWatchInput {
  readonly target: ConnectionTarget;
  /** Between two looks. */
  readonly intervalMs: number;
  /** Where the looks are shown: drawn again in place on a terminal, line by line elsewhere. */
  readonly stdout: Terminal;
  /** One document a line for each change instead. */
  readonly json: boolean;
}

/** Codes of a coordinator that went away, and is not back yet. */
const GONE: readonly string[] = ['cluster.connection-lost', 'cluster.unreachable'];

/** Milliseconds for a coordinator to come back, before a watcher gives it up. */
const COMES_BACK_MS = 600_000;

/**
 * Shows how a run or a job goes, from any terminal, until it ends; whatever is at work, or was the last. Changes nothing. Ctrl-C ends the
 * watching alone. Where the coordinator goes away it says so, and goes on once that is back.
 *
 * @throws InterruptedError on Ctrl-C; ScaleoutError where the coordinator cannot be reached, at first or for {@link COMES_BACK_MS}
 */
export async function rebalanceWatch(
  context: VerbContext,
  input: RebalanceWatchInput,
): Promise<VerbResult<RebalanceStatus>> {
  const watcher = new Watcher(context, input);
  const status = await watcher.untilEnd().catch((error: unknown) => {
    if (!context.signal.aborted) throw error;
    throw new InterruptedError(
      'stopped watching, and the rebalance goes on; "scaleout rebalance status --watch" shows it again',
    );
  });
  return {
    document: status,
    text: statusText(status),
    printed: input.json,
    outcome: hasFailed(status) ? 'failed' : 'done',
  };
}

class Watcher {
  private readonly context: VerbContext;
  private readonly input: RebalanceWatchInput;
  private readonly view: View;
  private seen: Seen | undefined;
  private subject = '';
  /** Since when the coordinator has been away; undefined where it is there. */
  private awaySince: number | undefined;

  constructor(context: VerbContext, input: RebalanceWatchInput) {
    const { stdout, json } = input;
    this.context = context;
    this.input = input;
    this.view = json ? documents(stdout) : stdout.isTTY === true ? drawn(stdout) : lines(stdout);
  }

  async untilEnd(): Promise<RebalanceStatus> {
    for (;;) {
      try {
        return await onCoordinator(this.input, this.context, 'rebalance status', (client) =>
          this.watch(client),
        );
      } catch (error) {
        if (!this.comesBack(error)) throw error;
        await this.rest();
      }
    }
  }

  /** Whether to look again. What was never seen is not waited for. */
  private comesBack(error: unknown): error is ScaleoutError {
    const { signal, reporter } = this.context;
    if (signal.aborted || this.seen === undefined) return false;
    if (!(error instanceof ScaleoutError && GONE.includes(error.code))) return false;
    if (this.awaySince === undefined) {
      this.awaySince = Date.now();
      this.view.makeRoom();
      reporter.warn(`the coordinator went away, and this looks again until it is back: ${error.message}`);
    }
    return Date.now() - this.awaySince < COMES_BACK_MS;
  }

  private async watch(client: Client): Promise<RebalanceStatus> {
    for (;;) {
      const status = await this.look(client);
      if (this.awaySince !== undefined) this.context.reporter.info('the coordinator is back');
      this.awaySince = undefined;
      const ended = !isGoingOn(status);
      this.view.show(status, ended);
      if (ended) return status;
      await this.rest();
    }
  }

  private async look(client: Client): Promise<RebalanceStatus> {
    let look = await withBoundedReads(client, () => lookAgain(client, this.seen));
    // What is looked at is another one than before, or has ended: then sizes are read anew.
    if (this.seen !== undefined && (subjectOf(look.status) !== this.subject || !isGoingOn(look.status))) {
      look = await withBoundedReads(client, () => lookAgain(client, undefined));
    }
    this.seen = look.seen;
    this.subject = subjectOf(look.status);
    return look.status;
  }

  private async rest(): Promise<void> {
    const { signal } = this.context;
    await sleep(this.input.intervalMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}

interface View {
  show(status: RebalanceStatus, ended: boolean): void;
  /** For a line of another stream on the same terminal. */
  makeRoom(): void;
}

const LEAVE = (): void => undefined;

/** In place, and gone at the end: the last word is the text of the verb. After Ctrl-C the last picture stays. */
function drawn(stdout: Terminal): View {
  const block = new TerminalBlock(stdout);
  return {
    show(status, ended) {
      if (ended) block.erase();
      else block.draw(drawPicture(pictureOf(status), block.space));
    },
    makeRoom: () => block.erase(),
  };
}

function lines(stdout: Terminal): View {
  let was: Picture | undefined;
  return {
    show(status, ended) {
      if (ended) return;
      const now = pictureOf(status);
      for (const line of describeChange(was, now)) stdout.write(`${line}\n`);
      was = now;
    },
    makeRoom: LEAVE,
  };
}

function documents(stdout: Terminal): View {
  let was: Picture | undefined;
  return {
    show(status) {
      const now = pictureOf(status);
      if (hasChanged(was, now)) stdout.write(`${JSON.stringify(status)}\n`);
      was = now;
    },
    makeRoom: LEAVE,
  };
}

/** What a watcher sees of a status. Pure. */
export function pictureOf(status: RebalanceStatus): Picture {
  const { run, job, moves, bytes, bytesPerSecond, secondsLeft, running, warnings, record } = status;
  const max = run?.maxWritePauseMs ?? null;
  return {
    title:
      run !== null
        ? `Run ${String(run.id)} ${run.paused ? 'paused' : run.state}`
        : `Job ${String(job?.id ?? 0)} ${job?.state ?? 'unknown'}`,
    seconds: run?.seconds ?? job?.seconds ?? 0,
    moves,
    bytes,
    bytesPerSecond: run?.paused === true ? 0 : bytesPerSecond,
    secondsLeft,
    paused: run?.paused === true,
    running,
    notes: warnings,
    before: status.before,
    nodes: status.nodes,
    planned: status.planned,
    pause: max === null ? null : { longestMs: run?.longestWritePauseMs ?? 0, maxMs: max },
    writers: record?.writers ?? null,
  };
}

function subjectOf({ run, job }: RebalanceStatus): string {
  return run === null ? `job ${String(job?.id)}` : `run ${String(run.id)}`;
}

/** Whether there is more to come. Pure. */
export function isGoingOn({ run, job }: Pick<RebalanceStatus, 'run' | 'job'>): boolean {
  if (run !== null) return run.state === 'running';
  return job !== null && !['finished', 'failed', 'cancelled'].includes(job.state);
}

/** Whether what ended did so otherwise than it should, as the exit of `rebalance run` says. Pure. */
export function hasFailed({ run, job }: Pick<RebalanceStatus, 'run' | 'job'>): boolean {
  return run !== null
    ? !['finished', 'out-of-hours'].includes(run.state)
    : job !== null && job.state !== 'finished';
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { ConnectionTarget } from '../lib/connection';
import { withBoundedReads } from '../lib/connection';
import { InterruptedError } from '../lib/errors';
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

/**
 * Shows how a run or a job goes, from any terminal, until it ends; whatever is at work, or was the last. Changes nothing. Ctrl-C ends the
 * watching alone.
 *
 * @throws InterruptedError on Ctrl-C
 */
export async function rebalanceWatch(
  context: VerbContext,
  input: RebalanceWatchInput,
): Promise<VerbResult<RebalanceStatus>> {
  const { signal } = context;
  const status = await onCoordinator(input, context, 'rebalance status', (client) =>
    watch(client, signal, input),
  ).catch((error: unknown) => {
    if (!signal.aborted) throw error;
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

async function watch(
  client: Client,
  signal: AbortSignal,
  { intervalMs, stdout, json }: RebalanceWatchInput,
): Promise<RebalanceStatus> {
  const show = json ? documents(stdout) : stdout.isTTY === true ? drawn(stdout) : lines(stdout);
  let seen: Seen | undefined;
  let subject = '';
  for (;;) {
    let look = await withBoundedReads(client, () => lookAgain(client, seen));
    // What is looked at is another one than before, or has ended: then sizes are read anew.
    if (seen !== undefined && (subjectOf(look.status) !== subject || !isGoingOn(look.status))) {
      look = await withBoundedReads(client, () => lookAgain(client, undefined));
    }
    const { status } = look;
    seen = look.seen;
    subject = subjectOf(status);
    const ended = !isGoingOn(status);
    show(status, ended);
    if (ended) return status;
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}

type Show = (status: RebalanceStatus, ended: boolean) => void;

/** In place, and gone at the end: the last word is the text of the verb. After Ctrl-C the last picture stays. */
function drawn(stdout: Terminal): Show {
  const block = new TerminalBlock(stdout);
  return (status, ended) => {
    if (ended) block.erase();
    else block.draw(drawPicture(pictureOf(status), block.space));
  };
}

function lines(stdout: Terminal): Show {
  let was: Picture | undefined;
  return (status, ended) => {
    if (ended) return;
    const now = pictureOf(status);
    for (const line of describeChange(was, now)) stdout.write(`${line}\n`);
    was = now;
  };
}

function documents(stdout: Terminal): Show {
  let was: Picture | undefined;
  return (status) => {
    const now = pictureOf(status);
    if (hasChanged(was, now)) stdout.write(`${JSON.stringify(status)}\n`);
    was = now;
  };
}

/** What a watcher sees of a status. Pure. */
export function pictureOf(status: RebalanceStatus): Picture {
  const { run, job, moves, bytes, bytesPerSecond, secondsLeft, running, warnings, record } = status;
  const max = run?.maxWritePauseMs ?? null;
  return {
    title:
      run !== null
        ? `Run ${String(run.id)} ${run.state}`
        : `Job ${String(job?.id ?? 0)} ${job?.state ?? 'unknown'}`,
    seconds: run?.seconds ?? job?.seconds ?? 0,
    moves,
    bytes,
    bytesPerSecond,
    secondsLeft,
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

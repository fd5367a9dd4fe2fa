import { setTimeout as sleep } from 'node:timers/promises';
import type { Move } from '../../citus/moves';
import { bytes as asBytes } from '../../lib/reporter';
import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';
import { PAUSED } from '../record/run-record';
import type { RunRecord } from '../record/run-record';

/** Milliseconds between two looks at whether a paused run may go on. */
const PAUSED_POLL_MS = 1000;

type NextMove = Pick<Move, 'shardId' | 'tables' | 'bytes' | 'from' | 'to'>;

/** Where a run stands between two moves. */
export interface BetweenMoves {
  readonly next: NextMove;
  /** Those that are under way beside it. @default - none */
  readonly others?: readonly NextMove[];
  /** Null where nobody knows. */
  readonly secondsLeft: number | null;
  /** How many moves are done, as a sentence without its end. */
  readonly stands: string;
}

/**
 * Notes which move is next, and waits as long as another session has the run pause.
 *
 * @returns whether another session asked it to stop
 * @throws InterruptedError on Ctrl-C
 */
export async function isAskedToStop(
  record: RunRecord,
  { reporter, signal }: Pick<VerbContext, 'reporter' | 'signal'>,
  { next, others = [], secondsLeft, stands }: BetweenMoves,
): Promise<boolean> {
  for (let paused = false; ; paused = true) {
    if (signal.aborted) await record.end('stopped', 'stopped by a signal, as of Ctrl-C');
    stopIfAsked(signal, `${stands}; run "scaleout rebalance run" again to do the rest`);
    const request = paused
      ? await record.doing(PAUSED, null, secondsLeft)
      : await record.doing([...others, next].map(describeNext).join('\n'), next.shardId, secondsLeft);
    if (request !== 'pause') return request === 'stop';
    if (!paused) reporter.info('paused as asked; "scaleout rebalance resume" lets it go on');
    await sleep(PAUSED_POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function describeNext({ shardId, tables, bytes, from, to }: NextMove): string {
  return `shard ${String(shardId)} (${tables.join(', ')}; ${asBytes(bytes)}) from ${from.label} to ${to.label}`;
}

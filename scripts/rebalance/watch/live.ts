import type { NodePlacement } from '../../citus/placements';
import type { RunEvent } from '../../lib/events';
import { describeEvent } from '../../lib/events';
import type { Reporter } from '../../lib/reporter';
import { bytes as asBytes, silentReporter } from '../../lib/reporter';
import { afterMoves } from './along';
import type { NodesMove } from './along';
import { drawPicture } from './picture';
import type { Picture, WritersFelt } from './picture';

/** What a run is about to do, or goes on with. */
export interface LiveMoves {
  /** `Moving shards`, or `Job 7`. */
  readonly title: string;
  /** What each node holds before the first of the moves. */
  readonly before: readonly NodePlacement[];
  readonly moves: readonly (NodesMove & { readonly done: boolean })[];
  /** Null where nobody measures. */
  readonly maxWritePauseMs: number | null;
}

/** Milliseconds between two redraws where nothing happens: time goes on. */
const FRAME_MS = 1000;

/**
 * A picture of moves that is kept by what happens, for the terminal in which they are made. Pure but for the clock that it is given.
 */
export class LivePicture {
  private readonly subject: LiveMoves;
  private readonly startedAt: number;
  private readonly done = new Set<number>();
  private readonly before: number;
  private readonly running = new Map<number, string>();
  private readonly notes = new Map<string, string>();
  private secondsLeft: number | null = null;
  private leftAt = 0;
  private longestMs = 0;
  private writers: WritersFelt | null = null;

  /** @param at milliseconds of any one clock */
  constructor(subject: LiveMoves, at: number) {
    this.subject = subject;
    this.startedAt = at;
    for (const { shardId, done } of subject.moves) if (done) this.done.add(shardId);
    this.before = this.bytesDone();
  }

  happened(event: RunEvent, at: number): void {
    if (event.name === 'writers.felt') this.writers = event;
    if (event.name === 'move.started') this.running.set(event.shard, this.describe(event));
    if (event.name === 'move.retried') {
      this.notes.set(String(event.shard), `try ${String(event.attempt)} of a move failed: ${event.reason}`);
    }
    if (event.name !== 'move.done' && event.name !== 'move.cancelled') return;
    const { shard } = event;
    this.running.delete(shard);
    this.longestMs = Math.max(this.longestMs, event.pauseMs ?? 0);
    if (event.name === 'move.cancelled') {
      this.notes.set(String(shard), describeEvent(event) ?? '');
      return;
    }
    this.notes.delete(String(shard));
    this.done.add(shard);
    [this.secondsLeft, this.leftAt] = [event.secondsLeft, at];
  }

  at(at: number): Picture {
    const { title, before, moves, maxWritePauseMs } = this.subject;
    const seconds = (at - this.startedAt) / 1000;
    const made = moves.filter(({ shardId }) => this.done.has(shardId));
    const bytes = this.bytesDone();
    return {
      title,
      seconds,
      moves: { done: made.length, total: moves.length },
      bytes: { done: bytes, total: moves.reduce((sum, move) => sum + move.bytes, 0) },
      // What was moved before is no work of this time.
      bytesPerSecond: seconds > 0 ? (bytes - this.before) / seconds : 0,
      secondsLeft:
        this.secondsLeft === null ? null : Math.max(0, this.secondsLeft - (at - this.leftAt) / 1000),
      running: [...this.running.values()],
      notes: [...this.notes.values()],
      before,
      nodes: afterMoves(before, made),
      planned: afterMoves(before, moves),
      pause: maxWritePauseMs === null ? null : { longestMs: this.longestMs, maxMs: maxWritePauseMs },
      writers: this.writers,
    };
  }

  private bytesDone(): number {
    return this.subject.moves
      .filter(({ shardId }) => this.done.has(shardId))
      .reduce((sum, move) => sum + move.bytes, 0);
  }

  private describe({
    shard,
    tables,
    bytes,
    from,
    to,
    way,
  }: Extract<RunEvent, { readonly name: 'move.started' }>): string {
    const label = (address: string): string =>
      this.subject.before.find((node) => `${node.name}:${String(node.port)}` === address)?.label ?? address;
    const how = way === 'blocking' ? 'with writes blocked' : 'by logical replication';
    return `moving shard ${String(shard)} (${tables.join(', ')}; ${asBytes(bytes)}) from ${label(from)} to ${label(to)} ${how}`;
  }
}

/**
 * Shows moves as a picture while `work` makes them, where the reporter has a terminal; elsewhere everything stays as it is.
 *
 * @param work is given the reporter to tell what happens
 */
export async function withLivePicture<T>(
  reporter: Reporter,
  subject: LiveMoves,
  work: (reporter: Reporter) => Promise<T>,
): Promise<T> {
  const show = reporter.picture;
  if (show === undefined) return work(reporter);
  const live = new LivePicture(subject, performance.now());
  const draw = (): void => show((space) => drawPicture(live.at(performance.now()), space));
  const timer = setInterval(draw, FRAME_MS);
  draw();
  try {
    return await work({
      ...reporter,
      event(event) {
        live.happened(event, performance.now());
        reporter.event(event);
        draw();
      },
      // The picture says all that, and better.
      progress: (label, total, unit) => silentReporter.progress(label, total, unit),
    });
  } finally {
    clearInterval(timer);
    show(undefined);
  }
}

/** Milliseconds; a step may wait longer for its lock, and goes by an older look then. */
const LEAST_MS = 1_000;

/** Milliseconds; for no longer is a run to go on without noticing what others did. */
const MOST_MS = 10_000;

/** Looking is to be a twentieth of a run of many small tables, each of which is turned in less time than a look at all takes. */
const TIMES = 20;

/** How long the last look at the database is good for: {@link TIMES} times what it took, between {@link LEAST_MS} and {@link MOST_MS}. */
export class SnapshotAge {
  /** As performance.now() says it. */
  private until = 0;
  private readonly fixedMs: number | undefined;

  /** @param fixedMs milliseconds for every look instead; 0 is over at once */
  constructor(fixedMs?: number) {
    this.fixedMs = fixedMs;
  }

  /** Looks; what was seen is fresh from its beginning on. */
  async of<T>(look: () => Promise<T>): Promise<T> {
    const from = performance.now();
    const seen = await look();
    const tookMs = performance.now() - from;
    this.until = from + (this.fixedMs ?? Math.min(MOST_MS, Math.max(LEAST_MS, TIMES * tookMs)));
    return seen;
  }

  get isOver(): boolean {
    return performance.now() >= this.until;
  }
}

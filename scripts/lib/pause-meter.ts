/** One look at what writers of a table would meet; times are milliseconds of the same clock. */
export interface WriterLook {
  readonly askedAt: number;
  readonly answeredAt: number;
  /** Whether a lock of the step was in the way of writers, or in front of them in the queue. */
  readonly held: boolean;
  /** Milliseconds that somebody had been waiting by then; 0 where nobody was. */
  readonly waitedMs: number;
}

/** How long writers had to wait at most. */
export interface WritePause {
  /** No writer waited longer than this for the step. */
  readonly seconds: number;
  /** How far off that may be: the longest pause was no shorter than `seconds` less this. */
  readonly resolutionSeconds: number;
}

/**
 * The longest pause of writers, from looks that are taken one after another. Between two looks that find writers free
 * anything may have happened, so the longest time without such a look is what nobody can have waited longer than; what was
 * seen for certain is the longest time between looks that find them held up, or the longest wait that the server tells of.
 */
export class PauseMeter {
  #freeSince: number;
  #heldSince: number | undefined;
  #mostMs = 0;
  #leastMs = 0;

  /** @param startedAt when nothing was in the way yet, on the clock of the looks */
  constructor(startedAt: number) {
    this.#freeSince = startedAt;
  }

  look({ askedAt, answeredAt, held, waitedMs }: WriterLook): void {
    if (held) {
      this.#heldSince ??= answeredAt;
      this.#leastMs = Math.max(this.#leastMs, askedAt - this.#heldSince, waitedMs);
    } else {
      this.#free(askedAt, answeredAt);
    }
  }

  /** @param endedAt when the step was over */
  result(endedAt: number): WritePause {
    this.#free(endedAt, endedAt);
    const least = Math.min(this.#leastMs, this.#mostMs);
    return { seconds: this.#mostMs / 1000, resolutionSeconds: (this.#mostMs - least) / 1000 };
  }

  #free(from: number, until: number): void {
    this.#mostMs = Math.max(this.#mostMs, until - this.#freeSince);
    this.#freeSince = from;
    this.#heldSince = undefined;
  }
}

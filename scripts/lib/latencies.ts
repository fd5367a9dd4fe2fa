/** Latencies of requests in milliseconds, from when each was due. */
export interface LatencySummary {
  readonly requests: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
}

/** The latencies of one second of a load. */
export interface LatencySecond extends LatencySummary {
  /** Counted from the start of the load. */
  readonly second: number;
}

/** A request that was answered. Times are milliseconds since the start of the load. */
export interface Answered {
  readonly dueAt: number;
  readonly answeredAt: number;
}

/** Percentiles by nearest rank: each is a latency that was measured. Pure. */
export function summarize(answered: readonly Answered[]): LatencySummary {
  const sorted = answered.map(({ dueAt, answeredAt }) => answeredAt - dueAt).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { requests: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1) };
}

/** The same for each second in which requests were due. Pure. */
export function bySecond(answered: readonly Answered[]): LatencySecond[] {
  const seconds = new Map<number, Answered[]>();
  for (const each of answered) {
    const second = Math.floor(each.dueAt / 1000);
    seconds.set(second, [...(seconds.get(second) ?? []), each]);
  }
  return [...seconds].sort(([a], [b]) => a - b).map(([second, some]) => ({ second, ...summarize(some) }));
}

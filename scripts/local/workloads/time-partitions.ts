/** A partition by time, as PostgreSQL writes a timestamp. */
export interface TimePartition {
  readonly name: string;
  readonly from: string;
  /** The first moment that is no longer in it. */
  readonly to: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a partition may be long, each a whole number of those before. */
const INTERVALS_MS = [5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY] as const;

/** Fewer would show nothing of what partitions are for. */
const FEWEST = 3;

/**
 * Partitions of equal length that cover the time from `start` to `end` without a gap: as long as three of them allow,
 * and a day at most. They are named as Citus's own create_time_partitions names its partitions, which can go on where
 * these end.
 *
 * @param start in ms since 1970, UTC, a midnight
 * @param end the first moment that needs no partition any more, after `start`
 */
export function timePartitions(table: string, start: number, end: number): TimePartition[] {
  const interval = partitionInterval(start, end);
  return Array.from({ length: Math.ceil((end - start) / interval) }, (_, index) => {
    const from = start + index * interval;
    return {
      name: `${table}_p${nameOf(from, interval)}`,
      from: timestamp(from),
      to: timestamp(from + interval),
    };
  });
}

/** The length in ms of the partitions of that time. */
export function partitionInterval(start: number, end: number): number {
  const shortest = INTERVALS_MS[0];
  return INTERVALS_MS.findLast((interval) => Math.ceil((end - start) / interval) >= FEWEST) ?? shortest;
}

/** `2022-08-08 06:00:00` */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** `2022_08_08` of days, `2022_08_08_0600` of what is shorter. */
function nameOf(ms: number, interval: number): string {
  const [day = '', time = ''] = timestamp(ms).split(' ');
  const date = day.replaceAll('-', '_');
  return interval < DAY ? `${date}_${time.slice(0, 5).replace(':', '')}` : date;
}

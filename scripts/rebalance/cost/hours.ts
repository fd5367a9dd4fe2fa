/** Hours of the day in which moves may start. They may span midnight. */
export interface DailyHours {
  /** Minutes since midnight on a clock in the zone. */
  readonly from: number;
  /** The same, not included. */
  readonly to: number;
  /** As in the IANA database: `Europe/Berlin`, `UTC`. */
  readonly zone: string;
}

const MINUTE_MS = 60_000;
const DAY = 24 * 60;

/**
 * Reads `01:00-05:00`, `22:00-04:00` or `01:00-05:00 Europe/Berlin`. Pure.
 *
 * @param localZone where none is named
 * @throws Error that says what is wrong
 */
export function parseHours(text: string, localZone: string): DailyHours {
  const [, from, to, zone = localZone] =
    /^(\d{1,2}:\d{2})-(\d{1,2}:\d{2})(?:\s+(\S+))?$/.exec(text.trim()) ?? [];
  if (from === undefined || to === undefined) {
    throw new Error(
      'It must be two times of the day, and may name a zone: 01:00-05:00, or "22:00-04:00 Europe/Berlin".',
    );
  }
  const hours = { from: minuteOf(from), to: minuteOf(to), zone };
  if (hours.from === hours.to)
    throw new Error(
      `It ends when it begins, at ${from}: leave it out for the whole day, or name two different times.`,
    );
  try {
    clock(0, zone);
  } catch {
    throw new Error(`${zone} is no time zone: name one as Europe/Berlin or UTC.`);
  }
  return hours;
}

function minuteOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const all = hour * 60 + minute;
  if (minute > 59 || all > DAY)
    throw new Error(
      `${time} is no time of a day: write one from 00:00 to 24:00, as in 22:00-04:00 or "01:00-05:00 Europe/Berlin".`,
    );
  return all % DAY;
}

/** `01:00-05:00 Europe/Berlin` */
export function showHours({ from, to, zone }: DailyHours): string {
  return `${showMinute(from)}-${showMinute(to)} ${zone}`;
}

function showMinute(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

/** Whether it is open, and in how many milliseconds that changes. Pure. */
export function hoursAt(
  { from, to, zone }: DailyHours,
  now: number,
): { readonly open: boolean; readonly changesInMs: number } {
  const minute = clock(now, zone);
  const open = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  return { open, changesInMs: untilClock(open ? to : from, now, zone) };
}

/** How many milliseconds it is open each day. Where clocks change it is an hour more or less on one day. Pure. */
export function hoursLengthMs({ from, to }: DailyHours): number {
  return ((to - from + DAY) % DAY) * MINUTE_MS;
}

/** Whether a move that takes so many seconds may start now. Pure. */
export function fitsInto(hours: DailyHours, now: number, seconds: number): boolean {
  const { open, changesInMs } = hoursAt(hours, now);
  return open && seconds * 1000 <= changesInMs;
}

/** When it opens next, though it be open now: milliseconds since 1970. Pure. */
export function nextOpening({ from, zone }: DailyHours, now: number): number {
  return now + untilClock(from, now, zone);
}

/** Milliseconds until the clock in the zone shows a minute of the day, a day where it does now. */
function untilClock(minute: number, now: number, zone: string): number {
  const ahead = (minute - clock(now, zone) + DAY) % DAY;
  const guess = now + (ahead === 0 ? DAY : ahead) * MINUTE_MS;
  // Clocks may change on the way.
  const off = clock(guess, zone) - minute;
  const late = ((((off + DAY / 2) % DAY) + DAY) % DAY) - DAY / 2;
  const at = guess - late * MINUTE_MS;
  return Math.max(1, at > now ? at - now : guess - now);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Minutes since midnight on a clock in the zone, with their fraction. @throws RangeError for a zone that there is not */
function clock(at: number, zone: string): number {
  const format =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  clocks.set(zone, format);
  const [hour = 0, minute = 0] = format.format(at).split(':').map(Number);
  return hour * 60 + minute + (((at % MINUTE_MS) + MINUTE_MS) % MINUTE_MS) / MINUTE_MS;
}

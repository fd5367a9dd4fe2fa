/** Pieces of sentences for people. */

const LONGEST_SHOWN = 60;

/** A value as the reader wrote it, on one line, cut where it gets long. Ids of resources are not: they start alike. */
export function show(value: unknown): string {
  const text = written(value);
  if (text.length <= LONGEST_SHOWN || text.startsWith('"/')) return text;
  return `${text.slice(0, LONGEST_SHOWN - 3)}...`;
}

/** JSON has no word for NaN, infinities and undefined, and makes null of them or nothing at all. */
function written(value: unknown): string {
  if (typeof value === 'string') return /\p{Cc}/u.test(value) ? JSON.stringify(value) : `"${value}"`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** `a`, `a or b`, `a, b or c`. */
export function oneOf(values: readonly (string | number)[]): string {
  return list(values, 'or');
}

/** `a`, `a and b`, `a, b and c`. */
export function allOf(values: readonly (string | number)[]): string {
  return list(values, 'and');
}

function list(values: readonly (string | number)[], joint: 'or' | 'and'): string {
  const words = values.map(String);
  const last = words.pop() ?? 'nothing';
  return words.length === 0 ? last : `${words.join(', ')} ${joint} ${last}`;
}

/** `a, b and c`, and of more than `most` names the first: `a, b and 3 more`. */
export function someOf(names: readonly string[], most: number): string {
  if (names.length <= most) return allOf(names);
  return `${names.slice(0, most).join(', ')} and ${String(names.length - most)} more`;
}

/** ` (did you mean "x"?)` where one of the candidates is a typing slip away, else nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = candidates
    .map((candidate) => ({
      candidate,
      distance: editDistance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return near === undefined ? '' : ` (did you mean "${near.candidate}"?)`;
}

/** How many slips apart two words are: a letter inserted, left out or replaced, or two neighbours swapped. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const current = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (previous[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      const isSwapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      const swapped = isSwapped ? (beforePrevious[j - 1] ?? 0) + 1 : Infinity;
      current.push(Math.min(replaced, swapped, (previous[j + 1] ?? 0) + 1, (current[j] ?? 0) + 1));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Seconds as a person says them: `0.4 s`, `42 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  if (whole < 3600) return `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
  return `${String(Math.floor(whole / 3600))} h ${String(Math.floor((whole % 3600) / 60))} min`;
}

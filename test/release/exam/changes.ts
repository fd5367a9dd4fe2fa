import type { Changeable, Fields } from './plan-document';

/** Where a value of a document is; a key that begins with `@` finds the item of a list by its address. */
export type Place = readonly (string | number)[];

function step(within: Changeable, key: string | number): Changeable {
  if (Array.isArray(within)) {
    const index =
      typeof key === 'number'
        ? key
        : within.findIndex((item) => (item as Fields)['address'] === key.replace(/^@/, ''));
    const item = within[index];
    if (item === undefined) throw new Error(`there is no ${String(key)}`);
    return item;
  }
  if (typeof within !== 'object' || within === null) throw new Error(`nothing is below ${String(key)}`);
  const value = within[String(key)];
  if (value === undefined) throw new Error(`there is no ${String(key)}`);
  return value;
}

/** What holds the last key of a place. */
export function holder(document: Changeable, place: Place): Fields {
  return place.slice(0, -1).reduce(step, document) as Fields;
}

/** Gives a place another value; undefined takes it out. Throws where that is the value it has: no change is no tampering. */
export function set(document: Changeable, place: Place, value: Changeable | undefined): void {
  const within = holder(document, place);
  const key = String(place.at(-1));
  if (value === undefined) {
    if (Array.isArray(within)) within.splice(Number(key), 1);
    else if (!Reflect.deleteProperty(within, key)) throw new Error(`there is no ${key}`);
    return;
  }
  if (JSON.stringify(within[key]) === JSON.stringify(value))
    throw new Error(`${place.join('.')} has that value`);
  within[key] = value;
}

/** A list or the keys of objects in another order, the same one for a seed; lists within values keep theirs. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed * 2_654_435_761 + 1;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
  return items
    .map((item) => [next(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** The same document with the keys of every object in another order. */
export function shuffledKeys(value: Changeable, seed: number): Changeable {
  if (Array.isArray(value)) return value.map((item) => shuffledKeys(item, seed));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    shuffled(Object.entries(value), seed).map(([key, each]) => [key, shuffledKeys(each, seed)]),
  );
}

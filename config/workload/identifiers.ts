import type { TableName } from './distribution-types';
import type { Report } from '../file/yaml';
import { show } from '../text/text';

/** What PostgreSQL keeps of a name, in bytes; it cuts longer ones silently. */
export const LONGEST_NAME_BYTES = 63;

const PART = String.raw`"(?:[^"]|"")*"|[^".]*`;
const TABLE = new RegExp(`^(?:(${PART})\\.)?(${PART})$`);

export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** `table`, `schema.table`, or with SQL's double quotes where a name needs them; without a schema it is public's. */
export function readTableName(text: string): Read<TableName> {
  const match = TABLE.exec(text);
  if (match === null) {
    return wrong(
      `${quoted(text)} is no table name: write table or schema.table, with a part that holds a dot or a quote in double quotes, as in '"odd.name"'`,
    );
  }
  const schema = match[1] === undefined ? { ok: true as const, value: 'public' } : readName(match[1]);
  const name = readName(match[2] ?? '');
  if (!schema.ok) return schema;
  if (!name.ok) return name;
  return { ok: true, value: { schema: schema.value, name: name.value } };
}

/** What one key of a map in the file names, and what stands under it. */
export interface Entry<Name, Value> {
  /** As written. */
  readonly key: string;
  readonly name: Read<Name>;
  readonly value: Value;
}

/** What makes the entries of a map whose keys are names. */
export function entriesBy<Name>(
  readKey: (key: string) => Read<Name>,
): <Value>(map: Readonly<Record<string, Value>>) => Entry<Name, Value>[] {
  return (map) => Object.entries(map).map(([key, value]) => ({ key, name: readKey(key), value }));
}

/**
 * Reports names that are malformed or stand twice.
 *
 * @param keyOf equal for two names of the same thing
 * @returns the first entry of each name, by that key
 */
export function checkNames<Name, Value>(
  noun: 'table' | 'schema',
  entries: readonly Entry<Name, Value>[],
  keyOf: (name: Name) => string,
  report: Report,
): Map<string, Entry<Name, Value>> {
  const seen = new Map<string, Entry<Name, Value>>();
  for (const entry of entries) {
    const at = [`${noun}s`, entry.key];
    if (!entry.name.ok) {
      report(at, entry.name.problem);
      continue;
    }
    const key = keyOf(entry.name.value);
    const twin = seen.get(key);
    if (twin === undefined) seen.set(key, entry);
    else report(at, `is the same ${noun} as ${show(twin.key)}, declared above: keep one of the two`);
  }
  return seen;
}

/** @throws Error for a name that is malformed, which the rules of the file have reported before */
export function nameOf<Name>(name: Read<Name>): Name {
  if (!name.ok) throw new Error(name.problem);
  return name.value;
}

/** Keys are asked for by the million when many tables are planned. */
const keys = new WeakMap<TableName, string>();

/** The name in one string that tells any two tables apart. */
export function tableKey(table: TableName): string {
  let key = keys.get(table);
  if (key === undefined) {
    key = `${JSON.stringify(table.schema)}.${JSON.stringify(table.name)}`;
    keys.set(table, key);
  }
  return key;
}

/** The name of a column or a schema, written as in SQL: plain, or in double quotes for exact case and odd letters. */
export function readName(text: string): Read<string> {
  if (text.startsWith('"')) {
    if (!/^"(?:[^"]|"")*"$/.test(text)) {
      return wrong(`${quoted(text)} has quotes that do not match: write one pair around the whole name`);
    }
    return withinLimits(text.slice(1, -1).replaceAll('""', '"'));
  }
  if (/[A-Z]/.test(text)) {
    return wrong(
      `${quoted(text)} has capitals, which PostgreSQL folds to small letters: write ${text.toLowerCase()}, or '"${text}"' if the capitals are really part of the name`,
    );
  }
  if (!/^[\p{L}_][\p{L}\p{N}_$]*$/u.test(text)) {
    return wrong(
      `${quoted(text)} is no plain name (letters, digits, _ and $, not starting with a digit): write it in SQL's double quotes, as in '"${text}"'`,
    );
  }
  return withinLimits(text);
}

function withinLimits(name: string): Read<string> {
  if (name === '' || name.includes('\0')) return wrong('a name is empty: name the table or column');
  const bytes = Buffer.byteLength(name);
  if (bytes <= LONGEST_NAME_BYTES) return { ok: true, value: name };
  return wrong(
    `${quoted(name)} is ${String(bytes)} bytes long and PostgreSQL keeps ${String(LONGEST_NAME_BYTES)}: write the name as the database holds it`,
  );
}

function wrong(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}

function quoted(text: string): string {
  return `"${text}"`;
}

import type { z } from 'zod';
import { allOf, didYouMean, show } from '../text/text';
import type { IssueCode } from './config-error';

/** Keys and indices that lead from a value to a part of it; empty for the value itself. */
export type Path = readonly (string | number)[];

/** Something wrong with a value: where in it, and why, with what is there and what is allowed. */
export interface Violation {
  readonly at: Path;
  readonly problem: string;
}

/** What a schema refuses, with what kind of issue it is. */
export interface SchemaViolation extends Violation {
  readonly code: IssueCode;
}

/** What a schema refuses of a value, in the words that its types hold. */
export function violationsOf(schema: z.ZodType, value: unknown): Violation[] {
  return inWords(schema.safeParse(value).error, value).map(({ at, problem }) => ({ at, problem }));
}

/** The issues of a value that a schema has refused, the first one of each place; none without an error. */
export function inWords(error: z.ZodError | undefined, value: unknown): SchemaViolation[] {
  const all = (error?.issues ?? []).flatMap((issue) => violationsOfIssue(issue, value));
  return [...new Map(all.toReversed().map((each) => [JSON.stringify(each.at), each])).values()].toReversed();
}

function violationsOfIssue(issue: z.core.$ZodIssue, value: unknown): SchemaViolation[] {
  const at = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys') {
    const allowed = issue.message.split(', ');
    return issue.keys.map((key) => ({
      code: 'config.unknown-key' as const,
      at: [...at, key],
      problem: `unknown key${didYouMean(key, allowed)}: the keys here are ${allOf(allowed)}`,
    }));
  }
  if (issue.code === 'invalid_key') {
    return [{ code: 'config.unknown-key', at, problem: issue.issues[0]?.message ?? issue.message }];
  }
  const found = valueAt(value, at);
  const code = found === null || found === undefined ? 'config.missing-key' : 'config.wrong-value';
  return [{ code, at, problem: problemOf(issue, found) }];
}

function problemOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === null) return `is empty: it must be ${issue.message}`;
  if (value === undefined) return `is missing: add ${issue.message}`;
  const isWhole = issue.code === 'custom' && issue.params?.['isWhole'] === true;
  if (isQuoted(issue, value)) {
    return `is ${show(value)}, which the quotes make text: remove them, it must be ${issue.message}`;
  }
  return `is ${show(value)}${isWhole ? issue.message : `: it must be ${issue.message}`}`;
}

/** Whether a text looks like the number, or the true or false, that belongs there. */
function isQuoted(issue: z.core.$ZodIssue, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const isNumber = /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value);
  if (issue.code === 'invalid_value') return isNumber && issue.values.includes(Number(value));
  if (issue.code !== 'invalid_type') return false;
  return issue.expected === 'boolean'
    ? /^(true|false)$/i.test(value)
    : isNumber && NUMBERS.has(issue.expected);
}

const NUMBERS: ReadonlySet<string> = new Set(['number', 'int']);

/** The part of a value that a path leads to; undefined where it leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null && Object.hasOwn(part, key)
        ? (part as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

import type { Json, JsonObject } from './synthesized';
import { isUnresolved } from './synthesized';

/**
 * What an argument holds, told apart so that no rule can take an unresolved token, or a value of another type,
 * for a pass.
 */
export type Reading<T> =
  | { readonly state: 'value'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'unresolved'; readonly text: string }
  | { readonly state: 'unusable'; readonly text: string };

function read<T>(body: JsonObject, name: string, convert: (value: Json) => T | undefined): Reading<T> {
  const value = body[name];
  if (value === undefined || value === null) return { state: 'absent' };
  if (typeof value === 'string' && isUnresolved(value)) return { state: 'unresolved', text: value };
  const converted = convert(value);
  return converted === undefined
    ? { state: 'unusable', text: JSON.stringify(value) }
    : { state: 'value', value: converted };
}

/** Terraform converts `"true"` to true, so this does as well. */
export function booleanAt(body: JsonObject, name: string): Reading<boolean> {
  return read(body, name, (value) => {
    if (typeof value === 'boolean') return value;
    return value === 'true' ? true : value === 'false' ? false : undefined;
  });
}

/** Terraform converts `"2"` to 2, so this does as well. */
export function numberAt(body: JsonObject, name: string): Reading<number> {
  return read(body, name, (value) => {
    if (typeof value === 'number') return value;
    return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
  });
}

/** Terraform converts numbers and flags to text, so this does as well. */
export function stringAt(body: JsonObject, name: string): Reading<string> {
  return read(body, name, (value) => (typeof value === 'object' ? undefined : String(value)));
}

/** A value where it is text, and nothing otherwise. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A reading in words that follow the argument's name. */
export function describe(reading: Reading<unknown>): string {
  return reading.state === 'value' ? `is ${String(reading.value)}` : describeGap(reading);
}

/** A reading that is no value, in words that follow the argument's name. */
export function describeGap(reading: Exclude<Reading<unknown>, { state: 'value' }>): string {
  switch (reading.state) {
    case 'absent':
      return 'is not set';
    case 'unresolved':
      return `is ${reading.text}, which only an apply resolves, so nothing can be said about it here`;
    case 'unusable':
      return `is ${reading.text}`;
  }
}

import type { Json, JsonObject } from './arm';
import { isJsonObject } from './arm';
import { badRequest } from './values';

/** What a value has to be, in words; undefined where it is that. */
export type Check = (value: Json) => string | undefined;

/** The properties that a client can set, each with its check or with the properties within it. */
export interface KnownProperties {
  readonly [name: string]: Check | KnownProperties;
}

export const text: Check = (value) => (typeof value === 'string' ? undefined : 'text');
export const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

export function wholeNumber(least: number, most: number): Check {
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `a whole number${most === Infinity ? '' : ` from ${least} to ${most}`}`;
}

export function oneOf(words: readonly string[]): Check {
  return (value) =>
    typeof value === 'string' && words.includes(value) ? undefined : `one of ${words.join(', ')}`;
}

/**
 * What a request says of the properties that are known; everything else in it is read-only or unknown, and counts for
 * nothing. `null` and empty text say nothing.
 *
 * @throws ArmError 400 for a value that is none of the property's
 */
export function statedOf(given: JsonObject, known: KnownProperties, within = ''): JsonObject {
  const stated: Record<string, Json> = {};
  for (const [name, check] of Object.entries(known)) {
    const value = given[name];
    if (value === undefined || value === null || value === '') continue;
    const wanted = typeof check === 'function' ? check(value) : isJsonObject(value) ? undefined : 'an object';
    if (wanted !== undefined) {
      throw badRequest(
        `The property '${within}${name}' is ${JSON.stringify(value)}; it is ${wanted}.`,
        'InvalidParameterValue',
      );
    }
    stated[name] =
      typeof check !== 'function' && isJsonObject(value)
        ? statedOf(value, check, `${within}${name}.`)
        : value;
  }
  return stated;
}

/** Both, where the second has its way; objects within them are put together in the same way. Pure. */
export function merged(before: JsonObject, stated: JsonObject): JsonObject {
  const both = Object.entries(stated).map(([name, value]) => {
    const had = before[name];
    return [name, isJsonObject(had) && isJsonObject(value) ? merged(had, value) : value] as const;
  });
  return { ...before, ...Object.fromEntries(both) };
}

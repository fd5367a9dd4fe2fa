import { repeatedKey } from './repeated-key';

/** A key that an object of a JSON text has twice: readers differ in which one they take. */
export class RepeatedKeyError extends Error {
  /** As in `resource.azurerm_key_vault`. */
  readonly key: string;

  constructor(key: string) {
    super(`it has the key ${key} twice`);
    this.key = key;
  }
}

/**
 * Parses JSON that another program reads as well: what has two readings is refused.
 *
 * @throws SyntaxError where it is no JSON, RepeatedKeyError where an object has a key twice
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const key = repeatedKey(text);
  if (key !== undefined) throw new RepeatedKeyError(key);
  return value;
}

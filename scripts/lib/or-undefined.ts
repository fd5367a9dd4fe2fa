/**
 * What `read` gives, or undefined where it throws: for answers that are worth asking for and can be missed.
 *
 * @example
 * const names = orUndefined(() => readdirSync(parent)) ?? [];
 */
export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

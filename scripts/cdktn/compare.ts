/** A place where two JSON documents differ. An absent side is `undefined`, which no JSON value is. */
export interface Difference {
  /** JSON pointer (RFC 6901); the whole document is the empty one. */
  readonly pointer: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Where two JSON documents differ, as deep as they can be told apart: an object by its keys in any order, an array
 * element by element.
 */
export function differencesOf(before: unknown, after: unknown, pointer = ''): Difference[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const [left, right]: [readonly unknown[], readonly unknown[]] = [before, after];
    return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
      differencesOf(left[index], right[index], `${pointer}/${String(index)}`),
    ).flat();
  }
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .sort()
      .flatMap((key) =>
        differencesOf(ownValue(before, key), ownValue(after, key), `${pointer}/${escapeKey(key)}`),
      );
  }
  return Object.is(before, after) ? [] : [{ pointer, before, after }];
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key named like something every object inherits is still absent where the document lacks it. */
function ownValue(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

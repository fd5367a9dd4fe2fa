/** Strings and signs of JSON; numbers and words between them name nothing. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

interface Open {
  /** Absent in an array. */
  readonly keys?: Set<string>;
  /** The key or the place of the value that is being read. */
  at: string | number;
}

/**
 * Where an object of a JSON text has a key a second time, as in `steps[3].sql`: parsers take the last one and say nothing. Undefined
 * where none does.
 *
 * @param json a text that JSON.parse takes
 */
export function repeatedKey(json: string): string | undefined {
  const open: Open[] = [];
  let key = false;
  for (const [token] of json.matchAll(TOKENS)) {
    const inner = open.at(-1);
    if (token === '{') open.push({ keys: new Set(), at: '' });
    else if (token === '[') open.push({ at: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && typeof inner?.at === 'number') inner.at += 1;
    else if (token.startsWith('"') && key && inner?.keys !== undefined) {
      // Escapes spell one key in many ways.
      inner.at = JSON.parse(token) as string;
      if (inner.keys.has(inner.at)) return pathOf(open);
      inner.keys.add(inner.at);
    }
    key = token === '{' || (token === ',' && open.at(-1)?.keys !== undefined);
  }
  return undefined;
}

function pathOf(open: readonly Open[]): string {
  return open
    .map(({ at }, depth) => (typeof at === 'number' ? `[${String(at)}]` : `${depth === 0 ? '' : '.'}${at}`))
    .join('');
}

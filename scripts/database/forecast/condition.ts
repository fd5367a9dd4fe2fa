/**
 * Conditions as PostgreSQL writes them in a plan (`EXPLAIN VERBOSE`): every operator in parentheses, every column with
 * its relation's alias, types as `::` casts. That form is PostgreSQL's own reading of a query, with names resolved, views
 * expanded and equalities carried over joins, so what has to be understood here is small.
 */

/** A column of a relation of a plan, by the relation's alias there. */
export interface ColumnReference {
  readonly alias: string;
  readonly column: string;
}

export type Operand =
  /** `cast` is the type the column is turned into first, where it is. */
  | ({ readonly kind: 'column'; readonly cast?: string } & ColumnReference)
  /** A constant or a parameter; two of the same text are the same value. */
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'other' };

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'equal'; readonly left: Operand; readonly right: Operand }
  /** `= ANY`; absent where the values are not written out. NULL equals nothing, and is none of them. */
  | { readonly kind: 'any'; readonly left: Operand; readonly values: readonly string[] | undefined }
  | { readonly kind: 'other' };

interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'parameter' | 'symbol';
  readonly text: string;
}

type Item = Token | readonly Item[];

const TOKEN =
  /\s+|(?<name>"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)|(?<text>'(?:[^']|'')*')|(?<parameter>\$\d+)|(?<number>\d[\d.]*(?:e[+-]?\d+)?)|(?<symbol>::|[-+*/<>=~!@#%^&|`?]+|.)/gsu;

/** Reads a condition; what it does not recognise is `other`, which claims nothing. Pure. */
export function parseCondition(text: string): Condition {
  return toCondition(nest(text));
}

/** Reads one expression of a plan's output list. Pure. */
export function parseOperand(text: string): Operand {
  return toOperand(nest(text));
}

function nest(text: string): Item[] {
  const root: Item[] = [];
  const open: Item[][] = [root];
  for (const { groups } of text.matchAll(TOKEN)) {
    const kind = (['name', 'text', 'number', 'parameter', 'symbol'] as const).find(
      (each) => groups?.[each] !== undefined,
    );
    if (kind === undefined) continue;
    const token: Token = { kind, text: groups?.[kind] ?? '' };
    if (kind === 'symbol' && '(['.includes(token.text)) {
      const inner: Item[] = [];
      open.at(-1)?.push(inner);
      open.push(inner);
    } else if (kind === 'symbol' && ')]'.includes(token.text)) {
      if (open.length > 1) open.pop();
    } else open.at(-1)?.push(token);
  }
  return root;
}

function toCondition(items: readonly Item[]): Condition {
  const only = items.length === 1 ? items[0] : undefined;
  if (only !== undefined && !isToken(only)) return toCondition(only);
  for (const kind of ['or', 'and'] as const) {
    const parts = split(items, kind.toUpperCase());
    if (parts.length > 1) return { kind, of: parts.map(toCondition) };
  }
  const place = items.findIndex((item) => isSymbol(item, '='));
  if (place < 1) return { kind: 'other' };
  const left = toOperand(items.slice(0, place));
  const [first, ...rest] = items.slice(place + 1);
  if (first !== undefined && isName(first, 'ANY')) {
    return { kind: 'any', left, values: listOf(rest[0]) };
  }
  return { kind: 'equal', left, right: toOperand(items.slice(place + 1)) };
}

function toOperand(items: readonly Item[]): Operand {
  const cast = items.findIndex((item) => isSymbol(item, '::'));
  const bare = cast === -1 ? items : items.slice(0, cast);
  const only = bare.length === 1 ? bare[0] : undefined;
  if (only !== undefined && !isToken(only)) {
    const inner = toOperand(only);
    return cast !== -1 && inner.kind === 'column' ? { ...inner, cast: textOf(items.slice(cast + 1)) } : inner;
  }
  if (only !== undefined && isToken(only) && ['text', 'number', 'parameter'].includes(only.kind)) {
    return { kind: 'value', text: unquoteText(only.text) };
  }
  if (only !== undefined && isName(only, 'NULL')) return { kind: 'null' };
  const [sign, digits] = bare;
  if (bare.length === 2 && sign !== undefined && digits !== undefined && isToken(digits)) {
    if (isSymbol(sign, '-') && digits.kind === 'number') return { kind: 'value', text: `-${digits.text}` };
  }
  const [alias, dot, column] = bare;
  if (bare.length !== 3 || alias === undefined || dot === undefined || column === undefined)
    return { kind: 'other' };
  if (!isToken(alias) || alias.kind !== 'name' || !isSymbol(dot, '.')) return { kind: 'other' };
  if (!isToken(column) || column.kind !== 'name') return { kind: 'other' };
  return {
    kind: 'column',
    alias: unquote(alias.text),
    column: unquote(column.text),
    ...(cast === -1 ? {} : { cast: textOf(items.slice(cast + 1)) }),
  };
}

/** The values of an array that is written out: `('{1,2}'::bigint[])`. */
function listOf(item: Item | undefined): string[] | undefined {
  if (item === undefined || isToken(item)) return undefined;
  const [first, second] = item;
  if (first === undefined) return undefined;
  if (!isToken(first)) return listOf(first);
  if (isName(first, 'ARRAY') && second !== undefined && !isToken(second)) {
    const operands = splitAt(second, (each) => isSymbol(each, ',')).map(toOperand);
    if (!operands.every((each) => each.kind === 'value' || each.kind === 'null')) return undefined;
    return operands.flatMap((each) => (each.kind === 'value' ? [each.text] : []));
  }
  const literal = first.kind === 'text' ? /^'\{(.*)\}'$/s.exec(first.text)?.[1] : undefined;
  return literal === undefined ? undefined : elementsOf(literal.replaceAll("''", "'"));
}

/** Of an array's text: `1,NULL,"a \"b\", c"`. */
function elementsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"\\]|\\.)*)"|([^,]*))/gs)].flatMap(([, quoted, bare = '']) => {
    if (quoted !== undefined) return [quoted.replace(/\\(.)/gs, '$1')];
    return bare === '' || bare === 'NULL' ? [] : [bare];
  });
}

function split(items: readonly Item[], word: string): Item[][] {
  return splitAt(items, (item) => isName(item, word));
}

function splitAt(items: readonly Item[], isBorder: (item: Item) => boolean): Item[][] {
  const parts: Item[][] = [[]];
  for (const item of items) {
    if (isBorder(item)) parts.push([]);
    else parts.at(-1)?.push(item);
  }
  return parts;
}

function isToken(item: Item): item is Token {
  return !Array.isArray(item);
}

function isSymbol(item: Item, text: string): boolean {
  return isToken(item) && item.kind === 'symbol' && item.text === text;
}

function isName(item: Item, text: string): boolean {
  return isToken(item) && item.kind === 'name' && item.text === text;
}

function textOf(items: readonly Item[]): string {
  return items.map((item) => (isToken(item) ? item.text : `(${textOf(item)})`)).join(' ');
}

/** A name as the catalogs hold it. */
export function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** `'42'::bigint` and `42` are one value. */
function unquoteText(text: string): string {
  return text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text;
}

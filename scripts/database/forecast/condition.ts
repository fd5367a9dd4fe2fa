import type { Node, TypeName } from 'libpg-query';
import type { SqlParser } from '../../../config/workload/sql-parser';

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

/** Types as `format_type` names them, where the parser has another name for them. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  bool: 'boolean',
  bpchar: 'character',
  float4: 'real',
  float8: 'double precision',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  time: 'time without time zone',
  timetz: 'time with time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  varbit: 'bit varying',
  varchar: 'character varying',
};

/** Reads a condition; what it does not recognise is `other`, which claims nothing. Pure. */
export function parseCondition(parser: SqlParser, text: string): Condition {
  return toCondition(parseExpression(parser, text));
}

/** Reads one expression of a plan's output list. Pure. */
export function parseOperand(parser: SqlParser, text: string): Operand {
  return toOperand(parseExpression(parser, text));
}

/** Reads an expression that is the bare name of a column, as the catalogs hold it; undefined where it is another one. Pure. */
export function parseName(parser: SqlParser, text: string): string | undefined {
  const [name, ...others] = namesOf(parseExpression(parser, text));
  return others.length === 0 ? name : undefined;
}

function parseExpression({ parse }: SqlParser, text: string): Node | undefined {
  try {
    const statement = parse(`SELECT ${asSql(text)}`).stmts?.[0]?.stmt;
    if (statement === undefined || !('SelectStmt' in statement)) return undefined;
    const target = statement.SelectStmt.targetList?.[0];
    return target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined;
  } catch {
    // Plans have more that is no SQL: PARTIAL aggregates, window functions OVER (?).
    return undefined;
  }
}

/** What plans say of subqueries is no SQL, and stands where another subquery can. */
function asSql(text: string): string {
  if (!/(SubPlan|InitPlan) \d/.test(text)) return text;
  return text
    .replace(/\((?:hashed |rescan )?(?:SubPlan|InitPlan) \d+\)/g, '(SELECT 0)')
    .replace(/\(alternatives: [^()]*\)/g, '(SELECT 0)')
    .replace(/\((?:ANY|ALL) \(/g, '(NOT (');
}

function toCondition(node: Node | undefined): Condition {
  if (node === undefined) return { kind: 'other' };
  if ('BoolExpr' in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === 'NOT_EXPR') return { kind: 'other' };
    return { kind: boolop === 'OR_EXPR' ? 'or' : 'and', of: args.map(toCondition) };
  }
  if (!('A_Expr' in node)) return { kind: 'other' };
  const { kind, name = [], lexpr, rexpr } = node.A_Expr;
  if (stringsOf(name).join('.') !== '=') return { kind: 'other' };
  if (kind === 'AEXPR_OP') return { kind: 'equal', left: toOperand(lexpr), right: toOperand(rexpr) };
  return kind === 'AEXPR_OP_ANY'
    ? { kind: 'any', left: toOperand(lexpr), values: listOf(rexpr) }
    : { kind: 'other' };
}

function toOperand(node: Node | undefined): Operand {
  if (node === undefined) return { kind: 'other' };
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast;
    const inner = toOperand(arg);
    return inner.kind === 'column' ? { ...inner, cast: typeText(typeName) } : inner;
  }
  // `'42'::bigint` and `42` are one value.
  if ('ParamRef' in node) return { kind: 'value', text: `$${String(node.ParamRef.number ?? 0)}` };
  if ('A_Const' in node) {
    const { isnull, sval, ival, fval } = node.A_Const;
    if (isnull === true) return { kind: 'null' };
    // Zeros and empty texts are left out.
    if (sval !== undefined) return { kind: 'value', text: sval.sval ?? '' };
    if (ival !== undefined) return { kind: 'value', text: String(ival.ival ?? 0) };
    return fval === undefined ? { kind: 'other' } : { kind: 'value', text: fval.fval ?? '0' };
  }
  const [alias, column, ...others] = namesOf(node);
  if (alias === undefined || column === undefined || others.length > 0) return { kind: 'other' };
  return { kind: 'column', alias, column };
}

/** The parts of a column's name; none where it is another expression, or stands for all columns. */
function namesOf(node: Node | undefined): string[] {
  if (node === undefined || !('ColumnRef' in node)) return [];
  const { fields = [] } = node.ColumnRef;
  const names = stringsOf(fields);
  return names.length === fields.length ? names : [];
}

/** The values of an array that is written out: `('{1,2}'::bigint[])`. */
function listOf(node: Node | undefined): string[] | undefined {
  if (node === undefined) return undefined;
  if ('TypeCast' in node) return listOf(node.TypeCast.arg);
  if ('A_ArrayExpr' in node) {
    const operands = (node.A_ArrayExpr.elements ?? []).map(toOperand);
    if (!operands.every((each) => each.kind === 'value' || each.kind === 'null')) return undefined;
    return operands.flatMap((each) => (each.kind === 'value' ? [each.text] : []));
  }
  const literal = 'A_Const' in node ? node.A_Const.sval?.sval : undefined;
  if (literal?.startsWith('{') !== true) return undefined;
  return elementsOf(literal.slice(1, -1));
}

/** Of an array's text: `1,NULL,"a \"b\", c"`. */
function elementsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"\\]|\\.)*)"|([^,]*))/gs)].flatMap(([, quoted, bare = '']) => {
    if (quoted !== undefined) return [quoted.replace(/\\(.)/gs, '$1')];
    return bare === '' || bare === 'NULL' ? [] : [bare];
  });
}

function typeText({ names = [], typmods = [], arrayBounds = [] }: TypeName = {}): string {
  const [first = '', ...rest] = stringsOf(names);
  const name = first === 'pg_catalog' ? rest.map((each) => TYPE_NAMES[each] ?? each) : [first, ...rest];
  return `${name.join('.')}${typmods.length === 0 ? '' : '(...)'}${arrayBounds.length === 0 ? '' : '[]'}`;
}

function stringsOf(nodes: readonly Node[]): string[] {
  return nodes.flatMap((each) => ('String' in each ? [each.String.sval ?? ''] : []));
}

/** What a query's text says that its plan does not. */
export interface QueryText {
  /** Has EXISTS, which plans do not tell from IN. */
  readonly exists: boolean;
  /** Columns that an UPDATE sets, or the update half of ON CONFLICT. */
  readonly sets: readonly string[];
}

/** Reads a query's text; a text that the parser does not take claims nothing. Pure. */
export function parseQuery({ parse }: SqlParser, sql: string): QueryText {
  let statement: Node | undefined;
  try {
    statement = parse(sql).stmts?.[0]?.stmt;
  } catch {
    // The server has planned it; this parser is of another version.
  }
  return { exists: hasExists(statement), sets: setsOf(statement) };
}

function hasExists(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  return Object.entries(part).some(
    ([key, value]) => (key === 'subLinkType' && value === 'EXISTS_SUBLINK') || hasExists(value),
  );
}

function setsOf(statement: Node | undefined): string[] {
  if (statement === undefined) return [];
  const targets =
    'UpdateStmt' in statement
      ? statement.UpdateStmt.targetList
      : 'InsertStmt' in statement
        ? statement.InsertStmt.onConflictClause?.targetList
        : [];
  return (targets ?? []).flatMap((each) => ('ResTarget' in each ? (each.ResTarget.name ?? []) : []));
}

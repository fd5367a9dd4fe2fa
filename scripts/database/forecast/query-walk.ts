import type { TableName } from '../../../config/workload/distribution-types';
import type { CommonTable, Expression, FromItem, Range, ViewQuery } from '../model/view-query';

/** The ranges that a FROM item joins. */
export function rangesOf(item: FromItem): number[] {
  return item.kind === 'range' ? [item.range] : [...rangesOf(item.left), ...rangesOf(item.right)];
}

/** The joins of a FROM item, the outermost first. */
export function joinsOf(item: FromItem): (FromItem & { kind: 'join' })[] {
  return item.kind === 'range' ? [] : [item, ...joinsOf(item.left), ...joinsOf(item.right)];
}

/** The conditions of the joins in FROM. */
export function inFrom({ from }: ViewQuery): Expression[] {
  return from.flatMap(joinsOf).flatMap(({ on }) => on);
}

/** What has to hold: WHERE, and the conditions of joins. */
export function conditionsOf(query: ViewQuery): Expression[] {
  return [...inFrom(query), ...query.where];
}

/** What a query computes itself, the contents of its ranges left out. */
export function ownExpressions(query: ViewQuery): Expression[] {
  const { targets, having, limit, offset } = query;
  return [
    ...targets.map(({ expression }) => expression),
    ...conditionsOf(query),
    ...[having, limit, offset].flatMap((each) => each ?? []),
  ];
}

function rangeExpressions(range: Range): readonly Expression[] {
  if (range.kind === 'function') return [range.call];
  if (range.kind === 'values') return range.rows;
  return range.kind === 'other' ? range.of : [];
}

/** Of an expression, the subqueries in it, outermost ones alone. */
export function subqueriesOf(expression: Expression): ViewQuery[] {
  return expression.kind === 'subquery'
    ? [...(expression.test === undefined ? [] : subqueriesOf(expression.test)), expression.query]
    : inside(expression).flatMap(subqueriesOf);
}

/** Expressions one step further in, subqueries left closed. */
export function inside(expression: Expression): readonly Expression[] {
  if (expression.kind === 'equal') return [expression.left, expression.right];
  if (expression.kind === 'subquery') return expression.test === undefined ? [] : [expression.test];
  return 'of' in expression ? expression.of : [];
}

/** The queries one step further in. */
export function innerQueries(query: ViewQuery): ViewQuery[] {
  return [
    ...query.with.map((each) => each.query),
    ...query.ranges.flatMap((range) =>
      range.kind === 'subquery' ? [range.query] : rangeExpressions(range).flatMap(subqueriesOf),
    ),
    ...ownExpressions(query).flatMap(subqueriesOf),
  ];
}

/** The tables that a query reads, wherever it reads them; what views read is not its own. */
export function readsOf(query: ViewQuery): (Range & { kind: 'relation' })[] {
  return [
    ...query.ranges.filter((range) => range.kind === 'relation'),
    ...innerQueries(query).flatMap(readsOf),
  ];
}

/** Whether a part of the expression, subqueries left closed, is such. */
export function some(expression: Expression, is: (part: Expression) => boolean): boolean {
  return is(expression) || inside(expression).some((each) => some(each, is));
}

/** Whether anything in the query belongs to a query around it. */
export function refersOut(query: ViewQuery, depth = 0): boolean {
  const out = (expression: Expression): boolean =>
    some(
      expression,
      (part) =>
        (part.kind === 'column' || part.kind === 'aggregate' || part.kind === 'grouping') && part.up > depth,
    );
  return (
    [...ownExpressions(query), ...query.ranges.flatMap(rangeExpressions)].some(out) ||
    innerQueries(query).some((inner) => refersOut(inner, depth + 1))
  );
}

/** Not the same on every call, or not on every node. */
export function isMutable(expression: Expression): boolean {
  return (
    some(expression, (part) => part.kind === 'call' && part.volatility !== 'immutable') ||
    subqueriesOf(expression).some((query) => ownExpressions(query).some(isMutable))
  );
}

function isVolatile(query: ViewQuery): boolean {
  const volatile = (expression: Expression): boolean =>
    some(expression, (part) => part.kind === 'call' && part.volatility === 'volatile');
  return (
    [...ownExpressions(query), ...query.ranges.flatMap(rangeExpressions)].some(volatile) ||
    innerQueries(query).some(isVolatile)
  );
}

/** `SELECT * FROM` a query. */
export function readingAll(query: ViewQuery): ViewQuery {
  const visible = query.targets.flatMap(({ hidden }, index) => (hidden ? [] : [index + 1]));
  return {
    ranges: [{ kind: 'subquery', query, lateral: false }],
    from: [{ kind: 'range', range: 1 }],
    where: [],
    targets: visible.map((column) => ({
      expression: { kind: 'column', range: 1, column, up: 0 },
      group: 0,
      hidden: false,
    })),
    groupBy: [],
    distinctOn: [],
    windows: [],
    with: [],
    aggregates: false,
    groupingSets: false,
    windowFunctions: false,
    setReturning: false,
    sorted: false,
    locksRows: false,
    recursive: false,
  };
}

/**
 * Puts the queries of views in the place of their names, and each its own copy: Citus tells two uses of one view apart. Undefined where
 * the query of one is not known.
 */
export function withoutViews(
  query: ViewQuery,
  queryOf: (view: TableName) => ViewQuery | undefined,
): ViewQuery | undefined {
  const unknown: TableName[] = [];
  const open = (each: ViewQuery): ViewQuery =>
    rebuilt(each, {
      range: (range) => {
        if (range.kind !== 'view') return undefined;
        const inner = queryOf(range.view);
        if (inner !== undefined) return { kind: 'subquery', query: open(inner), lateral: false };
        unknown.push(range.view);
        return { kind: 'none' };
      },
    });
  const whole = open(query);
  return unknown.length === 0 ? whole : undefined;
}

/** Puts each WITH query that PostgreSQL itself would in the place where it is read; absent where there is none. */
export function withoutPlainWith(query: ViewQuery): ViewQuery | undefined {
  if (!hasPlainWith(query)) return undefined;
  const visit = (each: ViewQuery): ViewQuery => {
    const deeper = rebuilt(each, { deeper: visit });
    return deeper.with.filter(isInlined).reduce(inlined, deeper);
  };
  return visit(query);
}

function hasPlainWith(query: ViewQuery): boolean {
  return query.with.some(isInlined) || innerQueries(query).some(hasPlainWith);
}

function isInlined({ materialized, references, recursive, query }: CommonTable): boolean {
  const wanted = materialized === 'never' || (materialized === 'default' && references === 1);
  return wanted && !recursive && !isVolatile(query);
}

function inlined(query: ViewQuery, common: CommonTable): ViewQuery {
  const put = (inner: ViewQuery, depth: number): ViewQuery =>
    rebuilt(inner, {
      range: (range) =>
        range.kind === 'with' && range.name === common.name && range.up === depth
          ? { kind: 'subquery', query: shifted(common.query, depth), lateral: false }
          : undefined,
      deeper: (deeper) => put(deeper, depth + 1),
    });
  return put({ ...query, with: query.with.filter((each) => each !== common) }, 0);
}

/** Moves a query deeper in: what it reads of the queries around it is that much further out. */
function shifted(query: ViewQuery, by: number, depth = 0): ViewQuery {
  return rebuilt(query, {
    range: (range) =>
      range.kind === 'with' && range.up > depth ? { ...range, up: range.up + by } : undefined,
    column: (column) => (column.up > depth ? { ...column, up: column.up + by } : column),
    deeper: (inner) => shifted(inner, by, depth + 1),
  });
}

interface Changes {
  /** The one that takes a range's place; undefined where it stays. */
  readonly range?: (range: Range) => Range | undefined;
  readonly column?: (column: Expression & { kind: 'column' }) => Expression;
  /** @default the same changes further in */
  readonly deeper?: (inner: ViewQuery) => ViewQuery;
}

/** A copy of a query, ranges and all, with something changed. */
function rebuilt(query: ViewQuery, changes: Changes): ViewQuery {
  const deeper = changes.deeper ?? ((inner: ViewQuery): ViewQuery => rebuilt(inner, changes));
  const expression = (each: Expression): Expression => {
    if (each.kind === 'column') return changes.column?.(each) ?? each;
    if (each.kind === 'equal') {
      return { ...each, left: expression(each.left), right: expression(each.right) };
    }
    if (each.kind === 'subquery') {
      const test = each.test === undefined ? {} : { test: expression(each.test) };
      return { ...each, ...test, query: deeper(each.query) };
    }
    return 'of' in each ? { ...each, of: each.of.map(expression) } : each;
  };
  const range = (each: Range): Range => {
    const other = changes.range?.(each);
    if (other !== undefined) return other;
    if (each.kind === 'subquery') return { ...each, query: deeper(each.query) };
    if (each.kind === 'function') return { ...each, call: expression(each.call) };
    if (each.kind === 'values') return { ...each, rows: each.rows.map(expression) };
    return each.kind === 'other' ? { ...each, of: each.of.map(expression) } : { ...each };
  };
  const item = (each: FromItem): FromItem =>
    each.kind === 'range'
      ? each
      : { ...each, left: item(each.left), right: item(each.right), on: each.on.map(expression) };
  const optional = (['having', 'limit', 'offset'] as const).flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [[name, expression(value)] as const];
  });
  return {
    ...query,
    ranges: query.ranges.map(range),
    from: query.from.map(item),
    where: query.where.map(expression),
    targets: query.targets.map((target) => ({ ...target, expression: expression(target.expression) })),
    with: query.with.map((common) => ({ ...common, query: deeper(common.query) })),
    ...Object.fromEntries(optional),
  };
}

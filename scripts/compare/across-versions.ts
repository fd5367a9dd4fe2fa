import type { SqlParser } from '../../config/workload/sql-parser';
import { tableKey } from '../../config/workload/identifiers';
import type { Side, SideView } from './side';

type Parts = Readonly<Record<string, unknown>>;

/** The first major that has the privilege MAINTAIN, which `GRANT ALL` and every owner's own rights hold from then on. */
const MAINTAIN_SINCE = 17;

/** The first major in which NOT NULL constraints of tables have names. */
const NOT_NULL_NAMES_SINCE = 18;

/** Whether two servers may write one and the same thing in different words. */
export function differentMajors(from: Side, to: Side): boolean {
  return majorOf(from) !== majorOf(to);
}

/**
 * Two databases of different major versions, without what differs by the version alone, so that what is left to be told is a
 * difference:
 *
 * - the privilege MAINTAIN, which PostgreSQL has from 17 on;
 * - names of NOT NULL constraints, which it has from 18 on;
 * - names of columns of a view over one table: up to 15, PostgreSQL writes the table before each, from 16 on it does not.
 */
export function alikeAcrossVersions(from: Side, to: Side, parser: SqlParser): [Side, Side] {
  const older = Math.min(majorOf(from), majorOf(to));
  const [left = from, right = to] = [from, to].map((side) => withoutNewer(side, older));
  const definitions = new Map(left.views.map((view) => [tableKey(view.view), view.objects['definition']]));
  const views = right.views.map((view): SideView => {
    const other = definitions.get(tableKey(view.view));
    const own = view.objects['definition'];
    if (typeof other !== 'string' || typeof own !== 'string' || !sameQuery(other, own, parser)) return view;
    return { ...view, objects: { ...view.objects, definition: other } };
  });
  return [left, { ...right, views }];
}

function majorOf({ postgres }: Side): number {
  return Number.parseInt(postgres, 10);
}

/** A side without what a server of the older major cannot have. */
function withoutNewer(side: Side, older: number): Side {
  if (older >= NOT_NULL_NAMES_SINCE) return side;
  const isGrants = (part: string): boolean => older < MAINTAIN_SINCE && /^grants\b/.test(part);
  const each = (parts: Parts): Record<string, never> =>
    Object.fromEntries(
      Object.entries(parts)
        .filter(([part]) => !part.startsWith('name of NOT NULL '))
        .map(([part, value]) => [
          part,
          isGrants(part) && typeof value === 'string' ? withoutGrantOf('MAINTAIN', value) : value,
        ]),
    ) as Record<string, never>;
  const all = (objects: Readonly<Record<string, Parts>>): Record<string, Record<string, never>> =>
    Object.fromEntries(Object.entries(objects).map(([name, parts]) => [name, each(parts)]));
  return {
    ...side,
    objects: all(side.objects),
    others: all(side.others),
    views: side.views.map((view) => ({ ...view, objects: each(view.objects) })),
  };
}

/** @param grants `citus INSERT f, citus MAINTAIN f` */
function withoutGrantOf(privilege: string, grants: string): string {
  return grants
    .split(', ')
    .filter((grant) => !new RegExp(` ${privilege} [tf]$`).test(grant))
    .join(', ');
}

/** Whether two definitions of a view are one query, whichever version of PostgreSQL wrote it. */
function sameQuery(a: string, b: string, { parse }: SqlParser): boolean {
  if (a === b) return true;
  try {
    const [left, right] = [a, b].map((text) => JSON.stringify(unqualified(parse(text))));
    return left === right;
  } catch {
    // A version newer than the parser may write what it cannot read: then the texts differ, and that is said.
    return false;
  }
}

type Node = Readonly<Record<string, unknown>>;

/** A parsed query without positions, and without the table before columns where it reads one table alone. */
function unqualified(tree: unknown): unknown {
  const statement = (tree as { stmts?: { stmt?: { SelectStmt?: Node } }[] }).stmts?.[0]?.stmt?.SelectStmt;
  const [source, ...others] = (statement?.['fromClause'] ?? []) as Node[];
  const qualifier = others.length === 0 && source !== undefined ? nameOf(source) : undefined;
  return stripped(tree, qualifier, 0);
}

function nameOf(source: Node): string | undefined {
  const [[kind, item] = []] = Object.entries(source) as [string, Node][];
  if (kind === undefined || item === undefined || kind === 'JoinExpr') return undefined;
  const alias = item['alias'] as { aliasname?: string } | undefined;
  return alias?.aliasname ?? (item['relname'] as string | undefined);
}

/** @param depth of SELECTs: below the first one, every version writes the table */
function stripped(node: unknown, qualifier: string | undefined, depth: number): unknown {
  if (Array.isArray(node)) return node.map((each) => stripped(each, qualifier, depth));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => !/^(?:location|stmt_location|stmt_len)$/.test(key))
      .map(([key, value]) => {
        if (key === 'ColumnRef' && depth === 1) return [key, withoutQualifier(value as Node, qualifier)];
        return [key, stripped(value, qualifier, depth + (key === 'SelectStmt' ? 1 : 0))];
      }),
  );
}

function withoutQualifier(column: Node, qualifier: string | undefined): Node {
  const fields = column['fields'] as { String?: { sval?: string } }[];
  const first = fields[0]?.String?.sval;
  return { fields: fields.length === 2 && first === qualifier ? fields.slice(1) : fields };
}

import type { TableName } from '../../../config/workload/distribution-types';
import type { TreeNode, TreeValue } from './node-tree';

/**
 * The query of a view as its owner wrote it: PostgreSQL's own reading of it, before its planner turns anything round. Citus decides by
 * this form which parts go along to the shards, so it says more than a plan; and it can be had of a view that cannot be planned.
 */
export interface ViewQuery {
  /** What it reads from, numbered from 1. */
  readonly ranges: readonly Range[];
  readonly from: readonly FromItem[];
  /** All hold at once; those of joins are at the joins. */
  readonly where: readonly Expression[];
  readonly targets: readonly Target[];
  /** By {@link Target.group}. */
  readonly groupBy: readonly number[];
  readonly distinctOn: readonly number[];
  /** PARTITION BY of each window. */
  readonly windows: readonly (readonly number[])[];
  readonly having?: Expression;
  readonly limit?: Expression;
  readonly offset?: Expression;
  readonly with: readonly CommonTable[];
  /** UNION, INTERSECT or EXCEPT of some of the ranges. */
  readonly combines?: Combination;
  readonly aggregates: boolean;
  readonly groupingSets: boolean;
  readonly windowFunctions: boolean;
  readonly setReturning: boolean;
  readonly sorted: boolean;
  readonly locksRows: boolean;
  readonly recursive: boolean;
}

export type Range =
  /** A table, or a materialized view, which holds rows like one. */
  | {
      readonly kind: 'relation';
      readonly table: TableName;
      /** By their numbers; null where one was dropped. */
      readonly columns: readonly (string | null)[];
      /** Columns that the query still names, though the table lost them after it was written down; absent where there are none. */
      readonly dropped?: readonly string[];
    }
  | { readonly kind: 'view'; readonly view: TableName }
  | { readonly kind: 'subquery'; readonly query: ViewQuery; readonly lateral: boolean }
  | {
      readonly kind: 'function';
      readonly call: Expression;
      readonly lateral: boolean;
      readonly ordinality: boolean;
    }
  | { readonly kind: 'values'; readonly rows: readonly Expression[] }
  | { readonly kind: 'with'; readonly name: string; readonly up: number }
  | { readonly kind: 'join'; readonly columns: readonly Expression[] }
  /** Rows of a part that ran first, which every node has. */
  | { readonly kind: 'results' }
  /** Nothing is read from it: what rules see of the view itself. */
  | { readonly kind: 'none' }
  | { readonly kind: 'other'; readonly of: readonly Expression[] };

export type FromItem =
  | { readonly kind: 'range'; readonly range: number }
  | {
      readonly kind: 'join';
      readonly type: 'inner' | 'left' | 'full' | 'right';
      readonly left: FromItem;
      readonly right: FromItem;
      readonly on: readonly Expression[];
    };

export interface Target {
  readonly expression: Expression;
  /** What GROUP BY, DISTINCT and PARTITION BY call it; 0 where none does. */
  readonly group: number;
  /** Computed and not given out. */
  readonly hidden: boolean;
}

export interface CommonTable {
  readonly name: string;
  readonly query: ViewQuery;
  readonly materialized: 'always' | 'never' | 'default';
  readonly recursive: boolean;
  readonly references: number;
}

export type Combination =
  | { readonly kind: 'range'; readonly range: number }
  | {
      readonly kind: 'union' | 'intersect' | 'except';
      readonly all: boolean;
      readonly left: Combination;
      readonly right: Combination;
    };

export type Volatility = 'immutable' | 'stable' | 'volatile';

export type Expression =
  | {
      readonly kind: 'column';
      readonly range: number;
      readonly column: number;
      /** How many queries further out the range is. */
      readonly up: number;
    }
  /** A constant that is not NULL; two of the same text are the same value. */
  | { readonly kind: 'value'; readonly text: string }
  /** What a subquery gives, by the number of its column. */
  | { readonly kind: 'given'; readonly column: number }
  | { readonly kind: 'equal'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'and' | 'or' | 'not'; readonly of: readonly Expression[] }
  | {
      readonly kind: 'subquery';
      readonly link: 'exists' | 'any' | 'other';
      readonly test?: Expression;
      readonly query: ViewQuery;
    }
  | { readonly kind: 'aggregate'; readonly up: number; readonly of: readonly Expression[] }
  | { readonly kind: 'window'; readonly of: readonly Expression[] }
  | { readonly kind: 'grouping'; readonly up: number }
  | {
      readonly kind: 'call';
      readonly volatility: Volatility;
      /** Gives NULL, or does not hold, where one of them is NULL; absent where that is not known. */
      readonly strict?: true;
      readonly of: readonly Expression[];
    };

/** What the numbers in a tree stand for. */
export interface TreeNames {
  readonly relation: (oid: string) => TreeRelation | undefined;
  /** An operator that joins can be made by as an equality. */
  readonly isEquality: (oid: string) => boolean;
  readonly volatility: (functionOid: string) => Volatility;
}

export interface TreeRelation {
  readonly table: TableName;
  readonly isView: boolean;
  readonly columns: readonly (string | null)[];
}

/** The numbers of a tree that have to be looked up before it can be read. Pure. */
export function namedIn(tree: TreeValue): {
  readonly relations: Set<string>;
  readonly operators: Set<string>;
  readonly functions: Set<string>;
} {
  const found = {
    relations: new Set<string>(),
    operators: new Set<string>(),
    functions: new Set<string>(),
  };
  const look = (value: TreeValue): void => {
    if (isList(value)) value.forEach(look);
    else if (isNode(value)) {
      const { fields } = value;
      if (value.tag === 'RANGETBLENTRY' && fields['rtekind'] === '0')
        found.relations.add(text(fields['relid']));
      if (typeof fields['opno'] === 'string') found.operators.add(fields['opno']);
      for (const field of FUNCTION_FIELDS) {
        const oid = fields[field];
        if (typeof oid === 'string' && oid !== '0') found.functions.add(oid);
      }
      Object.values(fields).forEach(look);
    }
  };
  look(tree);
  return found;
}

/** CoercionForm of a conversion that the query does not say. */
const IMPLICIT = '2';

const IS_NOT_NULL = '1';

/** RTEKind of what GROUP BY says. */
const GROUP = '9';

const LINKS: Readonly<Record<string, 'exists' | 'any'>> = { '0': 'exists', '2': 'any' };

const FUNCTION_FIELDS = ['opfuncid', 'funcid', 'aggfnoid', 'winfnoid'];

/**
 * Reads the tree of a view's rule (`pg_rewrite.ev_action`). Pure.
 *
 * @throws Error where the tree holds what this does not know
 */
export function readViewQuery(tree: TreeValue, names: TreeNames): ViewQuery {
  const root = isList(tree) ? tree[0] : tree;
  if (root === undefined || !isNode(root) || root.tag !== 'QUERY')
    throw new Error('no query in the rule of a view');
  return new Reader(names).query(root);
}

class Reader {
  private readonly names: TreeNames;
  /** What each query reads from, the innermost last. */
  private levels: readonly (readonly TreeNode[])[] = [];
  /** While an expression of GROUP BY is read that another query names: how many levels there are at it, and how many further in it is named. */
  private grouped = { levels: 0, further: 0 };

  constructor(names: TreeNames) {
    this.names = names;
  }

  query(node: TreeNode): ViewQuery {
    const { levels } = this;
    this.levels = [...levels, listOf(node.fields['rtable']).map(nodeOf)];
    const query = this.readQuery(node);
    this.levels = levels;
    return query;
  }

  private readQuery({ fields }: TreeNode): ViewQuery {
    const tree = nodeOf(fields['jointree']);
    const optional = <Key extends string>(
      name: Key,
      value: TreeValue | undefined,
    ): { [K in Key]?: Expression } =>
      (isNullish(value) ? {} : { [name]: this.expression(value) }) as { [K in Key]?: Expression };
    return {
      ranges: listOf(fields['rtable']).map((each) => this.range(nodeOf(each))),
      from: listOf(tree.fields['fromlist']).map((each) => this.fromItem(nodeOf(each))),
      where: this.conditions(tree.fields['quals']),
      targets: listOf(fields['targetList']).map((each): Target => {
        const target = nodeOf(each).fields;
        return {
          expression: this.expression(target['expr']),
          group: Number(text(target['ressortgroupref'])),
          hidden: target['resjunk'] === 'true',
        };
      }),
      groupBy: groups(fields['groupClause']),
      distinctOn: groups(fields['distinctClause']),
      windows: listOf(fields['windowClause']).map((each) => groups(nodeOf(each).fields['partitionClause'])),
      ...optional('having', fields['havingQual']),
      ...optional('limit', fields['limitCount']),
      ...optional('offset', fields['limitOffset']),
      with: listOf(fields['cteList']).map((each) => this.commonTable(nodeOf(each))),
      ...(isNullish(fields['setOperations'])
        ? {}
        : { combines: combination(nodeOf(fields['setOperations'])) }),
      aggregates: fields['hasAggs'] === 'true',
      groupingSets: listOf(fields['groupingSets']).length > 0,
      windowFunctions: fields['hasWindowFuncs'] === 'true',
      setReturning: fields['hasTargetSRFs'] === 'true',
      sorted: listOf(fields['sortClause']).length > 0,
      locksRows: fields['hasForUpdate'] === 'true',
      recursive: fields['hasRecursive'] === 'true',
    };
  }

  private range({ fields }: TreeNode): Range {
    const lateral = fields['lateral'] === 'true';
    const kind = fields['rtekind'];
    if (kind === '0') {
      const oid = text(fields['relid']);
      const relation = this.names.relation(oid);
      if (relation === undefined) throw new Error(`relation ${oid} is gone`);
      if (!relation.isView) {
        const { table, columns } = relation;
        const named = namesIn(fields['eref']);
        const dropped = named.filter((name, index) => name !== '' && columns[index] === null);
        return { kind: 'relation', table, columns, ...(dropped.length === 0 ? {} : { dropped }) };
      }
      return fields['inFromCl'] === 'false' ? { kind: 'none' } : { kind: 'view', view: relation.table };
    }
    if (kind === '1') return { kind: 'subquery', query: this.query(nodeOf(fields['subquery'])), lateral };
    if (kind === '2') {
      return { kind: 'join', columns: listOf(fields['joinaliasvars']).map((each) => this.expression(each)) };
    }
    if (kind === '3') {
      const ordinality = fields['funcordinality'] === 'true';
      return { kind: 'function', call: this.row(fields['functions']), lateral, ordinality };
    }
    if (kind === '5') {
      return { kind: 'values', rows: listOf(fields['values_lists']).map((row) => this.row(row)) };
    }
    if (kind === GROUP) return { kind: 'none' };
    if (kind === '6') {
      return { kind: 'with', name: text(fields['ctename']), up: Number(text(fields['ctelevelsup'])) };
    }
    return { kind: 'other', of: this.children(fields['tablefunc'] ?? null) };
  }

  private row(value: TreeValue | undefined): Expression {
    return { kind: 'call', volatility: 'immutable', of: this.children(value ?? null) };
  }

  private fromItem({ tag, fields }: TreeNode): FromItem {
    if (tag === 'RANGETBLREF') return { kind: 'range', range: Number(text(fields['rtindex'])) };
    if (tag !== 'JOINEXPR') throw new Error(`${tag} in FROM`);
    const type = (['inner', 'left', 'full', 'right'] as const)[Number(text(fields['jointype']))];
    if (type === undefined) throw new Error(`join type ${text(fields['jointype'])}`);
    return {
      kind: 'join',
      type,
      left: this.fromItem(nodeOf(fields['larg'])),
      right: this.fromItem(nodeOf(fields['rarg'])),
      on: this.conditions(fields['quals']),
    };
  }

  private conditions(value: TreeValue | undefined): Expression[] {
    if (isNullish(value)) return [];
    return conjuncts(this.expression(value));
  }

  private commonTable({ fields }: TreeNode): CommonTable {
    return {
      name: text(fields['ctename']),
      query: this.query(nodeOf(fields['ctequery'])),
      materialized:
        (['default', 'always', 'never'] as const)[Number(text(fields['ctematerialized']))] ?? 'default',
      recursive: fields['cterecursive'] === 'true',
      references: Number(text(fields['cterefcount'])),
    };
  }

  private expression(value: TreeValue | undefined): Expression {
    if (isNullish(value) || !isNode(value)) {
      return { kind: 'call', volatility: 'immutable', of: this.children(value ?? null) };
    }
    const { tag, fields } = value;
    if (tag === 'VAR') return this.column(value);
    if (tag === 'CONST') {
      if (fields['constisnull'] === 'true') return { kind: 'call', volatility: 'immutable', of: [] };
      return { kind: 'value', text: `${text(fields['consttype'])} ${text(fields['constvalue'])}` };
    }
    if (tag === 'PARAM') return { kind: 'given', column: Number(text(fields['paramid'])) };
    // A conversion that nobody wrote down is none to Citus.
    if (tag === 'RELABELTYPE' && fields['relabelformat'] === IMPLICIT) return this.expression(fields['arg']);
    if (tag === 'FUNCEXPR' && fields['funcformat'] === IMPLICIT) {
      return this.expression(listOf(fields['args'])[0]);
    }
    if (tag === 'OPEXPR' && this.names.isEquality(text(fields['opno']))) {
      const [left, right] = listOf(fields['args']);
      return { kind: 'equal', left: this.expression(left), right: this.expression(right) };
    }
    if (tag === 'BOOLEXPR') {
      const kind = (['and', 'or', 'not'] as const).find((each) => each === fields['boolop']);
      if (kind === undefined) throw new Error(`operator ${text(fields['boolop'])}`);
      return { kind, of: listOf(fields['args']).map((each) => this.expression(each)) };
    }
    if (tag === 'SUBLINK') {
      return {
        kind: 'subquery',
        link: LINKS[text(fields['subLinkType'])] ?? 'other',
        ...(isNullish(fields['testexpr']) ? {} : { test: this.expression(fields['testexpr']) }),
        query: this.query(nodeOf(fields['subselect'])),
      };
    }
    if (tag === 'AGGREF') {
      return { kind: 'aggregate', up: Number(text(fields['agglevelsup'])), of: this.children(value) };
    }
    if (tag === 'WINDOWFUNC') return { kind: 'window', of: this.children(value) };
    if (tag === 'GROUPINGFUNC') return { kind: 'grouping', up: Number(text(fields['agglevelsup'])) };
    const strict = tag === 'OPEXPR' || (tag === 'NULLTEST' && fields['nulltesttype'] === IS_NOT_NULL);
    return {
      kind: 'call',
      volatility: this.volatility(value),
      ...(strict ? { strict } : {}),
      of: this.children(value),
    };
  }

  private column({ fields }: TreeNode): Expression {
    const range = Number(text(fields['varno']));
    const column = Number(text(fields['varattno']));
    const up = Number(text(fields['varlevelsup']));
    const level = this.levels.length - 1 - up;
    const from = this.levels[level]?.[range - 1]?.fields;
    if (from?.['rtekind'] === GROUP) return this.grouping(level, listOf(from['groupexprs'])[column - 1]);
    const leaves = level < this.grouped.levels;
    return { kind: 'column', range, column, up: leaves ? up + this.grouped.further : up };
  }

  /** From PostgreSQL 18 on, what GROUP BY says is written down once, and named like columns of a table. */
  private grouping(level: number, grouped: TreeValue | undefined): Expression {
    const before = { levels: this.levels, grouped: this.grouped };
    const further = this.levels.length - 1 - level;
    this.levels = this.levels.slice(0, level + 1);
    this.grouped = {
      levels: this.levels.length,
      further: further + (level < before.grouped.levels ? before.grouped.further : 0),
    };
    const expression = this.expression(grouped);
    Object.assign(this, before);
    return expression;
  }

  private volatility({ tag, fields }: TreeNode): Volatility {
    if (tag === 'NEXTVALUEEXPR') return 'volatile';
    if (tag === 'SQLVALUEFUNCTION') return 'stable';
    const oid = FUNCTION_FIELDS.map((field) => fields[field]).find(
      (each) => typeof each === 'string' && each !== '0',
    );
    return typeof oid === 'string' ? this.names.volatility(oid) : 'immutable';
  }

  /** What is inside of a node or a list, whatever the fields are called. */
  private children(value: TreeValue): Expression[] {
    const inside = isNode(value) ? Object.values(value.fields) : isList(value) ? value : [];
    return inside.flatMap((each) => {
      if (isNode(each)) return [this.expression(each)];
      return isList(each) ? this.children(each) : [];
    });
  }
}

/** What has to hold, one by one. */
export function conjuncts(expression: Expression): Expression[] {
  return expression.kind === 'and' ? expression.of.flatMap(conjuncts) : [expression];
}

function combination({ tag, fields }: TreeNode): Combination {
  if (tag === 'RANGETBLREF') return { kind: 'range', range: Number(text(fields['rtindex'])) };
  const kind = ([undefined, 'union', 'intersect', 'except'] as const)[Number(text(fields['op']))];
  if (kind === undefined) throw new Error(`set operation ${text(fields['op'])}`);
  return {
    kind,
    all: fields['all'] === 'true',
    left: combination(nodeOf(fields['larg'])),
    right: combination(nodeOf(fields['rarg'])),
  };
}

/** What a query calls the columns of a range, by their numbers; '' where one was dropped before it was written down. */
function namesIn(alias: TreeValue | undefined): string[] {
  if (isNullish(alias)) return [];
  return listOf(nodeOf(alias).fields['colnames']).map((name) => (typeof name === 'string' ? name : ''));
}

function groups(value: TreeValue | undefined): number[] {
  return listOf(value).map((each) => Number(text(nodeOf(each).fields['tleSortGroupRef'])));
}

function isNode(value: TreeValue): value is TreeNode {
  return typeof value === 'object' && value !== null && 'tag' in value;
}

function isList(value: TreeValue): value is readonly TreeValue[] {
  return Array.isArray(value);
}

function isNullish(value: TreeValue | undefined): value is null | undefined {
  return value === null || value === undefined;
}

function nodeOf(value: TreeValue | undefined): TreeNode {
  if (isNullish(value) || !isNode(value)) throw new Error('a query tree lacks a part');
  return value;
}

function listOf(value: TreeValue | undefined): readonly TreeValue[] {
  return isNullish(value) || !isList(value) ? [] : value;
}

function text(value: TreeValue | undefined): string {
  if (typeof value !== 'string') throw new Error('a query tree lacks a value');
  return value;
}

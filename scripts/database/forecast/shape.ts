import type { TableName } from '../../../config/workload/distribution-types';
import { tableKey } from '../../../config/workload/identifiers';
import type { ColumnReference, Condition, Operand } from './condition';
import { parseCondition, parseName, parseOperand, parseQuery } from './condition';
import type { QueryText } from './condition';
import type { SqlParser } from '../../../config/workload/sql-parser';
import { loadSqlParser } from '../../../config/workload/sql-parser';

/**
 * What matters of a query to how it runs over shards: its tables, the equalities between their columns and with
 * values, where subqueries end, and what it changes. Read from PostgreSQL's own plan of it.
 */
export interface QueryShape extends QueryText {
  readonly command: 'select' | 'insert' | 'update' | 'delete' | 'merge';
  readonly relations: readonly ShapeRelation[];
  readonly blocks: readonly ShapeBlock[];
  /** Equal columns, of joins and of subqueries with what they read. */
  readonly equalities: readonly (readonly [ColumnReference, ColumnReference])[];
  /** All hold at once. */
  readonly conditions: readonly Condition[];
  /** Relations of outer joins: those whose rows are kept, and those that fill in. A full join keeps both, one way round. */
  readonly outerJoins: readonly OuterJoin[];
  /** Relations below a semi or anti join, where an IN or EXISTS went. */
  readonly semiJoined: ReadonlySet<string>;
  readonly modifies?: TableName;
  /** INSERT ... VALUES: each row's value for each column, in the table's order; absent for INSERT ... SELECT. */
  readonly inserted?: { readonly values: readonly Operand[]; readonly severalRows: boolean };
  readonly locksRows: boolean;
  readonly recursive: boolean;
  readonly groupingSets: boolean;
}

export interface OuterJoin {
  readonly kept: readonly string[];
  readonly filling: readonly string[];
}

export interface ShapeRelation {
  readonly alias: string;
  readonly table: TableName;
  readonly block: number;
}

/** The query itself (0), or a part of it that is computed on its own where it cannot go along to the shards. */
export interface ShapeBlock {
  readonly parent: number | undefined;
  readonly kind: 'query' | 'subquery' | 'scalar' | 'cte' | 'branch';
  /** Columns it groups by; absent where it does not aggregate. */
  readonly groupedBy?: readonly ColumnReference[];
  /** Takes some rows of all, or all rows in one go: cannot be cut by shard. */
  readonly whole: boolean;
  /** Its conditions name columns from outside of it. */
  readonly correlated: boolean;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly Plans?: readonly PlanNode[];
  readonly [key: string]: unknown;
}

const CONDITIONS = [
  'Filter',
  'Index Cond',
  'Recheck Cond',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'TID Cond',
];
const JOINS = new Set(['Nested Loop', 'Hash Join', 'Merge Join']);

/**
 * Reads a plan of `EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF)`.
 *
 * @param partitionOf the topmost partitioned table of a partition, by {@link tableKey}
 * @param sql the query's text, for what plans do not say
 */
export async function readShape(
  plan: unknown,
  sql: string,
  partitionOf: ReadonlyMap<string, TableName> = new Map(),
): Promise<QueryShape> {
  const root = (plan as readonly { readonly Plan?: PlanNode }[])[0]?.Plan;
  if (root === undefined) throw new Error('EXPLAIN gave no plan');
  const reader = new ShapeReader(await loadSqlParser(), partitionOf);
  reader.visit(root, { block: 0, belowJoin: false });
  return reader.shape(root, sql);
}

interface Place {
  readonly block: number;
  readonly belowJoin: boolean;
}

class ShapeReader {
  private readonly parser: SqlParser;
  private readonly partitionOf: ReadonlyMap<string, TableName>;
  private readonly relations: ShapeRelation[] = [];
  private readonly blocks: {
    parent: number | undefined;
    kind: ShapeBlock['kind'];
    groupedBy?: ColumnReference[];
    whole: boolean;
  }[] = [{ parent: undefined, kind: 'query', whole: false }];
  private readonly equalities: [ColumnReference, ColumnReference][] = [];
  private readonly conditions: { condition: Condition; block: number }[] = [];
  private readonly outerJoins: OuterJoin[] = [];
  private readonly aliases: { alias: string; block: number }[] = [];
  private readonly semiJoined = new Set<string>();
  private readonly ctes = new Map<string, PlanNode>();
  private readonly subplanParameters = new Set<string>();
  private readonly sameAlias = new Map<string, string>();
  private locksRows = false;
  private recursive = false;
  private groupingSets = false;
  private modifies: TableName | undefined;
  private values: { values: Operand[]; severalRows: boolean } | undefined;

  constructor(parser: SqlParser, partitionOf: ReadonlyMap<string, TableName>) {
    this.parser = parser;
    this.partitionOf = partitionOf;
  }

  visit(node: PlanNode, place: Place): void {
    const type = node['Node Type'];
    let here = place;
    const relationship = node['Parent Relationship'];
    const subplan = typeof node['Subplan Name'] === 'string' ? node['Subplan Name'] : '';
    if (relationship === 'InitPlan' || relationship === 'SubPlan') {
      for (const [parameter] of subplan.matchAll(/\$\d+/g)) this.subplanParameters.add(parameter);
      const cte = /^CTE (.*)$/s.exec(subplan)?.[1];
      if (cte !== undefined) this.ctes.set(cte, node);
      here = this.open(cte !== undefined ? 'cte' : 'scalar', here);
    }
    const aggregates = type === 'Aggregate' || type === 'Group' || type === 'Unique';
    const takesAll = type === 'Limit' || type === 'WindowAgg';
    const distinct =
      aggregates &&
      strings(node['Output']).length > 0 &&
      strings(node['Output']).every((text) => this.operand(text).kind === 'column');
    // A semi join may be planned as a plain join with the distinct rows of its inner side.
    if (distinct && here.belowJoin) for (const alias of aliasesBelow(node)) this.semiJoined.add(alias);
    else if ((aggregates || takesAll) && here.belowJoin && this.blocks[here.block]?.groupedBy === undefined) {
      here = this.open('subquery', here);
    }
    const block = this.blocks[here.block];
    if (block !== undefined && here.block !== 0) {
      if (takesAll) block.whole = true;
      if (aggregates) {
        block.groupedBy ??= strings(node['Group Key']).flatMap((text) => columnsOf(this.operand(text)));
      }
    }
    if (node['Grouping Sets'] !== undefined) this.groupingSets = true;
    if (type === 'LockRows') this.locksRows = true;
    if (type === 'Recursive Union') this.recursive = true;
    if (type === 'ModifyTable') this.readChange(node);
    // The scan above repeats the conditions of its bitmaps, with the OR between them.
    for (const key of type === 'Bitmap Index Scan' ? [] : CONDITIONS) {
      const text = node[key];
      if (typeof text === 'string') this.hold(parseCondition(this.parser, text), here.block);
    }
    if (type === 'Append' || type === 'Merge Append') {
      if (this.visitPartitions(node, here)) return;
      for (const child of node.Plans ?? []) {
        const helper = child['Parent Relationship'] !== 'Member';
        this.visit(child, helper ? here : this.open('branch', here));
      }
      return;
    }
    if (type === 'SetOp') {
      for (const child of node.Plans ?? []) this.visit(child, this.open('branch', here));
      return;
    }
    this.readRelation(node, here.block);
    const derived = type === 'Subquery Scan';
    const joins = JOINS.has(type);
    for (const child of node.Plans ?? []) {
      if (derived && child['Parent Relationship'] === 'Subquery') {
        const inside = this.open('subquery', here);
        this.visit(child, inside);
        this.bind(String(node['Alias']), child);
      } else this.visit(child, { block: here.block, belowJoin: here.belowJoin || joins });
    }
    if (type === 'CTE Scan') {
      const source = this.ctes.get(String(node['CTE Name']));
      if (source !== undefined) this.bind(String(node['Alias']), source);
    }
    if (joins) this.readJoin(node);
  }

  shape(root: PlanNode, sql: string): QueryShape {
    const operation = typeof root['Operation'] === 'string' ? root['Operation'].toLowerCase() : 'select';
    const command = (['insert', 'update', 'delete', 'merge'] as const).find((each) => each === operation);
    const { exists, sets } = parseQuery(this.parser, sql);
    const same = (reference: ColumnReference): ColumnReference => ({
      alias: this.sameAlias.get(reference.alias) ?? reference.alias,
      column: reference.column,
    });
    return {
      command: command ?? 'select',
      relations: this.relations,
      blocks: this.blocks.map((block, index) => ({ ...block, correlated: this.isCorrelated(index) })),
      equalities: this.equalities.map(([a, b]) => [same(a), same(b)] as const),
      conditions: this.conditions.map(({ condition }) => this.settle(condition)),
      outerJoins: this.outerJoins,
      semiJoined: this.semiJoined,
      exists,
      ...(this.modifies === undefined ? {} : { modifies: this.modifies }),
      ...(this.values === undefined ? {} : { inserted: this.values }),
      sets: command === 'update' || command === 'insert' ? sets : [],
      locksRows: this.locksRows,
      recursive: this.recursive,
      groupingSets: this.groupingSets,
    };
  }

  private operand(text: string): Operand {
    return parseOperand(this.parser, text);
  }

  private open(kind: ShapeBlock['kind'], place: Place): Place {
    this.blocks.push({ parent: place.block, kind, whole: false });
    return { block: this.blocks.length - 1, belowJoin: false };
  }

  /** The value of a subquery is known only once that has run, and looks like a parameter. */
  private settle(condition: Condition): Condition {
    if (condition.kind === 'and' || condition.kind === 'or') {
      return { kind: condition.kind, of: condition.of.map((each) => this.settle(each)) };
    }
    const operand = (each: Operand): Operand => {
      if (each.kind === 'value' && this.subplanParameters.has(each.text)) return { kind: 'other' };
      return each.kind === 'column' ? { ...each, alias: this.sameAlias.get(each.alias) ?? each.alias } : each;
    };
    if (condition.kind === 'equal') {
      return { kind: 'equal', left: operand(condition.left), right: operand(condition.right) };
    }
    return condition.kind === 'any' ? { ...condition, left: operand(condition.left) } : condition;
  }

  private hold(condition: Condition, block: number): void {
    if (condition.kind === 'and') {
      for (const each of condition.of) this.hold(each, block);
      return;
    }
    this.conditions.push({ condition, block });
    if (condition.kind !== 'equal') return;
    const { left, right } = condition;
    if (left.kind === 'column' && right.kind === 'column') {
      if (left.cast === undefined && right.cast === undefined) this.equalities.push([left, right]);
    }
  }

  private readRelation(node: PlanNode, block: number): void {
    if (typeof node['Alias'] === 'string') this.aliases.push({ alias: node['Alias'], block });
    const { 'Relation Name': name, Schema: schema, Alias: alias } = node;
    if (typeof name !== 'string' || typeof schema !== 'string' || typeof alias !== 'string') return;
    if (node['Node Type'] === 'ModifyTable') return;
    const table = { schema, name };
    this.relations.push({ alias, table: this.partitionOf.get(tableKey(table)) ?? table, block });
  }

  /** The partitions of one table are that table. Says false for what is not an Append of such. */
  private visitPartitions(node: PlanNode, place: Place): boolean {
    const children = (node.Plans ?? []).filter((child) => child['Parent Relationship'] === 'Member');
    const parents = children.map((child) => {
      const table = { schema: String(child['Schema']), name: String(child['Relation Name']) };
      return this.partitionOf.get(tableKey(table));
    });
    const [parent] = parents;
    if (
      parent === undefined ||
      parents.some((each) => each === undefined || tableKey(each) !== tableKey(parent))
    )
      return false;
    const first = String(children[0]?.['Alias']);
    for (const child of children) this.sameAlias.set(String(child['Alias']), first);
    this.sameAlias.set(first.replace(/_\d+$/, ''), first);
    for (const child of node.Plans ?? []) {
      if (child === children[0] || !children.includes(child)) this.visit(child, place);
    }
    return true;
  }

  /** Columns of a subquery that only pass through are the columns they come from. */
  private bind(alias: string, source: PlanNode): void {
    const scan = typeof source['Alias'] === 'string' ? source['Alias'] : undefined;
    for (const text of strings(source['Output'])) {
      const operand = this.operand(text);
      const [from] = columnsOf(operand);
      const column = parseName(this.parser, text);
      if (from !== undefined) this.equalities.push([{ alias, column: from.column }, from]);
      else if (scan !== undefined && column !== undefined) {
        this.equalities.push([
          { alias, column },
          { alias: scan, column },
        ]);
      }
    }
  }

  private readJoin(node: PlanNode): void {
    const type = node['Join Type'];
    if (type === 'Inner') return;
    const [outer = [], inner = []] = (node.Plans ?? []).map(aliasesBelow);
    if (type === 'Semi' || type === 'Anti') for (const alias of inner) this.semiJoined.add(alias);
    else if (type === 'Right') this.outerJoins.push({ kept: inner, filling: outer });
    else if (typeof type === 'string' && /^Right (Semi|Anti)$/.test(type)) {
      for (const alias of outer) this.semiJoined.add(alias);
    } else this.outerJoins.push({ kept: outer, filling: inner });
  }

  /** Whether conditions inside a block name relations that are not. */
  private isCorrelated(index: number): boolean {
    const inside = (block: number | undefined): boolean => {
      for (let at = block; at !== undefined; at = this.blocks[at]?.parent) if (at === index) return true;
      return false;
    };
    const own = new Set(this.aliases.filter(({ block }) => inside(block)).map(({ alias }) => alias));
    const outside = new Set(this.aliases.filter(({ alias }) => !own.has(alias)).map(({ alias }) => alias));
    return this.conditions.some(
      ({ condition, block }) => inside(block) && aliasesOf(condition).some((alias) => outside.has(alias)),
    );
  }

  private readChange(node: PlanNode): void {
    const table = { schema: String(node['Schema']), name: String(node['Relation Name']) };
    this.modifies ??= this.partitionOf.get(tableKey(table)) ?? table;
    const source = node.Plans?.[0];
    if (node['Operation'] !== 'Insert' || source === undefined) return;
    const severalRows = source['Node Type'] === 'Values Scan';
    if (!severalRows && source['Node Type'] !== 'Result') return;
    if ((source.Plans ?? []).some((child) => child['Parent Relationship'] === 'Outer')) return;
    this.values = { values: strings(source['Output']).map((text) => this.operand(text)), severalRows };
  }
}

function aliasesBelow(node: PlanNode): string[] {
  const own = typeof node['Relation Name'] === 'string' ? [String(node['Alias'])] : [];
  return [...own, ...(node.Plans ?? []).flatMap(aliasesBelow)];
}

function aliasesOf(condition: Condition): string[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.of.flatMap(aliasesOf);
    case 'equal':
      return [condition.left, condition.right].flatMap(columnsOf).map(({ alias }) => alias);
    case 'any':
      return columnsOf(condition.left).map(({ alias }) => alias);
    case 'other':
      return [];
  }
}

function columnsOf(operand: Operand): ColumnReference[] {
  return operand.kind === 'column' ? [{ alias: operand.alias, column: operand.column }] : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

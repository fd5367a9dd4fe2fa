import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { sameTable, showTable } from '../model/names';
import { EqualSets } from './equal-columns';
import {
  inFrom,
  inside,
  innerQueries,
  isMutable,
  joinsOf,
  ownExpressions,
  rangesOf,
  refersOut,
  some,
  subqueriesOf,
  withoutPlainWith,
} from './query-walk';
import type { Combination, Expression, FromItem, Range, ViewQuery } from '../model/view-query';
import { conjuncts } from '../model/view-query';

/** Where a table is, as far as a view is concerned. */
export type ViewPlacement =
  /** Without a column: one shard, as in a distributed schema. */
  | { readonly kind: 'distributed'; readonly column?: string; readonly group: string }
  | { readonly kind: 'reference' }
  | { readonly kind: 'local' };

/** Where tables are, and who plans. */
export interface Surroundings {
  readonly placementOf: (table: TableName) => ViewPlacement;
  /** The major version of PostgreSQL. */
  readonly postgres: number;
  /** Rows may change nodes for a join of nothing but tables (citus.enable_repartition_joins is on). */
  readonly repartitions?: true;
}

/**
 * Why Citus 12.1 cannot run a query, as the rest of a sentence about it; undefined where it can. This follows Citus's planner part by
 * part: what one shard answers runs as it is; else subqueries that cannot go along to the shards run first, from the innermost out, and
 * what is left has to be joined where it lies. Pure.
 *
 * @param query without views: see withoutViews
 */
export function whyNotPlanned(query: ViewQuery, surroundings: Surroundings): string | undefined {
  const without = withoutPlainWith(query);
  // Citus tries a WITH query as a part of the whole first, and on its own if that cannot be.
  if (without !== undefined && attempt(without, surroundings) === undefined) return undefined;
  return attempt(query, surroundings);
}

function attempt(query: ViewQuery, surroundings: Surroundings): string | undefined {
  try {
    new Planner(query, surroundings, new Set()).plan();
    return undefined;
  } catch (error) {
    if (error instanceof CannotPlan) return error.reason;
    throw error;
  }
}

class CannotPlan extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

type Relation = Range & { kind: 'relation' };

/** Columns that are equal, by what PostgreSQL plans in one go. */
interface Equality {
  readonly home: Home;
  /** Subqueries that PostgreSQL looks at it in already. */
  readonly within: readonly Home[];
  readonly left: readonly string[];
  readonly right: readonly string[];
  /** Of an outer join: what else is equal to one side need not be to the other. */
  readonly outer: boolean;
}

/** What PostgreSQL plans in one go: a query, and the subqueries it dissolves in it. */
interface Home {
  /** What is joined. */
  leaves: number;
  outerJoins: boolean;
  /** A condition of no table, which is looked at once. */
  conditionOfNone: boolean;
}

/** What holds of the whole query before any part of it runs first. */
interface Facts {
  /** The query a relation is read by, and those around it; and what PostgreSQL plans it with. */
  readonly places: ReadonlyMap<Relation, { readonly chain: readonly ViewQuery[]; readonly home: Home }>;
  readonly equalities: readonly Equality[];
  readonly homes: readonly Home[];
}

class Planner {
  private readonly root: ViewQuery;
  private readonly surroundings: Surroundings;
  /** Parts that run first: nothing more is to be said of them. */
  private readonly done: Set<object>;
  private readonly facts: Facts;
  /** Asked for again and again, and the same until another part has run. */
  private readonly known = new Map<ViewQuery, { readonly done: number; readonly relations: Relation[] }>();
  private readonly numbers = new Map<Relation, number>();
  private readonly allKeysEqual: boolean;

  constructor(root: ViewQuery, surroundings: Surroundings, done: Set<object>) {
    this.root = root;
    this.surroundings = surroundings;
    this.done = done;
    this.facts = this.gather();
    this.allKeysEqual = this.keysEqual(root);
  }

  /** @throws CannotPlan */
  plan(again = false): void {
    if (!this.hasDistributed(this.root) || this.onOneShard()) return;
    const before = this.done.size;
    this.runPartsFirst(this.root, 0);
    if (this.done.size === before) this.joinWhereTheyLie();
    else if (again) throw new CannotPlan('needs parts of parts to run first, which Citus does once');
    else new Planner(this.root, this.surroundings, this.done).plan(true);
  }

  // What is there.

  private isDistributed(range: Range): range is Relation {
    return range.kind === 'relation' && this.surroundings.placementOf(range.table).kind === 'distributed';
  }

  private isLocal(range: Range): boolean {
    return range.kind === 'relation' && this.surroundings.placementOf(range.table).kind === 'local';
  }

  /** A range as it is now. */
  private now(range: Range): Range {
    const ran = this.done.has(range) || (range.kind === 'subquery' && this.done.has(range.query));
    return ran || range.kind === 'with' ? RESULTS : range;
  }

  private ranges(query: ViewQuery): Range[] {
    return query.ranges.map((range) => this.now(range));
  }

  private range(query: ViewQuery, number: number): Range {
    return this.now(query.ranges[number - 1] ?? NOTHING);
  }

  private inner(query: ViewQuery): ViewQuery[] {
    return innerQueries(query).filter((each) => !this.done.has(each));
  }

  /** Subqueries of the expressions of a query that still are such. */
  private subqueries(expressions: readonly Expression[]): ViewQuery[] {
    return expressions.flatMap(subqueriesOf).filter((each) => !this.done.has(each));
  }

  /** Tables of a query, however deep. */
  private relations(query: ViewQuery): Relation[] {
    const known = this.known.get(query);
    if (known?.done === this.done.size) return known.relations;
    const relations = this.done.has(query) ? [] : this.relationsNow(query);
    this.known.set(query, { done: this.done.size, relations });
    return relations;
  }

  private relationsNow(query: ViewQuery): Relation[] {
    return [
      ...this.ranges(query).flatMap((range) => (range.kind === 'relation' ? [range] : [])),
      ...this.inner(query).flatMap((each) => this.relations(each)),
    ];
  }

  private hasDistributed(query: ViewQuery): boolean {
    return this.relations(query).some((each) => this.isDistributed(each));
  }

  /** Whether a range is, or holds, such a table. */
  private holds(range: Range, is: (relation: Relation) => boolean): boolean {
    if (range.kind === 'relation') return is(range);
    return range.kind === 'subquery' && this.relations(range.query).some(is);
  }

  private fromHolds(query: ViewQuery, is: (relation: Relation) => boolean): boolean {
    return this.ranges(query).some((range) => this.holds(range, is));
  }

  private readonly distributed = (relation: Relation): boolean => this.isDistributed(relation);
  private readonly local = (relation: Relation): boolean => this.isLocal(relation);

  private isCitusTable(relation: Relation): boolean {
    return !this.isLocal(relation);
  }

  // Distribution columns, and what they are equal to.

  private column(relation: Relation): string | undefined {
    const place = this.surroundings.placementOf(relation.table);
    return place.kind === 'distributed' ? place.column : undefined;
  }

  private number(relation: Relation): number {
    const known = this.numbers.get(relation) ?? this.numbers.size;
    this.numbers.set(relation, known);
    return known;
  }

  private key(relation: Relation): string | undefined {
    const column = this.column(relation);
    if (column === undefined) return undefined;
    return `${String(this.number(relation))}.${String(relation.columns.indexOf(column) + 1)}`;
  }

  /** The distribution columns of all tables of a query. */
  private keys(query: ViewQuery): Set<string> {
    return new Set(this.relations(query).flatMap((each) => this.key(each) ?? []));
  }

  /** Where a column comes from, through subqueries that only pass it on. */
  private origins(chain: readonly ViewQuery[], expression: Expression): string[] {
    if (expression.kind !== 'column') return [];
    const around = chain.slice(expression.up);
    const [query] = around;
    if (query === undefined) return [];
    const range = this.range(query, expression.range);
    if (range.kind === 'relation') return [`${String(this.number(range))}.${String(expression.column)}`];
    if (range.kind === 'join') {
      const column = range.columns[expression.column - 1];
      return column === undefined ? [] : this.origins(around, column);
    }
    if (range.kind !== 'subquery') return [];
    const { combines } = range.query;
    const within = [range.query, ...around];
    if (combines !== undefined) {
      return leaves(combines).flatMap((leaf) =>
        this.origins(within, { kind: 'column', range: leaf, column: expression.column, up: 0 }),
      );
    }
    const target = range.query.targets[expression.column - 1];
    return target === undefined || target.hidden ? [] : this.origins(within, target.expression);
  }

  private gather(): Facts {
    const places = new Map<Relation, { chain: readonly ViewQuery[]; home: Home }>();
    const equalities: Equality[] = [];
    const homes: Home[] = [];
    const inside = new Map<ViewQuery, Home>();
    const newHome = (): Home => {
      const home = { leaves: 0, outerJoins: false, conditionOfNone: false };
      homes.push(home);
      return home;
    };
    const visit = (chain: readonly ViewQuery[], home: Home, filled = false): void => {
      const [query] = chain;
      if (query === undefined || this.done.has(query)) return;
      const joined = new Set(query.from.flatMap(rangesOf));
      const filling = filledIn(query);
      for (const [index, range] of this.ranges(query).entries()) {
        const dissolves = range.kind === 'subquery' && isSimple(range.query);
        if (joined.has(index + 1) && !dissolves) home.leaves += 1;
        if (range.kind === 'relation') places.set(range, { chain, home });
        if (range.kind === 'subquery' && dissolves) {
          visit([range.query, ...chain], home, filled || filling.has(index + 1));
        } else if (range.kind === 'subquery') {
          const own = newHome();
          inside.set(range.query, own);
          visit([range.query, ...chain], own);
        }
      }
      for (const common of query.with) visit([common.query, ...chain], newHome());
      const settled = new Set<ViewQuery>();
      for (const { condition, outer } of statedIn(query)) {
        if (condition.kind === 'equal') {
          const { left, right } = condition;
          const within = [left, right].flatMap((side) =>
            [left, right].some((each) => each.kind === 'column' && each.up > 0)
              ? this.homesWithin(query, side, inside)
              : [],
          );
          const sides = { left: this.sides(chain, left), right: this.sides(chain, right) };
          equalities.push({ home, within, ...sides, outer });
        }
        const link = becomesJoin(condition);
        if (link === undefined || this.done.has(link.query)) continue;
        settled.add(link.query);
        visit([link.query, ...chain], link.exists || isSimple(link.query) ? home : newHome());
        for (const test of link.test === undefined ? [] : conjuncts(link.test)) {
          if (test.kind !== 'equal') continue;
          const [given, other] =
            test.left.kind === 'given' ? [test.left, test.right] : [test.right, test.left];
          const target = given.kind === 'given' ? link.query.targets[given.column - 1] : undefined;
          if (target === undefined) continue;
          const right = this.origins([link.query, ...chain], target.expression);
          equalities.push({ home, within: [], left: this.sides(chain, other), right, outer });
        }
      }
      home.outerJoins ||= outerJoinsOf(query).size > 0;
      home.conditionOfNone ||=
        !filled && query.where.some((each) => isOfNone(each) && becomesJoin(each) === undefined);
      for (const inner of this.subqueries(ownExpressions(query))) {
        if (!settled.has(inner)) visit([inner, ...chain], newHome());
      }
    };
    visit([this.root], newHome());
    return { places, equalities, homes };
  }

  /** A condition with a value from outside goes into a subquery that it does not change. */
  private homesWithin(query: ViewQuery, side: Expression, homes: ReadonlyMap<ViewQuery, Home>): Home[] {
    if (side.kind !== 'column' || side.up > 0) return [];
    const range = this.range(query, side.range);
    if (range.kind !== 'subquery') return [];
    const { limit, offset, windowFunctions } = range.query;
    if (limit !== undefined || offset !== undefined || windowFunctions) return [];
    return [homes.get(range.query) ?? []].flat();
  }

  private sides(chain: readonly ViewQuery[], expression: Expression): string[] {
    return expression.kind === 'value' ? [`value ${expression.text}`] : this.origins(chain, expression);
  }

  /** What is known to be equal where these relations are planned. */
  private equalSets(relations: readonly Relation[]): EqualSets {
    const homes = new Set(relations.map((each) => this.facts.places.get(each)?.home));
    const sets = new EqualSets();
    const keys = this.keys(this.root);
    const ends = (side: readonly string[]): boolean =>
      side.some((each) => keys.has(each) || each.startsWith('value '));
    for (const { home, within, left, right, outer } of this.facts.equalities) {
      const known = homes.has(home) || within.some((each) => homes.has(each));
      if (!known || (outer && !(ends(left) && ends(right)))) continue;
      const [first, ...rest] = [...left, ...right];
      if (first === undefined || left.length === 0 || right.length === 0) continue;
      for (const each of rest) sets.join(first, each);
    }
    return sets;
  }

  private together(relations: readonly Relation[], sets: EqualSets): boolean {
    const all = relations.filter(this.distributed);
    if (all.length <= 1) return true;
    const [first, ...rest] = all.flatMap((each) => this.key(each) ?? []);
    return rest.every((each) => first !== undefined && sets.same(first, each));
  }

  private keysEqual(query: ViewQuery): boolean {
    if (query.with.some((each) => !this.done.has(each))) return false;
    const relations = this.relations(query);
    if (relations.some(this.local)) return false;
    if (this.together(relations, this.equalSets(relations))) return true;
    return (query.combines !== undefined || this.readsUnion(query)) && this.unionTogether(query);
  }

  /** Whether each part of a UNION gives its distribution column in one place. */
  private unionTogether(query: ViewQuery): boolean {
    const relations = this.relations(query);
    const sets = this.equalSets(relations);
    let place: number | undefined;
    let first: string | undefined;
    for (const relation of relations.filter(this.distributed)) {
      const key = this.key(relation);
      const chain = this.facts.places.get(relation)?.chain;
      if (key === undefined || chain?.[0] === undefined) continue;
      const at = chain[0].targets.findIndex(
        ({ expression, hidden }) => !hidden && this.origins(chain, expression)[0] === key,
      );
      if (at === -1) continue;
      place ??= at;
      if (at !== place) continue;
      first ??= key;
      sets.join(first, key);
    }
    return this.together(relations, sets) && this.groups(relations).size <= 1;
  }

  private groups(relations: readonly Relation[]): Set<string> {
    return new Set(
      relations.flatMap(({ table }) => {
        const place = this.surroundings.placementOf(table);
        return place.kind === 'distributed' ? [place.group] : [];
      }),
    );
  }

  /** Nothing but a subquery that is a UNION, or such a subquery of that. */
  private readsUnion(query: ViewQuery): boolean {
    const [only, ...more] = query.from.flatMap(rangesOf);
    if (only === undefined || more.length > 0) return false;
    const range = this.range(query, only);
    if (range.kind !== 'subquery') return false;
    const { combines } = range.query;
    return combines === undefined ? this.readsUnion(range.query) : combines.kind === 'union';
  }

  /** Whether all that is read is in one shard: that node answers whatever is asked. */
  private onOneShard(): boolean {
    const relations = this.relations(this.root);
    if (relations.some(this.local)) return false;
    const all = relations.filter(this.distributed);
    if (this.groups(all).size !== 1) return false;
    const sets = this.equalSets(all);
    const values = this.facts.equalities
      .flatMap(({ left, right }) => [...left, ...right])
      .filter((each) => each.startsWith('value '));
    const keys = all.map((each) => this.key(each));
    if (keys.every((key) => key === undefined)) return true;
    return values.some((value) => keys.every((key) => key !== undefined && sets.same(key, value)));
  }

  // Parts that run first.

  private runFirst(query: ViewQuery): void {
    if (this.done.has(query) || refersOut(query)) return;
    if (query.targets.every(({ hidden }) => hidden)) {
      throw new CannotPlan(
        'has a subquery that selects no column (SELECT FROM), whose rows Citus cannot keep',
      );
    }
    new Planner(query, this.surroundings, this.done).plan();
    this.done.add(query);
  }

  private runPartsFirst(query: ViewQuery, depth: number): void {
    if (hasOuterJoin(query) && this.hidesOuterJoins()) {
      throw new CannotPlan(
        'has an outer join beside a condition of no table, which Citus refuses before PostgreSQL 17',
      );
    }
    this.runWithFirst(query);
    // A function that may say something else on each node runs once.
    for (const range of query.ranges.length < 2 ? [] : query.ranges) {
      const once = range.kind === 'function' && !range.lateral && !range.ordinality && isMutable(range.call);
      if (once) this.done.add(range);
    }
    for (const inner of this.inner(query)) {
      this.runPartsFirst(inner, depth + 1);
      if (this.shouldRunFirst(inner)) this.runFirst(inner);
    }
    if (query.combines !== undefined && this.shouldRunSidesFirst(query, depth)) {
      for (const leaf of leaves(query.combines)) {
        const range = this.range(query, leaf);
        if (range.kind === 'subquery' && this.hasDistributed(range.query)) this.runFirst(range.query);
      }
    }
    this.runHavingFirst(query);
    this.runUnlikeFirst(query);
    if (this.joinsLocal(query)) {
      for (const range of query.ranges) if (this.isLocal(range)) this.done.add(range);
    }
    if (this.seesOuterJoin()) for (const item of query.from) this.runFillersFirst(query, item);
    if (!this.fromHolds(query, this.distributed)) {
      for (const each of [...query.where, ...query.targets.map(({ expression }) => expression)]) {
        this.runSubqueriesFirst(each);
      }
    }
  }

  /** PostgreSQL does not show Citus the join that such a condition is looked at with: the last one. */
  private hidesOuterJoins(): boolean {
    if (this.surroundings.postgres >= 17) return false;
    return this.facts.homes.some(({ conditionOfNone }) => conditionOfNone) && !this.seesOuterJoin();
  }

  private seesOuterJoin(): boolean {
    const hidden = ({ leaves, conditionOfNone }: Home): boolean =>
      conditionOfNone && leaves <= 2 && this.surroundings.postgres < 17;
    return this.facts.homes.some((home) => home.outerJoins && !hidden(home));
  }

  private runWithFirst(query: ViewQuery): void {
    const open = query.with.filter((each) => !this.done.has(each));
    if (open.length === 0) return;
    if (query.recursive)
      throw new CannotPlan('is recursive (WITH RECURSIVE), which Citus runs within one shard alone');
    for (const common of open) {
      if (refersOut(common.query)) {
        throw new CannotPlan(`has a WITH query (${common.name}) that depends on a query around it`);
      }
      if (common.references > 0) this.runFirst(common.query);
      this.done.add(common);
      this.done.add(common.query);
    }
  }

  private shouldRunFirst(query: ViewQuery): boolean {
    if (this.fromHolds(query, this.local)) return true;
    if (this.whyNotAlong(query) !== undefined) return true;
    return !this.allKeysEqual && !this.keysEqual(query);
  }

  private shouldRunSidesFirst(query: ViewQuery, depth: number): boolean {
    const { combines } = query;
    if (combines === undefined) return false;
    return depth === 0 || this.whyNotUnited(query) !== undefined || !this.unionTogether(query);
  }

  private runHavingFirst({ having }: ViewQuery): void {
    if (having === undefined) return;
    if (this.subqueries([having]).some((each) => refersOut(each))) {
      throw new CannotPlan('has a subquery in HAVING that depends on the query around it');
    }
    this.runSubqueriesFirst(having);
  }

  private runSubqueriesFirst(expression: Expression): void {
    for (const query of this.subqueries([expression])) {
      if (this.fromHolds(query, (each) => this.isCitusTable(each))) this.runFirst(query);
    }
  }

  /** Subqueries that are not joined by distribution columns with the first table, or else the first subquery. */
  private runUnlikeFirst(query: ViewQuery): void {
    if (this.allKeysEqual || this.keysEqual(query) || this.fromHolds(query, this.local)) return;
    const numbers = query.from.flatMap(rangesOf).sort((a, b) => a - b);
    const ranges = numbers.map((number) => this.range(query, number));
    const within = this.subqueries(query.where);
    const subqueries = ranges.flatMap((range) => (range.kind === 'subquery' ? [range.query] : []));
    if (subqueries.length + within.length + this.subqueries(inFrom(query)).length === 0) return;
    const table = ranges.find((range) => this.isDistributed(range));
    const anchor = subqueries.find(
      (each) => this.hasDistributed(each) && each.combines === undefined && !this.readsUnion(each),
    );
    const first = table?.kind === 'relation' ? [table] : anchor === undefined ? [] : this.relations(anchor);
    if (first.length === 0) return;
    const sets = this.equalSets(first);
    for (const each of [...subqueries, ...within]) {
      const relations = this.relations(each);
      if (relations.length > 0 && !this.together([...new Set([...first, ...relations])], sets))
        this.runFirst(each);
    }
  }

  private joinsLocal(query: ViewQuery): boolean {
    const ranges = this.ranges(query);
    return (
      ranges.some((range) => this.isLocal(range)) &&
      ranges.some((range) => this.holds(range, (each) => this.isCitusTable(each)))
    );
  }

  /** Of an outer join, the side that fills in what each node has whole; says whether each node has all of this one. */
  private runFillersFirst(query: ViewQuery, item: FromItem): boolean {
    if (item.kind === 'range') return !this.holds(this.range(query, item.range), this.distributed);
    const left = this.runFillersFirst(query, item.left);
    const right = this.runFillersFirst(query, item.right);
    if (left && !right && (item.type === 'left' || item.type === 'full'))
      this.runSideFirst(query, item.right);
    if (!left && right && (item.type === 'right' || item.type === 'full'))
      this.runSideFirst(query, item.left);
    return { left, right, full: left || right, inner: left && right }[item.type];
  }

  private runSideFirst(query: ViewQuery, item: FromItem): void {
    for (const number of rangesOf(item)) {
      const range = this.range(query, number);
      if (!this.holds(range, this.distributed)) continue;
      if (range.kind === 'subquery') this.runFirst(range.query);
      else this.done.add(range);
    }
  }

  // What is left has to go to the shards.

  /** @throws CannotPlan */
  private joinWhereTheyLie(): void {
    const { root } = this;
    const reason = this.whyNotWhole(root) ?? this.whyNotJoined(root);
    if (reason !== undefined) throw new CannotPlan(reason);
    for (const query of this.deep(root)) {
      const why = this.whyNotAlong(query);
      if (why !== undefined) throw new CannotPlan(why);
    }
  }

  private whyNotWhole(query: ViewQuery): string | undefined {
    if (query.combines !== undefined) return 'puts sets together (UNION, INTERSECT, EXCEPT)';
    if (query.locksRows) return 'locks rows (FOR UPDATE or SHARE), which Citus does within one shard alone';
    if (
      query.groupingSets ||
      ownExpressions(query).some((each) => some(each, ({ kind }) => kind === 'grouping'))
    ) {
      return 'uses GROUPING SETS, CUBE or ROLLUP, which Citus runs within one shard alone';
    }
    const limits = [query.limit, query.offset].flatMap((each) => each ?? []);
    if (limits.flatMap(subqueriesOf).length > 0) return 'has a subquery in LIMIT or OFFSET';
    const from = query.from.flatMap(rangesOf).map((number) => this.range(query, number));
    if (from.some(({ kind }) => kind === 'other'))
      return 'reads from something other than tables, functions and subqueries';
    if (this.relations(query).some(this.local))
      return 'joins a distributed table with a table on the coordinator';
    return query.targets.some(({ expression }) => this.staysBehind(query, expression))
      ? 'selects a subquery beside aggregates or windows that the coordinator puts together'
      : undefined;
  }

  /** Whether a subquery in an expression is left for the coordinator, once the shards have computed what they can. */
  private staysBehind(query: ViewQuery, expression: Expression): boolean {
    const inAggregates = (part: Expression): boolean => part.kind === 'aggregate' && part.up === 0;
    const outside = (part: Expression): boolean =>
      part.kind === 'subquery' || (!inAggregates(part) && inside(part).some(outside));
    if (!outside(expression)) return false;
    const aggregate = some(expression, inAggregates);
    const window = some(expression, ({ kind }) => kind === 'window');
    const windowsByKey = query.windows.every((by) => by.length > 0 && this.byKey(query, by));
    if (window) return !windowsByKey;
    const grouped = query.groupBy.length > 0;
    if (grouped && this.byKey(query, query.groupBy))
      return !aggregate && query.windowFunctions && !windowsByKey;
    const aggregates = query.targets.some((each) => some(each.expression, inAggregates));
    return aggregate || (aggregates && !grouped);
  }

  private whyNotJoined(query: ViewQuery): string | undefined {
    const relations = this.relations(query).filter(this.distributed);
    const names = allOf([...new Set(relations.map(({ table }) => showTable(table)))]);
    if (this.readsUnion(query)) {
      if (!this.unionTogether(query)) {
        return `unites rows of ${names} without their distribution columns in one place`;
      }
    } else if (
      !this.together(relations, this.isPlain(query) ? this.statedSets() : this.equalSets(relations))
    ) {
      const [first, ...others] = relations;
      return first !== undefined && others.every(({ table }) => sameTable(table, first.table))
        ? `joins ${names} with itself on other columns than its distribution column`
        : `joins ${names} on other columns than their distribution columns`;
    }
    const repartitioned = this.surroundings.repartitions === true && this.isPlain(query);
    if (this.groups(relations).size > 1 && !repartitioned) return `joins ${names}, which are not colocated`;
    return this.whyRepeats(query) ?? this.whyNotBeside(query);
  }

  /**
   * Whether nothing but tables is joined, once PostgreSQL has dissolved subqueries. Of such a query Citus looks for an order of joins by
   * the equalities as they are written, and draws no conclusions from them.
   */
  private isPlain(query: ViewQuery, dissolved = false): boolean {
    const ranges = query.from.flatMap(rangesOf).map((number) => this.range(query, number));
    const outer = dissolved ? outerJoinsOf(query).size > 0 : hasOuterJoin(query);
    return (
      !outer &&
      query.combines === undefined &&
      this.subqueries(ownExpressions(query)).length === 0 &&
      ranges.every(
        (range) =>
          range.kind === 'relation' ||
          (range.kind === 'subquery' && isSimple(range.query) && this.isPlain(range.query, true)),
      )
    );
  }

  /** Distribution columns that a condition says to be equal. */
  private statedSets(): EqualSets {
    const keys = this.keys(this.root);
    const sets = new EqualSets();
    for (const { left, right } of this.facts.equalities) {
      const [one, other] = [left[0], right[0]];
      if (one !== undefined && other !== undefined && keys.has(one) && keys.has(other)) sets.join(one, other);
    }
    return sets;
  }

  /** Rows that every node has would come once from each, with subqueries that differ from node to node. */
  private whyRepeats(query: ViewQuery): string | undefined {
    const own = ownExpressions(query).flatMap(subqueriesOf);
    return own.length > 0 && this.repeats(query)
      ? 'has a subquery over distributed tables in a query that reads from none'
      : undefined;
  }

  /** Whether every node would give the same rows. */
  private repeats(query: ViewQuery): boolean {
    if (query.ranges.length === 0) return true;
    if (this.fromHolds(query, this.distributed)) return false;
    const recurs = (each: ViewQuery): boolean =>
      each.ranges.length === 0 ||
      this.ranges(each).some(
        (range) =>
          ['function', 'results', 'values'].includes(range.kind) ||
          (range.kind === 'relation' && this.surroundings.placementOf(range.table).kind === 'reference') ||
          (range.kind === 'subquery' && recurs(range.query)),
      ) ||
      this.inner(each).some(recurs);
    return recurs(query);
  }

  /** Joins of rows that every node has with those of a subquery that depends on them. */
  private whyNotBeside(query: ViewQuery): string | undefined {
    for (const each of [query, ...this.deep(query)]) {
      const outerJoins = outerJoinsOf(each);
      for (const join of each.from.flatMap(joinsOf).filter((item) => outerJoins.has(item))) {
        const [left, right] = [join.left, join.right].map((side) =>
          rangesOf(side).some((number) => this.holds(this.range(each, number), this.distributed)),
        );
        if ((join.type !== 'right' && !left && right) || (join.type !== 'left' && left && !right)) {
          return 'has an outer join that fills in rows of a distributed table by a subquery that depends on the other side (LATERAL)';
        }
      }
      const why = this.whyNotLateral(each);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  private deep(query: ViewQuery): ViewQuery[] {
    return this.inner(query).flatMap((each) => [each, ...this.deep(each)]);
  }

  private whyNotLateral(query: ViewQuery): string | undefined {
    const ranges = this.ranges(query);
    const whole = new Set(
      ranges.flatMap((range, index) =>
        ['none', 'join'].includes(range.kind) || this.holds(range, this.distributed) ? [] : [index + 1],
      ),
    );
    const why = ranges.flatMap((range) => {
      if (range.kind !== 'subquery' || !range.lateral || !this.hasDistributed(range.query)) return [];
      return refersTo(range.query, whole) ? (this.whyMerged(range.query) ?? []) : [];
    });
    return why[0] === undefined
      ? undefined
      : `${why[0]}, for each row of a table that every node has (LATERAL)`;
  }

  /** Why a subquery cannot go along to the shards. */
  private whyNotAlong(query: ViewQuery): string | undefined {
    const from = query.from.flatMap(rangesOf).map((number) => this.range(query, number));
    const odd = from.some(
      (range) =>
        range.kind === 'other' ||
        (range.kind === 'function' && isMutable(range.call)) ||
        (range.kind === 'values' && (range.rows.length > MOST_VALUES || range.rows.some(isMutable))),
    );
    if (odd) return 'reads from a function or list that is not the same on every node';
    if (query.ranges.length === 0 && query.targets.some(({ expression }) => isMutable(expression))) {
      return 'has a subquery without FROM that is not the same on every node';
    }
    const merged = refersOut(query) ? undefined : this.whyMerged(query);
    if (merged !== undefined) return merged;
    if (query.combines !== undefined) {
      const why = this.whyNotUnited(query);
      if (why !== undefined) return why;
    }
    if (query.recursive) return 'has a recursive subquery (WITH RECURSIVE)';
    if (query.with.some((each) => !this.done.has(each))) return 'has a subquery with a WITH query';
    if (query.locksRows) return 'locks rows (FOR UPDATE or SHARE) in a subquery';
    if (query.groupingSets) return 'uses GROUPING SETS, CUBE or ROLLUP in a subquery';
    return this.whyRepeats(query);
  }

  /** Why the coordinator has to put together what the shards find. */
  private whyMerged(query: ViewQuery): string | undefined {
    if (query.limit !== undefined || query.offset !== undefined) return 'has a subquery with LIMIT or OFFSET';
    if (query.groupBy.length > 0 && !this.byKey(query, query.groupBy)) {
      return 'has a subquery that groups by other columns than the distribution column';
    }
    if ((query.aggregates || query.having !== undefined) && query.groupBy.length === 0) {
      return 'has a subquery with an aggregate of all rows';
    }
    if (query.windowFunctions && !query.windows.every((by) => by.length > 0 && this.byKey(query, by))) {
      return 'has a subquery with a window over other columns than the distribution column';
    }
    if (query.distinctOn.length > 0 && !this.byKey(query, query.distinctOn)) {
      return 'has a subquery with DISTINCT on other columns than the distribution column';
    }
    return undefined;
  }

  private whyNotUnited(query: ViewQuery): string | undefined {
    const { combines } = query;
    if (combines === undefined) return undefined;
    if (kinds(combines).some((kind) => kind !== 'union')) return 'has a subquery with INTERSECT or EXCEPT';
    const recurs = leaves(combines).some((leaf) => {
      const range = this.range(query, leaf);
      return range.kind !== 'subquery' || this.repeats(range.query);
    });
    return recurs ? 'unites rows of a distributed table with rows that every node has' : undefined;
  }

  /** Whether one of these targets is a distribution column, or none is needed. */
  private byKey(query: ViewQuery, groups: readonly number[]): boolean {
    const keys = this.keys(query);
    const found = query.targets.some(
      ({ expression, group }) =>
        group !== 0 &&
        groups.includes(group) &&
        expression.kind === 'column' &&
        expression.up === 0 &&
        this.origins([query], expression).some((each) => keys.has(each)),
    );
    return found || !this.fromHolds(query, (each) => this.key(each) !== undefined);
  }
}

const RESULTS: Range = { kind: 'results' };
const NOTHING: Range = { kind: 'none' };

/** Rows of a VALUES list that Citus sends along. */
const MOST_VALUES = 100;

function leaves(combination: Combination): number[] {
  return combination.kind === 'range'
    ? [combination.range]
    : [...leaves(combination.left), ...leaves(combination.right)];
}

function kinds(combination: Combination): string[] {
  return combination.kind === 'range'
    ? []
    : [combination.kind, ...kinds(combination.left), ...kinds(combination.right)];
}

/** Whether PostgreSQL dissolves a subquery in the query around it. */
function isSimple(query: ViewQuery): boolean {
  const { combines } = query;
  const united =
    combines !== undefined && kinds(combines).every((kind) => kind === 'union') && isAll(combines);
  return (
    (combines === undefined || united) &&
    !query.aggregates &&
    !query.windowFunctions &&
    !query.setReturning &&
    !query.groupingSets &&
    !query.sorted &&
    !query.locksRows &&
    query.groupBy.length === 0 &&
    query.distinctOn.length === 0 &&
    query.with.length === 0 &&
    query.having === undefined &&
    query.limit === undefined &&
    query.offset === undefined &&
    query.targets.every(
      ({ expression }) => !some(expression, (part) => part.kind === 'call' && part.volatility === 'volatile'),
    )
  );
}

function isAll(combination: Combination): boolean {
  return (
    combination.kind === 'range' || (combination.all && isAll(combination.left) && isAll(combination.right))
  );
}

function hasOuterJoin({ from }: ViewQuery): boolean {
  return from.flatMap(joinsOf).some(({ type }) => type !== 'inner');
}

/** The outer joins that stay such: where NULL will not do for a column, PostgreSQL makes an inner join of one that would fill it in. */
function outerJoinsOf(query: ViewQuery): Set<FromItem> {
  const joins = query.from.flatMap(joinsOf);
  const inner = joins.flatMap(({ type, on }) => (type === 'inner' ? on : []));
  const needed = new Set([...inner, ...query.where].flatMap((each) => neededBy(query, each)));
  const needs = (item: FromItem): boolean => rangesOf(item).some((range) => needed.has(range));
  return new Set(
    joins.filter(
      ({ type, left, right }) =>
        (type === 'left' && !needs(right)) ||
        (type === 'right' && !needs(left)) ||
        (type === 'full' && !(needs(left) && needs(right))),
    ),
  );
}

/** The ranges that outer joins fill in. */
function filledIn(query: ViewQuery): Set<number> {
  const outer = query.from.flatMap(joinsOf).filter((join) => outerJoinsOf(query).has(join));
  return new Set(
    outer.flatMap(({ type, left, right }) => [
      ...(type === 'left' ? [] : rangesOf(left)),
      ...(type === 'right' ? [] : rangesOf(right)),
    ]),
  );
}

/** What has to hold, and whether only for the rows that an outer join fills in. */
function statedIn(query: ViewQuery): { readonly condition: Expression; readonly outer: boolean }[] {
  const outerJoins = outerJoinsOf(query);
  const joins = query.from
    .flatMap(joinsOf)
    .flatMap((join) => join.on.map((condition) => ({ condition, outer: outerJoins.has(join) })));
  return [...joins, ...query.where.map((condition) => ({ condition, outer: false }))];
}

/** Ranges whose columns may not be NULL if the condition is to hold. */
function neededBy(query: ViewQuery, expression: Expression): number[] {
  if (expression.kind === 'equal') {
    return [expression.left, expression.right].flatMap((each) => neededBy(query, each));
  }
  if (expression.kind === 'call' && expression.strict === true) {
    return expression.of.flatMap((each) => neededBy(query, each));
  }
  if (expression.kind !== 'column' || expression.up > 0) return [];
  const range = query.ranges[expression.range - 1];
  const behind = range?.kind === 'join' ? range.columns[expression.column - 1] : undefined;
  return behind === undefined ? [expression.range] : neededBy(query, behind);
}

/** Names no column, and is no constant either. */
function isOfNone(condition: Expression): boolean {
  const parts = (is: (part: Expression) => boolean): boolean => some(condition, is);
  return (
    !parts(({ kind }) => kind === 'column') &&
    !parts((part) => part.kind === 'call' && part.volatility === 'volatile') &&
    (parts((part) => part.kind === 'call' && part.volatility === 'stable') ||
      (parts(({ kind }) => kind === 'subquery') && subqueriesOf(condition).every((each) => !refersOut(each))))
  );
}

/** The subquery of a condition that PostgreSQL turns into a join: IN, EXISTS or NOT EXISTS. */
function becomesJoin(
  condition: Expression,
): { readonly query: ViewQuery; readonly exists: boolean; readonly test?: Expression } | undefined {
  const [denied] = condition.kind === 'not' ? condition.of : [];
  const link = denied ?? condition;
  if (link.kind !== 'subquery') return undefined;
  const { query, test } = link;
  if (link.link === 'exists') {
    const plain =
      query.combines === undefined &&
      !query.aggregates &&
      !query.groupingSets &&
      !query.windowFunctions &&
      !query.setReturning &&
      query.having === undefined &&
      query.offset === undefined &&
      query.with.length === 0 &&
      !query.locksRows;
    return plain && refersOut(query) ? { query, exists: true } : undefined;
  }
  if (link.link !== 'any' || denied !== undefined || test === undefined || refersOut(query)) return undefined;
  return { query, exists: false, test };
}

/** Whether a subquery refers to one of these ranges of the query around it. */
function refersTo(query: ViewQuery, ranges: ReadonlySet<number>, depth = 1): boolean {
  const refers = (expression: Expression): boolean =>
    some(expression, (part) => part.kind === 'column' && part.up === depth && ranges.has(part.range));
  return (
    ownExpressions(query).some(refers) ||
    innerQueries(query).some((inner) => refersTo(inner, ranges, depth + 1))
  );
}

import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { showTable } from '../model/names';
import type { ColumnReference, Condition, Operand } from './condition';
import { EqualSets, referenceKey } from './equal-columns';
import type { QueryShape, ShapeRelation } from './shape';

/** Where a table is, as far as a query is concerned. */
export type Placement =
  | {
      readonly kind: 'distributed';
      readonly column: string;
      readonly group: string;
      /** Place of the distribution column among the table's columns. */
      readonly position: number;
      /** A text column that PostgreSQL casts to compare; the hash is of the bare value all the same. */
      readonly plainCasts: readonly string[];
      /** The shard of a value, given as text; undefined where its hash is not known. */
      readonly shardOf?: (value: string) => number | undefined;
    }
  | { readonly kind: 'reference' }
  | { readonly kind: 'local' };

export type Route =
  'one-shard' | 'some-shards' | 'all-shards' | 'repartition' | 'refused' | 'coordinator' | 'unknown';

/** How Citus 12.1 would run a query. */
export interface Forecast {
  readonly route: Route;
  /** The `Task Count` of its plan: `all` is one to a shard; absent where there is none. */
  readonly tasks?: number | 'all';
  /** Parts that run first, their rows sent to every node that needs them. */
  readonly subplans: number;
  readonly reason: string;
}

interface Distributed extends ShapeRelation {
  readonly column: string;
  readonly group: string;
  /** The set of equal columns and values it is routed by. */
  readonly key: string;
  /** How many values its distribution column is held to; absent where any. */
  readonly values: number | undefined;
  /** The shards of those values; absent where any, and where their hashes are not known. */
  readonly shards: ReadonlySet<number> | undefined;
}

/** Predicts, from the rules of Citus 12.1's planner. Pure. */
export function forecast(shape: QueryShape, placementOf: (table: TableName) => Placement): Forecast {
  const target = shape.modifies;
  const targetPlace = target === undefined ? undefined : placementOf(target);
  if (target !== undefined && targetPlace?.kind === 'distributed') {
    if (shape.sets.includes(targetPlace.column)) {
      return refused(
        `sets ${targetPlace.column}, the distribution column of ${showTable(target)}, and a row cannot change its shard`,
      );
    }
    if (shape.inserted !== undefined) return forecastInsert(target, targetPlace, shape.inserted);
  }
  const sets = equalSets(shape);
  const distributed = route(shape, sets, placementOf);
  const locals = shape.relations.filter(({ table }) => placementOf(table).kind === 'local');
  if (targetPlace?.kind === 'reference' && distributed.length === 0) {
    return {
      route: 'coordinator',
      tasks: 1,
      subplans: 0,
      reason: 'writes a reference table, on every node',
    };
  }
  if (distributed.length === 0) {
    if (shape.command === 'insert' && targetPlace?.kind === 'distributed') {
      return { route: 'some-shards', subplans: 0, reason: 'the coordinator sends each row to its shard' };
    }
    if (locals.length > 0 || shape.relations.length === 0) {
      return { route: 'coordinator', subplans: 0, reason: 'reads and writes the coordinator alone' };
    }
    return {
      route: 'coordinator',
      tasks: 1,
      subplans: 0,
      reason: 'reads reference tables alone, which any one node holds',
    };
  }
  return forecastDistributed(shape, sets, distributed, locals);
}

function forecastInsert(
  table: TableName,
  place: Extract<Placement, { kind: 'distributed' }>,
  { values, severalRows }: NonNullable<QueryShape['inserted']>,
): Forecast {
  const value = values[place.position];
  if (value === undefined || value.kind === 'null') {
    return refused(`gives ${place.column}, the distribution column of ${showTable(table)}, no value`);
  }
  if (severalRows) {
    return { route: 'some-shards', subplans: 0, reason: `each row goes to the shard of its ${place.column}` };
  }
  return {
    route: 'one-shard',
    tasks: 1,
    subplans: 0,
    reason: `the row goes to the shard of its ${place.column}`,
  };
}

function forecastDistributed(
  shape: QueryShape,
  sets: EqualSets,
  distributed: readonly Distributed[],
  locals: readonly ShapeRelation[],
): Forecast {
  const names = (list: readonly ShapeRelation[]): string =>
    allOf([...new Set(list.map(({ table }) => showTable(table)))]);
  const by = allOf([...new Set(distributed.map(({ column }) => column))]);
  const together = isTogether(distributed);
  if (together && distributed.every(({ values }) => values === 1) && locals.length === 0) {
    return { route: 'one-shard', tasks: 1, subplans: 0, reason: `holds ${by} to one value` };
  }
  if (locals.length === 0 && onOneShard(distributed)) {
    return {
      route: 'one-shard',
      tasks: 1,
      subplans: 0,
      reason: `holds ${by} to values that share one shard`,
    };
  }
  if (shape.recursive)
    return refused('is recursive (WITH RECURSIVE), which Citus runs within one shard alone');
  if (shape.groupingSets) {
    return refused('uses GROUPING SETS, CUBE or ROLLUP, which Citus runs within one shard alone');
  }
  if (shape.locksRows)
    return refused('locks rows (FOR UPDATE or SHARE), which Citus does within one shard alone');
  const walk = new BlockWalk(shape, sets, distributed);
  const outcome = walk.run();
  if (outcome.refused !== undefined) return refused(outcome.refused);
  if (outcome.repartition !== undefined) {
    return {
      route: 'repartition',
      subplans: 0,
      reason: `joins ${names(outcome.repartition)} on other columns than their distribution columns: rows would have to change nodes, and Citus refuses that unless citus.enable_repartition_joins is on`,
    };
  }
  const subplans = outcome.subplans + locals.length;
  const also = [
    ...(outcome.subplans > 0 ? [`${String(outcome.subplans)} of its parts run first`] : []),
    ...(locals.length > 0 ? [`the rows of ${names(locals)} are sent from the coordinator first`] : []),
  ].map((text) => `; ${text}`);
  const top = outcome.together;
  if (top.length === 0) {
    return {
      route: 'all-shards',
      tasks: 1,
      subplans,
      reason: `the coordinator puts together what its parts found${also.join('')}`,
    };
  }
  const pruned = prune(shape, top);
  if (pruned.values === 1)
    return { route: 'one-shard', tasks: 1, subplans, reason: `holds ${by} to one value${also.join('')}` };
  if (pruned.values !== undefined) {
    const values = `holds ${by} to ${String(pruned.values)} values`;
    const { shards } = pruned;
    if (shards === undefined) {
      const reason = `${values}, so to ${String(pruned.values)} shards at most${also.join('')}`;
      return { route: 'some-shards', subplans, reason };
    }
    // Where nothing can be found, Citus asks one shard all the same.
    const tasks = Math.max(1, shards.size);
    const where = tasks === 1 ? 'which share one shard' : `which are on ${String(tasks)} shards`;
    return {
      route: tasks === 1 ? 'one-shard' : 'some-shards',
      tasks,
      subplans,
      reason: `${values}, ${where}${also.join('')}`,
    };
  }
  const joined =
    new Set(top.map(({ table }) => showTable(table))).size > 1 ? `, joined where they lie by ${by}` : '';
  return {
    route: 'all-shards',
    tasks: 'all',
    subplans,
    reason: `no single value of ${allOf([...new Set(top.map(({ column }) => column))])}: every shard of ${names(top)}${joined}${also.join('')}`,
  };
}

interface WalkOutcome {
  readonly together: readonly Distributed[];
  readonly subplans: number;
  readonly repartition?: readonly Distributed[];
  readonly refused?: string;
}

/** Goes from the innermost blocks out: what can go along to the shards does, what cannot runs on its own first. */
class BlockWalk {
  private readonly shape: QueryShape;
  private readonly distributed: readonly Distributed[];
  private readonly sets: EqualSets;
  private subplans = 0;
  private refusal: string | undefined;
  private repartition: readonly Distributed[] | undefined;

  constructor(shape: QueryShape, sets: EqualSets, distributed: readonly Distributed[]) {
    this.shape = shape;
    this.distributed = distributed;
    this.sets = sets;
  }

  run(): WalkOutcome {
    const together = this.block(0);
    return {
      together,
      subplans: this.subplans,
      ...(this.repartition === undefined ? {} : { repartition: this.repartition }),
      ...(this.refusal === undefined ? {} : { refused: this.refusal }),
    };
  }

  private block(index: number): Distributed[] {
    const own = this.distributed.filter((relation) => relation.block === index);
    let going = this.settleJoins(own);
    for (const [child, { parent, kind, whole, groupedBy, correlated }] of this.shape.blocks.entries()) {
      if (parent !== index || child === 0) continue;
      const inner = this.block(child);
      if (inner.length === 0) continue;
      const [first] = inner;
      const grouped =
        groupedBy === undefined ||
        groupedBy.some((column) => first !== undefined && this.sets.find(referenceKey(column)) === first.key);
      // What depends on the outer row by its distribution column sees that row's shard alone.
      const cuttable = correlated || (kind === 'subquery' && !whole && grouped);
      if (cuttable && isTogether([...going, ...inner])) going = [...going, ...inner];
      else if (correlated) {
        this.refusal ??= `has a subquery over ${showTable(inner[0]?.table ?? { schema: '', name: '' })} that depends on the outer row by other columns than the distribution column`;
      } else this.subplans += 1;
    }
    return going;
  }

  /** Tables of one block are joined where they lie, or one of them has to move. */
  private settleJoins(all: readonly Distributed[]): Distributed[] {
    const own = this.withoutFillers(all);
    if (own.length < all.length) this.subplans += 1;
    if (isTogether(own)) return [...own];
    const exists = own.filter(({ alias }) => this.shape.semiJoined.has(alias));
    const rest = own.filter(({ alias }) => !this.shape.semiJoined.has(alias));
    if (exists.length > 0 && isTogether(rest)) {
      if (this.shape.exists) {
        this.refusal ??=
          'asks by EXISTS for rows of a distributed table by other columns than the distribution columns';
      }
      this.subplans += 1;
      return rest;
    }
    if (this.shape.command !== 'select' && this.shape.command !== 'insert') {
      this.refusal ??= 'changes rows by a join on other columns than the distribution columns';
    } else if (this.isOuterJoined(own)) {
      this.refusal ??=
        'has an outer join of distributed tables on other columns than their distribution columns';
    } else if (!this.connected(own)) {
      this.refusal ??= 'joins distributed tables without an equality between them';
    } else this.repartition ??= own;
    return [...own];
  }

  /** Rows of every node fill in what rows of a table that each node has whole: they have to be collected first. */
  private withoutFillers(own: readonly Distributed[]): readonly Distributed[] {
    const distributed = new Set(this.distributed.map(({ alias }) => alias));
    const fillers = this.shape.outerJoins
      .filter(({ kept }) => kept.length > 0 && !kept.some((alias) => distributed.has(alias)))
      .flatMap(({ filling }) => filling);
    return own.filter(({ alias }) => !fillers.includes(alias));
  }

  private isOuterJoined(own: readonly Distributed[]): boolean {
    return this.shape.outerJoins.some(({ kept, filling }) =>
      own.some(({ alias }) => kept.includes(alias) || filling.includes(alias)),
    );
  }

  private connected(own: readonly Distributed[]): boolean {
    const sets = new EqualSets();
    for (const [a, b] of this.shape.equalities) sets.join(a.alias, b.alias);
    return own.every(({ alias }) => sets.same(alias, own[0]?.alias ?? alias));
  }
}

function isTogether(relations: readonly Distributed[]): boolean {
  const [first] = relations;
  return relations.every((each) => each.key === first?.key && each.group === first.group);
}

/** All that the query needs is in one shard of one group, whatever it does there. */
function onOneShard(relations: readonly Distributed[]): boolean {
  const [first] = relations;
  const [only] = first?.shards ?? [];
  return relations.every(
    ({ shards, group }) =>
      group === first?.group && shards?.size === 1 && only !== undefined && shards.has(only),
  );
}

interface Pruned {
  /** At most; absent where every shard is needed. */
  readonly values?: number;
  readonly shards?: ReadonlySet<number> | undefined;
}

/**
 * The shards that are asked. Tables that are simply joined meet where each of them is asked; the side of an outer join that
 * only fills in narrows nothing. Where a subquery goes along, or rows are changed by a join, a shard is asked that any of
 * the tables needs.
 */
function prune(shape: QueryShape, relations: readonly Distributed[]): Pruned {
  const simple =
    shape.command === 'select' &&
    new Set(relations.map(({ block }) => block)).size === 1 &&
    !relations.some(({ alias }) => shape.semiJoined.has(alias));
  const fills = (alias: string): boolean => shape.outerJoins.some(({ filling }) => filling.includes(alias));
  const counted = simple ? relations.filter(({ alias }) => !fills(alias)) : relations;
  const held = counted.filter(({ values }) => values !== undefined && Number.isFinite(values));
  if (held.length === 0 || (!simple && held.length < counted.length)) return {};
  const values = held.map((each) => each.values ?? 0);
  const sets = held.flatMap(({ shards }) => (shards === undefined ? [] : [shards]));
  const known = sets.length === held.length;
  return {
    values: simple ? Math.min(...values) : values.reduce((sum, each) => sum + each, 0),
    shards: known ? sets.reduce(simple ? intersection : union) : undefined,
  };
}

function union(a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...a, ...b]);
}

function intersection(a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...a].filter((each) => b.has(each)));
}

/** The distributed tables of a query, with what their distribution columns are held to. */
function route(
  shape: QueryShape,
  sets: EqualSets,
  placementOf: (table: TableName) => Placement,
): Distributed[] {
  const found = shape.relations.flatMap((relation) => {
    const place = placementOf(relation.table);
    if (place.kind !== 'distributed') return [];
    const reference = { alias: relation.alias, column: place.column };
    const pins = shape.conditions.flatMap((condition) => {
      const pin = valuesOf(condition, reference, place.plainCasts);
      return pin === undefined ? [] : [pin];
    });
    const single = pins.find((pin) => pin.count === 1 && pin.texts?.length === 1);
    const [text] = single?.texts ?? [];
    if (text !== undefined) sets.join(referenceKey(reference), `value ${text}`);
    return [{ relation, place, reference, held: text === undefined ? holdOf(pins, place) : undefined, text }];
  });
  // Equal columns are held to one value together, and to several each by itself.
  const byKey = new Map<string, string>();
  for (const { reference, text } of found) {
    if (text !== undefined) byKey.set(sets.find(referenceKey(reference)), text);
  }
  return found.map(({ relation, place, reference, held }) => {
    const key = sets.find(referenceKey(reference));
    const text = byKey.get(key);
    const hold = text === undefined ? held : holdOf([{ count: 1, texts: [text] }], place);
    return {
      ...relation,
      column: place.column,
      group: place.group,
      key,
      values: hold?.values,
      shards: hold?.shards,
    };
  });
}

/** Citus asks the shards of every list of values that has to hold: it does not look for those in all of them. */
function holdOf(
  pins: readonly PinnedColumn[],
  { shardOf }: Extract<Placement, { kind: 'distributed' }>,
): { readonly values: number; readonly shards: ReadonlySet<number> | undefined } | undefined {
  const finite = pins.filter(({ count }) => Number.isFinite(count));
  if (finite.length === 0) return undefined;
  const shards = finite.flatMap(({ texts, count }) =>
    texts === undefined
      ? Array.from({ length: count }, () => undefined)
      : texts.map((text) => shardOf?.(text)),
  );
  const known = shards.filter((shard) => shard !== undefined);
  return {
    values: finite.reduce((sum, { count }) => sum + count, 0),
    shards: known.length === shards.length ? new Set(known) : undefined,
  };
}

function equalSets(shape: QueryShape): EqualSets {
  const sets = new EqualSets();
  for (const [a, b] of shape.equalities) sets.join(referenceKey(a), referenceKey(b));
  return sets;
}

/** What a condition holds a column to. */
export interface PinnedColumn {
  /** How many values; infinite for a list that is not written out. */
  readonly count: number;
  /** Which, constants and parameters; absent where they are not written out. */
  readonly texts?: readonly string[];
}

/** What a condition holds a column to; undefined where it does not. Pure. */
export function valuesOf(
  condition: Condition,
  column: ColumnReference,
  plainCasts: readonly string[],
): PinnedColumn | undefined {
  const isColumn = (operand: Operand): boolean =>
    operand.kind === 'column' &&
    operand.alias === column.alias &&
    operand.column === column.column &&
    (operand.cast === undefined || plainCasts.includes(operand.cast));
  switch (condition.kind) {
    case 'equal': {
      const { left, right } = condition;
      const value = isColumn(left) ? right : isColumn(right) ? left : undefined;
      return value?.kind === 'value' ? { count: 1, texts: [value.text] } : undefined;
    }
    case 'any': {
      const { left, values } = condition;
      if (!isColumn(left)) return undefined;
      return values === undefined ? { count: Infinity } : { count: values.length, texts: values };
    }
    case 'and': {
      const found = condition.of.flatMap((each) => valuesOf(each, column, plainCasts) ?? []);
      return found.sort((a, b) => a.count - b.count)[0];
    }
    case 'or': {
      const found = condition.of.map((each) => valuesOf(each, column, plainCasts));
      const held = found.filter((each) => each !== undefined);
      if (held.length < found.length) return undefined;
      const texts = held.flatMap((each) => each.texts ?? []);
      const count = held.reduce((sum, each) => sum + each.count, 0);
      return held.every((each) => each.texts !== undefined) ? { count, texts } : { count };
    }
    case 'other':
      return undefined;
  }
}

function refused(reason: string): Forecast {
  return { route: 'refused', subplans: 0, reason };
}

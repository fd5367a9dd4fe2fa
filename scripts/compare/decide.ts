import { allOf } from '../../config/text/text';
import { tableKey } from '../../config/workload/identifiers';
import type { CitusTable } from '../database/model/live';
import { compareTables, sameColumns, showTable } from '../database/model/names';
import { sameAnswer } from '../database/observe/answers';
import type { Outcome } from '../database/observe/answers';
import { describeOddShard } from '../database/observe/shard-definitions';
import { describeSequence } from '../database/observe/sequences';
import type { SequencePosition } from '../database/observe/sequences';
import { count } from '../lib/reporter';
import { loginsCorrespond } from './across-logins';
import type { RelationRows, Side, SideShard, SideTable } from './side';

/** What a difference is about, the gravest first. */
export const KINDS = [
  'not-comparable',
  'table',
  'rows',
  'misplaced-rows',
  'shard-copies',
  'shard-definition',
  'distribution',
  'column',
  'constraint',
  'index',
  'policy',
  'grants',
  'owner',
  'trigger',
  'sequence',
  'view',
  'role',
  'function',
  'setting',
  'answer',
  'task-count',
  'comment',
  'other',
] as const;
export type DifferenceKind = (typeof KINDS)[number];

export interface Difference {
  readonly kind: DifferenceKind;
  /** `table events`, `role app` */
  readonly object: string;
  /** The part of the object, as in `index events_note_idx`; absent for the object as a whole. */
  readonly part?: string;
  readonly detail: string;
  /** Rows that are more, or in the wrong place; of other kinds 1. */
  readonly size: number;
  /** Of rows: the shards that differ, where both sides have the same ranges. */
  readonly shards?: readonly ShardDifference[];
}

export interface ShardDifference {
  readonly min: string | null;
  readonly max: string | null;
  readonly from: ShardFigures;
  readonly to: ShardFigures;
}

export type ShardFigures = Pick<SideShard, 'shardId' | 'node' | 'rows'>;

/** What `compare` answers with. */
export interface CompareDocument {
  readonly formatVersion: 1;
  readonly equal: boolean;
  readonly from: SideSummary;
  readonly to: SideSummary;
  /** The gravest first, and the largest first within a kind. */
  readonly differences: readonly Difference[];
  /** What differs by design, and what could not be narrowed. */
  readonly notes: readonly string[];
}

export interface SideSummary {
  readonly database: string;
  readonly postgres: string;
  /** Null without Citus. */
  readonly citus: string | null;
  readonly tables: number;
  /** Of all tables that could be read. */
  readonly rows: number;
}

/** Holds two databases against each other. Pure. */
export function compareSides(from: Side, to: Side): CompareDocument {
  const tables = pairs(from.tables, to.tables, ({ table }) => tableKey(table));
  const views = pairs(from.views, to.views, ({ view }) => tableKey(view));
  const found: Difference[] = [
    ...tables.flatMap(compareTable),
    ...(from.standby === to.standby ? [] : tables.flatMap(readTwice)),
    ...tables.flatMap(([a, b]) => [...ofOneSide('from', a), ...ofOneSide('to', b)]),
    ...oddShards('from', from),
    ...oddShards('to', to),
    ...compareDefinitions('table', withSequences(from), withSequences(to), tablesOfBoth(tables)),
    ...compareSequences(from, to),
    ...views.flatMap(([a, b]) => {
      const object = `view ${showTable((a ?? b)?.view ?? { schema: '', name: '' })}`;
      if (a === undefined || b === undefined)
        return [onlyIn('view', object, a === undefined ? 'to' : 'from')];
      return [
        ...compareParts(object, a.objects, b.objects).map((each) => ({ ...each, kind: 'view' as const })),
        ...(a.rows === undefined || b.rows === undefined ? [] : compareRows(object, a.rows, b.rows, true)),
      ];
    }),
    ...compareOthers(from, to),
    ...comparePlans(from, to),
    ...compareAnswers(from, to),
  ];
  const differences = found.toSorted(
    (a, b) =>
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || b.size - a.size || (a.object < b.object ? -1 : 1),
  );
  return {
    formatVersion: 1,
    equal: differences.length === 0,
    from: summaryOf(from),
    to: summaryOf(to),
    differences,
    notes: [...versionNotes(from, to), ...loginNotes(from, to), ...placementNotes(tables)],
  };
}

function summaryOf({ database, postgres, citus, tables }: Side): SideSummary {
  const rows = tables.reduce((sum, { rows: each }) => sum + ('rows' in each ? each.rows : 0), 0);
  return { database, postgres, citus: citus ?? null, tables: tables.length, rows };
}

type Pair<T> = readonly [T | undefined, T | undefined];

function pairs<T>(from: readonly T[], to: readonly T[], keyOf: (item: T) => string): Pair<T>[] {
  const right = new Map(to.map((each) => [keyOf(each), each]));
  const left = new Set(from.map(keyOf));
  return [
    ...from.map((each): Pair<T> => [each, right.get(keyOf(each))]),
    ...to.filter((each) => !left.has(keyOf(each))).map((each): Pair<T> => [undefined, each]),
  ];
}

function onlyIn(kind: DifferenceKind, object: string, side: 'from' | 'to', part?: string): Difference {
  return { kind, object, ...(part === undefined ? {} : { part }), detail: `is only in ${side}`, size: 1 };
}

function compareTable([a, b]: Pair<SideTable>): Difference[] {
  const one = a ?? b;
  if (one === undefined) return [];
  const object = `table ${showTable(one.table)}`;
  if (a === undefined || b === undefined) {
    return [onlyIn('table', object, a === undefined ? 'to' : 'from')];
  }
  const alike = sameColumns(a.columns.toSorted(), b.columns.toSorted());
  const order = alike && !sameColumns(a.columns, b.columns);
  return [
    ...compareRows(object, a.rows, b.rows, alike),
    ...(order
      ? [
          {
            kind: 'column' as const,
            object,
            part: 'order of columns',
            detail: differs(a.columns.join(', '), b.columns.join(', ')),
            size: 1,
          },
        ]
      : []),
    ...compareDistribution(object, a.citus, b.citus),
  ];
}

/** The standby of a coordinator knows the nodes of its primary, and answers with what those hold. */
function readTwice([a, b]: Pair<SideTable>): Difference[] {
  if (a === undefined || b === undefined || 'unreadable' in a.rows || 'unreadable' in b.rows) return [];
  const placed = new Set(a.rows.shards.map(({ shardId, node }) => `${String(shardId)} ${node}`));
  const shared = b.rows.shards.filter(({ shardId, node }) => placed.has(`${String(shardId)} ${node}`));
  if (shared.length === 0) return [];
  const nodes = allOf([...new Set(shared.map(({ node }) => node))].sort());
  const detail =
    `${shared.length === 1 ? 'has 1 shard' : `has ${count(shared.length)} shards`} that both sides read from the same nodes (${nodes}): ` +
    'the standby of a coordinator knows the nodes by the addresses of the primaries. What a standby of those holds was not read';
  return [{ kind: 'not-comparable', object: `table ${showTable(a.table)}`, detail, size: 1 }];
}

/** @param alike the columns have the same names; where they do not, no row has the same hash */
function compareRows(object: string, a: RelationRows, b: RelationRows, alike: boolean): Difference[] {
  if ('unreadable' in a || 'unreadable' in b) {
    const reasons = [
      ...('unreadable' in a ? [`in from: ${a.unreadable}`] : []),
      ...('unreadable' in b ? [`in to: ${b.unreadable}`] : []),
    ];
    return [
      { kind: 'not-comparable', object, detail: `cannot be read whole ${reasons.join('; ')}`, size: 1 },
    ];
  }
  if (a.rows === b.rows && (!alike || a.checksum === b.checksum)) return [];
  const more = Math.abs(a.rows - b.rows);
  const detail =
    more === 0
      ? `${count(a.rows)} rows on both sides, but not the same ones`
      : `${count(a.rows)} rows in from, ${count(b.rows)} in to (${count(more)} ${b.rows < a.rows ? 'fewer' : 'more'})`;
  const shards = alike ? differentShards(a.shards, b.shards) : undefined;
  const narrowed = shards === undefined ? '' : `; ${describeShards(shards, a.shards.length)}`;
  return [
    {
      kind: 'rows',
      object,
      detail: `${detail}${narrowed}`,
      size: Math.max(1, more),
      ...(shards === undefined ? {} : { shards }),
    },
  ];
}

/** Undefined where the ranges of the two sides are not the same. */
function differentShards(a: readonly SideShard[], b: readonly SideShard[]): ShardDifference[] | undefined {
  if (a.length < 2 || !sameColumns(a.map(rangeOf), b.map(rangeOf))) return undefined;
  return a.flatMap((from, index) => {
    const to = b[index];
    if (to === undefined || (from.rows === to.rows && from.checksum === to.checksum)) return [];
    return [{ min: from.min, max: from.max, from: figuresOf(from), to: figuresOf(to) }];
  });
}

function rangeOf({ min, max }: Pick<SideShard, 'min' | 'max'>): string {
  return `${min ?? ''} to ${max ?? ''}`;
}

function figuresOf({ shardId, node, rows }: SideShard): ShardFigures {
  return { shardId, node, rows };
}

/** Shards that a line names. */
const SHARDS_NAMED = 3;

function describeShards(shards: readonly ShardDifference[], all: number): string {
  const named = shards.slice(0, SHARDS_NAMED).map(({ from, to, ...range }) => {
    const rows = from.rows === to.rows ? count(from.rows) : `${count(from.rows)} and ${count(to.rows)}`;
    return `hashes ${rangeOf(range)} (shard ${String(from.shardId)} in from, ${String(to.shardId)} in to: ${rows} rows)`;
  });
  const more = shards.length > SHARDS_NAMED ? `, and ${String(shards.length - SHARDS_NAMED)} more` : '';
  return `${String(shards.length)} of ${String(all)} shards ${shards.length === 1 ? 'differs' : 'differ'}: ${named.join(', ')}${more}`;
}

function oddShards(side: 'from' | 'to', { oddShards: odd }: Side): Difference[] {
  return odd.map((each) => ({
    kind: 'shard-definition' as const,
    object: `table ${showTable(each.table)}`,
    detail: `in ${side}, not as the table, or not as its other shards: ${describeOddShard(each)}`,
    size: 1,
  }));
}

/** What is wrong with a table whatever the other side has. */
function ofOneSide(side: 'from' | 'to', table: SideTable | undefined): Difference[] {
  if (table === undefined || 'unreadable' in table.rows) return [];
  const object = `table ${showTable(table.table)}`;
  const { shards } = table.rows;
  const wrong = shards.filter(({ misplaced }) => misplaced > 0);
  const rows = wrong.reduce((sum, { misplaced }) => sum + misplaced, 0);
  const where = wrong
    .slice(0, SHARDS_NAMED)
    .map(({ shardId, node, misplaced }) => `${count(misplaced)} in shard ${String(shardId)} on ${node}`);
  const apart = shards.filter(({ otherCopies }) => otherCopies.length > 0);
  return [
    ...(rows === 0
      ? []
      : [
          {
            kind: 'misplaced-rows' as const,
            object,
            detail: `in ${side}, ${count(rows)} ${rows === 1 ? 'row is' : 'rows are'} in a shard that the hash does not name, so that queries by the distribution column miss them: ${where.join(', ')}${wrong.length > SHARDS_NAMED ? ', ...' : ''}`,
            size: rows,
          },
        ]),
    ...apart.map(({ shardId, node, otherCopies }) => ({
      kind: 'shard-copies' as const,
      object,
      detail: `in ${side}, the copy of shard ${String(shardId)} on ${otherCopies.join(', ')} holds other rows than the one on ${node}`,
      size: 1,
    })),
  ];
}

/** Where both sides distribute the table; that one does and the other does not is what a migration is for. */
function compareDistribution(object: string, a: CitusTable, b: CitusTable): Difference[] {
  if (!isPlaced(a) || !isPlaced(b)) return [];
  const [from, to] = [describePlacement(a), describePlacement(b)];
  return from === to ? [] : [{ kind: 'distribution', object, detail: differs(from, to), size: 1 }];
}

function isPlaced({ kind }: CitusTable): boolean {
  return kind !== 'plain' && kind !== 'local';
}

function describePlacement(citus: CitusTable): string {
  switch (citus.kind) {
    case 'distributed':
      return citus.column === null ? 'in one shard' : `distributed by ${citus.column}`;
    case 'reference':
      return 'a reference table';
    case 'schema':
      return 'part of a distributed schema';
    case 'local':
    case 'plain':
      return 'not distributed';
  }
}

function placementNotes(tables: readonly Pair<SideTable>[]): string[] {
  const both = tables.flatMap(([a, b]) => (a === undefined || b === undefined ? [] : [[a, b] as const]));
  const name = ([a]: readonly [SideTable, SideTable]): string => showTable(a.table);
  const note = (names: readonly string[], what: string): string[] =>
    names.length === 0 ? [] : [`${what}: ${some(names)}`];
  const ranges = (rows: RelationRows): string[] => ('rows' in rows ? rows.shards.map(rangeOf) : []);
  return [
    ...note(
      both.filter(([a, b]) => isPlaced(a.citus) && !isPlaced(b.citus)).map(name),
      'distributed in from and not in to',
    ),
    ...note(
      both.filter(([a, b]) => !isPlaced(a.citus) && isPlaced(b.citus)).map(name),
      'distributed in to and not in from',
    ),
    ...note(
      both
        .filter(([a, b]) => isPlaced(a.citus) && isPlaced(b.citus) && 'rows' in a.rows && 'rows' in b.rows)
        .filter(([a, b]) => !sameColumns(ranges(a.rows), ranges(b.rows)))
        .map(name),
      'compared as a whole, not shard by shard, since the ranges of the shards differ',
    ),
  ];
}

function versionNotes(from: Side, to: Side): string[] {
  if (Number.parseInt(from.postgres, 10) === Number.parseInt(to.postgres, 10)) return [];
  return [
    `from is PostgreSQL ${from.postgres} and to is ${to.postgres}: the two may write the same definition in different words`,
  ];
}

function loginNotes(from: Side, to: Side): string[] {
  if (!loginsCorrespond(from, to)) return [];
  return [
    `what ${from.login} owns in from and ${to.login} owns in to has one owner: each is the login of its side, and the other side has no such role`,
  ];
}

/** Names that a note has. */
const NAMED = 5;

function some(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more <= 0 ? names.join(', ') : `${names.slice(0, NAMED).join(', ')} and ${String(more)} more`;
}

function tablesOfBoth(tables: readonly Pair<SideTable>[]): string[] {
  return tables
    .flatMap(([a, b]) => (a === undefined || b === undefined ? [] : [a.table]))
    .toSorted(compareTables)
    .map(showTable);
}

type Parts = Readonly<Record<string, unknown>>;

/** The objects of tables with each sequence as one of them, so that one that is gone takes its settings and grants along. Views count by themselves. */
function withSequences({ objects, sequences }: Side): Readonly<Record<string, Parts>> {
  const parts = new Map(Object.entries(objects).map(([table, each]) => [table, { ...each }]));
  for (const position of sequences) {
    const own = parts.get(showTable(position.table));
    if (own !== undefined) own[describeSequence(position)] = 'exists';
  }
  return Object.fromEntries(
    [...parts].map(([table, each]) => [
      table,
      Object.fromEntries(Object.entries(each).filter(([part]) => !part.startsWith('view '))),
    ]),
  );
}

/** @param names of the objects to look at */
function compareDefinitions(
  noun: string,
  from: Readonly<Record<string, Parts>>,
  to: Readonly<Record<string, Parts>>,
  names: readonly string[],
): Difference[] {
  return names.flatMap((name) => compareParts(`${noun} ${name}`, from[name] ?? {}, to[name] ?? {}));
}

/** All that an object is, part by part. What goes with another part that is gone is not told twice. */
function compareParts(object: string, from: Parts, to: Parts): Difference[] {
  const parts = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  const lost = parts.filter((part) => given(from, part) !== given(to, part));
  const missing = lost.filter((part) => given(from, part) === undefined || given(to, part) === undefined);
  const differing = parts.filter(
    (part) => !missing.includes(part) && textOf(from, part) !== textOf(to, part),
  );
  const told = new Set([...missing, ...differing]);
  const follows = (part: string): boolean =>
    missing.some((other) => other !== part && part.endsWith(` ${other}`)) ||
    LEADING.some(([own, leading]) => part.startsWith(own) && told.has(part.replace(own, leading)));
  return [...told]
    .filter((part) => !follows(part))
    .map((part) => {
      if (missing.includes(part)) {
        const side = given(from, part) === undefined ? 'to' : 'from';
        return onlyIn(kindOf(part), object, side, part);
      }
      return {
        kind: kindOf(part),
        object,
        part,
        detail: differs(textOf(from, part), textOf(to, part)),
        size: 1,
      };
    });
}

/** Beginnings of parts that go with another part of the object. */
const LEADING = [
  ['validation of ', ''],
  ['NOT VALID of ', ''],
  ['NOT VALID of ', 'validation of '],
  ['index ', 'constraint '],
] as const;

/** NULL is as good as nothing: no comment, no grants. */
function given(parts: Parts, part: string): true | undefined {
  return parts[part] === undefined || parts[part] === null || parts[part] === '' ? undefined : true;
}

/** A part in a form that is the same wherever roles have other numbers, and whoever owns the object. */
function textOf(parts: Parts, part: string): string {
  const value = parts[part] ?? '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/^grants\b/.test(part)) {
    const [, of] = /^grants (?:on|of) (.*)$/s.exec(part) ?? [];
    const owner = parts[`owner of ${of ?? ''}`] ?? parts['owner'];
    return text
      .split(', ')
      .map((each) =>
        typeof owner === 'string' && each.startsWith(`${owner} `) ? each.replace(owner, 'the owner') : each,
      )
      .sort()
      .join(', ');
  }
  if (/^policy /.test(part)) {
    return text.replace(/\{([^}]*)\}/, (_, roles: string) => `{${roles.split(',').sort().join(',')}}`);
  }
  return text;
}

/** The first that fits a part of a table. */
const PARTS: readonly (readonly [RegExp, DifferenceKind])[] = [
  [/^comment\b/, 'comment'],
  [/^grants\b/, 'grants'],
  [/^owner\b/, 'owner'],
  [/^(?:settings of )?(?:sequence|the identity) /, 'sequence'],
  [/^(?:(?:validation|NOT VALID) of )?(?:constraint|foreign key) |^NOT NULL /, 'constraint'],
  [/^(?:settings of column \d+ of )?index |^clustering/, 'index'],
  [/^policy |^row-level security/, 'policy'],
  [/^(?:settings of )?column /, 'column'],
  [/^(?:trigger|rule) /, 'trigger'],
];

function kindOf(part: string): DifferenceKind {
  return PARTS.find(([pattern]) => pattern.test(part))?.[1] ?? 'other';
}

/** Characters of a definition that a line holds. */
const SHOWN = 120;

function differs(from: string, to: string): string {
  const [left, right] = [from, to].map((text) => text.replace(/\s+/g, ' ').trim());
  if ((left ?? '').length + (right ?? '').length > SHOWN) return 'differs';
  return `is ${left === '' ? 'empty' : (left ?? '')} in from, ${right === '' ? 'empty' : (right ?? '')} in to`;
}

/** A standby may be ahead, and nothing can be drawn there. */
function isLogged(a: SequencePosition, b: SequencePosition, from: Side, to: Side): boolean {
  const [first, standby] = to.standby ? [a, b] : [b, a];
  if (from.standby === to.standby || first.next === null || standby.next === null) return false;
  return first.down ? BigInt(standby.next) < BigInt(first.next) : BigInt(standby.next) > BigInt(first.next);
}

function compareSequences(from: Side, to: Side): Difference[] {
  const keyOf = (each: SequencePosition): string => `${tableKey(each.table)} ${describeSequence(each)}`;
  return pairs(from.sequences, to.sequences, keyOf).flatMap(([a, b]): Difference[] => {
    if (a === undefined || b === undefined || (a.next === b.next && a.next !== null)) return [];
    if (isLogged(a, b, from, to)) return [];
    const object = `table ${showTable(a.table)}`;
    const part = describeSequence(a);
    if (a.next === null || b.next === null) {
      const sides = [...(a.next === null ? ['from'] : []), ...(b.next === null ? ['to'] : [])];
      const detail = `cannot be read in ${sides.join(' and ')}: it takes GRANT SELECT on the sequence`;
      return [{ kind: 'not-comparable', object, part, detail, size: 1 }];
    }
    const behind = a.down === BigInt(b.next) > BigInt(a.next);
    const detail = `goes on from ${a.next} in from, from ${b.next} in to${behind ? ', so that to gives values again that from gave' : ''}`;
    return [{ kind: 'sequence', object, part, detail, size: 1 }];
  });
}

/** The first that fits an object that is neither a table nor a view. */
const OTHERS: readonly (readonly [RegExp, DifferenceKind])[] = [
  [/^role /, 'role'],
  [/^(?:function|procedure|aggregate) /, 'function'],
  [/^setting /, 'setting'],
  [/^sequence /, 'sequence'],
];

function compareOthers({ others: from }: Side, { others: to }: Side): Difference[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names.flatMap((object) => {
    const [a, b] = [from[object], to[object]];
    const kind = OTHERS.find(([pattern]) => pattern.test(object))?.[1];
    if (a === undefined || b === undefined) {
      return [onlyIn(kind ?? 'other', object, a === undefined ? 'to' : 'from')];
    }
    return compareParts(object, a, b).map((each) => ({
      ...each,
      kind: kind ?? (each.part?.startsWith('setting ') === true ? 'setting' : each.kind),
    }));
  });
}

/** Task counts where both sides have one, and what only one of them can plan. */
function comparePlans({ queryPlans: from }: Side, { queryPlans: to }: Side): Difference[] {
  return pairs(from, to, ({ of }) => of).flatMap(([a, b]): Difference[] => {
    if (a === undefined || b === undefined) return [];
    const object = a.of;
    const [left, right] = [a.refused, b.refused];
    if (left !== undefined || right !== undefined) {
      if (left !== undefined && right !== undefined) return [];
      const detail = `cannot be planned in ${left === undefined ? `to: ${right ?? ''}` : `from: ${left}`}`;
      return [{ kind: object.startsWith('view ') ? 'view' : 'answer', object, detail, size: 1 }];
    }
    if (a.tasks === undefined || b.tasks === undefined || a.tasks === b.tasks) return [];
    if (object.startsWith('view ')) return [];
    const detail = `Task Count is ${String(a.tasks)} in from, ${String(b.tasks)} in to`;
    return [{ kind: 'task-count', object, detail, size: 1 }];
  });
}

function compareAnswers(from: Side, to: Side): Difference[] {
  const refusedBy = ({ queryPlans }: Side, object: string): boolean =>
    queryPlans.some(({ of, refused }) => of === object && refused !== undefined);
  return pairs(from.answers, to.answers, ({ query }) => query).flatMap(([a, b]): Difference[] => {
    if (a === undefined || b === undefined) return [];
    const object = `query ${a.query}`;
    // That one side refuses it is told already.
    const isTold = refusedBy(from, object) !== refusedBy(to, object);
    const inUtc = compareOutcomes(object, a, b, isTold);
    const [mine, theirs] = [a.asApplication, b.asApplication];
    // Sessions with other settings write the same values otherwise; those settings are a difference of their own.
    if (inUtc.length > 0 || mine === undefined || mine.settings !== theirs?.settings) return inUtc;
    return compareOutcomes(object, mine, theirs, isTold).map((found) => ({
      ...found,
      detail: `${found.detail}, as its application asks it (${mine.settings})`,
    }));
  });
}

function compareOutcomes(object: string, a: Outcome, b: Outcome, isTold: boolean): Difference[] {
  if ('failed' in a || 'failed' in b) {
    if (isTold) return [];
    const failed = [
      ...('failed' in a ? [`in from: ${a.failed}`] : []),
      ...('failed' in b ? [`in to: ${b.failed}`] : []),
    ];
    return [{ kind: 'not-comparable', object, detail: `has no answer ${failed.join('; ')}`, size: 1 }];
  }
  if (a.rows === b.rows && sameAnswer(a, b)) return [];
  const detail =
    a.rows === b.rows
      ? `answers with ${count(a.rows)} rows on both sides, but not the same ones`
      : `answers with ${count(a.rows)} rows in from, ${count(b.rows)} in to`;
  return [{ kind: 'answer', object, detail, size: Math.max(1, Math.abs(a.rows - b.rows)) }];
}

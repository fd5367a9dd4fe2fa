import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { foreignKeyId } from '../../database/target/foreign-keys';
import { compareTables, sameTable } from '../../database/model/names';
import type { LiveComment, LiveForeignKey, LiveTable, RecordedComment } from '../../database/model/live';
import type { TargetState } from '../../database/target/target-state';
import * as sql from './statements.sql';
import { step } from '../../database/model/step';
import type { TablesStep } from '../../database/model/step';
import type { Conversion } from './conversions';

/** Steps that go together, and what Citus makes anew as they run. */
export interface StepGroup {
  readonly steps: readonly TablesStep[];
  readonly turns: readonly Conversion[];
  /** The foreign key that they bring back. */
  readonly returns?: LiveForeignKey;
}

export interface Commented {
  /** Write down what will be forgotten, before anything is. */
  readonly record: readonly TablesStep[];
  /** The steps as they were, with those between them that make forgotten comments again. */
  readonly steps: readonly TablesStep[];
  /** There is a record by the end of these steps, or was one before. */
  readonly recorded: boolean;
  /** Every recorded comment is back by the end of these steps. */
  readonly allBack: boolean;
}

/**
 * Keeps the comments that Citus forgets: they are written down before the first table is touched, and made again as soon as their
 * table is made anew for the last time. Pure.
 *
 * @param away foreign keys that are dropped before the first of the steps, and return with their comments by themselves
 */
export function withComments(
  target: TargetState,
  away: readonly LiveForeignKey[],
  placed: readonly StepGroup[],
): Commented {
  const { live } = target;
  const gone = new Set([...away, ...live.droppedForeignKeys].map(foreignKeyId));
  const isAway = (table: TableName, { on, name }: LiveComment): boolean =>
    on === 'constraint' && gone.has(foreignKeyId({ table, name }));
  const returned = new Map(
    placed.flatMap(({ returns }, place) =>
      returns === undefined ? [] : [[foreignKeyId(returns), place] as const],
    ),
  );
  const turned = lastTurns(placed);
  const recordedOf = recordsByTable(target);
  // A partition with a foreign key of its own is among the tables, and is made anew with the one that it is part of.
  const commented = [
    ...new Map(
      live.tables
        .flatMap(commentedOf)
        .sort((a, b) => Number(!sameTable(a.table, a.turnsWith)) - Number(!sameTable(b.table, b.turnsWith)))
        .map((each) => [tableKey(each.table), each]),
    ).values(),
  ];
  const record: TablesStep[] = [];
  const restoreAfter = new Map<number, TablesStep[]>();
  let recorded = live.recordedComments.length > 0;
  let allBack = true;
  for (const { table, comments, foreignKeys, turnsWith } of [
    ...commented,
    ...orphans(target, commented),
  ].sort((a, b) => compareTables(a.table, b.table))) {
    const turn = turned.get(tableKey(turnsWith));
    const known = recordedOf.get(tableKey(table)) ?? [];
    const forgets = ({ on, name }: LiveComment): boolean =>
      turn?.forgets === 'everything' ||
      (turn !== undefined && on === 'constraint' && foreignKeys.some((key) => key.name === name));
    const unrecorded = comments.filter(
      (comment) => forgets(comment) && !isAway(table, comment) && !isRecorded(comment, known),
    );
    if (unrecorded.length > 0) {
      record.push(recordComments(table, unrecorded, record.length === 0 && !live.ownSchema.commentTable));
    }
    if (known.length + unrecorded.length === 0) continue;
    recorded = true;
    const again = [
      ...known
        .filter(({ comment, missing }) => missing || forgets(comment) || isAway(table, comment))
        .map(({ comment }) => comment),
      ...unrecorded,
    ].sort(compareComments);
    // What was written on a foreign key is written on it again once it is back.
    const waits = again
      .filter((comment) => isAway(table, comment))
      .map(({ name }) => returned.get(foreignKeyId({ table, name })) ?? Infinity);
    const place = Math.max(turn?.place ?? -1, ...waits);
    if (place === Infinity) {
      allBack = false;
      continue;
    }
    restoreAfter.set(place, [...(restoreAfter.get(place) ?? []), restoreComments(table, again)]);
  }
  return {
    record,
    steps: [
      ...(restoreAfter.get(-1) ?? []),
      ...placed.flatMap(({ steps }, place) => [...steps, ...(restoreAfter.get(place) ?? [])]),
    ],
    recorded,
    allBack,
  };
}

/** Whether an earlier run wrote down what is on this. @param known what it wrote down of the table */
export function isRecorded({ on, name }: LiveComment, known: readonly RecordedComment[]): boolean {
  return known.some(({ comment }) => comment.on === on && comment.name === name);
}

/** What has comments of its own: a table, or a partition, which is made anew with the table that it is part of. */
export interface Commentable extends Pick<LiveTable, 'table' | 'comments' | 'foreignKeys'> {
  readonly turnsWith: TableName;
}

/** A table and those of its partitions that have comments. */
export function commentedOf({ table, comments, foreignKeys, partitionComments }: LiveTable): Commentable[] {
  return [
    { table, comments, foreignKeys, turnsWith: table },
    ...partitionComments.map((each) => ({ ...each, foreignKeys: [], turnsWith: table })),
  ];
}

/** The comments of a table without those on foreign keys that are away by then. */
export function withoutAway(
  table: Pick<LiveTable, 'comments'>,
  away: ReadonlySet<string>,
): LiveTable['comments'] {
  return table.comments.filter(({ on, name }) => on !== 'constraint' || !away.has(name));
}

interface LastTurn {
  readonly place: number;
  readonly forgets: Conversion['forgets'];
}

function lastTurns(placed: readonly StepGroup[]): Map<string, LastTurn> {
  const last = new Map<string, LastTurn>();
  placed.forEach(({ turns }, place) => {
    for (const { table, forgets } of turns) {
      const before = last.get(tableKey(table))?.forgets;
      last.set(tableKey(table), { place, forgets: before === 'everything' ? before : forgets });
    }
  });
  return last;
}

function recordsByTable({ live }: TargetState): Map<string, RecordedComment[]> {
  const records = new Map<string, RecordedComment[]>();
  for (const each of live.recordedComments) {
    const key = tableKey(each.table);
    records.set(key, [...(records.get(key) ?? []), each]);
  }
  return records;
}

/** One order, however much of it was recorded when: a step is held against what was reviewed statement by statement. */
function compareComments(a: LiveComment, b: LiveComment): number {
  if (a.on !== b.on) return a.on < b.on ? -1 : 1;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return 0;
}

export function recordComments(
  table: TableName,
  comments: readonly LiveComment[],
  createRecord: boolean,
): TablesStep {
  return step('record-comments', table, sql.recordComments(table, comments, { createRecord }), {
    comment: 'Citus forgets comments when it turns a table; writes them down first',
    reversible: true,
  });
}

function restoreComments(table: TableName, comments: readonly LiveComment[]): TablesStep {
  return step('restore-comments', table, sql.restoreComments(table, comments), {
    comment:
      comments.length === 0
        ? 'every comment is there; removes their record'
        : 'makes the comments again that Citus forgot, and removes their record',
    reversible: true,
  });
}

/** What is in the record and has no comments by now: gone, or a partition. */
function orphans({ live }: TargetState, commented: readonly Commentable[]): Commentable[] {
  const known = new Set(commented.map(({ table }) => tableKey(table)));
  return [...new Map(live.recordedComments.map((each) => [tableKey(each.table), each])).values()]
    .filter(({ table }) => !known.has(tableKey(table)))
    .map(({ table, partOf = table }) => ({ table, comments: [], foreignKeys: [], turnsWith: partOf }));
}

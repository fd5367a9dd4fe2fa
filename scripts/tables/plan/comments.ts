import { groupBy } from '../../lib/group-by';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { foreignKeyId } from '../../database/target/foreign-keys';
import { compareTables, sameTable } from '../../database/model/names';
import type {
  LiveComment,
  LiveDatabase,
  LiveForeignKey,
  LiveTable,
  RecordedComment,
} from '../../database/model/live';
import type { TargetState } from '../../database/target/target-state';
import * as sql from './statements.sql';
import { step } from '../../database/model/step';
import type { TablesStep } from '../../database/model/step';
import type { Conversion } from '../../database/target/conversions';

/** Steps that go together, and what Citus recreates as they run. */
export interface StepGroup {
  readonly steps: readonly TablesStep[];
  readonly conversions: readonly Conversion[];
  /** The foreign key that they bring back. */
  readonly restores?: LiveForeignKey;
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
 * Keeps the comments that Citus forgets: they are written down before the first table is touched, and restored as soon as their
 * table is recreated for the last time. Pure.
 *
 * @param away foreign keys that are dropped before the first of the steps, and return with their comments by themselves
 */
export function withComments(
  target: TargetState,
  away: readonly LiveForeignKey[],
  groups: readonly StepGroup[],
): Commented {
  const { live } = target;
  const commented = commentables(live);
  const course = courseOf(live, away, groups);
  const kept = [...commented, ...orphans(target, commented)]
    .sort((a, b) => compareTables(a.table, b.table))
    .flatMap((each) => keptOf(each, course) ?? []);
  const restores = new Map<Kept['after'], TablesStep[]>();
  for (const { table, restored, after } of kept) {
    restores.set(after, [...(restores.get(after) ?? []), restoreComments(table, restored)]);
  }
  return {
    record: kept
      .filter(({ unrecorded }) => unrecorded.length > 0)
      .map(({ table, unrecorded }, index) =>
        recordComments(table, unrecorded, index === 0 && !live.ownSchema.commentTable),
      ),
    steps: [
      ...(restores.get('the start') ?? []),
      ...groups.flatMap(({ steps }, index) => [...steps, ...(restores.get(index) ?? [])]),
    ],
    recorded: live.recordedComments.length > 0 || kept.length > 0,
    allBack: !restores.has('the end'),
  };
}

/** A partition with a foreign key of its own is among the tables, and is recreated with the one that it is part of. */
function commentables({ tables }: LiveDatabase): Commentable[] {
  const all = tables
    .flatMap(commentedOf)
    .sort(
      (a, b) => Number(!sameTable(a.table, a.recreatedWith)) - Number(!sameTable(b.table, b.recreatedWith)),
    );
  return [...new Map(all.map((each) => [tableKey(each.table), each])).values()];
}

/** What the groups of steps do to comments; places are indices of groups. */
interface Course {
  /** The last conversion of a table. */
  readonly converted: ReadonlyMap<string, LastConversion>;
  /** Where foreign keys return. */
  readonly returned: ReadonlyMap<string, number>;
  /** Foreign keys that are not there before they return. */
  readonly away: ReadonlySet<string>;
  readonly recorded: ReadonlyMap<string, readonly RecordedComment[]>;
}

function courseOf(live: LiveDatabase, away: readonly LiveForeignKey[], groups: readonly StepGroup[]): Course {
  return {
    converted: lastConversions(groups),
    returned: new Map(
      groups.flatMap(({ restores }, index) =>
        restores === undefined ? [] : [[foreignKeyId(restores), index] as const],
      ),
    ),
    away: new Set([...away, ...live.droppedForeignKeys].map(foreignKeyId)),
    recorded: groupBy(live.recordedComments, ({ table }) => tableKey(table)),
  };
}

/** The comments of a table that are written down, and restored after a group of steps or only by a later plan. */
interface Kept {
  readonly table: TableName;
  readonly unrecorded: readonly LiveComment[];
  readonly restored: readonly LiveComment[];
  readonly after: number | 'the start' | 'the end';
}

function keptOf(
  { table, comments, foreignKeys, recreatedWith }: Commentable,
  course: Course,
): Kept | undefined {
  const conversion = course.converted.get(tableKey(recreatedWith));
  const known = course.recorded.get(tableKey(table)) ?? [];
  const isAway = ({ on, name }: LiveComment): boolean =>
    on === 'constraint' && course.away.has(foreignKeyId({ table, name }));
  const isForgotten = ({ on, name }: LiveComment): boolean =>
    conversion?.forgets === 'everything' ||
    (conversion !== undefined && on === 'constraint' && foreignKeys.some((key) => key.name === name));
  const unrecorded = comments.filter(
    (comment) => isForgotten(comment) && !isAway(comment) && !isRecorded(comment, known),
  );
  if (known.length + unrecorded.length === 0) return undefined;
  const restored = [
    ...known
      .filter(({ comment, missing }) => missing || isForgotten(comment) || isAway(comment))
      .map(({ comment }) => comment),
    ...unrecorded,
  ].sort(compareComments);
  // What was written on a foreign key is written on it again once it is back.
  const awaited = restored
    .filter(isAway)
    .map(({ name }) => course.returned.get(foreignKeyId({ table, name })) ?? ('the end' as const));
  return { table, unrecorded, restored, after: lastOf([conversion?.index ?? 'the start', ...awaited]) };
}

function lastOf(moments: readonly Kept['after'][]): Kept['after'] {
  if (moments.includes('the end')) return 'the end';
  const indices = moments.filter((each) => typeof each === 'number');
  return indices.length === 0 ? 'the start' : Math.max(...indices);
}

/** Whether an earlier run wrote down what is on this. @param known what it wrote down of the table */
export function isRecorded({ on, name }: LiveComment, known: readonly RecordedComment[]): boolean {
  return known.some(({ comment }) => comment.on === on && comment.name === name);
}

/** What has comments of its own: a table, or a partition, which is recreated with the table that it is part of. */
export interface Commentable extends Pick<LiveTable, 'table' | 'comments' | 'foreignKeys'> {
  readonly recreatedWith: TableName;
}

/** A table and those of its partitions that have comments. */
export function commentedOf({ table, comments, foreignKeys, partitionComments }: LiveTable): Commentable[] {
  return [
    { table, comments, foreignKeys, recreatedWith: table },
    ...partitionComments.map((each) => ({ ...each, foreignKeys: [], recreatedWith: table })),
  ];
}

/** The comments of a table without those on foreign keys that are away by then. */
export function withoutAway(
  table: Pick<LiveTable, 'comments'>,
  away: ReadonlySet<string>,
): LiveTable['comments'] {
  return table.comments.filter(({ on, name }) => on !== 'constraint' || !away.has(name));
}

interface LastConversion {
  readonly index: number;
  readonly forgets: Conversion['forgets'];
}

function lastConversions(groups: readonly StepGroup[]): Map<string, LastConversion> {
  const last = new Map<string, LastConversion>();
  groups.forEach(({ conversions }, index) => {
    for (const { table, forgets } of conversions) {
      const before = last.get(tableKey(table))?.forgets;
      last.set(tableKey(table), { index, forgets: before === 'everything' ? before : forgets });
    }
  });
  return last;
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
    .map(({ table, partOf = table }) => ({ table, comments: [], foreignKeys: [], recreatedWith: partOf }));
}

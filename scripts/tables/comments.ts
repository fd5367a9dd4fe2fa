import { tableKey } from '../../config/identifiers';
import type { TableName } from '../../config/distribution-types';
import { compareTables, sameTable } from './names';
import type { LiveComment, LiveForeignKey } from './live';
import type { DistributeDifference } from './diff';
import type { Outlook } from './outlook';

/** What has to happen to the comments of one table, so that they outlive its distribution. */
export interface CommentsDifference {
  readonly table: TableName;
  /** Written down before the table is touched; empty where an earlier run has done that. */
  readonly record: readonly LiveComment[];
  /** Made again once the table is what it becomes. */
  readonly restore: readonly LiveComment[];
  /** The tables whose becoming reference tables takes the comments along: not before they have. */
  readonly after: readonly TableName[];
}

/**
 * Comments that Citus forgets: the foreign keys of a schema that it distributes are made anew, and a table that it turns
 * local, by itself or on the way to an online distribution, is a new relation under the old name, and what was written on
 * the old one stays with what becomes its shard.
 */
export function commentsDifference(
  outlook: Outlook,
  distribute: readonly DistributeDifference[],
  references: readonly TableName[],
  drop: readonly { readonly key: LiveForeignKey }[],
): CommentsDifference[] {
  const away = (table: TableName, { on, name }: LiveComment): boolean =>
    on === 'constraint' &&
    [...drop.map(({ key }) => key), ...outlook.live.droppedForeignKeys].some(
      (key) => sameTable(key.table, table) && key.name === name,
    );
  const connected = connections(outlook, drop);
  const turning = new Map<readonly TableName[], readonly TableName[]>();
  const referencesAmong = (lot: readonly TableName[]): readonly TableName[] => {
    const known = turning.get(lot);
    if (known !== undefined) return known;
    const found = references.filter((reference) => lot.some((each) => sameTable(each, reference)));
    turning.set(lot, found);
    return found;
  };
  const differences = outlook.live.tables.flatMap((live): CommentsDifference[] => {
    const { table } = live;
    const recorded = outlook.live.recordedComments.filter((each) => sameTable(each.table, table));
    const nearby = live.citus.kind === 'plain' || live.citus.kind === 'local' ? connected(table) : NONE;
    // A reference table takes all that foreign keys connect with it along: each of them turns local.
    const turnedBy = referencesAmong(nearby);
    const plan = distribute.find((each) => sameTable(each.table, table));
    const byOthers = turnedBy.filter((each) => !sameTable(each, table));
    const forgotten =
      (live.citus.kind === 'plain' && byOthers.length > 0) ||
      (plan !== undefined && (plan.mode.online || live.citus.kind === 'local')) ||
      (live.citus.kind === 'local' && turnedBy.length > byOthers.length);
    const distributed = outlook.liveSchema(table.schema);
    const turnsWhole = distributed !== undefined && outlook.distributesSchema(distributed);
    const forgets = ({ on, name }: LiveComment): boolean =>
      forgotten || (turnsWhole && on === 'constraint' && live.foreignKeys.some((key) => key.name === name));
    if (recorded.length === 0 && !live.comments.some(forgets)) return [];
    const comments = live.comments.filter((comment) => !away(table, comment));
    const unrecorded = comments.filter(
      ({ on, name }) => !recorded.some(({ comment }) => comment.on === on && comment.name === name),
    );
    const record = unrecorded.filter(forgets);
    const restore = [
      ...recorded.filter((each) => forgets(each.comment) || each.missing).map((each) => each.comment),
      ...record,
    ];
    if (recorded.length === 0 && record.length === 0) return [];
    return [{ table, record, restore, after: turnedBy }];
  });
  const known = new Set(outlook.live.tables.map(({ table }) => tableKey(table)));
  const orphans = outlook.live.recordedComments
    .map(({ table }) => table)
    .filter((table, place, all) => all.findIndex((each) => sameTable(each, table)) === place)
    .filter((table) => !known.has(tableKey(table)))
    .map((table) => ({ table, record: [], restore: [], after: [] }));
  return [...differences, ...orphans].sort((a, b) => compareTables(a.table, b.table));
}

const NONE: readonly TableName[] = [];

/** For any table: itself and all that foreign keys connect with it, those that are dropped by then left out. */
export function connections(
  outlook: Outlook,
  drop: readonly { readonly key: LiveForeignKey }[],
): (table: TableName) => readonly TableName[] {
  const dropped = new Set(drop.map(({ key }) => key));
  const beside = new Map<string, TableName[]>();
  const join = (from: TableName, to: TableName): void => {
    const known = beside.get(tableKey(from));
    if (known === undefined) beside.set(tableKey(from), [to]);
    else known.push(to);
  };
  for (const key of outlook.live.tables.flatMap((live) => live.foreignKeys)) {
    if (dropped.has(key)) continue;
    join(key.table, key.references);
    join(key.references, key.table);
  }
  // Who is connected with one of them is connected with all: each such lot is found once.
  const lots = new Map<string, readonly TableName[]>();
  return (table) => {
    const known = lots.get(tableKey(table));
    if (known !== undefined) return known;
    const found = new Map([[tableKey(table), table]]);
    for (const key of found.keys()) for (const next of beside.get(key) ?? []) found.set(tableKey(next), next);
    const lot = [...found.values()];
    for (const key of found.keys()) lots.set(key, lot);
    return lot;
  };
}

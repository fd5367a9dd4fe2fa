/** A database that is distributed, laid out as somebody asks instead of as it is. Pure. */
import { SHARDS } from '../../config/workload/distribution-types';
import type { DistributedTable, Distribution, TableName } from '../../config/workload/distribution-types';
import { compareTables, sameTable, showTable } from '../database/model/names';
import { groupRoot } from './group-root';
import { shardRange } from './hash-ranges';
import { roundRobin } from './placement';
import type { ShardLayout, ShardLayoutGroup, ShardLayoutShard, ShardLayoutTable } from './shard-layout';

type Range = NonNullable<ShardLayoutShard['range']>;

/** One table of a database, by name: what `--table`, `--column` and `--shards` ask. */
export interface TableQuestion {
  readonly table: TableName;
  /** @default - the one it is distributed by */
  readonly column?: string | undefined;
}

/** A table whose shards would be others than they are. */
export interface AskedTable {
  readonly table: TableName;
  readonly column: string;
  /** The table that starts its colocation group. */
  readonly root: TableName;
  /** Of its shards, in their order. */
  readonly ranges: readonly Range[];
  /** The group that is there and takes it in. */
  readonly joins?: ShardLayoutGroup;
  /** The nodes that its shards are on and stay on. */
  readonly stayOn?: readonly number[];
}

/** What was read of an {@link AskedTable}. */
export type AskedRows = Omit<ShardLayoutTable, 'table' | 'column'>;

/** What the question makes of the tables that are there. */
export interface AskedChanges {
  readonly distributed: readonly AskedTable[];
  /** Tables with shards that become reference tables, or come back to the coordinator. */
  readonly toReference: readonly TableName[];
  readonly toLocal: readonly TableName[];
}

/**
 * Which tables would be laid out differently; what is not asked about stays as it is. Tables are compared as `tables plan`
 * does: shards that were split on purpose fit any count that a file names, and of tables that share a group and are not to,
 * the first by name keeps it.
 *
 * @param shardCount asked for expressly, instead of that of the specification
 */
export function askedChanges(
  layout: ShardLayout,
  expected: Distribution,
  shardCount: number | undefined,
): AskedChanges {
  const asked = expected.tables.filter((table) => table.kind === 'distributed');
  const roots = asked.filter((each) => groupRoot(each, asked) === each);
  const targets = new Map(
    roots.map((root) => [
      showTable(root.table),
      rootTarget(layout, root, roots, {
        count: shardCount ?? expected.shardCount,
        firm: shardCount !== undefined,
      }),
    ]),
  );
  const members = asked.flatMap((own): AskedTable[] => {
    const { table, distributeBy: column } = own;
    const root = groupRoot(own, asked).table;
    const target = targets.get(showTable(root));
    if (target === undefined || sameTable(root, table)) return [];
    if (!('shards' in target)) return [{ table, column, root, ranges: target.ranges }];
    const group = groupOf(layout, table);
    if (group === target && columnOf(group, table) === column) return [];
    return [{ table, column, root, ranges: rangesOf(target), joins: target }];
  });
  const placed = (kind: 'reference' | 'local'): TableName[] =>
    expected.tables
      .filter((each) => each.kind === kind && isLaidOut(layout, each.table))
      .filter(({ table }) => kind === 'local' || groupOf(layout, table) !== undefined)
      .map(({ table }) => table);
  const changed = [...targets.values()].flatMap((target) => ('shards' in target ? [] : [target]));
  return {
    distributed: [...changed, ...members],
    toReference: placed('reference'),
    toLocal: placed('local'),
  };
}

/** The group that starts with a table: the one that is there where it is as asked, and otherwise what it is to be. */
function rootTarget(
  layout: ShardLayout,
  { table, distributeBy: column }: DistributedTable,
  roots: readonly DistributedTable[],
  { count, firm }: { readonly count: number; readonly firm: boolean },
): ShardLayoutGroup | AskedTable {
  const group = groupOf(layout, table);
  const keeps = (own: ShardLayoutGroup, each: TableName, by: string): boolean =>
    (own.shards.length === count || (!firm && isSplit(own))) && columnOf(own, each) === by;
  if (group === undefined || !keeps(group, table, column)) {
    return { table, column, root: table, ranges: evenRanges(count) };
  }
  const [first] = roots
    .filter((each) => groupOf(layout, each.table) === group && keeps(group, each.table, each.distributeBy))
    .map((each) => each.table)
    .sort(compareTables);
  if (first === undefined || sameTable(first, table)) return group;
  const stayOn = group.shards.map(({ groupId }) => groupId);
  return { table, column, root: table, ranges: rangesOf(group), stayOn };
}

/** The layout that is there with those changes made on the nodes that are there. */
export function layAsAsked(
  layout: ShardLayout,
  changes: AskedChanges,
  rowsOf: (table: AskedTable) => AskedRows,
): ShardLayout {
  const leaving = [
    ...changes.distributed.map(({ table }) => table),
    ...changes.toReference,
    ...changes.toLocal,
  ];
  const leaves = (table: TableName): boolean => leaving.some((each) => sameTable(each, table));
  const laid = (each: AskedTable): ShardLayoutTable => ({
    ...rowsOf(each),
    table: each.table,
    column: each.column,
  });
  const there = layout.groups
    .map((group) => ({
      shards: group.shards,
      tables: [
        ...group.tables.filter(({ table }) => !leaves(table)),
        ...changes.distributed.filter(({ joins }) => joins === group).map(laid),
      ],
    }))
    .filter(({ tables }) => tables.length > 0);
  const roots = changes.distributed.filter(({ table, root }) => sameTable(table, root));
  let nextId = 1 + Math.max(0, ...layout.groups.flatMap(({ shards }) => shards.map(({ id }) => id)));
  const made = roots.map((root): ShardLayoutGroup => {
    const nodes = root.stayOn ?? newPlacements(layout, root.ranges.length);
    return {
      shards: root.ranges.map((range, at) => ({ id: nextId++, groupId: nodes[at] ?? 0, range })),
      tables: changes.distributed
        .filter((each) => each.joins === undefined && sameTable(each.root, root.table))
        .map(laid),
    };
  });
  return {
    ...layout,
    groups: [...there, ...made],
    referenceTables: [
      ...layout.referenceTables.filter(({ table }) => !leaving.some((each) => showTable(each) === table)),
      ...changes.toReference.map((table) => ({ table: showTable(table), bytes: bytesOf(layout, table) })),
    ],
  };
}

/** Tables that shared shards with one that would not share them any more, by their names. */
export interface PartedTables {
  readonly leaving: readonly string[];
  readonly staying: readonly string[];
}

/** The colocation groups that the changes would part: joins between the two sides would no longer stay on one node. */
export function partedTables(layout: ShardLayout, changes: AskedChanges): PartedTables[] {
  const leaving = [...changes.distributed.map(({ table }) => table), ...changes.toLocal];
  return layout.groups.flatMap(({ tables }) => {
    const named = tables.map(({ table }) => table);
    const goes = named.filter((table) => leaving.some((each) => sameTable(each, table)));
    const stays = named.filter(
      (table) => ![...leaving, ...changes.toReference].some((each) => sameTable(each, table)),
    );
    return goes.length === 0 || stays.length === 0
      ? []
      : [{ leaving: goes.map(showTable), staying: stays.map(showTable) }];
  });
}

/**
 * The specification that a question about one table, or about the number of shards alone, comes to on this layout.
 *
 * @returns undefined where the table has no column to go by, because it is not distributed by one
 */
export function questionOn(
  layout: ShardLayout,
  question: TableQuestion | undefined,
  shardCount: number | undefined,
): { readonly expected: Distribution; readonly shardCount: number | undefined } | undefined {
  const whole = (tables: DistributedTable[], count: number): Distribution => ({
    shardCount: count,
    online: true,
    tables,
  });
  if (question === undefined) {
    const tables = layout.groups.flatMap(({ tables: [root, ...others] }) =>
      root?.column === undefined
        ? []
        : [
            declared(root.table, root.column),
            ...others.map((each) => ({
              ...declared(each.table, each.column ?? ''),
              colocateWith: root.table,
            })),
          ],
    );
    return { expected: whole(tables, shardCount ?? SHARDS.usual), shardCount };
  }
  const group = groupOf(layout, question.table);
  const column = question.column ?? (group && columnOf(group, question.table));
  if (column === undefined) return undefined;
  return {
    expected: whole([declared(question.table, column)], shardCount ?? group?.shards.length ?? SHARDS.usual),
    shardCount,
  };
}

function declared(table: TableName, distributeBy: string): DistributedTable {
  return { kind: 'distributed', table, distributeBy };
}

/** The colocation group that holds a table's shards. */
export function groupOf(layout: ShardLayout, table: TableName): ShardLayoutGroup | undefined {
  return layout.groups.find(({ tables }) => tables.some((each) => sameTable(each.table, table)));
}

function columnOf(group: ShardLayoutGroup, table: TableName): string | undefined {
  return group.tables.find((each) => sameTable(each.table, table))?.column;
}

/** Whether Citus cuts the table into shards or copies it to every node. */
function isLaidOut(layout: ShardLayout, table: TableName): boolean {
  return (
    groupOf(layout, table) !== undefined ||
    layout.referenceTables.some((each) => each.table === showTable(table))
  );
}

/** Whether all is laid out as asked. */
export function isNothing({ distributed, toReference, toLocal }: AskedChanges): boolean {
  return distributed.length + toReference.length + toLocal.length === 0;
}

/** Of a table with shards. */
export function bytesOf(layout: ShardLayout, table: TableName): number {
  const found = groupOf(layout, table)?.tables.find((each) => sameTable(each.table, table));
  return (found?.bytes ?? []).reduce((sum, bytes) => sum + bytes, 0);
}

function rangesOf({ shards }: ShardLayoutGroup): Range[] {
  return shards.flatMap(({ range }) => (range === undefined ? [] : [range]));
}

function evenRanges(count: number): Range[] {
  return Array.from({ length: count }, (_, index) => shardRange(index, count));
}

/** Its shards are not those that a table of as many shards gets when it is distributed. */
function isSplit({ shards }: ShardLayoutGroup): boolean {
  const even = evenRanges(shards.length);
  return shards.some(({ range }, index) => range !== undefined && range.min !== even[index]?.min);
}

/** Citus deals new shards out over the nodes that may hold some, in the order of names and ports. */
function newPlacements({ nodes }: ShardLayout, count: number): number[] {
  const holders = nodes
    .filter(({ shouldHaveShards }) => shouldHaveShards)
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.port - b.port);
  return roundRobin(count, Math.max(1, holders.length)).map((at) => holders[at]?.groupId ?? 0);
}

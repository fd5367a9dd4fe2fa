import type { NewPrimaryKey } from './statements.sql';
import { LONGEST_NAME_BYTES } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import type { PlacementChange } from '../../database/target/target-state';
import { copyMode } from '../../database/target/copy-mode';
import type { CopyMode } from '../../database/target/copy-mode';
import { foreignKeyId, liveTwin, mayReturn, whyDropped } from '../../database/target/foreign-keys';
import { hasLocalCopy } from '../../database/model/live';
import type { DroppedForeignKey, LiveForeignKey, LiveTable } from '../../database/model/live';
import { compareTables, keyIndexName, notNullCheckName, sameColumns } from '../../database/model/names';
import type { TargetState } from '../../database/target/target-state';
import { specifiedTables } from '../../database/model/schemas';

/** What separates a live database from its specification, without an order; `plan` gives it one. */
export interface TablesDifference {
  readonly keys: readonly KeyDifference[];
  /** Tables that are to become reference tables. */
  readonly references: readonly TableName[];
  readonly distribute: readonly DistributeDifference[];
  /** Schemas that are to be distributed as wholes. */
  readonly schemas: readonly SchemaDifference[];
  /** Tables that Citus has as something else, and how they change. */
  readonly changes: readonly { readonly table: TableName; readonly change: PlacementChange }[];
  /** Live foreign keys that have to be away for a while. */
  readonly drop: readonly DropDifference[];
  /** Foreign keys that have to come back: those above, and those of an earlier run. */
  readonly restore: readonly RestoreDifference[];
  /** Tables with comments in the record of an earlier run. */
  readonly commented: readonly TableName[];
  /** Tables whose rows still lie on the coordinator a second time. */
  readonly localCopies: readonly TableName[];
  /** The record of dropped foreign keys is there, or will be, and nothing in it waits for another specification. */
  readonly removeRecord: boolean;
}

export interface DropDifference {
  readonly key: LiveForeignKey;
  /** The reason, as the rest of a sentence. */
  readonly why: string;
  /** Citus knows this end for the sake of such foreign keys alone, and would turn it back by a copy. */
  readonly pin?: TableName;
}

export interface SchemaDifference {
  readonly schema: string;
  /** All that become part of it. */
  readonly tables: readonly LiveTable[];
}

export interface KeyDifference {
  readonly table: TableName;
  /** A leftover of an earlier run that cannot be used. */
  readonly dropIndex: boolean;
  /** Columns to declare NOT NULL, and how far an earlier run came with each. */
  readonly notNull: readonly { readonly column: string; readonly check: 'absent' | 'added' | 'validated' }[];
  /** Absent where only leftovers are to be removed. */
  readonly primaryKey?: NewPrimaryKey;
}

export interface DistributeDifference {
  readonly table: TableName;
  readonly column: string;
  readonly colocateWith?: TableName;
  readonly shardCount: number;
  readonly mode: CopyMode;
}

export interface RestoreDifference {
  readonly key: DroppedForeignKey;
  /** `away`: not there; `added`: in force but not validated; `there`: only its record is left to remove. */
  readonly state: 'away' | 'added' | 'there';
}

/** Compares, and decides nothing about order. The faults of {@link findFaults} come first: this trusts its input. Pure. */
export function diffTables(target: TargetState): TablesDifference {
  const { expected, live } = target;
  const references = expected.tables
    .filter((wanted) => wanted.kind === 'reference' && !target.isThere(wanted.table))
    .map((wanted) => wanted.table)
    .sort(compareTables);
  const drop = dropDifferences(target);
  const dropped = new Set(drop.map(({ key }) => foreignKeyId(key)));
  const recorded = live.droppedForeignKeys.filter((key) => mayReturn(target, key));
  const restore = [
    ...recorded
      .filter((key) => !dropped.has(foreignKeyId(key)))
      .map((key) => ({ key, state: restoreState(target, key) })),
    ...drop.map(({ key }) => ({ key, state: 'away' as const })),
  ].sort((a, b) => (foreignKeyId(a.key) < foreignKeyId(b.key) ? -1 : 1));
  return {
    keys: keyDifferences(target),
    references,
    distribute: distributeDifferences(target),
    schemas: live.schemas
      .filter((schema) => target.distributesSchema(schema))
      .map(({ schema }) => ({ schema, tables: target.tablesOf(schema) })),
    changes: expected.tables
      .flatMap(({ table }) => {
        const change = target.change(table);
        return change === undefined ? [] : [{ table, change }];
      })
      .sort((a, b) => compareTables(a.table, b.table)),
    drop,
    restore,
    commented: live.recordedComments.map(({ table }) => table),
    localCopies: specifiedTables(expected, live).filter((table) => {
      const found = target.liveTable(table);
      return found !== undefined && hasLocalCopy(found);
    }),
    removeRecord:
      recorded.length === live.droppedForeignKeys.length && (drop.length > 0 || live.ownSchema.recordTable),
  };
}

/** Live foreign keys that have to be away for a while. */
export function dropDifferences(target: TargetState): DropDifference[] {
  return target.live.tables.flatMap((table) =>
    table.foreignKeys.flatMap((key) => {
      const why = whyDropped(target, key);
      const pin = [key.table, key.references].find((end) => {
        const now = target.liveTable(end)?.citus;
        return now?.kind === 'local' && now.autoConverted;
      });
      return why === undefined ? [] : [{ key, why, ...(pin === undefined ? {} : { pin }) }];
    }),
  );
}

function distributeDifferences(target: TargetState): DistributeDifference[] {
  return target
    .distributedTables()
    .filter(({ wanted }) => !target.isThere(wanted.table) && target.change(wanted.table)?.kind !== 'alter')
    .map(({ wanted, live: table }): DistributeDifference => {
      const root = target.groupRoot(wanted);
      return {
        table: wanted.table,
        column: wanted.distributeBy,
        ...(wanted.colocateWith === undefined ? {} : { colocateWith: root }),
        shardCount: target.expected.shardCount,
        mode: copyMode(target, table),
      };
    })
    .sort((a, b) => compareTables(a.table, b.table));
}

function restoreState(target: TargetState, key: DroppedForeignKey): RestoreDifference['state'] {
  const twin = liveTwin(target, key);
  if (twin === undefined) return 'away';
  return twin.validated || !key.validated ? 'there' : 'added';
}

function keyDifferences(target: TargetState): KeyDifference[] {
  return target.distributedTables().flatMap(({ wanted, live }) => {
    const columns = target.newPrimaryKey(wanted.table);
    const index = live.keys.find((key) => key.kind === 'index' && key.name === keyIndexName(wanted.table));
    const current = target.primaryKey(wanted.table);
    const include = (current?.include ?? []).filter((column) => columns?.includes(column) !== true);
    const usable =
      columns !== undefined &&
      index?.valid === true &&
      sameColumns(index.columns, columns) &&
      sameColumns(index.include, include);
    const checked = (column: string): { readonly validated: boolean } | undefined =>
      live.ownChecks.find((check) => check.name === notNullCheckName(column));
    const notNull = live.columns
      .filter(({ name, notNull: already }) =>
        checked(name) === undefined ? columns?.includes(name) === true && !already : true,
      )
      .map(({ name }) => ({ column: name, check: progressOf(checked(name)) }));
    const difference: KeyDifference = {
      table: wanted.table,
      dropIndex: index !== undefined && !usable,
      notNull,
      ...(columns === undefined
        ? {}
        : {
            primaryKey: {
              name: current?.name ?? primaryKeyName(wanted.table, live.keys),
              columns,
              replaces: current?.columns,
              include,
              ...(current?.comment === undefined ? {} : { comment: current.comment }),
              options: current?.options ?? [],
              ...(current?.tablespace === undefined ? {} : { tablespace: current.tablespace }),
              ...(current?.indexComment === undefined ? {} : { indexComment: current.indexComment }),
              indexIsBuilt: usable,
              partitioned: live.kind === 'partitioned',
              identifiesRows: current?.identifiesRows === true,
            },
          }),
    };
    return difference.dropIndex || notNull.length > 0 || columns !== undefined ? [difference] : [];
  });
}

function progressOf(check: { readonly validated: boolean } | undefined): 'absent' | 'added' | 'validated' {
  if (check === undefined) return 'absent';
  return check.validated ? 'validated' : 'added';
}

/** PostgreSQL's own name for a key, unless the table has something of that name. */
function primaryKeyName(table: TableName, keys: readonly { readonly name: string }[]): string {
  const usual = `${table.name}_pkey`;
  const free = Buffer.byteLength(usual) <= LONGEST_NAME_BYTES && !keys.some((key) => key.name === usual);
  return free ? usual : keyIndexName(table);
}

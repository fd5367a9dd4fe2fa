import { tableKey } from '../../../config/workload/identifiers';
import type {
  DistributedTable,
  Distribution,
  ExpectedSchema,
  ExpectedTable,
  TableName,
} from '../../../config/workload/distribution-types';
import type { LiveColumn, LiveDatabase, LiveForeignKey, LiveKey, LiveSchema, LiveTable } from '../model/live';
import { compareTables, sameColumns, sameTable } from '../model/names';
import { tablesOfSchema } from '../model/schemas';

/** What a table is once everything is done, whether the specification names it or not. */
export type TargetPlacement =
  | { readonly kind: 'reference' }
  | { readonly kind: 'distributed'; readonly column: string; readonly group: string }
  /** One shard beside those of its schema, which is distributed as a whole. */
  | { readonly kind: 'schema'; readonly schema: string }
  /** On the coordinator alone, known to Citus or not. */
  | { readonly kind: 'local' };

/** The expected and the live side in one place, looked up by table. Pure. */
export class TargetState {
  private readonly liveByKey: ReadonlyMap<string, LiveTable>;
  private readonly expectedByKey: ReadonlyMap<string, ExpectedTable>;
  private readonly schemasByName: ReadonlyMap<string, ExpectedSchema>;
  private readonly liveSchemas: ReadonlyMap<string, LiveSchema>;
  private readonly changes = new Map<string, PlacementChange | undefined>();
  readonly expected: Distribution;
  readonly live: LiveDatabase;

  constructor(expected: Distribution, live: LiveDatabase) {
    this.expected = expected;
    this.live = live;
    this.liveByKey = new Map(live.tables.map((table) => [tableKey(table.table), table]));
    this.expectedByKey = new Map(expected.tables.map((table) => [tableKey(table.table), table]));
    this.liveSchemas = new Map(live.schemas.map((each) => [each.schema, each]));
    this.schemasByName = new Map((expected.schemas ?? []).map((each) => [each.schema, each]));
  }

  liveTable(table: TableName): LiveTable | undefined {
    return this.liveByKey.get(tableKey(table));
  }

  /** Those of the tables that are there. */
  living(tables: readonly TableName[]): LiveTable[] {
    return tables.flatMap((table) => this.liveTable(table) ?? []);
  }

  /** The table that stands for this one in a specification and is where this is: of a partition the one that it is part of. */
  wholeOf(table: TableName): TableName {
    const whole = this.liveTable(table)?.partOf;
    return whole === undefined || this.liveTable(whole) === undefined ? table : whole;
  }

  expectedTable(table: TableName): ExpectedTable | undefined {
    return this.expectedByKey.get(tableKey(this.wholeOf(table)));
  }

  expectedSchema(schema: string): ExpectedSchema | undefined {
    return this.schemasByName.get(schema);
  }

  liveSchema(schema: string): LiveSchema | undefined {
    return this.liveSchemas.get(schema);
  }

  /** What Citus turns when it turns the schema. */
  tablesOf(schema: string): LiveTable[] {
    return tablesOfSchema(this.live, schema);
  }

  /** Whether a run distributes the schema. */
  distributesSchema({ schema, colocationId }: LiveSchema): boolean {
    return colocationId === undefined && this.expectedSchema(schema)?.kind === 'distributed';
  }

  /** Whether a run brings the schema back to the coordinator. */
  undistributesSchema({ schema, colocationId }: LiveSchema): boolean {
    return colocationId !== undefined && this.expectedSchema(schema)?.kind === 'local';
  }

  /** Whether the specification speaks of the table, by itself or with its schema. */
  isSpecified(table: TableName): boolean {
    return this.expectedTable(table) !== undefined || this.expectedSchema(table.schema) !== undefined;
  }

  /** The tables of the specification that are to be distributed and are there. */
  distributedTables(): { readonly wanted: DistributedTable; readonly live: LiveTable }[] {
    return this.expected.tables.flatMap((wanted) => {
      const live = this.liveTable(wanted.table);
      return wanted.kind === 'distributed' && live !== undefined ? [{ wanted, live }] : [];
    });
  }

  /** The table that starts the colocation group: the end of the chain of `colocateWith`. */
  groupRoot(table: DistributedTable): TableName {
    const seen = new Set<string>();
    let root: TableName = table.table;
    let next: ExpectedTable | undefined = table;
    while (next?.kind === 'distributed' && next.colocateWith !== undefined && !seen.has(tableKey(root))) {
      seen.add(tableKey(root));
      root = next.colocateWith;
      next = this.expectedTable(root);
    }
    return root;
  }

  targetPlacement(table: TableName): TargetPlacement {
    const wanted = this.expectedTable(table);
    if (wanted?.kind === 'reference' || wanted?.kind === 'local') return { kind: wanted.kind };
    const now = this.liveTable(table)?.citus;
    const whole = this.expectedSchema(table.schema)?.kind;
    if (whole === 'distributed' || (whole === undefined && now?.kind === 'schema')) {
      return { kind: 'schema', schema: table.schema };
    }
    if (wanted?.kind === 'distributed') {
      return {
        kind: 'distributed',
        column: wanted.distributeBy,
        group: this.groupName(this.groupRoot(wanted)),
      };
    }
    if (now?.kind === 'reference') return { kind: 'reference' };
    if (now?.kind === 'distributed' && now.column !== null) {
      return { kind: 'distributed', column: now.column, group: this.groupName(table) };
    }
    return { kind: 'local' };
  }

  /** One name for a colocation group: Citus's id where it keeps the one it has, else the table that starts it. */
  private groupName(root: TableName): string {
    const now = this.liveTable(root)?.citus;
    return now?.kind === 'distributed' && this.change(root) === undefined
      ? `colocation ${String(now.colocationId)}`
      : tableKey(root);
  }

  /** How a table that is one of Citus's becomes what is asked; undefined where it is, or is none. */
  change(table: TableName): PlacementChange | undefined {
    const whole = this.wholeOf(table);
    const key = tableKey(whole);
    if (!this.changes.has(key)) this.changes.set(key, placementChange(this, whole));
    return this.changes.get(key);
  }

  /** Whether Citus already has the table as what it becomes, as far as foreign keys care. */
  isThere(table: TableName): boolean {
    const change = this.change(table)?.kind;
    if (change === 'undistribute' || change === 'alter') return false;
    const now = this.liveTable(table)?.citus.kind;
    const then = this.targetPlacement(table).kind;
    return then === 'local' ? now === 'plain' || now === 'local' : now === then;
  }

  /** Whether a run makes the table one of Citus's: as asked, or because it references one that becomes a reference table. */
  entersCitus(table: TableName): boolean {
    const live = this.liveTable(table);
    if (live?.citus.kind !== 'plain') return false;
    if (this.targetPlacement(table).kind !== 'local') return true;
    return live.foreignKeys.some((key) => this.targetPlacement(key.references).kind === 'reference');
  }

  /** Whether a run gives a plain table shards: it becomes more than local to Citus. */
  getsShards(table: TableName): boolean {
    return this.entersCitus(table) && this.targetPlacement(table).kind !== 'local';
  }

  column(table: TableName, name: string): LiveColumn | undefined {
    return this.liveTable(table)?.columns.find((column) => column.name === name);
  }

  primaryKey(table: TableName): LiveKey | undefined {
    return this.liveTable(table)?.keys.find((key) => key.kind === 'primary');
  }

  /** The primary key's columns that the table does not have yet, where the specification asks for others. */
  newPrimaryKey(table: TableName): readonly string[] | undefined {
    const wanted = this.expectedTable(table);
    if (wanted?.kind !== 'distributed' || wanted.primaryKey === undefined) return undefined;
    const now = this.primaryKey(table);
    return now !== undefined && sameColumns(now.columns, wanted.primaryKey) ? undefined : wanted.primaryKey;
  }

  /** Column lists that are unique once the keys are rewritten. */
  uniqueColumnsThen(table: TableName): (readonly (string | null)[])[] {
    const rewritten = this.newPrimaryKey(table);
    const keys = (this.liveTable(table)?.keys ?? []).filter(
      (key) => key.valid && key.kind !== 'exclusion' && !(key.kind === 'primary' && rewritten !== undefined),
    );
    return [...(rewritten === undefined ? [] : [rewritten]), ...keys.map((key) => key.columns)];
  }

  /** Foreign keys of the live tables, and those that were dropped and are still to come back. */
  foreignKeys(): LiveForeignKey[] {
    const live = this.live.tables.flatMap((table) => table.foreignKeys);
    const gone = this.live.droppedForeignKeys.filter(
      (dropped) =>
        !live.some((key) => key.name === dropped.name && sameTable(key.table, dropped.table)) &&
        this.liveTable(dropped.table) !== undefined &&
        this.liveTable(dropped.references) !== undefined,
    );
    return [...live, ...gone];
  }
}

/** What becomes of a table that Citus holds already, in another way than asked. */
export type PlacementChange =
  /** Back to a plain table on the coordinator, from where the rest of the plan leads on. */
  | { readonly kind: 'undistribute' }
  /** A copy into shards of another kind; absent properties stay as they are. */
  | {
      readonly kind: 'alter';
      readonly column?: string;
      readonly shardCount?: number;
      /** Absent: a colocation group of its own. */
      readonly colocateWith?: TableName;
    }
  /** The same shards in another colocation group, or in one of their own; no row moves. */
  | { readonly kind: 'regroup'; readonly colocateWith?: TableName };

/**
 * How a table that is one of Citus's becomes what the specification says; undefined where it is already, is not one of
 * Citus's, or belongs to a distributed schema. Pure.
 */
export function placementChange(target: TargetState, table: TableName): PlacementChange | undefined {
  const wanted = target.expectedTable(table);
  const live = target.liveTable(table);
  const now = live?.citus;
  if (wanted === undefined || live === undefined) return undefined;
  if (now?.kind !== 'reference' && now?.kind !== 'distributed') return undefined;
  if (wanted.kind !== 'distributed') return wanted.kind === now.kind ? undefined : { kind: 'undistribute' };
  if (now.kind === 'reference' || now.column === null) return { kind: 'undistribute' };
  const column = now.column === wanted.distributeBy ? undefined : wanted.distributeBy;
  // Between the two copies a key has to hold both columns. Where it cannot, the way leads over the coordinator.
  if (column !== undefined && !keysHold(target, live, now.column)) return { kind: 'undistribute' };
  const by = column === undefined ? {} : { column };
  if (wanted.colocateWith === undefined) {
    const { shardCount } = target.expected;
    // What was split was split on purpose, and stays.
    if (now.shardCount !== shardCount && now.splitShards !== true)
      return { kind: 'alter', ...by, shardCount };
    if (column !== undefined) return { kind: 'alter', column };
    return keepsGroup(target, table, now.colocationId) ? undefined : { kind: 'regroup' };
  }
  const colocateWith = target.groupRoot(wanted);
  const root = target.liveTable(colocateWith)?.citus;
  if (column !== undefined) return { kind: 'alter', column, colocateWith };
  const rootChange = placementChange(target, colocateWith);
  // A root that goes into a group of its own takes its shards there as they are.
  const rootKeepsShards = rootChange === undefined || rootChange.kind === 'regroup';
  if (root?.kind !== 'distributed' || !rootKeepsShards) return { kind: 'alter', colocateWith };
  if (rootChange === undefined && root.colocationId === now.colocationId) return undefined;
  const alike = root.shardCount === now.shardCount && root.layout === now.layout;
  return { kind: alike ? 'regroup' : 'alter', colocateWith };
}

/** Whether every key, as it is or as it is to be, holds the column that the table is distributed by today. */
function keysHold(target: TargetState, live: LiveTable, column: string): boolean {
  const then = target.newPrimaryKey(live.table);
  return then === undefined || then.includes(column);
}

/** Of tables that share a group and are not to, the first by name keeps it. */
function keepsGroup(target: TargetState, table: TableName, colocationId: number): boolean {
  const roots = target
    .distributedTables()
    .filter(
      ({ wanted, live }) =>
        wanted.colocateWith === undefined &&
        live.citus.kind === 'distributed' &&
        live.citus.colocationId === colocationId &&
        (live.citus.splitShards === true || live.citus.shardCount === target.expected.shardCount) &&
        live.citus.column === wanted.distributeBy,
    )
    .map(({ wanted }) => wanted.table)
    .sort(compareTables);
  return roots[0] === undefined || sameTable(roots[0], table);
}

/**
 * What a database looks like once it is distributed: the parsed form of `distribution.yaml`.
 * Parsed once, by {@link parseDistribution}; everything behind the parser trusts these values.
 */

/** Citus's own bounds and default of `citus.shard_count`. */
export const SHARDS = { fewest: 1, most: 64_000, usual: 32 } as const;

/** A table's name as the catalogs hold it: unquoted, exact case. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

interface Declared {
  readonly table: TableName;
}

/** Copied whole to every node. */
export interface ReferenceTable extends Declared {
  readonly kind: 'reference';
}

/** Cut into shards by the hash of one column. */
export interface DistributedTable extends Declared {
  readonly kind: 'distributed';
  /** The distribution column. */
  readonly distributeBy: string;
  /** The table whose shards this one's shards live beside; absent starts a colocation group of its own. */
  readonly colocateWith?: TableName;
  /** The primary key the table has once distributed, in order; absent leaves the key as it is. */
  readonly primaryKey?: readonly string[];
}

/** Stays on the coordinator, known to nobody else. */
export interface LocalTable extends Declared {
  readonly kind: 'local';
}

export type ExpectedTable = ReferenceTable | DistributedTable | LocalTable;

/**
 * A schema as a whole: schema-based sharding gives each table of it a single shard, all of them on one node, as where
 * every tenant has a schema of its own.
 */
export interface ExpectedSchema {
  /** As the catalogs hold it: unquoted, exact case. */
  readonly schema: string;
  /** `local`: not distributed as a whole; tables of it may be, one by one. */
  readonly kind: 'distributed' | 'local';
}

/** What a person allows by its id, of what a plan found. */
export interface Allowance {
  /** Of the finding: `forced-policy-window:ledger_lines`. */
  readonly id: string;
  /** Absent where it was allowed on the command line. */
  readonly reason?: string;
}

/** The tables and schemas that something is about: what is read, looked at or compared. */
export type DistributionScope = Pick<Distribution, 'tables' | 'schemas'>;

export interface Distribution {
  /** Shards of each distributed table that starts a colocation group, 1 to 64,000. */
  readonly shardCount: number;
  /** Copy rows without blocking writes where Citus can. */
  readonly online: boolean;
  /**
   * In the order of the file. Of tables that are not listed Citus turns those local to the coordinator that foreign keys connect
   * with a reference table; a plan names each of them.
   */
  readonly tables: readonly ExpectedTable[];
  /** In the order of the file; absent where it names none. None of `tables` is in one that is to be distributed. */
  readonly schemas?: readonly ExpectedSchema[];
  /** Findings of a plan that are allowed; absent where none is. */
  readonly allow?: readonly Allowance[];
}

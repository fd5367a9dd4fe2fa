import type { TableName } from '../../config/workload/distribution-types';

/** A schema that is drawn, and what is to become of it. All of it is data, so that parts can be left out. */
export interface Case {
  /** Of the column by which rows are distributed; colocated tables have the same. */
  readonly tenantType: TenantType;
  /** Parents before the tables that refer to them. */
  readonly tables: readonly DrawnTable[];
  readonly online: boolean;
  /** What follows the distribution. */
  readonly then: 'rebalance' | 'other shard count';
}

export type TenantType = 'integer' | 'bigint' | 'text' | 'uuid';

export interface DrawnTable {
  /** The same in every smaller version of a case. */
  readonly id: number;
  readonly table: TableName;
  readonly placement: 'distributed' | 'reference' | 'local';
  readonly key: KeyShape;
  readonly partitions: PartitionShape;
  readonly rows: number;
  readonly uses: readonly FeatureUse[];
}

/** `replaced`: a primary key without the tenant, which the specification replaces. */
export type KeyShape = 'primary' | 'unique' | 'none' | 'replaced' | 'covering';

export type PartitionShape = 'none' | 'range' | 'list' | 'range and default' | 'two levels' | 'empty';

/** A feature that a table has. */
export interface FeatureUse {
  /** The same in every smaller version of a case; names of objects end in it. */
  readonly id: number;
  readonly feature: string;
  /** Decides the details. */
  readonly seed: number;
  /** The id of another table that it involves, always one before it. */
  readonly other?: number;
}

/** What a feature gives to a table: SQL that the login runs, in this order. */
export interface Piece {
  /** What the table needs. */
  readonly before?: readonly string[];
  readonly columns?: readonly DrawnColumn[];
  readonly constraints?: readonly string[];
  /** While the table is empty. */
  readonly after?: readonly string[];
  /** Once all tables have their rows. */
  readonly late?: readonly string[];
  /** Once all else is there: policies, which hide rows from the statements before. */
  readonly last?: readonly string[];
}

export interface DrawnColumn {
  readonly name: string;
  /** Type and what follows it, as in CREATE TABLE. */
  readonly definition: string;
  /** Of row number `i`; absent leaves the column to its default. */
  readonly value?: string;
}

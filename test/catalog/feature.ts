import { escapeIdentifier } from 'pg';
import type { Chance } from './chance';
import type { DrawnTable, Piece, TenantType } from './case';

/** A thing that PostgreSQL can hang on a table. */
export interface Feature {
  readonly name: string;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  /** Whether Citus or the program refuses it on the table, so that most cases go without. @default never */
  readonly refused?: (table: DrawnTable) => boolean;
  /** @default every table */
  readonly fits?: (table: DrawnTable) => boolean;
  /** Tables before this one that it can involve; a feature that has this is not drawn without one. */
  readonly involves?: (table: DrawnTable, other: DrawnTable) => boolean;
  readonly make: (table: Site, chance: Chance) => Piece;
}

/** The table that a feature is to hang on, as its SQL needs it. */
export interface Site {
  readonly drawn: DrawnTable;
  readonly tenantType: TenantType;
  /** The table, quoted and with its schema. */
  readonly sql: string;
  /** The name of an object of this feature, quoted. */
  readonly name: (what: string) => string;
  /** The same with the table's schema. */
  readonly inSchema: (what: string) => string;
  /** Present where {@link Feature.involves} is. */
  readonly other: Pick<Site, 'drawn' | 'sql'>;
}

export const isPartitioned = ({ partitions }: DrawnTable): boolean => partitions !== 'none';
export const isPlain = (table: DrawnTable): boolean => !isPartitioned(table);
export const entersCitus = ({ placement }: DrawnTable): boolean => placement !== 'local';
export const isDistributed = ({ placement }: DrawnTable): boolean => placement === 'distributed';
export const hasPrimaryKey = ({ key }: DrawnTable): boolean => key === 'primary' || key === 'covering';

export const quote = escapeIdentifier;

/** A text in SQL. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Roles of the cluster that cases refer to; the login is a member of {@link OWNER}. */
export const READER = 'catalog_reader';
export const WRITER = 'Catalog Writer';
export const OWNER = 'catalog_owner';

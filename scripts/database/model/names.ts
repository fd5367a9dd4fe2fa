import { createHash } from 'node:crypto';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { LONGEST_NAME_BYTES, tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';

const KEY_INDEX = 'scaleout_key_';
const NOT_NULL_CHECK = 'scaleout_not_null_';

/** The table as SQL names it, whatever the search path: `"public"."events"`. */
export function sqlTable(table: TableName): string {
  return `${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)}`;
}

/** The table as an argument of a Citus function: `'"public"."events"'`. */
export function sqlTableArgument(table: TableName): string {
  return escapeLiteral(sqlTable(table));
}

/** `"device_id", "event_id"` */
export function sqlColumns(columns: readonly string[]): string {
  return columns.map((column) => escapeIdentifier(column)).join(', ');
}

/**
 * The table as messages and ids name it: `events`, or `sales.orders` outside of public. A part that holds a dot, a quote or a
 * colon is quoted, so that any two tables have two names: `"a.b".c` and `a."b.c"`.
 */
export function showTable(table: TableName): string {
  return table.schema === 'public'
    ? showPart(table.name)
    : `${showPart(table.schema)}.${showPart(table.name)}`;
}

/** A name as messages and ids show it. */
export function showPart(name: string): string {
  return /[.":]/.test(name) ? escapeIdentifier(name) : name;
}

export function sameTable(a: TableName, b: TableName): boolean {
  return a.schema === b.schema && a.name === b.name;
}

export function sameColumns(a: readonly (string | null)[], b: readonly (string | null)[]): boolean {
  return a.length === b.length && a.every((column, index) => column === b[index]);
}

/** Orders tables by schema and name, byte by byte, so that a plan does not depend on anybody's locale. */
export function compareTables(a: TableName, b: TableName): number {
  const [left, right] = [tableKey(a), tableKey(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The index that becomes a table's new primary key. Its name says whose it is, so that a later run knows it again. */
export function keyIndexName(table: TableName): string {
  return ownName(KEY_INDEX, table.name);
}

/** The check that proves a column holds no NULL before the column is declared NOT NULL. */
export function notNullCheckName(column: string): string {
  return ownName(NOT_NULL_CHECK, column);
}

/** Whether this project gave the name: to an index that becomes a key, or to a check. */
export function isOwnName(name: string): boolean {
  return name.startsWith(KEY_INDEX) || name.startsWith(NOT_NULL_CHECK);
}

/** A name that this project gives: not cut short by PostgreSQL, and the same for the same subject. */
export function ownName(prefix: string, rest: string): string {
  const plain = `${prefix}${rest}`;
  if (Buffer.byteLength(plain) <= LONGEST_NAME_BYTES) return plain;
  return `${prefix}${createHash('sha256').update(rest).digest('hex').slice(0, 12)}`;
}

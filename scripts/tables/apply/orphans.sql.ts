import { escapeIdentifier } from 'pg';
import type { LiveForeignKey } from '../../database/model/live';
import { sqlTable } from '../../database/model/names';

/** Lists the rows that a foreign key fails on. Distributed tables are joined by the key, which pairs their distribution columns. Pure. */
export function selectOrphans({
  table,
  columns,
  references,
  referencedColumns,
  definition,
}: LiveForeignKey): string {
  const own = columns.map((column) => `child.${escapeIdentifier(column)}`);
  // A key of several columns binds a row where all are set, or any, as its definition says.
  const isFull = definition.replace(/"(?:[^"]|"")*"/g, '""').includes(' MATCH FULL');
  const bound = own.map((column) => `${column} IS NOT NULL`).join(isFull ? ' OR ' : ' AND ');
  const pairs = referencedColumns.map(
    (column, index) => `parent.${escapeIdentifier(column)} = ${own[index] ?? ''}`,
  );
  return (
    `SELECT child.* FROM ${sqlTable(table)} AS child WHERE (${bound}) ` +
    `AND NOT EXISTS (SELECT FROM ${sqlTable(references)} AS parent WHERE ${pairs.join(' AND ')})`
  );
}

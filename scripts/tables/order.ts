import { tableKey } from '../../config/identifiers';
import type { TableName } from '../../config/distribution-types';
import { compareTables } from './names';

/** `first` comes before `then`; a firm edge always holds, others give way where they form a circle. */
export interface Edge {
  readonly first: TableName;
  readonly then: TableName;
  readonly firm: boolean;
}

/**
 * Orders tables so that what must come first does, and what should come first does where that is possible; otherwise
 * by name, so that one input has one order. Pure.
 */
export function orderTables(tables: readonly TableName[], edges: readonly Edge[]): TableName[] {
  const waiting = [...tables].sort(compareTables);
  const ordered: TableName[] = [];
  while (waiting.length > 0) {
    const left = new Set(waiting.map(tableKey));
    const blocked = (table: TableName, firmOnly: boolean): boolean =>
      edges.some(
        (edge) =>
          tableKey(edge.then) === tableKey(table) &&
          tableKey(edge.first) !== tableKey(table) &&
          left.has(tableKey(edge.first)) &&
          (edge.firm || !firmOnly),
      );
    const free = waiting.findIndex((table) => !blocked(table, false));
    const next = free === -1 ? waiting.findIndex((table) => !blocked(table, true)) : free;
    ordered.push(...waiting.splice(Math.max(next, 0), 1));
  }
  return ordered;
}

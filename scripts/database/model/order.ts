import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
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
  const waiting = new Map([...tables].sort(compareTables).map((table) => [tableKey(table), table]));
  // How many edges hold a table back, and which tables it holds back itself.
  const held = new Map([...waiting.keys()].map((key) => [key, { all: 0, firm: 0 }]));
  const holds = new Map<string, { readonly key: string; readonly firm: boolean }[]>();
  for (const { first, then, firm } of edges) {
    const [from, to] = [tableKey(first), tableKey(then)];
    const back = held.get(to);
    if (from === to || back === undefined || !waiting.has(from)) continue;
    back.all += 1;
    if (firm) back.firm += 1;
    const behind = holds.get(from);
    if (behind === undefined) holds.set(from, [{ key: to, firm }]);
    else behind.push({ key: to, firm });
  }
  const firstFree = (by: 'all' | 'firm'): string | undefined => {
    for (const key of waiting.keys()) if (held.get(key)?.[by] === 0) return key;
    return undefined;
  };
  const ordered: TableName[] = [];
  while (waiting.size > 0) {
    const next = firstFree('all') ?? firstFree('firm') ?? [...waiting.keys()][0] ?? '';
    const table = waiting.get(next);
    if (table !== undefined) ordered.push(table);
    waiting.delete(next);
    for (const { key, firm } of holds.get(next) ?? []) {
      const back = held.get(key);
      if (back === undefined) continue;
      back.all -= 1;
      if (firm) back.firm -= 1;
    }
  }
  return ordered;
}

/** The same of what has a table each. */
export function sortedByEdges<T extends { readonly table: TableName }>(
  items: readonly T[],
  edges: readonly Edge[],
): T[] {
  const byTable = new Map(items.map((item) => [tableKey(item.table), item]));
  return orderTables(
    items.map((item) => item.table),
    edges,
  ).flatMap((table) => byTable.get(tableKey(table)) ?? []);
}

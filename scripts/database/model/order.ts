import { groupBy } from '../../lib/group-by';
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
  const ends = edges.map(({ first, then, firm }) => ({ from: tableKey(first), to: tableKey(then), firm }));
  const between = ends.filter(({ from, to }) => from !== to && waiting.has(from) && waiting.has(to));
  for (const { to, firm } of between) count(held.get(to), firm, 1);
  const holds = groupBy(between, ({ from }) => from);
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
    for (const { to, firm } of holds.get(next) ?? []) count(held.get(to), firm, -1);
  }
  return ordered;
}

function count(held: { all: number; firm: number } | undefined, firm: boolean, change: number): void {
  if (held === undefined) return;
  held.all += change;
  if (firm) held.firm += change;
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

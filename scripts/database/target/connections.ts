import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import type { LiveForeignKey } from '../model/live';
import type { TargetState } from './target-state';

/**
 * For any table: itself and all that foreign keys connect with it.
 *
 * @param drop foreign keys that are dropped by then
 * @param more foreign keys that are back by then
 */
export function connections(
  target: TargetState,
  drop: readonly { readonly key: LiveForeignKey }[],
  more: readonly LiveForeignKey[] = [],
): (table: TableName) => readonly TableName[] {
  const dropped = new Set(drop.map(({ key }) => key));
  const beside = new Map<string, TableName[]>();
  const join = (from: TableName, to: TableName): void => {
    const known = beside.get(tableKey(from));
    if (known === undefined) beside.set(tableKey(from), [to]);
    else known.push(to);
  };
  for (const key of [...target.live.tables.flatMap((live) => live.foreignKeys), ...more]) {
    if (dropped.has(key)) continue;
    join(key.table, key.references);
    join(key.references, key.table);
  }
  // Who is connected with one of them is connected with all: each such lot is found once.
  const lots = new Map<string, readonly TableName[]>();
  return (table) => {
    const known = lots.get(tableKey(table));
    if (known !== undefined) return known;
    const found = new Map([[tableKey(table), table]]);
    for (const key of found.keys()) for (const next of beside.get(key) ?? []) found.set(tableKey(next), next);
    const lot = [...found.values()];
    for (const key of found.keys()) lots.set(key, lot);
    return lot;
  };
}

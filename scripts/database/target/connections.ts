import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { groupBy } from '../../lib/group-by';
import type { LiveDatabase, LiveForeignKey } from '../model/live';

type Ends = Pick<LiveForeignKey, 'table' | 'references'>;

/** For any table: itself and all that the foreign keys connect with it, however many tables lie between. */
export function connections(keys: readonly Ends[]): (table: TableName) => readonly TableName[] {
  const beside = neighbours(keys);
  // Who is connected with one of them is connected with all: each such lot is found once.
  const lots = new Map<string, readonly TableName[]>();
  return (table) => {
    const known = lots.get(tableKey(table));
    if (known !== undefined) return known;
    const found = reached([table], beside);
    const lot = [...found.values()];
    for (const key of found.keys()) lots.set(key, lot);
    return lot;
  };
}

/** The tables, and those that the foreign keys connect with any of them, by {@link tableKey}. */
export function connectedWith(
  tables: readonly TableName[],
  keys: readonly Ends[],
): ReadonlyMap<string, TableName> {
  return reached(tables, neighbours(keys));
}

/** The foreign keys of a database but those that are away. */
export function foreignKeysOf(
  { tables }: Pick<LiveDatabase, 'tables'>,
  away: readonly LiveForeignKey[] = [],
): LiveForeignKey[] {
  const gone = new Set(away);
  return tables.flatMap(({ foreignKeys }) => foreignKeys).filter((key) => !gone.has(key));
}

/** What connects partitions with their tables, which Citus knows together or not at all. */
export function partitionLinks({ tables }: Pick<LiveDatabase, 'tables'>): Ends[] {
  return tables.flatMap(({ table, partOf }) => (partOf === undefined ? [] : [{ table, references: partOf }]));
}

type Neighbours = ReadonlyMap<string, readonly { readonly to: TableName }[]>;

function neighbours(keys: readonly Ends[]): Neighbours {
  const ways = keys.flatMap(({ table, references }) => [
    { from: table, to: references },
    { from: references, to: table },
  ]);
  return groupBy(ways, ({ from }) => tableKey(from));
}

function reached(tables: readonly TableName[], beside: Neighbours): Map<string, TableName> {
  const found = new Map(tables.map((table) => [tableKey(table), table]));
  for (const key of found.keys()) {
    for (const { to } of beside.get(key) ?? []) found.set(tableKey(to), to);
  }
  return found;
}

import { tableKey } from '../../../config/workload/identifiers';
import type { DistributionScope, TableName } from '../../../config/workload/distribution-types';
import type { LiveDatabase, LiveTable, LiveView } from '../model/live';
import { compareTables } from '../model/names';
import { connectedWith, foreignKeysOf, partitionLinks } from './connections';
import { specifiedTables } from '../model/schemas';

/**
 * The tables that a run can change, and has to leave with the rows and objects they have: those that the specification names, by
 * themselves or with their schema, and those that Citus converts along with them. Of tables that foreign keys connect it knows all
 * or none: it makes Citus local tables of the others, and plain tables again. What is distributed already and not named stays as it is. Pure.
 */
export function tablesInScope(expected: DistributionScope, live: LiveDatabase): TableName[] {
  const named = specifiedTables(expected, live);
  // A foreign key that is away returns.
  const reached = connectedWith(named, [
    ...foreignKeysOf(live),
    ...live.droppedForeignKeys,
    ...partitionLinks(live),
  ]);
  const own = new Set(named.map(tableKey));
  const along = live.tables
    .filter((each) => isConverted(each) && reached.has(tableKey(each.table)))
    .map(({ table }) => table)
    .filter((table) => !own.has(tableKey(table)));
  return [...named, ...along.sort(compareTables)];
}

function isConverted({ kind, citus }: LiveTable): boolean {
  return (kind === 'table' || kind === 'partitioned') && (citus.kind === 'plain' || citus.kind === 'local');
}

/** The views that rest on any of the tables. Pure. */
export function viewsOver(tables: readonly TableName[], live: LiveDatabase): LiveView[] {
  const over = new Set(tables.map(tableKey));
  return live.views.filter((view) => view.tables.some((table) => over.has(tableKey(table))));
}

/** Tables to be looked at, of which nothing is expected. Pure. */
export function scopeOf(tables: readonly TableName[]): DistributionScope {
  return { tables: tables.map((table) => ({ kind: 'local', table })) };
}

/** The scope of a specification with more tables to look at. Pure. */
export function unlistedTablesInScope(
  expected: DistributionScope,
  tables: readonly TableName[],
): DistributionScope {
  const named = new Set(expected.tables.map(({ table }) => tableKey(table)));
  const more = scopeOf(tables.filter((table) => !named.has(tableKey(table))));
  return { ...expected, tables: [...expected.tables, ...more.tables] };
}

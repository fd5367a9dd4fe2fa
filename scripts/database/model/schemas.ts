import type { DistributionScope, TableName } from '../../../config/workload/distribution-types';
import type { LiveDatabase, LiveTable } from './live';
import { sameTable } from './names';

/**
 * The tables that Citus turns when it turns their schema: all that hold rows, with partitions as part of their parent.
 * Complete where the specification names the schema.
 */
export function tablesOfSchema(live: LiveDatabase, schema: string): LiveTable[] {
  return live.tables.filter(
    ({ table, kind }) =>
      table.schema === schema && (kind === 'table' || kind === 'partitioned' || kind === 'foreign'),
  );
}

/** The tables the specification speaks of and that are there, by themselves or with their schema. */
export function specifiedTables(expected: DistributionScope, live: LiveDatabase): TableName[] {
  const named = expected.tables
    .map(({ table }) => table)
    .filter((table) => live.tables.some((each) => sameTable(each.table, table)));
  const within = (expected.schemas ?? [])
    .flatMap(({ schema }) => tablesOfSchema(live, schema))
    .filter(({ kind }) => kind !== 'foreign')
    .map(({ table }) => table)
    .filter((table) => !named.some((each) => sameTable(each, table)));
  return [...named, ...within];
}

import type { DistributedTable } from '../../config/workload/distribution-types';
import { sameTable } from '../database/model/names';

/** The table that starts the colocation group of one of the tables that are to be distributed. Pure. */
export function groupRoot(table: DistributedTable, all: readonly DistributedTable[]): DistributedTable {
  const { colocateWith } = table;
  const parent = colocateWith && all.find((other) => sameTable(other.table, colocateWith));
  return parent === undefined ? table : groupRoot(parent, all);
}

import type { AskedChanges, PartedTables } from './asked-layout';
import { showTable } from '../database/model/names';

/** What a question about a distributed database would change. */
export interface AskedReport {
  /** Tables whose shards would be others than they are. */
  readonly tables: readonly string[];
  /** Tables with shards that would become reference tables, or come back to the coordinator. */
  readonly toReference: readonly string[];
  readonly toLocal: readonly string[];
  /** Tables that would no longer live beside those they live beside today. */
  readonly parted: readonly PartedTables[];
}

/** Pure. */
export function describeAsked(changes: AskedChanges, parted: readonly PartedTables[]): AskedReport {
  return {
    tables: changes.distributed.map(({ table }) => showTable(table)),
    toReference: changes.toReference.map(showTable),
    toLocal: changes.toLocal.map(showTable),
    parted,
  };
}

import type { AskedChanges, PartedTables } from './asked-layout';
import { showTable } from '../database/model/names';
import type { ShardLayoutReport } from './real-rebalance';
import type { SimulatedNode } from './shard-sizes';

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

/** The layout that is there, beside the one that is asked about. */
export interface PresentReport {
  readonly tables: readonly ShardLayoutReport[];
  readonly nodes: readonly SimulatedNode[];
  /** That a rebalance of the layout and the nodes that are there would make, colocated tables counted one by one. */
  readonly moves: number;
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

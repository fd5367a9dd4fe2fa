import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import type { LiveTable } from '../model/live';
import { compareTables, showTable } from '../model/names';
import { orderTables } from '../model/order';
import { connections, foreignKeysOf, partitionLinks } from './connections';
import { copyMode } from './copy-mode';
import { mayReturn, whyDropped } from './foreign-keys';
import type { TargetState } from './target-state';

/** What makes a table one of Citus's that the specification does not name: the table whose way there takes it along. */
export type ConvertedAlong = (table: TableName) => TableName | undefined;

/**
 * A table that becomes a reference table takes all that foreign keys connect with it along: they turn local to Citus. So does a
 * foreign key that comes back, of tables that stay local. Of two that become reference tables the first takes the other along.
 */
export function convertedAlong(target: TargetState): ConvertedAlong {
  const all = foreignKeysOf(target.live);
  const away = all.filter((key) => whyDropped(target, key) !== undefined);
  const recorded = target.live.droppedForeignKeys.filter((key) => mayReturn(target, key));
  const returning = new Set(
    [...away, ...recorded].flatMap(({ table, references: to }) => [tableKey(table), tableKey(to)]),
  );
  const links = partitionLinks(target.live);
  const meanwhile = connections([...foreignKeysOf(target.live, away), ...links]);
  const inTheEnd = connections([...all, ...recorded, ...links]);
  const references = orderTables(
    target.expected.tables
      .filter(({ kind, table }) => kind === 'reference' && !target.isThere(table))
      .map(({ table }) => table)
      .sort(compareTables),
    target.foreignKeys().map((key) => ({ first: key.references, then: key.table, firm: false })),
  );
  const turns = new Map(references.map((table, turn) => [tableKey(table), turn]));
  return (table) => {
    const own = turns.get(tableKey(table)) ?? references.length;
    const becomesReference = (each: TableName): boolean =>
      (turns.get(tableKey(each)) ?? references.length) < own;
    const along = meanwhile(table).find(becomesReference);
    if (along !== undefined || target.targetPlacement(table).kind !== 'local') return along;
    const connected = inTheEnd(table);
    return connected.some((each) => returning.has(tableKey(each)))
      ? connected.find((each) => target.targetPlacement(each).kind === 'reference')
      : undefined;
  };
}

/** How Citus puts a new relation in the place of a table: an empty one over the old one, which becomes its shard, or a copy. */
export interface Recreation {
  readonly how: 'convert' | 'copy';
  /** The rest of the sentence `Citus recreates table t`. */
  readonly why: string;
  /** What avoids it, as the end of a list of ways out. */
  readonly instead: string;
}

/** Undefined where a run leaves the relation as it is, as a reference table and a copy of a plain table with writes waiting do. */
export function recreation(
  target: TargetState,
  live: LiveTable,
  takenAlong: ConvertedAlong,
): Recreation | undefined {
  const { table, citus, kind } = live;
  if (kind !== 'table' && kind !== 'partitioned') return undefined;
  const change = target.change(table)?.kind;
  const schema = target.liveSchema(table.schema);
  const name = showTable(table);
  if (change === 'undistribute')
    return copied('to bring it back to the coordinator', `leave table ${name} as it is`);
  if (change === 'alter') return copied('to copy it into other shards', `leave table ${name} as it is`);
  if (citus.kind === 'schema' && schema !== undefined && target.undistributesSchema(schema)) {
    return copied('to bring it back to the coordinator', `leave schema ${table.schema} distributed`);
  }
  const along = citus.kind === 'plain' ? takenAlong(table) : undefined;
  if (along !== undefined) {
    return {
      how: 'convert',
      why: `as a Citus local table, since foreign keys connect it with reference table ${showTable(along)}`,
      instead: `leave table ${showTable(along)} out`,
    };
  }
  const wanted = target.expectedTable(table);
  if (wanted?.kind !== 'distributed' || target.isThere(table)) return undefined;
  const { online } = copyMode(target, live);
  if (citus.kind === 'local' && !online) {
    return copied('before it distributes it with writes waiting', `leave table ${name} out`);
  }
  if (citus.kind !== 'plain' || !online) return undefined;
  return {
    how: 'convert',
    why: 'for its online copy',
    instead: 'say online: false, which keeps the table and lets writes wait',
  };
}

function copied(why: string, instead: string): Recreation {
  return { how: 'copy', why, instead };
}

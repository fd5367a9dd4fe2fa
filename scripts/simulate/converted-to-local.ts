import { tableKey } from '../../config/workload/identifiers';
import type { TableName } from '../../config/workload/distribution-types';

/** A foreign key as the catalog holds it. */
export interface CatalogForeignKey {
  readonly name: string;
  readonly from: TableName;
  readonly to: TableName;
  /** Of the tables in `pg_class`. */
  readonly fromId: number;
  readonly toId: number;
  /** It is a partition's part of a foreign key of the whole table. */
  readonly inherited: boolean;
}

/**
 * The tables that turn local to Citus when reference tables are made, in the order in which they do, which is the order of
 * their shard ids. A rebalance that has to choose among equal shards takes the lowest id, so that this order decides. Pure.
 *
 * Citus drops the foreign keys between the new reference table and tables it does not know, and makes them again one by one:
 * those of the reference table itself by name, then those to it as `pg_depend` holds them. Before each, the table at its
 * other end turns local with all that is connected with it: nearest tables first, those referenced before those
 * referencing, each by id. Other tables that are to become reference tables are no exception.
 *
 * @param references in the order in which they are made
 * @param foreignKeys of one referenced table in the order in which Citus finds them in `pg_depend`. That is the order of
 *   the rows on disk, and not of their age: rows fill the room that a vacuum found
 * @param there tables that Citus knows already
 */
export function convertedToLocal(
  references: readonly TableName[],
  foreignKeys: readonly CatalogForeignKey[],
  there: readonly TableName[] = [],
): TableName[] {
  const graph = neighbours(foreignKeys);
  const known = new Set(there.map(tableKey));
  const turned: TableName[] = [];
  for (const reference of references) {
    // One that turned local before has taken along what is connected with it.
    if (known.has(tableKey(reference))) continue;
    known.add(tableKey(reference));
    for (const table of atOtherEnds(reference, foreignKeys)) {
      if (known.has(tableKey(table))) continue;
      for (const each of connected(table, graph, reference)) {
        if (known.has(tableKey(each))) continue;
        known.add(tableKey(each));
        turned.push(each);
      }
    }
  }
  return turned;
}

function atOtherEnds(reference: TableName, foreignKeys: readonly CatalogForeignKey[]): TableName[] {
  const own = tableKey(reference);
  const declared = foreignKeys.filter(({ inherited }) => !inherited);
  return [
    ...declared
      .filter(({ from }) => tableKey(from) === own)
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
      .map(({ to }) => to),
    ...declared.filter(({ to }) => tableKey(to) === own).map(({ from }) => from),
  ];
}

interface Neighbour {
  readonly id: number;
  readonly table: TableName;
}
interface Neighbours {
  readonly referenced: Neighbour[];
  readonly referencing: Neighbour[];
}

function neighbours(foreignKeys: readonly CatalogForeignKey[]): ReadonlyMap<string, Neighbours> {
  const graph = new Map<string, Neighbours>();
  const of = (table: TableName): Neighbours => {
    const found = graph.get(tableKey(table)) ?? { referenced: [], referencing: [] };
    graph.set(tableKey(table), found);
    return found;
  };
  for (const { from, to, fromId, toId } of foreignKeys) {
    of(from).referenced.push({ id: toId, table: to });
    of(to).referencing.push({ id: fromId, table: from });
  }
  for (const { referenced, referencing } of graph.values()) {
    referenced.sort((a, b) => a.id - b.id);
    referencing.sort((a, b) => a.id - b.id);
  }
  return graph;
}

/** The table itself first; what is connected by way of `without` alone is not. */
function connected(
  table: TableName,
  graph: ReadonlyMap<string, Neighbours>,
  without: TableName,
): Iterable<TableName> {
  const found = new Map([[tableKey(table), table]]);
  // A Map is gone through in the order of its growth, what is added on the way included.
  for (const key of found.keys()) {
    const { referenced = [], referencing = [] } = graph.get(key) ?? {};
    for (const { table: next } of [...referenced, ...referencing]) {
      if (tableKey(next) !== tableKey(without)) found.set(tableKey(next), next);
    }
  }
  return found.values();
}

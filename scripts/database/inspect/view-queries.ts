import type { CitusTable, ViewQueries } from '../model/live';
import type { QueryResultRow } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { parseNodeTree } from '../model/node-tree';
import type { TreeValue } from '../model/node-tree';
import { namedIn, readViewQuery } from '../model/view-query';
import type { TreeNames, TreeRelation, Volatility } from '../model/view-query';
import { EQUALITIES, MUTABLE_FUNCTIONS, TREE_RELATIONS, VIEW_TREES } from './view-queries.sql';

type RowsOf = <Row extends QueryResultRow>(sql: string, values: unknown[]) => Promise<Row[]>;

/**
 * Reads the queries of views out of the catalogs, in five questions however many there are. It plans nothing, so locks, policies,
 * missing rights and a database that is half distributed change nothing in the answer.
 *
 * @param knownOids of tables that somebody has looked at
 * @param citusOf what Citus knows of tables, by their oids
 */
export async function readViewQueries(
  rowsOf: RowsOf,
  views: readonly TableName[],
  knownOids: ReadonlySet<number>,
  citusOf: (oids: readonly number[]) => Promise<ReadonlyMap<number, CitusTable>>,
): Promise<ViewQueries | undefined> {
  if (views.length === 0) return undefined;
  const rows = await rowsOf<TreeRow>(VIEW_TREES, [
    views.map(({ schema }) => schema),
    views.map(({ name }) => name),
  ]);
  const trees = rows.map(({ schema, name, tree }) => ({
    view: { schema, name },
    tree: understood(() => parseNodeTree(tree)),
  }));
  const { names, tables } = await readNames(
    rowsOf,
    trees.flatMap(({ tree }) => tree ?? []),
  );
  const others = [...tables].filter(([oid]) => !knownOids.has(oid));
  const citus =
    others.length === 0 ? new Map<number, CitusTable>() : await citusOf(others.map(([oid]) => oid));
  return {
    postgres: rows[0]?.postgres ?? 0,
    queries: trees.map(({ view, tree }) => ({
      view,
      query: tree === undefined ? undefined : understood(() => readViewQuery(tree, names)),
    })),
    otherTables: others.flatMap(([oid, table]) => {
      const known = citus.get(oid);
      return known === undefined ? [] : [{ table, citus: known }];
    }),
  };
}

/** A newer PostgreSQL may write what this does not know: then nothing is known of the view. */
function understood<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

async function readNames(
  rowsOf: RowsOf,
  trees: readonly TreeValue[],
): Promise<{ readonly names: TreeNames; readonly tables: ReadonlyMap<number, TableName> }> {
  const named = trees.map(namedIn);
  const all = (kind: keyof ReturnType<typeof namedIn>): string[] => [
    ...new Set(named.flatMap((each) => [...each[kind]])),
  ];
  const relations = await rowsOf<RelationRow>(TREE_RELATIONS, [all('relations')]);
  const equalities = await rowsOf<{ readonly oid: string }>(EQUALITIES, [all('operators')]);
  const mutable = await rowsOf<{ readonly oid: string; readonly volatility: Volatility }>(MUTABLE_FUNCTIONS, [
    all('functions'),
  ]);
  const relationByOid = new Map(
    relations.map(({ oid, table, isView, columns }): [string, TreeRelation] => [
      oid,
      { table, isView, columns },
    ]),
  );
  const equality = new Set(equalities.map(({ oid }) => oid));
  const volatility = new Map(mutable.map((row) => [row.oid, row.volatility]));
  return {
    names: {
      relation: (oid) => relationByOid.get(oid),
      isEquality: (oid) => equality.has(oid),
      volatility: (oid) => volatility.get(oid) ?? 'immutable',
    },
    tables: new Map(
      relations.filter(({ isView }) => !isView).map(({ table, tableOid }) => [tableOid, table]),
    ),
  };
}

interface TreeRow extends QueryResultRow, TableName {
  readonly postgres: number;
  readonly tree: string;
}

interface RelationRow extends QueryResultRow {
  readonly oid: string;
  readonly table: TableName;
  readonly tableOid: number;
  readonly isView: boolean;
  readonly columns: (string | null)[];
}

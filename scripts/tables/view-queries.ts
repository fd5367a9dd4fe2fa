import type { QueryResultRow } from 'pg';
import type { TableName } from '../../config/distribution-types';
import { tableKey } from '../../config/identifiers';
import { sqlTable } from '../database/model/names';
import { parseNodeTree } from './forecast/node-tree';
import type { TreeValue } from './forecast/node-tree';
import { namedIn, readViewQuery } from './forecast/view-query';
import type { TreeNames, TreeRelation, ViewQuery, Volatility } from './forecast/view-query';
import { EQUALITIES, MUTABLE_FUNCTIONS, TREE_RELATIONS, VIEW_TREES } from './view-queries.sql';

type RowsOf = <Row extends QueryResultRow>(sql: string, values: unknown[]) => Promise<Row[]>;

/** Views and the views they read, with their queries; a view is left out whose query is not understood. */
export interface ReadViewQueries {
  readonly queries: readonly { readonly view: TableName; readonly query: ViewQuery }[];
  /** Tables that they read. */
  readonly tableOids: readonly number[];
}

/**
 * Reads the queries of views out of the catalogs, in four questions however many there are. It plans nothing, so locks, policies,
 * missing rights and a database that is half distributed change nothing in the answer.
 */
export async function readViewQueries(rowsOf: RowsOf, views: readonly TableName[]): Promise<ReadViewQueries> {
  if (views.length === 0) return { queries: [], tableOids: [] };
  const rows = await rowsOf<TreeRow>(VIEW_TREES, [views.map(sqlTable)]);
  const trees = rows.flatMap(({ schema, name, tree }) => {
    const parsed = understood(() => parseNodeTree(tree));
    return parsed === undefined ? [] : [{ view: { schema, name }, tree: parsed }];
  });
  const { names, tableOids } = await readNames(
    rowsOf,
    trees.map(({ tree }) => tree),
  );
  return {
    queries: trees.flatMap(({ view, tree }) => {
      const query = understood(() => readViewQuery(tree, names));
      return query === undefined ? [] : [{ view, query }];
    }),
    tableOids,
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
): Promise<{ readonly names: TreeNames; readonly tableOids: readonly number[] }> {
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
    tableOids: [
      ...new Map(
        relations.filter(({ isView }) => !isView).map(({ table, tableOid }) => [tableKey(table), tableOid]),
      ).values(),
    ],
  };
}

interface TreeRow extends QueryResultRow, TableName {
  readonly tree: string;
}

interface RelationRow extends QueryResultRow {
  readonly oid: string;
  readonly table: TableName;
  readonly tableOid: number;
  readonly isView: boolean;
  readonly columns: (string | null)[];
}

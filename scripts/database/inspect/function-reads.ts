import type { QueryResultRow } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { loadSqlParser } from '../../../config/workload/sql-parser';
import type { SqlParser } from '../../../config/workload/sql-parser';
import type { ReadingCall } from '../model/live';
import { CALLED_FUNCTIONS, RELATIONS_NAMED } from './function-reads.sql';

/** Calls of functions that read tables, by the {@link tableKey} of the view, or of the table of a policy and the policy's name. */
export interface ReadingCalls {
  ofView(view: TableName): readonly ReadingCall[];
  ofPolicy(table: TableName, policy: string): readonly ReadingCall[];
}

type RowsOf = <Row extends QueryResultRow>(sql: string, values: unknown[]) => Promise<Row[]>;

interface CalledFunction {
  readonly relation: TableName;
  readonly policy: string | null;
  readonly function: string;
  readonly language: string;
  readonly body: string;
  readonly definition: string;
}

/**
 * Reads which functions that policies and views call read tables themselves. PostgreSQL keeps that of no body that is a string, so the
 * bodies are parsed; what a body puts together at run time is not seen.
 *
 * @param scope the tables as they were walked, as the values of a query
 */
export async function readReadingCalls(rowsOf: RowsOf, scope: unknown[]): Promise<ReadingCalls> {
  const called = await rowsOf<CalledFunction & QueryResultRow>(CALLED_FUNCTIONS, scope);
  const calls = new Map<string, ReadingCall[]>();
  if (called.length > 0) {
    const parser = await loadSqlParser();
    const said = called.map((each) => relationsIn(parser, each));
    const known = await relationsNamed(rowsOf, said.flat());
    for (const [place, { relation, policy, function: name }] of called.entries()) {
      const reads = (said[place] ?? []).flatMap(
        ({ schema, name: table }) => known.get(sayingKey(schema, table)) ?? [],
      );
      if (reads.length === 0) continue;
      const key = callerKey(relation, policy);
      calls.set(key, [...(calls.get(key) ?? []), { function: name, reads }]);
    }
  }
  return {
    ofView: (view) => calls.get(callerKey(view, null)) ?? [],
    ofPolicy: (table, policy) => calls.get(callerKey(table, policy)) ?? [],
  };
}

function callerKey(relation: TableName, policy: string | null): string {
  return JSON.stringify([tableKey(relation), policy]);
}

function sayingKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

async function relationsNamed(rowsOf: RowsOf, said: readonly TableName[]): Promise<Map<string, TableName[]>> {
  const found = new Map<string, TableName[]>();
  if (said.length === 0) return found;
  const unique = [...new Map(said.map((each) => [sayingKey(each.schema, each.name), each])).values()];
  const rows = await rowsOf<{ saidSchema: string; schema: string; name: string }>(RELATIONS_NAMED, [
    unique.map(({ schema }) => schema),
    unique.map(({ name }) => name),
  ]);
  for (const { saidSchema, schema, name } of rows) {
    const key = sayingKey(saidSchema, name);
    found.set(key, [...(found.get(key) ?? []), { schema, name }]);
  }
  return found;
}

/** What the body of a function names as a relation, schemas empty where they are left out; nothing of one that cannot be parsed. */
function relationsIn(parser: SqlParser, { language, body, definition }: CalledFunction): TableName[] {
  const trees: unknown[] = [];
  const parse = (sql: string): boolean => {
    try {
      trees.push(parser.parse(sql));
      return true;
    } catch {
      return false;
    }
  };
  if (language === 'sql') {
    // A body in standard SQL is part of the definition, any other is a string in it.
    parse(definition);
    parse(body);
  } else {
    for (const query of queriesOf(parser, definition)) if (!parse(query)) parse(`SELECT ${query}`);
  }
  const relations: TableName[] = [];
  const named = new Set<string>();
  for (const tree of trees) {
    visit(tree, (kind, node) => {
      const { relname, schemaname = '', ctename } = node as Readonly<Record<string, string | undefined>>;
      if (kind === 'RangeVar' && relname !== undefined) relations.push({ schema: schemaname, name: relname });
      if (kind === 'CommonTableExpr' && ctename !== undefined) named.add(ctename);
    });
  }
  return relations.filter(({ schema, name }) => schema !== '' || !named.has(name));
}

/** The queries and expressions of a body in PL/pgSQL. */
function queriesOf(parser: SqlParser, definition: string): string[] {
  const queries: string[] = [];
  try {
    visit(parser.parsePlPgSql(definition), (kind, node) => {
      const { query } = node as { readonly query?: unknown };
      if (kind === 'PLpgSQL_expr' && typeof query === 'string') queries.push(query);
    });
  } catch {
    return [];
  }
  return queries;
}

/** Every node of a tree with its kind, which is the key that it stands under. */
function visit(tree: unknown, on: (kind: string, node: object) => void): void {
  if (typeof tree !== 'object' || tree === null) return;
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'object' && value !== null) on(key, value as object);
    visit(value, on);
  }
}

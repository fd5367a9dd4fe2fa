import type { Advice, QueryAdvice, SchemaAdvice, TableAdvice } from './advice-document';
import type { TableName } from '../../config/workload/distribution-types';
import { tableKey } from '../../config/workload/identifiers';
import { allOf } from '../../config/text/text';
import type { LiveTable } from '../database/model/live';
import { showTable } from '../database/model/names';
import type { QueryShape } from '../database/forecast/shape';
import { AdviceModel } from './advice-model';
import type { AdviceInput } from './advice-model';

/** Names that a person takes in; of more, how many. */
const NAMED = 6;

interface Tenants {
  readonly schemas: readonly string[];
  readonly tables: readonly LiveTable[];
  /** By table key: what tables of theirs reference elsewhere. */
  readonly references: ReadonlyMap<string, TableName>;
}

/**
 * Advice for a database with such schemas: for them as wholes, and for what else there is as if it were alone. Where a table that
 * they reference cannot be copied to every node, Citus would refuse them, and the advice is for single tables. Pure.
 *
 * @param adviseTables the advice for single tables
 */
export function adviseWithSchemas(input: AdviceInput, adviseTables: (input: AdviceInput) => Advice): Advice {
  const groups = findTenants(input.live.tables);
  if (groups.length === 0) return adviseTables(input);
  const within = new Map(
    groups.flatMap(({ tables }) => tables.map(({ table }) => [tableKey(table), table] as const)),
  );
  const shared = new Map(groups.flatMap(({ references }) => [...references]));
  const isTenants = (table: TableName): boolean => within.has(tableKey(table));
  const rest = adviseTables({
    ...input,
    live: { ...input.live, tables: input.live.tables.filter(({ table }) => !isTenants(table)) },
    queries: input.queries.filter(({ shape }) => !tablesOf(shape).some(isTenants)),
  });
  const isShared = ({ schema, name }: TableName): boolean => shared.has(tableKey({ schema, name }));
  const names = new Set([...shared.values()].map(showTable));
  const whole = new AdviceModel(input);
  const canBeCopied = [...shared.keys()].every((key) => whole.tables.has(key) && whole.canBeReference(key));
  // What has to live beside one of them would be torn from it.
  const isNeededElsewhere = rest.tables.some(
    ({ table, colocateWith }) => colocateWith !== undefined && (names.has(colocateWith) || names.has(table)),
  );
  if (!canBeCopied || isNeededElsewhere) return adviseTables(input);
  const references = new Set(
    rest.tables.filter((each) => isShared(each) || each.decision === 'reference').map(tableKey),
  );
  const routed = input.queries.flatMap((query): QueryAdvice[] => {
    const asked = tablesOf(query.shape);
    if (!asked.some(isTenants))
      return rest.queries.filter(({ sql, name }) => sql === query.sql && name === query.name);
    const { name, source, share, calls, sql } = query;
    return [
      {
        name,
        source,
        share,
        ...(calls === undefined ? {} : { calls }),
        ...routeOf(asked, isTenants, references),
        sql,
      },
    ];
  });
  return {
    ...rest,
    tables: rest.tables.map((each) => (isShared(each) ? asReference(each) : each)),
    groups: rest.groups.filter(({ tables }) => !tables.every((name) => names.has(name))),
    changes: rest.changes.filter(({ table }) => !names.has(table)),
    queries: routed,
    schemas: groups.map((group) => toAdvice(input, group)),
  };
}

function asReference({ table, schema, name, rows, bytes }: TableAdvice): TableAdvice {
  return {
    table,
    schema,
    name,
    decision: 'reference',
    lacksColumn: false,
    ready: true,
    ...(rows === undefined ? {} : { rows }),
    bytes,
    reasons: [
      'tables of schemas that are distributed as wholes reference it, and may reference nothing else outside of their schema',
    ],
  };
}

function toAdvice({ statistics }: AdviceInput, { schemas, tables, references }: Tenants): SchemaAdvice {
  const names = tables.filter(({ table }) => table.schema === schemas[0]).map(({ table }) => table.name);
  const named =
    schemas.length <= NAMED
      ? allOf(schemas)
      : `${String(schemas.length)} schemas, ${schemas.slice(0, 2).join(', ')} and others,`;
  const shared = [...references.values()].map(showTable).sort();
  return {
    schemas,
    tables: names,
    references: shared,
    bytes: tables.reduce((sum, { table }) => sum + (statistics.get(tableKey(table))?.bytes ?? 0), 0),
    reasons: [
      `${named} have the same ${names.length === 1 ? 'table' : `${String(names.length)} tables`}, column by column, as where each tenant has a schema: distributed as a whole, each lives on one node, with its joins, foreign keys and transactions there and no distribution column anywhere`,
      ...(shared.length === 0
        ? []
        : [`their tables reference ${allOf(shared)}, which every node therefore needs`]),
    ],
  };
}

/** A query of one schema goes to its node; where several are, only the cluster knows. */
function routeOf(
  asked: readonly TableName[],
  isTenants: (table: TableName) => boolean,
  references: ReadonlySet<string>,
): Pick<QueryAdvice, 'route' | 'reason' | 'tasks' | 'subplans'> {
  const schemas = new Set(asked.filter(isTenants).map(({ schema }) => schema));
  const others = asked.filter((table) => !isTenants(table) && !references.has(tableKey(table)));
  return schemas.size === 1 && others.length === 0
    ? {
        route: 'one-shard',
        tasks: 1,
        subplans: 0,
        reason: `asks schema ${[...schemas].join()} alone, which lives on one node`,
      }
    : {
        route: 'unknown',
        reason:
          schemas.size === 1
            ? `joins schema ${[...schemas].join()} with ${allOf(others.map(showTable))}, which is not on its node`
            : 'asks more than one schema, and these need not be on one node',
      };
}

function tablesOf(shape: QueryShape | undefined): TableName[] {
  if (shape === undefined) return [];
  const all = [
    ...shape.relations.map(({ table }) => table),
    ...(shape.modifies === undefined ? [] : [shape.modifies]),
  ];
  return [...new Map(all.map((table) => [tableKey(table), table])).values()];
}

/** Schemas whose tables have equal names and columns, and whose foreign keys do not lead from one to another. */
function findTenants(all: readonly LiveTable[]): Tenants[] {
  const tables = all.filter(({ kind }) => kind === 'table' || kind === 'partitioned');
  const bySchema = new Map<string, LiveTable[]>();
  for (const table of tables) {
    const { schema } = table.table;
    if (schema !== 'public') bySchema.set(schema, [...(bySchema.get(schema) ?? []), table]);
  }
  const alike = new Map<string, string[]>();
  for (const [schema, members] of bySchema) {
    const key = JSON.stringify(members.map(signature).sort());
    alike.set(key, [...(alike.get(key) ?? []), schema]);
  }
  const candidates = new Set([...alike.values()].filter((schemas) => schemas.length > 1).flat());
  const entangled = new Set(
    tables
      .flatMap(({ foreignKeys }) => foreignKeys)
      .filter((key) => key.table.schema !== key.references.schema && candidates.has(key.references.schema))
      .flatMap((key) => [key.table.schema, key.references.schema]),
  );
  return [...alike.values()]
    .map((schemas) => schemas.filter((schema) => candidates.has(schema) && !entangled.has(schema)).sort())
    .filter((schemas) => schemas.length > 1)
    .map((schemas) => {
      const members = schemas.flatMap((schema) => bySchema.get(schema) ?? []);
      const leaving = members
        .flatMap(({ foreignKeys }) => foreignKeys)
        .filter((key) => key.table.schema !== key.references.schema);
      return {
        schemas,
        tables: members,
        references: new Map(leaving.map(({ references }) => [tableKey(references), references])),
      };
    });
}

function signature({ table, columns }: LiveTable): string {
  return JSON.stringify([table.name, columns.map(({ name, type }) => [name, type]).sort()]);
}

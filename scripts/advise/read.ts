import type { Client, QueryResultRow } from 'pg';
import { escapeIdentifier } from 'pg';
import { tableKey } from '../../config/workload/identifiers';
import type { TableName } from '../../config/workload/distribution-types';
import { didYouMean, someOf } from '../../config/text/text';
import type { WorkloadQuery } from '../../config/workload/workload-queries';
import { citusVersion, withBoundedReads } from '../lib/connection';
import {
  describeServerError,
  sqlStateOf,
  explain,
  isServerError,
  refused,
  ScaleoutError,
} from '../lib/errors';
import { inspectDatabase } from '../database/inspect/inspect';
import { scopeOf } from '../database/target/scope';
import { relations } from '../database/inspect/inspect.sql';
import type { LiveDatabase, LiveTable } from '../database/model/live';
import { showTable, sqlTable } from '../database/model/names';
import {
  COLUMN_STATISTICS,
  PARAMETER_COUNT,
  PARTITIONS,
  PLANNING,
  statements,
  STATEMENTS_EXTENSION,
  TABLE_STATISTICS,
} from './queries.sql';
import { hashConstants } from './hashes';
import type { QueryShape } from '../database/forecast/shape';
import { readShape } from '../database/forecast/shape';
import type { AdviceInput } from './advice-model';
import type { Assumptions } from './assume';
import { withAssumptions } from './assume';
import { askedColumns } from './join-keys';
import type { AskedColumn } from './join-keys';
import type { ColumnStatistics, TableStatistics } from './statistics';
import type { RecordedStatement, RecordedWorkload } from './server-log';
import type { AdvisedQuery, QuerySource } from './workload';
import { mentionsAny, readableStatement, shareOut } from './workload';

/** Statements of pg_stat_statements, and of logs, that are looked at, by calls. */
const MOST_STATEMENTS = 500;
/** Milliseconds one query may take to plan. */
const PLANNING_MS = 5000;
/** Names in a message before "and N more". */
const MOST_NAMED = 10;

export interface ReadOptions {
  /** The queries of a file. */
  readonly queries?: readonly WorkloadQuery[];
  /** What logs of a server hold. */
  readonly logged?: RecordedWorkload | undefined;
  readonly shardCount: number;
  /** What to take tables for, in the place of their statistics. */
  readonly assumed?: Assumptions | undefined;
  /** The column that advice is to be for. */
  readonly asked?: AskedColumn | undefined;
}

export interface AdviceRead {
  readonly input: AdviceInput;
  /** What was not to be had, and what that means. */
  readonly caveats: readonly string[];
}

/**
 * Reads what advice is given from: catalogs, statistics, and PostgreSQL's own plans of the workload's queries, which are
 * planned and never run. Reads no table, changes nothing, and runs no ANALYZE.
 *
 * @throws ScaleoutError where there is nothing to advise on, or not enough may be seen
 */
export async function readForAdvice(client: Client, options: ReadOptions): Promise<AdviceRead> {
  const live = await inspectAll(client);
  const tables = live.tables.filter(({ kind }) => kind === 'table' || kind === 'partitioned');
  requireTables(live, tables);
  if (options.asked !== undefined) requireColumn(tables, options.asked);
  const known = assuming(
    await withBoundedReads(client, () => readStatistics(client, tables)),
    options.assumed,
  );
  requireStatistics(live, known);
  const partitions = await client.query<TableName & { rootSchema: string; rootName: string }>(PARTITIONS);
  const partitionOf = new Map(
    partitions.rows.map(({ schema, name, rootSchema, rootName }) => [
      tableKey({ schema, name }),
      { schema: rootSchema, name: rootName },
    ]),
  );
  const workload = await readWorkload(
    client,
    options,
    tables.map(({ table }) => table),
    partitionOf,
  );
  const shapes = workload.queries.flatMap(({ shape }) => shape ?? []);
  return {
    input: {
      live,
      statistics: known.tables,
      queries: workload.queries,
      shardCount: options.shardCount,
      ...(options.asked === undefined ? {} : { asked: options.asked }),
      hashes: await hashConstants(client, shapes),
    },
    caveats: [
      ...assumeCaveats(known, options.assumed),
      ...statisticsCaveats(live, known),
      ...workload.caveats,
    ],
  };
}

/** Every table of the database: `inspect` reads those a specification names, so this one names all. */
async function inspectAll(client: Client): Promise<LiveDatabase> {
  const citus = (await citusVersion(client)) !== undefined;
  const { rows } = await client.query<TableName>(relations(citus));
  return inspectDatabase(client, scopeOf(rows.map(({ schema, name }) => ({ schema, name }))), {
    readRows: false,
  });
}

function requireTables(live: LiveDatabase, tables: readonly LiveTable[]): void {
  if (tables.length === 0) {
    throw new ScaleoutError(
      'database.no-tables',
      `database "${live.database}" has no tables that role ${live.role} can see: name the database that holds them with PGDATABASE or in the URL`,
    );
  }
  const there = tables.filter(({ citus }) => citus.kind !== 'plain' && citus.kind !== 'local');
  if (there.length > 0) {
    throw refused(
      'database.already-distributed',
      `database "${live.database}" is distributed already: ${named(there)}. advise is for what comes before that; ` +
        'to change it, edit the distribution.yaml and see what `tables plan --spec` makes of it',
    );
  }
}

function requireColumn(tables: readonly LiveTable[], asked: AskedColumn): void {
  if (askedColumns(tables, asked).length > 0) return;
  const names = [...new Set(tables.flatMap(({ columns }) => columns.map(({ name }) => name)))];
  const where = asked.table === undefined ? 'no table has' : `there is no table ${asked.table} with`;
  throw new ScaleoutError(
    'input.invalid',
    `${where} a column ${asked.column}${didYouMean(asked.column, names)}: name one that is there with --column, as COLUMN or TABLE.COLUMN`,
  );
}

function assuming(known: Known, assumed: Assumptions | undefined): Known {
  return assumed === undefined ? known : { ...known, tables: withAssumptions(known.tables, assumed) };
}

function assumeCaveats({ tables }: Known, assumed: Assumptions = new Map()): string[] {
  const strange = [...assumed].filter(([key]) => !tables.has(key)).map(([, { written }]) => written);
  const missing = [...tables.keys()].filter((key) => !assumed.has(key)).length;
  if (assumed.size === 0) return [];
  return [
    `rows, sizes and values are those that --assume gives for ${String(assumed.size - strange.length)} of ${String(tables.size)} tables` +
      (missing === 0 ? '' : ', and of the others those of this database'),
    ...(strange.length === 0
      ? []
      : [`--assume names tables that are not here: ${someOf(strange, MOST_NAMED)}`]),
  ];
}

interface Known {
  readonly tables: ReadonlyMap<string, TableStatistics>;
  readonly unreadable: readonly TableName[];
  readonly hidden: readonly TableName[];
}

async function readStatistics(client: Client, tables: readonly LiveTable[]): Promise<Known> {
  const scope = [tables.map(({ oid }) => oid)];
  const columns = new Map<string, ColumnRow[]>();
  for (const row of (await client.query<ColumnRow>(COLUMN_STATISTICS, scope)).rows) {
    const list = columns.get(tableKey(row));
    if (list === undefined) columns.set(tableKey(row), [row]);
    else list.push(row);
  }
  const { rows } = await client.query<TableRow>(TABLE_STATISTICS, scope);
  return {
    tables: new Map(rows.map((row) => [tableKey(row), toStatistics(row, columns.get(tableKey(row)) ?? [])])),
    unreadable: rows.filter(({ readable }) => !readable),
    hidden: rows.filter(({ rowSecurity }) => rowSecurity),
  };
}

function toStatistics({ rows, bytes, writes }: TableRow, columns: readonly ColumnRow[]): TableStatistics {
  return {
    ...(rows === null ? {} : { rows }),
    bytes,
    writes,
    columns: new Map(
      columns.map(({ column, distinct, nulls, top }): [string, ColumnStatistics] => [
        column,
        {
          distinct: distinct < 0 ? -distinct * (rows ?? 0) : distinct,
          nulls,
          ...(top === null ? {} : { top }),
        },
      ]),
    ),
  };
}

function requireStatistics(live: LiveDatabase, { tables, unreadable, hidden }: Known): void {
  if (unreadable.length > 0) {
    throw new ScaleoutError(
      'database.unreadable',
      `role ${live.role} may not read ${named(unreadable.map((table) => ({ table })))}, and advice that leaves ${unreadable.length === 1 ? 'it' : 'them'} out would be wrong: ` +
        `GRANT SELECT ON ${unreadable.slice(0, 3).map(sqlTable).join(', ')}${unreadable.length > 3 ? ', ...' : ''} TO ${escapeIdentifier(live.role)} (and USAGE on the schema), or connect as a role that may`,
    );
  }
  if ([...tables.values()].every(({ columns }) => columns.size === 0)) {
    if (hidden.length > 0) {
      throw new ScaleoutError(
        'database.no-statistics',
        `nothing is known of the values in database "${live.database}": ${describeHidden(live, hidden)}`,
      );
    }
    throw new ScaleoutError(
      'database.no-statistics',
      `database "${live.database}" has no statistics of any column, so nothing is known of its values: run ANALYZE there, which reads a sample of each table and changes no row, and ask again (empty tables have none: load some rows first)`,
    );
  }
}

function describeHidden({ role }: LiveDatabase, tables: readonly TableName[]): string {
  return (
    `row-level security hides the statistics of ${named(tables.map((table) => ({ table })))} from role ${role}: ask again as their owner. ` +
    'What binds the owner too is not countable while forced: run ALTER TABLE ... NO FORCE ROW LEVEL SECURITY before, and FORCE after'
  );
}

function statisticsCaveats(live: LiveDatabase, { tables, hidden }: Known): string[] {
  const without = live.tables.filter(({ table }) => {
    const known = tables.get(tableKey(table));
    return known !== undefined && known.columns.size === 0 && known.bytes > 0 && known.rows !== 0;
  });
  const rowSecurity = new Set(hidden.map(tableKey));
  const behind = without.filter(({ table }) => rowSecurity.has(tableKey(table)));
  const missing = without.filter(({ table }) => !rowSecurity.has(tableKey(table)));
  return [
    ...(missing.length === 0
      ? []
      : [
          `no statistics of ${named(missing)}: run ANALYZE and ask again, as distinct values, NULLs and skew are unknown there`,
        ]),
    ...(behind.length === 0
      ? []
      : [
          describeHidden(
            live,
            behind.map(({ table }) => table),
          ),
        ]),
  ];
}

type Raw = Pick<AdvisedQuery, 'name' | 'source' | 'sql' | 'calls'>;

function recorded(statements: readonly RecordedStatement[], source: QuerySource, word: string): Raw[] {
  return statements.map(({ query, calls }, index) => ({
    name: `${word} ${String(index + 1)}`,
    source,
    sql: readableStatement(query),
    calls,
  }));
}

interface Workload {
  readonly queries: AdvisedQuery[];
  readonly caveats: string[];
}

async function readWorkload(
  client: Client,
  { queries: fromFile = [], logged }: Pick<ReadOptions, 'queries' | 'logged'>,
  known: readonly TableName[],
  partitionOf: ReadonlyMap<string, TableName>,
): Promise<Workload> {
  const tables = new Set(known.map(tableKey));
  const names = known.map(({ name }) => name);
  const caveats: string[] = [...(logged?.caveats ?? [])];
  const kept = await readStatements(client, caveats);
  const raw: Raw[] = [
    ...fromFile.map(({ name, sql }): Raw => ({ name, source: 'file', sql })),
    ...recorded(kept, 'pg_stat_statements', 'statement'),
    ...recorded(logged?.statements.slice(0, MOST_STATEMENTS) ?? [], 'log', 'logged statement'),
  ];
  const planned: (Raw & { shape?: QueryShape; problem?: string })[] = [];
  const wrong: string[] = [];
  for (const each of raw) {
    const plan = await explainQuery(client, each.sql);
    if ('problem' in plan) {
      if (each.source === 'file' && !plan.denied) wrong.push(`${each.name}: ${plan.problem}`);
      else if (each.source === 'file' || mentionsAny(each.sql, names)) {
        planned.push({ ...each, problem: plan.problem });
      }
      continue;
    }
    const shape = await readShape(plan.plan, each.sql, partitionOf);
    const touched = [
      ...shape.relations.map(({ table }) => table),
      ...(shape.modifies === undefined ? [] : [shape.modifies]),
    ];
    // What others ask of the catalogs, this program among them, is no workload.
    const ours = each.source === 'file' || touched.some((table) => tables.has(tableKey(table)));
    if (ours) planned.push({ ...each, shape });
  }
  if (wrong.length > 0) {
    throw new ScaleoutError(
      'database.queries-unplannable',
      `${wrong.length === 1 ? 'a query of the file does' : `${String(wrong.length)} queries of the file do`} not fit this database, so their plans are unknown: ${wrong.join('; ')}. Correct the file, or name the database it is for`,
    );
  }
  const unknown = planned.filter(({ problem }) => problem !== undefined);
  if (unknown.length > 0) {
    caveats.push(
      `${String(unknown.length)} of ${String(planned.length)} queries could not be planned and count for nothing, such as ${unknown[0]?.name ?? ''}: ${unknown[0]?.problem ?? ''}`,
    );
  }
  if (planned.length === 0) {
    caveats.push(
      'no workload is known (no --queries, no --log, and pg_stat_statements says nothing), so this rests on keys, foreign keys, names and sizes alone: a file with the ten commonest queries makes better advice',
    );
  }
  return { queries: shareOut(planned), caveats };
}

async function readStatements(client: Client, caveats: string[]): Promise<RecordedStatement[]> {
  const extension = (await client.query<{ schema: string; allRoles: boolean }>(STATEMENTS_EXTENSION)).rows[0];
  if (extension === undefined) return [];
  if (!extension.allRoles) {
    caveats.push(
      'pg_stat_statements shows this role its own statements alone: GRANT pg_read_all_stats to it to see the whole workload',
    );
  }
  try {
    const view = `${escapeIdentifier(extension.schema)}.pg_stat_statements`;
    return (await client.query<RecordedStatement & QueryResultRow>(statements(view), [MOST_STATEMENTS])).rows;
  } catch (error) {
    if (!isServerError(error)) throw error;
    caveats.push(`pg_stat_statements is created and cannot be read: ${describeServerError(error)}`);
    return [];
  }
}

type Explained = { readonly plan: unknown } | { readonly problem: string; readonly denied: boolean };

/** PostgreSQL's plan of a query, parameters left open. The transaction is read-only, and EXPLAIN runs nothing. */
async function explainQuery(client: Client, sql: string): Promise<Explained> {
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(PLANNING, [String(PLANNING_MS)]);
    // The extended protocol takes one statement, whatever the text holds.
    const prepare = { text: `PREPARE scaleout_advise AS ${sql}`, queryMode: 'extended' };
    await client.query(prepare);
    const { rows } = await client.query<{ count: number }>(PARAMETER_COUNT, ['scaleout_advise']);
    const count = rows[0]?.count ?? 0;
    const values = count === 0 ? '' : `(${Array.from({ length: count }, () => 'NULL').join(', ')})`;
    const answer = await client.query<{ 'QUERY PLAN': unknown }>(
      `EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) EXECUTE scaleout_advise${values}`,
    );
    return { plan: answer.rows[0]?.['QUERY PLAN'] };
  } catch (error) {
    if (!isServerError(error)) throw error;
    const denied = ['42501', '57014', '55P03'].includes(sqlStateOf(error) ?? '');
    return { problem: explain(error), denied };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    await client.query('DEALLOCATE scaleout_advise').catch(() => undefined);
  }
}

function named(tables: readonly { readonly table: TableName }[]): string {
  return someOf(
    tables.map(({ table }) => showTable(table)),
    MOST_NAMED,
  );
}

interface TableRow extends QueryResultRow, TableName {
  readonly rows: number | null;
  readonly bytes: number;
  readonly writes: number;
  readonly readable: boolean;
  readonly rowSecurity: boolean;
}

interface ColumnRow extends QueryResultRow, TableName {
  readonly column: string;
  readonly distinct: number;
  readonly nulls: number;
  readonly top: number | null;
}

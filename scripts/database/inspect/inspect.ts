import { groupBy } from '../../lib/group-by';
import type { Client, QueryResultRow } from 'pg';
import { escapeIdentifier } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { DistributionScope, TableName } from '../../../config/workload/distribution-types';
import { withBoundedReads } from '../../lib/connection';
import { isServerError } from '../../lib/errors';
import { RECORD_IS_THERE } from '../model/forced-policies';
import { readCitusTables } from '../../citus/citus-tables';
import type { CitusTableRow } from '../../citus/citus-tables';
import { ACTING_ROLE_SETTING } from '../../citus/membership.sql';
import { readNodes } from '../../citus/nodes';
import { readUncopiedReferenceTables } from '../../citus/placements';
import { readNodeSessions } from '../../citus/node-sessions';
import { dependents } from './dependents.sql';
import { readReadingCalls } from './function-reads';
import { WALK, walkedValues } from './family.sql';
import type { Walked } from './family.sql';
import { NEEDS } from './needs.sql';
import { FACTS } from './facts.sql';
import {
  COLUMNS,
  CLUSTERED,
  COMMENTS,
  DROPPED_FOREIGN_KEYS,
  EVENT_TRIGGERS,
  EXTRAS,
  forced,
  FOREIGN_KEYS,
  IDENTITIES,
  KEYS,
  LOGICAL_SLOTS,
  NOT_NULLS,
  defaultSequences,
  OTHER_SCHEMAS,
  OWN_CHECKS,
  OWN_SCHEMA,
  POLICIES,
  PUBLICATIONS,
  RECORDED_COMMENTS,
  relations,
  schemas,
  SESSION,
  SUBSCRIPTIONS,
  TABLES,
  UNCHECKED_CHECKS,
} from './inspect.sql';
import type {
  CitusTable,
  LiveColumn,
  LiveComment,
  LiveDatabase,
  LiveDependent,
  TableNeed,
  LiveFact,
  LiveForeignKey,
  LiveIdentity,
  LiveKey,
  LiveNotNull,
  LivePolicy,
  LivePublication,
  LiveSchema,
  LiveSlot,
  LiveTable,
  LiveView,
  DefaultSequence,
  RecordedComment,
  ServerBoundColumn,
  UncheckedCheck,
  ViewRole,
} from '../model/live';
import { sameTable, sqlTable } from '../model/names';
import { readDroppedForeignKey, readRecordedComment } from './records';
import type { DroppedForeignKeyRow } from './records';
import { keepsColumnGrants, knowsSchemas } from '../../citus/versions';
import { readViewQueries } from './view-queries';
import { SERVER_BOUND } from './server-bound.sql';
import { SET_ROLES } from './set-roles.sql';
import { viewRoles as viewRolesQuery } from './view-roles.sql';
import { VIEWS } from './views.sql';

/** Milliseconds one reading of rows may take; after that the answer is unknown. */
const ROW_READING_MS = 30_000;

export interface InspectOptions {
  /**
   * Read rows as well: one scan of each table with nullable columns that must not hold NULL, and the query of each materialized view, to
   * see whether a refresh would change it. @default true
   */
  readonly readRows?: boolean;
  /**
   * Read all that a review relies on, for a snapshot; between two steps of a run nobody needs it. `of tables`: what the tables are, and
   * nothing that only a plan is made from. @default true
   */
  readonly facts?: boolean | 'of tables';
  /** The role to look for: what this one may do, and not what the session's role may. @default - the session's */
  readonly as?: string | undefined;
}

/**
 * Reads what matters of a live database to this distribution, in one read-only snapshot. Changes nothing, needs no
 * more than catalogs, and works on plain PostgreSQL as well. What a role may not read is unknown in the answer.
 */
export async function inspectDatabase(
  client: Client,
  expected: DistributionScope,
  options: InspectOptions = {},
): Promise<LiveDatabase> {
  return withBoundedReads(client, () => readSnapshot(client, expected, options));
}

async function readSnapshot(
  client: Client,
  expected: DistributionScope,
  options: InspectOptions,
): Promise<LiveDatabase> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    // Definitions come out with every name qualified when nothing of the users' is on the path. Compiling a query of the catalogs takes
    // longer than it runs, a second and more of a wide schema.
    await client.query(
      `SELECT set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true), set_config($1, $2, true)`,
      [ACTING_ROLE_SETTING, options.as ?? ''],
    );
    return await read(client, expected, options);
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

async function read(
  client: Client,
  expected: DistributionScope,
  { readRows = true, facts: wanted = true }: InspectOptions,
): Promise<LiveDatabase> {
  const rowsOf = async <Row extends QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    (await client.query<Row>(sql, values)).rows;
  const factsToo = wanted === true;
  const session = (await rowsOf<SessionRow>(SESSION))[0];
  const ownSchema = (await rowsOf<LiveDatabase['ownSchema'] & QueryResultRow>(OWN_SCHEMA))[0];
  if (session === undefined || ownSchema === undefined) throw new Error('a catalog query gave no row');
  const citus = session.citusVersion !== null;
  const sharding = knowsSchemas(session.citusVersion ?? undefined);
  const droppedForeignKeys = ownSchema.recordTable
    ? (await rowsOf<DroppedForeignKeyRow & QueryResultRow>(DROPPED_FOREIGN_KEYS)).map(readDroppedForeignKey)
    : [];
  const recordedComments = ownSchema.commentTable
    ? (await rowsOf<RecordedCommentRow>(RECORDED_COMMENTS)).map((row) => readRecordedComment(present(row)))
    : [];

  const all = await rowsOf<RelationRow>(relations(citus));
  const specified = new Set(tablesNamed(expected).map(tableKey));
  const named = new Set([
    ...specified,
    ...droppedForeignKeys.flatMap(({ table, references }) => [table, references]).map(tableKey),
    ...recordedComments.map(({ table, partOf = table }) => tableKey(partOf)),
  ]);
  // Whoever distributes a schema distributes every table of it, named or not.
  const wholly = (expected.schemas ?? []).map(({ schema }) => schema);
  const within = all.filter((row) => row.isTable && wholly.includes(row.schema));
  const oids = new Set(
    [...all.filter((row) => named.has(tableKey(row))), ...within.filter((row) => row.rootOid === null)].map(
      (row) => row.oid,
    ),
  );
  const roots = new Map(all.flatMap(({ oid, rootOid }) => (rootOid === null ? [] : [[oid, rootOid]])));
  // A partition matters by itself where it has a foreign key that its parent has not, or had one.
  let foreignKeys: ForeignKeyRow[] = [];
  // Citus turns whatever foreign keys connect with a reference table, however many tables lie between.
  for (let known = -1; known < oids.size;) {
    for (const oid of oids) oids.add(roots.get(oid) ?? oid);
    known = oids.size;
    const ends = [...new Set([...oids, ...within.map((row) => row.oid)])];
    foreignKeys = await rowsOf<ForeignKeyRow>(FOREIGN_KEYS, [ends]);
    for (const { tableOid, referencesOid } of foreignKeys) oids.add(tableOid).add(referencesOid);
  }

  const scope = [[...oids]];
  const walked = await rowsOf<Walked & QueryResultRow>(WALK, scope);
  const reading = walkedValues(walked);
  const anyView = walked.some(({ isView }) => isView);
  const lifting = (await rowsOf<{ there: boolean }>(RECORD_IS_THERE))[0]?.there === true;
  const [identities, policies, forcing, resting] = [
    byTable(await rowsOf<IdentityRow>(IDENTITIES, scope)),
    byTable(await rowsOf<PolicyRow>(POLICIES, reading)),
    byTable(await rowsOf<ForcedRow>(forced(lifting), reading)),
    byTable(await rowsOf<DependentRow>(dependents(citus), reading)),
  ];
  const [needs, clustered, unchecked, extras, notNulls] = [
    byTable(factsToo ? await rowsOf<NeedRow>(NEEDS, reading) : []),
    byTable(await rowsOf<ClusteredRow>(CLUSTERED, reading)),
    byTable(await rowsOf<UncheckedCheckRow>(UNCHECKED_CHECKS, reading)),
    byTable(await rowsOf<ExtraRow>(EXTRAS, reading)),
    byTable(await rowsOf<NotNullRow>(NOT_NULLS, reading)),
  ];
  const [publications, subscriptions] = [
    byTable(factsToo ? await rowsOf<PublicationRow>(PUBLICATIONS, reading) : []),
    byTable(factsToo ? await rowsOf<SubscriptionRow>(SUBSCRIPTIONS, reading) : []),
  ];
  const serverBound = byTable(factsToo ? await rowsOf<ServerBoundRow>(SERVER_BOUND, scope) : []);
  const setRoles = byTable(factsToo && citus ? await rowsOf<SetRoleRow>(SET_ROLES, reading) : []);
  const [tables, columns, keys, checks, comments, viewRoles, facts, placed] = [
    await rowsOf<TableRow>(TABLES, scope),
    byTable(await rowsOf<ColumnRow>(COLUMNS, scope)),
    byTable(await rowsOf<KeyRow>(KEYS, scope)),
    byTable(await rowsOf<CheckRow>(OWN_CHECKS, scope)),
    byTable(await rowsOf<CommentRow>(COMMENTS, reading)),
    byTable(anyView ? await rowsOf<ViewRoleRow>(viewRolesQuery(lifting), reading) : []),
    byTable(wanted === false ? [] : await rowsOf<FactRow>(FACTS, scope)),
    byTable(citus ? await readCitusTables(client, [...oids], sharding) : []),
  ];
  const calling = factsToo ? await readReadingCalls(rowsOf, reading) : undefined;
  const outgoing = byTable(foreignKeys.map((key) => ({ ...key, oid: key.tableOid })));
  const nodes = citus ? await readNodes(client) : [];
  const uncopied = nodes.length > 1 ? await readUncopiedReferenceTables(client) : [];
  const live: LiveTable[] = [];
  const keepsGrants = keepsColumnGrants(session.citusVersion ?? undefined);
  for (const { rowEstimate, inheritedCheck, partOf, columnGrants, ...table } of tables) {
    const known = toCitusTable(placed.get(table.oid)?.[0]);
    const bare = (columns.get(table.oid) ?? []).map(toColumn);
    live.push({
      ...table,
      leftColumnGrants: keepsGrants ? [] : columnGrants,
      ...(rowEstimate === null ? {} : { rowEstimate }),
      ...(inheritedCheck === null ? {} : { inheritedCheck }),
      ...(partOf === null ? {} : { partOf }),
      columns: readRows ? await withNulls(client, table.table, known, bare, expected) : bare,
      keys: (keys.get(table.oid) ?? []).map(toKey),
      ownChecks: (checks.get(table.oid) ?? []).map(present),
      foreignKeys: (outgoing.get(table.oid) ?? []).map(present),
      ...toComments(comments.get(table.oid) ?? []),
      identities: (identities.get(table.oid) ?? []).map(present),
      dependents: (resting.get(table.oid) ?? []).map(present),
      needs: (needs.get(table.oid) ?? []).map(({ of, by, table: needed }) => ({ of, by, table: needed })),
      policies: (policies.get(table.oid) ?? []).map((row) => ({
        ...present(row),
        calls: calling?.ofPolicy(row.table, row.name) ?? [],
      })),
      uncheckedChecks: (unchecked.get(table.oid) ?? []).map(present),
      ...(notNulls.has(table.oid) ? { notNulls: (notNulls.get(table.oid) ?? []).map(present) } : {}),
      clustered: (clustered.get(table.oid) ?? []).map(present),
      publications: (publications.get(table.oid) ?? []).map(present),
      subscriptions: (subscriptions.get(table.oid) ?? []).map(({ name }) => name),
      extras: (extras.get(table.oid) ?? []).map(({ statement }) => statement),
      forced: (forcing.get(table.oid) ?? []).map(present),
      viewRoles: (viewRoles.get(table.oid) ?? []).map(toViewRole),
      serverBound: (serverBound.get(table.oid) ?? []).map(present),
      setRoles: (setRoles.get(table.oid) ?? []).map(({ role }) => role),
      facts: (facts.get(table.oid) ?? [])
        .map((fact) => asForced(present(fact), table.table, forcing.get(table.oid) ?? []))
        .sort((a, b) => (a.subject < b.subject ? -1 : 1)),
      citus: known,
    });
  }
  const forcedTables = new Set(
    live.filter((table) => table.forced.length > 0).map(({ table }) => tableKey(table)),
  );
  const views: LiveView[] = [];
  for (const row of anyView ? await rowsOf<ViewRow>(VIEWS, reading) : []) {
    const bound =
      row.forcedElsewhere.length > 0 || row.tables.some((table) => forcedTables.has(tableKey(table)));
    const view = await toView(client, row, readRows, bound);
    views.push(calling === undefined ? view : { ...view, calls: calling.ofView(view.view) });
  }
  // Materialized views decide how tables are copied, so every look has their queries.
  const viewQueries = await readViewQueries(
    rowsOf,
    views.filter(({ kind }) => factsToo || kind === 'materialized').map(({ view }) => view),
    oids,
    async (others) => {
      const rows = citus ? await readCitusTables(client, others, sharding) : [];
      return new Map(rows.map((row) => [row.oid, toCitusTable(row)]));
    },
  );
  const { silentNodes = [], ...nodeSessions } =
    factsToo && citus ? await readNodeSessions(client, nodes, ownersOf(live), session.role) : {};
  return {
    database: session.database,
    role: session.role,
    walLevel: session.walLevel,
    asynchronousCommits: session.asynchronousCommits.map((role) =>
      role === null ? 'the coordinator' : `role ${role}`,
    ),
    ...(factsToo
      ? { eventTriggers: (await rowsOf<{ name: string }>(EVENT_TRIGGERS)).map(({ name }) => name) }
      : {}),
    ...(factsToo ? { logicalSlots: await rowsOf<LiveSlot & QueryResultRow>(LOGICAL_SLOTS) } : {}),
    ...nodeSessions,
    ...(session.sessionRole === session.role ? {} : { reader: { role: session.sessionRole, silentNodes } }),
    ...(session.citusVersion === null ? {} : { citusVersion: session.citusVersion }),
    ...(session.shardReplicationFactor === null
      ? {}
      : { shardReplicationFactor: session.shardReplicationFactor }),
    nodes: nodes.map(({ groupId, name, port, shouldHaveShards, active }) => ({
      groupId,
      name,
      port,
      shouldHaveShards,
      active,
    })),
    ...(uncopied.length === 0 ? {} : { uncopiedReferenceTables: uncopied }),
    tables: live,
    views,
    ...(viewQueries === undefined ? {} : { viewQueries }),
    schemas:
      wholly.length === 0 ? [] : (await rowsOf<SchemaRow>(schemas(citus, sharding), [wholly])).map(present),
    otherSchemas:
      wholly.length === 0 ? [] : (await rowsOf<NameRow>(OTHER_SCHEMAS, [wholly])).map(({ schema }) => schema),
    otherTables: all
      .filter((row) => !oids.has(row.oid))
      .map(({ schema, name }): TableName => ({ schema, name })),
    unnamedTables: all
      .filter(({ isTable, isForeign, rootOid }) => isTable && !isForeign && rootOid === null)
      .filter((row) => !specified.has(tableKey(row)) && !wholly.includes(row.schema))
      .map(({ schema, name }): TableName => ({ schema, name })),
    defaultSequences: await rowsOf<DefaultSequence & QueryResultRow>(defaultSequences(citus), scope),
    droppedForeignKeys,
    recordedComments,
    ownSchema,
  };
}

function ownersOf(tables: readonly LiveTable[]): string[] {
  return [...new Set(tables.flatMap(({ owner, partitionOwners }) => [owner, ...partitionOwners]))].sort();
}

/** Tables that the specification names. */
function tablesNamed(expected: DistributionScope): TableName[] {
  return expected.tables.flatMap((table) =>
    table.kind === 'distributed' && table.colocateWith !== undefined
      ? [table.table, table.colocateWith]
      : [table.table],
  );
}

/** Looks for NULLs where they would stand in the way: in the distribution column and the new primary key. */
async function withNulls(
  client: Client,
  table: TableName,
  known: CitusTable,
  columns: readonly LiveColumn[],
  expected: DistributionScope,
): Promise<LiveColumn[]> {
  const wanted = expected.tables.find((each) => sameTable(each.table, table));
  const needed =
    wanted?.kind === 'distributed' ? new Set([wanted.distributeBy, ...(wanted.primaryKey ?? [])]) : new Set();
  const looked: LiveColumn[] = [];
  for (const column of columns) {
    const matters = needed.has(column.name) && !column.notNull && known.kind !== 'distributed';
    const holdsNull = matters ? await searchNull(client, table, column.name) : undefined;
    looked.push(holdsNull === undefined ? column : { ...column, holdsNull });
  }
  return looked;
}

/** Undefined where the search took too long, or somebody else holds the table. */
function searchNull(client: Client, table: TableName, column: string): Promise<boolean | undefined> {
  return askRows(
    client,
    `SELECT EXISTS (SELECT FROM ${sqlTable(table)} WHERE ${escapeIdentifier(column)} IS NULL LIMIT 1) AS answer`,
  );
}

/** @param bound policies bind the owner of a table that the view reads: what a refresh gives is what they show */
async function toView(
  client: Client,
  { columns, compared, ...view }: ViewRow,
  readRows: boolean,
  bound: boolean,
): Promise<LiveView> {
  if (!readRows || view.kind === 'plain' || !view.populated) return view;
  const list = (names: readonly string[]): string => names.map(escapeIdentifier).join(', ');
  const [held, answer] = [sqlTable(view.view), `(${view.definition}) AS q(${list(columns)})`].map(
    (from) => `SELECT ${list(compared)} FROM ${from}`,
  );
  const stale = await askRows(
    client,
    `SELECT EXISTS ((${held ?? ''} EXCEPT ALL ${answer ?? ''}) UNION ALL (${answer ?? ''} EXCEPT ALL ${held ?? ''})) AS answer`,
    bound,
  );
  return { ...view, stale: stale ?? 'unknown' };
}

/** Undefined where it took too long, somebody else holds a table, or the server cannot tell. */
async function askRows(client: Client, sql: string, underPolicies = false): Promise<boolean | undefined> {
  await client.query('SAVEPOINT rows');
  try {
    await client.query(
      "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true)",
      [String(ROW_READING_MS)],
    );
    if (underPolicies) await client.query("SELECT set_config('row_security', 'on', true)");
    const { rows } = await client.query<{ answer: boolean }>(sql);
    return rows[0]?.answer;
  } catch (error) {
    if (!isServerError(error) || error.severity !== 'ERROR') throw error;
    return undefined;
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT rows');
  }
}

/** FORCE that is off for a copy counts as on: it comes back, and a plan made without it would not do. */
function asForced(
  fact: LiveFact,
  table: TableName,
  forced: readonly Pick<ForcedRow, 'table' | 'state'>[],
): LiveFact {
  const lifted = forced.some((each) => each.state === 'lifted' && sameTable(each.table, table));
  return lifted && fact.subject === 'row-level security'
    ? { ...fact, definition: fact.definition.replace(/f$/, 't') }
    : fact;
}

function toComments(rows: readonly CommentRow[]): Pick<LiveTable, 'comments' | 'partitionComments'> {
  const bare = ({ on, schema, name, text }: CommentRow): LiveComment => ({ on, schema, name, text });
  const byPartition = groupBy(
    rows.filter(({ ofPartition }) => ofPartition),
    ({ relation }) => tableKey(relation),
  );
  return {
    comments: rows.filter(({ ofPartition }) => !ofPartition).map(bare),
    partitionComments: [...byPartition.values()].map((all) => ({
      table: all[0].relation,
      comments: all.map(bare),
    })),
  };
}

/** What a row says without what is NULL, and without the oids that it was found by. */
type Present<Row> = {
  readonly [Key in Exclude<keyof Row, FoundBy> as null extends Row[Key] ? never : Key]: Row[Key];
} & {
  readonly [Key in Exclude<keyof Row, FoundBy> as null extends Row[Key] ? Key : never]?: Exclude<
    Row[Key],
    null
  >;
};

type FoundBy = 'oid' | 'tableOid' | 'referencesOid';
const FOUND_BY: ReadonlySet<string> = new Set<FoundBy>(['oid', 'tableOid', 'referencesOid']);

function present<Row extends object>(row: Row): Present<Row> {
  return Object.fromEntries(
    Object.entries(row).filter(([key, value]) => value !== null && !FOUND_BY.has(key)),
  ) as Present<Row>;
}

function toColumn(row: ColumnRow): LiveColumn {
  const { name, type, collation, looseCollation, negativeScale, notNull, generated, hashable } = row;
  const { drawsValues } = row;
  return {
    name,
    type,
    ...(collation === null ? {} : { collation }),
    looseCollation,
    negativeScale,
    notNull,
    generated,
    hashable,
    ...(drawsValues ? { drawsValues } : {}),
  };
}

function toKey(row: KeyRow): LiveKey {
  const { name, kind, columns, valid, include, options, deferrable, comment, identifiesRows, dependents } =
    row;
  const { tablespace, indexComment } = row;
  return {
    name,
    kind,
    columns,
    valid,
    include,
    options,
    ...(tablespace === null ? {} : { tablespace }),
    ...(indexComment === null ? {} : { indexComment }),
    deferrable,
    ...(comment === null ? {} : { comment }),
    identifiesRows,
    dependents,
  };
}

function toViewRole({ view, role, lacksSelect, lacksUsage, writes, boundOn }: ViewRoleRow): ViewRole {
  return { view, role: role ?? 'PUBLIC', lacksSelect, lacksUsage, writes, boundOn };
}

function toCitusTable(row: CitusTableRow | undefined): CitusTable {
  switch (row?.kind) {
    case undefined:
      return { kind: 'plain' };
    case 'schema':
      return { kind: 'schema', colocationId: row.colocationId, placements: row.placements };
    case 'local':
      return { kind: 'local', autoConverted: row.autoConverted };
    case 'reference':
      return { kind: 'reference', placements: row.placements };
    case 'distributed':
      return {
        kind: 'distributed',
        column: row.column,
        colocationId: row.colocationId,
        shardCount: row.shardCount,
        layout: row.layout,
        ...(row.split ? { splitShards: true } : {}),
        placements: row.placements,
      };
  }
}

function byTable<Row extends { readonly oid: number }>(rows: readonly Row[]): Map<number, Row[]> {
  return groupBy(rows, ({ oid }) => oid);
}

interface SessionRow extends QueryResultRow {
  database: string;
  /** The role to look for, and the one that looks. */
  role: string;
  sessionRole: string;
  walLevel: string;
  /** Roles; null: the node. */
  asynchronousCommits: (string | null)[];
  citusVersion: string | null;
  shardReplicationFactor: number | null;
}

interface RelationRow extends QueryResultRow, TableName {
  readonly oid: number;
  /** Holds rows of its own or of its partitions. */
  readonly isTable: boolean;
  readonly isForeign: boolean;
  /** Of a partition, the table that it is one of. */
  readonly rootOid: number | null;
}

interface NameRow extends QueryResultRow {
  readonly schema: string;
}

type SchemaRow = Omit<LiveSchema, 'colocationId'> & { readonly colocationId: number | null };

type TableRow = Pick<
  LiveTable,
  | 'oid'
  | 'table'
  | 'kind'
  | 'inherits'
  | 'unlogged'
  | 'columnar'
  | 'noPartitions'
  | 'partitionsApart'
  | 'owner'
  | 'partitionOwners'
  | 'ours'
  | 'ownerLacks'
  | 'defaultGrants'
  | 'bytes'
  | 'hasHeap'
  | 'replicaIdentity'
  | 'partitionedBy'
  | 'nested'
  | 'rules'
  | 'triggers'
  | 'invalidIndexes'
  | 'uncheckedDomains'
> & {
  readonly rowEstimate: number | null;
  readonly inheritedCheck: string | null;
  readonly partOf: TableName | null;
  readonly columnGrants: readonly string[];
} & QueryResultRow;

type ColumnRow = Omit<LiveColumn, 'collation' | 'holdsNull' | 'drawsValues'> & {
  readonly oid: number;
  readonly drawsValues: boolean;
  readonly collation: string | null;
} & QueryResultRow;

type KeyRow = Omit<LiveKey, 'comment' | 'tablespace' | 'indexComment'> & {
  readonly oid: number;
  readonly tablespace: string | null;
  readonly indexComment: string | null;
  readonly comment: string | null;
} & QueryResultRow;

type RecordedCommentRow = Omit<RecordedComment, 'partOf'> & {
  readonly partOf: TableName | null;
};

type CommentRow = LiveComment & {
  readonly oid: number;
  /** What it belongs to: the table, or a partition of it. */
  readonly relation: TableName;
  readonly ofPartition: boolean;
};

/** `compared`: the columns of which equal values look alike; sums of floating numbers depend on the order of the summands. */
type ViewRow = LiveView & { readonly columns: string[]; readonly compared: string[] };

type ServerBoundRow = ServerBoundColumn & { readonly oid: number };

type NotNullRow = LiveNotNull & { readonly oid: number };
type ClusteredRow = LiveTable['clustered'][number] & { readonly oid: number };

type NeedRow = TableNeed & { readonly oid: number };

type DependentRow = LiveDependent & { readonly oid: number };

type IdentityRow = LiveIdentity & { readonly oid: number };

type PolicyRow = Omit<LivePolicy, 'using' | 'withCheck'> & {
  readonly oid: number;
  readonly using: string | null;
  readonly withCheck: string | null;
};

type UncheckedCheckRow = Omit<UncheckedCheck, 'comment' | 'column'> & {
  readonly oid: number;
  readonly column: string | null;
  readonly comment: string | null;
};

type PublicationRow = LivePublication & { readonly oid: number };

interface SubscriptionRow extends QueryResultRow {
  readonly oid: number;
  readonly name: string;
}

interface SetRoleRow extends QueryResultRow {
  readonly oid: number;
  readonly role: string;
}

interface ExtraRow extends QueryResultRow {
  readonly oid: number;
  readonly statement: string;
}

type ForcedRow = LiveTable['forced'][number] & { readonly oid: number };

type ViewRoleRow = Omit<ViewRole, 'role'> & {
  readonly oid: number;
  /** Null: PUBLIC. */
  readonly role: string | null;
} & QueryResultRow;

type FactRow = LiveFact & { readonly oid: number };

type CheckRow = LiveTable['ownChecks'][number] & { readonly oid: number };

type ForeignKeyRow = Omit<LiveForeignKey, 'comment'> & {
  readonly comment: string | null;
  readonly tableOid: number;
  readonly referencesOid: number;
};

import type { Client } from 'pg';
import type { DistributionScope, TableName } from '../../config/workload/distribution-types';
import { tableKey } from '../../config/workload/identifiers';
import type { WorkloadQuery } from '../../config/workload/workload';
import { nodeName, requireCoordinator } from '../citus/nodes';
import type { NodeAddress } from '../citus/nodes';
import { readShardPlacements } from '../citus/shards';
import type { ShardPlacement } from '../citus/shards';
import { taskCount } from '../citus/task-count';
import { inspectDatabase } from '../database/inspect/inspect';
import { relations as relationsSql } from '../database/inspect/inspect.sql';
import { showTable, sqlTable } from '../database/model/names';
import { specifiedTables } from '../database/model/schemas';
import { takeAnswers } from '../database/observe/answers';
import type { Answer } from '../database/observe/answers';
import { readDatabaseObjects } from '../database/observe/database-objects';
import {
  columnsAnywhere,
  fingerprintAnywhere,
  inSessions,
  readColumns,
} from '../database/observe/fingerprint';
import { readDefinitions } from '../database/observe/objects';
import { requireQueryRoles } from '../database/observe/query-session';
import { openReadSessions } from '../database/observe/read-sessions';
import { readOddShards } from '../database/observe/shard-definitions';
import { readPlacementRows } from '../database/observe/shards';
import type { ShardRows } from '../database/observe/shards';
import { readViewDefinitions } from '../database/observe/view-answers';
import type { ConnectionTarget } from '../lib/connection';
import { citusVersion, describeTarget, withBoundedReads, withClient } from '../lib/connection';
import { describeServerError, isServerError, sqlStateOf } from '../lib/errors';
import { groupBy } from '../lib/group-by';
import { silentReporter } from '../lib/reporter';
import type { QueryPlan, RelationRows, Side, SideShard } from './side';

/** Sessions that read rows of one database at once. */
const AT_ONCE = 4;

/** The most shards of one table that one statement reads. Each statement pays for a connection to the node. */
const SHARDS_A_STATEMENT = 16;

export interface ReadingOptions {
  readonly queries: readonly WorkloadQuery[];
  /** Tables and views that alone are read. @default - all, and what the database has beside them */
  readonly tables?: readonly TableName[] | undefined;
  readonly signal: AbortSignal;
  /** Told of each relation as it is begun. */
  readonly onRelation: (relation: TableName) => void;
}

/**
 * Reads a database whole, once: every row, and all that the observer knows of. Changes nothing. Rows and answers are those of one
 * snapshot, but for rows on other nodes, which Citus reads each at its own moment.
 */
export function readSide(target: ConnectionTarget, options: ReadingOptions): Promise<Side> {
  const { signal } = options;
  return withClient(target, (client) => readWith(client, target, options), {
    purpose: 'compare',
    direct: true,
    signal,
  });
}

const SERVER = `
SELECT split_part(current_setting('server_version'), ' ', 1) AS postgres, pg_is_in_recovery() AS standby,
       current_user::text AS login, ARRAY(SELECT rolname::text FROM pg_roles) AS roles`;

async function readWith(client: Client, target: ConnectionTarget, options: ReadingOptions): Promise<Side> {
  // Definitions hold times as the session writes them.
  await client.query("SELECT set_config('TimeZone', 'UTC', false)");
  const citus = await citusVersion(client);
  if (citus !== undefined) await requireCoordinator(client);
  await requireQueryRoles(client, options.queries);
  const [server = { postgres: '', standby: false, login: target.user, roles: [] }] = (
    await client.query<Pick<Side, 'postgres' | 'standby' | 'login' | 'roles'>>(SERVER)
  ).rows;
  const all = await withBoundedReads(client, () => readRelationNames(client, citus !== undefined));
  const asked = options.tables && new Set(options.tables.map(tableKey));
  const relations = asked === undefined ? all : all.filter(({ table }) => asked.has(tableKey(table)));
  const work = await relationsOf(client, citus !== undefined, relations);
  const views = relations.filter(({ kind }) => kind === 'v' || kind === 'm').map(({ table }) => table);
  // Rows take longest, and what is read of the catalogs meanwhile costs no time of its own.
  const [{ rows, answers }, state] = await Promise.all([
    readContents(target, work, options),
    readState(client, asked === undefined ? undefined : relations, {
      postgres: Number.parseInt(server.postgres, 10),
      views,
      queries: options.queries,
    }),
  ]);
  const rowsOf = (table: TableName): RelationRows =>
    rows.get(tableKey(table)) ?? { unreadable: 'it was not read' };
  const held = new Set(work.map(({ table }) => tableKey(table)));
  return {
    database: describeTarget(target),
    ...server,
    ...(citus === undefined ? {} : { citus }),
    tables: state.tables.map((each) => ({
      table: each.table,
      citus: each.citus,
      columns: each.columns.map(({ name }) => name),
      rows: rowsOf(each.table),
    })),
    oddShards: state.oddShards,
    views: views.map((view) => ({
      view,
      objects: state.viewDefinitions.get(tableKey(view)) ?? {},
      ...(held.has(tableKey(view)) ? { rows: rowsOf(view) } : {}),
    })),
    objects: state.definitions,
    others: state.others,
    sequences: state.sequences,
    answers,
    queryPlans: state.queryPlans,
  };
}

interface RelationName {
  readonly table: TableName;
  /** Of `pg_class.relkind`: r, p, v or m. */
  readonly kind: string;
  /** False for a materialized view WITH NO DATA. */
  readonly populated: boolean;
}

/** Tables and views of the users, the largest first. */
async function readRelationNames(client: Client, citus: boolean): Promise<RelationName[]> {
  const { rows } = await client.query<RelationName>(`
SELECT json_build_object('schema', r.schema, 'name', r.name) AS table, c.relkind AS kind, c.relispopulated AS populated
  FROM (${relationsSql(citus)}) r JOIN pg_class c ON c.oid = r.oid::int8::oid
 WHERE r."rootOid" IS NULL AND c.relkind <> 'f'
 ORDER BY coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(c.oid)), pg_relation_size(c.oid)) DESC, r.schema, r.name`);
  return rows;
}

async function relationsOf(
  client: Client,
  citus: boolean,
  relations: readonly RelationName[],
): Promise<Relation[]> {
  const placements = groupBy(citus ? await readShardPlacements(client) : [], ({ table }) => tableKey(table));
  return relations
    .filter(({ kind, populated }) => kind !== 'v' && populated)
    .map(({ table, kind }) => ({
      table,
      placements: placements.get(tableKey(table)) ?? [],
      computed: kind === 'm',
    }));
}

const SCHEMAS = `SELECT nspname::text AS schema FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1`;

/** All but rows and answers. @param only these, and nothing beside them */
async function readState(
  client: Client,
  only: readonly RelationName[] | undefined,
  {
    postgres,
    views,
    queries,
  }: {
    readonly postgres: number;
    readonly views: readonly TableName[];
    readonly queries: readonly WorkloadQuery[];
  },
) {
  const schemas = only === undefined ? (await client.query<{ schema: string }>(SCHEMAS)).rows : [];
  const scope: DistributionScope = {
    tables: (only ?? [])
      .filter(({ kind }) => kind === 'r' || kind === 'p')
      .map(({ table }) => ({ table, kind: 'local' })),
    schemas: schemas.map(({ schema }) => ({ schema, kind: 'local' })),
  };
  const live = await inspectDatabase(client, scope, { readRows: false, facts: 'of tables' });
  const names = specifiedTables(scope, live);
  const wanted = new Set(names.map(tableKey));
  const tables = live.tables.filter(({ table }) => wanted.has(tableKey(table)));
  return withBoundedReads(client, async () => ({
    ...(await readDefinitions(client, scope, live, names)),
    tables,
    oddShards: await readOddShards(client, tables, live.citusVersion),
    others: only === undefined ? await readDatabaseObjects(client, postgres) : {},
    viewDefinitions: await readViewDefinitions(
      client,
      views.map((view) => ({ view })),
    ),
    queryPlans: await readPlans(client, queries, views),
  }));
}

/** Rows and answers, in sessions that share a snapshot. */
function readContents(
  target: ConnectionTarget,
  work: readonly Relation[],
  { queries, signal, onRelation }: ReadingOptions,
): Promise<{ readonly rows: ReadonlyMap<string, RelationRows>; readonly answers: readonly Answer[] }> {
  const read = async (keeper: Client) => {
    const snapshot = await exportSnapshot(keeper);
    return openReadSessions(target, signal)(AT_ONCE, async (sessions) => {
      const rows = await readRelations(sessions, work, snapshot, onRelation);
      const [session = keeper] = sessions;
      const answers = await withBoundedReads(session, () =>
        takeAnswers(session, queries, silentReporter, snapshot),
      );
      return { rows, answers };
    });
  };
  return withClient(target, read, { purpose: 'compare', signal });
}

/** Begins a transaction of which other sessions share the snapshot while it lasts. */
export async function exportSnapshot(client: Client): Promise<string> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
  return rows[0]?.snapshot ?? '';
}

/** Of the queries, and of each view that they could ask. */
async function readPlans(
  client: Client,
  queries: readonly WorkloadQuery[],
  views: readonly TableName[],
): Promise<QueryPlan[]> {
  const plans: QueryPlan[] = [];
  const asked = [
    ...queries.map(({ name, sql, role }) => ({ of: `query ${name}`, sql, role })),
    ...views.map((view) => ({
      of: `view ${showTable(view)}`,
      sql: `SELECT * FROM ${sqlTable(view)}`,
      role: undefined,
    })),
  ];
  for (const { of, sql, role } of asked) {
    const tasks = await orReason(() => taskCount(client, sql, role));
    if (typeof tasks === 'object') plans.push({ of, refused: tasks.unreadable });
    else plans.push({ of, ...(tasks === undefined ? {} : { tasks }) });
  }
  return plans;
}

/** What the server answers, or why it does not. A lock of another session is no answer. */
async function orReason<T>(read: () => Promise<T>): Promise<T | { readonly unreadable: string }> {
  try {
    return await read();
  } catch (error) {
    if (!isServerError(error) || error.severity !== 'ERROR' || sqlStateOf(error) === '55P03') throw error;
    return { unreadable: describeServerError(error) };
  }
}

/** What has rows of its own. */
interface Relation {
  readonly table: TableName;
  /** Empty where the rows are not in shards. */
  readonly placements: readonly ShardPlacement[];
  /** A query computed what it holds. */
  readonly computed: boolean;
}

interface Piece {
  readonly table: TableName;
  readonly read: (session: Client) => Promise<void>;
}

/** @returns rows by {@link tableKey} */
async function readRelations(
  sessions: readonly Client[],
  relations: readonly Relation[],
  snapshot: string,
  onRelation: (relation: TableName) => void,
): Promise<ReadonlyMap<string, RelationRows>> {
  const rows = new Map<string, RelationRows>();
  const placed = new Map<ShardPlacement, ShardRows>();
  const pieces = relations.flatMap((relation): Piece[] =>
    relation.placements.length > 0
      ? shardPieces(relation, placed)
      : [
          {
            table: relation.table,
            async read(session) {
              const { table, computed } = relation;
              const found = await orReason(() => fingerprintAnywhere(session, table, { snapshot, computed }));
              rows.set(tableKey(table), 'unreadable' in found ? found : { ...found, shards: [] });
            },
          },
        ],
  );
  await inSessions(
    sessions,
    pieces,
    (session, { read }) => read(session),
    ({ table }) => onRelation(table),
  );
  for (const { table, placements } of relations) {
    if (placements.length > 0) rows.set(tableKey(table), rowsOfShards(placements, placed));
  }
  return rows;
}

/** Some shards of one node each, so that the sessions share the work of a large table. */
function shardPieces({ table, placements }: Relation, placed: Map<ShardPlacement, ShardRows>): Piece[] {
  const piece = (node: NodeAddress, shards: readonly ShardPlacement[]): Piece => ({
    table,
    async read(session) {
      const found = await orReason(async () =>
        readPlacementRows(session, node, shards, columnsAnywhere(await readColumns(session, table))),
      );
      for (const [index, shard] of shards.entries())
        placed.set(shard, ('unreadable' in found ? found : found[index]) ?? { unreadable: 'no answer' });
    },
  });
  const byNode = groupBy(placements, ({ node }) => (node === null ? '' : nodeName(node)));
  return [...byNode.values()].flatMap((shards) => {
    const { node } = shards[0];
    if (node === null) return [];
    const statements = Math.max(
      Math.ceil(AT_ONCE / byNode.size),
      Math.ceil(shards.length / SHARDS_A_STATEMENT),
    );
    const each = Math.ceil(shards.length / statements);
    return Array.from({ length: Math.ceil(shards.length / each) }, (_, index) =>
      piece(node, shards.slice(index * each, (index + 1) * each)),
    );
  });
}

/** A table from its shards, each from its first copy. Pure. */
export function rowsOfShards(
  placements: readonly ShardPlacement[],
  placed: ReadonlyMap<ShardPlacement, ShardRows>,
): RelationRows {
  const shards: SideShard[] = [];
  for (const copies of groupBy(placements, ({ shardId }) => shardId).values()) {
    const read = copies.map((copy) => ({ ...copy, found: placed.get(copy) }));
    const unreadable = read.find(({ found }) => found === undefined || 'unreadable' in found);
    if (unreadable !== undefined) {
      const { relation, node, found } = unreadable;
      const where = node === null ? 'no active placement' : `on ${nodeName(node)}`;
      const why = found !== undefined && 'unreadable' in found ? `: ${found.unreadable}` : '';
      return { unreadable: `shard ${relation} cannot be read, ${where}${why}` };
    }
    const figures = read.flatMap(({ node, found }) =>
      node === null || found === undefined || 'unreadable' in found
        ? []
        : [{ node: nodeName(node), ...found }],
    );
    const [first, ...others] = figures;
    const [{ shardId, min, max }] = copies;
    if (first === undefined) continue;
    const { node, rows, checksum, misplaced = 0 } = first;
    const otherCopies = others
      .filter((each) => each.rows !== rows || each.checksum !== checksum)
      .map((each) => each.node);
    shards.push({ shardId, min, max, node, rows, checksum, misplaced, otherCopies });
  }
  return {
    rows: shards.reduce((sum, each) => sum + each.rows, 0),
    checksum: String(shards.reduce((sum, { checksum }) => sum + BigInt(checksum), 0n)),
    shards: shards.toSorted((a, b) => Number(a.min ?? 0) - Number(b.min ?? 0)),
  };
}

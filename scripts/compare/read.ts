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
import type { LiveTable } from '../database/model/live';
import { showTable, sqlTable } from '../database/model/names';
import { specifiedTables } from '../database/model/schemas';
import { takeAnswers } from '../database/observe/answers';
import type { Answer } from '../database/observe/answers';
import { readDatabaseObjects } from '../database/observe/database-objects';
import { columnsByName, fingerprintAnywhere, inSessions, readColumns } from '../database/observe/fingerprint';
import { readDefinitions } from '../database/observe/objects';
import { openReadSessions } from '../database/observe/read-sessions';
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

/** Shards of one table that one statement reads: many small ones would each pay for a connection. */
const SHARDS_A_STATEMENT = 4;

export interface ReadingOptions {
  readonly queries: readonly WorkloadQuery[];
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

const SERVER = `SELECT split_part(current_setting('server_version'), ' ', 1) AS postgres, pg_is_in_recovery() AS standby`;

const SCHEMAS = `SELECT nspname::text AS schema FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1`;

async function readWith(client: Client, target: ConnectionTarget, options: ReadingOptions): Promise<Side> {
  // Definitions hold times as the session writes them.
  await client.query("SELECT set_config('TimeZone', 'UTC', false)");
  const citus = await citusVersion(client);
  if (citus !== undefined) await requireCoordinator(client);
  const [server = { postgres: '', standby: false }] = (
    await client.query<Pick<Side, 'postgres' | 'standby'>>(SERVER)
  ).rows;
  const schemas = (await client.query<{ schema: string }>(SCHEMAS)).rows;
  const scope: DistributionScope = {
    tables: [],
    schemas: schemas.map(({ schema }) => ({ schema, kind: 'local' })),
  };
  const live = await inspectDatabase(client, scope, { readRows: false });
  const wanted = new Set(specifiedTables(scope, live).map(tableKey));
  const tables = live.tables.filter(({ table }) => wanted.has(tableKey(table)));
  const views = await readViews(client);
  const { definitions, sequences, others, viewDefinitions, queryPlans } = await withBoundedReads(
    client,
    async () => ({
      ...(await readDefinitions(
        client,
        scope,
        live,
        tables.map(({ table }) => table),
      )),
      others: await readDatabaseObjects(client, Number.parseInt(server.postgres, 10)),
      viewDefinitions: await readViewDefinitions(client, views),
      queryPlans: await readPlans(client, options.queries, views),
    }),
  );
  const work = await relationsOf(client, citus !== undefined, tables, views);
  const { rows, answers } = await readContents(client, target, work, options);
  const rowsOf = (table: TableName): RelationRows =>
    rows.get(tableKey(table)) ?? { unreadable: 'it was not read' };
  return {
    database: describeTarget(target),
    ...server,
    ...(citus === undefined ? {} : { citus }),
    tables: tables.map((each) => ({
      table: each.table,
      citus: each.citus,
      columns: each.columns.map(({ name }) => name),
      rows: rowsOf(each.table),
    })),
    views: views.map(({ view, populated }) => ({
      view,
      objects: viewDefinitions.get(tableKey(view)) ?? {},
      ...(populated ? { rows: rowsOf(view) } : {}),
    })),
    objects: definitions,
    others,
    sequences,
    answers,
    queryPlans,
  };
}

/** All that has rows of its own, the largest first. */
async function relationsOf(
  client: Client,
  citus: boolean,
  tables: readonly LiveTable[],
  views: readonly FoundView[],
): Promise<Relation[]> {
  const placements = groupBy(citus ? await readShardPlacements(client) : [], ({ table }) => tableKey(table));
  return [
    ...tables
      .toSorted((a, b) => b.bytes - a.bytes)
      .map(({ table }) => ({
        table,
        placements: placements.get(tableKey(table)) ?? [],
        computed: false,
      })),
    ...views
      .filter(({ populated }) => populated)
      .map(({ view }) => ({ table: view, placements: [], computed: true })),
  ];
}

/** Rows and answers, in sessions that share a snapshot. */
async function readContents(
  client: Client,
  target: ConnectionTarget,
  work: readonly Relation[],
  { queries, signal, onRelation }: ReadingOptions,
): Promise<{ readonly rows: ReadonlyMap<string, RelationRows>; readonly answers: readonly Answer[] }> {
  const snapshot = await exportSnapshot(client);
  const read = await openReadSessions(target, signal)(AT_ONCE, async (sessions) => {
    const rows = await readRelations(sessions, work, snapshot, onRelation);
    const [session = client] = sessions;
    const answers = await withBoundedReads(session, () =>
      takeAnswers(session, queries, silentReporter, snapshot),
    );
    return { rows, answers };
  });
  await client.query('ROLLBACK');
  return read;
}

/** Begins a transaction of which other sessions share the snapshot while it lasts. */
async function exportSnapshot(client: Client): Promise<string> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
  return rows[0]?.snapshot ?? '';
}

/** Every view of the users; `populated` for a materialized one that holds data. */
const VIEWS = `
SELECT json_build_object('schema', n.nspname, 'name', c.relname) AS view, c.relkind = 'm' AND c.relispopulated AS populated
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_'
   AND n.nspname NOT IN ('information_schema', 'citus', 'citus_internal', 'columnar', 'columnar_internal', 'scaleout')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

interface FoundView {
  readonly view: TableName;
  readonly populated: boolean;
}

async function readViews(client: Client): Promise<FoundView[]> {
  return (await client.query<FoundView>(VIEWS)).rows;
}

/** Of the queries, and of each view that they could ask. */
async function readPlans(
  client: Client,
  queries: readonly WorkloadQuery[],
  views: readonly FoundView[],
): Promise<QueryPlan[]> {
  const plans: QueryPlan[] = [];
  const asked = [
    ...queries.map(({ name, sql }) => ({ of: `query ${name}`, sql })),
    ...views.map(({ view }) => ({ of: `view ${showTable(view)}`, sql: `SELECT * FROM ${sqlTable(view)}` })),
  ];
  for (const { of, sql } of asked) {
    const tasks = await orReason(() => taskCount(client, sql));
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
        readPlacementRows(session, node, shards, columnsByName(await readColumns(session, table))),
      );
      for (const [index, shard] of shards.entries())
        placed.set(shard, ('unreadable' in found ? found : found[index]) ?? { unreadable: 'no answer' });
    },
  });
  const byNode = groupBy(placements, ({ node }) => (node === null ? '' : nodeName(node)));
  return [...byNode.values()].flatMap((shards) => {
    const { node } = shards[0];
    if (node === null) return [];
    return Array.from({ length: Math.ceil(shards.length / SHARDS_A_STATEMENT) }, (_, index) =>
      piece(node, shards.slice(index * SHARDS_A_STATEMENT, (index + 1) * SHARDS_A_STATEMENT)),
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

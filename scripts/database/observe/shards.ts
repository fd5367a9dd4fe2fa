import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { nodeName } from '../../citus/nodes';
import type { NodeAddress } from '../../citus/nodes';
import type { Shard, ShardPlacement } from '../../citus/shards';
import { beginReading, checksumOf, isHashedByText, readColumns, TEXT_SETTINGS } from './fingerprint';
import type { HashedColumn } from './fingerprint';
import { rowSecurityJson } from './row-security';
import type { RowSecurity } from './row-security';
import { sqlTable } from '../model/names';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';

export interface PlacedShard extends Shard {
  readonly node: NodeAddress;
}

/** What one placement of a shard is, rows aside. */
export interface ShardState {
  readonly security: RowSecurity;
  /** Their definitions, sorted; one that is not valid says so. */
  readonly indexes: readonly string[];
  /** Their definitions, sorted; NOT VALID ones say so, but for checks: a move forgets that of them. */
  readonly constraints: readonly string[];
  /** Its privileges, sorted, the owner's own too. */
  readonly grants: readonly string[];
  /** What others than the owner may, whoever granted it to them; Citus grants on shards as the owner. Sorted, columns left out. */
  readonly privileges: readonly string[];
  /** The same of its columns: `note app SELECT`. */
  readonly columnPrivileges: readonly string[];
  /** Columns that hold no NULL. */
  readonly notNull: readonly string[];
  /** In their order, each with its type. */
  readonly columns: readonly string[];
  /** `pg_class.relpersistence` */
  readonly persistence: string;
  /** How updates name a row, which triggers and rules it has, and how many of those that keep foreign keys are off. */
  readonly behaviour: readonly string[];
}

/** The rows of one placement of a shard. */
export type ShardRows =
  | {
      readonly rows: number;
      readonly checksum: string;
      /** Rows whose hash is none of the shard's; where its range was asked about. */
      readonly misplaced?: number;
    }
  /** Why nobody can tell. */
  | { readonly unreadable: string };

/** At most so many connections of Citus at a time, for reads beside an application at work. */
const AT_ONCE = 4;

/** Shards that one statement asks about. */
const SHARDS_A_STATEMENT = 200;

/** $1 hosts, $2 ports, $3 statements of one row and one column. Each has a connection of its own, as the role of this session. */
const RUN_ON_NODES = `
SELECT success, result
  FROM master_run_on_worker($1::text[], $2::int[], $3::text[], true) WITH ORDINALITY AS t(node_name, node_port, success, result, number)
 ORDER BY number`;

interface NodeCommand {
  readonly node: NodeAddress;
  readonly sql: string;
}

interface NodeAnswer {
  readonly success: boolean;
  readonly result: string;
}

async function runOnNodes(client: Client, commands: readonly NodeCommand[]): Promise<NodeAnswer[]> {
  const answers: NodeAnswer[] = [];
  for (let from = 0; from < commands.length; from += AT_ONCE) {
    const some = commands.slice(from, from + AT_ONCE);
    const { rows } = await client.query<NodeAnswer>(RUN_ON_NODES, [
      some.map(({ node }) => node.name),
      some.map(({ node }) => node.port),
      some.map(({ sql }) => sql),
    ]);
    answers.push(...rows);
  }
  return answers;
}

/** A placement whose node gave no answer. */
export interface Unanswered {
  /** What Citus or the node said instead. */
  readonly noAnswer: string;
}

/** The state of each placement, in the order asked; undefined for one that is not there or whose node does not answer. */
export async function readShardStates(
  client: Client,
  shards: readonly PlacedShard[],
): Promise<(ShardState | undefined)[]> {
  return (await askShardStates(client, shards)).map((state) =>
    state === undefined || 'noAnswer' in state ? undefined : state,
  );
}

/** The same, where it matters which of the two it is. */
export async function askShardStates(
  client: Client,
  shards: readonly PlacedShard[],
): Promise<(ShardState | Unanswered | undefined)[]> {
  const found = new Map<string, ShardState | Unanswered>();
  for (const [shard, state] of await askChunks(client, chunksByNode(shards))) {
    if (state !== undefined) found.set(placementKey(shard), state);
  }
  return shards.map((shard) => found.get(placementKey(shard)));
}

type Chunk = readonly [PlacedShard, ...PlacedShard[]];

/**
 * What a node does not answer at once is asked again in halves, as long as it answers anything: its sessions begin with the
 * `statement_timeout` of the role, which nobody can lift there, and a busy node needs its time.
 */
async function askChunks(
  client: Client,
  chunks: readonly Chunk[],
): Promise<(readonly [PlacedShard, ShardState | Unanswered | undefined])[]> {
  const answers = await runOnNodes(
    client,
    chunks.map((chunk) => ({ node: chunk[0].node, sql: stateSql(chunk.map(({ relation }) => relation)) })),
  );
  const known: (readonly [PlacedShard, ShardState | Unanswered | undefined])[] = [];
  for (const [index, chunk] of chunks.entries()) {
    const answer = answers[index];
    if (answer?.success === true) {
      const states = JSON.parse(answer.result) as Readonly<Record<string, ShardState>>;
      known.push(...chunk.map((shard) => [shard, states[shard.relation]] as const));
    } else if (chunk.length > 1 && (await answersAnything(client, chunk[0].node))) {
      known.push(...(await askChunks(client, halves(chunk))));
    } else {
      const noAnswer = answer?.result ?? '';
      known.push(...chunk.map((shard) => [shard, { noAnswer }] as const));
    }
  }
  return known;
}

async function answersAnything(client: Client, node: NodeAddress): Promise<boolean> {
  const [answer] = await runOnNodes(client, [{ node, sql: 'SELECT 1' }]);
  return answer?.success === true;
}

function halves([first, ...others]: Chunk): Chunk[] {
  const left = others.slice(0, Math.floor(others.length / 2));
  const [middle, ...right] = others.slice(left.length);
  return middle === undefined
    ? [[first]]
    : [
        [first, ...left],
        [middle, ...right],
      ];
}

/** The same of tables themselves, on this node, by {@link tableKey}. */
export async function readOwnStates(
  client: Client,
  tables: readonly TableName[],
): Promise<ReadonlyMap<string, ShardState>> {
  const relations = tables.map((table) => sqlTable(table));
  await beginReading(client);
  const { rows } = await client
    .query<{ states: string }>(`SELECT (${stateSql(relations)}) AS states`)
    .finally(() => client.query('ROLLBACK').catch(() => undefined));
  const states = JSON.parse(rows[0]?.states ?? '{}') as Readonly<Record<string, ShardState>>;
  return new Map(
    tables.flatMap((table, index) => {
      const state = states[relations[index] ?? ''];
      return state === undefined ? [] : [[tableKey(table), state]];
    }),
  );
}

function chunksByNode(shards: readonly PlacedShard[]): [PlacedShard, ...PlacedShard[]][] {
  const open = new Map<string, [PlacedShard, ...PlacedShard[]]>();
  const chunks: [PlacedShard, ...PlacedShard[]][] = [];
  for (const shard of shards) {
    const node = nodeName(shard.node);
    const chunk = open.get(node);
    if (chunk !== undefined && chunk.length < SHARDS_A_STATEMENT) chunk.push(shard);
    else {
      const next: [PlacedShard] = [shard];
      open.set(node, next);
      chunks.push(next);
    }
  }
  return chunks;
}

function placementKey({ shardId, node }: PlacedShard): string {
  return `${String(shardId)} ${nodeName(node)}`;
}

/** What others than its owner may, as JSON. @param relation a row of `pg_class` @param acl privileges of it, or of a column */
function privilegesJson(relation: string, acl: string): string {
  return `(SELECT coalesce(jsonb_agg(DISTINCT g.text ORDER BY g.text), '[]')
             FROM (SELECT concat_ws(' ', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)::text) END, privilege_type,
                                    CASE WHEN is_grantable THEN 'WITH GRANT OPTION' END)
                     FROM aclexplode(${acl}) WHERE grantee <> ${relation}.relowner) g(text))`;
}

/** One JSON object of states by relation. Definitions name everything with its schema, whatever the search path of the session. */
function stateSql(relations: readonly string[]): string {
  return `
WITH settled AS MATERIALIZED (${settingAll(DEFINITION_SETTINGS)})
SELECT coalesce(jsonb_object_agg(w.relation, jsonb_build_object(
         'security', ${rowSecurityJson('c')},
         'indexes', (SELECT coalesce(jsonb_agg(d.text ORDER BY d.text COLLATE "C"), '[]')
                       FROM pg_index i,
                            LATERAL (SELECT pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END) d(text)
                      WHERE i.indrelid = c.oid),
         'constraints', (SELECT coalesce(jsonb_agg(d.text ORDER BY d.text COLLATE "C"), '[]')
                           FROM pg_constraint k,
                                LATERAL (SELECT CASE k.contype WHEN 'c' THEN regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '')
                                                               ELSE pg_get_constraintdef(k.oid) END) d(text)
                          WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x', 'f', 'c')),
         'grants', (SELECT coalesce(jsonb_agg(g.text ORDER BY g.text COLLATE "C"), '[]')
                      FROM (SELECT g::text FROM unnest(coalesce(c.relacl, acldefault('r', c.relowner))) g
                            UNION ALL SELECT a.attname || ' ' || g FROM pg_attribute a, unnest(a.attacl) g WHERE a.attrelid = c.oid AND NOT a.attisdropped) g(text)),
         'privileges', ${privilegesJson('c', "coalesce(c.relacl, acldefault('r', c.relowner))")},
         'columnPrivileges', (SELECT coalesce(jsonb_agg(a.attname || ' ' || p.text ORDER BY a.attname COLLATE "C", p.text), '[]')
                                FROM pg_attribute a, jsonb_array_elements_text(${privilegesJson('c', 'a.attacl')}) p(text)
                               WHERE a.attrelid = c.oid AND NOT a.attisdropped),
         'columns', (SELECT coalesce(jsonb_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum), '[]')
                       FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
         'persistence', c.relpersistence,
         'behaviour', (SELECT jsonb_build_array(concat('replica identity ', c.relreplident)) || coalesce(jsonb_agg(b.text ORDER BY b.text COLLATE "C"), '[]')
                         FROM (SELECT concat('trigger ', t.tgname, ' ', t.tgenabled) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
                               UNION ALL SELECT concat('rule ', r.rulename, ' ', r.ev_enabled) FROM pg_rewrite r WHERE r.ev_class = c.oid
                               UNION ALL SELECT concat('off ', count(*)) FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgisinternal AND t.tgenabled <> 'O') b(text)),
         'notNull', (SELECT coalesce(jsonb_agg(a.attname ORDER BY a.attname COLLATE "C"), '[]')
                       FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull))), '{}')::text
  FROM settled, unnest(ARRAY[${relations.map((relation) => escapeLiteral(relation)).join(', ')}]::text[]) w(relation)
  JOIN pg_class c ON c.oid = to_regclass(w.relation)`;
}

/**
 * Counts and hashes the rows of each placement, one scan each, over connections of Citus's own. The same rows have the same
 * figures on every node. Where row-level security hides rows from this role, the answer says so and not a number.
 *
 * @param onShard told how many are done
 */
export async function readShardRows(
  client: Client,
  shards: readonly PlacedShard[],
  onShard: (done: number) => void = () => undefined,
): Promise<ShardRows[]> {
  const columns = new Map<string, readonly HashedColumn[]>();
  for (const { table } of shards) {
    const key = JSON.stringify(table);
    if (!columns.has(key)) columns.set(key, await readColumns(client, table));
  }
  const read: ShardRows[] = [];
  for (let from = 0; from < shards.length; from += AT_ONCE) {
    const some = shards.slice(from, from + AT_ONCE);
    const answers = await runOnNodes(
      client,
      some.map((shard) => ({
        node: shard.node,
        sql: rowsSql(shard, columns.get(JSON.stringify(shard.table)) ?? []),
      })),
    );
    read.push(...answers.map(parseRows));
    onShard(read.length);
  }
  return read;
}

/** Within a statement, for a session of Citus's own. */
function settingAll(settings: Readonly<Record<string, string>>): string {
  const each = Object.entries(settings).map(
    ([name, value]) => `set_config('${name}', ${escapeLiteral(value)}, true)`,
  );
  return `SELECT ${each.join(', ')}`;
}

/** How a session writes definitions down: constants in them as values, and everything with its schema. */
const DEFINITION_SETTINGS: Readonly<Record<string, string>> = {
  ...TEXT_SETTINGS,
  search_path: 'pg_catalog',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  bytea_output: 'hex',
};

function rowsSql(shard: Shard, columns: readonly HashedColumn[]): string {
  if (shard.partitioned) return `SELECT '{"rows": 0, "checksum": "0"}'`;
  return `${settled(columns)}SELECT (${figuresSql(shard, columns)})::text`;
}

function settled(columns: readonly HashedColumn[]): string {
  return columns.some(isHashedByText) ? `WITH settled AS MATERIALIZED (${settingAll(TEXT_SETTINGS)}) ` : '';
}

/** One value of JSON. @param range the hashes that its rows may have */
function figuresSql({ relation }: Shard, columns: readonly HashedColumn[], range?: HashRange): string {
  const misplaced =
    range === undefined
      ? ''
      : `, 'misplaced', count(*) FILTER (WHERE (${range.hash}(t.${escapeIdentifier(range.column)}) BETWEEN ${range.min} AND ${range.max}) IS NOT TRUE)`;
  const figures = `SELECT json_build_object('rows', count(*), 'checksum', ${checksumOf(columns)}${misplaced})
      FROM ${columns.some(isHashedByText) ? 'settled, ' : ''}${relation} t`;
  // A count under policies is no count. The other branch is not run then.
  return `SELECT CASE WHEN row_security_active(${escapeLiteral(relation)})
       THEN json_build_object('unreadable', 'row-level security hides rows of it from the owner') ELSE (${figures}) END`;
}

interface HashRange {
  readonly column: string;
  readonly hash: string;
  readonly min: string;
  readonly max: string;
}

function hashRange({ column, hash, min, max }: ShardPlacement): HashRange | undefined {
  return column === null || min === null || max === null ? undefined : { column, hash, min, max };
}

/**
 * Counts and hashes the rows of placements of one table on one node, its partitions included, and counts those that belong elsewhere:
 * one scan each, one after the other, over one connection. Where that fails, one by one, so that each has its own answer.
 *
 * @param columns in the order in which they are hashed
 */
export async function readPlacementRows(
  client: Client,
  node: NodeAddress,
  shards: readonly ShardPlacement[],
  columns: readonly HashedColumn[],
): Promise<ShardRows[]> {
  const values = shards.map((shard) => `(${figuresSql(shard, columns, hashRange(shard))})`);
  const sql = `${settled(columns)}SELECT json_build_array(${values.join(', ')})::text`;
  const [answer] = await runOnNodes(client, [{ node, sql }]);
  if (answer?.success === true) return JSON.parse(answer.result) as ShardRows[];
  if (shards.length === 1) return [{ unreadable: answer?.result ?? 'the node does not answer' }];
  const read: ShardRows[] = [];
  for (const shard of shards) read.push(...(await readPlacementRows(client, node, [shard], columns)));
  return read;
}

function parseRows({ success, result }: NodeAnswer): ShardRows {
  return success ? (JSON.parse(result) as ShardRows) : { unreadable: result };
}

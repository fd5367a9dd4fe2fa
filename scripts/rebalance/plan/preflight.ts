import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { z } from 'zod';
import { someOf } from '../../../config/text/text';
import { tableKey } from '../../../config/workload/identifiers';
import { sameTable, showTable, sqlTable } from '../../database/model/names';
import { readSecuredTables } from '../../database/observe/row-security';
import type { PlacedShard } from '../../database/observe/shards';
import { sqlStateOf, refused } from '../../lib/errors';
import type { TransferMode } from '../../citus/transfer-mode';
import { isLogical } from '../../citus/transfer-mode';
import { readHiddenDrift } from '../observe/observe';
import type { Move } from '../../citus/moves';
import type { Rebalance } from './plan';
import {
  allowedPlugins,
  FEWEST_WORKER_PROCESSES,
  MOVE_PLUGIN,
  REPLICATION_SERVER,
  replicationServer,
} from '../../citus/replication-servers';
import { askAllNodes, nodeName, readNodes } from '../../citus/nodes';
import { hindrance, hindrancesByRole, roleHindrances } from '../../citus/node-sessions';
import type { RoleHindrance } from '../../citus/node-sessions';
import { readRecordedLeftovers, strayShard } from '../../citus/hindrances';
import { STRAY_SHARDS } from '../../citus/hindrances.sql';
import { hindranceRemedy, owned } from '../../database/checks/owners';
import { strayFaults, unknownShards } from './hindrances';
import type { UnknownShard } from './hindrances';
import type { Node } from '../../citus/nodes';
import { readRows } from '../../citus/rows';
import {
  FOREIGN_OWNED,
  NOT_REPLICABLE,
  OTHERS_TABLES,
  UNCREATABLE,
  UNREACHABLE,
  UNREFERENCEABLE,
} from '../../citus/catalog.sql';

/** What a rebalance needs to know before it moves anything. */
export interface Facts {
  /** The role of this connection. */
  readonly role: string;
  /** Distributed tables whose owner's rights the role does not have. */
  readonly foreignOwned: readonly { readonly table: string; readonly owner: string }[];
  /** Tables whose owner may create nothing in their schema. */
  readonly uncreatable: readonly {
    readonly table: string;
    readonly owner: string;
    readonly schema: string;
  }[];
  /** Foreign keys that the owner of their table may not make again where a shard arrives. */
  readonly unreferenceable: readonly z.infer<typeof unreferenceable>[];
  /** Distributed and reference tables that logical replication does not copy, or not beside every write. */
  readonly notReplicable: readonly z.infer<typeof notReplicable>[];
  readonly settings: readonly (z.infer<typeof nodeSettings> & { readonly nodeId: number })[];
  readonly database: string;
  /** Tables with shards that are another role's. */
  readonly othersTables: readonly { readonly table: string; readonly owner: string }[];
  /** What keeps Citus from connecting to nodes as those roles. */
  readonly roleHindrances: readonly RoleHindrance[];
  /** Tables of nodes that bear the names of shards. */
  readonly strays: readonly UnknownShard[];
}

const unreferenceable = z.object({
  table: z.string(),
  owner: z.string(),
  referenced: z.string(),
  /** The schema of the other table, where the owner may not use it. */
  schema: z.string().nullable(),
});

const notReplicable = z.object({
  table: z.string(),
  unlogged: z.boolean(),
  columnar: z.boolean(),
  /** It has neither a primary key nor a replica identity that is checked at once. */
  unidentified: z.boolean(),
});

/** What a move depends on, as a node has it set. */
const nodeSettings = z.object({ walLevel: z.string(), server: replicationServer });

const nodeFacts = nodeSettings.extend({
  strays: z.array(strayShard),
  hindrances: z.array(hindrance),
});

/** @param owners of the tables */
function nodeFactsQuery(owners: readonly string[]): string {
  return `
SELECT json_build_object('walLevel', current_setting('wal_level'), 'server', (${REPLICATION_SERVER}), 'strays', (${STRAY_SHARDS}), 'hindrances', (${roleHindrances(owners)}))`;
}

/** Names a message lists. */
const NAMED = 8;

/** @throws ScaleoutError (refused) naming the nodes that cannot reach each other */
export async function requireReachableNodes(client: Client): Promise<void> {
  let rows: { from_nodename: string; from_nodeport: number; to_nodename: string; to_nodeport: number }[];
  try {
    ({ rows } = await client.query(UNREACHABLE));
  } catch (error) {
    // Where the check is not granted the moves themselves will tell, as retries of their tasks.
    if (sqlStateOf(error) === '42501') return;
    throw error;
  }
  if (rows.length === 0) return;
  const pairs = rows.map(
    (row) =>
      `${row.from_nodename}:${String(row.from_nodeport)} cannot reach ${row.to_nodename}:${String(row.to_nodeport)}`,
  );
  throw refused(
    'cluster.nodes-unreachable',
    `the nodes of the cluster cannot all reach each other: ${someOf(pairs, NAMED)}. Moves copy from node to node, so wait for these to come back, or look at their state in the portal; nothing was changed`,
  );
}

async function readFacts(client: Client): Promise<Facts> {
  const [{ role, database } = { role: '', database: '' }] = await readRows(
    client,
    z.object({ role: z.string(), database: z.string() }),
    'SELECT current_user::text AS role, current_database()::text AS database',
  );
  const table = z.object({ table: z.string() });
  const ownedTable = table.extend({ owner: z.string() });
  const othersTables = await readRows(client, ownedTable, OTHERS_TABLES);
  const owners = [...new Set(othersTables.map(({ owner }) => owner))];
  const nodes = await readNodes(client);
  const answers = await askAllNodes(client, nodeFacts, nodeFactsQuery(owners));
  const recorded = await readRecordedLeftovers(client);
  return {
    role,
    database,
    othersTables,
    roleHindrances: hindrancesByRole(
      nodes,
      answers.flatMap(({ nodeId, answer }) => answer.hindrances.map((each) => ({ ...each, nodeId }))),
    ),
    strays: unknownShards({ nodes, answers, recorded }),
    foreignOwned: await readRows(client, ownedTable, FOREIGN_OWNED),
    uncreatable: await readRows(client, ownedTable.extend({ schema: z.string() }), UNCREATABLE),
    unreferenceable: await readRows(client, unreferenceable, UNREFERENCEABLE),
    notReplicable: await readRows(client, notReplicable, NOT_REPLICABLE),
    settings: answers.map(({ nodeId, answer: { walLevel, server } }) => ({ nodeId, walLevel, server })),
  };
}

/** What a rebalance does to tables. */
export type Work = Pick<Rebalance, 'missingReferenceTables'> & {
  readonly moves: readonly Pick<Move<Pick<Node, 'nodeId'>>, 'shardIds' | 'tables' | 'from' | 'to'>[];
};

/**
 * Why this would fail, each with its way out; empty when nothing speaks against it.
 *
 * @param budgeted of a run that chooses the way of each move itself: another mode is no way out there, as it has no budget
 */
export function preflightFaults(
  facts: Facts,
  { moves, missingReferenceTables }: Work,
  mode: TransferMode,
  budgeted = false,
): string[] {
  const faults: string[] = [];
  const words = wordsFor(mode, budgeted);
  // Reference tables are copied as the owner of the extension, in this session.
  if (moves.length > 0 && facts.foreignOwned.length > 0) {
    const tables = facts.foreignOwned.map(({ table, owner }) => `${table} (owner ${owner})`);
    faults.push(
      `${facts.role} does not own every distributed table, and Citus rebalances all of them or none: ${someOf(tables, NAMED)}. ` +
        `Run this as a role that has the rights of every owner, or give the tables to ${facts.role} (ALTER TABLE ... OWNER TO)`,
    );
  }
  faults.push(
    ...ownerFaults(facts, moves),
    ...loginFaults(facts, moves),
    ...strayFaults(moves, facts.strays),
  );
  const copied = new Set([...moves.flatMap(({ tables }) => tables), ...missingReferenceTables]);
  const tables = facts.notReplicable.filter(({ table }) => copied.has(table));
  if (isLogical(mode)) faults.push(...replicationFaults(tables, mode, words));
  const notLogical = facts.settings.filter(({ walLevel }) => walLevel !== 'logical');
  if (isLogical(mode) && notLogical.length > 0) {
    faults.push(
      `${words.way} needs wal_level = logical on every node, and it is ${someOf(
        notLogical.map(({ nodeId, walLevel }) => `${walLevel} on node ${String(nodeId)}`),
        NAMED,
      )}. Set it and restart${words.orBlocking}`,
    );
  }
  if (isLogical(mode)) faults.push(...exhaustedFaults(facts, { moves, missingReferenceTables }, words));
  const starved = facts.settings.filter(({ server }) => server.workerProcesses < FEWEST_WORKER_PROCESSES);
  if (moves.length > 0 && starved.length > 0) {
    faults.push(
      `moves run in background workers, and max_worker_processes is ${someOf(
        starved.map(({ nodeId, server }) => `${String(server.workerProcesses)} on node ${String(nodeId)}`),
        NAMED,
      )}. ` +
        `Raise it to at least ${String(FEWEST_WORKER_PROCESSES)}, better 8 more than the databases that have Citus, and restart`,
    );
  }
  return faults;
}

/** What the owners of tables may not do where their shards arrive: a move makes tables and foreign keys in their name. */
function ownerFaults(facts: Facts, moves: Work['moves']): string[] {
  const moved = new Set(moves.flatMap((move) => move.tables));
  const uncreatable = facts.uncreatable.filter(({ table }) => moved.has(table));
  const faults: string[] = [];
  if (uncreatable.length > 0) {
    const what = uncreatable.map(
      ({ table, owner, schema }) =>
        `${table} (GRANT CREATE ON SCHEMA ${schema} TO ${escapeIdentifier(owner)})`,
    );
    faults.push(
      `a move creates a shard as the owner of its table, who may create nothing in its schema: ${someOf(what, NAMED)}`,
    );
  }
  const keys = facts.unreferenceable.filter(({ table }) => moved.has(table));
  if (keys.length > 0) {
    const what = keys.map(({ table, owner, referenced, schema }) => {
      const usage =
        schema === null ? '' : ` and GRANT USAGE ON SCHEMA ${schema} TO ${escapeIdentifier(owner)}`;
      return `${table} (GRANT REFERENCES ON ${referenced} TO ${escapeIdentifier(owner)}${usage})`;
    });
    faults.push(
      `a move makes the foreign keys of a shard again as the owner of its table, who may not reference the other one: ${someOf(what, NAMED)}`,
    );
  }
  return faults;
}

/** Whose sessions do not reach the nodes: a move makes shards, and copies them, in the name of their owner. */
function loginFaults(facts: Facts, moves: Work['moves']): string[] {
  const moved = new Set(moves.flatMap(({ tables }) => tables));
  return facts.roleHindrances
    .filter(({ what }) => what !== 'no-member')
    .flatMap((hindrance) => {
      const tables = facts.othersTables.filter(
        ({ table, owner }) => owner === hindrance.role && moved.has(table),
      );
      if (tables.length === 0) return [];
      const names = tables.map(({ table }) => table);
      return [
        `${owned(hindrance, names)}. Citus connects as the owner where it moves their shards: ${hindranceRemedy(facts, hindrance)}`,
      ];
    });
}

/**
 * A move holds a slot and a sender on the node that it leaves, and a process that replays on the one it goes to. Citus chooses itself from
 * where it copies reference tables.
 */
function exhaustedFaults(
  { settings }: Facts,
  { moves, missingReferenceTables }: Work,
  { way, orBlocking }: Words,
): string[] {
  const all = missingReferenceTables.length > 0 ? settings.map(({ nodeId }) => nodeId) : [];
  const left = new Set([...all, ...moves.map(({ from }) => from.nodeId)]);
  const entered = new Set([...all, ...moves.map(({ to }) => to.nodeId)]);
  type Server = Facts['settings'][number]['server'];
  const needed: readonly [string, ReadonlySet<number>, string, (server: Server) => number][] = [
    ['max_replication_slots', left, 'from', ({ slots, slotsInUse }) => slots - slotsInUse],
    ['max_wal_senders', left, 'from', ({ senders, sendersInUse }) => senders - sendersInUse],
    ['max_logical_replication_workers', entered, 'to', ({ applyWorkers }) => applyWorkers],
  ];
  const exhausted = needed.flatMap(([setting, nodes, end, freeOf]) => {
    const without = settings.filter(({ nodeId, server }) => nodes.has(nodeId) && freeOf(server) < 1);
    if (without.length === 0) return [];
    const where = someOf(
      without.map(({ nodeId }) => `node ${String(nodeId)}`),
      NAMED,
    );
    return [
      `${way} needs one of ${setting} on every node that it copies ${end}, and none is free on ${where}. Free one, or raise it and restart${orBlocking}`,
    ];
  });
  const forbidden = settings.filter(
    ({ nodeId, server }) => left.has(nodeId) && allowedPlugins(server)?.includes(MOVE_PLUGIN) === false,
  );
  if (forbidden.length === 0) return exhausted;
  const where = someOf(
    forbidden.map(({ nodeId }) => `node ${String(nodeId)}`),
    NAMED,
  );
  return [
    ...exhausted,
    `${way} needs ${MOVE_PLUGIN} among output_plugin_libraries of every node that it copies from, and it is not on ${where}. Add it there${orBlocking}`,
  ];
}

/** How faults of copies by logical replication begin, and end. */
interface Words {
  /** What needs it. */
  readonly way: string;
  /** What copies by it. */
  readonly copies: string;
  /** The way out that another mode is, where one may be chosen. */
  readonly orBlocking: string;
  readonly orAny: string;
}

function wordsFor(mode: TransferMode, budgeted: boolean): Words {
  if (budgeted) {
    return { way: 'logical replication', copies: 'logical replication', orBlocking: '', orAny: '' };
  }
  return {
    way: `mode ${mode}`,
    copies: `the logical replication of mode ${mode}`,
    orBlocking: ', or choose --mode block_writes (writes wait)',
    orAny:
      ', or choose --mode block_writes (writes wait) or force_logical (UPDATE and DELETE fail meanwhile)',
  };
}

/** Why logical replication does not copy these tables, or not beside every write. */
function replicationFaults(
  tables: Facts['notReplicable'],
  mode: TransferMode,
  { copies, orBlocking, orAny }: Words,
): string[] {
  const named = (which: Facts['notReplicable']): string =>
    someOf(
      which.map(({ table }) => table),
      NAMED,
    );
  const [unlogged, columnar] = [
    tables.filter((each) => each.unlogged),
    tables.filter((each) => each.columnar && !each.unlogged),
  ];
  const unfit = tables.filter((each) => each.unidentified && !each.columnar && !each.unlogged);
  const faults: string[] = [];
  if (unlogged.length > 0) {
    faults.push(
      `${copies} leaves out unlogged tables: ${named(unlogged)}. Make them logged (ALTER TABLE ... SET LOGGED)${orBlocking}`,
    );
  }
  if (columnar.length > 0) {
    faults.push(
      `${copies} makes INSERT fail meanwhile on columnar tables: ${named(columnar)}. Make them heap (alter_table_set_access_method)${orBlocking}`,
    );
  }
  if (mode === 'auto' && unfit.length > 0) {
    faults.push(
      `${copies} needs a primary key or a replica identity, and ${named(unfit)} ` +
        `${unfit.length === 1 ? 'has' : 'have'} neither (one that is DEFERRABLE does not count). Give ${unfit.length === 1 ? 'it' : 'each'} a primary key${orAny}`,
    );
  }
  return faults;
}

/** Why a run of this plan would be refused, from the database as it is. */
export async function readFaults(
  client: Client,
  plan: Pick<Rebalance, 'moves' | 'missingReferenceTables'>,
  mode: TransferMode,
): Promise<string[]> {
  return (await readBothWays(client, plan, mode)).faults;
}

/** What speaks against moves, and against copying some of them by logical replication. */
export interface BothWays {
  readonly faults: readonly string[];
  /** By shard id why logical replication cannot copy a group; groups that it can copy are not in it. */
  readonly onlyBlocking: ReadonlyMap<number, string>;
}

/** The same, where each group may go either way: what is against logical replication is no fault of a move then. */
export async function readBudgetedFaults(
  client: Client,
  plan: Pick<Rebalance, 'moves' | 'missingReferenceTables'>,
): Promise<BothWays> {
  return readBothWays(client, plan, undefined);
}

/** @param mode of every move; undefined where each may be copied either way */
async function readBothWays(
  client: Client,
  { moves, missingReferenceTables }: Pick<Rebalance, 'moves' | 'missingReferenceTables'>,
  mode: TransferMode | undefined,
): Promise<{ faults: string[]; onlyBlocking: ReadonlyMap<number, string> }> {
  if (moves.length === 0 && missingReferenceTables.length === 0)
    return { faults: [], onlyBlocking: new Map() };
  const secured = await readSecuredTables(client);
  const hidden = hiddenFaults(await readHiddenDrift(client, moves, secured));
  const facts = await readFacts(client);
  if (mode !== undefined) {
    const faults = preflightFaults(facts, { moves, missingReferenceTables }, mode);
    return { faults: [...faults, ...hidden], onlyBlocking: new Map() };
  }
  const blocking = preflightFaults(facts, { moves, missingReferenceTables: [] }, 'block_writes');
  const references =
    missingReferenceTables.length === 0
      ? []
      : preflightFaults(facts, { moves: [], missingReferenceTables }, 'auto');
  const against = (move: Work['moves'][number]): string =>
    preflightFaults(facts, { moves: [move], missingReferenceTables: [] }, 'auto', true)
      .filter((fault) => !blocking.includes(fault))
      .join('. Also: ');
  return {
    faults: [...new Set([...blocking, ...references, ...hidden])],
    onlyBlocking: new Map(
      moves.map((move) => [move.shardId, against(move)] as const).filter(([, why]) => why !== ''),
    ),
  };
}

/** Shards that hide rows from the copy, though nothing on the coordinator says so. Pure. */
export function hiddenFaults(hidden: readonly PlacedShard[]): string[] {
  const tables = new Map(hidden.map(({ table }) => [tableKey(table), table]));
  return [...tables.values()].map((table) => {
    const shards = hidden
      .filter((each) => sameTable(each.table, table))
      .map(({ shardId, node }) => `${String(shardId)} on ${nodeName(node)}`);
    return (
      `${shards.length === 1 ? 'shard' : 'shards'} ${someOf(shards, NAMED)} of ${showTable(table)} ${shards.length === 1 ? 'has' : 'have'} FORCE ROW LEVEL SECURITY and the table on the coordinator has not, ` +
      `so that a move would lose the rows that policies hide. Say again on the coordinator what is meant, which Citus sends to every shard: ALTER TABLE ${sqlTable(table)} NO FORCE ROW LEVEL SECURITY (or ENABLE and FORCE)`
    );
  });
}

/** @throws ScaleoutError (refused) with every fault at once */
export async function requireMovable(client: Client, plan: Rebalance, mode: TransferMode): Promise<void> {
  requireNone(await readFaults(client, plan, mode));
}

/** @throws ScaleoutError (refused) with every fault at once */
export function requireNone(faults: readonly string[]): void {
  if (faults.length > 0)
    throw refused(
      'rebalance.preconditions',
      `the rebalance was not started, and nothing was changed: ${faults.join('. Also: ')}`,
      { details: { failures: faults } },
    );
}

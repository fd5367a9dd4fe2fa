import { escapeLiteral } from 'pg';
import type { Client } from 'pg';
import { z } from 'zod';
import { allOf, oneOf } from '../../../config/text/text';
import type { Finding } from '../../database/checks/findings';
import { refused, ScaleoutError } from '../../lib/errors';
import { readSecuredTables } from '../../database/observe/row-security';
import type { Estimate } from '../cost/estimate';
import { afterMoves } from '../watch/along';
import { estimate, measuredFactor, windowSeconds } from '../cost/estimate';
import { asynchronousCommits, finding } from '../../database/checks/findings';
import { localWriteFindings, rebalanceFindings } from '../observe/findings';
import { hindranceFindings } from './hindrances';
import type { OnPaper } from './on-paper';
import { readProposals } from './proposals';
import type { Proposal } from './proposals';
import { HINDRANCES, nodeHindrances, readRecordedLeftovers } from '../../citus/hindrances';
import { hasEnded, readJobs } from '../../citus/job';
import type { Job } from '../../citus/job';
import { isMovableTable, readPlannedMoves } from '../../citus/moves';
import type { Move } from '../../citus/moves';
import { askAllNodes, holdsShards, nodeName, sameNode } from '../../citus/nodes';
import type { NodeAddress } from '../../citus/nodes';
import { readRows } from '../../citus/rows';
import { setting, SETTINGS, settingDifferences } from '../../citus/settings';
import { settingFindings } from '../../database/checks/settings';
import type { Strategy } from '../../citus/strategy';
import type { BudgetOptions, RebalanceOptions } from './options';
import { isLogical } from '../../citus/transfer-mode';
import type { NodePlacement, Snapshot } from '../../citus/placements';
import {
  placementsOf,
  readMissingReferenceBytes,
  readMissingReferenceTables,
  readSnapshot,
} from '../../citus/placements';
import { ASYNCHRONOUS_COMMITS } from '../../database/inspect/inspect.sql';

/** A move as documents have it. */
export interface PlannedMove extends Pick<Move, 'shardId' | 'tables' | 'bytes' | 'mode'> {
  /** `name:port` of the node it leaves. */
  readonly from: string;
  /** `name:port` of the node it goes to. */
  readonly to: string;
}

/** What `rebalance plan` answers with. */
export interface RebalancePlan {
  readonly formatVersion: 1;
  readonly strategy: Strategy;
  readonly moves: readonly PlannedMove[];
  /** Reference tables that some node has no copy of; a run copies them, moves or no moves. */
  readonly missingReferenceTables: readonly string[];
  readonly before: readonly NodePlacement[];
  readonly after: readonly NodePlacement[];
  /** Bytes that come to each node: what it holds at most beyond what it holds now, since Citus drops what has moved a little later. */
  readonly disk: readonly { readonly node: string; readonly bytes: number }[];
  readonly estimate: Estimate;
  /** What a person should know before it runs; some need an allowance. */
  readonly findings: readonly Finding[];
  /** What no move can bring about, and a person may do; no verb does it. */
  readonly proposals: readonly Proposal[];
  /** What it would be in a cluster of another size, where that was asked for; null otherwise. */
  readonly onPaper: OnPaper | null;
  /** Why a run would be refused, each with its way out. */
  readonly failures: readonly string[];
}

/** A plan as runs carry it out. */
export interface Rebalance extends Omit<RebalancePlan, 'moves' | 'failures' | 'onPaper'> {
  readonly moves: readonly Move[];
}

export function planDocument(
  plan: Rebalance,
  failures: readonly string[] = [],
  paper: OnPaper | null = null,
): RebalancePlan {
  return {
    ...plan,
    onPaper: paper,
    failures,
    moves: plan.moves.map(({ shardId, tables, bytes, from, to, mode }) => ({
      shardId,
      tables,
      bytes,
      from: nodeName(from),
      to: nodeName(to),
      mode,
    })),
  };
}

/** Asks Citus for its plan and measures it. Changes nothing. */
export async function readPlan(client: Client, options: RebalanceOptions): Promise<Rebalance> {
  const snapshot = await readSnapshot(client);
  const { budget } = options;
  requireRoom(snapshot.nodes);
  const copied = await readMissingReferenceTables(client);
  if (budget?.only !== undefined) await requireMovableTable(client, budget.only);
  const planned = await readPlannedMoves(
    client,
    { strategy: options.strategy, only: budget?.only, drainOnly: budget?.drain !== undefined },
    // Under a budget any group may be copied with writes blocked, which reads more tables as their owner.
    budget === undefined ? options.mode : 'block_writes',
    snapshot,
  );
  const moves = inScope(planned, budget, snapshot);
  const before = placementsOf(snapshot);
  const history = await readJobs(client, JOBS_TO_LEARN_FROM, snapshot);
  const factor = measuredFactor(history, options.mode);
  const secured = await readSecuredTables(client);
  return {
    formatVersion: 1,
    strategy: options.strategy,
    moves,
    missingReferenceTables: copied,
    before,
    after: applyMoves(before, moves),
    disk: diskNeed(before, moves, copied.length === 0 ? [] : await readMissingReferenceBytes(client)),
    estimate: estimate(moves, options.mode, factor),
    proposals: await readProposals(client, snapshot),
    findings: [
      ...rebalanceFindings(
        moves,
        copied,
        secured,
        (move) => estimate([move], options.mode, factor).seconds + windowSeconds(move),
      ),
      ...localWriteFindings(moves, snapshot.nodes),
      ...jobFindings(history),
      ...(moves.length > 0 ? await nodeFindings(client, options, snapshot, moves) : []),
    ],
  };
}

/** @throws ScaleoutError (refused) where no node takes shards, of which Citus's own planner says how many replicas there are */
function requireRoom(nodes: Snapshot['nodes']): void {
  if (nodes.some(holdsShards)) return;
  throw refused(
    'rebalance.preconditions',
    `no node may hold shards (shouldhaveshards is false or the node is inactive: ${allOf(nodes.map(nodeName))}), so that none can move. ` +
      'Set shards_on_coordinator_enabled for a single node, or add workers. Nothing was changed',
  );
}

function jobFindings(jobs: readonly Job[]): Finding[] {
  return jobs
    .filter((job) => !hasEnded(job))
    .map(({ id, state }) =>
      finding(
        'rebalance-running',
        `job ${String(id)}`,
        `rebalance job ${String(id)} is ${state}: a run follows it to its end, and then does what is left. "scaleout rebalance status" shows it, "scaleout rebalance stop" ends it`,
        'none',
      ),
    );
}

const COMMITS_BEHIND = {
  loses:
    'a move by logical replication loses writes that are acknowledged in the last moments before it switches, about 0.2 s for each shard group',
  otherwise: 'choose --mode block_writes',
};

const session = z.object({ database: z.string(), role: z.string() });

const sessionsOfNode = z.object({
  commits: z.array(z.string().nullable()),
  settings: z.array(setting),
  hindrances: nodeHindrances,
});

/**
 * How sessions begin on the nodes, as rows that move answer as those of their new node, and what there is in the way of moves. Each question
 * opens a session on every node.
 */
async function nodeFindings(
  client: Client,
  { mode }: RebalanceOptions,
  { nodes }: Snapshot,
  moves: readonly Move[],
): Promise<Finding[]> {
  const [{ database, role } = { database: '', role: '' }] = await readRows(
    client,
    session,
    'SELECT current_database()::text AS database, current_user::text AS role',
  );
  const answers = await askAllNodes(
    client,
    sessionsOfNode,
    `SELECT json_build_object('commits', (${ASYNCHRONOUS_COMMITS}), 'settings', (${SETTINGS}), 'hindrances', (${HINDRANCES}))`,
  );
  // Labels of nodes and names of roles whose commits are acknowledged before they are written, each once.
  const places = answers.flatMap(({ nodeId, answer }) => {
    const label = nodes.find((node) => node.nodeId === nodeId)?.label ?? `node ${String(nodeId)}`;
    return answer.commits.map((of) => of ?? label);
  });
  const differences = settingDifferences(
    nodes,
    answers.map(({ nodeId, answer: { settings } }) => ({ nodeId, settings })),
  );
  return [
    ...(isLogical(mode) ? asynchronousCommits([...new Set(places)], COMMITS_BEHIND) : []),
    ...settingFindings({ settingDifferences: differences, database, role }),
    ...hindranceFindings({
      nodes,
      moves,
      answers: answers.map(({ nodeId, answer }) => ({ nodeId, answer: answer.hindrances })),
      recorded: await readRecordedLeftovers(client),
      logical: isLogical(mode),
    }),
  ];
}

/** @throws ScaleoutError for a table that is not there, or that has no shards which move */
async function requireMovableTable(client: Client, table: string): Promise<void> {
  if (await isMovableTable(client, table)) return;
  throw new ScaleoutError(
    'input.invalid',
    `--only ${table} is no distributed table of this database: name one as SQL does, with its schema where that is not in the search_path. Nothing was changed`,
  );
}

/**
 * Of the moves planned those that were asked for.
 *
 * @throws ScaleoutError for a node that is not there, or that is to hold shards
 */
export function inScope(
  moves: readonly Move[],
  { drain, maxMoves }: Partial<BudgetOptions> = {},
  { nodes }: Pick<Snapshot, 'nodes'>,
): Move[] {
  if (drain === undefined) return moves.slice(0, maxMoves);
  const node = nodes.find((each) => each.label === drain || nodeName(each) === drain);
  if (node === undefined) {
    throw new ScaleoutError(
      'input.invalid',
      `--drain ${drain} is no node of this cluster: choose ${oneOf(nodes.map(({ label }) => label))}. Nothing was changed`,
    );
  }
  if (node.shouldHaveShards) {
    throw refused(
      'rebalance.preconditions',
      `${drain} is to hold shards, so that they would come back to it: take that from it first, which is the platform's to do ` +
        `(of the coordinator shards_on_coordinator_enabled of the cluster, of a node citus_set_node_property(${escapeLiteral(node.name)}, ${String(node.port)}, 'shouldhaveshards', false)). Nothing was changed`,
    );
  }
  return moves.filter(({ from }) => sameNode(from, node)).slice(0, maxMoves);
}

/** How many of the newest jobs are looked at for one that was of the same mode and ended well. */
const JOBS_TO_LEARN_FROM = 5;

/** What comes to the nodes, by moves and by copies of reference tables. */
export function diskNeed(
  nodes: readonly NodePlacement[],
  moves: readonly Move[],
  references: readonly (NodeAddress & { readonly bytes: number })[],
): RebalancePlan['disk'] {
  return nodes.map((node) => {
    const coming = [
      ...moves.filter(({ to }) => sameNode(to, node)),
      ...references.filter((each) => sameNode(each, node)),
    ];
    return { node: nodeName(node), bytes: coming.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
}

/** What the nodes hold once the moves are done. */
export function applyMoves(
  before: readonly NodePlacement[],
  moves: readonly Move[],
): readonly NodePlacement[] {
  return afterMoves(
    before,
    moves.map((move) => ({ ...move, from: nodeName(move.from), to: nodeName(move.to) })),
  );
}

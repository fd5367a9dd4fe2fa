import type { Client } from 'pg';
import type { Finding } from '../database/checks/findings';
import { readSecuredTables } from '../database/observe/row-security';
import type { Estimate } from './estimate';
import { estimate, measuredFactor, windowSeconds } from './estimate';
import { asynchronousCommits, rebalanceFindings } from './findings';
import { readJobs } from '../citus/job';
import type { RebalanceOptions, Strategy } from './options';
import type { TransferMode } from '../citus/transfer-mode';
import { isLogical } from '../citus/transfer-mode';
import type { NodePlacement, Snapshot } from '../citus/placements';
import { groupsByShard, placementsOf, readSnapshot } from '../citus/placements';
import { ASYNCHRONOUS_COMMITS, MISSING_REFERENCE_TABLES, PLAN } from '../citus/catalog.sql';

/** One shard group going from one node to another. */
export interface Move {
  /** The lowest shard id of the group. */
  readonly shardId: number;
  /** Every table that has a shard in the group. */
  readonly tables: readonly string[];
  /** Of the whole shard group, indexes and TOAST included. */
  readonly bytes: number;
  /** `name:port` of the node it leaves. */
  readonly from: string;
  /** `name:port` of the node it goes to. */
  readonly to: string;
  readonly mode: TransferMode;
}

/** What `rebalance plan` answers with. */
export interface RebalancePlan {
  readonly formatVersion: 1;
  readonly strategy: Strategy;
  readonly moves: readonly Move[];
  /** Reference tables that some node has no copy of; a run copies them, moves or no moves. */
  readonly missingReferenceTables: readonly string[];
  readonly before: readonly NodePlacement[];
  readonly after: readonly NodePlacement[];
  readonly estimate: Estimate;
  /** What a person should know before it runs; some need an allowance. */
  readonly findings: readonly Finding[];
}

/** A row of {@link PLAN}. */
export interface PlanRow {
  readonly table_name: string;
  readonly shard_id: number;
  readonly sourcename: string;
  readonly sourceport: number;
  readonly targetname: string;
  readonly targetport: number;
}

/** Asks Citus for its plan and measures it. Changes nothing. */
export async function readPlan(client: Client, options: RebalanceOptions): Promise<RebalancePlan> {
  const snapshot = await readSnapshot(client);
  const { rows } = await client.query<PlanRow>(PLAN, [options.strategy]);
  const missing = await client.query<{ table_name: string }>(MISSING_REFERENCE_TABLES);
  const moves = planMoves(snapshot, rows, options.mode);
  const before = placementsOf(snapshot);
  const history = await readJobs(client, JOBS_TO_LEARN_FROM);
  const factor = measuredFactor(history, groupsByShard(snapshot), options.mode);
  const copied = missing.rows.map((row) => row.table_name);
  const secured = await readSecuredTables(client);
  return {
    formatVersion: 1,
    strategy: options.strategy,
    moves,
    missingReferenceTables: copied,
    before,
    after: applyMoves(before, moves),
    estimate: estimate(moves, options.mode, factor),
    findings: [
      ...rebalanceFindings(
        moves,
        copied,
        secured,
        (move) => estimate([move], options.mode, factor).seconds + windowSeconds(move),
      ),
      ...(moves.length > 0 && isLogical(options.mode)
        ? asynchronousCommits(await readAsynchronousCommits(client, snapshot))
        : []),
    ],
  };
}

/** Labels of nodes and names of roles whose commits are acknowledged before they are written, each once. */
async function readAsynchronousCommits(client: Client, { nodes }: Snapshot): Promise<string[]> {
  const { rows } = await client.query<{ nodeid: number; success: boolean; result: string }>(
    ASYNCHRONOUS_COMMITS,
  );
  const places = rows
    .filter(({ success }) => success)
    .flatMap(({ nodeid, result }) => {
      const label = nodes.find((node) => node.nodeId === nodeid)?.label ?? `node ${String(nodeid)}`;
      return (JSON.parse(result) as (string | null)[]).map((role) => role ?? label);
    });
  return [...new Set(places)];
}

/** How many of the newest jobs are looked at for one that was of the same mode and ended well. */
const JOBS_TO_LEARN_FROM = 5;

/** Citus's rows, one for each shard, as one move for each shard group, in Citus's order. */
export function planMoves(snapshot: Snapshot, rows: readonly PlanRow[], mode: TransferMode): Move[] {
  const groups = groupsByShard(snapshot);
  const moves = new Map<string, Move>();
  for (const row of rows) {
    const group = groups.get(row.shard_id);
    const shardId = group?.shardIds[0] ?? row.shard_id;
    const from = nodeName(row.sourcename, row.sourceport);
    const to = nodeName(row.targetname, row.targetport);
    moves.set(`${String(shardId)} ${from} ${to}`, {
      shardId,
      tables: group?.tables ?? [row.table_name],
      bytes: group?.bytes ?? 0,
      from,
      to,
      mode,
    });
  }
  return [...moves.values()];
}

/** What the nodes hold once the moves are done. */
export function applyMoves(before: readonly NodePlacement[], moves: readonly Move[]): NodePlacement[] {
  return before.map((node) => {
    const name = nodeName(node.name, node.port);
    let { shards, bytes } = node;
    for (const move of moves) {
      const change = Number(move.to === name) - Number(move.from === name);
      shards += change;
      bytes += change * move.bytes;
    }
    return { ...node, shards, bytes };
  });
}

/** `name:port`, unique in a cluster where several nodes may share a host. */
export function nodeName(name: string, port: number): string {
  return `${name}:${String(port)}`;
}

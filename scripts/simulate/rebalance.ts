import type { Move } from '../citus/moves';
import type { Node } from '../citus/nodes';
import type { ShardGroup } from '../citus/placements';
import type { Strategy } from '../citus/strategy';

/**
 * The moves Citus 12.1's rebalancer plans, worked out without a cluster. Pure.
 *
 * It is greedy: it takes the costliest shard of the fullest node that the emptiest node can take without the two of them
 * ending less equal than before, and begins anew, until every node is within the threshold of the average. Utilization
 * is cost over capacity, and every node that holds shards has capacity 1, as Azure's nodes have. Citus computes in
 * single precision, and so does this: otherwise ties would be decided differently. It adds up in the order of a hash of
 * node names and ports, which nobody knows of nodes that are to come; sums of whole blocks come out the same in any order
 * up to 128 GiB, and beyond that nodes and shards that differ by less than a ten-millionth may change places.
 */

export interface StrategyRules {
  /** How far from the average utilization a node may be, as a share of it. */
  readonly threshold: number;
  /** What a move that fills the target more than the source must gain, as a share of what it costs. */
  readonly improvementThreshold: number;
  /** What a shard with all its colocated shards costs. */
  readonly cost: (bytes: number) => number;
}

/** `citus.rebalancer_by_disk_size_base_cost`, so that nearly empty shards are spread as well. */
const BASE_COST_BYTES = 100 * 1024 * 1024;

/** The rows of `pg_dist_rebalance_strategy` in Citus 12.1. */
export const STRATEGY_RULES: Readonly<Record<Strategy, StrategyRules>> = {
  by_disk_size: { threshold: 0.1, improvementThreshold: 0.5, cost: (bytes) => bytes + BASE_COST_BYTES },
  by_shard_count: { threshold: 0, improvementThreshold: 0, cost: () => 1 },
};

/** A node of the cluster that is asked about, there or not. */
export type ClusterNode = Pick<Node, 'groupId' | 'label' | 'shouldHaveShards'>;

/** A move that is planned, by whatever mode. */
export type SimulatedMove<Group extends ShardGroup = ShardGroup> = Omit<Move<ClusterNode>, 'mode'> & Group;

interface Shard<Group> {
  readonly group: Group;
  readonly cost: number;
}

interface NodeState<Group> {
  readonly node: ClusterNode;
  /** Costliest first; of equals the one with the lowest id. */
  shards: Shard<Group>[];
  cost: number;
}

/**
 * Citus's plan, move by move in its order.
 *
 * @param colocated the shard groups of each colocation group, in the order their first tables were distributed
 * @param nodes in the order they joined the cluster; one that may not hold shards is emptied
 * @param rules of a strategy of {@link STRATEGY_RULES}
 */
export function planRebalance<Group extends ShardGroup>(
  colocated: readonly (readonly Group[])[],
  nodes: readonly ClusterNode[],
  rules: StrategyRules,
): SimulatedMove<Group>[] {
  const states = balancedTogether(colocated, nodes).map((groups) => initialState(groups, nodes, rules));
  // Every group leaves the nodes it may not be on before any is evened out.
  const moves = states.flatMap(leaveForbiddenNodes);
  for (const state of states) {
    const bounds = utilizationBounds(state, rules);
    for (;;) {
      const move = nextMove(state, bounds, rules);
      if (move === undefined) break;
      moves.push(move);
    }
  }
  return moves;
}

/** The shard groups once the moves are done. */
export function applyMoves<Group extends ShardGroup>(
  colocated: readonly (readonly Group[])[],
  moves: readonly SimulatedMove[],
): Group[][] {
  const arrived = new Map(moves.map(({ shardId, to }) => [shardId, to.groupId]));
  return colocated.map((groups) =>
    groups.map((group) => ({ ...group, groupId: arrived.get(idOf(group)) ?? group.groupId })),
  );
}

/** The lowest shard id stands for a group. */
function idOf({ shardIds }: ShardGroup): number {
  return shardIds[0] ?? 0;
}

/**
 * What is balanced by itself: each colocation group, except that those with fewer shards than there are nodes to hold them are
 * balanced as if they were one, because alone they would always leave some node empty.
 */
function balancedTogether<Group>(
  colocated: readonly (readonly Group[])[],
  nodes: readonly ClusterNode[],
): (readonly Group[])[] {
  const holders = nodes.filter(({ shouldHaveShards }) => shouldHaveShards).length;
  const small = colocated.filter((groups) => groups.length < holders).flat();
  const alone = colocated.filter((groups) => groups.length >= holders);
  return small.length === 0 ? alone : [...alone, small];
}

function initialState<Group extends ShardGroup>(
  groups: readonly Group[],
  nodes: readonly ClusterNode[],
  rules: StrategyRules,
): NodeState<Group>[] {
  return nodes.map((node) => {
    const shards = groups
      .filter(({ groupId }) => groupId === node.groupId)
      .map((group) => ({ group, cost: Math.fround(rules.cost(group.bytes)) }));
    const cost = shards.reduce((sum, shard) => Math.fround(sum + shard.cost), 0);
    return { node, shards: shards.sort(costliestFirst), cost };
  });
}

function leaveForbiddenNodes<Group extends ShardGroup>(
  state: readonly NodeState<Group>[],
): SimulatedMove<Group>[] {
  const leaving = state
    .filter(({ node }) => !node.shouldHaveShards)
    .flatMap((source) => source.shards.map((shard) => ({ source, shard })))
    .sort((a, b) => costliestFirst(a.shard, b.shard));
  return leaving.flatMap(({ source, shard }) => {
    const target = emptiestFirst(state).find(({ node }) => node.shouldHaveShards);
    return target === undefined ? [] : [move(shard, source, target)];
  });
}

interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

function utilizationBounds(state: readonly NodeState<unknown>[], { threshold }: StrategyRules): Bounds {
  const total = state.reduce((sum, { cost }) => Math.fround(sum + cost), 0);
  const average = Math.fround(total / state.filter(({ node }) => node.shouldHaveShards).length);
  const share = Math.fround(threshold);
  return { lower: Math.fround((1 - share) * average), upper: Math.fround((1 + share) * average) };
}

/** Does the first move that helps, looking from the fullest node to the emptiest; undefined when none does. */
function nextMove<Group extends ShardGroup>(
  state: readonly NodeState<Group>[],
  { lower, upper }: Bounds,
  { improvementThreshold }: StrategyRules,
): SimulatedMove<Group> | undefined {
  const emptiest = emptiestFirst(state);
  for (const source of [...emptiest].reverse()) {
    if (utilization(source) <= lower) return undefined;
    for (const target of emptiest) {
      if (utilization(target) >= upper) break;
      if (utilization(target) >= lower && utilization(source) <= upper) break;
      // A shard's only placement is the one on the source, so the target never has it already.
      const shard = source.shards.find((each) => helps(each, source, target, improvementThreshold));
      if (shard !== undefined) return move(shard, source, target);
    }
  }
  return undefined;
}

function helps<Group>(
  shard: Shard<Group>,
  source: NodeState<Group>,
  target: NodeState<Group>,
  improvementThreshold: number,
): boolean {
  if (source === target || !target.node.shouldHaveShards) return false;
  const [sourceBefore, targetBefore] = [utilization(source), utilization(target)];
  const targetAfter = Math.fround(target.cost + shard.cost);
  const sourceAfter = source.node.shouldHaveShards ? Math.fround(source.cost - shard.cost) : Infinity;
  if (targetAfter <= sourceAfter) return true;
  // From here on the target ends fuller than the source: the fuller of the two must still be less full than before.
  if (targetAfter > sourceBefore) return false;
  if (targetAfter === sourceBefore && sourceAfter <= targetBefore) return false;
  const gained = Math.max(Math.fround(sourceBefore - targetAfter), Math.fround(sourceAfter - targetBefore));
  const added = Math.min(Math.fround(targetAfter - targetBefore), Math.fround(sourceBefore - sourceAfter));
  return Math.fround(gained / added) >= Math.fround(improvementThreshold);
}

function move<Group extends ShardGroup>(
  shard: Shard<Group>,
  source: NodeState<Group>,
  target: NodeState<Group>,
): SimulatedMove<Group> {
  source.shards.splice(source.shards.indexOf(shard), 1);
  source.cost = Math.fround(source.cost - shard.cost);
  target.shards = [...target.shards, shard].sort(costliestFirst);
  target.cost = Math.fround(target.cost + shard.cost);
  return { ...shard.group, shardId: idOf(shard.group), from: source.node, to: target.node };
}

/** A node that may hold nothing counts as the fullest of all. */
function utilization({ node, cost }: NodeState<unknown>): number {
  return node.shouldHaveShards ? cost : Infinity;
}

/** Of nodes that are equally full, the one that joined first comes first. */
function emptiestFirst<Group>(state: readonly NodeState<Group>[]): NodeState<Group>[] {
  const order = (a: number, b: number): number => (a === b ? 0 : a - b);
  return [...state].sort((a, b) => order(utilization(a), utilization(b)));
}

function costliestFirst(a: Shard<ShardGroup>, b: Shard<ShardGroup>): number {
  return b.cost - a.cost || idOf(a.group) - idOf(b.group);
}

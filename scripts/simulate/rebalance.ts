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

/** Strategies Citus ships; a node is as full as the bytes it holds, or as the number of shards. */
export type RebalanceStrategy = 'by_disk_size' | 'by_shard_count';

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
export const STRATEGY_RULES: Readonly<Record<RebalanceStrategy, StrategyRules>> = {
  by_disk_size: { threshold: 0.1, improvementThreshold: 0.5, cost: (bytes) => bytes + BASE_COST_BYTES },
  by_shard_count: { threshold: 0, improvementThreshold: 0, cost: () => 1 },
};

/** The shards that live and move together, of one colocation group, in the order of their hash ranges. */
export interface PlacedGroup {
  readonly shards: readonly PlacedShard[];
}

export interface PlacedShard {
  /** Of every table of the group: tables, indexes and TOAST. */
  readonly bytes: number;
  /** The node it is on, counted from 0. */
  readonly node: number;
  /** Its real id, of the group's first table, where it is there already. */
  readonly id?: number;
}

/** One shard, with the shards colocated with it, going from one node to another. */
export interface GroupMove {
  readonly group: number;
  /** Counted from 0 within its group. */
  readonly shard: number;
  readonly from: number;
  readonly to: number;
}

interface Shard {
  readonly group: number;
  readonly shard: number;
  /** The shard id, or what stands for it: grows from group to group, and with the hash range within one. */
  readonly order: number;
  readonly cost: number;
}

interface Node {
  readonly index: number;
  readonly holdsShards: boolean;
  /** Costliest first; of equals the one with the lowest id. */
  shards: Shard[];
  cost: number;
}

/**
 * Citus's plan, move by move in its order.
 *
 * @param groups in the order their first tables were distributed
 * @param nodes in the order they joined the cluster; one that may not hold shards is emptied
 * @param rules of a strategy of {@link STRATEGY_RULES}
 */
export function planRebalance(
  groups: readonly PlacedGroup[],
  nodes: readonly { readonly holdsShards: boolean }[],
  rules: StrategyRules,
): GroupMove[] {
  const moves: GroupMove[] = [];
  const states = balancedTogether(groups, nodes, rules).map((shards) => initialState(shards, nodes));
  // Every group leaves the nodes it may not be on before any is evened out.
  for (const state of states) moves.push(...leaveForbiddenNodes(state));
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

/** Where every shard is once the moves are done: the node of each, by group. */
export function applyMoves(groups: readonly PlacedGroup[], moves: readonly GroupMove[]): number[][] {
  const placement = groups.map(({ shards }) => shards.map(({ node }) => node));
  for (const { group, shard, to } of moves) {
    const nodes = placement[group];
    if (nodes !== undefined) nodes[shard] = to;
  }
  return placement;
}

/**
 * What is balanced by itself: each group, except that groups with fewer shards than there are nodes to hold them are
 * balanced as if they were one, because alone they would always leave some node empty.
 */
function balancedTogether(
  groups: readonly PlacedGroup[],
  nodes: readonly { readonly holdsShards: boolean }[],
  rules: StrategyRules,
): { readonly shard: Shard; readonly node: number }[][] {
  const holders = nodes.filter(({ holdsShards }) => holdsShards).length;
  const alone: { shard: Shard; node: number }[][] = [];
  const small: { shard: Shard; node: number }[] = [];
  let order = 0;
  for (const [group, { shards }] of groups.entries()) {
    const placed = shards.map(({ bytes, node, id }, shard) => {
      order += 1;
      return { node, shard: { group, shard, order: id ?? order, cost: Math.fround(rules.cost(bytes)) } };
    });
    if (placed.length >= holders) alone.push(placed);
    else small.push(...placed);
  }
  return small.length === 0 ? alone : [...alone, small];
}

function initialState(
  placed: readonly { readonly shard: Shard; readonly node: number }[],
  nodes: readonly { readonly holdsShards: boolean }[],
): Node[] {
  return nodes.map(({ holdsShards }, index) => {
    const shards = placed.filter(({ node }) => node === index).map(({ shard }) => shard);
    const cost = shards.reduce((sum, shard) => Math.fround(sum + shard.cost), 0);
    return { index, holdsShards, shards: shards.sort(costliestFirst), cost };
  });
}

function leaveForbiddenNodes(state: readonly Node[]): GroupMove[] {
  const leaving = state
    .filter(({ holdsShards }) => !holdsShards)
    .flatMap((node) => node.shards.map((shard) => ({ node, shard })))
    .sort((a, b) => costliestFirst(a.shard, b.shard));
  return leaving.flatMap(({ node, shard }) => {
    const target = emptiestFirst(state).find(({ holdsShards }) => holdsShards);
    return target === undefined ? [] : [move(shard, node, target)];
  });
}

interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

function utilizationBounds(state: readonly Node[], { threshold }: StrategyRules): Bounds {
  const total = state.reduce((sum, { cost }) => Math.fround(sum + cost), 0);
  const average = Math.fround(total / state.filter(({ holdsShards }) => holdsShards).length);
  const share = Math.fround(threshold);
  return { lower: Math.fround((1 - share) * average), upper: Math.fround((1 + share) * average) };
}

/** Does the first move that helps, looking from the fullest node to the emptiest; undefined when none does. */
function nextMove(
  state: readonly Node[],
  { lower, upper }: Bounds,
  { improvementThreshold }: StrategyRules,
): GroupMove | undefined {
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

function helps(shard: Shard, source: Node, target: Node, improvementThreshold: number): boolean {
  if (source === target || !target.holdsShards) return false;
  const [sourceBefore, targetBefore] = [utilization(source), utilization(target)];
  const targetAfter = Math.fround(target.cost + shard.cost);
  const sourceAfter = source.holdsShards ? Math.fround(source.cost - shard.cost) : Infinity;
  if (targetAfter <= sourceAfter) return true;
  // From here on the target ends fuller than the source: the fuller of the two must still be less full than before.
  if (targetAfter > sourceBefore) return false;
  if (targetAfter === sourceBefore && sourceAfter <= targetBefore) return false;
  const gained = Math.max(Math.fround(sourceBefore - targetAfter), Math.fround(sourceAfter - targetBefore));
  const added = Math.min(Math.fround(targetAfter - targetBefore), Math.fround(sourceBefore - sourceAfter));
  return Math.fround(gained / added) >= Math.fround(improvementThreshold);
}

function move(shard: Shard, source: Node, target: Node): GroupMove {
  source.shards.splice(source.shards.indexOf(shard), 1);
  source.cost = Math.fround(source.cost - shard.cost);
  target.shards.splice(placeFor(shard, target.shards), 0, shard);
  target.cost = Math.fround(target.cost + shard.cost);
  return { group: shard.group, shard: shard.shard, from: source.index, to: target.index };
}

/** Where a shard belongs in a list that has the costliest first. */
function placeFor(shard: Shard, shards: readonly Shard[]): number {
  let [low, high] = [0, shards.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = shards[middle];
    if (other !== undefined && costliestFirst(other, shard) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A node that may hold nothing counts as the fullest of all. */
function utilization(node: Node): number {
  return node.holdsShards ? node.cost : Infinity;
}

/** Of nodes that are equally full, the one that holds shards comes first, then the one that joined first. */
function emptiestFirst(state: readonly Node[]): Node[] {
  return [...state].sort((a, b) => {
    const [left, right] = [utilization(a), utilization(b)];
    return left === right ? a.index - b.index : left - right;
  });
}

function costliestFirst(a: Shard, b: Shard): number {
  return b.cost - a.cost || a.order - b.order;
}

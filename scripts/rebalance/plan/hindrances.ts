import { escapeIdentifier, escapeLiteral } from 'pg';
import { allOf, someOf } from '../../../config/text/text';
import type { NodeHindrances, RecordedLeftover, StrayShard } from '../../citus/hindrances';
import { LEFTOVERS_TABLE, LIST_LEFTOVERS } from '../../citus/leftovers';
import type { Move } from '../../citus/moves';
import type { Node } from '../../citus/nodes';
import { finding } from '../../database/checks/findings';
import type { Finding } from '../../database/checks/findings';
import { groupBy } from '../../lib/group-by';
import { count, duration } from '../../lib/reporter';

type LabelledNode = Pick<Node, 'nodeId' | 'groupId' | 'label'>;

/** What is on the nodes beside what moves. */
export interface Hindered {
  readonly nodes: readonly LabelledNode[];
  readonly moves: readonly Pick<Move<LabelledNode>, 'shardIds' | 'from' | 'to'>[];
  readonly answers: readonly { readonly nodeId: number; readonly answer: NodeHindrances }[];
  readonly recorded: readonly RecordedLeftover[];
  /** Some group may be copied by logical replication. */
  readonly logical: boolean;
}

/** Names a message lists. */
const NAMED = 8;

/** Notes on what moves would wait for, and on what earlier ones left; each with its remedy. Pure. */
export function hindranceFindings(hindered: Hindered): Finding[] {
  return [
    ...transactionFindings(hindered),
    ...preparedFindings(hindered),
    ...leftoverFindings(hindered),
    ...orphanFindings(hindered),
    ...strayFindings(hindered),
  ];
}

const KINDS = [
  'long-transaction',
  'prepared-transaction',
  'leftovers',
  'orphaned-slot',
  'orphaned-publication',
  'orphaned-subscription',
  'orphaned-shards',
];

/** Whether a finding is one of {@link hindranceFindings}. */
export function isHindrance({ id }: Pick<Finding, 'id'>): boolean {
  return KINDS.some((kind) => id.startsWith(`${kind}:`));
}

/** A session as a person finds it, with what Citus opened for it on other nodes. */
interface OpenTransaction {
  readonly node: string;
  readonly pid: number;
  readonly seconds: number;
  /** What is known of the session itself. */
  readonly session: string;
  readonly reads: boolean;
  readonly writes: boolean;
  /** Sources of moves on which it wrote. */
  readonly slotsWait: readonly string[];
}

/** Citus names the sessions that it opens on other nodes after the one they are for: its node times ten billion, plus its process. */
const OPENED_FOR = /^citus_(?:internal|run_command) gpid=(\d+)$/;
const GPID_NODE = 10_000_000_000;

/** Sessions that move shards; `rebalance status` tells of them. */
const MOVING = /^(?:citus_rebalancer|scaleout rebalance)/;

function openTransactions({ nodes, moves, answers, logical }: Hindered): OpenTransaction[] {
  const labels = new Map(nodes.map(({ nodeId, label }) => [nodeId, label]));
  const sources = new Set(logical ? moves.map(({ from }) => from.nodeId) : []);
  const seen = answers.flatMap(({ nodeId, answer }) =>
    answer.transactions
      .filter(({ application }) => !MOVING.test(application ?? ''))
      .map((each) => {
        const gpid = each.here ? Number(OPENED_FOR.exec(each.application ?? '')?.[1] ?? 0) : 0;
        const [owner, pid] =
          gpid === 0 ? [nodeId, each.pid] : [Math.floor(gpid / GPID_NODE), gpid % GPID_NODE];
        return { ...each, nodeId, owner, pid, own: gpid === 0 };
      }),
  );
  return [...groupBy(seen, ({ owner, pid }) => `${String(owner)} ${String(pid)}`).values()].map((same) => {
    const [{ owner, pid }] = same;
    const own = same.find((each) => each.own);
    const application =
      own?.application == null || own.application === '' ? null : `application "${own.application}"`;
    return {
      node: labels.get(owner) ?? `node ${String(owner)}`,
      pid,
      seconds: Math.max(...same.map(({ seconds }) => seconds)),
      session: [application, own?.role == null ? null : `role ${own.role}`, own?.state ?? null]
        .filter((part) => part !== null)
        .join(', '),
      reads: same.some(({ level }) => level !== null),
      // On the nodes Citus's sessions have an id once they wrote.
      writes: same.some(({ level, wrote, own: itself }) => level === 2 || (wrote && !itself)),
      slotsWait: [
        ...new Set(
          same
            .filter(({ wrote, nodeId }) => wrote && sources.has(nodeId))
            .map(({ nodeId }) => labels.get(nodeId) ?? ''),
        ),
      ],
    };
  });
}

function transactionFindings(hindered: Hindered): Finding[] {
  return openTransactions(hindered)
    .filter(({ reads, writes, slotsWait }) => reads || writes || slotsWait.length > 0)
    .map(({ node, pid, seconds, session, ...held }) =>
      finding(
        'long-transaction',
        `${node}/${String(pid)}`,
        `session ${String(pid)} on ${node}${session === '' ? '' : ` (${session})`} has had a transaction open for ${duration(seconds)}: ${consequences(held)}. ` +
          `Let it end, or end it: SELECT pg_terminate_backend(${String(pid)}) on ${node}`,
        'none',
      ),
    );
}

function consequences({
  reads,
  writes,
  slotsWait,
}: Pick<OpenTransaction, 'reads' | 'writes' | 'slotsWait'>): string {
  const effects = [
    ...(writes ? ['a shard group that it wrote into does not move before its end'] : []),
    ...(slotsWait.length > 0
      ? [`no copy by logical replication from ${allOf(slotsWait)} begins before its end`]
      : []),
    ...(reads && !writes
      ? [
          'what moves leave behind of tables that it reads stays until its end, and groups go by logical replication meanwhile',
        ]
      : []),
  ];
  return allOf(effects);
}

function preparedFindings({ nodes, moves, answers, logical }: Hindered): Finding[] {
  const sources = new Set(logical ? moves.map(({ from }) => from.nodeId) : []);
  return answers.flatMap(({ nodeId, answer }) =>
    answer.prepared
      .filter(({ here }) => here || sources.has(nodeId))
      .map(({ gid, role, seconds }) => {
        const node = labelOf(nodes, nodeId);
        const remedy = gid.startsWith('citus_')
          ? 'Citus settles it within minutes of all nodes being up; a superuser does it at once with recover_prepared_transactions()'
          : `End it there: ROLLBACK PREPARED ${escapeLiteral(gid)}, or COMMIT PREPARED`;
        return finding(
          'prepared-transaction',
          `${node}/${gid}`,
          `transaction ${escapeLiteral(gid)} of role ${role} was prepared on ${node} ${duration(seconds)} ago and has not ended: it keeps its locks without a session, ` +
            `so that what it wrote into does not move${sources.has(nodeId) ? `, and no copy by logical replication from ${node} begins` : ''}. ${remedy}`,
          'none',
        );
      }),
  );
}

function leftoverFindings({ nodes, recorded }: Hindered): Finding[] {
  const left = recorded.filter(({ atWork }) => !atWork);
  if (left.length === 0) return [];
  const what = [...groupBy(left, ({ kind }) => kind)].map(
    ([kind, { length }]) => `${count(length)} ${length === 1 ? kind.replace(/s$/, '') : kind}`,
  );
  const where = [...new Set(left.map(({ groupId }) => groupId))].sort((a, b) => a - b);
  const slots = left.some(({ kind }) => kind === 'replication slots');
  return [
    finding(
      'leftovers',
      LEFTOVERS_TABLE,
      `earlier operations left ${allOf(what)} on ${allOf(where.map((group) => labelOfGroup(nodes, group)))}` +
        `${slots ? ', and a slot holds back the log of its node until its disk is full' : ''}. A run drops them before its first move, where nobody reads them: ` +
        `CALL citus_cleanup_orphaned_resources() does it now, and ${LIST_LEFTOVERS} names what stays`,
      'none',
    ),
  ];
}

/**
 * What is not in that list, nobody removes: Citus writes a subscription down after it has made it, and crosses off also what a node that
 * went away had not removed yet.
 */
function orphanFindings({ nodes, answers, recorded }: Hindered): Finding[] {
  const known = new Set(recorded.map(({ name }) => bare(name)));
  return answers.flatMap(({ nodeId, answer }) =>
    answer.objects
      .filter(({ name }) => !known.has(name))
      .map(({ kind, name }) => {
        const node = labelOf(nodes, nodeId);
        return finding(
          `orphaned-${kind}`,
          `${node}/${name}`,
          `${kind === 'slot' ? 'replication slot' : kind} ${name} on ${node} is of a move or a split, and not among what Citus is to remove (${LEFTOVERS_TABLE})` +
            `${kind === 'slot' ? ': it holds back the log of the node until its disk is full' : ''}. If no session is at work on it, drop it there: ${dropStatement(kind, name)}`,
          'none',
        );
      }),
  );
}

function dropStatement(kind: NodeHindrances['objects'][number]['kind'], name: string): string {
  const quoted = escapeIdentifier(name);
  switch (kind) {
    case 'slot':
      return `SELECT pg_drop_replication_slot(${escapeLiteral(name)})`;
    case 'publication':
      return `DROP PUBLICATION ${quoted}`;
    case 'subscription':
      return `ALTER SUBSCRIPTION ${quoted} DISABLE; ALTER SUBSCRIPTION ${quoted} SET (slot_name = NONE); DROP SUBSCRIPTION ${quoted}`;
  }
}

/** Object names in that list are written as SQL. */
function bare(name: string): string {
  return name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** A table on a node with the name of a shard that Citus has elsewhere, and that Citus does not know it may drop. */
export interface UnknownShard extends StrayShard {
  readonly nodeId: number;
  /** Of the node. */
  readonly label: string;
}

/** Of the tables that only look like shards those that Citus is not to remove anyway. Pure. */
export function unknownShards({
  nodes,
  answers,
  recorded,
}: {
  readonly nodes: Hindered['nodes'];
  readonly answers: readonly {
    readonly nodeId: number;
    readonly answer: { readonly strays: readonly StrayShard[] };
  }[];
  readonly recorded: Hindered['recorded'];
}): UnknownShard[] {
  return answers.flatMap(({ nodeId, answer }) => {
    const group = nodes.find((each) => each.nodeId === nodeId)?.groupId;
    return answer.strays
      .filter(({ name }) => !recorded.some((each) => each.name === name && each.groupId === group))
      .map((stray) => ({ ...stray, nodeId, label: labelOf(nodes, nodeId) }));
  });
}

function strayFindings(hindered: Hindered): Finding[] {
  const aside = unknownShards(hindered).filter((stray) => !isInTheWay(stray, hindered.moves));
  return [...groupBy(aside, ({ label }) => label)].map(([label, strays]) => {
    const [bears, are] =
      strays.length === 1 ? ['bears the name of a shard', 'is'] : ['bear the names of shards', 'are'];
    return finding(
      'orphaned-shards',
      label,
      `${named(strays)} on ${label} ${bears} that Citus has elsewhere, and ${are} not among what it is to remove (${LEFTOVERS_TABLE}). ${strayRemedy(strays)}`,
      'none',
    );
  });
}

/**
 * Tables that stand where a shard is to arrive: the move would fail, and take them along, whatever is in them. Pure.
 */
export function strayFaults(
  moves: readonly { readonly shardIds: readonly number[]; readonly to: Pick<LabelledNode, 'nodeId'> }[],
  strays: readonly UnknownShard[],
): string[] {
  const inTheWay = strays.filter((stray) => isInTheWay(stray, moves));
  return [...groupBy(inTheWay, ({ label }) => label)].map(([label, same]) => {
    const [are, shards] = same.length === 1 ? ['is', 'a shard that is'] : ['are', 'shards that are'];
    return `${named(same)} on ${label} ${are} in the way of ${shards} to move there, and not among what Citus is to remove (${LEFTOVERS_TABLE}). ${strayRemedy(same)}`;
  });
}

function isInTheWay(
  { nodeId, shardId }: UnknownShard,
  moves: readonly { readonly shardIds: readonly number[]; readonly to: Pick<LabelledNode, 'nodeId'> }[],
): boolean {
  return moves.some(({ shardIds, to }) => to.nodeId === nodeId && shardIds.includes(shardId));
}

function named(strays: readonly UnknownShard[]): string {
  return someOf(
    strays.map(({ name }) => name),
    NAMED,
  );
}

function strayRemedy(strays: readonly [UnknownShard, ...UnknownShard[]]): string {
  const [{ name }] = strays;
  const tables = someOf([...new Set(strays.map(({ table }) => table))], NAMED);
  return strays.length === 1
    ? `See that what it holds is in ${tables} too, then drop it there: SET citus.enable_manual_changes_to_shards TO on; DROP TABLE ${name}`
    : `See that what they hold is in ${tables} too, then drop them there, each as in: SET citus.enable_manual_changes_to_shards TO on; DROP TABLE ${name}`;
}

function labelOf(nodes: readonly LabelledNode[], nodeId: number): string {
  return nodes.find((node) => node.nodeId === nodeId)?.label ?? `node ${String(nodeId)}`;
}

function labelOfGroup(nodes: readonly LabelledNode[], groupId: number): string {
  return nodes.find((node) => node.groupId === groupId)?.label ?? `node group ${String(groupId)}`;
}

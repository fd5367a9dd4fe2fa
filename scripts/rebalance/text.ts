import { howToAllowByFlag } from '../database/checks/findings';
import type { Finding } from '../database/checks/findings';
import { LIST_LEFTOVERS } from '../citus/leftovers';
import { WHERE_TO_LOOK } from '../citus/free-disk';
import { bytes as asBytes, count, duration, table } from '../lib/reporter';
import { describeState, describeStateDifferences } from '../database/observe/comparison';
import { describeDifference } from './observe/compare';
import type { NodePlacement } from '../citus/placements';
import type { RebalancePlan } from './plan/plan';
import { nodeName } from '../citus/nodes';
import { describeWriters } from './watch/picture';
import type { RunDocument } from './record/record-document';
import type { RebalanceRunResult } from './run/run';
import type { RebalanceStatus } from './status';

/** Moves listed one by one; more are summed up. */
const LISTED_MOVES = 40;

/** Differences listed one by one; more are summed up, and all are in the document. */
const LISTED_DIFFERENCES = 20;

/** @param open findings that nobody allowed */
export function planText(plan: RebalancePlan, open: readonly Finding[] = []): string {
  const references = referencesText(
    plan.missingReferenceTables,
    plan.failures.length > 0
      ? 'are missing on some node; a run that is not refused copies them'
      : 'are missing on some node and will be copied',
  );
  if (plan.moves.length === 0) {
    return [
      `Nothing to move by ${plan.strategy}.`,
      ...references,
      '',
      nodesText(plan.before),
      ...(plan.missingReferenceTables.length === 0 ? [] : ['', diskText(plan)]),
      ...findingsText(plan.findings, open),
      ...proposalsText(plan.proposals),
      ...paperText(plan.onPaper),
      ...failuresText(plan.failures),
    ].join('\n');
  }
  const label = new Map(plan.before.map((node) => [nodeName(node), node.label]));
  const listed = plan.moves.slice(0, LISTED_MOVES);
  const rows = listed.map((move) => [
    String(move.shardId),
    move.tables.join(', '),
    asBytes(move.bytes),
    label.get(move.from) ?? move.from,
    label.get(move.to) ?? move.to,
  ]);
  const more = plan.moves.length - listed.length;
  const total = plan.moves.reduce((sum, move) => sum + move.bytes, 0);
  const { seconds, longestWritePauseMs, assumes } = plan.estimate;
  return [
    `${movesText(plan.moves.length)} of ${asBytes(total)} by ${plan.strategy}, ${modeText(plan)}:`,
    '',
    table([['shard', 'tables', 'size', 'from', 'to'], ...rows]),
    ...(more > 0 ? [`and ${count(more)} more`] : []),
    ...references,
    '',
    changeText(plan.before, plan.after),
    '',
    diskText(plan),
    `About ${duration(seconds)}; a write may wait up to ${duration(longestWritePauseMs / 1000)}.`,
    `Estimated as ${assumes}.`,
    ...findingsText(plan.findings, open),
    ...proposalsText(plan.proposals),
    ...paperText(plan.onPaper),
    ...failuresText(plan.failures),
  ].join('\n');
}

export function runText(result: RebalanceRunResult): string {
  const references = referencesText(result.referenceTables, 'were copied to the nodes without them');
  if (result.state === 'balanced') {
    const words = references.length > 0 ? 'No shard had to move.' : 'Nothing to do: the shards are balanced.';
    return [words, ...references, '', nodesText(result.after)].join('\n');
  }
  const moved = `${count(result.moves)} of ${movesText(result.movesPlanned)}, ${asBytes(result.bytes)} in ${duration(result.seconds)}`;
  const first = result.state === 'finished' ? `Rebalanced: ${moved}.` : `${capital(result.problem)}.`;
  return [
    first,
    ...budgetText(result),
    ...writersText(result.record),
    ...references,
    ...rowsText(result),
    ...stateText(result),
    '',
    result.moves === 0 ? nodesText(result.after) : changeText(result.before, result.after),
  ].join('\n');
}

function budgetText({ budget }: RebalanceRunResult): string[] {
  if (budget === null) return [];
  const { made, left, longestWritePauseMs, maxWritePauseMs } = budget;
  const logical = made.filter(({ way }) => way === 'logical').length;
  // Nothing was tried, as out of the hours.
  if (made.length + left.length === 0) return [];
  const cancelled = made.reduce((sum, move) => sum + move.cancelled.length, 0);
  return [
    `${pauseText(longestWritePauseMs, maxWritePauseMs)}: ${count(made.length - logical)} with writes blocked, ${count(logical)} by logical replication${cancelled === 0 ? '' : `; ${times(cancelled)} a move was cancelled to keep to that, and came again`}.`,
  ];
}

/** The pause of one move, beside the budget for it. */
function pauseText(longestMs: number, budgetMs: number): string {
  const budget = `--max-write-pause ${count(budgetMs)}`;
  return longestMs <= budgetMs
    ? `No write waited longer than ${count(longestMs)} ms for a move (${budget})`
    : `A write may have waited up to ${count(longestMs)} ms for a move, ${count(longestMs - budgetMs)} over the budget (${budget})`;
}

function times(number: number): string {
  return number === 1 ? 'once' : `${count(number)} times`;
}

function findingsText(findings: readonly Finding[], open: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  const lines = findings.map(({ id, message }) => `- ${id}: ${message}.`);
  return ['', 'To know before:', ...lines, ...(open.length === 0 ? [] : ['', `${howToAllowByFlag(open)}.`])];
}

function paperText(paper: RebalancePlan['onPaper']): string[] {
  if (paper === null) return [];
  const { nodes, added, shards, bytes, moves, bytesMoved, way, seconds } = paper;
  return [
    '',
    `On paper, ${count(nodes)} nodes with ${count(shards)} shard groups of ${asBytes(Math.round(bytes / shards))} and ${count(added)} that join: ` +
      `${movesText(moves)} of ${asBytes(bytesMoved)} ${way === 'blocking' ? 'with writes blocked' : 'by logical replication'} in about ${duration(seconds)}; ` +
      `a write may wait up to ${duration(paper.longestWritePauseMs / 1000)}, and each node that joins needs ${asBytes(paper.bytesPerAddedNode)}.`,
  ];
}

function proposalsText(proposals: RebalancePlan['proposals']): string[] {
  if (proposals.length === 0) return [];
  return [
    '',
    'To consider, as nothing of this is done here:',
    ...proposals.map(({ message }) => `- ${message}.`),
  ];
}

function failuresText(failures: readonly string[]): string[] {
  return failures.length === 0
    ? []
    : ['', 'A run would be refused:', ...failures.map((each) => `- ${each}.`)];
}

function rowsText({ rows, moves }: RebalanceRunResult): string[] {
  if (rows === null) return [];
  const { groups, same, different } = rows;
  const compared =
    groups < moves
      ? `${count(groups)} of ${count(moves)} shard groups were compared before and after, the others had moved before this run`
      : `${groups === 1 ? '1 shard group was' : `${count(groups)} shard groups were`} compared before and after, row by row`;
  if (different.length === 0) return [`${capital(compared)}: the same.`];
  return [
    `${capital(compared)}: ${count(same)} the same.`,
    ...listed(different.map(describeDifference)),
    different.some(({ lost }) => lost)
      ? `Something was lost, unless an application deleted it meanwhile. The old placements hold it until Citus drops them, some seconds after the move: ${LIST_LEFTOVERS} names them, and they are tables on the node they were on.`
      : 'Where applications write, rows differ by what they wrote.',
  ];
}

/** What the tables that moved are besides their rows. */
function stateText(result: RebalanceRunResult): string[] {
  const state = describeState(result);
  return state === '' ? [] : [state, ...listed(describeStateDifferences(result))];
}

function listed(differences: readonly string[]): string[] {
  const lines = differences.slice(0, LISTED_DIFFERENCES).map((each) => `- ${each}`);
  const more = differences.length - lines.length;
  return more > 0 ? [...lines, `and ${count(more)} more`] : lines;
}

function writersText(record: RunDocument | null): string[] {
  return record?.writers == null ? [] : [`${capital(describeWriters(record.writers))}.`];
}

export function statusText(status: RebalanceStatus): string {
  const { job, run, moves, bytes } = status;
  if (job === null && run === null) {
    const first =
      status.warnings.length === 0
        ? ['No rebalance has run in this database.']
        : status.warnings.map((warning) => `${capital(warning)}.`);
    return [...first, '', nodesText(status.nodes)].join('\n');
  }
  const subject =
    run === null
      ? `Job ${String(job?.id)} ${job?.state ?? ''}`
      : `Run ${String(run.id)} ${run.paused ? 'paused' : run.state}`;
  return [
    `${subject}: ${count(moves.done)} of ${movesText(moves.total)}, ${asBytes(bytes.done)} of ${asBytes(bytes.total)}${leftText(status)}.`,
    ...(run === null || run.maxWritePauseMs === null
      ? []
      : [
          `${pauseText(run.longestWritePauseMs, run.maxWritePauseMs)}${run.cancelledTries === 0 ? '' : `; ${times(run.cancelledTries)} a move was cancelled to keep to that`}.`,
        ]),
    ...status.running.map((move) => `Now ${move}.`),
    ...status.warnings.map((warning) => `${capital(warning)}.`),
    ...writersText(status.record),
    ...recordText(status.record),
    '',
    nodesText(status.nodes),
  ].join('\n');
}

/** How fast it goes and for how long yet; of a run that is paused, what it has to do once it goes on. */
function leftText({ run, moves, bytes, bytesPerSecond, secondsLeft }: RebalanceStatus): string {
  if (run?.paused === true) {
    const time = secondsLeft === null ? '' : `, about ${duration(secondsLeft)} once it goes on`;
    return `; ${movesText(moves.total - moves.done)} of ${asBytes(bytes.total - bytes.done)} left${time}`;
  }
  const rate = bytesPerSecond > 0 ? `, ${asBytes(Math.round(bytesPerSecond))}/s` : '';
  return `${rate}${secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`}`;
}

/** Who asked. Each move is in the document. */
function recordText(record: RunDocument | null): string[] {
  if (record === null) return [];
  const { login, role, application, startedAt } = record;
  return [`Asked by ${login}${role === login ? '' : ` as ${role}`} with ${application}, ${startedAt}.`];
}

/** Nodes to which nothing comes are left out. */
function diskText({ disk, before }: Pick<RebalancePlan, 'disk' | 'before'>): string {
  const label = new Map(before.map((node) => [nodeName(node), node.label]));
  const each = disk
    .filter(({ bytes }) => bytes > 0)
    .map(({ node, bytes }) => `${label.get(node) ?? node} ${asBytes(bytes)}`);
  const needs = each.length === 0 ? 'none' : each.join(', ');
  return `Disk that the nodes need until Citus has dropped what moved: ${needs}. ${WHERE_TO_LOOK}`;
}

function nodesText(nodes: readonly NodePlacement[]): string {
  return table([
    ['node', 'address', 'shards', 'size'],
    ...nodes.map((node) => [node.label, nodeName(node), count(node.shards), asBytes(node.bytes)]),
  ]);
}

function changeText(before: readonly NodePlacement[], after: readonly NodePlacement[]): string {
  const earlier = new Map(before.map((node) => [nodeName(node), node]));
  return table([
    ['node', 'address', 'shards before', 'after', 'size before', 'after'],
    ...after.map((node) => {
      const address = nodeName(node);
      const was = earlier.get(address);
      return [
        node.label,
        address,
        count(was?.shards ?? 0),
        count(node.shards),
        asBytes(was?.bytes ?? 0),
        asBytes(node.bytes),
      ];
    }),
  ]);
}

function referencesText(tables: readonly string[], what: string): string[] {
  return tables.length === 0 ? [] : [`Reference tables ${tables.join(', ')} ${what}.`];
}

function modeText({ moves }: Pick<RebalancePlan, 'moves'>): string {
  const modes = [...new Set(moves.map(({ mode }) => mode))];
  return modes.length === 1
    ? `mode ${modes[0] ?? ''}`
    : modes
        .map((mode) => `${count(moves.filter((move) => move.mode === mode).length)} in mode ${mode}`)
        .join(', ');
}

function movesText(moves: number): string {
  return moves === 1 ? '1 move' : `${count(moves)} moves`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

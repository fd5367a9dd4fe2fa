import { allOf } from '../../config/text/text';
import { bytes as asBytes, count, duration, table } from '../lib/reporter';
import type { AskedReport } from './asked-report';
import type { ShardLayoutReport, RebalanceSimulation } from './real-rebalance';
import type { SimulatedTable, Simulation } from './simulation';
import type { SimulatedNode } from './shard-sizes';

/** Shards and moves listed one by one; of more, the largest or the first are. */
const LISTED = 32;
const BAR_WIDTH = 24;

/** A simulation as people read it. */
export function describeSimulation(simulation: Simulation): string {
  const { workers, coordinatorHoldsShards, strategy, shardCount } = simulation;
  const holder = workers === 0 || coordinatorHoldsShards ? 'which holds shards' : 'which holds no shards';
  return [
    `Simulated, nothing was changed: ${simulation.tables.length === 0 ? 'schemas as wholes' : `${count(shardCount)} shards a table`}, a coordinator ${holder}, ${
      workers === 1 ? '1 worker' : `${count(workers)} workers`
    }.`,
    ...simulation.tables.flatMap((each) => ['', ...tableLines(each)]),
    ...schemaLines(simulation),
    ...referenceLines(simulation),
    '',
    `Nodes once the shards are rebalanced ${strategy}:`,
    ...nodeLines(simulation.nodes),
    '',
    ...moveLines(simulation, 'Distributed on the coordinator alone, a rebalance after adding the workers'),
    ...restoredLines(simulation),
    '',
    ...workersFirstLines(simulation),
    '',
    'Rows are those of the tables; sizes are worked out from theirs, as COPY fills shards and their indexes. Once the shards are there, simulate and `rebalance plan` go by the real ones.',
  ].join('\n');
}

/** The same of a database that is distributed already. */
export function describeRebalance(simulation: RebalanceSimulation): string {
  const { workers, coordinatorHoldsShards, strategy, added, emptied, asked } = simulation;
  const named = simulation.tables.find((each) => each.table === simulation.named);
  return [
    `Simulated, nothing was changed: ${asked === undefined ? 'the shards that are there' : 'the shards as asked, beside those that are there'}, on a coordinator ${
      coordinatorHoldsShards ? 'which holds shards' : 'which holds no shards'
    } and ${workers === 1 ? '1 worker' : `${count(workers)} workers`}.`,
    ...(added.length === 0 ? [] : [`New, and empty so far: ${allOf(added)}.`]),
    ...(emptied.length === 0 ? [] : [`To be emptied: ${allOf(emptied)}.`]),
    ...(named === undefined || asked !== undefined ? [] : [`${named.table} is laid out as asked already.`]),
    '',
    ...(asked === undefined ? layoutLines(simulation) : askedLines(simulation, asked)),
    ...(named === undefined ? [] : ['', ...laidOutLines(named)]),
    ...referenceLines(simulation),
    '',
    ...(asked === undefined ? ['Nodes now:', ...nodeLines(simulation.before)] : besideLines(simulation)),
    '',
    `Nodes once the shards are rebalanced ${strategy}:`,
    ...nodeLines(simulation.nodes),
    '',
    ...moveLines(simulation, 'A rebalance'),
  ].join('\n');
}

function layoutLines({ tables }: RebalanceSimulation): string[] {
  return [table([['table', 'by', 'beside', 'shards', 'rows', 'size', 'skew'], ...tables.map(laidOutRow)])];
}

/** The tables that would be others, each as it is and as it would be. */
function askedLines({ tables, present }: RebalanceSimulation, asked: AskedReport): string[] {
  const place = (each: ShardLayoutReport | undefined): string[] =>
    each === undefined
      ? ['', '', '', '']
      : [each.column ?? 'schema', each.colocationGroup, count(each.shards.length), String(each.skew)];
  const rows = asked.tables.map((name) => {
    const then = tables.find((each) => each.table === name);
    return [
      name,
      ...place(present?.tables.find((each) => each.table === name)),
      ...place(then),
      then === undefined ? '' : `${then.rowsEstimated ? 'about ' : ''}${count(then.rows)}`,
    ];
  });
  const heading = ['by', 'beside', 'shards', 'skew'];
  const unchanged = tables.length - asked.tables.length;
  return [
    ...(rows.length === 0
      ? []
      : [
          table([
            [
              'table',
              ...heading.map((each) => `now ${each}`),
              ...heading.map((each) => `asked ${each}`),
              'rows',
            ],
            ...rows,
          ]),
        ]),
    ...asked.toReference.map((name) => `${name} would be a reference table, copied whole to every node.`),
    ...asked.toLocal.map((name) => `${name} would come back to the coordinator.`),
    ...(unchanged > 0 ? [`The other ${count(unchanged)} tables with shards stay as they are.`] : []),
    ...asked.parted.map(
      ({ leaving, staying }) =>
        `${allOf(leaving)} would no longer live beside ${allOf(staying)}: a join of them would leave the node. Name all of them in a file (--spec) to keep them together.`,
    ),
  ];
}

/** Nodes as they are and as they would be, side by side. */
function besideLines({ before, present }: RebalanceSimulation): string[] {
  const now = (name: string) => present?.nodes.find((node) => node.name === name);
  return [
    'Nodes now, and with the asked shards made on the nodes that are there:',
    table([
      ['node', 'now shards', 'rows', 'size', 'asked shards', 'rows', 'size'],
      ...before.map((node) => [
        node.name,
        count(now(node.name)?.shards ?? 0),
        count(now(node.name)?.rows ?? 0),
        asBytes(now(node.name)?.bytes ?? 0),
        count(node.shards),
        count(node.rows),
        asBytes(node.bytes),
      ]),
    ]),
    'Rows are those of the asked shards by the hash of the column; sizes are the present ones, shared by rows.',
  ];
}

/** One table, shard by shard. */
function laidOutLines(each: ShardLayoutReport): string[] {
  const largest = [...each.shards].sort((a, b) => b.rows - a.rows || a.index - b.index);
  const listed = each.shards.length <= LISTED ? each.shards : largest.slice(0, LISTED);
  const most = largest[0]?.rows ?? 0;
  const top = each.biggestTenant;
  return [
    `${each.table}${each.column === null ? '' : ` by ${each.column}`}:`,
    table([
      ['shard', 'hashes', 'rows', 'size', ''],
      ...listed.map((shard) => [
        String(shard.index),
        `${String(shard.min)} to ${String(shard.max)}`,
        count(shard.rows),
        asBytes(shard.bytes),
        bar(shard.rows, most),
      ]),
    ]),
    ...(listed.length < each.shards.length
      ? [`the ${count(listed.length)} largest of ${count(each.shards.length)} shards`]
      : []),
    `The largest shard has ${String(each.skew)} times the rows of the average one.`,
    ...(top === null || top.value === null
      ? []
      : [
          `The value with the most rows is ${top.value}, with ${count(top.rows)} (${(top.share * 100).toPrecision(2)} %).`,
        ]),
  ];
}

function laidOutRow(each: ShardLayoutReport): string[] {
  return [
    each.table,
    each.column ?? 'schema',
    each.colocationGroup === each.table ? '' : each.colocationGroup,
    count(each.shards.length),
    `${each.rowsEstimated ? 'about ' : ''}${count(each.rows)}`,
    asBytes(each.bytes),
    String(each.skew),
  ];
}

function tableLines(each: SimulatedTable): string[] {
  const { sample, shards } = each;
  const largest = [...shards].sort((a, b) => b.rows - a.rows || a.index - b.index);
  const listed = shards.length <= LISTED ? shards : largest.slice(0, LISTED);
  const most = largest[0]?.rows ?? 0;
  const estimated = sample !== undefined;
  const rows = listed.map((shard) => [
    String(shard.index),
    `${String(shard.min)} to ${String(shard.max)}`,
    count(shard.rows),
    ...(shard.rowsBetween === undefined
      ? []
      : [`${count(shard.rowsBetween[0])} to ${count(shard.rowsBetween[1])}`]),
    asBytes(shard.bytes),
    bar(shard.rows, most),
  ]);
  return [
    `${each.table} by ${each.column} (${each.hashFunction}): ${estimated ? 'about ' : ''}${count(each.rows)} rows, ${asBytes(each.bytes)}`,
    table([['shard', 'hashes', 'rows', ...(estimated ? ['between'] : []), 'size', ''], ...rows]),
    ...(listed.length < shards.length
      ? [`the ${count(listed.length)} largest of ${count(shards.length)} shards`]
      : []),
    skewLine(each),
    ...(sample === undefined
      ? []
      : [
          `Sampled: ${count(sample.rows)} rows in ${count(sample.blocks)} of ${count(sample.ofBlocks)} blocks; all bounds hold together with ${String(sample.confidence * 100)} % confidence.`,
        ]),
  ];
}

function schemaLines({ schemas, strategy }: Simulation): string[] {
  if (schemas.length === 0) return [];
  const largest = [...schemas].sort((a, b) => b.bytes - a.bytes);
  const listed = schemas.length <= LISTED ? schemas : largest.slice(0, LISTED);
  const most = largest[0]?.bytes ?? 0;
  const rows = listed.map((each) => [
    each.schema,
    count(each.tables.length),
    `${each.tables.some(({ estimated }) => estimated === true) ? 'about ' : ''}${count(each.rows)}`,
    asBytes(each.bytes),
    each.node ?? '',
    bar(each.bytes, most),
  ]);
  return [
    '',
    `Schemas, each as a whole on one node; where, once they are rebalanced ${strategy}:`,
    table([['schema', 'tables', 'rows', 'size', 'node', ''], ...rows]),
    ...(listed.length < schemas.length
      ? [`the ${count(listed.length)} largest of ${count(schemas.length)} schemas`]
      : []),
  ];
}

function skewLine({ skew, skewBetween, biggestTenant }: SimulatedTable): string {
  const between =
    skewBetween === undefined ? '' : ` (${String(skewBetween[0])} to ${String(skewBetween[1])})`;
  const first = `The largest shard has ${String(skew)} times the rows of the average one${between}.`;
  if (biggestTenant === null) return 'The table has no rows.';
  const share = `${(biggestTenant.share * 100).toPrecision(2)} %`;
  return biggestTenant.value === null
    ? `${first} No value of the column stands out: none has more than ${count(biggestTenant.rows)} rows.`
    : `${first} The value with the most rows is ${biggestTenant.value}, with ${count(biggestTenant.rows)} (${share}).`;
}

function nodeLines(nodes: readonly SimulatedNode[]): string[] {
  const most = Math.max(0, ...nodes.map(({ bytes }) => bytes));
  return [
    table([
      ['node', 'shards', 'rows', 'size', ''],
      ...nodes.map((node) => [
        node.name,
        count(node.shards),
        count(node.rows),
        asBytes(node.bytes),
        bar(node.bytes, most),
      ]),
    ]),
  ];
}

function moveLines(
  { moves, estimate, strategy }: Pick<Simulation, 'moves' | 'estimate' | 'strategy'>,
  what: string,
): string[] {
  if (moves.length === 0) return [`A rebalance ${strategy} would move nothing.`];
  const total = moves.reduce((sum, { bytes }) => sum + bytes, 0);
  const listed = moves.slice(0, LISTED);
  return [
    `${what} would move ${count(moves.length)} shards of ${asBytes(total)}:`,
    table([
      ['table', 'shard', 'from', 'to', 'size'],
      ...listed.map((move) => [move.table, String(move.shard), move.from, move.to, asBytes(move.bytes)]),
    ]),
    ...(listed.length < moves.length ? [`and ${count(moves.length - listed.length)} more`] : []),
    `About ${duration(estimate.seconds)}; a write may wait up to ${duration(estimate.longestWritePauseMs / 1000)}.`,
    `Estimated as ${estimate.assumes}.`,
  ];
}

function workersFirstLines({ workersFirst, workers, strategy }: Simulation): string[] {
  if (workers === 0) return [];
  const after =
    workersFirst.moves === 0
      ? `a rebalance ${strategy} then moves nothing`
      : `a rebalance ${strategy} would still make ${count(workersFirst.moves)} moves`;
  return [
    `With the workers added first and the tables distributed after, every row goes straight to its node, and ${after}:`,
    ...nodeLines(workersFirst.nodes),
    ...(workersFirst.schemasInAnyOrder.length === 0 || workers === 0
      ? []
      : [
          `${count(workersFirst.schemasInAnyOrder.length)} schemas have tables that reference a reference table: those Citus deals out in an order of its own, to other nodes than here perhaps.`,
        ]),
  ];
}

/** Shards of equal cost move by their ids, and those depend on where rows of the catalog lie. */
function restoredLines({ workersFirst, moves }: Simulation): string[] {
  const unordered = workersFirst.schemasInAnyOrder.length;
  if (unordered < 2 || moves.length === 0) return [];
  return [
    `Where schemas count as equal, those move whose shards Citus makes first. Of ${count(unordered)} that is by where the foreign keys lie in the catalog of this database: in a copy of it, others of them may move.`,
  ];
}

function referenceLines({ referenceTables }: Pick<Simulation, 'referenceTables'>): string[] {
  if (referenceTables.length === 0) return [];
  const names = referenceTables.map((each) => `${each.table} (${asBytes(each.bytes)})`);
  return ['', `Every node also holds a copy of ${names.join(', ')}.`];
}

/** At least one sign for what is there at all. */
function bar(value: number, most: number): string {
  if (value <= 0 || most <= 0) return '';
  return '#'.repeat(Math.max(1, Math.round((value / most) * BAR_WIDTH)));
}

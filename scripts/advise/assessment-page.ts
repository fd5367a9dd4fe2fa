import { bytes, count } from '../lib/reporter';
import type { Block, Page } from '../lib/page';
import type { Advice, TableAdvice } from './advice-document';
import { percent } from './advice-model';
import type { Assessment, ClusterSize } from './assessment';
import { EFFORT, noCluster } from './assessment';
import { ROUTES } from './text';

const DECISIONS: Readonly<Record<TableAdvice['decision'], string>> = {
  distribute: 'distributed',
  reference: 'reference, whole on every node',
  local: 'on the coordinator alone',
  undecided: 'undecided',
};

/** An assessment with the advice behind it, for people. Pure. */
export function assessmentPage(assessment: Assessment, advice: Advice): Page {
  const { database, complexity, because } = assessment;
  return {
    title: `Distributing ${database}`,
    sections: [
      {
        title: `Complexity: ${complexity}`,
        blocks: [
          because.length === 0
            ? ['Nothing stands against it: `tables plan` can be asked at once.']
            : because.map(({ level, text }) => `${level}: ${text}`),
        ],
      },
      { title: 'Tables', blocks: tables(assessment, advice) },
      { title: 'Columns compared', blocks: columns(advice) },
      { title: 'The workload', blocks: workload(assessment, advice) },
      { title: 'What Citus cannot run as it is', blocks: unsupported(assessment) },
      { title: 'What has to change', blocks: changes(assessment) },
      { title: 'Clusters that hold it', blocks: clusters(assessment) },
      ...(assessment.caveats.length === 0
        ? []
        : [{ title: 'What this does not know', blocks: [assessment.caveats] }]),
    ],
  };
}

function tables({ tables: kinds }: Assessment, advice: Advice): Block[] {
  return [
    {
      head: ['kind', 'tables', 'size'],
      rows: kinds.map((each) => [DECISIONS[each.decision], count(each.count), bytes(each.bytes)]),
    },
    {
      head: ['table', 'advice', 'rows', 'size', ''],
      rows: advice.tables.map(({ table, decision, distributeBy, rows, bytes: size, ready }) => [
        `\`${table}\``,
        distributeBy === undefined ? DECISIONS[decision] : `by \`${distributeBy}\``,
        rows === undefined ? 'unknown' : count(Math.round(rows)),
        bytes(size),
        ready ? '' : 'after changes',
      ]),
    },
    ...advice.schemas.map(
      ({ schemas, reasons, bytes: size }) =>
        `${count(schemas.length)} schemas with the same tables, each distributed as a whole (${bytes(size)}): ${reasons.join('; ')}.`,
    ),
  ];
}

function columns({ choices }: Advice): Block[] {
  if (choices.length === 0) return ['No column comes into question.'];
  return choices.flatMap(({ chosen, because, candidates, others, runnerUp }): Block[] => [
    `${chosen === undefined ? 'None' : `\`${chosen}\``}: ${because}.`,
    ...(runnerUp === undefined ? [] : [`Second-best is \`${runnerUp.column}\`: ${runnerUp.cost}.`]),
    {
      head: ['column', 'points', 'why not', 'what it would take'],
      rows: [...candidates, ...others].map(({ column, table, score, lost, wins }) => [
        `\`${column}\` of \`${table}\``,
        String(Math.round(score)),
        lost ?? '',
        wins ?? '',
      ]),
    },
  ]);
}

function workload({ workload: shares }: Assessment, { queries }: Advice): Block[] {
  if (shares === undefined)
    return ['No workload is known: `--queries`, `--log` or pg_stat_statements would tell.'];
  const known = Object.entries(shares) as [keyof typeof shares, number][];
  return [
    {
      head: ['runs on', 'share'],
      rows: known.filter(([, share]) => share > 0).map(([route, share]) => [ROUTES[route], percent(share)]),
    },
    {
      head: ['query', 'share', 'runs on', 'because it'],
      rows: queries.map(({ name, share, route, reason }) => [name, percent(share), ROUTES[route], reason]),
    },
  ];
}

function unsupported({ unsupported: queries, workload: known }: Assessment): Block[] {
  if (queries.length === 0) {
    return [known === undefined ? 'Unknown without a workload.' : 'Nothing in the workload that is known.'];
  }
  return [
    {
      head: ['query', 'because it', 'statement'],
      rows: queries.map(({ name, reason, sql }) => [name, reason, `\`${sql.replaceAll('`', "'")}\``]),
    },
  ];
}

function changes({ changes: all }: Assessment): Block[] {
  if (all.length === 0) return ['Nothing.'];
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  return [
    {
      head: ['effort', 'changes', 'what it takes'],
      rows: kinds.map((kind) => [
        EFFORT[kind].level,
        count(all.filter((change) => change.kind === kind).length),
        EFFORT[kind].what,
      ]),
    },
    ...(['high', 'medium', 'low'] as const).flatMap((effort): Block[] => {
      const these = all.filter((change) => change.effort === effort);
      return these.length === 0
        ? []
        : [these.map(({ text, blocking }) => `${effort}${blocking ? ', comes first' : ''}: ${text}`)];
    }),
  ];
}

function clusters({ demand, clusters: sizes }: Assessment): Block[] {
  const { growth, connections, iops } = demand;
  const asked =
    `For ${String(growth)} times the data of today` +
    (connections === undefined ? '' : `, ${count(connections)} clients at once`) +
    (iops === undefined ? '' : `, ${count(iops)} I/O operations a second`) +
    '. Each line is the smallest that holds it, with 30 % of each disk free; more vCores bring more memory.';
  if (sizes.length === 0) return [asked, noCluster(demand)];
  return [
    asked,
    {
      head: [
        'workers',
        'vCores each',
        'storage each',
        'disk used',
        'I/O operations a second',
        'data in memory',
      ],
      rows: sizes.map((size) => [
        String(size.workers),
        String(size.vCores),
        `${count(size.storageGiB)} GiB`,
        percent(size.used),
        count(size.iops),
        memory(size),
      ]),
    },
  ];
}

function memory({ inMemory }: ClusterSize): string {
  return inMemory >= 1 ? 'all' : percent(inMemory);
}

import { bytes, count, table } from '../lib/reporter';
import type {
  Advice,
  CandidateAdvice,
  Choice,
  QueryAdvice,
  SchemaAdvice,
  TableAdvice,
} from './advice-document';
import { someOf } from '../../config/text/text';
import { number, percent } from './advice-model';

/** Schemas listed by name. */
const LISTED = 12;

/** The advice as people read it: what to do, why, how queries would run, and what comes first. */
export function describeAdvice(advice: Advice): string {
  return [
    section('Tables', advice.tables.length === 0 && advice.schemas.length > 0 ? [] : tables(advice.tables)),
    section('Schemas, each distributed as a whole', schemas(advice.schemas)),
    section(
      'Why',
      advice.tables.flatMap(({ table: name, reasons }) => [
        name,
        ...reasons.map((reason) => `  - ${reason}`),
      ]),
    ),
    section('Columns compared', advice.choices.flatMap(choice)),
    section('Queries', queries(advice.queries)),
    section('To change first', changes(advice, true)),
    section('Worth knowing', [...changes(advice, false), ...advice.caveats.map((text) => `- ${text}`)]),
    closing(advice),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function tables(advised: readonly TableAdvice[]): string[] {
  const rows = advised.map((each) => [
    each.table,
    decision(each),
    each.colocateWith ?? '',
    each.rows === undefined ? '' : count(Math.round(each.rows)),
    bytes(each.bytes),
    each.ready ? '' : 'after changes',
  ]);
  return table([['table', 'advice', 'beside', 'rows', 'size', ''], ...rows]).split('\n');
}

function schemas(advised: readonly SchemaAdvice[]): string[] {
  return advised.flatMap((group) => [
    `${group.schemas.length <= LISTED ? group.schemas.join(', ') : `${group.schemas.slice(0, LISTED).join(', ')} and ${count(group.schemas.length - LISTED)} more`} (${bytes(group.bytes)})`,
    ...group.reasons.map((reason) => `  - ${reason}`),
  ]);
}

function decision({ decision: kind, distributeBy }: TableAdvice): string {
  return kind === 'distribute' ? `distribute by ${distributeBy ?? ''}` : kind;
}

function choice({ chosen, because, candidates, others, alone, runnerUp }: Choice, index: number): string[] {
  const measured = (each: CandidateAdvice): string[] => [
    each.column,
    each.table,
    String(Math.round(each.score)),
    `${String(each.tables)}${each.reachable === 0 ? '' : ` + ${String(each.reachable)}`}`,
    percent(each.coverage),
    each.distinct === undefined ? 'unknown' : number(each.distinct),
    each.top === undefined ? '' : percent(each.top),
  ];
  const rows = candidates.map((each) => [
    ...measured(each),
    percent(each.workload['one-shard']),
    percent(each.workload['some-shards'] + each.workload['all-shards']),
    percent(each.workload.repartition + each.workload.refused),
    each.lost === undefined && chosen !== undefined ? 'chosen' : '',
  ]);
  const lost = [...candidates, ...others];
  return [
    ...table([
      [
        ...['column', 'of', 'points', 'tables', 'bytes', 'distinct', 'top value'],
        ...['one shard', 'more shards', 'not as it is', ''],
      ],
      ...rows,
      ...others.map(measured),
    ]).split('\n'),
    `${String(index + 1)}. ${chosen ?? 'none'}: ${because}`,
    ...(runnerUp === undefined ? [] : [`   runner-up ${runnerUp.column}: ${runnerUp.cost}`]),
    ...lost.flatMap(({ column, table: of, lost: why, wins }) =>
      why === undefined ? [] : [`   not ${column} of ${of}: ${why}. It would take ${wins ?? 'more'}`],
    ),
    ...(alone.length === 0
      ? []
      : [
          `   and ${count(alone.length)} ${alone.length === 1 ? 'key' : 'keys'} that no other table has and no query asks for: ${someOf(alone, LISTED)}`,
        ]),
  ];
}

/** Where a query goes, for people. */
export const ROUTES: Readonly<Record<QueryAdvice['route'], string>> = {
  'one-shard': 'one shard',
  'some-shards': 'some shards',
  'all-shards': 'all shards',
  repartition: 'REPARTITION',
  refused: 'REFUSED',
  coordinator: 'coordinator',
  unknown: 'unknown',
};

function queries(advised: readonly QueryAdvice[]): string[] {
  if (advised.length === 0) return [];
  const rows = advised.map(({ name, route, share, reason }) => [name, percent(share), ROUTES[route], reason]);
  return table([['query', 'share', 'runs on', 'because it'], ...rows]).split('\n');
}

function changes(advice: Advice, blocking: boolean): string[] {
  return advice.changes
    .filter((change) => change.blocking === blocking)
    .flatMap(({ text, sql = [] }) => [`- ${text}`, ...sql.map((statement) => `    ${statement};`)]);
}

function closing({ tables: advised, schemas: wholes, changes: all }: Advice): string {
  const decided = advised.filter((each) => each.decision !== 'undecided').length;
  const first = all.filter(({ blocking }) => blocking).length;
  return (
    `Advice for ${String(decided)} of ${String(advised.length)} tables` +
    (wholes.length === 0
      ? ''
      : ` and for ${count(wholes.flatMap((group) => group.schemas).length)} schemas`) +
    (first === 0 ? '.' : `, after ${String(first)} ${first === 1 ? 'change' : 'changes'}.`) +
    ' It is a proposal: --out FILE writes it as a distribution.yaml to edit, and `tables plan --spec FILE` shows every statement.'
  );
}

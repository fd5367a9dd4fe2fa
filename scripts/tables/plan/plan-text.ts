/** A plan as people review it. Pure. */
import { didYouMean, someOf } from '../../../config/text/text';
import type { TableName } from '../../../config/workload/distribution-types';
import type { JudgedFinding } from '../../database/checks/allowances';
import { describeFindings } from '../../database/checks/allowances';
import { showTable } from '../../database/model/names';
import { actsOn, stepCount } from '../../database/model/step';
import type { TablesStep } from '../../database/model/step';
import { ScaleoutError } from '../../lib/errors';
import { count, duration, table } from '../../lib/reporter';
import { groupBy } from '../../lib/group-by';
import type { DiskNeed } from './disk';
import { describeDisk } from './disk';
import type { PlanSummary, SummarizedPlan } from './plan-summary';
import { summarizePlan } from './plan-summary';

/** What of a plan is shown: the whole where it is short and a summary where it is long; one of the two; or the steps of one table. */
export type PlanView = 'by-length' | 'summary' | 'whole' | TableName;

export interface ShownPlan extends SummarizedPlan {
  readonly findings: readonly JudgedFinding[];
  /** Absent where it copies no rows. */
  readonly disk?: DiskNeed;
}

/** Steps that are shown one by one, unless all of them are asked for. */
const LISTED_STEPS = 40;
/** Tables and findings that a line or a kind has by name in a summary. */
const NAMED = 5;

/** @throws ScaleoutError where the view names a table that is in no step and not in the specification */
export function describePlan(plan: ShownPlan, view: PlanView = 'by-length'): string {
  const { steps, findings, disk } = plan;
  if (steps.length === 0) return 'Nothing to do: the database is as the specification says.';
  if (typeof view === 'object') return describeStepsOf(plan, view);
  const diskLines = disk === undefined ? [] : [describeDisk(disk), ''];
  const end = `Plan: ${stepCount(steps.length)}. \`tables apply\` does them; broken off, it goes on from where it was.`;
  const isLong = steps.length > LISTED_STEPS;
  if (view === 'summary' || (view === 'by-length' && isLong)) {
    return [
      ...summaryLines(summarizePlan(plan), steps.length),
      '',
      ...diskLines,
      ...findingGroups(findings),
      `${end} \`tables plan --sql\` shows every step, \`--table NAME\` those of one table.`,
    ].join('\n');
  }
  return [...stepLines(steps, steps), ...describeFindings(findings), '', ...diskLines, end].join('\n');
}

function describeStepsOf({ steps, expected }: ShownPlan, view: TableName): string {
  const own = steps.filter((step) => actsOn(step, view) || (step.converts ?? []).includes(showTable(view)));
  const name = showTable(view);
  if (own.length > 0) {
    return [
      ...stepLines(own, steps),
      '',
      `${stepCount(own.length)} of ${String(steps.length)} are about ${name}.`,
    ].join('\n');
  }
  const known = expected.tables.map((each) => showTable(each.table));
  if (known.includes(name))
    return `No step of ${String(steps.length)} is about ${name}: it is as the specification says.`;
  throw new ScaleoutError(
    'input.invalid',
    `--table ${name}: no step is about a table of that name, and the specification has none${didYouMean(name, known)}; nothing was changed`,
  );
}

/** @param all of the plan, which number them */
function stepLines(steps: readonly TablesStep[], all: readonly TablesStep[]): string[] {
  const numberOf = new Map(all.map((step, index) => [step, String(index + 1)]));
  const rows = steps.map((step) => [
    numberOf.get(step) ?? '',
    step.action,
    step.table,
    step.blocksWrites ? `wait${step.rows === undefined ? '' : ` (${count(step.rows)} rows)`}` : 'go on',
    step.reversible ? 'yes' : 'no',
  ]);
  const shown = (sql: readonly string[]): string[] =>
    sql.map((statement) => `       ${statement.trim().replace(/\s*\n\s*/g, ' ')};`);
  const notes = steps.flatMap((step) => [
    `${(numberOf.get(step) ?? '').padStart(3)}. ${step.comment}`,
    ...shown(step.sql),
    ...(step.contingencies ?? []).flatMap(({ comment, sql }) => [`     ${comment}`, ...shown(sql)]),
  ]);
  return [
    table([['step', 'action', 'table', 'writes', 'reversible'], ...rows]),
    '',
    'What runs, and why',
    ...notes,
  ];
}

function summaryLines(summary: PlanSummary, steps: number): string[] {
  const { kinds, groups, waits, online, irreversible } = summary;
  const longest = waits[0];
  return [
    `The specification: ${kinds.map((each) => `${count(each.count)} ${each.kind}`).join(', ')}.`,
    `${stepCount(steps)}, about ${duration(summary.seconds)} by the rows and the rates of a small cluster; a run measures its own rates and corrects that. Counting and comparing rows comes on top.`,
    '',
    longest === undefined
      ? 'No step lets writes wait for a time that grows with the rows.'
      : `Writes wait for ${waits.length === 1 ? 'one table' : `${count(waits.length)} tables, one after the other`}, longest for ${longest.table}:`,
    ...(longest === undefined
      ? []
      : [
          table([
            ['table', 'writes wait about', 'rows'],
            ...waits
              .slice(0, NAMED)
              .map((each) => [
                each.table,
                duration(each.seconds),
                each.rows === null ? 'not counted' : count(each.rows),
              ]),
          ]),
          ...(waits.length > NAMED ? [`and ${count(waits.length - NAMED)} more, each for less`] : []),
        ]),
    ...(online.length === 0
      ? []
      : [
          `Writes go on, but for moments, while ${someOf(online, NAMED)} ${online.length === 1 ? 'is' : 'are'} copied online.`,
        ]),
    '',
    irreversible.length === 0
      ? 'Every step can be undone.'
      : 'What cannot be undone without another copy or backup:',
    ...irreversible.map(({ action, tables }) => `  ${action}: ${someOf(tables, NAMED)}`),
    '',
    'Steps by what they do',
    table([
      ['action', 'steps', 'tables', 'writes wait', 'about'],
      ...groups.map((group) => [
        group.action,
        count(group.steps),
        count(group.tables.length),
        group.blocking === 0 ? 'no' : `in ${count(group.blocking)}`,
        duration(group.seconds),
      ]),
    ]),
  ];
}

/** What needs an allowance one by one; notes by their kind where they are many. */
function findingGroups(findings: readonly JudgedFinding[]): string[] {
  const asked = findings.filter(({ needs }) => needs === 'allowance');
  const notes = findings.filter(({ needs }) => needs === 'none');
  if (notes.length <= NAMED) return [...describeFindings(findings), ...(findings.length === 0 ? [] : [''])];
  const kinds = [...groupBy(notes, ({ id }) => id.slice(0, id.indexOf(':')))];
  return [
    ...describeFindings(asked),
    '',
    'Notes by their kind',
    ...kinds.map(([kind, same]) => {
      const [first] = same;
      return same.length === 1
        ? `  ${first.id}: ${first.message}`
        : `  ${kind}: ${count(same.length)}, as ${first.id}: ${first.message}`;
    }),
    '',
  ];
}

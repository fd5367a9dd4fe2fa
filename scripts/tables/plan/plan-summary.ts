/** A plan of any length on one page. Pure. */
import type { Distribution } from '../../../config/workload/distribution-types';
import { groupBy } from '../../lib/group-by';
import type { TablesStep } from '../../database/model/step';
import { isOnlineCopy } from '../../database/model/step';
import { sizeOfStep, stepSeconds } from './step-seconds';
import type { StepSize } from './step-seconds';

/** Of a plan, what a summary is made from. */
export interface SummarizedPlan {
  readonly steps: readonly TablesStep[];
  readonly expected: Distribution;
  /** By the names of the tables as messages show them. */
  readonly sizes: Readonly<Record<string, StepSize>>;
}

export interface PlanSummary {
  /** What the specification makes of its tables and schemas. */
  readonly kinds: readonly { readonly kind: string; readonly count: number }[];
  /** Estimated, of the whole run without counting and comparing rows. */
  readonly seconds: number;
  /** Steps of one kind, in the order in which the first of each comes. */
  readonly groups: readonly StepGroup[];
  /** Tables to which writes wait, the longest wait first. */
  readonly waits: readonly {
    readonly table: string;
    readonly seconds: number;
    readonly rows: number | null;
  }[];
  /** Tables that are copied while writes go on. */
  readonly online: readonly string[];
  /** Steps without a cheap way back, by what they do. */
  readonly irreversible: readonly { readonly action: string; readonly tables: readonly string[] }[];
}

export interface StepGroup {
  readonly action: string;
  readonly steps: number;
  readonly tables: readonly string[];
  /** Of the steps, those during which writes to their table wait for a time that grows with its rows. */
  readonly blocking: number;
  /** Estimated. */
  readonly seconds: number;
}

export function summarizePlan({ steps, expected, sizes }: SummarizedPlan): PlanSummary {
  const seconds = new Map(steps.map((step) => [step, stepSeconds(step, sizeOfStep(step, sizes))]));
  const sum = (some: readonly TablesStep[]): number =>
    some.reduce((total, step) => total + (seconds.get(step) ?? 0), 0);
  const tables = (some: readonly TablesStep[]): string[] => [...new Set(some.map(({ table }) => table))];
  const blocking = steps.filter(({ blocksWrites }) => blocksWrites);
  return {
    kinds: kindsOf(expected),
    seconds: sum(steps),
    groups: [...groupBy(steps, ({ action }) => action)].map(([action, same]) => ({
      action,
      steps: same.length,
      tables: tables(same),
      blocking: same.filter(({ blocksWrites }) => blocksWrites).length,
      seconds: sum(same),
    })),
    waits: [...groupBy(blocking, ({ table }) => table)]
      .map(([table, same]) => ({
        table,
        seconds: sum(same),
        rows: same[0].rows ?? sizeOfStep(same[0], sizes)?.rows ?? null,
      }))
      .sort((a, b) => b.seconds - a.seconds || (a.table < b.table ? -1 : 1)),
    online: tables(steps.filter(isOnlineCopy)),
    irreversible: [
      ...groupBy(
        steps.filter(({ reversible }) => !reversible),
        ({ action }) => action,
      ),
    ].map(([action, same]) => ({ action, tables: tables(same) })),
  };
}

function kindsOf({ tables, schemas = [] }: Distribution): PlanSummary['kinds'] {
  const count = (kind: string): number => tables.filter((table) => table.kind === kind).length;
  return [
    { kind: 'distributed', count: count('distributed') },
    { kind: 'reference', count: count('reference') },
    { kind: 'local', count: count('local') },
    { kind: 'schemas as wholes', count: schemas.filter(({ kind }) => kind === 'distributed').length },
  ].filter((each) => each.count > 0);
}

import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { groupBy } from '../../lib/group-by';
import type { LiveDatabase, LiveTable } from '../model/live';
import { isOnlineCopy } from '../model/step';
import type { StepTarget, TablesStep } from '../model/step';
import { stepKind } from '../model/step-kinds';

/** The tables that one step recreates. */
export interface RecreatingStep {
  readonly step: TablesStep;
  readonly tables: readonly TableName[];
}

/** What the steps of a plan do to the tables there are, looked up by table: a wide schema has thousands of both. */
export class StepEffects {
  readonly steps: readonly TablesStep[];
  /** The plain tables that the steps convert to Citus local tables, each with the first step that does. */
  readonly converted: ReadonlyMap<LiveTable, TablesStep>;
  /** The steps that recreate tables by a copy, and with them their views, in the order of the plan. */
  readonly recreated: readonly RecreatingStep[];
  /** The steps that copy rows, by the {@link targetKey} of what they copy. */
  private readonly copies: ReadonlyMap<string, readonly TablesStep[]>;

  /** @param live the database before the first of the steps */
  constructor({ tables }: Pick<LiveDatabase, 'tables'>, steps: readonly TablesStep[]) {
    this.steps = steps;
    this.copies = groupBy(
      steps.filter((step) => stepKind(step).copies !== undefined),
      ({ target }) => targetKey(target),
    );
    this.converted = convertedTables(tables, steps);
    this.recreated = this.recreatingSteps(tables);
  }

  /** The steps that copy the table's rows, alone or with its schema. */
  copiesOf({ table }: Pick<LiveTable, 'table'>): TablesStep[] {
    const { schema } = table;
    return [
      ...(this.copies.get(targetKey({ kind: 'table', ...table })) ?? []),
      ...(this.copies.get(targetKey({ kind: 'schema', schema })) ?? []),
    ];
  }

  private recreatingSteps(tables: readonly LiveTable[]): RecreatingStep[] {
    const pairs = tables.flatMap((table) =>
      this.copiesOf(table)
        .filter((step) => recreates(step, table))
        .map((step) => ({ step, table: table.table })),
    );
    const byStep = groupBy(pairs, ({ step }) => step);
    return this.steps.flatMap((step) => {
      const recreated = byStep.get(step);
      return recreated === undefined ? [] : [{ step, tables: recreated.map(({ table }) => table) }];
    });
  }
}

/** Whether a step that copies the table puts a new relation in its place. */
function recreates(step: TablesStep, { citus }: LiveTable): boolean {
  if (stepKind(step).copies === 'from table to table') return true;
  return step.action === 'distribute' && !isOnlineCopy(step) && citus.kind === 'local';
}

function convertedTables(
  tables: readonly LiveTable[],
  steps: readonly TablesStep[],
): Map<LiveTable, TablesStep> {
  const pairs = steps.flatMap((step) => convertedBy(step).map((table) => [tableKey(table), step] as const));
  // The first of two steps counts.
  const converting = new Map(pairs.toReversed());
  return new Map(
    tables.flatMap((table) => {
      const step = table.citus.kind === 'plain' ? converting.get(tableKey(table.table)) : undefined;
      return step === undefined ? [] : [[table, step] as const];
    }),
  );
}

/** The tables that a step converts to Citus local tables, of themselves or on the way to shards. */
function convertedBy(step: TablesStep): readonly TableName[] {
  if (step.target.kind === 'schema') return [];
  const { converts = [] } = step.target;
  const itself = step.action === 'convert-to-citus-local' || isOnlineCopy(step);
  return itself ? [step.target, ...converts] : converts;
}

/** No table has the key of a schema. */
function targetKey(target: StepTarget): string {
  return target.kind === 'schema' ? JSON.stringify(target.schema) : tableKey(target);
}

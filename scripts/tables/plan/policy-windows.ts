import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { liftForcedPolicies, restoreForcedPolicies } from '../../database/model/forced-policies';
import { showTable } from '../../database/model/names';
import type { LiveDatabase, LiveTable } from '../../database/model/live';
import type { StepAction, TablesStep } from '../../database/model/step';

/**
 * FORCE ROW LEVEL SECURITY is off while Citus copies rows, and not a step longer: it binds the owner of a table, as whom Citus copies
 * over connections of its own, so rows that the policies hide would be lost without an error. Taking it off has to be committed
 * before the copy begins, or the copy waits for ever.
 */
export function inPolicyWindow(copy: TablesStep, tables: readonly LiveTable[]): TablesStep[] {
  const forced = tables.flatMap((table) => table.forced);
  if (forced.length === 0) return [copy];
  const on = forced.filter(({ state }) => state === 'on').map(({ table }) => table);
  return [
    ...(on.length === 0 ? [] : [lift(copy.table, on)]),
    copy,
    restore(
      copy.table,
      forced.map(({ table }) => table),
    ),
  ];
}

/** What an interrupted copy left without FORCE and no step of the plan copies any more. */
export function closeLeftOpenWindows({ tables }: LiveDatabase, steps: readonly TablesStep[]): TablesStep[] {
  const closed = new Set(
    steps.filter(({ action }) => action === 'restore-forced-policy').flatMap(({ sql }) => sql),
  );
  return tables.flatMap(({ table, forced }) => {
    const lifted = forced.filter(({ state }) => state === 'lifted').map((each) => each.table);
    if (lifted.length === 0 || restoreForcedPolicies(lifted).every((statement) => closed.has(statement)))
      return [];
    return [restore(showTable(table), lifted)];
  });
}

function lift(subject: string, tables: readonly TableName[]): TablesStep {
  return windowStep(
    'lift-forced-policy',
    subject,
    liftForcedPolicies(tables),
    `takes FORCE ROW LEVEL SECURITY off ${named(tables)} for the copy, which would leave out the rows that its policies hide; ` +
      'until FORCE is back, sessions of the owner see and change every row',
  );
}

function restore(subject: string, tables: readonly TableName[]): TablesStep {
  return windowStep(
    'restore-forced-policy',
    subject,
    restoreForcedPolicies(tables),
    `puts FORCE ROW LEVEL SECURITY back on ${named(tables)}`,
  );
}

function windowStep(
  action: StepAction,
  subject: string,
  sql: readonly string[],
  comment: string,
): TablesStep {
  return {
    id: `${action}:${subject}`,
    table: subject,
    action,
    sql,
    comment,
    blocksWrites: false,
    reversible: true,
    transaction: true,
  };
}

function named(tables: readonly TableName[]): string {
  return allOf(tables.map(showTable));
}

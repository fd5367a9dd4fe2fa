import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { liftForcedPolicies, restoreForcedPolicies } from '../../database/model/forced-policies';
import { showTable } from '../../database/model/names';
import type { LiveDatabase, LiveTable } from '../../database/model/live';
import { actsOn, step } from '../../database/model/step';
import type { StepSubject, TablesStep } from '../../database/model/step';

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
    ...(on.length === 0 ? [] : [lift(copy.target, on)]),
    copy,
    restore(
      copy.target,
      forced.map(({ table }) => table),
    ),
  ];
}

/** What an interrupted copy left without FORCE and no step of the plan copies any more. */
export function closeLeftOpenWindows({ tables }: LiveDatabase, steps: readonly TablesStep[]): TablesStep[] {
  const closing = steps.filter(({ action }) => action === 'restore-forced-policy');
  return tables.flatMap(({ table, forced }) => {
    const lifted = forced.filter(({ state }) => state === 'lifted').map((each) => each.table);
    if (lifted.length === 0 || closing.some((step) => actsOn(step, table))) return [];
    return [restore(table, lifted)];
  });
}

function lift(subject: StepSubject, tables: readonly TableName[]): TablesStep {
  return step('lift-forced-policy', subject, liftForcedPolicies(tables), {
    comment:
      `takes FORCE ROW LEVEL SECURITY off ${named(tables)} for the copy, which would leave out the rows that its policies hide; ` +
      'until FORCE is back, sessions of the owner see and change every row',
    reversible: true,
  });
}

function restore(subject: StepSubject, tables: readonly TableName[]): TablesStep {
  return step('restore-forced-policy', subject, restoreForcedPolicies(tables), {
    comment: `puts FORCE ROW LEVEL SECURITY back on ${named(tables)}`,
    reversible: true,
  });
}

function named(tables: readonly TableName[]): string {
  return allOf(tables.map(showTable));
}

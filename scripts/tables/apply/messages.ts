import { allOf } from '../../../config/text/text';
import type { TableName } from '../../../config/workload/distribution-types';
import { describeServerError, ScaleoutError, serverDetails } from '../../lib/errors';
import type { ErrorDetails, ServerMessage } from '../../lib/errors';
import { showTable } from '../../database/model/names';
import { stepCount } from '../../database/model/step';
import type { AppliedStep, TablesStep } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import type { TablesPlan } from '../plan/plan-document';
import { describeBlocker } from './lock-monitor';
import type { Blocker } from './lock-monitor';
import { areAllPrepared } from './prepared';

/** Where a run ends before its end, and how far it came. */

export function stalledError(
  step: TablesStep,
  times: number,
  applied: readonly AppliedStep[],
  cause: unknown,
): ScaleoutError {
  return new ScaleoutError(
    'tables.copy-stalled',
    `step ${step.id} was cancelled ${String(times)} times, because the changes that writers made meanwhile did not reach the copy any more. The log of the coordinator says why: no process is free to replay them (raise max_logical_replication_workers and max_worker_processes), or Citus cannot replay one of them (https://github.com/citusdata/citus/issues/6790). Run this again while fewer rows are updated and deleted, or with \`online: false\`, and writers wait. ${doneSoFar(applied)}`,
    { cause, details: { ...stepDetails(step), times } },
  );
}

/** @param seconds since the first attempt */
export function lockError(
  step: TablesStep,
  { attempts, seconds }: { readonly attempts: number; readonly seconds: number },
  blockers: readonly Blocker[],
  applied: readonly AppliedStep[],
  cause: unknown,
): ScaleoutError {
  const who =
    blockers.length === 0
      ? 'the server does not say who holds it'
      : `it is held by ${blockers.map(describeBlocker).join('; ')}`;
  const hint = areAllPrepared(blockers)
    ? 'Where it stays, whoever runs the servers settles it with recover_prepared_transactions(). Then run this again'
    : 'End that session (pg_terminate_backend) or wait for it, and run this again';
  return new ScaleoutError(
    'tables.lock-timeout',
    `step ${step.id} did not get its lock in ${String(attempts)} attempts: ${who}. ${hint}. ${doneSoFar(applied)}`,
    { cause, details: { ...stepDetails(step), attempts, seconds, blockers } },
  );
}

/** Done, and still to be done. */
export function withoutEffect(
  step: TablesStep,
  applied: readonly AppliedStep[],
  plan: TablesPlan,
): ScaleoutError {
  return new ScaleoutError(
    'tables.step-without-effect',
    `step ${step.id} succeeded but had no effect: another session reverted it, or Citus ignored it. ${progressSoFar(applied, plan)}`,
    { details: stepDetails(step) },
  );
}

/** @param local tables that the step converted before it failed */
export function stepError(
  step: TablesStep,
  error: Error & ServerMessage,
  applied: readonly AppliedStep[],
  local: readonly TableName[],
): ScaleoutError {
  const left =
    local.length === 0
      ? doneSoFar(applied)
      : `${allOf(local.map(showTable))} ${local.length === 1 ? 'is' : 'are'} left local to the coordinator and known to Citus, with every row, open to reads and writes.${applied.length === 0 ? '' : ` ${doneSoFar(applied)}`}`;
  return new ScaleoutError(
    'tables.step-failed',
    `step ${step.id} failed: ${describeServerError(error)} ${hintFor(step, error.code)} ${left}`,
    { cause: error, details: { ...stepDetails(step), ...serverDetails(error) } },
  );
}

/** What programs read about the step that an error is about. */
function stepDetails({ id, table }: TablesStep): ErrorDetails {
  return { step: id, table };
}

function hintFor(step: TablesStep, code = ''): string {
  return (
    stepKind(step).hints?.[code] ?? HINTS[code] ?? 'Fix the cause, and run this again; it goes on from here.'
  );
}

const MISSING_VALUES = 'Fill the missing values in, and run this again.';

/** By SQLSTATE, whatever the step. */
const HINTS: Readonly<Record<string, string>> = { '23502': MISSING_VALUES, '23514': MISSING_VALUES };

function doneSoFar(applied: readonly AppliedStep[]): string {
  return applied.length === 0
    ? 'Nothing else was changed'
    : `Done before it: ${applied.map((step) => step.id).join(', ')}`;
}

export function progressSoFar(
  applied: readonly AppliedStep[],
  plan: TablesPlan,
  nothingDone = 'nothing was changed',
): string {
  const [done, open] = [applied.length, plan.steps.length];
  const sofar =
    done === 0
      ? nothingDone
      : `${stepCount(done)} ${done === 1 ? 'is' : 'are'} done (the last: ${applied.at(-1)?.id ?? ''})`;
  const left = open === 0 ? '' : ` and ${stepCount(open)} left, from ${plan.steps[0]?.id ?? ''} on`;
  return `${sofar}${left}. Run the same command again to go on from there`;
}

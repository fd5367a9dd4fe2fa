import { someOf } from '../../../config/text/text';
import type { TableName } from '../../../config/workload/distribution-types';
import { describeServerError, ScaleoutError, serverDetails } from '../../lib/errors';
import type { ErrorDetails, ServerMessage } from '../../lib/errors';
import type { LiveDatabase, LiveForeignKey } from '../../database/model/live';
import { sameTable, showTable } from '../../database/model/names';
import { stepCount } from '../../database/model/step';
import type { AppliedStep, TablesStep } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import type { TablesPlan } from '../plan/plan-document';
import { describeBlocker } from './lock-monitor';
import type { Blocker } from './lock-monitor';
import { selectOrphans } from './orphans.sql';
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

/** What a step met when it failed. */
interface StepContext {
  /** The last look. */
  readonly live: LiveDatabase;
  /** The one of the step's statements that failed. */
  readonly statement: string;
  /** Steps that are not done, this one included. */
  readonly open: number;
}

/** @param local tables that the step converted before it failed */
export function stepError(
  step: TablesStep,
  error: Error & ServerMessage,
  applied: readonly AppliedStep[],
  local: readonly TableName[],
  context?: StepContext,
): ScaleoutError {
  const of = context && applied.length + context.open;
  const left =
    local.length === 0
      ? doneSoFar(applied, of)
      : `${someOf(local.map(showTable), NAMED)} ${local.length === 1 ? 'is' : 'are'} left local to the coordinator and known to Citus, with every row, open to reads and writes.${applied.length === 0 ? '' : ` ${doneSoFar(applied, of)}`}`;
  const key = error.code === '23503' ? context && foreignKeyOf(step, context.live) : undefined;
  const found =
    key === undefined
      ? `${describeStatement(step, context)}${hintFor(step, error.code)}`
      : describeOrphans(key);
  return new ScaleoutError(
    'tables.step-failed',
    `step ${step.id} failed: ${describeShortly(error)} ${found} ${left}`,
    {
      cause: error,
      details: {
        ...stepDetails(step),
        ...serverDetails(error),
        ...(key === undefined ? {} : { orphans: selectOrphans(key) }),
        applied: applied.map(({ id }) => id),
      },
    },
  );
}

/** A server may list every object that depends on another, a line each. */
function describeShortly(error: Error & ServerMessage): string {
  const lines = describeServerError(error).split('\n');
  const more = lines.length - NAMED;
  return more > 1
    ? [...lines.slice(0, NAMED), `and ${String(more)} more lines.`].join('\n')
    : lines.join('\n');
}

/** Which of its statements failed, where a step has several: a server's words may name no object. */
function describeStatement({ sql }: TablesStep, context: StepContext | undefined): string {
  const line = context?.statement.trim().replace(/\s+/g, ' ') ?? '';
  if (line === '' || sql.length === 1) return '';
  return `It ran ${line.length > LONGEST_STATEMENT ? `${line.slice(0, LONGEST_STATEMENT)}...` : line}. `;
}

const LONGEST_STATEMENT = 200;

/** The foreign key that a step is about, as a run before this one recorded it or as it was there at the last look. */
function foreignKeyOf({ target }: TablesStep, live: LiveDatabase): LiveForeignKey | undefined {
  if (target.kind === 'schema') return undefined;
  return [...live.droppedForeignKeys, ...live.tables.flatMap(({ foreignKeys }) => foreignKeys)].find(
    ({ name, table }) => name === target.foreignKey && sameTable(table, target),
  );
}

function describeOrphans(key: LiveForeignKey): string {
  return (
    `While foreign key ${key.name} of ${showTable(key.table)} was away, rows came in or were left behind that refer to nothing in ${showTable(key.references)}. This lists them:\n` +
    `  ${selectOrphans(key)};\nRepair or delete them, and run this again.`
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

/** @param of how many steps the run has in all, where that is known */
function doneSoFar(applied: readonly AppliedStep[], of?: number): string {
  return applied.length === 0
    ? 'Nothing else was changed'
    : `Done before it: ${applied.length > NAMED ? `${of === undefined ? stepCount(applied.length) : `${String(applied.length)} of ${String(of)} steps`}, the last of them ` : ''}${applied
        .slice(-NAMED)
        .map((step) => step.id)
        .join(', ')}`;
}

/** Steps, tables and lines of the server that a message has, of any number. */
const NAMED = 5;

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

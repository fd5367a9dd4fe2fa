import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { describeServerError, InterruptedError } from '../../lib/errors';
import type { ServerMessage } from '../../lib/errors';
import type { RunEvent } from '../../lib/events';
import type { LiveDatabase } from '../../database/model/live';
import { actsOn, isOnlineCopy } from '../../database/model/step';
import type { AppliedStep, TablesStep } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import type { TablesPlan } from '../plan/plan-document';
import { isCatalogConflict, isConflict, isStatementError, isWorkerLockTimeout, round } from './attempt';
import type { Attempt, LockPolicy } from './attempt';
import { lockError, progressSoFar, stalledError, stepError, withoutEffect } from './messages';
import { describeBlocker } from './lock-monitor';
import { areAllPrepared, resolvesItself } from './prepared';
import type { WritePause } from '../../lib/pause-meter';

/**
 * What a run knows, and what it does next. Everything that a run decides is here, as pure functions from what happened to what is to be
 * done; `apply` does it.
 */
export interface RunState {
  /** What is left by the last look, without the steps that were done since. */
  readonly plan: TablesPlan;
  /** The last look. */
  readonly live: LiveDatabase;
  readonly applied: readonly AppliedStep[];
  /** Ids of the steps that were done since the last look. */
  readonly unseen: ReadonlySet<string>;
  /** How often a step met another session, and since when, as performance.now() says it. */
  readonly conflicts: ReadonlyMap<string, { readonly times: number; readonly since: number }>;
  /** What was seen before a step failed for the first time, of those that another look is to explain. */
  readonly doubtful: ReadonlyMap<string, LiveDatabase>;
  readonly longestWriteBlock: { readonly id: string; readonly seconds: number } | null;
  readonly longestWritePause: ({ readonly id: string; readonly table: string } & WritePause) | null;
}

/** What happened. */
export type Outcome =
  | { readonly kind: 'looked'; readonly live: LiveDatabase; readonly plan: TablesPlan }
  | {
      readonly kind: 'attempted';
      readonly attempt: Attempt;
      /** When it ended, as performance.now() says it. */
      readonly at: number;
      /** The last look is still good for another step. */
      readonly isLookFresh: boolean;
    };

/** What is to be done. */
export type Action =
  | { readonly kind: 'attempt'; readonly step: TablesStep }
  | {
      readonly kind: 'look';
      /** What to report first. */
      readonly event?: RunEvent;
      /** Milliseconds to wait first. */
      readonly pauseMs?: number;
      /** An online copy that failed leaves shards and slots behind. */
      readonly cleanUp?: boolean;
    }
  | { readonly kind: 'finish' }
  | { readonly kind: 'fail'; readonly error: unknown }
  /** The step failed for good; another look tells what it left behind since `before`. */
  | {
      readonly kind: 'fail-after-look';
      readonly step: TablesStep;
      readonly error: Error & ServerMessage;
      readonly statement: string;
      readonly before: LiveDatabase;
    };

type Turn = readonly [RunState, Action];

/** Milliseconds; what failed after longer is not tried again on the chance that another look makes it fit. */
const BRIEF_MS = 10_000;

/** An online copy that got stuck is begun so often. */
const COPIES_BEGUN = 3;

/** A run that has looked and done nothing yet. */
export function begin(live: LiveDatabase, plan: TablesPlan): Turn {
  const state: RunState = {
    plan,
    live,
    applied: [],
    unseen: new Set(),
    conflicts: new Map(),
    doubtful: new Map(),
    longestWriteBlock: null,
    longestWritePause: null,
  };
  return [state, nextStep(plan)];
}

/** Pure. */
export function next(state: RunState, outcome: Outcome, locks: LockPolicy): Turn {
  if (outcome.kind === 'looked') return afterLook(state, outcome);
  const [step] = state.plan.steps;
  if (step === undefined) throw new Error('attempted a step of a plan that has none');
  const { attempt } = outcome;
  const measured = { ...state, ...longestOf(state, step, attempt) };
  if (attempt.outcome === 'done') return afterStep(measured, step, attempt.seconds, outcome.isLookFresh);
  if (attempt.outcome === 'cancelled') {
    // A copy that is broken off leaves something behind, if nothing that a user would miss.
    const soFar = progressSoFar(measured.applied, measured.plan, 'no step is done');
    return [measured, { kind: 'fail', error: new InterruptedError(`stopped as asked: ${soFar}`) }];
  }
  const { error, stalled, blockers } = attempt;
  const conflicts = stalled || isConflict(error) || isWorkerLockTimeout(error, blockers);
  const [then, action] = conflicts
    ? afterConflict(measured, step, { ...attempt, at: outcome.at }, locks)
    : afterFailure(measured, step, { ...attempt, at: outcome.at });
  return [then, action.kind === 'look' && isOnlineCopy(step) ? { ...action, cleanUp: true } : action];
}

function nextStep({ steps: [step] }: TablesPlan): Action {
  return step === undefined ? { kind: 'finish' } : { kind: 'attempt', step };
}

function afterLook(state: RunState, { live, plan }: Extract<Outcome, { kind: 'looked' }>): Turn {
  const now: RunState = { ...state, live, plan, unseen: new Set() };
  const [first] = plan.steps;
  return first !== undefined && state.unseen.has(first.id)
    ? [now, { kind: 'fail', error: withoutEffect(first, state.applied, plan) }]
    : [now, nextStep(plan)];
}

function afterStep(state: RunState, step: TablesStep, seconds: number, isLookFresh: boolean): Turn {
  const plan = { ...state.plan, steps: state.plan.steps.slice(1) };
  const now: RunState = {
    ...state,
    plan,
    applied: [...state.applied, { id: step.id, seconds }],
    unseen: new Set([...state.unseen, step.id]),
  };
  const [following] = plan.steps;
  const goesOn =
    isLookFresh &&
    following !== undefined &&
    [step, following].every((each) => canUseStaleSnapshot(each, state.live));
  return [now, goesOn ? { kind: 'attempt', step: following } : { kind: 'look' }];
}

/** Whether a step may run by a look from before the step before it. */
function canUseStaleSnapshot(step: TablesStep, { tables }: LiveDatabase): boolean {
  const { onStaleSnapshot = 'never' } = stepKind(step);
  if (onStaleSnapshot !== 'of plain tables') return onStaleSnapshot === 'always';
  return step.transaction && tables.some(({ table, citus }) => citus.kind === 'plain' && actsOn(step, table));
}

type Failed = Extract<Attempt, { readonly outcome: 'failed' }> & { readonly at: number };

/** Another session was in the way: again, until it is too often. */
function afterConflict(state: RunState, step: TablesStep, failed: Failed, locks: LockPolicy): Turn {
  const { error, statement, blockers, stalled, from, at } = failed;
  const known = state.conflicts.get(step.id);
  const times = (known?.times ?? 0) + 1;
  const since = known?.since ?? from;
  const now = { ...state, conflicts: new Map([...state.conflicts, [step.id, { times, since }]]) };
  const { applied } = state;
  if (stalled && times >= COPIES_BEGUN)
    return [now, { kind: 'fail', error: stalledError(step, times, applied, error) }];
  if (times >= locks.attempts && !resolvesItself(blockers, at - since)) {
    const last = isCatalogConflict(error)
      ? stepError(step, error, applied, [], { statement, live: state.live, open: state.plan.steps.length })
      : lockError(step, { attempts: times, seconds: (at - since) / 1000 }, blockers, applied, error);
    return [now, { kind: 'fail', error: last }];
  }
  const event: RunEvent = {
    name: 'step.retrying',
    step: step.id,
    reason: stalled ? 'stalled' : isCatalogConflict(error) ? 'catalog' : 'lock',
    attempt: times,
    attempts: areAllPrepared(blockers) ? undefined : locks.attempts,
    blockers: blockers.map(describeBlocker),
  };
  return [now, { kind: 'look', event, pauseMs: pauseBefore(times, locks) }];
}

/** The step itself was wrong: once, another look may say that it does not fit any more. */
function afterFailure(state: RunState, step: TablesStep, { error, statement, from, at }: Failed): Turn {
  if (!isStatementError(error)) return [state, { kind: 'fail', error }];
  const doubted = state.doubtful.get(step.id);
  // What it was to change is gone or there already, or it went by an older look.
  const mayNotFit = at - from < BRIEF_MS && (state.unseen.size > 0 || error.code?.startsWith('42') === true);
  if (doubted === undefined && mayNotFit) {
    const doubtful = new Map([...state.doubtful, [step.id, state.live]]);
    const message = describeServerError(error);
    return [
      { ...state, doubtful },
      { kind: 'look', event: { name: 'step.rechecking', step: step.id, message } },
    ];
  }
  const action: Action = step.transaction
    ? {
        kind: 'fail',
        error: stepError(step, error, state.applied, [], {
          statement,
          live: state.live,
          open: state.plan.steps.length,
        }),
      }
    : { kind: 'fail-after-look', step, error, statement, before: doubted ?? state.live };
  return [state, action];
}

/** Tables that Citus knows since, as the first half of distributing them leaves them. */
export function convertedSince(before: LiveDatabase, after: LiveDatabase): TableName[] {
  const localTables = ({ tables }: LiveDatabase): TableName[] =>
    tables.filter(({ citus }) => citus.kind === 'local').map(({ table }) => table);
  const then = new Set(localTables(before).map(tableKey));
  return localTables(after).filter((table) => !then.has(tableKey(table)));
}

/** Milliseconds. */
export function pauseBefore(attempt: number, { pauseMs }: LockPolicy): number {
  return Math.min(pauseMs * 2 ** (attempt - 1), pauseMs * 10);
}

function longestOf(
  { longestWriteBlock, longestWritePause }: RunState,
  { id, table }: TablesStep,
  { pause, blockedSeconds }: Attempt,
): Pick<RunState, 'longestWriteBlock' | 'longestWritePause'> {
  return {
    longestWriteBlock:
      blockedSeconds !== undefined && blockedSeconds > (longestWriteBlock?.seconds ?? 0)
        ? { id, seconds: blockedSeconds }
        : longestWriteBlock,
    longestWritePause:
      pause !== undefined && pause.seconds > (longestWritePause?.seconds ?? -1)
        ? { id, table, seconds: round(pause.seconds), resolutionSeconds: round(pause.resolutionSeconds) }
        : longestWritePause,
  };
}

import type { VerbContext, VerbResult } from '../lib/verb';
import { requireOwn } from './orphans';
import type { Finding } from './guards/finding';
import type { PlannedChange } from './guards/words';
import { judgePlan, reportIdle } from './judged-plan';
import type { StackOptions } from './stack-plan';
import { openStack, withPlan } from './stack-plan';

export interface GuardInput extends StackOptions {
  /** Name of the environment. */
  readonly name: string;
  /** Ids of findings that somebody said yes to. */
  readonly allow: readonly string[];
  /** Judge what destroying all of it would do. @default false */
  readonly destroy?: boolean;
}

/** What the guards say of an environment: `guard --json`. */
export interface GuardDocument {
  readonly formatVersion: 1;
  readonly environment: string;
  /** False when a finding stops the plan. */
  readonly ok: boolean;
  readonly changes: readonly PlannedChange[];
  /** Names of outputs whose value changes. */
  readonly outputs: readonly string[];
  readonly findings: readonly Finding[];
  /** Ids of findings that were allowed. */
  readonly allowed: readonly string[];
}

/**
 * Plans an environment and holds the plan against the guards. Changes nothing.
 *
 * @returns `refused` when a guard says no, `changes` when something is to be done, else `done`
 * @throws ScaleoutError when it cannot be planned; refused where it would take over what is somebody else's
 */
export async function guard(context: VerbContext, input: GuardInput): Promise<VerbResult<GuardDocument>> {
  const { name, allow, destroy, ...options } = input;
  const stack = await openStack(name, context, options);
  return withPlan(stack, context, { destroy: destroy === true }, async ({ plan }) => {
    requireOwn(plan, stack.synthesized);
    const judged = judgePlan(stack, plan, allow);
    reportIdle(context, judged);
    const { judgement, changes, outputs, findings, text, pending } = judged;
    const ok = judgement.refused.length === 0;
    return Promise.resolve({
      document: {
        formatVersion: 1,
        environment: name,
        ok,
        changes,
        outputs,
        findings,
        allowed: judgement.allowed,
      },
      text,
      outcome: ok ? (pending ? 'changes' : 'done') : 'refused',
    });
  });
}

import type { VerbContext } from '../lib/verb';
import type { Finding, Judgement } from './guards/finding';
import { describeIdle, judgeFindings } from './guards/finding';
import { guardPlan } from './guards/judge';
import type { TerraformPlan } from './guards/plan-json';
import type { PlannedChange } from './guards/words';
import { describeJudged, plannedChanges } from './guards/words';
import type { Stack } from './stack-plan';
import { guardContext } from './stack-plan';

/** What a plan would do, and what the guards say of it; no secret is in it. */
export interface JudgedPlan {
  readonly changes: readonly PlannedChange[];
  /** Names of outputs whose value changes; what only they change touches nothing in Azure. */
  readonly outputs: readonly string[];
  readonly findings: readonly Finding[];
  readonly judgement: Judgement;
  /** All of it for a person. */
  readonly text: string;
  /** True when an apply would do anything. */
  readonly pending: boolean;
}

/** Holds a plan against the guards and what was allowed. Pure. */
export function judgePlan(stack: Stack, plan: TerraformPlan, allow: readonly string[]): JudgedPlan {
  const context = guardContext(stack);
  const findings = guardPlan(plan, context);
  const judgement = judgeFindings(findings, allow);
  const changes = plannedChanges(plan, context);
  return {
    changes,
    outputs: plan.outputs,
    findings,
    judgement,
    text: describeJudged(stack.environment, changes, judgement),
    pending: changes.length > 0 || plan.outputs.length > 0,
  };
}

/** Says which allowances did nothing: a slip in one is found before it is missed. */
export function reportIdle({ reporter }: VerbContext, { judgement }: JudgedPlan): void {
  for (const id of judgement.idle) reporter.warn(`--allow ${id}: ${describeIdle(id, judgement)}`);
}

/** Allowances as the environment variable lists them: separated by commas or blanks. */
export function parseAllowances(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter(Boolean);
}

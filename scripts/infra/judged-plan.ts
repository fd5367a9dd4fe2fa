import type { VerbContext } from '../lib/verb';
import type { Finding, Judgement } from './guards/finding';
import { describeIdle, judgeFindings } from './guards/finding';
import { isOwnImport } from './guards/adoption';
import { guardPlan } from './guards/judge';
import type { TerraformPlan } from './guards/plan-json';
import { changesNothing } from './guards/plan-json';
import type { PlannedChange } from './guards/words';
import { describeJudged, plannedChanges } from './guards/words';
import type { Stack } from './stack-plan';
import { guardContext } from './stack-plan';

/** Something of Azure that the state comes to know, as it is. */
export interface ImportedResource {
  readonly address: string;
  /** Resource id. */
  readonly id: string;
}

/** What a plan would do, and what the guards say of it; no secret is in it. */
export interface JudgedPlan {
  readonly changes: readonly PlannedChange[];
  /** Names of outputs whose value changes; what only they change touches nothing in Azure. */
  readonly outputs: readonly string[];
  readonly findings: readonly Finding[];
  readonly judgement: Judgement;
  /** All of it for a person. */
  readonly text: string;
  /** What is taken over because the stack's own import blocks name it. */
  readonly imports: readonly ImportedResource[];
  /** True when an apply would do anything. */
  readonly pending: boolean;
}

/** What of a stack the guards need. */
type JudgedStack = Pick<Stack, 'environment' | 'synthesized' | 'missingPasswords'>;

/** Holds a plan against the guards and what was allowed. Pure. */
export function judgePlan(stack: JudgedStack, plan: TerraformPlan, allow: readonly string[]): JudgedPlan {
  const context = guardContext(stack);
  const findings = guardPlan(plan, context);
  const judgement = judgeFindings(findings, allow);
  const changes = plannedChanges(plan, context);
  const imports = plan.changes.filter((change) => changesNothing(change) && isOwnImport(change, context));
  return {
    changes,
    imports: imports.map(({ address, importing = '' }) => ({ address, id: importing })),
    outputs: plan.outputs,
    findings,
    judgement,
    text: describeJudged(stack.environment, changes, judgement, {
      imported: imports.length,
      adopting: context.imports.size > 0,
    }),
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

import { CLUSTERS } from '../audit/stack/azurerm';
import type { Json } from '../audit/stack/synthesized';
import type { TerraformPlan } from '../infra/guards/plan-json';
import type { JudgedPlan } from '../infra/judged-plan';
import { SENSITIVE } from '../infra/guards/values';
import type { ReviewedPlan } from './bundle';
import type { ReadPlan } from './plan-meaning';
import type { KnownSecrets } from './secrets';

/** Resource id of the cluster that a plan is about; null where it creates one, or there is none. Pure. */
export function clusterOf(plan: TerraformPlan): string | null {
  const cluster = [...plan.unchanged, ...plan.changes].find(({ type }) => CLUSTERS.includes(type));
  const id = cluster?.before?.['id'] ?? cluster?.importing;
  return typeof id === 'string' ? id : null;
}

/** What is kept of a plan for its review, in words and by meaning, with no secret in it. Pure. */
export function reviewOf(
  environment: string,
  plan: TerraformPlan,
  { meaning, secrets }: ReadPlan,
  { judgement, changes, findings, text }: JudgedPlan,
): ReviewedPlan {
  return {
    formatVersion: 1,
    kind: 'scaleout plan',
    environment,
    cluster: clusterOf(plan),
    meaning,
    review: {
      ok: judgement.refused.length === 0,
      allowed: judgement.allowed,
      changes: masked(changes, secrets),
      findings: masked(findings, secrets),
      text: maskedText(text, secrets),
    },
  };
}

/** Words are made of values that the plan's masks may not know as secret where they stand. */
function masked<T>(value: T, secrets: KnownSecrets): T {
  return walk(JSON.parse(JSON.stringify(value)) as Json, secrets) as T;
}

function walk(value: Json, secrets: KnownSecrets): Json {
  if (typeof value === 'string') return secrets.areIn(value) ? maskedText(value, secrets) : value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => walk(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each, secrets)]));
}

/** A text without the lines that hold a secret. */
function maskedText(text: string, secrets: KnownSecrets): string {
  return text
    .split('\n')
    .map((line) => (secrets.areIn(line) ? `${/^\s*/.exec(line)?.[0] ?? ''}${SENSITIVE}` : line))
    .join('\n');
}

/** What guards decided of a plan, and what it does to each resource, in one order. */
type Decided = Pick<ReviewedPlan['review'], 'ok' | 'allowed' | 'changes' | 'findings'>;

/**
 * Whether guards said the same of two plans that mean the same: what is done where, and which findings there are. How they
 * word it follows the order in which Terraform writes things down. Pure.
 */
export function isSameDecision(a: Decided, b: Decided): boolean {
  const decided = ({ ok, allowed, changes, findings }: Decided): string =>
    JSON.stringify([
      ok,
      [...allowed].sort(),
      changes.map(({ address, action }) => `${action} ${address}`).sort(),
      findings.map(({ id, level, address }) => `${level} ${id} ${address}`).sort(),
    ]);
  return decided(a) === decided(b);
}

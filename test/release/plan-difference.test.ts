import { parseSynthesized } from '../../scripts/audit/stack/synthesized';
import { parsePlan } from '../../scripts/infra/guards/plan-json';
import { judgePlan } from '../../scripts/infra/judged-plan';
import { isSameDecision, reviewOf } from '../../scripts/release/review';
import { planDifferences } from '../../scripts/release/plan-difference';
import { readPlan } from '../../scripts/release/plan-meaning';
import { planDocument, SECRETS } from './exam/plan-document';
import { harmlessPlans, tamperedPlans } from './exam/replans';

const reviewed = readPlan(JSON.stringify(planDocument())).meaning;
const differences = (text: string) => planDifferences(reviewed, readPlan(text));

describe('a plan that was made again', () => {
  it.each(harmlessPlans().map((plan) => [plan.id, plan.text] as const))('is the same: %s', (_, text) => {
    expect(differences(text)).toEqual([]);
  });

  it.each(tamperedPlans().map((plan) => [plan.id, plan.text] as const))('is another: %s', (_, text) => {
    let found;
    try {
      found = differences(text);
    } catch (error) {
      // What is no whole plan cannot be compared, which refuses it as well.
      expect(error).toMatchObject({ code: 'infra.plan-unreadable' });
      return;
    }
    expect(found).not.toEqual([]);
  });

  it('counts', () => {
    expect(harmlessPlans().length).toBeGreaterThanOrEqual(50);
    expect(tamperedPlans().length).toBeGreaterThanOrEqual(100);
  });
});

it('keeps no secret, however it is spelled', () => {
  const text = JSON.stringify(reviewed);
  for (const secret of [...Object.values(SECRETS), 'Before-only-7']) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
  }
});

describe('what guards say of a plan that was made again', () => {
  const stack = parseSynthesized('{}', 'dev', 'cdk.tf.json');
  const decided = (text: string) => {
    const plan = parsePlan(text);
    const judged = judgePlan(
      { environment: 'dev', synthesized: stack, missingPasswords: new Map() },
      plan,
      [],
    );
    return reviewOf('dev', plan, readPlan(text), judged).review;
  };
  const before = decided(JSON.stringify(planDocument()));

  it.each(harmlessPlans().map((plan) => [plan.id, plan.text] as const))('is the same: %s', (_, text) => {
    expect(isSameDecision(before, decided(text))).toBe(true);
  });

  it('is something else where a finding or a change is', () => {
    const { findings, changes } = before;
    expect(findings.length).toBeGreaterThan(0);
    expect(isSameDecision(before, { ...before, findings: findings.slice(1) })).toBe(false);
    expect(isSameDecision(before, { ...before, changes: changes.slice(1) })).toBe(false);
    expect(isSameDecision(before, { ...before, ok: !before.ok })).toBe(false);
    expect(isSameDecision(before, { ...before, allowed: ['destroy-cluster:x'] })).toBe(false);
  });
});

import { judge } from '../../scripts/audit/judge';
import type { JudgeInput } from '../../scripts/audit/judge';
import { RULES } from '../../scripts/audit/rules';
import type { Rule } from '../../scripts/audit/rule';
import { isProduction } from '../../scripts/audit/rule';
import { stack, TODAY } from './builders';

const input: JudgeInput = { stacks: [stack('dev'), stack('prod')], rules: RULES, waivers: [], today: TODAY };

const broken: Rule = {
  id: 'broken',
  level: 'warning',
  property: 'Nothing.',
  check: () => {
    throw new Error('out of luck');
  },
};

const flawed = [stack('dev', { cluster: { node_public_ip_access_enabled: true } }), stack('prod')];
const waiver = {
  rule: 'public-access',
  constructPath: 'dev/cluster',
  reason: 'load test until the end of the month',
  expires: '2026-03-31',
};

describe('judge', () => {
  it('answers for every rule and environment, so that nothing passes unseen', () => {
    const document = judge(input);
    expect(document.findings).toEqual([]);
    expect(document.outcomes).toHaveLength(2 * RULES.length);
    expect(document.counts).toEqual({ error: 0, warning: 0, waived: 0, compliant: 17, notApplicable: 3 });
    expect(
      document.outcomes.filter(({ reason }) => reason !== undefined).map(({ ruleId }) => ruleId),
    ).toEqual(['availability', 'destroy-protection', 'firewall-width']);
  });

  it('judges one environment, and knows the others', () => {
    const shared = { backend: { key: 'one.tfstate' } };
    const document = judge({
      ...input,
      stacks: [stack('dev', shared), stack('prod', shared)],
      environment: 'prod',
    });
    expect(document.environments).toEqual(['prod']);
    expect(document.findings.map(({ environment, ruleId }) => [environment, ruleId])).toEqual([
      ['prod', 'state-backend'],
    ]);
  });

  it('counts a rule that throws as an error, whatever its level', () => {
    const document = judge({ ...input, rules: [broken], environment: 'dev' });
    expect(document.findings).toEqual([
      {
        ruleId: 'broken',
        level: 'error',
        environment: 'dev',
        constructPath: 'dev',
        pointer: '',
        message: expect.stringMatching(
          /could not judge this stack \(out of luck\), which counts as a violation/,
        ) as string,
        waiver: null,
      },
    ]);
    expect(document.counts.error).toBe(1);
  });

  it('does not count what is waived, and says who answers for it', () => {
    const document = judge({ ...input, stacks: flawed, waivers: [waiver] });
    expect(document.findings[0]?.waiver).toEqual({ reason: waiver.reason, expires: waiver.expires });
    expect(document.counts).toMatchObject({ error: 0, waived: 1 });
    expect(document.unusedWaivers).toEqual([]);
  });

  it.each([
    ['2026-03-31', 0],
    ['2026-04-01', 1],
  ])('lets a waiver end: on %s there are %d errors', (today, errors) => {
    const document = judge({ ...input, stacks: flawed, waivers: [waiver], today });
    expect(document.counts.error).toBe(errors);
    if (errors > 0) expect(document.findings[0]?.message).toContain('its waiver expired on 2026-03-31');
  });

  it.each([
    ['another rule', { ...waiver, rule: 'tags' }],
    ['another construct', { ...waiver, constructPath: 'dev/cluster/other' }],
  ])('does not stretch the waiver of %s, and calls it unused', (_, other) => {
    const document = judge({ ...input, stacks: flawed, waivers: [other] });
    expect(document.counts).toMatchObject({ error: 1, waived: 0 });
    expect(document.unusedWaivers).toEqual([other]);
  });

  it('says nothing of the waivers of environments it does not judge', () => {
    expect(judge({ ...input, environment: 'prod', waivers: [waiver] }).unusedWaivers).toEqual([]);
  });
});

describe('isProduction', () => {
  it.each([
    ['prod', true],
    ['production', true],
    ['prod-eu', true],
    ['dev', false],
    ['product-tests', false],
    ['preprod', false],
  ])('%s: %s', (name, expected) => expect(isProduction(name)).toBe(expected));
});

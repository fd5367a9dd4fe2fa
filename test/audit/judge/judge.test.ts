import { judge } from '../../../scripts/audit/judge/judge';
import type { JudgeInput } from '../../../scripts/audit/judge/judge';
import { RULES } from '../../../scripts/audit/rules';
import type { Rule } from '../../../scripts/audit/rule-parts/rule';
import { stack, TODAY } from '../builders';

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
  check: 'node_public_ip_access_enabled',
  level: 'error' as const,
  constructPath: 'dev/cluster',
  reason: 'load test until the end of the month',
  expires: '2026-03-31',
};

describe('judge', () => {
  it('answers for every rule and environment, so that nothing passes unseen', () => {
    const document = judge(input);
    expect(document.findings).toEqual([]);
    expect(document.outcomes).toHaveLength(2 * RULES.length);
    expect(document.counts).toEqual({ error: 0, warning: 0, waived: 0, compliant: 25, notApplicable: 9 });
    expect(
      document.outcomes.filter(({ reason }) => reason !== undefined).map(({ ruleId }) => ruleId),
    ).toEqual([
      // dev: no vault, and no production.
      'key-vault',
      'role-assignments',
      'availability',
      'destroy-protection',
      'state-storage',
      'diagnostics',
      'alerts',
      // prod: private, and its states lie in an account of another stack.
      'firewall-width',
      'state-storage',
    ]);
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
        check: 'unjudged',
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
    ['another check of the rule', { ...waiver, check: 'coordinator_public_ip_access_enabled' }],
    ['a warning', { ...waiver, level: 'warning' as const }],
    ['another construct', { ...waiver, constructPath: 'dev/cluster/other' }],
  ])('does not stretch the waiver of %s, and calls it unused', (_, other) => {
    const document = judge({ ...input, stacks: flawed, waivers: [other] });
    expect(document.counts).toMatchObject({ error: 1, waived: 0 });
    expect(document.unusedWaivers).toEqual([other]);
  });

  it('waives a warning, and not the error it grows into', () => {
    const stacks = [stack('dev', { cluster: { sql_version: '14', citus_version: '12.1' } })];
    const accepted = { ...waiver, rule: 'supported-versions', check: 'retiring', level: 'warning' as const };
    const on = (today: string, expires: string): object =>
      judge({ ...input, stacks, today, waivers: [{ ...accepted, expires }] }).counts;
    expect(on('2026-10-01', '2027-06-30')).toMatchObject({ error: 0, warning: 0, waived: 1 });
    expect(on('2026-12-01', '2027-06-30')).toMatchObject({ error: 1, warning: 0, waived: 0 });
  });

  it.each([
    ['2027-03-01', 1],
    ['2027-03-02', 0],
    ['9999-12-31', 0],
  ])('takes no waiver for longer than a year: until %s waives %d', (expires, waived) => {
    const document = judge({ ...input, stacks: flawed, waivers: [{ ...waiver, expires }] });
    expect(document.counts).toMatchObject({ error: 1 - waived, waived });
    if (waived === 0) expect(document.findings[0]?.message).toContain('the last day is 2027-03-01 at most');
  });

  it.each([undefined, 'prod'])('calls the waiver of an environment that is not there unused (%s)', (only) => {
    const lost = { ...waiver, constructPath: 'staging/cluster' };
    const some = only === undefined ? {} : { environment: only };
    expect(judge({ ...input, ...some, waivers: [lost] }).unusedWaivers).toEqual([lost]);
  });

  it('says nothing of the waivers of environments it does not judge', () => {
    expect(judge({ ...input, environment: 'prod', waivers: [waiver] }).unusedWaivers).toEqual([]);
  });
});

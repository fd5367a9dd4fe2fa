import { judge } from '../../../scripts/audit/judge/judge';
import type { JudgeInput } from '../../../scripts/audit/judge/judge';
import { renderText } from '../../../scripts/audit/render/text';
import { RULES } from '../../../scripts/audit/rules';
import type { Rule } from '../../../scripts/audit/rule-parts/rule';
import { existing, firewallRule, stack, TODAY } from '../builders';

const input: JudgeInput = { stacks: [stack('dev'), stack('prod')], rules: RULES, waivers: [], today: TODAY };

const broken: Rule = {
  id: 'broken',
  level: 'warning',
  property: 'Nothing.',
  why: 'Nothing.',
  remedy: 'Nothing.',
  controls: [],
  check: () => {
    throw new Error('out of luck');
  },
};

const flawed = [stack('dev', { cluster: { node_public_ip_access_enabled: true } }), stack('prod')];
const waiver = {
  rule: 'public-access',
  check: 'node_public_ip_access_enabled',
  level: 'error' as const,
  value: 'true',
  constructPath: 'dev/cluster',
  reason: 'load test until the end of the month',
  expires: '2026-03-31',
};

describe('judge', () => {
  it('answers for every rule and environment, so that nothing passes unseen', () => {
    const document = judge(input);
    expect(document.findings).toEqual([]);
    expect(document.outcomes).toHaveLength(2 * RULES.length);
    expect(document.counts).toEqual({
      error: 0,
      warning: 0,
      waived: 0,
      afterAdoption: 0,
      compliant: 127,
      notApplicable: 61,
    });
    // Of dev, which has no vault and is no production, and of prod, which is private.
    const reasons = document.outcomes.filter(({ reason }) => reason !== undefined);
    expect(reasons).toHaveLength(document.counts.notApplicable);
    expect(reasons.map(({ ruleId, environment }) => `${environment} ${ruleId}`)).toEqual(
      expect.arrayContaining([
        'dev key-vault',
        'dev availability',
        'prod firewall-width',
        'prod state-storage',
      ]),
    );
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
        source: null,
        value: 'none',
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

  it('says of a waiver of another value both values, in the finding and beside the waiver', () => {
    const other = { ...waiver, value: '300' };
    const document = judge({ ...input, stacks: flawed, waivers: [other] });
    expect(document.counts).toMatchObject({ error: 1, waived: 0 });
    expect(document.unusedWaivers).toEqual([{ ...other, found: 'true' }]);
    expect(document.findings[0]?.message).toMatch(/ \(its waiver is of the value 300, and this is true\)$/);
    expect(renderText(document)).toContain(
      'the waiver of public-access/node_public_ip_access_enabled for dev/cluster is of the value 300, and the value is true now',
    );
  });

  it('mentions a name of the policy that is no environment, and what it may have meant', () => {
    const remarks = (...notProduction: readonly string[]) => judge({ ...input, notProduction }).policyRemarks;
    expect(remarks('dev')).toEqual([]);
    expect(remarks('dev', 'prd')).toEqual([
      'the policy lists "prd" under notProduction, and there is no such environment (did you mean "prod"?): correct the name, or take it out',
    ]);
    expect(renderText(judge({ ...input, notProduction: ['dev', 'prd'] }))).toContain(
      'the policy lists "prd"',
    );
  });

  it('holds an environment to production unless the policy lets it be something else, and says so first', () => {
    const on = (notProduction: readonly string[]): readonly string[] =>
      judge({ ...input, stacks: [stack('dev')], notProduction }).findings.map(
        ({ ruleId, check }) => `${ruleId}/${check}`,
      );
    expect(on(['dev'])).toEqual([]);
    expect(on(['other'])[0]).toBe('production-declared/left');
    expect(on(['other'])).toContain('availability/ha_enabled');
  });

  it('waives a width, and no wider one', () => {
    const wide = (last: string): number =>
      judge({
        ...input,
        stacks: [
          stack('dev', {
            resources: {
              'azurerm_cosmosdb_postgresql_firewall_rule.office': firewallRule('203.0.112.0', last),
            },
          }),
        ],
        waivers: [
          { ...waiver, rule: 'firewall-width', check: 'width', value: '300', constructPath: 'dev/office' },
        ],
      }).counts.error;
    expect([wide('203.0.113.43'), wide('203.0.113.44')]).toEqual([0, 1]);
  });

  it('waives a warning, and not the error it grows into', () => {
    const stacks = [stack('dev', { cluster: { sql_version: '14', citus_version: '12.1' } })];
    const accepted = {
      ...waiver,
      rule: 'supported-versions',
      check: 'retiring',
      level: 'warning' as const,
      value: '14',
    };
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

describe('a cluster that was there before', () => {
  /** As somebody made it by hand, years ago. */
  const byHand = {
    cluster: {
      tags: undefined,
      ha_enabled: false,
      maintenance_window: undefined,
      sql_version: '13',
      citus_version: '11.3',
      coordinator_public_ip_access_enabled: true,
      node_public_ip_access_enabled: true,
      node_count: 2,
      lifecycle: { prevent_destroy: false, ignore_changes: ['administrator_login_password'] },
    },
    resources: {
      'azurerm_resource_group.group': { name: 'rg-dev', location: 'westus2' },
      'azurerm_cosmosdb_postgresql_firewall_rule.azure': firewallRule('0.0.0.0', '0.0.0.0'),
      'azurerm_cosmosdb_postgresql_firewall_rule.office': {
        ...firewallRule('1.0.0.0', '1.0.255.255'),
        name: 'wide',
      },
      'azurerm_cosmosdb_postgresql_coordinator_configuration.tls': {
        name: 'ssl_min_protocol_version',
        cluster_id: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
        value: 'TLSv1',
      },
      'azurerm_cosmosdb_postgresql_coordinator_configuration.zone': {
        name: 'timezone',
        cluster_id: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
        value: 'CET',
      },
    },
  };
  const audited = (adopting: boolean, parts: object = {}, more: object = {}) =>
    judge({ ...input, ...more, stacks: [stack('dev', existing(adopting, { ...byHand, ...parts }))] });
  const names = ({ findings }: ReturnType<typeof judge>): string[] =>
    [...new Set(findings.map(({ ruleId }) => ruleId))].sort();
  const HARDENING = [
    'alerts',
    'availability',
    'destroy-protection',
    'diagnostics',
    'firewall-width',
    'public-access',
    'session-settings',
    'supported-versions',
    'tags',
    'tls',
  ];

  it('is told what to harden once it is taken over, and refused for nothing of it', () => {
    const document = audited(true);
    expect(names(document)).toEqual(HARDENING);
    expect(new Set(document.findings.map(({ level }) => level))).toEqual(new Set(['after-adoption']));
    expect(document.findings.every(({ message }) => message.length > 40)).toBe(true);
    expect(document.counts).toMatchObject({
      error: 0,
      warning: 0,
      waived: 0,
      afterAdoption: document.findings.length,
    });
    expect(document.outcomes.filter(({ status }) => status === 'findings')).toHaveLength(HARDENING.length);
  });

  it('is judged as any other from then on', () => {
    const [before, after] = [audited(true), audited(false)];
    expect(names(after)).toEqual(HARDENING);
    expect(after.findings.map(({ message }) => message)).toEqual(
      before.findings.map(({ message }) => message),
    );
    expect(after.counts.afterAdoption).toBe(0);
    expect(after.counts.error).toBeGreaterThan(8);
    expect(after.counts.error + after.counts.warning).toBe(before.counts.afterAdoption);
  });

  it.each([
    [
      'a secret in the file',
      { sections: { output: { x: { value: 'password=Correct-Horse-7' } } } },
      'passwords',
    ],
    ['a foreign backend', { sections: { terraform: { backend: { s3: {} } } } }, 'state-backend'],
    ['a key of the account', { backend: { access_key: 'x' } }, 'state-backend'],
    ['a type no rule knows', { resources: { 'azapi_resource.x': {} } }, 'known-contents'],
    [
      'an address that is none',
      { resources: { 'azurerm_cosmosdb_postgresql_firewall_rule.x': firewallRule('x', 'y') } },
      'firewall-width',
    ],
    ['no version', { cluster: { sql_version: undefined } }, 'supported-versions'],
  ])('is refused at once for %s', (_, parts, ruleId) => {
    const { findings, counts } = audited(true, parts);
    expect(counts.error).toBeGreaterThan(0);
    expect(findings.filter(({ level }) => level === 'error').map((each) => each.ruleId)).toContain(ruleId);
  });

  it('is refused by a rule that cannot judge it', () => {
    const rules: readonly Rule[] = [{ ...broken, hardening: 'all' }];
    expect(audited(true, {}, { rules }).counts).toMatchObject({ error: 1, afterAdoption: 0 });
  });

  it('keeps its waivers for the time after', () => {
    expect(audited(true, {}, { waivers: [waiver] })).toMatchObject({
      unusedWaivers: [],
      counts: { waived: 0 },
    });
    expect(audited(false, {}, { waivers: [waiver] })).toMatchObject({
      unusedWaivers: [],
      counts: { waived: 1 },
    });
  });

  it('is told when its service ends, whatever the phase', () => {
    for (const adopting of [true, false]) {
      expect(audited(adopting).notes).toMatchObject([
        { ruleId: 'supported-versions', check: 'service-ends', constructPath: 'dev/cluster' },
      ]);
    }
  });
});

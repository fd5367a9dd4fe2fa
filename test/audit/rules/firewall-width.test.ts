import { firewallWidth } from '../../../scripts/audit/rules/firewall-width';
import { firewallRule, problems, reasoned, stack, status } from '../builders';

function withRule(environment: string, from: string, to: string): ReturnType<typeof stack> {
  return stack(environment, {
    resources: { 'azurerm_cosmosdb_postgresql_firewall_rule.office': firewallRule(from, to) },
  });
}

describe('firewall-width', () => {
  it.each([
    ['dev', '10.0.0.0', '10.0.0.255'],
    ['prod', '10.0.0.0', '10.0.0.15'],
    ['prod', '10.0.0.255', '10.0.1.0'],
  ])('accepts in %s %s-%s', (environment, from, to) => {
    expect(status(firewallWidth, withRule(environment, from, to))).toBe('compliant');
  });

  it.each([
    ['dev', '10.0.0.0', '10.0.1.0', /lets in 257 addresses, and at most 256.*10\.0\.0\.0-10\.0\.1\.0/],
    ['prod', '10.0.0.0', '10.0.0.16', /lets in 17 addresses, and at most 16/],
    ['dev', '1.0.0.0', '255.255.255.255', /lets in 4,278,190,080 addresses/],
    ['dev', '0.0.0.0', '255.255.255.255', /starts in 0\.0\.0\.0\/8/],
    ['dev', '0.0.0.0', '0.0.0.1', /0\.0\.0\.0-0\.0\.0\.1 starts in 0\.0\.0\.0\/8/],
    ['dev', '0.255.255.255', '1.0.0.0', /starts in 0\.0\.0\.0\/8/],
    ['dev', '0.0.0.0', '0.0.0.0', /every Azure service/],
    ['dev', '10.0.0.9', '10.0.0.8', /ends before it starts/],
    ['dev', '10.0.0.256', '10.0.0.8', /start_ip_address is 10\.0\.0\.256, which is no IPv4 address/],
    ['dev', '10.0.0.1', '::1', /end_ip_address is ::1, which is no IPv4 address/],
    ['dev', '${each.value.from}', '10.0.0.8', /start_ip_address is \$\{each.*only an apply resolves/],
    ['dev', '10.0.0.8', '${each.value.to}', /end_ip_address is \$\{each.*only an apply resolves/],
  ])('finds in %s %s-%s', (environment, from, to, message) => {
    const found = problems(firewallWidth, withRule(environment, from, to));
    expect(found).toHaveLength(1);
    expect(found[0]?.message).toMatch(message);
    expect(found[0]?.constructPath).toBe(`${environment}/office`);
  });

  it('adds the rules up, and names the widest', () => {
    const wide = stack('dev', {
      resources: {
        'azurerm_cosmosdb_postgresql_firewall_rule.one': firewallRule('10.0.0.0', '10.0.0.99'),
        'azurerm_cosmosdb_postgresql_firewall_rule.two': firewallRule('10.1.0.0', '10.1.0.199'),
      },
    });
    const found = problems(firewallWidth, wide);
    expect(found.map(({ constructPath }) => constructPath)).toEqual(['dev/two']);
    expect(found[0]?.message).toContain('lets in 308 addresses');
  });

  it.each([
    ['warns with the reason', 'Power BI refreshes its reports from there until March', 'warning'],
    ['takes a word for no reason', 'needed', undefined],
    ['takes blanks for no reason', ' '.repeat(40), undefined],
  ])('of every Azure service, %s', (_, reason, level) => {
    const azure = 'azurerm_cosmosdb_postgresql_firewall_rule.azure';
    const open = stack('dev', {
      resources: {
        [azure]: {
          ...firewallRule('0.0.0.0', '0.0.0.0'),
          ...reasoned('dev/azure', { allowAzureServices: reason }),
        },
      },
    });
    const found = problems(firewallWidth, open);
    expect(found.map(({ check, constructPath }) => `${constructPath} ${check}`)).toEqual([
      'dev/azure azure-services',
    ]);
    expect(found[0]?.level).toBe(level);
    expect(found[0]?.message.includes(reason)).toBe(level === 'warning');
  });

  it('takes the reason for another risk for none', () => {
    const open = stack('dev', {
      resources: {
        'azurerm_cosmosdb_postgresql_firewall_rule.azure': {
          ...firewallRule('0.0.0.0', '0.0.0.0'),
          ...reasoned('dev/azure', { workerPublicAccess: 'a tool that goes past the coordinator' }),
        },
      },
    });
    expect(problems(firewallWidth, open)).toEqual([
      expect.not.objectContaining({ level: expect.anything() as unknown }),
    ]);
  });

  it('does not apply where there is no rule', () => {
    expect(status(firewallWidth, stack('prod'))).toBe('not-applicable');
  });
});

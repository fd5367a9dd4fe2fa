import { keyVault } from '../../../scripts/audit/rules/key-vault';
import { problems, stack, status } from '../builders';

const VAULT = 'azurerm_key_vault.vault';
const good = stack('prod').resources.find(({ address }) => address === VAULT)!.body;
const withVault = (changes: Record<string, unknown>) =>
  stack('prod', { resources: { [VAULT]: { ...good, ...(changes as object) } } });

describe('key-vault', () => {
  it.each([
    ['as the constructs write it', {}],
    [
      'that nobody reaches from the internet',
      { public_network_access_enabled: false, network_acls: undefined },
    ],
    ['that keeps what is deleted as long as Azure does by itself', { soft_delete_retention_days: undefined }],
  ])('holds for a vault %s', (_, changes) => {
    expect(status(keyVault, withVault(changes))).toBe('compliant');
  });

  it.each([
    ['no network rules', { network_acls: undefined }, 'network_acls', /default_action is not set: everybody/],
    ['an open network', { network_acls: { default_action: 'Allow' } }, 'network_acls', /is Allow: everybody/],
    [
      'a network that opens itself to half the world',
      { network_acls: { default_action: 'Deny', ip_rules: ['203.0.113.8', '128.0.0.0/1'] } },
      'ip_rules:1',
      /"128\.0\.0\.0\/1", which makes 2147483648 addresses/,
    ],
    [
      'addresses that only the apply knows',
      { network_acls: { default_action: 'Deny', ip_rules: '${var.ranges}' } },
      'ip_rules',
      /cannot be judged/,
    ],
    [
      'access policies',
      { rbac_authorization_enabled: undefined },
      'rbac_authorization_enabled',
      /is not set/,
    ],
    [
      'no protection from purging',
      { purge_protection_enabled: false },
      'purge_protection_enabled',
      /is false/,
    ],
    [
      'protection that only the apply knows',
      { purge_protection_enabled: '${var.keep}' },
      'purge_protection_enabled',
      /is \$\{var\.keep\}/,
    ],
    [
      'a week to regret it',
      { soft_delete_retention_days: 7 },
      'soft_delete_retention_days',
      /is 7: set it to 90/,
    ],
  ])('finds %s', (_, changes, check, message) => {
    expect(problems(keyVault, withVault(changes))).toEqual([
      expect.objectContaining({ check, message: expect.stringMatching(message) as string }),
    ]);
  });

  const AUDIT = 'azurerm_monitor_diagnostic_setting.audit';
  it.each([
    [
      'of another resource',
      { target_resource_id: '${azurerm_key_vault.other.id}', enabled_log: [{ category: 'AuditEvent' }] },
    ],
    [
      'without the audit log',
      { target_resource_id: '${azurerm_key_vault.vault.id}', enabled_metric: [{ category: 'AllMetrics' }] },
    ],
  ])('warns where the only log is one %s', (_, setting) => {
    expect(problems(keyVault, stack('prod', { resources: { [AUDIT]: setting } }))).toEqual([
      expect.objectContaining({ check: 'audit-log', level: 'warning', constructPath: 'prod/vault' }),
    ]);
  });

  it('asks for no audit log outside production, and for nothing without a vault', () => {
    expect(status(keyVault, stack('dev', { resources: { [VAULT]: { ...good } } }))).toBe('compliant');
    expect(status(keyVault, stack('dev'))).toBe('not-applicable');
  });
});

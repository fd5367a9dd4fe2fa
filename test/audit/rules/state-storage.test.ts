import { stateStorage } from '../../../scripts/audit/rules/state-storage';
import type { Overrides } from '../builders';
import { bootstrapStack, problems, stack, status } from '../builders';

const blobs = {
  versioning_enabled: true,
  delete_retention_policy: { days: 30 },
  container_delete_retention_policy: { days: 30 },
};

describe('state-storage', () => {
  it('holds for the account as the constructs write it, and one that is closed altogether', () => {
    expect(status(stateStorage, bootstrapStack())).toBe('compliant');
    const closed = { public_network_access_enabled: false, network_rules: undefined };
    expect(status(stateStorage, bootstrapStack(closed))).toBe('compliant');
  });

  it.each([
    ['old TLS', { min_tls_version: 'TLS1_0' }, 'min_tls_version', /is TLS1_0/],
    ['TLS left to the provider', { min_tls_version: undefined }, 'min_tls_version', /is not set/],
    ['plain HTTP', { https_traffic_only_enabled: false }, 'https_traffic_only_enabled', /is false/],
    ['public blobs', { allow_nested_items_to_be_public: true }, 'allow_nested_items_to_be_public', /is true/],
    [
      'the default for public blobs',
      { allow_nested_items_to_be_public: undefined },
      'allow_nested_items_to_be_public',
      /is not set/,
    ],
    ['keys', { shared_access_key_enabled: true }, 'shared_access_key_enabled', /is true/],
    ['local users', { local_user_enabled: undefined }, 'local_user_enabled', /is not set/],
    ['an open network', { network_rules: undefined }, 'network_rules', /everybody on the internet/],
    [
      'no versions',
      { blob_properties: { ...blobs, versioning_enabled: false } },
      'versioning',
      /versioning_enabled is false/,
    ],
    [
      'a day to regret it',
      { blob_properties: { ...blobs, delete_retention_policy: { days: 1 } } },
      'delete_retention_policy',
      /days is 1/,
    ],
    [
      'no way back for a container',
      { blob_properties: { ...blobs, container_delete_retention_policy: undefined } },
      'container_delete_retention_policy',
      /days is not set/,
    ],
    ['no prevent_destroy', { lifecycle: {} }, 'lifecycle', /prevent_destroy is not true/],
  ] as [string, Overrides, string, RegExp][])('finds %s', (_, account, check, message) => {
    expect(problems(stateStorage, bootstrapStack(account))).toEqual([
      expect.objectContaining({ check, message: expect.stringMatching(message) as string }),
    ]);
  });

  it('warns of a single data centre', () => {
    expect(problems(stateStorage, bootstrapStack({ account_replication_type: 'LRS' }))).toEqual([
      expect.objectContaining({ check: 'account_replication_type', level: 'warning' }),
    ]);
  });

  it.each([
    ['none', undefined],
    ['one on something else', { scope: '${azurerm_resource_group.other.id}', lock_level: 'CanNotDelete' }],
    ['one of another level', { scope: '${azurerm_storage_account.states.id}', lock_level: '${var.level}' }],
  ])('finds that the lock is %s', (_, lock) => {
    const unlocked = bootstrapStack({}, { 'azurerm_management_lock.states': lock });
    expect(problems(stateStorage, unlocked).map(({ check }) => check)).toEqual(['lock']);
  });

  it('finds a container that is open, and one that does not say', () => {
    const containers = {
      'azurerm_storage_container.open': { container_access_type: 'blob' },
      'azurerm_storage_container.unsaid': {},
    };
    expect(problems(stateStorage, bootstrapStack({}, containers)).map(({ pointer }) => pointer)).toEqual([
      '/resource/azurerm_storage_container/open/container_access_type',
      '/resource/azurerm_storage_container/unsaid',
    ]);
  });

  it('does not apply to a stack without an account', () => {
    expect(status(stateStorage, stack('prod'))).toBe('not-applicable');
  });
});

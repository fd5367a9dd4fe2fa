import { ref, Token } from 'cdktf';
import { REPLICATIONS } from '../../config/azure/state-storage';
import type { StateStorageProps } from '../../constructs/state-storage';
import { StateStorage } from '../../constructs/state-storage';
import { laneSuite } from '../support/lanes';
import { addresses, onlyResource, synthesizeConstructs } from '../support/synth';

const props: StateStorageProps = {
  accountName: 'wwitfstate',
  resourceGroupName: 'rg',
  location: 'westus2',
  containers: ['dev', 'prod'],
};
const storageWith = (changes: Partial<StateStorageProps> = {}) =>
  synthesizeConstructs((stack) => {
    new StateStorage(stack, 'State', { ...props, ...changes });
  });
const account = (changes?: Partial<StateStorageProps>) =>
  onlyResource(storageWith(changes), 'azurerm_storage_account');
const accountIdToken = expect.stringMatching(/^\$\{azurerm_storage_account\.State_\w+\.id\}$/) as string;

laneSuite('synth', 'StateStorage', () => {
  test('takes Entra logins over TLS 1.2 alone, keeps every version, and cannot be destroyed', () => {
    expect(account()).toEqual({
      name: 'wwitfstate',
      location: 'westus2',
      resource_group_name: 'rg',
      account_kind: 'StorageV2',
      account_tier: 'Standard',
      account_replication_type: 'GRS',
      min_tls_version: 'TLS1_2',
      https_traffic_only_enabled: true,
      infrastructure_encryption_enabled: true,
      shared_access_key_enabled: false,
      default_to_oauth_authentication: true,
      local_user_enabled: false,
      sas_policy: { expiration_period: '00.12:00:00', expiration_action: 'Block' },
      allow_nested_items_to_be_public: false,
      cross_tenant_replication_enabled: false,
      allowed_copy_scope: 'AAD',
      public_network_access_enabled: false,
      network_rules: { default_action: 'Deny', bypass: ['AzureServices'] },
      blob_properties: {
        versioning_enabled: true,
        delete_retention_policy: { days: 30 },
        container_delete_retention_policy: { days: 30 },
      },
      lifecycle: { prevent_destroy: true },
    });
  });

  test('lets in the listed addresses, and still denies by default', () => {
    expect(account({ allow: ['203.0.113.8', '198.51.100.0/28'] })).toMatchObject({
      public_network_access_enabled: true,
      network_rules: { default_action: 'Deny', ip_rules: ['203.0.113.8', '198.51.100.0/28'] },
    });
    expect(account({ allow: [] })).toEqual(account());
  });

  test.each(REPLICATIONS)('replicates as %s', (replication) => {
    expect(account({ replication })).toMatchObject({ account_replication_type: replication });
  });

  test('makes private containers through Resource Manager, protected like the account', () => {
    const containers = Object.values(storageWith().json.resource!['azurerm_storage_container']!);
    expect(containers).toHaveLength(2);
    for (const [index, name] of ['dev', 'prod'].entries()) {
      expect(containers[index]).toMatchObject({
        name,
        storage_account_id: accountIdToken,
        container_access_type: 'private',
        lifecycle: { prevent_destroy: true },
      });
      expect(containers[index]).not.toHaveProperty('storage_account_name');
    }
  });

  test('is locked, last of all', () => {
    expect(onlyResource(storageWith(), 'azurerm_management_lock')).toEqual({
      name: 'terraform-state',
      scope: accountIdToken,
      lock_level: 'CanNotDelete',
      notes: 'Holds the state of Terraform: without it, nothing that Terraform made can be changed with it.',
      depends_on: [
        expect.stringMatching(/^azurerm_storage_container\.State_dev_/),
        expect.stringMatching(/^azurerm_storage_container\.State_prod_/),
      ],
    });
  });

  test('keeps the address of a container whatever stands beside it', () => {
    const both = addresses(storageWith());
    expect(both.map((each) => each.replace(/_[0-9A-F]{8}$/, ''))).toEqual([
      'azurerm_management_lock.State_Lock',
      'azurerm_storage_account.State',
      'azurerm_storage_container.State_dev',
      'azurerm_storage_container.State_prod',
    ]);
    expect(addresses(storageWith({ containers: ['prod', 'new', 'dev'] }))).toEqual(
      expect.arrayContaining(both),
    );
  });

  test('carries tags, and tells others its id and name', () => {
    const { json } = synthesizeConstructs((stack) => {
      const { accountId, accountName } = new StateStorage(stack, 'State', {
        ...props,
        tags: { owner: 'me' },
      });
      stack.addOverride('output.id.value', accountId);
      stack.addOverride('output.name.value', accountName);
    });
    expect(Object.values(json.resource!['azurerm_storage_account']!)).toMatchObject([
      { tags: { owner: 'me' } },
    ]);
    expect(json.output).toMatchObject({
      id: { value: accountIdToken },
      name: { value: expect.stringMatching(/^\$\{azurerm_storage_account\.State_\w+\.name\}$/) as string },
    });
  });

  const named =
    'it must be the name of a storage account: 3 to 24 lowercase letters and digits, unique on all of Azure';
  const contained =
    'it must be the name of a container: 3 to 63 lowercase letters, digits and single hyphens, with no hyphen at either end';
  test.each<[Partial<StateStorageProps>, string]>([
    [{ accountName: 'ab' }, `accountName is "ab": ${named}`],
    [{ accountName: 'x'.repeat(25) }, `accountName is "${'x'.repeat(25)}": ${named}`],
    [{ accountName: 'wwi-state' }, `accountName is "wwi-state": ${named}`],
    [{ accountName: 'WWI' }, `accountName is "WWI": ${named}`],
    [{ containers: [] }, 'containers is []: it must be a list of one container or more, as in [tfstate]'],
    [{ containers: ['dev', 'no'] }, `containers.1 is "no": ${contained}`],
    [{ containers: ['Dev'] }, `containers.0 is "Dev": ${contained}`],
    [{ containers: ['a--b'] }, `containers.0 is "a--b": ${contained}`],
    [{ containers: ['dev-'] }, `containers.0 is "dev-": ${contained}`],
    [{ containers: ['x'.repeat(64)] }, `containers.0 is "${'x'.repeat(56)}...: ${contained}`],
    [{ containers: ['dev', 'dev'] }, 'containers.1 is "dev", which is listed before: remove it'],
    [
      { allow: '203.0.113.8' as never },
      'allow is "203.0.113.8": it must be a list of addresses and ranges, as in [203.0.113.8, 203.0.113.16/29]',
    ],
    [
      { replication: 'Premium' as StateStorageProps['replication'] & string },
      'replication is "Premium": it must be LRS, ZRS, GRS, GZRS, RAGRS or RAGZRS',
    ],
    [
      { allow: ['192.168.0.1'] },
      'allow.0 is "192.168.0.1", which never reaches a public endpoint: write the public address the network goes out with, or come in through a private network',
    ],
  ])('fails with its path: %j', (changes, message) => {
    expect(() => storageWith(changes)).toThrow(new Error(`${message} [stack/State]`));
  });

  test('leaves what only Terraform knows to the service', () => {
    const unknown = Token.asString(ref('var.unknown'));
    expect(() => storageWith({ accountName: unknown, allow: [unknown] })).not.toThrow();
  });
});

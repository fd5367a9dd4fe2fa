import { Aspects, ref, TerraformResource, Token } from 'cdktf';
import { AdminPassword } from '../../constructs/admin-password';
import { MandatoryTags } from '../../constructs/mandatory-tags';
import type { PasswordVaultProps } from '../../constructs/password-vault';
import { PasswordVault } from '../../constructs/password-vault';
import { laneSuite } from '../support/lanes';
import { addresses, onlyResource, synthesizeConstructs } from '../support/synth';

// Not cdktf's own class for it, which asks the installed Terraform for its version.
const DATA = { terraformResourceType: 'terraform_data' };

const ID = '00000000-1111-2222-3333-444444444444';
const subnet = `/subscriptions/${ID}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/ci`;
const attribute = (type: string, name: string) =>
  expect.stringMatching(new RegExp(`^\\$\\{${type.replaceAll('.', '\\.')}_\\w+\\.${name}\\}$`)) as string;
const vaultIdToken = attribute('azurerm_key_vault.Vault', 'id');

const props: Omit<PasswordVaultProps, 'password'> = {
  vaultName: 'wwi-sensors-dev',
  location: 'westus2',
  resourceGroupName: 'rg',
  passwordVersion: 1,
};
const vaultWith = (changes: Partial<PasswordVaultProps> = {}) =>
  synthesizeConstructs((stack) => {
    const { value: password } = new AdminPassword(stack, 'AdminPassword');
    new PasswordVault(stack, 'Vault', { ...props, password, ...changes });
  });
const vault = (changes?: Partial<PasswordVaultProps>) =>
  onlyResource(vaultWith(changes), 'azurerm_key_vault');
const secret = (changes?: Partial<PasswordVaultProps>) =>
  onlyResource(vaultWith(changes), 'azurerm_key_vault_secret');

laneSuite('synth', 'PasswordVault', () => {
  test('is closed, permits by role, and purges nothing for 90 days', () => {
    expect(vault()).toEqual({
      name: 'wwi-sensors-dev',
      location: 'westus2',
      resource_group_name: 'rg',
      tenant_id: attribute('data.azurerm_client_config.Vault_Deployer', 'tenant_id'),
      sku_name: 'standard',
      rbac_authorization_enabled: true,
      purge_protection_enabled: true,
      soft_delete_retention_days: 90,
      public_network_access_enabled: false,
      network_acls: { default_action: 'Deny', bypass: 'None' },
    });
  });

  test('lets in the listed addresses and subnets, and still denies by default', () => {
    expect(vault({ allow: ['203.0.113.8', '198.51.100.0/28'] })).toMatchObject({
      public_network_access_enabled: true,
      network_acls: {
        default_action: 'Deny',
        bypass: 'None',
        ip_rules: ['203.0.113.8', '198.51.100.0/28'],
      },
    });
    expect(vault({ subnetIds: [subnet] })).toMatchObject({
      public_network_access_enabled: true,
      network_acls: { default_action: 'Deny', bypass: 'None', virtual_network_subnet_ids: [subnet] },
    });
    expect(vault({ allow: [], subnetIds: [] })).toEqual(vault());
  });

  test('lets whoever deploys write secrets in this vault, and no more', () => {
    expect(onlyResource(vaultWith(), 'azurerm_role_assignment')).toEqual({
      scope: vaultIdToken,
      role_definition_id: expect.stringMatching(
        /^\/subscriptions\/\$\{data\.azurerm_client_config\.Vault_Deployer_\w+\.subscription_id\}\/providers\/Microsoft\.Authorization\/roleDefinitions\/b86a8fe4-44ce-4948-aee5-eccb2c155cd7$/,
      ) as string,
      principal_id: attribute('data.azurerm_client_config.Vault_Deployer', 'object_id'),
      description: 'Writes the password of the login citus.',
    });
  });

  test('writes the password where neither the state nor a plan keeps it', () => {
    expect(secret({ passwordVersion: 3 })).toEqual({
      name: 'citus-password',
      key_vault_id: vaultIdToken,
      value_wo: '${var.admin_password}',
      value_wo_version: 3,
      content_type: 'password of the PostgreSQL login citus',
      depends_on: [expect.stringMatching(/^azurerm_role_assignment\.Vault_Writer_/)],
    });
  });

  test('writes the password once the cluster has it', () => {
    const stack = synthesizeConstructs((scope) => {
      const password = Token.asString(ref('var.admin_password'));
      const after = new TerraformResource(scope, 'Cluster', DATA);
      new PasswordVault(scope, 'Vault', { ...props, password, after });
    });
    expect(onlyResource(stack, 'azurerm_key_vault_secret')).toMatchObject({
      depends_on: [
        expect.stringMatching(/^azurerm_role_assignment\.Vault_Writer_/),
        'terraform_data.Cluster',
      ],
    });
    expect(onlyResource(stack, 'azurerm_key_vault')).not.toHaveProperty('depends_on');
  });

  test('logs who reads the password, from before there is one', () => {
    expect(addresses(vaultWith()).join()).not.toContain('diagnostic_setting');
    const stack = vaultWith({
      auditWorkspaceId: Token.asString(ref('azurerm_log_analytics_workspace.x.id')),
    });
    expect(onlyResource(stack, 'azurerm_monitor_diagnostic_setting')).toEqual({
      name: 'wwi-sensors-dev',
      target_resource_id: vaultIdToken,
      log_analytics_workspace_id: '${azurerm_log_analytics_workspace.x.id}',
      enabled_log: [{ category: 'AuditEvent' }],
    });
    expect(onlyResource(stack, 'azurerm_key_vault_secret')).toMatchObject({
      depends_on: [
        expect.any(String),
        expect.stringMatching(/^azurerm_monitor_diagnostic_setting\.Vault_Audit_/),
      ],
    });
  });

  test('takes a tenant, a writer, a date and tags', () => {
    const tags = { owner: 'me' };
    const stack = vaultWith({
      tenantId: ID,
      writerPrincipalId: ID,
      passwordExpiresUtc: '2028-02-29T23:59:59Z',
      tags,
    });
    expect(onlyResource(stack, 'azurerm_key_vault')).toMatchObject({ tenant_id: ID, tags });
    expect(onlyResource(stack, 'azurerm_role_assignment')).toMatchObject({ principal_id: ID });
    expect(onlyResource(stack, 'azurerm_key_vault_secret')).toMatchObject({
      expiration_date: '2028-02-29T23:59:59Z',
      tags,
    });
  });

  test('keeps its addresses, which are a contract', () => {
    const stack = vaultWith({ auditWorkspaceId: Token.asString(ref('var.workspace')) });
    expect(addresses(stack).map((each) => each.replace(/_[0-9A-F]{8}$/, ''))).toEqual([
      'azurerm_key_vault.Vault',
      'azurerm_key_vault_secret.Vault_Password',
      'azurerm_monitor_diagnostic_setting.Vault_Audit',
      'azurerm_role_assignment.Vault_Writer',
    ]);
  });

  test('tells others where it is', () => {
    const { json } = synthesizeConstructs((stack) => {
      const { value: password } = new AdminPassword(stack, 'AdminPassword');
      const made = new PasswordVault(stack, 'Vault', { ...props, password });
      stack.addOverride('output.id.value', made.vaultId);
      stack.addOverride('output.uri.value', made.vaultUri);
      stack.addOverride('output.secret.value', made.secretId);
    });
    expect(json.output).toEqual({
      id: { value: vaultIdToken },
      uri: { value: attribute('azurerm_key_vault.Vault', 'vault_uri') },
      secret: { value: attribute('azurerm_key_vault_secret.Vault_Password', 'resource_versionless_id') },
    });
  });

  test.each(['abc', 'A1-b2', 'x'.repeat(24)])('accepts the name %s', (vaultName) => {
    expect(vault({ vaultName })).toMatchObject({ name: vaultName });
  });

  const named =
    'it must be the name of a key vault: 3 to 24 letters, digits and single hyphens, a letter first and no hyphen last; no other vault on Azure may have it';
  const versioned = 'it must be a whole number from 1 up, raised whenever the password changes';
  const dated = 'it must be a moment in UTC, to the second, as in 2027-06-30T00:00:00Z';
  test.each<[Partial<PasswordVaultProps>, string]>([
    [{ vaultName: 'ab' }, `vaultName is "ab": ${named}`],
    [{ vaultName: 'x'.repeat(25) }, `vaultName is "${'x'.repeat(25)}": ${named}`],
    [{ vaultName: '1ab' }, `vaultName is "1ab": ${named}`],
    [{ vaultName: 'a--b' }, `vaultName is "a--b": ${named}`],
    [{ vaultName: 'ab-' }, `vaultName is "ab-": ${named}`],
    [{ vaultName: 'a_b' }, `vaultName is "a_b": ${named}`],
    [
      { password: 'Hunter2Hunter2' },
      'password is a literal, which would end up in the synthesized file: pass a reference, such as that of AdminPassword',
    ],
    [{ passwordVersion: 0 }, `passwordVersion is 0: ${versioned}`],
    [{ passwordVersion: -1 }, `passwordVersion is -1: ${versioned}`],
    [{ passwordVersion: 1.5 }, `passwordVersion is 1.5: ${versioned}`],
    [
      { tenantId: 'contoso.com' },
      'tenantId is "contoso.com": it must be the id of an Entra tenant, as in 00000000-0000-0000-0000-000000000000',
    ],
    [
      { writerPrincipalId: 'me' },
      'writerPrincipalId is "me": it must be the object id of a user, group or service principal in Entra, as in 00000000-0000-0000-0000-000000000000',
    ],
    [
      { allow: ['203.0.113.8', '0.0.0.0/0'] },
      'allow.1 is "0.0.0.0/0", which makes 4294967296 addresses: 256 is the most, so name the ranges you really use, or come in through a private network',
    ],
    [
      { allow: ['10.0.0.1'] },
      'allow.0 is "10.0.0.1", which never reaches a public endpoint: write the public address the network goes out with, or come in through a private network',
    ],
    [
      { subnetIds: ['ci'] },
      'subnetIds.0 is "ci": it must be the resource id of a subnet: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK/subnets/SUBNET',
    ],
    [{ passwordExpiresUtc: '2027-06-30' }, `passwordExpiresUtc is "2027-06-30": ${dated}`],
    [
      { passwordExpiresUtc: '2027-06-30T00:00:00+02:00' },
      `passwordExpiresUtc is "2027-06-30T00:00:00+02:00": ${dated}`,
    ],
    [
      { passwordExpiresUtc: '2027-02-29T00:00:00Z' },
      `passwordExpiresUtc is "2027-02-29T00:00:00Z": ${dated}`,
    ],
    [
      { passwordExpiresUtc: '2027-06-30T24:00:00Z' },
      `passwordExpiresUtc is "2027-06-30T24:00:00Z": ${dated}`,
    ],
    [
      { passwordExpiresUtc: '2027-13-01T00:00:00Z' },
      `passwordExpiresUtc is "2027-13-01T00:00:00Z": ${dated}`,
    ],
    [
      { tags: { 'cost/centre': '1' } },
      'tags.cost/centre is no name of a tag: it has 1 to 512 characters and none of < > % & \\ ? /',
    ],
  ])('fails with its path: %j', (changes, message) => {
    expect(() => vaultWith(changes)).toThrow(new Error(`${message} [stack/Vault]`));
  });

  test.each([
    ['its own', {}, 16],
    ['those of an aspect', { environment: 'dev', managedBy: 'scaleout' }, 14],
  ])('fails with more tags than a secret takes, %s counted', (_title, mandatory, own) => {
    const build = (count: number) =>
      synthesizeConstructs((stack) => {
        Aspects.of(stack).add(new MandatoryTags(mandatory));
        const password = Token.asString(ref('var.admin_password'));
        const tags = Object.fromEntries(
          Array.from({ length: count }, (_, index) => [`t${String(index)}`, 'x']),
        );
        new PasswordVault(stack, 'Vault', { ...props, password, tags });
      });
    expect(() => build(own)).toThrow(
      '[stack/Vault] the password has 16 tags: a secret takes 15, so leave some out',
    );
    expect(() => build(own - 1)).not.toThrow();
  });

  test('holds region, resource group and tags to the rules of all resources', () => {
    expect(() => vaultWith({ location: 'West US 2', resourceGroupName: 'rg.' })).toThrow(
      /^location is "West US 2": .*westus2.*; resourceGroupName is "rg\.": .* \[stack\/Vault\]$/,
    );
  });

  test('does not repeat a password it refuses', () => {
    expect(() => vaultWith({ password: 'Hunter2Hunter2' })).not.toThrow(/Hunter2/);
  });

  test('leaves what only Terraform knows to the service', () => {
    const unknown = Token.asString(ref('var.unknown'));
    expect(() =>
      vaultWith({
        vaultName: unknown,
        tenantId: unknown,
        writerPrincipalId: unknown,
        passwordExpiresUtc: unknown,
        passwordVersion: Token.asNumber(ref('var.version')),
        allow: [unknown],
        subnetIds: [unknown],
      }),
    ).not.toThrow();
  });
});

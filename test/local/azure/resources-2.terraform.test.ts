import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTerraform } from '../../../scripts/infra/terraform';
import { terraformDocument } from '../../../scripts/infra/terraform-answers';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import { testEnvironment } from '../../support/environment';
import { azureSuite } from '../../support/lanes';
import type { SharedProvider } from '../../support/shared-provider';
import { startSharedProvider } from '../../support/shared-provider';
import type { Send } from './arm-client';
import { armClient, azurermVersion, CLUSTER, createCluster, GROUP } from './arm-client';
import { alertProperties, vaultProperties } from './bodies';

/**
 * The unmodified azurerm provider against vaults, roles, monitoring and storage of the stand-in. The resource group and
 * the cluster are there from the start, as watching them come costs the provider half a minute.
 *
 * It spends two minutes on watching a new alert, or a new vault that is open to the internet, and one on watching a
 * diagnostic setting go. So the alert and the open vault are somebody else's and imported, another vault that is closed
 * is made here, and the setting goes past Terraform.
 */

const VAULT = `${GROUP}/providers/Microsoft.KeyVault/vaults/wwi-open`;
const ALERT = `${GROUP}/providers/Microsoft.Insights/metricAlerts/wwi-cpu`;
const SETTING = `${CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/wwi`;
const SECRETS_OFFICER = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7';
const PASSWORD = 'Kept-nowhere-7';
const SLOW = 180_000;

interface Wanted {
  readonly passwordVersion: number;
  readonly retentionDays: number;
  readonly email: string;
  readonly owner: string;
}

const configuration = ({ passwordVersion, retentionDays, email, owner }: Wanted): object => ({
  terraform: { required_providers: { azurerm: { source: 'hashicorp/azurerm', version: '4.55.0' } } },
  provider: {
    azurerm: {
      features: { storage: { data_plane_available: false } },
      storage_use_azuread: true,
      resource_provider_registrations: 'none',
    },
  },
  variable: { password: { type: 'string', sensitive: true, ephemeral: true } },
  data: { azurerm_client_config: { deployer: {} } },
  import: [
    { to: 'azurerm_key_vault.open', id: VAULT },
    { to: 'azurerm_monitor_metric_alert.cpu', id: ALERT },
  ],
  resource: {
    azurerm_key_vault: {
      open: {
        ...vault('wwi-open'),
        public_network_access_enabled: true,
        network_acls: {
          default_action: 'Deny',
          bypass: 'None',
          ip_rules: ['203.0.113.8', '198.51.100.0/24'],
        },
      },
      closed: {
        ...vault('wwi-closed'),
        soft_delete_retention_days: 7,
        public_network_access_enabled: false,
        network_acls: { default_action: 'Deny', bypass: 'None' },
        tags: { owner },
      },
    },
    azurerm_role_assignment: {
      writer: {
        scope: '${azurerm_key_vault.open.id}',
        role_definition_id: `/subscriptions/\${data.azurerm_client_config.deployer.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/${SECRETS_OFFICER}`,
        principal_id: '${data.azurerm_client_config.deployer.object_id}',
      },
    },
    azurerm_key_vault_secret: {
      password: {
        name: 'citus-password',
        key_vault_id: '${azurerm_key_vault.open.id}',
        value_wo: '${var.password}',
        value_wo_version: passwordVersion,
        content_type: 'password of citus',
        expiration_date: '2027-06-30T00:00:00Z',
        depends_on: ['azurerm_role_assignment.writer'],
      },
    },
    azurerm_log_analytics_workspace: {
      logs: { name: 'wwi-logs', ...place, sku: 'PerGB2018', retention_in_days: retentionDays },
    },
    azurerm_monitor_diagnostic_setting: {
      cluster: {
        name: 'wwi',
        target_resource_id: CLUSTER,
        log_analytics_workspace_id: '${azurerm_log_analytics_workspace.logs.id}',
        enabled_log: [{ category: 'PostgreSQLLogs' }],
        enabled_metric: [{ category: 'AllMetrics' }],
      },
    },
    azurerm_monitor_action_group: {
      team: {
        name: 'wwi-team',
        resource_group_name: 'rg',
        short_name: 'wwi',
        email_receiver: [{ name: 'team', email_address: email, use_common_alert_schema: true }],
      },
    },
    azurerm_monitor_metric_alert: {
      cpu: {
        name: 'wwi-cpu',
        resource_group_name: 'rg',
        scopes: [CLUSTER],
        severity: 2,
        frequency: 'PT5M',
        window_size: 'PT15M',
        criteria: [
          {
            metric_namespace: 'Microsoft.DBForPostgreSQL/serverGroupsv2',
            metric_name: 'cpu_percent',
            aggregation: 'Average',
            operator: 'GreaterThan',
            threshold: 85,
            dimension: [{ name: 'ServerName', operator: 'Include', values: ['*'] }],
          },
        ],
      },
    },
    azurerm_storage_account: {
      state: {
        name: 'wwistate',
        ...place,
        account_tier: 'Standard',
        account_replication_type: 'GRS',
        min_tls_version: 'TLS1_2',
        infrastructure_encryption_enabled: true,
        shared_access_key_enabled: false,
        default_to_oauth_authentication: true,
        allow_nested_items_to_be_public: false,
        public_network_access_enabled: true,
        network_rules: { default_action: 'Deny', bypass: ['AzureServices'], ip_rules: ['203.0.113.8'] },
        blob_properties: {
          versioning_enabled: true,
          delete_retention_policy: { days: 30 },
          container_delete_retention_policy: { days: 30 },
        },
        tags: { owner },
      },
    },
    azurerm_storage_container: {
      state: {
        name: 'tfstate',
        storage_account_id: '${azurerm_storage_account.state.id}',
        container_access_type: 'private',
      },
    },
  },
  output: {
    principal: { value: '${data.azurerm_client_config.deployer.object_id}' },
    role: { value: '${azurerm_role_assignment.writer.role_definition_name}' },
    keys: {
      value: '${azurerm_log_analytics_workspace.logs.primary_shared_key != ""}',
      sensitive: true,
    },
  },
});

const place = { location: 'westus2', resource_group_name: 'rg' };
const vault = (name: string): object => ({
  name,
  ...place,
  tenant_id: '${data.azurerm_client_config.deployer.tenant_id}',
  sku_name: 'standard',
  rbac_authorization_enabled: true,
  purge_protection_enabled: true,
});

interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly output: string;
}

azureSuite('azurerm against vaults, roles, monitoring and storage', () => {
  let directory = '';
  let azure: AzureStandIn;
  let provider: SharedProvider;
  let atPortal: Send;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'scaleout-resources-'));
    azure = await startAzureStandIn({
      newClusters: 'accepted',
      operationMs: 20,
      stateFile: join(directory, 'azure.json'),
    });
    provider = await startSharedProvider(azure.terraformEnvironment(testEnvironment()));
    atPortal = armClient(azure, azurermVersion);
    await createCluster(atPortal, 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const location = 'westus2';
    const made = [
      await atPortal('PUT', VAULT, { location, properties: vaultProperties }),
      await atPortal('PUT', ALERT, { location: 'global', properties: alertProperties([CLUSTER]) }),
    ];
    expect(made.map(({ status }) => status)).toEqual([201, 200]);
    configure(before);
    expect(await terraform('init')).toMatchObject({ exitCode: 0 });
  }, SLOW);
  afterAll(async () => {
    await provider.end();
    await azure.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const before = { passwordVersion: 1, retentionDays: 30, email: 'one@example.com', owner: 'sensors' };
  const after = { passwordVersion: 2, retentionDays: 60, email: 'two@example.com', owner: 'platform' };

  function configure(wanted: Wanted): void {
    writeFileSync(join(directory, 'main.tf.json'), JSON.stringify(configuration(wanted)));
  }

  async function terraform(...args: string[]): Promise<Run> {
    const { exitCode, stdout, stderr } = await runTerraform([...args, '-no-color'], {
      cwd: directory,
      environment: {
        ...azure.terraformEnvironment(testEnvironment()),
        TF_VAR_password: PASSWORD,
        ...provider.variables,
      },
    });
    return { exitCode, stdout, output: stdout + stderr };
  }

  /** What was sent and done, without the login, reading keys, and asking a data plane how to log in. */
  const changesSent = (since: number): { method: string; url: string; body?: unknown }[] =>
    azure.requests
      .slice(since)
      .filter(({ status }) => status < 400)
      .filter(({ method, url }) => !['GET', 'HEAD'].includes(method) && !/oauth2|Keys\b/.test(url))
      .map(({ method, url, body }) => ({ method, url: url.replace(/\?.*$/, ''), body }));

  const unchanged = async (): Promise<void> => {
    expect(await terraform('plan', '-detailed-exitcode')).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('No changes.') as string,
    });
  };

  it(
    'makes all of them, the role before the secret that needs it',
    async () => {
      const apply = await terraform('apply', '-auto-approve');
      expect(apply.output).toContain(
        'Apply complete! Resources: 2 imported, 8 added, 0 changed, 0 destroyed.',
      );
      const output = terraformDocument((await terraform('output', '-json')).stdout) as Record<
        string,
        { value: unknown }
      >;
      expect(Object.fromEntries(Object.entries(output).map(([name, { value }]) => [name, value]))).toEqual({
        principal: '00000000-0000-0000-0000-00000000000a',
        role: 'Key Vault Secrets Officer',
        keys: true,
      });
    },
    SLOW,
  );

  it('has nothing to do right after', unchanged, SLOW);

  it(
    'sends what changed and nothing else',
    async () => {
      configure(after);
      const since = azure.requests.length;
      const apply = await terraform('apply', '-auto-approve');
      expect(apply.output).toContain('Apply complete! Resources: 0 added, 5 changed, 0 destroyed.');
      const sent = changesSent(since);
      expect(sent.map(({ method, url }) => `${method} ${url.split('/').at(-1) ?? ''}`).sort()).toEqual([
        'PATCH wwi-closed',
        'PUT citus-password',
        'PUT wwi-logs',
        'PUT wwi-team',
        'PUT wwistate',
      ]);
      expect(sent.find(({ url }) => url.includes('citus-password'))).toMatchObject({
        url: 'https://wwi-open.vault.azure.net/secrets/citus-password',
        body: { value: '(redacted)', contentType: 'password of citus' },
      });
    },
    SLOW,
  );

  it('has nothing to do right after that either', unchanged, SLOW);

  it(
    'deletes all of them, and a vault stays behind as deleted',
    async () => {
      expect(await terraform('state', 'rm', 'azurerm_monitor_diagnostic_setting.cluster')).toMatchObject({
        exitCode: 0,
      });
      expect((await atPortal('DELETE', SETTING)).status).toBe(200);
      const destroy = await terraform('destroy', '-auto-approve');
      expect(destroy.output).toContain('Destroy complete! Resources: 9 destroyed.');
      expect((await atPortal('GET', VAULT)).status).toBe(404);
      const deleted = VAULT.replace(
        /resourceGroups.*/,
        'providers/Microsoft.KeyVault/locations/westus2/deletedVaults/wwi-open',
      );
      expect((await atPortal('GET', deleted)).body.properties).toMatchObject({
        vaultId: VAULT,
        purgeProtectionEnabled: true,
      });
    },
    SLOW,
  );

  it('reached nothing else, left nothing unanswered, and kept the password nowhere', () => {
    expect(azure.refusedHosts).toEqual([]);
    expect(azure.requests.filter(({ status }) => status >= 500)).toEqual([]);
    const kept = ['azure.json', 'terraform.tfstate', 'terraform.tfstate.backup'].map((file) =>
      readFileSync(join(directory, file), 'utf8'),
    );
    for (const text of [...kept, JSON.stringify(azure.requests)]) expect(text).not.toContain(PASSWORD);
  });
});

// The peer of the synth benchmark: the same stacks with the same resources, written down by hand as one would without
// any of this project: no files to parse, nothing checked, nothing derived. Started as ours is. That its resources and
// their arguments are those of our stacks is a test (bare-app.synth.test.ts).
import { CosmosdbPostgresqlCluster } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-cluster';
import { CosmosdbPostgresqlFirewallRule } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-firewall-rule';
import { DataAzurermClientConfig } from '@cdktf/provider-azurerm/lib/data-azurerm-client-config';
import { KeyVault } from '@cdktf/provider-azurerm/lib/key-vault';
import { KeyVaultSecret } from '@cdktf/provider-azurerm/lib/key-vault-secret';
import { LogAnalyticsWorkspace } from '@cdktf/provider-azurerm/lib/log-analytics-workspace';
import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock';
import { MonitorActionGroup } from '@cdktf/provider-azurerm/lib/monitor-action-group';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { MonitorMetricAlert } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import { PrivateDnsZone } from '@cdktf/provider-azurerm/lib/private-dns-zone';
import { PrivateDnsZoneVirtualNetworkLink } from '@cdktf/provider-azurerm/lib/private-dns-zone-virtual-network-link';
import { PrivateEndpoint } from '@cdktf/provider-azurerm/lib/private-endpoint';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { App, AzurermBackend, LocalBackend, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';

const app = new App();
const location = 'westus2';
const NETWORK =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-wwi-network/providers/Microsoft.Network/virtualNetworks/vnet-wwi';

const CLUSTER =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-wwi-sensors-dev/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-dev';

function bootstrap(): void {
  const stack = new TerraformStack(app, 'bootstrap');
  const tags = tagsOf('bootstrap', 'terraform-state', true);
  new LocalBackend(stack, { path: '../../../.scaleout/state/bootstrap.tfstate' });
  new AzurermProvider(stack, 'Provider', {
    features: [{ storage: [{ dataPlaneAvailable: false }] }],
    resourceProviderRegistrations: 'none',
    storageUseAzuread: true,
  });
  const group = new ResourceGroup(stack, 'ResourceGroup', { name: 'rg-wwi-terraform', location, tags });
  const account = new StorageAccount(stack, 'Account', {
    name: 'wwiterraformstate',
    location,
    resourceGroupName: group.name,
    accountKind: 'StorageV2',
    accountTier: 'Standard',
    accountReplicationType: 'GZRS',
    minTlsVersion: 'TLS1_2',
    httpsTrafficOnlyEnabled: true,
    infrastructureEncryptionEnabled: true,
    sharedAccessKeyEnabled: false,
    defaultToOauthAuthentication: true,
    localUserEnabled: false,
    sasPolicy: { expirationPeriod: '00.12:00:00', expirationAction: 'Block' },
    allowNestedItemsToBePublic: false,
    crossTenantReplicationEnabled: false,
    allowedCopyScope: 'AAD',
    publicNetworkAccessEnabled: true,
    networkRules: { defaultAction: 'Deny', bypass: ['AzureServices'], ipRules: ['203.0.113.8/29'] },
    blobProperties: {
      versioningEnabled: true,
      deleteRetentionPolicy: { days: 30 },
      containerDeleteRetentionPolicy: { days: 30 },
    },
    tags,
    lifecycle: { preventDestroy: true },
  });
  const container = new StorageContainer(stack, 'Container', {
    name: 'tfstate',
    storageAccountId: account.id,
    containerAccessType: 'private',
    lifecycle: { preventDestroy: true },
  });
  new ManagementLock(stack, 'Lock', {
    name: 'terraform-state',
    scope: account.id,
    lockLevel: 'CanNotDelete',
    notes: 'Holds the state of Terraform.',
    dependsOn: [container],
  });
}

interface Size {
  readonly nodeCount: number;
  readonly vCores: number;
  readonly storageMib: number;
}

/** What both environments have. */
function environment(name: string, production: boolean, size: Size) {
  const stack = new TerraformStack(app, name);
  const all = tagsOf(name, 'sensors', production);
  // A cluster keeps the tags it has until it is imported.
  const tags = production ? all : { owner: all['owner'] ?? '', costCentre: all['costCentre'] ?? '' };
  new AzurermBackend(stack, {
    resourceGroupName: 'rg-wwi-terraform',
    storageAccountName: 'wwiterraformstate',
    containerName: 'tfstate',
    key: `sensors/${name}.tfstate`,
    useAzureadAuth: true,
  });
  new AzurermProvider(stack, 'Provider', {
    features: [{}],
    resourceProviderRegistrations: 'none',
    storageUseAzuread: true,
  });
  const resourceGroupName = `rg-wwi-sensors-${name}`;
  const cluster = new CosmosdbPostgresqlCluster(stack, 'Cluster', {
    name: `wwi-sensors-${name}`,
    location,
    resourceGroupName,
    sqlVersion: '16',
    citusVersion: '12.1',
    nodeCount: size.nodeCount,
    coordinatorServerEdition: 'GeneralPurpose',
    coordinatorVcoreCount: size.vCores,
    coordinatorStorageQuotaInMb: size.storageMib,
    nodeServerEdition: 'MemoryOptimized',
    nodeVcores: size.vCores,
    nodeStorageQuotaInMb: size.storageMib,
    shardsOnCoordinatorEnabled: true,
    coordinatorPublicIpAccessEnabled: !production,
    nodePublicIpAccessEnabled: false,
    haEnabled: production,
    maintenanceWindow: { dayOfWeek: 0, startHour: 3, startMinute: 0 },
    tags,
    lifecycle: { preventDestroy: true, ignoreChanges: ['administrator_login_password'] },
  });
  const outputs = {
    coordinator_fqdn: `\${one([for server in ${cluster.fqn}.servers : server.fqdn if endswith(server.name, "-c")])}`,
    port: 5432,
    database: 'citus',
    login: 'citus',
    stage: size.nodeCount === 0 ? 'single-node' : 'scaled-out',
    node_count: cluster.nodeCount,
    cluster_id: cluster.id,
    cluster_name: cluster.name,
  };
  for (const [output, value] of Object.entries(outputs)) {
    new TerraformOutput(stack, output, { value, description: output });
  }
  return { stack, tags, resourceGroupName, cluster };
}

function dev(): void {
  const { stack, cluster } = environment('dev', false, { nodeCount: 0, vCores: 4, storageMib: 524_288 });
  const office = new CosmosdbPostgresqlFirewallRule(stack, 'Office', {
    clusterId: cluster.id,
    name: 'office',
    startIpAddress: '203.0.113.8',
    endIpAddress: '203.0.113.15',
  });
  cluster.importFrom(CLUSTER);
  office.importFrom(`${CLUSTER}/firewallRules/office`);
}

function prod(): void {
  const size = { nodeCount: 2, vCores: 8, storageMib: 1_048_576 };
  const { stack, tags, resourceGroupName, cluster } = environment('prod', true, size);
  const password = new TerraformVariable(stack, 'admin_password', {
    type: 'string',
    description: 'Password of the login citus.',
    sensitive: true,
    nullable: false,
  });

  const zone = new PrivateDnsZone(stack, 'Zone', {
    name: 'privatelink.postgres.cosmos.azure.com',
    resourceGroupName,
    tags,
  });
  const link = new PrivateDnsZoneVirtualNetworkLink(stack, 'Link', {
    name: 'wwi-sensors-prod',
    resourceGroupName,
    privateDnsZoneName: zone.name,
    virtualNetworkId: NETWORK,
    registrationEnabled: false,
    tags,
  });
  const endpoint = new PrivateEndpoint(stack, 'Endpoint', {
    name: 'wwi-sensors-prod-coordinator',
    location,
    resourceGroupName,
    subnetId: `${NETWORK}/subnets/snet-data`,
    privateServiceConnection: {
      name: 'wwi-sensors-prod',
      privateConnectionResourceId: cluster.id,
      subresourceNames: ['coordinator'],
      isManualConnection: false,
    },
    privateDnsZoneGroup: { name: 'default', privateDnsZoneIds: [zone.id] },
    dependsOn: [link],
    tags,
  });

  const workspace = new LogAnalyticsWorkspace(stack, 'Workspace', {
    name: 'log-wwi-sensors-prod',
    location,
    resourceGroupName,
    sku: 'PerGB2018',
    retentionInDays: 90,
    localAuthenticationEnabled: false,
    tags,
  });
  const setting = new MonitorDiagnosticSetting(stack, 'Setting', {
    name: 'wwi-sensors-prod',
    targetResourceId: cluster.id,
    logAnalyticsWorkspaceId: workspace.id,
    enabledLog: [{ category: 'PostgreSQLLogs' }],
    enabledMetric: [{ category: 'AllMetrics' }],
  });
  const people = new MonitorActionGroup(stack, 'ActionGroup', {
    name: 'wwi-sensors-prod-alerts',
    resourceGroupName,
    shortName: 'wwi-sensors-',
    emailReceiver: [
      {
        name: 'sensors-oncall@example.com',
        emailAddress: 'sensors-oncall@example.com',
        useCommonAlertSchema: true,
      },
    ],
    tags,
  });
  const watched = [
    ['Storage', 'storage_percent', 85],
    ['Cpu', 'cpu_percent', 90],
    ['Memory', 'memory_percent', 90],
    ['Connections', 'active_connections', 400],
  ] as const;
  for (const [id, metricName, threshold] of watched) {
    new MonitorMetricAlert(stack, id, {
      name: `wwi-sensors-prod-${id.toLowerCase()}`,
      resourceGroupName,
      scopes: [cluster.id],
      description: `A node is short of ${metricName}.`,
      severity: 2,
      frequency: 'PT5M',
      windowSize: 'PT15M',
      autoMitigate: true,
      criteria: [
        {
          metricNamespace: 'Microsoft.DBForPostgreSQL/serverGroupsv2',
          metricName,
          aggregation: 'Average',
          operator: 'GreaterThan',
          threshold,
          dimension: [{ name: 'ServerName', operator: 'Include', values: ['*'] }],
        },
      ],
      action: [{ actionGroupId: people.id }],
      tags,
    });
  }

  const deployer = new DataAzurermClientConfig(stack, 'Deployer');
  const vault = new KeyVault(stack, 'Vault', {
    name: 'kv-wwi-sensors-prod',
    location,
    resourceGroupName,
    tenantId: deployer.tenantId,
    skuName: 'standard',
    rbacAuthorizationEnabled: true,
    purgeProtectionEnabled: true,
    softDeleteRetentionDays: 90,
    publicNetworkAccessEnabled: true,
    networkAcls: { defaultAction: 'Deny', bypass: 'None', ipRules: ['203.0.113.8/29'] },
    tags,
  });
  const audit = new MonitorDiagnosticSetting(stack, 'Audit', {
    name: 'kv-wwi-sensors-prod',
    targetResourceId: vault.id,
    logAnalyticsWorkspaceId: workspace.id,
    enabledLog: [{ category: 'AuditEvent' }],
  });
  const writer = new RoleAssignment(stack, 'Writer', {
    scope: vault.id,
    roleDefinitionId: `/subscriptions/${deployer.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/b86a8fe4-44ce-4948-aee5-eccb2c155cd7`,
    principalId: deployer.objectId,
    description: 'Writes the password of the login citus.',
  });
  new KeyVaultSecret(stack, 'Password', {
    name: 'citus-password',
    keyVaultId: vault.id,
    valueWo: password.stringValue,
    valueWoVersion: 1,
    contentType: 'password of the PostgreSQL login citus',
    expirationDate: '2028-01-31T00:00:00Z',
    dependsOn: [writer, audit, endpoint],
    tags,
  });
  new ManagementLock(stack, 'Lock', {
    name: 'keep',
    scope: cluster.id,
    lockLevel: 'CanNotDelete',
    notes: 'A deleted cluster cannot be restored.',
    dependsOn: [endpoint, setting],
  });
}

function tagsOf(name: string, workload: string, production: boolean): Record<string, string> {
  return {
    owner: 'sensors-platform',
    costCentre: 'wwi-1042',
    environment: name,
    workload,
    managedBy: 'scaleout',
    production: String(production),
  };
}

bootstrap();
dev();
prod();
app.synth();

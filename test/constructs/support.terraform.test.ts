import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { Aspects } from 'cdktf';
import { AdminPassword } from '../../constructs/admin-password';
import { ClusterAlerts } from '../../constructs/cluster-alerts';
import { ClusterDiagnostics } from '../../constructs/cluster-diagnostics';
import { ClusterTopology } from '../../constructs/cluster-topology';
import { DeletionLock } from '../../constructs/deletion-lock';
import { DistributedPostgresCluster } from '../../constructs/distributed-postgres-cluster';
import { MandatoryTags } from '../../constructs/mandatory-tags';
import { PasswordVault } from '../../constructs/password-vault';
import { StateStorage } from '../../constructs/state-storage';
import { laneSuite } from '../support/lanes';
import { synthesizeConstructs } from '../support/synth';
import { TerraformDirectory } from '../support/terraform';

const ID = '00000000-1111-2222-3333-444444444444';
const workspace = `/subscriptions/${ID}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs`;
const subnet = `/subscriptions/${ID}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/ci`;
const group = { resourceGroupName: 'rg', location: 'westus2' };

/** What stands beside a cluster, with the cluster, as an environment would put them together. */
const together = () =>
  synthesizeConstructs((stack) => {
    Aspects.of(stack).add(new MandatoryTags({ environment: 'dev', managedBy: 'scaleout' }));
    const { name: resourceGroupName } = new ResourceGroup(stack, 'Group', {
      name: 'rg',
      location: 'westus2',
    });
    const where = { resourceGroupName, location: 'westus2' };
    const { value: password } = new AdminPassword(stack, 'AdminPassword');
    const topology = ClusterTopology.multiNode({
      coordinator: { vCores: 4, storageGiB: 512, burstable: false },
      workers: { count: 2, vCores: 4, storageGiB: 512 },
      coordinatorHoldsShards: true,
    });
    const { clusterId, clusterName } = new DistributedPostgresCluster(stack, 'Cluster', {
      ...where,
      clusterName: 'wwi-sensors',
      topology,
      postgresVersion: 16,
      citusVersion: '12.1',
      administratorPassword: password,
    });
    const cluster = { clusterId, clusterName: 'wwi-sensors', resourceGroupName };
    const { workspaceId } = new ClusterDiagnostics(stack, 'Diagnostics', {
      ...where,
      ...cluster,
      workspaceName: 'wwi-sensors-logs',
      retentionDays: 30,
    });
    new PasswordVault(stack, 'Vault', {
      ...where,
      vaultName: 'wwi-sensors-dev',
      password,
      passwordVersion: 1,
      allow: ['203.0.113.8', '198.51.100.0/28'],
      auditWorkspaceId: workspaceId,
      passwordExpiresUtc: '2027-06-30T00:00:00Z',
    });
    new ClusterAlerts(stack, 'Alerts', {
      ...cluster,
      connectionLimit: topology.connectionLimit,
      emails: ['oncall@example.com'],
      replica: true,
    });
    new DeletionLock(stack, 'Lock', { resourceId: clusterId, name: clusterName, reason: 'Holds data.' });
    new StateStorage(stack, 'State', {
      ...where,
      accountName: 'wwitfstate',
      containers: ['dev', 'prod'],
      allow: ['203.0.113.8'],
    });
  });

/** Those with another shape when less is asked of them. */
const bare = () =>
  synthesizeConstructs((stack) => {
    const { value: password } = new AdminPassword(stack, 'AdminPassword');
    new PasswordVault(stack, 'Vault', {
      ...group,
      vaultName: 'wwi',
      password,
      passwordVersion: 1,
      tenantId: ID,
      writerPrincipalId: ID,
      subnetIds: [subnet],
      auditWorkspaceId: workspace,
    });
    new StateStorage(stack, 'State', { ...group, accountName: 'wwi', containers: ['tfstate'] });
    new ClusterAlerts(stack, 'Alerts', {
      resourceGroupName: 'rg',
      clusterId: `/subscriptions/${ID}/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi`,
      clusterName: 'wwi',
      connectionLimit: 20,
      emails: [],
    });
  });

laneSuite('terraform', 'What stands beside a cluster, as the azurerm provider reads it', () => {
  let terraform: TerraformDirectory;
  beforeAll(() => {
    terraform = new TerraformDirectory();
    terraform.put(together());
    const init = terraform.run(['init', '-backend=false', '-input=false', '-no-color']);
    if (init.status !== 0) throw new Error(init.output);
  }, 120_000);
  afterAll(() => terraform.remove());

  const validate = (stack: { readonly text: string }): unknown => terraform.validate(stack);
  const clean = { valid: true, error_count: 0, warning_count: 0, diagnostics: [] };

  test.each([
    ['all of them together', together],
    ['with as little as can be', bare],
  ])(
    '%s: valid, and nothing deprecated',
    (_title, build) => {
      expect(validate(build())).toMatchObject(clean);
    },
    60_000,
  );

  test('the provider really judges: it warns of a deprecated argument, and refuses a secret without its version', () => {
    const { text } = together();
    const replaced = (from: string, to: string) => {
      expect(text).toContain(from);
      return { text: text.replace(from, to) };
    };
    expect(validate(replaced('"rbac_authorization_enabled"', '"enable_rbac_authorization"'))).toMatchObject({
      valid: true,
      warning_count: 1,
    });
    expect(validate(replaced('"value_wo_version": 1', '"value_wo_version": null'))).toMatchObject({
      valid: false,
    });
  }, 60_000);
});

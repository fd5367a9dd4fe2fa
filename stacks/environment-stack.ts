import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { AzurermBackend, LocalBackend, TerraformOutput, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import type { EnvironmentSettings } from '../config/environment';
import { virtualNetworkOf } from '../config/subnet-id';
import { AdminPassword } from '../constructs/admin-password';
import {
  DATABASE,
  DistributedPostgresCluster,
  LOGIN,
  POSTGRES_PORT,
} from '../constructs/distributed-postgres-cluster';
import { FirewallAccess } from '../constructs/firewall-access';
import { PrivateAccess } from '../constructs/private-access';
import { resourceTags } from './resource-tags';
import { topologyOf } from './topology-of';

/** The Terraform versions this is tested with and expected to work with. */
const TERRAFORM_VERSIONS = '>= 1.9.0, < 2.0.0';

/**
 * One environment: its resource group, its cluster, the way in, and the outputs that the scripts read. Named as the
 * environment.
 *
 * Construct ids are a contract: the addresses in the state follow from them, and a cluster at a new address is a new
 * and empty cluster beside the destruction of the old one. Both stages of an environment have the same addresses.
 */
export class EnvironmentStack extends TerraformStack {
  constructor(scope: Construct, settings: EnvironmentSettings) {
    super(scope, settings.name);
    const { cluster: wanted, location } = settings;
    const tags = resourceTags(settings);

    this.addOverride('terraform.required_version', TERRAFORM_VERSIONS);
    this.configureState(settings);
    // The subscription and the credentials come from ARM_* variables. Registering resource providers is for
    // administrators of the subscription, not for this.
    new AzurermProvider(this, 'Provider', {
      features: [{}],
      resourceProviderRegistrations: 'none',
      storageUseAzuread: true,
    });

    const group = new ResourceGroup(this, 'ResourceGroup', { name: settings.resourceGroup, location, tags });
    const password = new AdminPassword(this, 'AdminPassword');
    const cluster = new DistributedPostgresCluster(this, 'Cluster', {
      clusterName: wanted.name,
      location,
      resourceGroupName: group.name,
      topology: topologyOf(settings),
      postgresVersion: wanted.postgresVersion,
      citusVersion: wanted.citusVersion,
      administratorPassword: password.value,
      publicAccess: settings.network.access === 'firewall',
      highAvailability: wanted.highAvailability,
      protectFromDestroy: wanted.protectFromDestroy,
      ...(wanted.maintenanceWindow === undefined ? {} : { maintenanceWindow: wanted.maintenanceWindow }),
      tags,
    });

    if (settings.network.access === 'firewall') {
      new FirewallAccess(this, 'Firewall', { clusterId: cluster.clusterId, rules: settings.network.allow });
    } else {
      new PrivateAccess(this, 'PrivateAccess', {
        clusterId: cluster.clusterId,
        clusterName: wanted.name,
        location,
        resourceGroupName: group.name,
        subnetId: settings.network.subnetId,
        virtualNetworkId: virtualNetworkOf(settings.network.subnetId),
        tags,
      });
    }

    this.output('coordinator_fqdn', cluster.coordinatorFqdn, 'Host name of the coordinator.');
    this.output('port', POSTGRES_PORT, 'Port of PostgreSQL itself, past PgBouncer.');
    this.output('database', DATABASE, 'The one database of the cluster.');
    this.output('login', LOGIN, "The administrator's role.");
    this.output('stage', wanted.stage, 'single-node or scaled-out.');
    this.output('node_count', cluster.nodeCount, 'Workers of the cluster; 0 is a single node.');
    this.output('cluster_id', cluster.clusterId, 'Resource id of the cluster.');
    this.output('cluster_name', cluster.clusterName, 'Name of the cluster.');
  }

  private output(name: string, value: string | number, description: string): void {
    new TerraformOutput(this, name, { value, description });
  }

  private configureState({ name, state }: EnvironmentSettings): void {
    if (state.backend === 'local') {
      // From cdktf.out/stacks/NAME, where Terraform runs: outside what the next synth replaces, and the same text on
      // every machine.
      new LocalBackend(this, { path: `../../../.scaleout/state/${name}.tfstate` });
      return;
    }
    // No account key: the login needs a data role on the container. Workload identity comes from ARM_USE_OIDC.
    new AzurermBackend(this, {
      resourceGroupName: state.resourceGroup,
      storageAccountName: state.storageAccount,
      containerName: state.container,
      key: state.key,
      useAzureadAuth: true,
    });
  }
}

import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { ELASTIC_NODES, elasticConnectionLimit } from '../config/azure/elastic-limits';
import type { ElasticEnvironment } from '../config/environment/environment';
import { AdminPassword } from '../constructs/admin-password';
import { requireElasticAzurerm } from '../constructs/elastic-cluster-block';
import { ElasticPostgresCluster } from '../constructs/elastic-postgres-cluster';
import { ElasticServerParameters } from '../constructs/elastic-server-parameters';
import { WRITE_ONLY_TERRAFORM_VERSION } from '../constructs/password-vault';
import type { StackCluster } from './environment-stack';
import { EnvironmentStack } from './environment-stack';
import { literals } from './literal';

/**
 * An environment of an elastic cluster of Azure Database for PostgreSQL. Both stages have the same addresses: scaling out
 * changes the size of the cluster alone. Roles are made in SQL, after the deploy.
 */
export class ElasticClusterStack extends EnvironmentStack<ElasticEnvironment> {
  constructor(scope: Construct, settings: ElasticEnvironment) {
    // The password is a write-only argument, which older ones do not know.
    super(scope, settings, WRITE_ONLY_TERRAFORM_VERSION);
    requireElasticAzurerm(this);
    const { name: groupName } = new ResourceGroup(this, 'ResourceGroup', {
      name: settings.resourceGroup,
      location: settings.location,
    });
    const { login, database, nodes, passwordVersion: version } = settings.cluster;
    const { value } = new AdminPassword(this, 'AdminPassword', { login });
    const server = this.createCluster(groupName, value);
    const cluster: StackCluster = {
      id: server.clusterId,
      groupName,
      connectionLimit: elasticConnectionLimit(nodes.sku),
    };
    const access = this.openAccess(cluster, this.setParameters(server));
    const diagnostics = this.collectDiagnostics(cluster);
    this.keepPassword(cluster, { login, value, version }, diagnostics?.workspaceId, access);
    this.lock(cluster, [access, diagnostics?.last]);
    this.writeOutputs({
      id: server.clusterId,
      name: server.clusterName,
      fqdn: server.fqdn,
      workers: server.nodeCount,
      database,
      login,
    });
  }

  private createCluster(resourceGroupName: string, administratorPassword: string): ElasticPostgresCluster {
    const { cluster, location, network } = this.settings;
    return new ElasticPostgresCluster(this, 'Cluster', {
      clusterName: cluster.name,
      location,
      resourceGroupName,
      postgresVersion: cluster.postgresVersion,
      size: cluster.stage === 'single-node' ? ELASTIC_NODES.singleNode : cluster.nodes.count,
      sku: cluster.nodes.sku,
      storageGiB: cluster.nodes.storageGiB,
      database: cluster.database,
      login: cluster.login,
      administratorPassword,
      passwordVersion: cluster.passwordVersion,
      publicAccess: network.access === 'firewall',
      highAvailability: cluster.highAvailability,
      ...(cluster.preferredPrimaryZone === undefined
        ? {}
        : { preferredPrimaryZone: cluster.preferredPrimaryZone }),
      ...(cluster.maintenanceWindow === undefined ? {} : { maintenanceWindow: cluster.maintenanceWindow }),
      backupRetentionDays: cluster.backupRetentionDays,
      protectFromDestroy: cluster.protectFromDestroy,
    });
  }

  /** @returns what changes the cluster last */
  private setParameters({ clusterId }: ElasticPostgresCluster): ITerraformDependable | undefined {
    const { parameters = {} } = this.settings;
    return new ElasticServerParameters(this, 'Parameters', {
      clusterId,
      parameters: literals(parameters),
    }).last;
  }
}

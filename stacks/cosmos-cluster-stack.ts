import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import type { ITerraformDependable } from 'cdktf';
import { TerraformResource } from 'cdktf';
import type { Construct } from 'constructs';
import { adoptionOf } from '../config/environment/adoption';
import type { CosmosEnvironment } from '../config/environment/environment';
import { AdminPassword } from '../constructs/admin-password';
import type { ClusterOrigin } from '../constructs/cluster-origin';
import type { ClusterTopology } from '../constructs/cluster-topology';
import { DatabaseRoles } from '../constructs/database-roles';
import { DATABASE, DistributedPostgresCluster, LOGIN } from '../constructs/distributed-postgres-cluster';
import { WRITE_ONLY_TERRAFORM_VERSION } from '../constructs/password-vault';
import { RolePassword } from '../constructs/role-password';
import { ServerParameters } from '../constructs/server-parameters';
import { noteReason } from '../constructs/stated-reason';
import type { StackCluster } from './environment-stack';
import { EnvironmentStack } from './environment-stack';
import { literals } from './literal';
import { originOf } from './origin-of';
import { OLDEST_TERRAFORM } from './terraform-versions';
import { topologyOf } from './topology-of';

/**
 * An environment of Azure Cosmos DB for PostgreSQL. Both stages have the same addresses, but for parameters of workers,
 * which exist once there are workers.
 *
 * The service takes one change of a cluster at a time and the provider does not wait, so what changes it stands in one
 * row: parameters, roles, the way in, the lock.
 */
export class CosmosClusterStack extends EnvironmentStack<CosmosEnvironment> {
  private readonly topology: ClusterTopology;
  private readonly groupName: string;
  /** Undefined where the cluster begins empty. */
  private readonly origin: ClusterOrigin | undefined;
  /** Undefined for a replica, which has its source's. */
  private readonly password: AdminPassword | undefined;
  private readonly cluster: DistributedPostgresCluster;

  constructor(scope: Construct, settings: CosmosEnvironment) {
    // The vault is written with an argument that older ones do not know.
    super(scope, settings, settings.keyVault === undefined ? OLDEST_TERRAFORM : WRITE_ONLY_TERRAFORM_VERSION);
    this.topology = topologyOf(settings);
    this.origin = originOf(settings.cluster);
    this.groupName = this.ownGroup();
    this.password = this.takesPassword()
      ? new AdminPassword(this, 'AdminPassword', { login: LOGIN })
      : undefined;
    this.cluster = this.createCluster();
    this.noteForAuditors();
    const parameters = this.setParameters();
    const roles = this.createRoles(parameters);

    const cluster: StackCluster = {
      id: this.cluster.clusterId,
      groupName: this.groupName,
      connectionLimit: this.topology.connectionLimit,
      origin: this.origin,
    };
    const access = this.openAccess(cluster, roles);
    const diagnostics = this.collectDiagnostics(cluster);
    if (this.password !== undefined && settings.keyVault !== undefined) {
      const { value } = this.password;
      const { passwordVersion: version } = settings.keyVault;
      this.keepPassword(cluster, { login: LOGIN, value, version }, diagnostics?.workspaceId, access);
    }
    this.lock(cluster, [access, diagnostics?.last]);
    this.writeOutputs({
      id: cluster.id,
      name: this.cluster.clusterName,
      fqdn: this.cluster.coordinatorFqdn,
      workers: this.cluster.nodeCount,
      database: DATABASE,
      login: LOGIN,
    });
  }

  /** The group of a cluster that was there before holds what others made, and stays theirs. @returns its name */
  private ownGroup(): string {
    const { resourceGroup: name, location } = this.settings;
    return this.origin?.existing === true
      ? name
      : new ResourceGroup(this, 'ResourceGroup', { name, location }).name;
  }

  /** A cluster that was there before keeps its password: to this stack it matters for the vault alone. */
  private takesPassword(): boolean {
    if (this.origin?.existing === true) return this.settings.keyVault !== undefined;
    return this.origin?.follows !== true;
  }

  private createCluster(): DistributedPostgresCluster {
    const { cluster: wanted, location, network } = this.settings;
    const { origin } = this;
    return new DistributedPostgresCluster(this, 'Cluster', {
      clusterName: wanted.name,
      location,
      resourceGroupName: this.groupName,
      topology: this.topology,
      postgresVersion: wanted.postgresVersion,
      citusVersion: wanted.citusVersion,
      ...(this.password === undefined || origin?.existing === true
        ? {}
        : { administratorPassword: this.password.value }),
      ...(origin === undefined ? {} : { origin }),
      publicAccess: network.access === 'firewall',
      ...(network.workerPublicAccess === undefined ? {} : { workerPublicAccess: network.workerPublicAccess }),
      highAvailability: wanted.highAvailability,
      ...(wanted.preferredPrimaryZone === undefined
        ? {}
        : { preferredPrimaryZone: wanted.preferredPrimaryZone }),
      protectFromDestroy: wanted.protectFromDestroy,
      ...(wanted.maintenanceWindow === undefined ? {} : { maintenanceWindow: wanted.maintenanceWindow }),
    });
  }

  /** What an auditor cannot see in the resources, in comments that Terraform ignores. */
  private noteForAuditors(): void {
    const { cluster, production } = this.settings;
    const resource = this.cluster.node.defaultChild;
    if (cluster.allowNew !== undefined && TerraformResource.isTerraformResource(resource)) {
      noteReason(resource, 'allowNew', cluster.allowNew);
    }
    // The tag that says it of every other environment comes with the tags of this project, after the adoption.
    if (adoptionOf(cluster.origin) === 'adopting') this.addOverride('//.production', production);
  }

  /** @returns what changes the cluster last, as do the others that follow */
  private setParameters(): ITerraformDependable | undefined {
    const { parameters, cluster } = this.settings;
    if (parameters === undefined) return undefined;
    const { coordinator, workers } = parameters;
    return new ServerParameters(this, 'Parameters', {
      clusterId: this.cluster.clusterId,
      postgresVersion: cluster.postgresVersion,
      origin: this.origin,
      ...(coordinator === undefined ? {} : { coordinator: literals(coordinator) }),
      // There are no workers to set them on before, and the service refuses.
      ...(workers === undefined || this.topology.nodeCount === 0 ? {} : { workers: literals(workers) }),
    }).last;
  }

  private createRoles(after: ITerraformDependable | undefined): ITerraformDependable | undefined {
    const { roles = [] } = this.settings;
    if (roles.length === 0) return after;
    return new DatabaseRoles(this, 'Roles', {
      clusterId: this.cluster.clusterId,
      origin: this.origin,
      roles: roles.map(({ name }) => ({
        name,
        password: new RolePassword(this, `RolePassword-${name}`, name).value,
      })),
      after,
    }).last;
  }
}

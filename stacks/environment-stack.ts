import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import type { ITerraformDependable } from 'cdktf';
import {
  Aspects,
  AzurermBackend,
  LocalBackend,
  TerraformOutput,
  TerraformResource,
  TerraformStack,
} from 'cdktf';
import type { Construct } from 'constructs';
import { adoptionOf } from '../config/environment/adoption';
import type { EnvironmentSettings } from '../config/environment/environment';
import { virtualNetworkOf } from '../config/azure/resource-names';
import { AdminPassword } from '../constructs/admin-password';
import { ClusterAlerts } from '../constructs/cluster-alerts';
import { ClusterDiagnostics } from '../constructs/cluster-diagnostics';
import type { ClusterOrigin } from '../constructs/cluster-origin';
import type { ClusterTopology } from '../constructs/cluster-topology';
import { DatabaseRoles } from '../constructs/database-roles';
import { DeletionLock } from '../constructs/deletion-lock';
import {
  DATABASE,
  DistributedPostgresCluster,
  LOGIN,
  POSTGRES_PORT,
} from '../constructs/distributed-postgres-cluster';
import { FirewallAccess } from '../constructs/firewall-access';
import { MandatoryTags } from '../constructs/mandatory-tags';
import { PasswordVault, WRITE_ONLY_TERRAFORM_VERSION } from '../constructs/password-vault';
import { PrivateAccess } from '../constructs/private-access';
import { RolePassword } from '../constructs/role-password';
import { ServerParameters } from '../constructs/server-parameters';
import { noteReason } from '../constructs/stated-reason';
import { literals } from './literal';
import { localStatePath } from './local-state';
import { originOf } from './origin-of';
import { resourceTags } from './resource-tags';
import { OLDEST_TERRAFORM, terraformVersions } from './terraform-versions';
import { topologyOf } from './topology-of';

/**
 * One environment: its resource group, its cluster, what belongs to the cluster, the way in, and the outputs that the
 * scripts read. Named as the environment.
 *
 * Construct ids are a contract: the addresses in the state follow from them, and a cluster at a new address is a new
 * and empty cluster beside the destruction of the old one. Both stages of an environment have the same addresses, but
 * for parameters of workers, which exist once there are workers.
 *
 * The service takes one change of a cluster at a time and the provider does not wait, so what changes it stands in one
 * row: parameters, roles, the way in, the lock.
 */
export class EnvironmentStack extends TerraformStack {
  private readonly settings: EnvironmentSettings;
  private readonly topology: ClusterTopology;
  private readonly groupName: string;
  /** Undefined where the cluster begins empty. */
  private readonly origin: ClusterOrigin | undefined;
  /** Undefined for a replica, which has its source's. */
  private readonly password: AdminPassword | undefined;
  private readonly cluster: DistributedPostgresCluster;

  constructor(scope: Construct, settings: EnvironmentSettings) {
    super(scope, settings.name);
    this.settings = settings;
    this.topology = topologyOf(settings);
    // The vault is written with an argument that older ones do not know.
    const oldest = settings.keyVault === undefined ? OLDEST_TERRAFORM : WRITE_ONLY_TERRAFORM_VERSION;
    this.addOverride('terraform.required_version', terraformVersions(oldest));
    this.configureState();
    // The subscription and the credentials come from ARM_* variables. Registering resource providers is for
    // administrators of the subscription, not for this.
    new AzurermProvider(this, 'Provider', {
      features: [{}],
      resourceProviderRegistrations: 'none',
      storageUseAzuread: true,
    });
    Aspects.of(this).add(new MandatoryTags(resourceTags(settings)));

    this.origin = originOf(settings.cluster);
    this.groupName = this.ownGroup();
    this.password = this.takesPassword() ? new AdminPassword(this, 'AdminPassword') : undefined;
    this.cluster = this.createCluster();
    this.noteForAuditors();
    const parameters = this.setParameters();
    const roles = this.createRoles(parameters);
    const access = this.openAccess(roles);
    const diagnostics = this.collectDiagnostics();
    this.keepPassword(diagnostics?.workspaceId, access);
    this.lock([access, diagnostics?.last].filter((each): each is ITerraformDependable => each !== undefined));
    this.writeOutputs();
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
      ...(network.access === 'firewall' && network.workerPublicAccess !== undefined
        ? { workerPublicAccess: network.workerPublicAccess }
        : {}),
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

  private openAccess(after: ITerraformDependable | undefined): ITerraformDependable | undefined {
    const { network, cluster, location } = this.settings;
    const { clusterId } = this.cluster;
    if (network.access === 'firewall') {
      const { allow, allowAzureServices } = network;
      return new FirewallAccess(this, 'Firewall', {
        clusterId,
        origin: this.origin,
        rules: allow,
        ...(allowAzureServices === undefined ? {} : { allowAzureServices }),
        after,
      }).last;
    }
    // Endpoints that are there already stay with those who made them.
    if (network.subnetId === undefined) return after;
    return new PrivateAccess(this, 'PrivateAccess', {
      clusterId,
      clusterName: cluster.name,
      location,
      resourceGroupName: this.groupName,
      subnetId: network.subnetId,
      virtualNetworkId: virtualNetworkOf(network.subnetId),
      after,
    }).last;
  }

  private collectDiagnostics(): ClusterDiagnostics | undefined {
    const { monitoring, cluster, location } = this.settings;
    if (monitoring === undefined) return undefined;
    const { workspace, alerts } = monitoring;
    const common = {
      clusterId: this.cluster.clusterId,
      clusterName: cluster.name,
      resourceGroupName: this.groupName,
    };
    if (alerts !== undefined) {
      new ClusterAlerts(this, 'Alerts', {
        ...common,
        topology: this.topology,
        emails: alerts.emails,
        replica: this.origin?.follows === true,
        ...(alerts.thresholds === undefined ? {} : { thresholds: alerts.thresholds }),
      });
    }
    return new ClusterDiagnostics(this, 'Diagnostics', {
      ...common,
      location,
      workspaceName: workspace.name,
      retentionDays: workspace.retentionDays,
    });
  }

  private keepPassword(auditWorkspaceId: string | undefined, after: ITerraformDependable | undefined): void {
    const { keyVault, location } = this.settings;
    if (keyVault === undefined || this.password === undefined) return;
    const { name, passwordVersion, passwordExpiresUtc, allow, subnetIds, writerPrincipalId } = keyVault;
    new PasswordVault(this, 'PasswordVault', {
      vaultName: name,
      location,
      resourceGroupName: this.groupName,
      password: this.password.value,
      passwordVersion,
      ...(passwordExpiresUtc === undefined ? {} : { passwordExpiresUtc }),
      ...(allow === undefined ? {} : { allow }),
      ...(subnetIds === undefined ? {} : { subnetIds }),
      ...(writerPrincipalId === undefined ? {} : { writerPrincipalId }),
      ...(auditWorkspaceId === undefined ? {} : { auditWorkspaceId }),
      ...(after === undefined ? {} : { after }),
    });
  }

  private lock(after: readonly ITerraformDependable[]): void {
    const { cluster, name } = this.settings;
    if (!cluster.lockAgainstDeletion) return;
    new DeletionLock(this, 'Lock', {
      resourceId: this.cluster.clusterId,
      name: 'keep',
      reason: `Holds the data of ${name}: a deleted cluster cannot be restored. cluster.lockAgainstDeletion in its file takes this off.`,
      after,
    });
  }

  private writeOutputs(): void {
    const { cluster, settings } = this;
    this.output('coordinator_fqdn', cluster.coordinatorFqdn, 'Host name of the coordinator.');
    this.output('port', POSTGRES_PORT, 'Port of PostgreSQL itself, past PgBouncer.');
    this.output('database', DATABASE, 'The one database of the cluster.');
    this.output('login', LOGIN, "The administrator's role.");
    this.output('stage', settings.cluster.stage, 'single-node or scaled-out.');
    this.output('node_count', cluster.nodeCount, 'Workers of the cluster; 0 is a single node.');
    this.output('cluster_id', cluster.clusterId, 'Resource id of the cluster.');
    this.output('cluster_name', cluster.clusterName, 'Name of the cluster.');
  }

  private output(name: string, value: string | number, description: string): void {
    new TerraformOutput(this, name, { value, description });
  }

  private configureState(): void {
    const { name, state } = this.settings;
    if (state.backend === 'local') {
      new LocalBackend(this, { path: localStatePath(name) });
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

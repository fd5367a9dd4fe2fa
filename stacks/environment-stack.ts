import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import type { ITerraformDependable } from 'cdktf';
import { Aspects, AzurermBackend, LocalBackend, TerraformOutput, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import { virtualNetworkOf } from '../config/azure/resource-names';
import type { EnvironmentSettings } from '../config/environment/environment';
import { ClusterAlerts } from '../constructs/cluster-alerts';
import { ClusterDiagnostics } from '../constructs/cluster-diagnostics';
import type { ClusterOrigin } from '../constructs/cluster-origin';
import { DeletionLock } from '../constructs/deletion-lock';
import { FirewallAccess } from '../constructs/firewall-access';
import { MandatoryTags } from '../constructs/mandatory-tags';
import { PasswordVault } from '../constructs/password-vault';
import { PrivateAccess } from '../constructs/private-access';
import { localStatePath } from './local-state';
import { resourceTags } from './resource-tags';
import { terraformVersions } from './terraform-versions';

/** PgBouncer listens elsewhere, and no DDL or rebalance may go through it. */
const POSTGRES_PORT = 5432;

/** The cluster of an environment, as what belongs to it sees it. */
export interface StackCluster {
  readonly id: string;
  readonly groupName: string;
  /** Client connections that its smallest node allows. */
  readonly connectionLimit: number;
  /** Undefined where the cluster begins empty. */
  readonly origin?: ClusterOrigin | undefined;
}

/** The password of the administrator, as the vault keeps it. */
export interface StackPassword {
  readonly login: string;
  /** A reference that Terraform resolves. */
  readonly value: string;
  readonly version: number;
}

/** What the scripts read once the cluster is there. */
export interface StackOutputs {
  readonly id: string;
  readonly name: string;
  readonly fqdn: string;
  readonly workers: number;
  readonly database: string;
  readonly login: string;
}

/**
 * One environment: its resource group, its cluster, what belongs to the cluster, the way in, and the outputs that the
 * scripts read. Named as the environment. This is what the stacks of both services have alike.
 *
 * Construct ids are a contract: the addresses in the state follow from them, and a cluster at a new address is a new
 * and empty cluster beside the destruction of the old one.
 */
export abstract class EnvironmentStack<Settings extends EnvironmentSettings> extends TerraformStack {
  protected readonly settings: Settings;

  protected constructor(scope: Construct, settings: Settings, oldestTerraform: string) {
    super(scope, settings.name);
    this.settings = settings;
    this.addOverride('terraform.required_version', terraformVersions(oldestTerraform));
    this.configureState();
    // The subscription and the credentials come from ARM_* variables. Registering resource providers is for
    // administrators of the subscription, not for this.
    new AzurermProvider(this, 'Provider', {
      features: [{}],
      resourceProviderRegistrations: 'none',
      storageUseAzuread: true,
    });
    Aspects.of(this).add(new MandatoryTags(resourceTags(settings)));
  }

  /** @returns what changes the cluster last */
  protected openAccess(
    { id, groupName, origin }: StackCluster,
    after: ITerraformDependable | undefined,
  ): ITerraformDependable | undefined {
    const { service, network, cluster, location } = this.settings;
    if (network.access === 'firewall') {
      const { allow, allowAzureServices } = network;
      return new FirewallAccess(this, 'Firewall', {
        service,
        clusterId: id,
        origin,
        rules: allow,
        ...(allowAzureServices === undefined ? {} : { allowAzureServices }),
        after,
      }).last;
    }
    // Endpoints that are there already stay with those who made them.
    if (network.subnetId === undefined) return after;
    return new PrivateAccess(this, 'PrivateAccess', {
      service,
      clusterId: id,
      clusterName: cluster.name,
      location,
      resourceGroupName: groupName,
      subnetId: network.subnetId,
      virtualNetworkId: virtualNetworkOf(network.subnetId),
      after,
    }).last;
  }

  protected collectDiagnostics({
    id,
    groupName,
    connectionLimit,
    origin,
  }: StackCluster): ClusterDiagnostics | undefined {
    const { service, monitoring, cluster, location } = this.settings;
    if (monitoring === undefined) return undefined;
    const { workspace, alerts } = monitoring;
    const common = {
      service,
      clusterId: id,
      clusterName: cluster.name,
      resourceGroupName: groupName,
    };
    if (alerts !== undefined) {
      new ClusterAlerts(this, 'Alerts', {
        ...common,
        connectionLimit,
        emails: alerts.emails,
        replica: origin?.follows === true,
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

  protected keepPassword(
    { groupName }: StackCluster,
    password: StackPassword,
    auditWorkspaceId: string | undefined,
    after: ITerraformDependable | undefined,
  ): void {
    const { keyVault, location } = this.settings;
    if (keyVault === undefined) return;
    const { name, passwordExpiresUtc, allow, subnetIds, writerPrincipalId } = keyVault;
    new PasswordVault(this, 'PasswordVault', {
      vaultName: name,
      location,
      resourceGroupName: groupName,
      login: password.login,
      password: password.value,
      passwordVersion: password.version,
      ...(passwordExpiresUtc === undefined ? {} : { passwordExpiresUtc }),
      ...(allow === undefined ? {} : { allow }),
      ...(subnetIds === undefined ? {} : { subnetIds }),
      ...(writerPrincipalId === undefined ? {} : { writerPrincipalId }),
      ...(auditWorkspaceId === undefined ? {} : { auditWorkspaceId }),
      ...(after === undefined ? {} : { after }),
    });
  }

  protected lock({ id }: StackCluster, after: readonly (ITerraformDependable | undefined)[]): void {
    const { cluster, name } = this.settings;
    if (!cluster.lockAgainstDeletion) return;
    new DeletionLock(this, 'Lock', {
      resourceId: id,
      name: 'keep',
      reason: `Holds the data of ${name}: a deleted cluster cannot be restored. cluster.lockAgainstDeletion in its file takes this off.`,
      after: after.filter((each): each is ITerraformDependable => each !== undefined),
    });
  }

  protected writeOutputs({ id, name, fqdn, workers, database, login }: StackOutputs): void {
    this.output('coordinator_fqdn', fqdn, 'Host name of the coordinator.');
    this.output('port', POSTGRES_PORT, 'Port of PostgreSQL itself, past PgBouncer.');
    this.output('database', database, 'The one database of the cluster.');
    this.output('login', login, "The administrator's role.");
    this.output('stage', this.settings.cluster.stage, 'single-node or scaled-out.');
    this.output('node_count', workers, 'Workers of the cluster; 0 is a single node.');
    this.output('cluster_id', id, 'Resource id of the cluster.');
    this.output('cluster_name', name, 'Name of the cluster.');
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

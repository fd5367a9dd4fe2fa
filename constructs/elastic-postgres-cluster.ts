import { PostgresqlFlexibleServer } from '@cdktf/provider-azurerm/lib/postgresql-flexible-server';
import { Token } from 'cdktf';
import { Construct } from 'constructs';
import {
  BACKUP_RETENTION_DAYS,
  backupRetentionDays,
  elasticAvailabilityViolations,
  elasticClusterName,
  elasticDatabase,
  elasticLogin,
  elasticPostgresVersion,
  elasticSize,
  elasticSku,
  elasticStorageGiB,
  elasticStorageMb,
} from '../config/azure/elastic-limits';
import { passwordVersion } from '../config/azure/key-vault';
import { location, resourceGroup } from '../config/azure/resource-names';
import type { AvailabilityZone, MaintenanceWindow } from '../config/azure/service-limits';
import { availabilityZone, maintenanceWindow } from '../config/azure/service-limits';
import { tagViolations } from '../config/azure/tags';
import { addElasticClusterBlock, elasticClusterSize } from './elastic-cluster-block';
import { propProblems, requireValid } from './invalid-props';
import { maintenanceWindowArgument } from './maintenance-window';
import type { OperationTimeouts } from './operation-timeouts';
import { operationTimeouts, timeoutsArgument } from './operation-timeouts';
import { passwordPreconditions, passwordProblems } from './password-rules';

export interface ElasticPostgresClusterProps {
  /** 3 to 63 lowercase letters, digits and hyphens, unique on all of Azure. Another name is another cluster. */
  readonly clusterName: string;
  /** Azure region, as in `westus2`. Another region is another cluster. */
  readonly location: string;
  readonly resourceGroupName: string;
  /** Major version of PostgreSQL: 17, and it stays that. Azure chooses the version of Citus. */
  readonly postgresVersion: number;
  /** Nodes, the first one included: 1 to 20. A smaller number is another cluster. */
  readonly size: number;
  /** Machine of every node, as in `GP_Standard_D4ds_v5`. */
  readonly sku: string;
  /** Storage of every node, a power of two from 32 to 32768. Less of it is another cluster; more restarts the nodes. */
  readonly storageGiB: number;
  /** The one database. Another name is another cluster. */
  readonly database: string;
  /** The role of the administrator, who is no superuser. Another name is another cluster. */
  readonly login: string;
  /** Password of the administrator: a reference that Terraform resolves, never the password itself. */
  readonly administratorPassword: string;
  /**
   * A whole number from 1 up, to be raised whenever the password changes: Terraform keeps no copy of the password to
   * compare, so it sends it when this number changes and at no other time.
   */
  readonly passwordVersion: number;
  /**
   * Whether there is a public endpoint, behind the firewall.
   *
   * @default false
   */
  readonly publicAccess?: boolean;
  /**
   * A standby in another zone for every node; doubles the cost of the nodes.
   *
   * @default false
   */
  readonly highAvailability?: boolean;
  /**
   * Availability zone of the nodes, or of the primaries where each has a standby. It is chosen when the cluster is created.
   *
   * @default - Azure chooses
   */
  readonly preferredPrimaryZone?: AvailabilityZone;
  /**
   * When Azure may restart nodes for updates.
   *
   * @default - Azure chooses
   */
  readonly maintenanceWindow?: MaintenanceWindow;
  /**
   * Days that backups are kept: 7 to 35.
   *
   * @default 7
   */
  readonly backupRetentionDays?: number;
  /**
   * Whether Terraform refuses every plan that would destroy the cluster.
   *
   * @default true
   */
  readonly protectFromDestroy?: boolean;
  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
  /** @default - the provider's: 1 hour to create, update and delete */
  readonly timeouts?: OperationTimeouts;
}

/**
 * An elastic cluster of Azure Database for PostgreSQL: a flexible server whose nodes run Citus, the first one as the
 * coordinator. All nodes are alike, all of them hold shards, and one host name leads to them. Everything whose default on
 * Azure is open is set explicitly.
 *
 * Only growth leaves the cluster what it is. A smaller size, less storage, another database or login, or no `cluster` block
 * replaces the server and loses its data.
 *
 * The password travels as a write-only argument: no state and no plan holds it. The stack needs Terraform 1.11 and the
 * plugin of {@link requireElasticAzurerm}.
 *
 * @example
 * const { value: administratorPassword } = new AdminPassword(this, 'AdminPassword', { login: 'wwi_admin' });
 * new ElasticPostgresCluster(this, 'Cluster', {
 *   clusterName: 'wwi-sensors-dev',
 *   location: 'westus2',
 *   resourceGroupName: 'rg-wwi-sensors-dev',
 *   postgresVersion: 17,
 *   size: 1,
 *   sku: 'GP_Standard_D4ds_v5',
 *   storageGiB: 128,
 *   database: 'citus',
 *   login: 'wwi_admin',
 *   administratorPassword,
 *   passwordVersion: 1,
 * });
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class ElasticPostgresCluster extends Construct {
  readonly clusterId: string;
  /** Host name of every node: which one answers follows from the port. */
  readonly fqdn: string;
  /** Workers the cluster has: the nodes without the first one, so that 0 is a single node. */
  readonly nodeCount: number;
  readonly clusterName: string;

  constructor(scope: Construct, id: string, props: ElasticPostgresClusterProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const highAvailability = props.highAvailability ?? false;

    const resource = new PostgresqlFlexibleServer(this, 'Resource', {
      name: props.clusterName,
      location: props.location,
      resourceGroupName: props.resourceGroupName,
      createMode: 'Default',
      version: String(props.postgresVersion),
      administratorLogin: props.login,
      administratorPasswordWo: props.administratorPassword,
      administratorPasswordWoVersion: props.passwordVersion,
      skuName: props.sku,
      storageMb: elasticStorageMb(props.storageGiB),
      // The service has no such thing for elastic clusters, and the provider lets it through.
      autoGrowEnabled: false,
      backupRetentionDays: props.backupRetentionDays ?? BACKUP_RETENTION_DAYS.fewest,
      publicNetworkAccessEnabled: props.publicAccess ?? false,
      ...(highAvailability ? { highAvailability: { mode: 'ZoneRedundant' } } : {}),
      ...(props.preferredPrimaryZone === undefined ? {} : { zone: props.preferredPrimaryZone }),
      ...maintenanceWindowArgument(props.maintenanceWindow),
      ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
      ...timeoutsArgument(props.timeouts),
      lifecycle: {
        preventDestroy: props.protectFromDestroy ?? true,
        ...ignoredZones(highAvailability, props.preferredPrimaryZone),
        precondition: passwordPreconditions(props.administratorPassword, `login ${props.login}`),
      },
    });
    addElasticClusterBlock(resource, { size: props.size, database: props.database });

    this.clusterId = resource.id;
    this.clusterName = resource.name;
    this.fqdn = resource.fqdn;
    this.nodeCount = Token.asNumber(`\${${elasticClusterSize(resource)} - 1}`);
  }
}

/**
 * Zones that Azure chose, or exchanged in a failover: the provider would change them back, which the service refuses.
 */
function ignoredZones(
  highAvailability: boolean,
  zone: AvailabilityZone | undefined,
): { readonly ignoreChanges?: string[] } {
  if (highAvailability) return { ignoreChanges: ['zone', 'high_availability[0].standby_availability_zone'] };
  return zone === undefined ? { ignoreChanges: ['zone'] } : {};
}

function problems(props: ElasticPostgresClusterProps): string[] {
  return [
    ...propProblems(props, {
      clusterName: elasticClusterName,
      location,
      resourceGroupName: resourceGroup,
      postgresVersion: elasticPostgresVersion,
      size: elasticSize,
      sku: elasticSku,
      storageGiB: elasticStorageGiB,
      database: elasticDatabase,
      login: elasticLogin,
      passwordVersion,
      // Judged only beside a machine and a region that are known.
      highAvailability: (wanted) =>
        elasticAvailabilityViolations(wanted, {
          ...(Token.isUnresolved(props.sku) ? {} : { sku: props.sku }),
          ...(Token.isUnresolved(props.location) ? {} : { location: props.location }),
        }),
      preferredPrimaryZone: availabilityZone,
      maintenanceWindow,
      backupRetentionDays,
      tags: tagViolations,
      timeouts: operationTimeouts,
    }),
    ...(Token.isUnresolved(props.storageGiB)
      ? ['storageGiB is known to Terraform alone: write it out, since the provider counts in another unit']
      : []),
    ...passwordProblems('administratorPassword', props.administratorPassword, 'AdminPassword'),
  ];
}

import { CosmosdbPostgresqlCluster } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-cluster';
import { Annotations, Token } from 'cdktf';
import { Construct } from 'constructs';
import type { MaintenanceWindow } from '../config/service-limits';
import {
  availabilityViolations,
  citusVersionViolations,
  clusterNameViolations,
  COMFORTABLE_COORDINATOR_STORAGE_GIB,
  DAYS_OF_WEEK,
  EDITIONS,
  maintenanceViolations,
  postgresVersionViolations,
} from '../config/service-limits';
import type { ClusterTopology } from './cluster-topology';
import { clause, requireValid } from './invalid-props';
import { passwordPreconditions } from './password-rules';

/** PgBouncer listens elsewhere, and no DDL or rebalance may go through it. */
export const POSTGRES_PORT = 5432;

/** The one database the service creates; it can be named otherwise only where azurerm has no argument for it. */
export const DATABASE = 'citus';

/** The administrator's role. It is no superuser. */
export const LOGIN = 'citus';

const MIB_PER_GIB = 1024;

export interface DistributedPostgresClusterProps {
  /** At most 40 small letters, digits and hyphens, unique on all of Azure. Another name is another cluster. */
  readonly clusterName: string;
  /** Azure region, as in `westus2`. Another region is another cluster. */
  readonly location: string;
  readonly resourceGroupName: string;
  readonly topology: ClusterTopology;
  /** Major version of PostgreSQL. Terraform shows a major upgrade as a plain update. */
  readonly postgresVersion: number;
  /** Version of Citus, as in `12.1`. */
  readonly citusVersion: string;
  /** Password of the login `citus`: a reference that Terraform resolves, never the password itself. */
  readonly administratorPassword: string;
  /**
   * Whether the coordinator has a public endpoint, behind the firewall. Workers never have one.
   *
   * @default false
   */
  readonly publicAccess?: boolean;
  /**
   * A standby for every node; doubles the cost of the nodes.
   *
   * @default false
   */
  readonly highAvailability?: boolean;
  /**
   * When Azure may restart nodes for updates.
   *
   * @default - Azure chooses
   */
  readonly maintenanceWindow?: MaintenanceWindow;
  /**
   * Whether Terraform refuses every plan that would destroy the cluster. A deleted cluster cannot be restored.
   *
   * @default true
   */
  readonly protectFromDestroy?: boolean;
  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * A cluster of Azure Cosmos DB for PostgreSQL. Everything whose default on Azure is open, or depends on the history
 * of the cluster, is set explicitly.
 */
export class DistributedPostgresCluster extends Construct {
  /** Resource id. */
  readonly clusterId: string;
  /**
   * Host name of the coordinator, read from the servers the service reports: the one whose name ends in `-c`. Older
   * clusters have other domains, so it is never put together from the cluster's name.
   */
  readonly coordinatorFqdn: string;
  /** Workers the cluster has; 0 is a single node. */
  readonly nodeCount: number;
  readonly clusterName: string;

  constructor(scope: Construct, id: string, props: DistributedPostgresClusterProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const { topology } = props;
    this.warnOfRestart(topology);

    const resource = new CosmosdbPostgresqlCluster(this, 'Resource', {
      name: props.clusterName,
      location: props.location,
      resourceGroupName: props.resourceGroupName,
      administratorLoginPassword: props.administratorPassword,
      sqlVersion: String(props.postgresVersion),
      citusVersion: props.citusVersion,

      nodeCount: topology.nodeCount,
      coordinatorServerEdition: topology.coordinatorEdition,
      coordinatorVcoreCount: topology.coordinator.vCores,
      coordinatorStorageQuotaInMb: topology.coordinator.storageGiB * MIB_PER_GIB,
      // Harmless on a single node, and then scaling out is a change of the node count alone.
      ...(topology.workers === undefined
        ? {}
        : {
            nodeServerEdition: EDITIONS.worker,
            nodeVcores: topology.workers.vCores,
            nodeStorageQuotaInMb: topology.workers.storageGiB * MIB_PER_GIB,
          }),
      shardsOnCoordinatorEnabled: topology.coordinatorHoldsShards,

      coordinatorPublicIpAccessEnabled: props.publicAccess ?? false,
      nodePublicIpAccessEnabled: false,
      haEnabled: props.highAvailability ?? false,
      ...(props.maintenanceWindow === undefined
        ? {}
        : {
            maintenanceWindow: {
              dayOfWeek: DAYS_OF_WEEK.indexOf(props.maintenanceWindow.day),
              startHour: props.maintenanceWindow.startHour,
              startMinute: props.maintenanceWindow.startMinute,
            },
          }),
      ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
      lifecycle: {
        preventDestroy: props.protectFromDestroy ?? true,
        precondition: passwordPreconditions(props.administratorPassword),
      },
    });

    this.clusterId = resource.id;
    this.clusterName = resource.name;
    this.nodeCount = resource.nodeCount;
    this.coordinatorFqdn = `\${one([for server in ${resource.fqn}.servers : server.fqdn if endswith(server.name, "-c")])}`;
  }

  private warnOfRestart(topology: ClusterTopology): void {
    const { storageGiB } = topology.coordinator;
    if (topology.workers === undefined || Token.isUnresolved(storageGiB)) return;
    if (storageGiB >= COMFORTABLE_COORDINATOR_STORAGE_GIB) return;
    Annotations.of(this).addWarning(
      `the coordinator has ${storageGiB} GiB of storage: with ${COMFORTABLE_COORDINATOR_STORAGE_GIB} GiB or more, adding workers restarts nothing`,
    );
  }
}

function problems(props: DistributedPostgresClusterProps): string[] {
  const { clusterName, postgresVersion, citusVersion, maintenanceWindow, topology } = props;
  const known = (...values: unknown[]): boolean => !values.some((value) => Token.isUnresolved(value));
  const violations = [
    ...(known(clusterName)
      ? clusterNameViolations(clusterName).map((each) => ({ ...each, at: ['clusterName'] }))
      : []),
    ...(known(postgresVersion) ? postgresVersionViolations(postgresVersion) : []),
    ...(known(postgresVersion, citusVersion) ? citusVersionViolations(postgresVersion, citusVersion) : []),
    ...availabilityViolations(props.highAvailability ?? false, topology.coordinator.burstable),
  ].map((violation) => clause(violation));
  if (maintenanceWindow !== undefined) {
    violations.push(
      ...maintenanceViolations(maintenanceWindow).map((violation) => clause(violation, 'maintenanceWindow')),
    );
  }
  if (known(props.administratorPassword)) {
    violations.push(
      'administratorPassword is a literal, which would end up in the synthesized file: pass a reference, such as that of AdminPassword',
    );
  }
  return violations;
}

import { CosmosdbPostgresqlCluster } from '@cdktf/provider-azurerm/lib/cosmosdb-postgresql-cluster';
import { Annotations, Token } from 'cdktf';
import { Construct } from 'constructs';
import type { Reason } from '../config/azure/reason';
import { reason } from '../config/azure/reason';
import { location, resourceGroup } from '../config/azure/resource-names';
import type { AvailabilityZone, MaintenanceWindow } from '../config/azure/service-limits';
import {
  availabilityViolations,
  availabilityZone,
  citusVersionViolations,
  clusterName,
  COMFORTABLE_COORDINATOR_STORAGE_GIB,
  maintenanceWindow,
  newVersionViolations,
  postgresVersion,
} from '../config/azure/service-limits';
import { violationsOf } from '../config/file/violations';
import { tagViolations } from '../config/azure/tags';
import type { ClusterOrigin } from './cluster-origin';
import type { ClusterTopology } from './cluster-topology';
import { importPart } from './import-part';
import { propProblems, requireValid } from './invalid-props';
import { maintenanceWindowArgument } from './maintenance-window';
import type { OperationTimeouts } from './operation-timeouts';
import { operationTimeouts, timeoutsArgument } from './operation-timeouts';
import { passwordPreconditions, passwordProblems } from './password-rules';
import { noteReason } from './stated-reason';

/** The one database the service creates; it can be named otherwise only where azurerm has no argument for it. */
export const DATABASE = 'citus';

/** The administrator's role. It is no superuser. */
export const LOGIN = 'citus';

const MIB_PER_GIB = 1024;

export interface DistributedPostgresClusterProps {
  /** At most 40 lowercase letters, digits and hyphens, unique on all of Azure. Another name is another cluster. */
  readonly clusterName: string;
  /** Azure region, as in `westus2`. Another region is another cluster. */
  readonly location: string;
  readonly resourceGroupName: string;
  readonly topology: ClusterTopology;
  /** Major version of PostgreSQL. Terraform shows a major upgrade as a plain update. */
  readonly postgresVersion: number;
  /** Version of Citus, as in `12.1`. */
  readonly citusVersion: string;
  /**
   * Password of the login `citus`: a reference that Terraform resolves, never the password itself. A new cluster needs
   * one; a replica has its source's and takes none; a restore, or a promoted replica, has its source's until another one
   * is given. One that was there before keeps its own, which Terraform is never told.
   *
   * @default - that of the origin
   */
  readonly administratorPassword?: string;
  /**
   * The cluster whose data this one starts with, or that it is. Topology and versions must repeat it.
   *
   * @default - a new and empty cluster
   */
  readonly origin?: ClusterOrigin;
  /**
   * Whether the coordinator has a public endpoint, behind the firewall.
   *
   * @default false
   */
  readonly publicAccess?: boolean;
  /**
   * Gives the workers public endpoints, behind the same firewall: for tools that go past the coordinator. The reason is
   * kept beside the cluster in what is synthesized.
   *
   * @default - workers are reached from inside the cluster alone
   */
  readonly workerPublicAccess?: Reason;
  /**
   * A standby for every node; doubles the cost of the nodes.
   *
   * @default false
   */
  readonly highAvailability?: boolean;
  /**
   * Availability zone for the nodes, or for the primaries where each has a standby. In a region without zones the
   * service ignores it.
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
   * Whether Terraform refuses every plan that would destroy the cluster. A deleted cluster cannot be restored.
   *
   * @default true
   */
  readonly protectFromDestroy?: boolean;
  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
  /** @default - the provider's: 3 hours to create, update and delete */
  readonly timeouts?: OperationTimeouts;
}

/**
 * A cluster of Azure Cosmos DB for PostgreSQL. Everything whose default on Azure is open, or depends on the history
 * of the cluster, is set explicitly.
 *
 * @example
 * const { value: administratorPassword } = new AdminPassword(this, 'AdminPassword');
 * new DistributedPostgresCluster(this, 'Cluster', {
 *   clusterName: 'wwi-sensors-dev',
 *   location: 'westus2',
 *   resourceGroupName: 'rg-wwi-sensors-dev',
 *   topology: ClusterTopology.singleNode({ coordinator: { vCores: 4, storageGiB: 512, burstable: false } }),
 *   postgresVersion: 16,
 *   citusVersion: '12.1',
 *   administratorPassword,
 * });
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
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
    const { topology, origin } = props;
    this.warnOfRestart(topology);
    this.warnOfReplica(props);

    const resource = new CosmosdbPostgresqlCluster(this, 'Resource', {
      name: props.clusterName,
      location: props.location,
      resourceGroupName: props.resourceGroupName,
      ...(props.administratorPassword === undefined
        ? {}
        : { administratorLoginPassword: props.administratorPassword }),
      ...(origin?.sourceClusterId === undefined ? {} : { sourceResourceId: origin.sourceClusterId }),
      ...(origin?.sourceLocation === undefined ? {} : { sourceLocation: origin.sourceLocation }),
      ...(origin?.pointInTimeUtc === undefined ? {} : { pointInTimeInUtc: origin.pointInTimeUtc }),
      sqlVersion: String(props.postgresVersion),
      citusVersion: props.citusVersion,

      ...nodeArguments(topology),

      coordinatorPublicIpAccessEnabled: props.publicAccess ?? false,
      nodePublicIpAccessEnabled: props.workerPublicAccess !== undefined,
      haEnabled: props.highAvailability ?? false,
      ...(props.preferredPrimaryZone === undefined
        ? {}
        : { preferredPrimaryZone: props.preferredPrimaryZone }),
      ...maintenanceWindowArgument(props.maintenanceWindow),
      ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
      ...timeoutsArgument(props.timeouts),
      lifecycle: {
        preventDestroy: props.protectFromDestroy ?? true,
        // Azure does not tell it: any that is stated would be set anew.
        ...(origin?.existing === true ? { ignoreChanges: ['administrator_login_password'] } : {}),
        ...(props.administratorPassword === undefined
          ? {}
          : { precondition: passwordPreconditions(props.administratorPassword) }),
      },
    });
    importPart(resource, origin);
    if (props.workerPublicAccess !== undefined) {
      noteReason(resource, 'workerPublicAccess', props.workerPublicAccess.reason);
    }

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

  private warnOfReplica({ origin, publicAccess }: DistributedPostgresClusterProps): void {
    if (origin?.follows !== true || publicAccess === true) return;
    Annotations.of(this).addWarning(
      'the service reports public access of a replica as open even where it is closed, and then every plan closes it again: set publicAccess to true behind a firewall to have empty plans',
    );
  }
}

/** Sizes and number of the nodes, and which of them hold shards. */
function nodeArguments(topology: ClusterTopology) {
  return {
    nodeCount: topology.nodeCount,
    coordinatorServerEdition: topology.coordinatorEdition,
    coordinatorVcoreCount: topology.coordinator.vCores,
    coordinatorStorageQuotaInMb: topology.coordinator.storageGiB * MIB_PER_GIB,
    // Harmless on a single node, and then scaling out is a change of the node count alone.
    ...(topology.workers === undefined
      ? {}
      : {
          nodeServerEdition: topology.workerEdition,
          nodeVcores: topology.workers.vCores,
          nodeStorageQuotaInMb: topology.workers.storageGiB * MIB_PER_GIB,
        }),
    shardsOnCoordinatorEnabled: topology.coordinatorHoldsShards,
  };
}

function problems(props: DistributedPostgresClusterProps): string[] {
  return [
    ...propProblems(props, {
      clusterName,
      location,
      resourceGroupName: resourceGroup,
      postgresVersion: (major) => [
        ...violationsOf(postgresVersion, major),
        ...(props.origin === undefined ? newVersionViolations(major) : []),
      ],
      // Judged only beside a PostgreSQL that is known.
      citusVersion: (citus) =>
        Token.isUnresolved(props.postgresVersion) ? [] : citusVersionViolations(props.postgresVersion, citus),
      workerPublicAccess: reason,
      highAvailability: (wanted) =>
        availabilityViolations(wanted, {
          ...props.topology.coordinator,
          follows: props.origin?.follows === true,
        }),
      preferredPrimaryZone: availabilityZone,
      maintenanceWindow,
      tags: tagViolations,
      timeouts: operationTimeouts,
    }),
    ...administratorProblems(props),
  ];
}

function administratorProblems({ administratorPassword, origin }: DistributedPostgresClusterProps): string[] {
  if (origin !== undefined && administratorPassword === undefined) return [];
  if (origin?.existing === true) {
    return ['administratorPassword is set, and a cluster that was there before keeps its own: remove it'];
  }
  return origin?.follows === true
    ? ["administratorPassword is set, and a replica signs in with its source's: remove it"]
    : passwordProblems('administratorPassword', administratorPassword, 'AdminPassword');
}

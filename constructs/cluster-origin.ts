import { clusterId, location } from '../config/azure/resource-names';
import { pointInTime } from '../config/azure/service-limits';
import { propProblems, refuse } from './invalid-props';

interface SourceProps {
  /** Resource id of the cluster the data comes from; no replica itself. */
  readonly sourceClusterId: string;
  /** Azure region of that cluster, as in `westus2`. */
  readonly sourceLocation: string;
}

export interface ReplicaOriginProps extends SourceProps {
  /**
   * Whether the replica has been promoted since, which is done in the portal or with the CLI and cannot be undone. It is
   * then a cluster like any other: with a password, roles and a standby of its own. Its source stays written down, as
   * Terraform would replace a cluster that loses it.
   *
   * @default false
   */
  readonly promoted?: boolean;
}

export interface ExistingOriginProps {
  /** Resource id of the cluster that is there. */
  readonly clusterId: string;
  /**
   * Whether the state holds the cluster. Until then what is synthesized orders Terraform to import it, with everything
   * that stands beside it and is on Azure as well.
   *
   * @default false
   */
  readonly imported?: boolean;
}

export interface PointInTimeOriginProps extends SourceProps {
  /**
   * The moment to restore, in UTC, as in `2026-01-31T12:00:00Z`: within the last 35 days, and best after the latest
   * failover of the source, since earlier moments may take a support request.
   */
  readonly pointInTimeUtc: string;
}

/**
 * Where a cluster comes from, instead of starting empty: it is there already, or it is made from a backup of another
 * cluster, or follows another one. The latter two are new clusters beside their source, with the source's nodes, sizes,
 * versions and roles; what the configuration says of those must repeat the source. Firewall rules, endpoints and server
 * parameters do not come along.
 *
 * A cluster keeps its origin for life, a promoted replica too: to Terraform, another origin or none is another cluster.
 * A cluster that is adopted has none of the others, whatever it was made from: Azure does not tell, and stating it
 * replaces the cluster.
 */
export class ClusterOrigin {
  /**
   * A restore of the source as it was at a moment. Takes up to an hour. The source must still exist: a deleted cluster
   * cannot be restored.
   *
   * @throws Error naming what no cluster can come from
   */
  static pointInTime(props: PointInTimeOriginProps): ClusterOrigin {
    const { sourceClusterId, sourceLocation, pointInTimeUtc } = props;
    refuseUnless({ sourceClusterId, sourceLocation, pointInTimeUtc });
    return new ClusterOrigin({ sourceClusterId, sourceLocation, pointInTimeUtc });
  }

  /**
   * A read-only cluster that follows the source, seconds to hours behind it; a source has at most five. Its
   * administrator's password is the source's, it has no standby, and storage and workers change with the source alone,
   * until it is promoted.
   *
   * @throws Error naming what no cluster can come from
   */
  static replica(props: ReplicaOriginProps): ClusterOrigin {
    const { sourceClusterId, sourceLocation } = props;
    refuseUnless({ sourceClusterId, sourceLocation });
    return new ClusterOrigin({ sourceClusterId, sourceLocation, follows: props.promoted !== true });
  }

  /**
   * A cluster that is there. Its passwords stay what they are: Azure never tells them, so Terraform ignores them.
   *
   * @throws Error where the id is none of a cluster
   */
  static existing({ clusterId, imported }: ExistingOriginProps): ClusterOrigin {
    refuseUnless({ clusterId });
    return new ClusterOrigin({ existing: true, ...(imported === true ? {} : { importFrom: clusterId }) });
  }

  /** Of a restore and a replica. */
  readonly sourceClusterId: string | undefined;
  /** Of a restore and a replica. */
  readonly sourceLocation: string | undefined;
  /** Of a restore alone. */
  readonly pointInTimeUtc: string | undefined;
  /** Whether the cluster is read-only and follows its source: a replica that nobody has promoted. */
  readonly follows: boolean;
  /** Whether the cluster was there before Terraform came. */
  readonly existing: boolean;
  /** Resource id of a cluster that Terraform is to import; undefined once the state holds it. */
  readonly importFrom: string | undefined;

  private constructor(kind: Partial<ClusterOrigin>) {
    this.sourceClusterId = kind.sourceClusterId;
    this.sourceLocation = kind.sourceLocation;
    this.pointInTimeUtc = kind.pointInTimeUtc;
    this.follows = kind.follows ?? false;
    this.existing = kind.existing ?? false;
    this.importFrom = kind.importFrom;
  }
}

function refuseUnless(props: Readonly<Record<string, string>>): void {
  refuse(
    'not an origin of a cluster',
    propProblems(props, {
      clusterId,
      sourceClusterId: clusterId,
      sourceLocation: location,
      pointInTimeUtc: pointInTime,
    }),
  );
}

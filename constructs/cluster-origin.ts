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

export interface PointInTimeOriginProps extends SourceProps {
  /**
   * The moment to restore, in UTC, as in `2026-01-31T12:00:00Z`: within the last 35 days, and best after the latest
   * failover of the source, since earlier moments may take a support request.
   */
  readonly pointInTimeUtc: string;
}

/**
 * Where a new cluster gets its data from, instead of starting empty: a backup of another cluster, or another cluster
 * that it follows. Either way it is a new cluster beside its source, with the source's nodes, sizes, versions and roles;
 * what the configuration says of those must repeat the source. Firewall rules, endpoints and server parameters do not
 * come along.
 *
 * A cluster keeps its origin for life, a promoted replica too: to Terraform, another origin or none is another cluster.
 */
export class ClusterOrigin {
  /**
   * A restore of the source as it was at a moment. Takes up to an hour. The source must still exist: a deleted cluster
   * cannot be restored.
   *
   * @throws Error naming what no cluster can come from
   */
  static pointInTime(props: PointInTimeOriginProps): ClusterOrigin {
    return new ClusterOrigin(props, false, props.pointInTimeUtc);
  }

  /**
   * A read-only cluster that follows the source, seconds to hours behind it; a source has at most five. Its
   * administrator's password is the source's, it has no standby, and storage and workers change with the source alone,
   * until it is promoted.
   *
   * @throws Error naming what no cluster can come from
   */
  static replica(props: ReplicaOriginProps): ClusterOrigin {
    return new ClusterOrigin(props, props.promoted !== true);
  }

  readonly sourceClusterId: string;
  readonly sourceLocation: string;
  /** Of a restore alone. */
  readonly pointInTimeUtc: string | undefined;
  /** Whether the cluster is read-only and follows its source: a replica that nobody has promoted. */
  readonly follows: boolean;

  private constructor(source: SourceProps, follows: boolean, pointInTimeUtc?: string) {
    const own = { ...source, pointInTimeUtc };
    refuse(
      'not an origin of a cluster',
      propProblems(own, {
        sourceClusterId: clusterId,
        sourceLocation: location,
        pointInTimeUtc: pointInTime,
      }),
    );
    this.sourceClusterId = source.sourceClusterId;
    this.sourceLocation = source.sourceLocation;
    this.pointInTimeUtc = pointInTimeUtc;
    this.follows = follows;
  }
}

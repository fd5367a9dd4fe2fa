import { clusterIdViolations, locationViolations } from '../config/azure-names';
import { pointInTimeViolations } from '../config/service-limits';
import { propProblems, refuse } from './invalid-props';

export interface ReplicaOriginProps {
  /** Resource id of the cluster that is followed; no replica itself. */
  readonly sourceClusterId: string;
  /** Azure region of that cluster, as in `westus2`. */
  readonly sourceLocation: string;
}

export interface PointInTimeOriginProps extends ReplicaOriginProps {
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
 * A cluster keeps its origin for life: to Terraform, another origin or none is another cluster.
 */
export class ClusterOrigin {
  /**
   * A restore of the source as it was at a moment. Takes up to an hour. The source must still exist: a deleted cluster
   * cannot be restored.
   *
   * @throws Error naming what no cluster can come from
   */
  static pointInTime(props: PointInTimeOriginProps): ClusterOrigin {
    return new ClusterOrigin('pointInTime', props, props.pointInTimeUtc);
  }

  /**
   * A read-only cluster that follows the source, seconds to hours behind it; a source has at most five. Its
   * administrator's password is the source's, it has no standby, and storage and workers change with the source alone.
   *
   * @throws Error naming what no cluster can come from
   */
  static replica(props: ReplicaOriginProps): ClusterOrigin {
    return new ClusterOrigin('replica', props, undefined);
  }

  readonly kind: 'pointInTime' | 'replica';
  readonly sourceClusterId: string;
  readonly sourceLocation: string;
  /** Of a restore alone. */
  readonly pointInTimeUtc: string | undefined;

  private constructor(
    kind: ClusterOrigin['kind'],
    props: ReplicaOriginProps,
    pointInTimeUtc: string | undefined,
  ) {
    const { sourceClusterId, sourceLocation } = props;
    refuse('not an origin of a cluster', [
      ...propProblems('sourceClusterId', sourceClusterId, clusterIdViolations),
      ...propProblems('sourceLocation', sourceLocation, locationViolations),
      ...(kind === 'replica'
        ? []
        : propProblems('pointInTimeUtc', pointInTimeUtc as string, pointInTimeViolations)),
    ]);
    this.kind = kind;
    this.sourceClusterId = sourceClusterId;
    this.sourceLocation = sourceLocation;
    this.pointInTimeUtc = pointInTimeUtc;
  }
}

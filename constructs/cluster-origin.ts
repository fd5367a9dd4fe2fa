import { clusterIdViolations, locationViolations } from '../config/azure/azure-names';
import { pointInTimeViolations } from '../config/azure/service-limits';
import { flagViolations, optionalProblems, propProblems, refuse } from './invalid-props';

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
    const { pointInTimeUtc } = props;
    return new ClusterOrigin(props, {
      pointInTimeUtc,
      problems: propProblems('pointInTimeUtc', pointInTimeUtc, pointInTimeViolations),
    });
  }

  /**
   * A read-only cluster that follows the source, seconds to hours behind it; a source has at most five. Its
   * administrator's password is the source's, it has no standby, and storage and workers change with the source alone,
   * until it is promoted.
   *
   * @throws Error naming what no cluster can come from
   */
  static replica(props: ReplicaOriginProps): ClusterOrigin {
    const { promoted } = props;
    return new ClusterOrigin(props, {
      follows: promoted !== true,
      problems: optionalProblems('promoted', promoted, flagViolations),
    });
  }

  readonly sourceClusterId: string;
  readonly sourceLocation: string;
  /** Of a restore alone. */
  readonly pointInTimeUtc: string | undefined;
  /** Whether the cluster is read-only and follows its source: a replica that nobody has promoted. */
  readonly follows: boolean;

  private constructor(
    { sourceClusterId, sourceLocation }: SourceProps,
    own: {
      readonly pointInTimeUtc?: string;
      readonly follows?: boolean;
      readonly problems: readonly string[];
    },
  ) {
    refuse('not an origin of a cluster', [
      ...propProblems('sourceClusterId', sourceClusterId, clusterIdViolations),
      ...propProblems('sourceLocation', sourceLocation, locationViolations),
      ...own.problems,
    ]);
    this.sourceClusterId = sourceClusterId;
    this.sourceLocation = sourceLocation;
    this.pointInTimeUtc = own.pointInTimeUtc;
    this.follows = own.follows ?? false;
  }
}

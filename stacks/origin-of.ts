import type { ClusterSettings } from '../config/environment/environment';
import { ClusterOrigin } from '../constructs/cluster-origin';

/** What an environment's cluster is created from; undefined where it begins empty. */
export function originOf({ origin }: ClusterSettings): ClusterOrigin | undefined {
  if (origin?.pointInTime !== undefined) return ClusterOrigin.pointInTime(origin.pointInTime);
  return origin?.replicaOf === undefined ? undefined : ClusterOrigin.replica(origin.replicaOf);
}

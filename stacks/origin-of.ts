import type { CosmosEnvironment } from '../config/environment/environment';
import { ClusterOrigin } from '../constructs/cluster-origin';

/** What an environment's cluster comes from; undefined where it begins empty. */
export function originOf({ origin }: CosmosEnvironment['cluster']): ClusterOrigin | undefined {
  if (origin?.adopt !== undefined) {
    return ClusterOrigin.existing({ clusterId: origin.adopt, imported: origin.imported === true });
  }
  if (origin?.pointInTime !== undefined) return ClusterOrigin.pointInTime(origin.pointInTime);
  return origin?.replicaOf === undefined ? undefined : ClusterOrigin.replica(origin.replicaOf);
}

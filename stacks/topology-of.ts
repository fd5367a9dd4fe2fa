import type { ClusterSettings } from '../config/environment';
import { ClusterTopology } from '../constructs/cluster-topology';

/** The nodes an environment's cluster has at its stage. */
export function topologyOf({
  stage,
  coordinator,
  workers,
  coordinatorHoldsShards,
}: ClusterSettings): ClusterTopology {
  if (stage === 'single-node') {
    return ClusterTopology.singleNode({
      coordinator,
      ...(workers === undefined ? {} : { plannedWorkers: workers }),
    });
  }
  if (workers === undefined) {
    throw new Error('the stage is scaled-out and no workers are given: add them to the environment');
  }
  return ClusterTopology.multiNode({ coordinator, workers, coordinatorHoldsShards });
}

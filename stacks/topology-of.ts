import type { CosmosEnvironment } from '../config/environment/environment';
import { ClusterTopology } from '../constructs/cluster-topology';

/** The nodes an environment's cluster has at its stage. */
export function topologyOf({ name, cluster }: CosmosEnvironment): ClusterTopology {
  const { stage, coordinator, workers, coordinatorHoldsShards } = cluster;
  if (stage === 'single-node') {
    return ClusterTopology.singleNode({
      coordinator,
      ...(workers === undefined ? {} : { plannedWorkers: workers }),
    });
  }
  if (workers === undefined) {
    throw new Error(`environment ${name} is to be scaled out, and it names no workers: add them to its file`);
  }
  return ClusterTopology.multiNode({ coordinator, workers, coordinatorHoldsShards });
}

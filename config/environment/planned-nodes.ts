import type { EnvironmentSettings } from './environment-schema';

/** The nodes of a cluster once it is scaled out, as Citus counts them. */
export interface PlannedNodes {
  /** Beside the coordinator; undefined where scaling out is not foreseen. */
  readonly workers: number | undefined;
  readonly coordinatorHoldsShards: boolean;
}

/** What an environment says of them. Every node of an elastic cluster holds shards, the first one too. */
export function plannedNodes({ service, cluster }: EnvironmentSettings): PlannedNodes {
  if (service === 'elastic-cluster') {
    return { workers: cluster.nodes.count - 1, coordinatorHoldsShards: true };
  }
  return { workers: cluster.workers?.count, coordinatorHoldsShards: cluster.coordinatorHoldsShards };
}

import { Token } from 'cdktf';
import type { CoordinatorSize, Violation, WorkerSize } from '../config/service-limits';
import { coordinatorViolations, EDITIONS, workerViolations } from '../config/service-limits';
import { clause } from './invalid-props';

export interface SingleNodeProps {
  /** The one node: coordinator and worker at once. */
  readonly coordinator: CoordinatorSize;
  /**
   * The workers that are to come. They change nothing yet, and let scaling out change one number alone.
   *
   * @default - scaling out is not foreseen
   */
  readonly plannedWorkers?: WorkerSize;
}

export interface MultiNodeProps {
  readonly coordinator: CoordinatorSize;
  readonly workers: WorkerSize;
  /** Whether the coordinator stores shards beside the workers. The service's own default depends on history. */
  readonly coordinatorHoldsShards: boolean;
}

/**
 * The nodes of a cluster: one alone, or a coordinator with workers. Sizes are checked here, so that a topology is one
 * the service accepts; a single node always holds shards, and workers are never one.
 */
export class ClusterTopology {
  /** @throws Error naming every size the service would refuse */
  static singleNode(props: SingleNodeProps): ClusterTopology {
    const { coordinator, plannedWorkers } = props;
    const violations = [
      ...sized(coordinator, (size) => coordinatorViolations(size, false), 'coordinator'),
      ...(plannedWorkers === undefined ? [] : sized(plannedWorkers, workerViolations, 'plannedWorkers')),
    ];
    return new ClusterTopology(0, coordinator, plannedWorkers, true, violations);
  }

  /** @throws Error naming every size the service would refuse */
  static multiNode(props: MultiNodeProps): ClusterTopology {
    const { coordinator, workers, coordinatorHoldsShards } = props;
    const violations = [
      ...sized(coordinator, (size) => coordinatorViolations(size, true), 'coordinator'),
      ...sized(workers, workerViolations, 'workers'),
    ];
    return new ClusterTopology(workers.count, coordinator, workers, coordinatorHoldsShards, violations);
  }

  /** Workers the cluster has now; 0 is a single node. */
  readonly nodeCount: number;
  readonly coordinator: CoordinatorSize;
  /** The workers there are, or are to come. */
  readonly workers: WorkerSize | undefined;
  readonly coordinatorHoldsShards: boolean;

  private constructor(
    nodeCount: number,
    coordinator: CoordinatorSize,
    workers: WorkerSize | undefined,
    coordinatorHoldsShards: boolean,
    violations: readonly string[],
  ) {
    if (violations.length > 0) throw new Error(`not a topology of a cluster: ${violations.join('; ')}`);
    this.nodeCount = nodeCount;
    this.coordinator = coordinator;
    this.workers = workers;
    this.coordinatorHoldsShards = coordinatorHoldsShards;
  }

  /** The service's name for the kind of machine the coordinator is. */
  get coordinatorEdition(): string {
    const { burstable, vCores } = this.coordinator;
    if (!burstable) return EDITIONS.coordinator;
    return vCores === 1 ? EDITIONS.burstable[1] : EDITIONS.burstable[2];
  }
}

/** Sizes that are known only to Terraform are left to the service. */
function sized<Size extends object>(
  size: Size,
  check: (size: Size) => readonly Violation[],
  name: string,
): string[] {
  if (Object.values(size).some((value) => Token.isUnresolved(value))) return [];
  return check(size).map((violation) => clause(violation, name));
}

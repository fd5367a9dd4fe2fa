import { connectionLimit } from '../config/azure/alert-thresholds';
import type { CoordinatorSize, WorkerSize } from '../config/azure/service-limits';
import {
  coordinatorViolations,
  EDITIONS,
  growingCoordinatorViolations,
  workerViolations,
} from '../config/azure/service-limits';
import { propProblems, refuse } from './invalid-props';

export interface SingleNodeProps {
  /** The one node: coordinator and worker at once. */
  readonly coordinator: CoordinatorSize;
  /**
   * The workers that are to come. They change nothing yet, and let scaling out change one number alone. The coordinator
   * must be one that can have workers.
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
 *
 * @example
 * const coordinator = { vCores: 4, storageGiB: 512, burstable: false };
 * const workers = { count: 2, vCores: 4, storageGiB: 512 };
 * ClusterTopology.singleNode({ coordinator, plannedWorkers: workers });
 * ClusterTopology.multiNode({ coordinator, workers, coordinatorHoldsShards: true });
 */
export class ClusterTopology {
  /** @throws Error naming every size the service would refuse */
  static singleNode(props: SingleNodeProps): ClusterTopology {
    const { coordinator, plannedWorkers } = props;
    refuse(
      NOT_A_TOPOLOGY,
      propProblems(props, {
        coordinator: (size) =>
          plannedWorkers === undefined
            ? coordinatorViolations(size, false)
            : growingCoordinatorViolations(size),
        plannedWorkers: workerViolations,
      }),
    );
    return new ClusterTopology(0, coordinator, plannedWorkers, true);
  }

  /** @throws Error naming every size the service would refuse */
  static multiNode(props: MultiNodeProps): ClusterTopology {
    const { coordinator, workers, coordinatorHoldsShards } = props;
    refuse(
      NOT_A_TOPOLOGY,
      propProblems(props, {
        coordinator: (size) => coordinatorViolations(size, true),
        workers: workerViolations,
      }),
    );
    return new ClusterTopology(workers.count, coordinator, workers, coordinatorHoldsShards);
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
  ) {
    this.nodeCount = nodeCount;
    // Copies, so that what was checked stays what it was.
    this.coordinator = Object.freeze({ ...coordinator });
    this.workers = workers === undefined ? undefined : Object.freeze({ ...workers });
    this.coordinatorHoldsShards = coordinatorHoldsShards;
    Object.freeze(this);
  }

  /** Client connections that the smallest of the nodes allows. */
  get connectionLimit(): number {
    const { burstable, vCores } = this.coordinator;
    const ofCoordinator = connectionLimit(vCores, burstable);
    if (this.workers === undefined || this.nodeCount === 0) return ofCoordinator;
    return Math.min(ofCoordinator, connectionLimit(this.workers.vCores, false));
  }

  /** The service's name for the kind of machine the coordinator is. */
  get coordinatorEdition(): string {
    const { burstable, vCores, edition } = this.coordinator;
    if (!burstable) return edition ?? EDITIONS.coordinator;
    return vCores === 1 ? EDITIONS.burstable[1] : EDITIONS.burstable[2];
  }

  /** The service's name for the kind of machine a worker is. */
  get workerEdition(): string {
    return this.workers?.edition ?? EDITIONS.worker;
  }
}

const NOT_A_TOPOLOGY = 'not a topology of a cluster';

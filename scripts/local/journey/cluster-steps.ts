import type { WorkloadQuery } from '../../../config/workload/workload';

/** What a node holds. */
export interface NodeHolding {
  /** `coordinator`, `w0`, `w1`, ... */
  readonly node: string;
  /** Shards as they move: those of colocated tables that cover the same range count as one. */
  readonly shards: number;
  /** Bytes of those shards, indexes included. */
  readonly bytes: number;
  /** Bytes of everything the workload keeps on the node: shards, tables that are not distributed, copies. */
  readonly totalBytes: number;
}

export interface RebalanceOutcome {
  readonly moves: number;
  readonly bytes: number;
}

export interface Verification {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly id: string;
    readonly ok: boolean;
    readonly detail: string;
    /** Set where what was checked is a number and not a cluster. */
    readonly simulated?: true;
  }[];
}

/** What the journey does with a cluster once its data is loaded: on a real Citus, or computed from the real rows. */
export interface ClusterSteps {
  /** True where there is no Citus and nothing of this happens anywhere but in numbers. */
  readonly simulated: boolean;
  /** Adds the workers. */
  addWorkers(count: number): Promise<void>;
  distribute(): Promise<void>;
  /** Moves shards until every node has its share. */
  rebalance(): Promise<RebalanceOutcome>;
  holdings(): Promise<readonly NodeHolding[]>;
  /** Shards a query has to ask; undefined where its plan has no distributed part. */
  tasks(query: WorkloadQuery): Promise<number | undefined>;
  /** Compares everything with how it should be, and the rows with those of before. */
  verify(): Promise<Verification>;
  /** Seconds that moving so much would take in the way in which {@link rebalance} does it; undefined where nobody knows. */
  estimateMoves(moves: readonly { readonly bytes: number }[]): { readonly seconds: number } | undefined;
}

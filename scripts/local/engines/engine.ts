import type { ClusterNode } from './cluster-node';
import type { ConnectionTarget } from '../../lib/connection';
import type { Reporter } from '../../lib/reporter';
import type { ServerSet, ServerSetOptions } from './server-set';

/** Where a cluster can come from, best first. */
export const ENGINE_NAMES = ['citus-url', 'docker', 'native', 'embedded'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** How a cluster is logged in to, where its maker chooses that. */
export interface ClusterAccess {
  /** An administrator as of an elastic cluster: no superuser, but one who makes roles. */
  readonly login: string;
  readonly database: string;
}

/** What a cluster has to run: a version of PostgreSQL, and Citus from a version on. */
export interface EngineNeeds {
  /** Major version. */
  readonly postgres: number;
  /** Major and minor version of the oldest Citus. */
  readonly citus: readonly [number, number];
}

/** What an elastic cluster of Azure Database for PostgreSQL runs. */
export const ELASTIC_CLUSTER_NEEDS: EngineNeeds = { postgres: 17, citus: [13, 2] };
/** The one engine that can have it: the images of Docker and PostgreSQL from npm never do. */
export const ELASTIC_CLUSTER_ENGINE: EngineName = 'native';

/**
 * A cluster that has the shape of Azure's: the login `citus` is no superuser, owns the database and what is in it, and
 * nodes are added by the platform (this object), not by that login.
 */
export interface LocalCluster {
  readonly engine: EngineName;
  /** False on plain PostgreSQL: what needs Citus can only be simulated. */
  readonly citus: boolean;
  /** Whether {@link addWorkers} can be called: nodes of somebody else's cluster are theirs to add. */
  readonly scalable: boolean;
  /** The coordinator's database, as the cluster's login, with its password of this moment. */
  readonly coordinator: ConnectionTarget;
  /** Coordinator first; grows with {@link addWorkers}. */
  readonly nodes: readonly ClusterNode[];
  /** Starts workers and makes them part of the cluster. Moves no data. After a failure it can be asked again. */
  addWorkers(count: number): Promise<void>;
  /** Makes a role that may log in, or gives it another password; `citus` is one. */
  setLogin(role: string, password: string): Promise<void>;
  dropLogin(role: string): Promise<void>;
  /** Whether the coordinator is to hold shards; those that are on it stay. */
  setCoordinatorHoldsShards(holdsShards: boolean): Promise<void>;
  /** Which server ended by itself, and how, in words; undefined while all of them run. */
  lost(): Promise<string | undefined>;
  /** Lets the cluster outlive this program, for as long as `stateFile` exists. */
  keep(stateFile: string): void;
  /** Takes everything down that {@link Engine} started; leaves a cluster somebody else runs as it is. */
  stop(): Promise<void>;
  /** Where the servers' files are, for `local down`; absent for a cluster somebody else runs. */
  readonly directory?: string;
}

/** What an engine found on this machine. */
export type Availability =
  | {
      readonly available: true;
      /** What it would use, e.g. `PostgreSQL 16.14 from npm`. */
      readonly detail: string;
      /**
       * @param access who logs in, and to what; by default `citus` and `citus`, as on Azure Cosmos DB for PostgreSQL
       * @param port of the coordinator, on loopback; by default one that is free
       */
      start(reporter: Reporter, access?: ClusterAccess, port?: number): Promise<LocalCluster>;
      /** Bare servers with Citus, for tests that make databases of their own; absent where there are none to start. */
      servers?(options: ServerSetOptions, reporter: Reporter): Promise<ServerSet>;
    }
  | { readonly available: false; readonly reason: string };

export interface Engine {
  readonly name: EngineName;
  /**
   * Looks without starting anything; never throws.
   *
   * @param needs what the cluster has to run; by default whatever the engine has
   */
  probe(needs?: EngineNeeds): Promise<Availability>;
}

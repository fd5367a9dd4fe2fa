import { objectAt } from '../arm/arm';
import { CLUSTER_TYPE } from '../arm/postgresql-parts';
import type { Effect, Operations, Undertaking } from '../arm/operations';

/** What every call names: the cluster's resource id, compared without regard to case, and its name. */
export interface ClusterName {
  readonly id: string;
  readonly name: string;
}

/** A login role of a cluster, whose resource id it names. */
export interface RoleName {
  readonly clusterId: string;
  readonly name: string;
}

/** How many nodes a cluster has, and which of them hold shards. */
export interface ClusterShape extends ClusterName {
  /** Workers; 0 is a single node. */
  readonly nodeCount: number;
  readonly coordinatorHoldsShards: boolean;
}

/** How an elastic cluster is logged in to, which its maker chooses. */
export interface ElasticAccess {
  /** The administrator, who is no superuser. */
  readonly login: string;
  /** The one database. */
  readonly database: string;
}

/** A cluster that is to be made. */
export interface NewCluster extends ClusterShape {
  readonly password: string;
  /** Absent for a cluster of Azure Cosmos DB for PostgreSQL, where login and database are both called `citus`. */
  readonly elastic?: ElasticAccess;
}

/**
 * What stands behind the clusters of the stand-in: the stand-in keeps the books as Azure's control plane does, this
 * does the work. An operation of the stand-in ends when the promise does, and fails with its message. Then the books
 * are as they were before and the next request asks for the same again: every call has to be able to mend its own
 * half-done work. A `create` that fails leaves nothing.
 */
export interface ClusterBackend {
  /** Ends when the cluster's login is let in with the password. */
  create(cluster: NewCluster): Promise<void>;
  /** Brings a cluster to a shape; nodes only ever join, and no data moves. */
  scale(cluster: ClusterShape): Promise<void>;
  /** Gives a login another password. @param login `citus` where it is absent */
  setPassword?(cluster: ClusterName & { readonly password: string; readonly login?: string }): Promise<void>;
  /** A copy of another cluster, as it was at a moment or as it is now. @default - refused */
  copy?(
    cluster: ClusterShape & { readonly sourceId: string; readonly pointInTimeUtc?: string },
  ): Promise<void>;
  /** Makes a role that may log in, or gives it another password. @default - nothing but an entry in the books */
  createRole?(role: RoleName & { readonly password: string }): Promise<void>;
  dropRole?(role: RoleName): Promise<void>;
  /** Fine for a cluster that is not there. */
  remove(id: string): Promise<void>;
  /** Where the coordinator takes connections; undefined for a cluster that is not there. */
  locate?(id: string): ServerAddress | undefined;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** Puts `backend` behind the clusters and roles that operations work on. */
export function connectClusters(operations: Operations, backend: ClusterBackend): void {
  operations.connect(CLUSTER_TYPE, clusterEffect(backend));
  operations.connect(`${CLUSTER_TYPE}/roles`, roleEffect(backend));
}

/** Which calls a change of a cluster takes. The decision is pure; the calls are made when the effect is run. */
export function clusterEffect(backend: ClusterBackend): Effect {
  return (undertaking) => {
    const { before, after } = undertaking;
    if (after === undefined) return before && (() => backend.remove(before.id));
    const password = passwordOf(undertaking, 'administratorLoginPassword');
    const shape = shapeOf(after);
    if (before === undefined) {
      const { sourceResourceId, pointInTimeUTC } = after.properties;
      if (typeof sourceResourceId !== 'string') {
        return () => backend.create({ ...shape, password: password ?? '' });
      }
      const copy = {
        ...shape,
        sourceId: sourceResourceId,
        ...(typeof pointInTimeUTC === 'string' ? { pointInTimeUtc: pointInTimeUTC } : {}),
      };
      return async () => {
        if (backend.copy === undefined) throw new Error(NO_COPIES);
        await backend.copy(copy);
      };
    }
    const was = shapeOf(before);
    const scales =
      was.nodeCount !== shape.nodeCount || was.coordinatorHoldsShards !== shape.coordinatorHoldsShards;
    if (!scales && password === undefined) return undefined;
    return async () => {
      if (password !== undefined) await backend.setPassword?.({ id: after.id, name: after.name, password });
      if (scales) await backend.scale(shape);
    };
  };
}

const NO_COPIES =
  'The servers behind this stand-in keep no backups: a restore or a replica can be planned here, and deployed only where nothing stands behind the clusters.';

function roleEffect(backend: ClusterBackend): Effect {
  return (undertaking) => {
    const { before, after } = undertaking;
    const role = after ?? before;
    if (role === undefined) return undefined;
    const of = { clusterId: role.id.replace(/\/roles\/[^/]+$/i, ''), name: role.name };
    if (after === undefined) {
      return backend.dropRole && (async () => backend.dropRole?.(of));
    }
    const password = passwordOf(undertaking, 'password');
    if (backend.createRole === undefined || password === undefined) return undefined;
    return async () => backend.createRole?.({ ...of, password });
  };
}

/** The password a request sets. It is in the request alone: the books never hold one. */
function passwordOf({ request }: Undertaking, property: string): string | undefined {
  const password = objectAt(request.body, 'properties')[property];
  return typeof password === 'string' && password !== '' ? password : undefined;
}

function shapeOf({ id, name, properties }: NonNullable<Undertaking['after']>): ClusterShape {
  return {
    id,
    name,
    nodeCount: Number(properties['nodeCount'] ?? 0),
    coordinatorHoldsShards: properties['enableShardsOnCoordinator'] === true,
  };
}

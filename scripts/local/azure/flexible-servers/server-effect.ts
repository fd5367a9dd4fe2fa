import { objectAt, textAt } from '../arm/arm';
import { clusterSizeOf, FLEXIBLE_SERVER_TYPE } from '../arm/flexible-server-parts';
import type { Effect, Operations, Undertaking } from '../arm/operations';
import type { Resource } from '../arm/store';
import type { ClusterBackend, ClusterShape, ElasticAccess } from '../postgresql/cluster-backend';
import { PASSWORD } from './server-properties';

/** Puts `backend` behind the elastic clusters that operations work on. */
export function connectElasticClusters(operations: Operations, backend: ClusterBackend): void {
  operations.connect(FLEXIBLE_SERVER_TYPE, elasticClusterEffect(backend));
}

/** Which calls a change of an elastic cluster takes. The decision is pure; the calls are made when the effect is run. */
export function elasticClusterEffect(backend: ClusterBackend): Effect {
  return (undertaking) => {
    const { before, after } = undertaking;
    if (after === undefined) return before && (() => backend.remove(before.id));
    const password = passwordOf(undertaking);
    const shape = shapeOf(after);
    const elastic = accessOf(after);
    if (before === undefined) {
      if (clusterSizeOf(after) === undefined || password === undefined) {
        return () => Promise.reject(new Error(ELASTIC_ALONE));
      }
      return () => backend.create({ ...shape, password, elastic });
    }
    const scales = shapeOf(before).nodeCount !== shape.nodeCount;
    if (!scales && password === undefined) return undefined;
    return async () => {
      if (password !== undefined) {
        await backend.setPassword?.({ id: after.id, name: after.name, password, login: elastic.login });
      }
      if (scales) await backend.scale(shape);
    };
  };
}

const ELASTIC_ALONE =
  'The servers behind this stand-in are those of elastic clusters, which are logged in to by password: any other flexible server can be planned here, and deployed only where nothing stands behind it.';

function passwordOf({ request }: Undertaking): string | undefined {
  const password = textAt(objectAt(request.body, 'properties'), PASSWORD);
  return password === '' ? undefined : password;
}

/** The first node is the coordinator, and shards are on every node. */
function shapeOf(server: Resource): ClusterShape {
  const { id, name } = server;
  return { id, name, nodeCount: (clusterSizeOf(server) ?? 1) - 1, coordinatorHoldsShards: true };
}

function accessOf({ properties }: Resource): ElasticAccess {
  return {
    login: textAt(properties, 'administratorLogin'),
    database: textAt(objectAt(properties, 'cluster'), 'defaultDatabaseName'),
  };
}

import type { ArmRequest } from '../arm/arm';
import { ArmError, without } from '../arm/arm';
import type { Operations } from '../arm/operations';
import { clustersIn } from '../arm/postgresql-parts';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { badRequest } from '../arm/values';
import { originOf } from './postgresql-copies';

interface Action {
  readonly name: string;
  /** State of the cluster while it is under way. */
  readonly underWay: string;
  /** State of the cluster afterwards. */
  readonly ends: 'Ready' | 'Stopped';
  /** Why the cluster as it is takes no such action. */
  readonly refusal?: (cluster: Resource) => string | undefined;
  /** What else it changes. */
  readonly becomes?: (cluster: Resource) => Resource;
}

const ACTIONS: readonly Action[] = [
  { name: 'restart', underWay: 'Restarting', ends: 'Ready', refusal: stoppedRefusal },
  { name: 'stop', underWay: 'Stopping', ends: 'Stopped' },
  { name: 'start', underWay: 'Starting', ends: 'Ready' },
  {
    name: 'promote',
    underWay: 'Updating',
    ends: 'Ready',
    refusal: (cluster) =>
      originOf(cluster) === 'source' ? undefined : `The cluster '${cluster.name}' is no read replica.`,
    becomes: (cluster) => ({
      ...cluster,
      properties: ['sourceResourceId', 'sourceLocation'].reduce(without, cluster.properties),
    }),
  },
];

/** What happens to a cluster as a whole: restart, stop, start, and a read replica that follows its source no longer. */
export function postgresqlActionRoutes(store: ResourceStore, operations: Operations): Route[] {
  const clusters = clustersIn(store);
  return ACTIONS.map((action) =>
    clusters.route(
      'POST',
      (request: ArmRequest) => {
        const cluster = clusters.require(request);
        const refused = action.refusal?.(cluster);
        if (refused !== undefined) throw badRequest(refused);
        const change = {
          resourceId: cluster.id,
          meanwhile: inState(cluster, action.underWay),
          becomes: inState(action.becomes?.(cluster) ?? cluster, action.ends),
        };
        const { status, headers = {} } = operations.begin(request, change, 202);
        return { status, headers };
      },
      `/${action.name}`,
    ),
  );
}

/** @throws ArmError 409 for a cluster that is stopped, which nobody can change before it is started */
export function requireStarted(cluster: Resource): void {
  const refused = stoppedRefusal(cluster);
  if (refused !== undefined) throw new ArmError(409, 'ServerGroupStopped', refused);
}

function stoppedRefusal({ name, properties }: Resource): string | undefined {
  return properties['state'] === 'Stopped' ? `The cluster '${name}' is stopped: start it first.` : undefined;
}

function inState(cluster: Resource, state: string): Resource {
  return { ...cluster, properties: { ...cluster.properties, state } };
}

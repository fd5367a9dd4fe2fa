import type { ArmRequest } from '../arm/arm';
import { ArmError, objectAt, textAt } from '../arm/arm';
import { clusterSizeOf, flexibleServersIn } from '../arm/flexible-server-parts';
import type { Operations } from '../arm/operations';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { badRequest } from '../arm/values';
import { afterRestart } from './server-configurations';
import type { ServerState } from './server-states';
import { inState, serverBusy } from './server-states';

interface Action {
  readonly name: string;
  /** The state that a server has to be in. */
  readonly from: ServerState;
  /** State of the server while it is under way. */
  readonly underWay: ServerState;
  /** State of the server afterwards. */
  readonly ends: ServerState;
}

const ACTIONS: readonly Action[] = [
  { name: 'restart', from: 'Ready', underWay: 'Restarting', ends: 'Ready' },
  { name: 'stop', from: 'Ready', underWay: 'Stopping', ends: 'Stopped' },
  { name: 'start', from: 'Stopped', underWay: 'Starting', ends: 'Ready' },
];

/** What happens to a server as a whole, every node of an elastic cluster included: restart, stop, start. */
export function flexibleServerActionRoutes(store: ResourceStore, operations: Operations): Route[] {
  const servers = flexibleServersIn(store);
  return ACTIONS.map(({ name, from, underWay, ends }) =>
    servers.route(
      'POST',
      (request: ArmRequest) => {
        const server = servers.require(request);
        const state = textAt(server.properties, 'state');
        if (state !== from) throw notReady(server, name, from);
        refuseFailover(server, request);
        const change = {
          resourceId: server.id,
          meanwhile: inState(server, underWay),
          becomes: inState(server, ends),
          // Starting reads every parameter again, as restarting does.
          brings: ends === 'Ready' ? afterRestart(store, server) : [],
        };
        return operations.begin(request, change, 202, { shown: null, busy: serverBusy(server) });
      },
      `/${name}`,
    ),
  );
}

function notReady(server: Resource, action: string, wanted: ServerState): ArmError {
  return new ArmError(
    409,
    'ServerIsNotReady',
    `The action ${action} can be performed on a server in the state ${wanted} alone. Server name = ${server.name}, current server state = ${textAt(server.properties, 'state')}.`,
  );
}

/** @throws ArmError 400 where a restart asks for a failover that there is not */
function refuseFailover(server: Resource, { body = {} }: ArmRequest): void {
  if (body['restartWithFailover'] !== true) return;
  if (textAt(body, 'failoverMode').startsWith('Planned') && clusterSizeOf(server) !== undefined) {
    throw badRequest('A planned failover is not available to elastic clusters.');
  }
  const { mode } = objectAt(server.properties, 'highAvailability');
  if (mode === 'Disabled') throw badRequest('A failover needs high availability, which the server has not.');
}

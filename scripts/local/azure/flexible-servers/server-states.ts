import { ArmError, textAt } from '../arm/arm';
import { flexibleServersIn } from '../arm/flexible-server-parts';
import type { ArmRequest } from '../arm/arm';
import type { Resource, ResourceStore } from '../arm/store';

/** The state that a server tells of itself: `Ready`, `Stopped`, or what is being done to it. */
export type ServerState =
  'Ready' | 'Stopped' | 'Provisioning' | 'Updating' | 'Starting' | 'Stopping' | 'Restarting';

/** The server in a state. */
export function inState(server: Resource, state: ServerState): Resource {
  return { ...server, properties: { ...server.properties, state } };
}

/** @throws ArmError 409 for a server that is stopped: nothing of it can be changed before it is started */
export function requireStarted(server: Resource): void {
  const state = textAt(server.properties, 'state');
  if (state !== 'Stopped') return;
  throw new ArmError(
    409,
    'ServerIsNotReady',
    `The operation cannot be performed on the server '${server.name}', which is in the state ${state}: start it first.`,
  );
}

/** The server that a request is about, or about a part of. @throws ArmError 404, or 409 where it is stopped */
export function startedServer(store: ResourceStore, request: ArmRequest): Resource {
  const server = flexibleServersIn(store).require(request);
  requireStarted(server);
  return server;
}

/** How the service refuses what comes while it works on a server. */
export function serverBusy({ name }: Resource): () => ArmError {
  return () =>
    new ArmError(
      409,
      'ServerIsBusy',
      `Cannot complete operation while server '${name}' is busy processing another operation. Try again later.`,
    );
}

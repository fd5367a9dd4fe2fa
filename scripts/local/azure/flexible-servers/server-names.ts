import type { ArmRequest, JsonObject } from '../arm/arm';
import { textAt } from '../arm/arm';
import { resourcesOf } from '../arm/checks';
import {
  FLEXIBLE_SERVER_API_VERSIONS,
  FLEXIBLE_SERVER_TYPE,
  fullyQualifiedDomainNameOf,
} from '../arm/flexible-server-parts';
import { ok } from '../arm/resource-type';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { badRequest, same } from '../arm/values';
import { serverNameRefusal } from './server-rules';

const PROVIDER = '/subscriptions/{subscription}/providers/Microsoft.DBforPostgreSQL';

/** Asks whether a server's name is still to be had, in all of Azure or in one region: names are unique in all of it. */
export function flexibleServerNameRoutes(store: ResourceStore, takenNames: readonly string[]): Route[] {
  return [`${PROVIDER}/checkNameAvailability`, `${PROVIDER}/locations/{location}/checkNameAvailability`].map(
    (pattern): Route => ({
      method: 'POST',
      pattern,
      apiVersions: FLEXIBLE_SERVER_API_VERSIONS,
      handle: (request) => ok(availability(store, takenNames, request)),
    }),
  );
}

/** Whether another server than the one with this id has a name. */
export function isTaken(
  store: ResourceStore,
  takenNames: readonly string[],
  name: string,
  id?: string,
): boolean {
  return (
    takenNames.includes(name) ||
    resourcesOf(store, FLEXIBLE_SERVER_TYPE).some((other) => other.name === name && !same(other.id, id ?? ''))
  );
}

function availability(store: ResourceStore, takenNames: readonly string[], request: ArmRequest): JsonObject {
  const { body = {} } = request;
  const name = textAt(body, 'name');
  if (name === '' || !same(textAt(body, 'type'), FLEXIBLE_SERVER_TYPE)) {
    throw badRequest(`The request needs a name, and the type ${FLEXIBLE_SERVER_TYPE}.`);
  }
  const about = { name, type: FLEXIBLE_SERVER_TYPE };
  const invalid = serverNameRefusal(name);
  if (invalid !== undefined) {
    return { nameAvailable: false, reason: 'Invalid', message: invalid, ...about };
  }
  if (!isTaken(store, takenNames, name)) return { nameAvailable: true, message: '', ...about };
  const message = `Specified server name '${name}' is already used.`;
  return { nameAvailable: false, reason: 'AlreadyExists', message, ...about };
}

/** The server that clients reach by a name. */
export function serverNamed(store: ResourceStore, fullyQualifiedDomainName: string): Resource | undefined {
  return resourcesOf(store, FLEXIBLE_SERVER_TYPE).find((server) =>
    same(fullyQualifiedDomainNameOf(server), fullyQualifiedDomainName),
  );
}

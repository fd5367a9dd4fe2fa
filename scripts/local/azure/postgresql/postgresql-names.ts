import type { ArmRequest, JsonObject } from '../arm/arm';
import { textAt } from '../arm/arm';
import { resourcesOf } from '../arm/checks';
import { CLUSTER_API_VERSIONS, CLUSTER_TYPE } from '../arm/postgresql-parts';
import { ok } from '../arm/resource-type';
import type { Route } from '../arm/router';
import type { ResourceStore } from '../arm/store';
import { badRequest, same } from '../arm/values';
import { clusterNameRefusal } from './postgresql-rules';

/** Asks whether a cluster's name is still to be had: names are unique in all of Azure. */
export function clusterNameRoutes(store: ResourceStore, takenNames: readonly string[]): Route[] {
  return [
    {
      method: 'POST',
      pattern: '/subscriptions/{subscription}/providers/Microsoft.DBforPostgreSQL/checkNameAvailability',
      apiVersions: CLUSTER_API_VERSIONS,
      handle: (request) => ok(availability(store, takenNames, request)),
    },
  ];
}

/** Why a name cannot be given to the cluster with this id; undefined where it is free. */
export function takenRefusal(
  store: ResourceStore,
  takenNames: readonly string[],
  name: string,
  id?: string,
): string | undefined {
  const isTaken =
    takenNames.includes(name) ||
    resourcesOf(store, CLUSTER_TYPE).some((other) => other.name === name && !same(other.id, id ?? ''));
  return isTaken
    ? `The cluster name '${name}' is already in use: names are unique in all of Azure.`
    : undefined;
}

function availability(store: ResourceStore, takenNames: readonly string[], request: ArmRequest): JsonObject {
  const { body = {} } = request;
  const name = textAt(body, 'name');
  if (name === '' || !same(textAt(body, 'type'), CLUSTER_TYPE)) {
    throw badRequest(`The request needs a name, and the type ${CLUSTER_TYPE}.`);
  }
  const message = clusterNameRefusal(name) ?? takenRefusal(store, takenNames, name) ?? '';
  return { nameAvailable: message === '', message, name, type: CLUSTER_TYPE };
}

import type { Surroundings } from '../arm/surroundings';
import type { Route } from '../arm/router';
import type { ResourceStore } from '../arm/store';
import type { Operations } from '../arm/operations';
import { privateDnsRoutes } from './private-dns';
import { privateEndpointRoutes } from './private-endpoints';

/** Microsoft.Network, as far as reaching a cluster privately needs it. */
export function networkRoutes(
  store: ResourceStore,
  operations: Operations,
  surroundings: Surroundings,
): Route[] {
  return [
    ...privateDnsRoutes(store, operations, surroundings),
    ...privateEndpointRoutes(store, operations, surroundings),
  ];
}

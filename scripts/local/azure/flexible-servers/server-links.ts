import type { ArmRequest, JsonObject } from '../arm/arm';
import { textAt } from '../arm/arm';
import { FLEXIBLE_SERVER_TYPE, flexibleServerPartsIn, flexibleServersIn } from '../arm/flexible-server-parts';
import { FLEXIBLE_SERVER_SUBRESOURCE } from '../arm/private-link-targets';
import { ok } from '../arm/resource-type';
import type { Route } from '../arm/router';
import type { ResourceStore } from '../arm/store';
import { notFound, same } from '../arm/values';
import { privateEndpointConnections } from '../network/private-endpoints';

const LINKS = 'privateLinkResources';
const CONNECTIONS = 'privateEndpointConnections';

/** What a private endpoint can lead to, and those that do. Endpoints are made and deleted as endpoints, not here. */
export function flexibleServerLinkRoutes(store: ResourceStore): Route[] {
  const servers = flexibleServersIn(store);
  return [
    ...partRoutes(store, LINKS, (request) => {
      const { id } = servers.require(request);
      return [
        {
          id: `${id}/${LINKS}/${FLEXIBLE_SERVER_SUBRESOURCE}`,
          name: FLEXIBLE_SERVER_SUBRESOURCE,
          type: `${FLEXIBLE_SERVER_TYPE}/${LINKS}`,
          properties: {
            groupId: FLEXIBLE_SERVER_SUBRESOURCE,
            requiredMembers: [FLEXIBLE_SERVER_SUBRESOURCE],
            requiredZoneNames: ['privatelink.postgres.database.azure.com'],
          },
        },
      ];
    }),
    ...partRoutes(store, CONNECTIONS, (request) =>
      privateEndpointConnections(store, servers.require(request)),
    ),
  ];
}

/** Reads parts that follow from the server, one or all of them. */
function partRoutes(store: ResourceStore, kind: string, all: (request: ArmRequest) => JsonObject[]): Route[] {
  const parts = flexibleServerPartsIn(store, kind);
  return [
    parts.listing((request) => ok({ value: all(request) })),
    parts.route('GET', (request) => {
      const name = parts.nameOf(request);
      const found = all(request).find((each) => same(textAt(each, 'name'), name));
      if (found === undefined) throw notFound(`${FLEXIBLE_SERVER_TYPE}/${kind}`, name);
      return ok(found);
    }),
  ];
}

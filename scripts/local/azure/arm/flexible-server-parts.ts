import type { JsonObject } from './arm';
import { objectAt, textAt } from './arm';
import { requireGroup } from './resources';
import { ResourceType } from './resource-type';
import type { Resource, ResourceStore } from './store';

/** Resource type of a flexible server, which an elastic cluster is as well. */
export const FLEXIBLE_SERVER_TYPE = 'Microsoft.DBforPostgreSQL/flexibleServers';
export const FLEXIBLE_SERVER_API_VERSIONS = ['2025-08-01'];

const SERVER = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${FLEXIBLE_SERVER_TYPE}/{server}`;
const apiVersions = FLEXIBLE_SERVER_API_VERSIONS;

/** The flexible servers of a store. @param shown a server as a client sees it; by default as it is stored */
export function flexibleServersIn(
  store: ResourceStore,
  shown?: (server: Resource) => JsonObject,
): ResourceType {
  return new ResourceType(store, {
    ...(shown === undefined ? {} : { shown }),
    type: FLEXIBLE_SERVER_TYPE,
    pattern: SERVER,
    apiVersions,
    hasSystemData: true,
    goes: (server) => ({ ...server, properties: { ...server.properties, state: 'Dropping' } }),
    parent: (request) => requireGroup(store, request),
  });
}

/** The parts of flexible servers that are called `kind`, such as `firewallRules`. */
export function flexibleServerPartsIn(store: ResourceStore, kind: string): ResourceType {
  return new ResourceType(store, {
    type: `${FLEXIBLE_SERVER_TYPE}/${kind}`,
    pattern: `${SERVER}/${kind}/{part}`,
    apiVersions,
    parent: (request) => flexibleServersIn(store).require(request),
  });
}

/** Nodes of an elastic cluster; undefined for a server that is none. */
export function clusterSizeOf({ properties }: Resource): number | undefined {
  const { clusterSize } = objectAt(properties, 'cluster');
  return typeof clusterSize === 'number' ? clusterSize : undefined;
}

/** The one name that clients connect to: every node of an elastic cluster is behind it, on ports of its own. */
export function fullyQualifiedDomainNameOf({ properties }: Resource): string {
  return textAt(properties, 'fullyQualifiedDomainName');
}

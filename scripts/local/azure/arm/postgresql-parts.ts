import type { JsonObject } from './arm';
import { isJsonObject, textAt } from './arm';
import { requireGroup } from './resources';
import { ResourceType } from './resource-type';
import type { Resource, ResourceStore } from './store';

/** Resource type of a cluster. */
export const CLUSTER_TYPE = 'Microsoft.DBforPostgreSQL/serverGroupsv2';

const CLUSTER = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${CLUSTER_TYPE}/{cluster}`;
export const CLUSTER_API_VERSIONS = ['2022-11-08'];
const apiVersions = CLUSTER_API_VERSIONS;

/** The clusters of a store. @param shown a cluster as a client sees it; by default as it is stored */
export function clustersIn(store: ResourceStore, shown?: (cluster: Resource) => JsonObject): ResourceType {
  return new ResourceType(store, {
    ...(shown === undefined ? {} : { shown }),
    type: CLUSTER_TYPE,
    pattern: CLUSTER,
    apiVersions,
    hasSystemData: true,
    goes: (cluster) => ({
      ...cluster,
      properties: { ...cluster.properties, provisioningState: 'Dropping', state: 'Dropping' },
    }),
    parent: (request) => requireGroup(store, request),
  });
}

/** The parts of clusters that are called `kind`, such as `roles`; the last segment of their address is their name. */
export function clusterPartsIn(store: ResourceStore, kind: string): ResourceType {
  return new ResourceType(store, {
    type: `${CLUSTER_TYPE}/${kind}`,
    pattern: `${CLUSTER}/${kind}/{part}`,
    apiVersions,
    hasSystemData: true,
    parent: (request) => clustersIn(store).require(request),
  });
}

/** A server of a cluster: the coordinator first, then the workers in their order. */
export interface ServerName {
  /** What a private endpoint calls it: `coordinator`, `worker-0`, `worker-1` and so on. */
  readonly subresource: string;
  readonly fullyQualifiedDomainName: string;
}

/** The servers of a cluster as it is now; empty until it has been provisioned. */
export function serverNamesOf(cluster: Resource): ServerName[] {
  const { serverNames } = cluster.properties;
  if (!Array.isArray(serverNames)) return [];
  return serverNames.filter(isJsonObject).map((server: JsonObject, index) => ({
    subresource: index === 0 ? 'coordinator' : `worker-${String(index - 1)}`,
    fullyQualifiedDomainName: textAt(server, 'fullyQualifiedDomainName'),
  }));
}

/** How many workers a cluster has. */
export function workerCountOf({ properties }: Resource): number {
  return typeof properties['nodeCount'] === 'number' ? properties['nodeCount'] : 0;
}

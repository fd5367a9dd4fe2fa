import type { ArmRequest, JsonObject } from './arm';
import { ArmError, isJsonObject, param, textAt } from './arm';
import type { Resource, ResourceStore } from './store';
import { groupId, requireGroup } from './resources';

/** Resource type of a cluster. */
export const CLUSTER_TYPE = 'Microsoft.DBforPostgreSQL/serverGroupsv2';

/** Address of a cluster; what is below it are its parts. */
export const CLUSTER_PATTERN = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${CLUSTER_TYPE}/{cluster}`;

export const CLUSTER_API_VERSIONS = ['2022-11-08'];

/** The cluster that the address of a part lies in. @throws ArmError 404 where there is none */
export function clusterOf(store: ResourceStore, request: ArmRequest): Resource {
  const { id } = requireGroup(store, request);
  const cluster = store.get(`${id}/providers/${CLUSTER_TYPE}/${param(request, 'cluster')}`);
  if (cluster !== undefined) return cluster;
  throw new ArmError(
    404,
    'ResourceNotFound',
    `The Resource '${CLUSTER_TYPE}/${param(request, 'cluster')}' under resource group '${param(request, 'group')}' was not found.`,
  );
}

/** Id of the cluster that the address of a part lies in, spelled as the client spelled it. */
export function clusterIdOf(request: ArmRequest): string {
  return `${groupId(request)}/providers/${CLUSTER_TYPE}/${param(request, 'cluster')}`;
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

import type { JsonObject } from '../arm/arm';
import { param, textAt } from '../arm/arm';
import { resourcesOf } from '../arm/checks';
import {
  CLUSTER_TYPE,
  clusterPartsIn,
  clustersIn,
  serverNamesOf,
  workerCountOf,
} from '../arm/postgresql-parts';
import { ok } from '../arm/resource-type';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { notFound } from '../arm/values';
import { originOf } from './postgresql-copies';
import { configurationsOfServer } from './postgresql-configurations';

const SERVER_TYPE = `${CLUSTER_TYPE}/servers`;
const LINK_TYPE = `${CLUSTER_TYPE}/privateLinkResources`;

/** The nodes of a cluster, and what a private endpoint can lead to: both follow from the cluster, and only it changes. */
export function postgresqlServerRoutes(store: ResourceStore): Route[] {
  const serverType = clusterPartsIn(store, 'servers');
  const linkType = clusterPartsIn(store, 'privateLinkResources');
  const clusters = clustersIn(store);
  return [
    serverType.listing((request) => ok({ value: servers(clusters.require(request)) })),
    serverType.route('GET', (request) =>
      ok(named(servers(clusters.require(request)), SERVER_TYPE, serverType.nameOf(request))),
    ),
    serverType.route(
      'GET',
      (request) => {
        const cluster = clusters.require(request);
        const server = named(servers(cluster), SERVER_TYPE, param(request, 'part'));
        return ok({ value: configurationsOfServer(store, cluster, server) });
      },
      '/configurations',
    ),
    linkType.listing((request) => ok({ value: linkResources(clusters.require(request)) })),
    linkType.route('GET', (request) =>
      ok(named(linkResources(clusters.require(request)), LINK_TYPE, linkType.nameOf(request))),
    ),
  ];
}

/** Names of the coordinator and the workers. They stay while the cluster does. */
export function serverNames(cluster: Resource): JsonObject[] {
  const domainLabel = textAt(cluster.hidden ?? {}, 'domainLabel');
  const workers = Array.from({ length: workerCountOf(cluster) }, (_, index) => `w${String(index)}`);
  return ['c', ...workers].map((node) => ({
    name: `${cluster.name}-${node}`,
    fullyQualifiedDomainName: `${node}-${cluster.name}.${domainLabel}.postgres.cosmos.azure.com`,
  }));
}

/** The cluster that a server's name belongs to, and which of its nodes that is: `c`, `w0`, `w1`, ... */
export function clusterOfServer(
  store: ResourceStore,
  fullyQualifiedDomainName: string,
): { readonly clusterId: string; readonly node: string } | undefined {
  for (const cluster of resourcesOf(store, CLUSTER_TYPE)) {
    const found = serverNames(cluster).find(
      (server) => server['fullyQualifiedDomainName'] === fullyQualifiedDomainName.toLowerCase(),
    );
    if (found === undefined) continue;
    return { clusterId: cluster.id, node: textAt(found, 'name').slice(cluster.name.length + 1) };
  }
  return undefined;
}

function servers(cluster: Resource): JsonObject[] {
  const { properties } = cluster;
  return serverNames(cluster).map((server, index) => {
    const kind = index === 0 ? 'coordinator' : 'node';
    return {
      id: `${cluster.id}/servers/${textAt(server, 'name')}`,
      name: server['name'],
      type: SERVER_TYPE,
      ...systemDataOf(cluster),
      properties: {
        role: index === 0 ? 'Coordinator' : 'Worker',
        fullyQualifiedDomainName: server['fullyQualifiedDomainName'],
        serverEdition: properties[`${kind}ServerEdition`],
        storageQuotaInMb: properties[`${kind}StorageQuotaInMb`],
        vCores: properties[`${kind}VCores`],
        enablePublicIpAccess: properties[`${kind}EnablePublicIpAccess`],
        administratorLogin: properties['administratorLogin'],
        availabilityZone: properties['preferredPrimaryZone'] ?? '1',
        enableHa: properties['enableHa'],
        haState: properties['enableHa'] === true ? 'Healthy' : 'NotEnabled',
        isReadOnly: originOf(cluster) === 'source',
        postgresqlVersion: properties['postgresqlVersion'],
        citusVersion: properties['citusVersion'],
        state: properties['state'],
      },
    };
  });
}

function linkResources(cluster: Resource): JsonObject[] {
  return serverNamesOf(cluster).map(({ subresource }) => ({
    id: `${cluster.id}/privateLinkResources/${subresource}`,
    name: subresource,
    type: LINK_TYPE,
    ...systemDataOf(cluster),
    properties: {
      groupId: subresource,
      requiredMembers: [subresource],
      requiredZoneNames: ['privatelink.postgres.cosmos.azure.com'],
    },
  }));
}

function systemDataOf({ systemData }: Resource): JsonObject {
  return systemData === undefined ? {} : { systemData };
}

/** @throws ArmError 404 */
function named(all: readonly JsonObject[], type: string, name: string): JsonObject {
  const found = all.find((each) => textAt(each, 'name').toLowerCase() === name.toLowerCase());
  if (found === undefined) throw notFound(type, name);
  return found;
}

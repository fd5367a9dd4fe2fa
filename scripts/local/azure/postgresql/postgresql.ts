import { randomInt } from 'node:crypto';
import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, textAt, without } from '../arm/arm';
import { locationOf, resourcesOf } from '../arm/checks';
import type { Operations } from '../arm/operations';
import { CLUSTER_TYPE, clusterPartsIn, clustersIn } from '../arm/postgresql-parts';
import type { ResourceType } from '../arm/resource-type';
import { ok } from '../arm/resource-type';
import { requireGroup } from '../arm/resources';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import { badRequest, notFound, same } from '../arm/values';
import { privateEndpointConnections } from '../network/private-endpoints';
import { clusterNameRoutes, takenRefusal } from './postgresql-names';
import { inherited, readReplicasOf, sourceOf, withoutZeroes } from './postgresql-copies';
import type { ClusterSettings } from './postgresql-rules';
import { clusterNameRefusal, passwordRefusal, refusal } from './postgresql-rules';

/** Written once and never given back, by the service as by the stand-in: it is not even stored. */
const PASSWORD = 'administratorLoginPassword';

/**
 * What becomes of a request for a cluster that is neither a restore nor a replica. Azure refuses it on every
 * subscription since 30 March 2026.
 */
export type NewClusters = 'refused' | 'accepted';

export interface PostgresqlOptions {
  /** Cluster names that somebody else has. */
  readonly takenNames: readonly string[];
  /** Asked at every such request. */
  readonly newClusters: () => NewClusters;
}

/** Azure's words as far as they are known; it publishes no code for them. */
const RETIRED =
  'Provisioning new Azure Cosmos DB for PostgreSQL clusters is no longer supported as part of service retirement. Point-in-time restore and read replica operations remain available for existing clusters.';

/** Microsoft.DBforPostgreSQL: Azure Cosmos DB for PostgreSQL clusters, their servers and firewall rules. */
export function postgresqlRoutes(
  store: ResourceStore,
  operations: Operations,
  options: PostgresqlOptions,
): Route[] {
  const clusters = clustersIn(store, (cluster) => representation(withRelations(store, cluster)));
  return [
    clusters.reading(),
    clusters.listingBelow((request) => requireGroup(store, request)),
    clusters.listingInSubscription(),
    ...clusterNameRoutes(store, options.takenNames),
    clusters.route('PUT', (request) => createOrUpdate(store, operations, request, options)),
    clusters.route('PATCH', (request) => {
      const existing = clusters.require(request);
      const becomes = changed(existing, request);
      const meanwhile = underWay(existing, 'Updating');
      return operations.begin(request, { resourceId: existing.id, meanwhile, becomes }, 202);
    }),
    clusters.deletingSlowly(operations),
    ...firewallRuleRoutes(store, operations, clusters),
    ...connectionRoutes(store),
    clusters.route('GET', (request) => ok({ value: servers(clusters.require(request)) }), '/servers'),
  ];
}

function createOrUpdate(
  store: ResourceStore,
  operations: Operations,
  request: ArmRequest,
  options: PostgresqlOptions,
): ArmResponse {
  requireGroup(store, request);
  const existing = clustersIn(store).find(request);
  const becomes = existing === undefined ? created(store, request, options) : changed(existing, request);
  const meanwhile = underWay(existing ?? becomes, existing === undefined ? 'Provisioning' : 'Updating');
  const status = existing === undefined ? 201 : 200;
  return operations.begin(request, { resourceId: becomes.id, meanwhile, becomes }, status);
}

function firewallRuleRoutes(store: ResourceStore, operations: Operations, clusters: ResourceType): Route[] {
  const rules = clusterPartsIn(store, 'firewallRules');
  return [
    rules.reading(),
    rules.listingBelow((request) => clusters.require(request)),
    rules.route('PUT', (request) => {
      const cluster = clusters.require(request);
      const { startIpAddress, endIpAddress } = objectAt(request.body, 'properties');
      if (typeof startIpAddress !== 'string' || typeof endIpAddress !== 'string') {
        throw badRequest('A firewall rule needs a startIpAddress and an endIpAddress.');
      }
      const rule = (provisioningState: string): Resource =>
        rules.resource(request, { properties: { startIpAddress, endIpAddress, provisioningState } });
      return operations.beginPut(request, rule, { underWay: 'InProgress', whole: cluster.id });
    }),
    rules.deletingSlowly(operations, undefined, (request) => clusters.idOf(request)),
  ];
}

/** The private endpoints that lead to a cluster. They are made and deleted as endpoints, not here. */
function connectionRoutes(store: ResourceStore): Route[] {
  const connections = clusterPartsIn(store, 'privateEndpointConnections');
  const of = (request: ArmRequest): JsonObject[] =>
    privateEndpointConnections(store, clustersIn(store).require(request).id);
  return [
    connections.listing((request) => ok({ value: of(request) })),
    connections.route('GET', (request) => {
      const name = connections.nameOf(request);
      const found = of(request).find((connection) => same(textAt(connection, 'name'), name));
      if (found === undefined) throw notFound(`${CLUSTER_TYPE}/privateEndpointConnections`, name);
      return ok(found);
    }),
  ];
}

/** What the service fills in where a new cluster's description is silent. */
function defaults(properties: JsonObject): JsonObject {
  return {
    administratorLogin: 'citus',
    citusVersion: '12.1',
    coordinatorEnablePublicIpAccess: true,
    coordinatorServerEdition: 'GeneralPurpose',
    enableHa: false,
    // A lone node has to hold the shards; beside workers the coordinator holds none unless asked to.
    enableShardsOnCoordinator: properties['nodeCount'] === 0,
    maintenanceWindow: { customWindow: 'Disabled', dayOfWeek: 0, startHour: 0, startMinute: 0 },
    nodeEnablePublicIpAccess: false,
    nodeServerEdition: 'MemoryOptimized',
    nodeStorageQuotaInMb: 524_288,
    nodeVCores: 4,
    postgresqlVersion: '16',
    privateEndpointConnections: [],
  };
}

function created(store: ResourceStore, request: ArmRequest, options: PostgresqlOptions): Resource {
  const clusters = clustersIn(store);
  const name = clusters.nameOf(request);
  const location = locationOf(request);
  const asked = objectAt(request.body, 'properties');
  const source = sourceOf(store, asked);
  if (source === undefined && options.newClusters() === 'refused') throw badRequest(RETIRED);
  // A copy brings its login along, and the provider sends zeroes for the sizes that nobody set.
  const wanted = source === undefined ? asked : withoutZeroes(asked);
  const refused =
    clusterNameRefusal(name) ?? (source === undefined ? passwordRefusal(wanted[PASSWORD]) : undefined);
  if (refused !== undefined) throw badRequest(refused);
  const taken = takenRefusal(store, options.takenNames, name, clusters.idOf(request));
  if (taken !== undefined) throw new ArmError(409, 'ServerGroupNameNotAvailable', taken);
  const cluster = clusters.resource(request, {
    location,
    tags: objectAt(request.body, 'tags'),
    properties: {
      ...defaults(wanted),
      ...(source === undefined ? {} : inherited(source)),
      ...without(wanted, PASSWORD),
      earliestRestoreTime: new Date().toISOString(),
    },
    // Fixed when the cluster is made, known to nobody before.
    hidden: { domainLabel: Array.from({ length: 14 }, () => randomInt(36).toString(36)).join('') },
  });
  return checked(undefined, cluster);
}

/** The cluster with what others are to it, which is known from them. */
function withRelations(store: ResourceStore, cluster: Resource): Resource {
  return {
    ...cluster,
    properties: {
      ...cluster.properties,
      readReplicas: readReplicasOf(store, cluster),
      privateEndpointConnections: privateEndpointConnections(store, cluster.id),
    },
  };
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

function changed(existing: Resource, request: ArmRequest): Resource {
  const wanted = objectAt(request.body, 'properties');
  const location = request.body?.['location'];
  if (typeof location === 'string' && location !== existing.location) {
    throw new ArmError(
      409,
      'InvalidResourceLocation',
      `The cluster '${existing.name}' exists in ${existing.location ?? '?'} and cannot be moved to ${location}.`,
    );
  }
  const refused = wanted[PASSWORD] === undefined ? undefined : passwordRefusal(wanted[PASSWORD]);
  if (refused !== undefined) throw badRequest(refused);
  return checked(existing, {
    ...existing,
    ...(request.body?.['tags'] === undefined ? {} : { tags: objectAt(request.body, 'tags') }),
    properties: { ...existing.properties, ...without(wanted, PASSWORD) },
  });
}

/** The cluster with everything the service derives, if the service allows it. */
function checked(before: Resource | undefined, after: Resource): Resource {
  const refused = refusal(settings(after), before && settings(before));
  if (refused !== undefined) throw badRequest(refused);
  return {
    ...after,
    properties: {
      ...after.properties,
      serverNames: serverNames(after),
      provisioningState: 'Succeeded',
      state: 'Ready',
    },
  };
}

function serverNames(cluster: Resource): JsonObject[] {
  const domainLabel = textAt(cluster.hidden ?? {}, 'domainLabel');
  const workers = Array.from({ length: settings(cluster).nodeCount }, (_, index) => `w${String(index)}`);
  return ['c', ...workers].map((node) => ({
    name: `${cluster.name}-${node}`,
    fullyQualifiedDomainName: `${node}-${cluster.name}.${domainLabel}.postgres.cosmos.azure.com`,
  }));
}

function servers(cluster: Resource): JsonObject[] {
  const { properties } = cluster;
  return serverNames(cluster).map((server, index) => ({
    id: `${cluster.id}/servers/${textAt(server, 'name')}`,
    name: server['name'],
    type: `${CLUSTER_TYPE}/servers`,
    properties: {
      role: index === 0 ? 'Coordinator' : 'Worker',
      fullyQualifiedDomainName: server['fullyQualifiedDomainName'],
      serverEdition: properties[index === 0 ? 'coordinatorServerEdition' : 'nodeServerEdition'],
      storageQuotaInMb: properties[index === 0 ? 'coordinatorStorageQuotaInMb' : 'nodeStorageQuotaInMb'],
      vCores: properties[index === 0 ? 'coordinatorVCores' : 'nodeVCores'],
      postgresqlVersion: properties['postgresqlVersion'],
      citusVersion: properties['citusVersion'],
      state: 'Ready',
    },
  }));
}

/** The numbers of a cluster that the rules judge. @throws ArmError 400 where one is not a number */
function settings({ properties }: Resource): ClusterSettings {
  const number = (name: string): number => {
    const value = properties[name];
    if (typeof value !== 'number') throw badRequest(`The property '${name}' is required and is a number.`);
    return value;
  };
  return {
    nodeCount: number('nodeCount'),
    nodeVCores: number('nodeVCores'),
    nodeStorageQuotaInMb: number('nodeStorageQuotaInMb'),
    coordinatorVCores: number('coordinatorVCores'),
    coordinatorStorageQuotaInMb: number('coordinatorStorageQuotaInMb'),
    postgresqlVersion: textAt(properties, 'postgresqlVersion'),
    coordinatorServerEdition: textAt(properties, 'coordinatorServerEdition'),
    enableHa: properties['enableHa'] === true,
  };
}

function underWay(cluster: Resource, state: 'Provisioning' | 'Updating'): Resource {
  return { ...cluster, properties: { ...cluster.properties, provisioningState: 'InProgress', state } };
}

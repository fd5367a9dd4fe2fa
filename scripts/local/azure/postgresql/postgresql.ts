import { randomInt } from 'node:crypto';
import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, textAt, without } from '../arm/arm';
import type { Operations } from '../arm/operations';
import { CLUSTER_TYPE, clusterPartsIn, clustersIn } from '../arm/postgresql-parts';
import { ok, touched } from '../arm/resource-type';
import { requireGroup } from '../arm/resources';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import { badRequest, notFound, same } from '../arm/values';
import { privateEndpointConnections } from '../network/private-endpoints';
import { requireStarted } from './postgresql-actions';
import { serverNames } from './postgresql-servers';
import { clusterNameRoutes, takenRefusal } from './postgresql-names';
import { merged } from '../arm/stated-properties';
import { PASSWORD, statedProperties } from './cluster-properties';
import { copied, copiedRoles, originOf, readReplicasOf, sourceOf } from './postgresql-copies';
import type { ClusterSettings } from './postgresql-rules';
import { clusterNameRefusal, passwordRefusal, refusal } from './postgresql-rules';
import { newestCitus, REGIONS, REGIONS_WITHOUT_ZONES } from './service-facts';
import { locationOf, placeOf } from '../arm/locations';
import { tagsOf } from '../arm/tags';

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
  const clusters = clustersIn(store, (cluster) => described(store, cluster));
  return [
    clusters.reading(),
    clusters.listingBelow((request) => requireGroup(store, request)),
    clusters.listingInSubscription(),
    ...clusterNameRoutes(store, options.takenNames),
    clusters.route('PUT', (request) => createOrUpdate(store, operations, request, options)),
    clusters.route('PATCH', (request) => update(store, operations, request, 202)),
    clusters.deletingSlowly(operations),
    ...connectionRoutes(store),
  ];
}

function createOrUpdate(
  store: ResourceStore,
  operations: Operations,
  request: ArmRequest,
  options: PostgresqlOptions,
): ArmResponse {
  requireGroup(store, request);
  if (clustersIn(store).find(request) !== undefined) return update(store, operations, request, 200);
  const { cluster, brings } = created(store, request, options);
  const result = described(store, cluster);
  const change = { resourceId: cluster.id, meanwhile: underWay(cluster), becomes: cluster, brings, result };
  return operations.begin(request, change, 201, { shown: (each) => described(store, each) });
}

function update(
  store: ResourceStore,
  operations: Operations,
  request: ArmRequest,
  status: 200 | 202,
): ArmResponse {
  const existing = clustersIn(store).require(request);
  requireStarted(existing);
  const becomes = changed(existing, request);
  const result = described(store, becomes);
  const change = { resourceId: existing.id, meanwhile: underWay(becomes), becomes, result };
  return operations.begin(request, change, status, { shown: (each) => described(store, each) });
}

/** The private endpoints that lead to a cluster. They are made and deleted as endpoints, not here. */
function connectionRoutes(store: ResourceStore): Route[] {
  const connections = clusterPartsIn(store, 'privateEndpointConnections');
  const of = (request: ArmRequest): JsonObject[] =>
    privateEndpointConnections(store, clustersIn(store).require(request));
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
function defaults(stated: JsonObject): JsonObject {
  const postgresqlVersion = textAt(stated, 'postgresqlVersion') || '16';
  const workers = stated['nodeCount'] === 0 ? MIRRORED : [];
  return {
    administratorLogin: 'citus',
    citusVersion: newestCitus(postgresqlVersion) ?? '',
    coordinatorEnablePublicIpAccess: true,
    coordinatorServerEdition: 'GeneralPurpose',
    enableHa: false,
    // A lone node has to hold the shards; beside workers the coordinator holds none unless asked to.
    enableShardsOnCoordinator: stated['nodeCount'] === 0,
    maintenanceWindow: { customWindow: 'Disabled', dayOfWeek: 0, startHour: 0, startMinute: 0 },
    nodeEnablePublicIpAccess: false,
    nodeServerEdition: 'MemoryOptimized',
    nodeStorageQuotaInMb: 524_288,
    nodeVCores: 4,
    postgresqlVersion,
    ...Object.fromEntries(workers.map(([node, coordinator]) => [node, stated[coordinator]])),
  };
}

/** The sizes that workers of a single node would have are those of its coordinator. */
const MIRRORED = [
  ['nodeStorageQuotaInMb', 'coordinatorStorageQuotaInMb'],
  ['nodeVCores', 'coordinatorVCores'],
] as const;

interface Creation {
  readonly cluster: Resource;
  /** What the cluster has in it from the start. */
  readonly brings: readonly Resource[];
}

function created(store: ResourceStore, request: ArmRequest, options: PostgresqlOptions): Creation {
  const clusters = clustersIn(store);
  const name = clusters.nameOf(request);
  const id = clusters.idOf(request);
  const given = objectAt(request.body, 'properties');
  const location = locationOf(request, REGIONS);
  const stated = statedProperties(given, true);
  const source = sourceOf(store, stated, location);
  if (source === undefined && options.newClusters() === 'refused') throw badRequest(RETIRED);
  const refused =
    clusterNameRefusal(name) ??
    zoneRefusal(location, stated) ??
    (source === undefined ? passwordRefusal(given[PASSWORD]) : undefined);
  if (refused !== undefined) throw badRequest(refused);
  const taken = takenRefusal(store, options.takenNames, name, id);
  if (taken !== undefined) throw new ArmError(409, 'ServerGroupNameNotAvailable', taken);
  const cluster = clusters.resource(request, {
    location,
    tags: tagsOf(request),
    properties: {
      ...merged(defaults(stated), source === undefined ? stated : copied(source, stated)),
      earliestRestoreTime: new Date().toISOString(),
    },
    // Fixed when the cluster is made, known to nobody before.
    hidden: { domainLabel: Array.from({ length: 14 }, () => randomInt(36).toString(36)).join('') },
  });
  return {
    cluster: checked(undefined, cluster),
    brings: source === undefined ? [] : copiedRoles(store, source, id),
  };
}

function zoneRefusal(location: string, { preferredPrimaryZone }: JsonObject): string | undefined {
  if (preferredPrimaryZone === undefined || !REGIONS_WITHOUT_ZONES.has(location)) return undefined;
  return `The region ${location} has no availability zones to prefer one of.`;
}

/** A cluster as a client sees it, with what others are to it, which is known from them. */
function described(store: ResourceStore, cluster: Resource): JsonObject {
  return representation({
    ...cluster,
    properties: {
      ...cluster.properties,
      readReplicas: readReplicasOf(store, cluster),
      privateEndpointConnections: privateEndpointConnections(store, cluster).map((connection) => ({
        ...connection,
        properties: without(objectAt(connection, 'properties'), 'provisioningState'),
      })),
    },
  });
}

function changed(existing: Resource, request: ArmRequest): Resource {
  const given = objectAt(request.body, 'properties');
  if (request.body?.['location'] !== undefined) placeOf(request, existing, REGIONS);
  const stated = statedProperties(given, false);
  const refused =
    (given[PASSWORD] === undefined ? undefined : passwordRefusal(given[PASSWORD])) ??
    zoneRefusal(existing.location ?? '', stated);
  if (refused !== undefined) throw badRequest(refused);
  return checked(existing, {
    ...existing,
    systemData: touched(existing, request),
    ...(request.body?.['tags'] === undefined ? {} : { tags: tagsOf(request) }),
    properties: merged(existing.properties, withCitusOfUpgrade(existing, stated)),
  });
}

/** An upgrade of PostgreSQL brings the newest Citus that there is for it, unless a request asks for another one. */
function withCitusOfUpgrade({ properties }: Resource, stated: JsonObject): JsonObject {
  const { postgresqlVersion, citusVersion } = stated;
  if (typeof postgresqlVersion !== 'string' || postgresqlVersion === properties['postgresqlVersion']) {
    return stated;
  }
  const newest = newestCitus(postgresqlVersion);
  const asked = citusVersion === properties['citusVersion'] ? undefined : citusVersion;
  return newest === undefined ? stated : { ...stated, citusVersion: asked ?? newest };
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

/** The numbers of a cluster that the rules judge. @throws ArmError 400 where one is not a number */
function settings(cluster: Resource): ClusterSettings {
  const { properties } = cluster;
  const number = (name: string): number => {
    const value = properties[name];
    if (typeof value !== 'number') throw badRequest(`The property '${name}' is required and is a number.`);
    return value;
  };
  return {
    nodeCount: number('nodeCount'),
    coordinatorVCores: number('coordinatorVCores'),
    coordinatorStorageQuotaInMb: number('coordinatorStorageQuotaInMb'),
    nodeVCores: number('nodeVCores'),
    nodeStorageQuotaInMb: number('nodeStorageQuotaInMb'),
    nodeServerEdition: textAt(properties, 'nodeServerEdition'),
    postgresqlVersion: textAt(properties, 'postgresqlVersion'),
    citusVersion: textAt(properties, 'citusVersion'),
    coordinatorServerEdition: textAt(properties, 'coordinatorServerEdition'),
    enableHa: properties['enableHa'] === true,
    madeFrom: originOf(cluster),
  };
}

/** The cluster as it is to be, while that is not so yet. */
function underWay(becomes: Resource): Resource {
  const state = 'Provisioning';
  return { ...becomes, properties: { ...becomes.properties, provisioningState: state, state } };
}

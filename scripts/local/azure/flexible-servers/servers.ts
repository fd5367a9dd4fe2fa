import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, textAt, without } from '../arm/arm';
import { FLEXIBLE_SERVER_TYPE, flexibleServersIn } from '../arm/flexible-server-parts';
import { locationOf, placeOf } from '../arm/locations';
import type { Operations } from '../arm/operations';
import { requireGroup } from '../arm/resources';
import { ok, touched } from '../arm/resource-type';
import type { Route } from '../arm/router';
import { merged, statedOf } from '../arm/stated-properties';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import { tagsOf } from '../arm/tags';
import { badRequest, notFound } from '../arm/values';
import { privateEndpointConnections } from '../network/private-endpoints';
import { passwordRefusal } from '../postgresql/postgresql-rules';
import { flexibleServerNameRoutes, isTaken } from './server-names';
import { CREATION, PASSWORD, SKU, UPDATE } from './server-properties';
import type { ServerSettings } from './server-rules';
import { refusal, serverNameRefusal } from './server-rules';
import { inState, requireStarted, serverBusy } from './server-states';
import { iopsOf, REGIONS, REGIONS_WITHOUT_ZONES, RETENTION, tiersOf } from './service-facts';
import { refuseUnplayed } from './unplayed';

/** Microsoft.DBforPostgreSQL/flexibleServers: servers, and elastic clusters, which are servers with a `cluster`. */
export function flexibleServerRoutes(
  store: ResourceStore,
  operations: Operations,
  takenNames: readonly string[],
): Route[] {
  const servers = flexibleServersIn(store, (server) => described(store, server));
  return [
    servers.reading(),
    servers.listingBelow((request) => requireGroup(store, request)),
    servers.listingInSubscription(),
    ...flexibleServerNameRoutes(store, takenNames),
    servers.route('PUT', (request) => createOrUpdate(store, operations, takenNames, request)),
    servers.route('PATCH', (request) => update(store, operations, request)),
    servers.deletingSlowly(operations),
    servers.route(
      'GET',
      (request) => {
        servers.require(request);
        // None: this stand-in makes no flexible server of another one.
        return ok({ value: [] });
      },
      '/replicas',
    ),
  ];
}

function createOrUpdate(
  store: ResourceStore,
  operations: Operations,
  takenNames: readonly string[],
  request: ArmRequest,
): ArmResponse {
  requireGroup(store, request);
  const existing = flexibleServersIn(store).find(request);
  const mode = textAt(objectAt(request.body, 'properties'), 'createMode');
  if (existing !== undefined && mode === 'Create') throw nameTaken(existing.name);
  if (existing !== undefined) return update(store, operations, request);
  const server = created(store, takenNames, request);
  const becomes = inState(server, 'Ready');
  const change = {
    resourceId: server.id,
    meanwhile: inState(server, 'Provisioning'),
    becomes,
    result: described(store, becomes),
  };
  return operations.begin(request, change, 202, { shown: null });
}

function update(store: ResourceStore, operations: Operations, request: ArmRequest): ArmResponse {
  const existing = flexibleServersIn(store).require(request);
  requireStarted(existing);
  const becomes = changed(existing, request);
  const change = {
    resourceId: existing.id,
    meanwhile: inState(becomes, 'Updating'),
    becomes,
    result: described(store, becomes),
  };
  return operations.begin(request, change, 202, { shown: null, busy: serverBusy(existing) });
}

function created(store: ResourceStore, takenNames: readonly string[], request: ArmRequest): Resource {
  const servers = flexibleServersIn(store);
  const name = servers.nameOf(request);
  const location = locationOf(request, REGIONS);
  const given = objectAt(request.body, 'properties');
  const stated = statedOf(given, CREATION);
  if (stated['createMode'] === 'Update') throw notFound(FLEXIBLE_SERVER_TYPE, name);
  refuseUnplayed(request);
  const refused =
    serverNameRefusal(name) ?? (byPassword(stated) ? passwordRefusal(given[PASSWORD]) : undefined);
  if (refused !== undefined) throw badRequest(refused);
  if (isTaken(store, takenNames, name, servers.idOf(request))) throw nameTaken(name);
  const server = servers.resource(request, {
    location,
    tags: tagsOf(request),
    sku: statedOf(objectAt(request.body, 'sku'), SKU),
    properties: filledIn(merged(defaults(name, location, stated), without(stated, 'createMode'))),
  });
  return judged(undefined, server, stated);
}

function nameTaken(name: string): ArmError {
  return new ArmError(409, 'ServerNameAlreadyExists', `Specified server name '${name}' is already used.`);
}

/** What the service fills in where a new server's description is silent. */
function defaults(name: string, location: string, stated: JsonObject): JsonObject {
  const cluster = objectAt(stated, 'cluster');
  const standby = textAt(objectAt(stated, 'highAvailability'), 'standbyAvailabilityZone');
  const zones = REGIONS_WITHOUT_ZONES.has(location) ? {} : { availabilityZone: standby === '1' ? '2' : '1' };
  return {
    ...zones,
    authConfig: { activeDirectoryAuth: 'Disabled', passwordAuth: 'Enabled' },
    backup: {
      backupRetentionDays: RETENTION.fewest,
      geoRedundantBackup: 'Disabled',
      earliestRestoreDate: new Date().toISOString(),
    },
    ...(stated['cluster'] === undefined ? {} : { cluster: { defaultDatabaseName: 'postgres', ...cluster } }),
    dataEncryption: { type: 'SystemManaged' },
    fullyQualifiedDomainName: `${name}.postgres.database.azure.com`,
    highAvailability: { mode: 'Disabled' },
    maintenanceWindow: NO_WINDOW,
    minorVersion: '6',
    network: { publicNetworkAccess: 'Enabled' },
    replicationRole: 'Primary',
    storage: { type: '', autoGrow: 'Disabled' },
  };
}

const NO_WINDOW = { customWindow: 'Disabled', dayOfWeek: 0, startHour: 0, startMinute: 0 };

/** What follows from the rest of a server. */
function filledIn(properties: JsonObject): JsonObject {
  const storage = objectAt(properties, 'storage');
  const size = Number(storage['storageSizeGB'] ?? 0);
  const [usual = ''] = tiersOf(size);
  const tier = textAt(storage, 'tier') || usual;
  const window = objectAt(properties, 'maintenanceWindow');
  const network = objectAt(properties, 'network');
  const capacity = properties['cluster'] === undefined ? 5 : 1;
  return {
    ...properties,
    highAvailability: highAvailability(objectAt(properties, 'highAvailability'), properties),
    maintenanceWindow: window['customWindow'] === 'Enabled' ? window : NO_WINDOW,
    network: isInOwnNetwork(properties) ? { ...network, publicNetworkAccess: 'Disabled' } : network,
    replica: { capacity, role: 'Primary' },
    replicaCapacity: capacity,
    storage: { ...storage, tier, iops: iopsOf(tier) },
  };
}

function highAvailability(stated: JsonObject, { availabilityZone }: JsonObject): JsonObject {
  const mode = textAt(stated, 'mode');
  if (mode === 'Disabled') return { mode, state: 'NotEnabled' };
  const zone = textAt({ availabilityZone }, 'availabilityZone');
  const other = zone === '2' ? '1' : '2';
  const standby = mode === 'SameZone' ? zone : textAt(stated, 'standbyAvailabilityZone') || other;
  return { mode, standbyAvailabilityZone: standby, state: 'Healthy' };
}

function changed(existing: Resource, request: ArmRequest): Resource {
  const given = objectAt(request.body, 'properties');
  if (request.body?.['location'] !== undefined) placeOf(request, existing, REGIONS);
  const stated = statedOf(given, UPDATE);
  refuseUnplayed(request);
  const refused = given[PASSWORD] === undefined ? undefined : passwordRefusal(given[PASSWORD]);
  if (refused !== undefined) throw badRequest(refused);
  const sku = merged(existing.sku ?? {}, statedOf(objectAt(request.body, 'sku'), SKU));
  const server: Resource = {
    ...existing,
    sku,
    systemData: touched(existing, request),
    ...(request.body?.['tags'] === undefined ? {} : { tags: tagsOf(request) }),
    properties: filledIn(merged(withUsualTier(existing.properties, stated), without(stated, 'createMode'))),
  };
  return judged(existing, server, stated);
}

/** A larger disk has a usual tier of its own, unless a request asks for another one. */
function withUsualTier(before: JsonObject, stated: JsonObject): JsonObject {
  const { storageSizeGB, tier } = objectAt(stated, 'storage');
  const storage = objectAt(before, 'storage');
  if (storageSizeGB === undefined || tier !== undefined || storageSizeGB === storage['storageSizeGB']) {
    return before;
  }
  return { ...before, storage: without(storage, 'tier') };
}

/** The server, if the service allows it. @throws ArmError 400 */
function judged(before: Resource | undefined, after: Resource, stated: JsonObject): Resource {
  const refused = refusal(settingsOf(after, stated), before && settingsOf(before, {}));
  if (refused !== undefined) throw badRequest(refused);
  return after;
}

/** Whether a server lies in a subnet of its owner's: it has no public address then, and no private endpoint leads to it. */
function isInOwnNetwork(properties: JsonObject): boolean {
  return textAt(objectAt(properties, 'network'), 'delegatedSubnetResourceId') !== '';
}

/** Whether somebody can log in by password, and not by Microsoft Entra alone. */
function byPassword(properties: JsonObject): boolean {
  return objectAt(properties, 'authConfig')['passwordAuth'] !== 'Disabled';
}

/** @param stated what a request asks for itself, of what the service would otherwise choose */
function settingsOf({ location = '', sku = {}, properties }: Resource, stated: JsonObject): ServerSettings {
  const storage = objectAt(properties, 'storage');
  const cluster = objectAt(properties, 'cluster');
  const available = objectAt(properties, 'highAvailability');
  return {
    location,
    version: textAt(properties, 'version'),
    skuName: textAt(sku, 'name'),
    skuTier: textAt(sku, 'tier'),
    login: textAt(properties, 'administratorLogin'),
    byPassword: byPassword(properties),
    storageGib: Number(storage['storageSizeGB'] ?? 0),
    storageTier: textAt(storage, 'tier'),
    autoGrow: storage['autoGrow'] === 'Enabled',
    highAvailability: textAt(available, 'mode'),
    zone: textAt(stated, 'availabilityZone'),
    standbyZone: textAt(available, 'standbyAvailabilityZone'),
    inOwnNetwork: isInOwnNetwork(properties),
    ...(properties['cluster'] === undefined
      ? {}
      : {
          cluster: {
            size: Number(cluster['clusterSize'] ?? 0),
            database: textAt(cluster, 'defaultDatabaseName'),
          },
        }),
  };
}

/** A server as a client sees it, with the private endpoints that lead to it. */
function described(store: ResourceStore, server: Resource): JsonObject {
  if (isInOwnNetwork(server.properties)) return representation(server);
  return representation({
    ...server,
    properties: {
      ...server.properties,
      privateEndpointConnections: privateEndpointConnections(store, server),
    },
  });
}

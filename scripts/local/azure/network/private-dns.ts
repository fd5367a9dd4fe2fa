import type { ArmRequest, JsonObject } from '../arm/arm';
import { ArmError, objectAt, param, textAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import type { Operations } from '../arm/operations';
import type { Surroundings } from '../arm/surroundings';
import { requireNetwork } from '../arm/surroundings';
import { resourcesOf } from '../arm/checks';
import { requireGroup } from '../arm/resources';
import { ok, ResourceType } from '../arm/resource-type';
import { badRequest, notFound, objectsAt, same, textsAt } from '../arm/values';
import { tagsOf } from '../arm/tags';

/** Resource type of a private DNS zone. */
export const ZONE_TYPE = 'Microsoft.Network/privateDnsZones';
/** Resource type of what puts a private endpoint's addresses into zones; see private-endpoints.ts. */
export const ZONE_GROUP_TYPE = 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups';

/** Names that Azure keeps for itself. */
const RESERVED_ZONES = [
  'azclient.ms',
  'azure.com',
  'cloudapp.net',
  'core.windows.net',
  'microsoft.com',
  'msidentity.com',
  'trafficmanager.net',
  'windows.net',
];

const LINK_TYPE = `${ZONE_TYPE}/virtualNetworkLinks`;
const ZONE = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${ZONE_TYPE}/{zone}`;
const NETWORK_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+$/i;
const apiVersions = ['2024-06-01'];

/** Microsoft.Network/privateDnsZones: zones, their links to virtual networks, and the records in them. */
export function privateDnsRoutes(
  store: ResourceStore,
  operations: Operations,
  surroundings: Surroundings,
): Route[] {
  const zones = new ResourceType(store, {
    type: ZONE_TYPE,
    pattern: ZONE,
    apiVersions,
    parent: (request) => requireGroup(store, request),
    shown: (zone) =>
      representation({ ...zone, properties: { ...zone.properties, ...countsOf(store, zone) } }),
  });
  return [
    zones.reading(),
    zones.route('PUT', (request) => {
      requireGroup(store, request);
      return operations.beginPut(request, zoneDescribed(zones, request));
    }),
    zones.deletingSlowly(operations, (zone) => refuseLinked(store, zone)),
    ...linkRoutes(store, operations, surroundings, zones),
    zones.route(
      'GET',
      (request) => {
        const zone = zones.require(request);
        return ok(representation(store.get(`${zone.id}/SOA/@`) ?? startOfAuthority(zone, {})));
      },
      '/SOA/@',
    ),
    zones.route(
      'PUT',
      (request) => {
        const record = startOfAuthority(zones.require(request), objectAt(request.body, 'properties'));
        store.put(record);
        return ok(representation(record));
      },
      '/SOA/@',
    ),
    zones.route(
      'GET',
      (request) => {
        const name = param(request, 'record');
        const records = addressRecords(store, zones.require(request));
        const found = records.find((record) => record['name'] === name.toLowerCase());
        if (found === undefined) throw notFound(`${ZONE_TYPE}/A`, name);
        return ok(found);
      },
      '/A/{record}',
    ),
  ];
}

/** The zone that a request describes, by its provisioning state. @throws ArmError 400 */
function zoneDescribed(zones: ResourceType, request: ArmRequest): (provisioningState: string) => Resource {
  requireGlobal(request, ZONE_TYPE);
  const name = zones.nameOf(request);
  if (!isZoneName(name)) {
    throw badRequest(
      `The zone name '${name}' is not allowed: it has 2 to 34 labels of letters, digits, hyphens and underscores, each of 1 to 63 characters.`,
    );
  }
  if (RESERVED_ZONES.includes(name.toLowerCase())) {
    throw badRequest(`The zone name '${name}' is reserved.`);
  }
  return (provisioningState) =>
    zones.resource(request, {
      location: 'global',
      tags: tagsOf(request),
      properties: {
        maxNumberOfRecordSets: 25_000,
        maxNumberOfVirtualNetworkLinks: 1000,
        maxNumberOfVirtualNetworkLinksWithRegistration: 100,
        provisioningState,
      },
    });
}

/** @throws ArmError 409 for a zone that is linked to a network */
function refuseLinked(store: ResourceStore, zone: Resource): void {
  const [link] = linksOf(store, zone);
  if (link === undefined) return;
  throw new ArmError(
    409,
    'CannotDeleteResource',
    `Can not delete resource before nested resources are deleted: '${link.id}' is still there.`,
  );
}

function linkRoutes(
  store: ResourceStore,
  operations: Operations,
  surroundings: Surroundings,
  zones: ResourceType,
): Route[] {
  const links = new ResourceType(store, {
    type: LINK_TYPE,
    pattern: `${ZONE}/virtualNetworkLinks/{link}`,
    apiVersions,
    parent: (request) => zones.require(request),
  });
  return [
    links.reading(),
    links.route('PUT', (request) => {
      const zone = zones.require(request);
      requireGlobal(request, LINK_TYPE);
      const wanted = linkProperties(objectAt(request.body, 'properties'), zone);
      refuseMovedLink(links.find(request), networkOf(wanted));
      requireNetwork(surroundings, networkOf(wanted));
      refuseOverlap(store, zone, links.idOf(request), networkOf(wanted));
      return operations.beginPut(request, (provisioningState) => {
        const virtualNetworkLinkState = provisioningState === 'Succeeded' ? 'Completed' : 'InProgress';
        return links.resource(request, {
          location: 'global',
          tags: tagsOf(request),
          properties: { ...wanted, provisioningState, virtualNetworkLinkState },
        });
      });
    }),
    links.deletingSlowly(operations),
  ];
}

function linkProperties(wanted: JsonObject, zone: Resource): JsonObject {
  const network = textAt(objectAt(wanted, 'virtualNetwork'), 'id');
  if (!NETWORK_ID.test(network)) {
    throw badRequest(`A link needs the resource id of a virtual network, and '${network}' is none.`);
  }
  const { registrationEnabled = false, resolutionPolicy } = wanted;
  if (typeof registrationEnabled !== 'boolean') {
    throw badRequest("The property 'registrationEnabled' is true or false.");
  }
  if (
    resolutionPolicy !== undefined &&
    !['Default', 'NxDomainRedirect'].includes(resolutionPolicy as string)
  ) {
    throw badRequest("The property 'resolutionPolicy' is Default or NxDomainRedirect.");
  }
  // The service speaks of a policy only in the zones of private endpoints, and there always.
  const policy = isPrivateLinkZone(zone.name) ? { resolutionPolicy: resolutionPolicy ?? 'Default' } : {};
  return { virtualNetwork: { id: network }, registrationEnabled, ...policy };
}

function refuseMovedLink(existing: Resource | undefined, network: string): void {
  if (existing === undefined || same(networkOf(existing.properties), network)) return;
  throw badRequest('The virtual network of a link cannot be changed: delete the link and make another one.');
}

/** A name has one meaning in a network: two zones of one name cannot both be linked to it. @throws ArmError 400 */
function refuseOverlap(store: ResourceStore, zone: Resource, linkId: string, network: string): void {
  const other = resourcesOf(store, LINK_TYPE)
    .filter(({ id, properties }) => !same(id, linkId) && same(networkOf(properties), network))
    .map(({ id }) => id.split('/').at(-3) ?? '')
    .find((name) => same(name, zone.name));
  if (other === undefined) return;
  throw badRequest(
    `A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link virtual network with '${zone.name}' and '${other}' zones.`,
  );
}

function networkOf(properties: JsonObject): string {
  return textAt(objectAt(properties, 'virtualNetwork'), 'id');
}

function linksOf(store: ResourceStore, zone: Resource): Resource[] {
  return resourcesOf(store, LINK_TYPE, zone.id);
}

/** What the service counts in a zone; the first record of every zone is its start of authority. */
function countsOf(store: ResourceStore, zone: Resource): JsonObject {
  const links = linksOf(store, zone);
  return {
    numberOfRecordSets: 1 + addressRecords(store, zone).length,
    numberOfVirtualNetworkLinks: links.length,
    numberOfVirtualNetworkLinksWithRegistration: links.filter(
      ({ properties }) => properties['registrationEnabled'] === true,
    ).length,
  };
}

/** The A records of a zone. All of them come from zone groups of private endpoints, and go with them. */
function addressRecords(store: ResourceStore, zone: Resource): JsonObject[] {
  return resourcesOf(store, ZONE_GROUP_TYPE)
    .flatMap(({ properties }) => objectsAt(properties, 'privateDnsZoneConfigs'))
    .map((config) => objectAt(config, 'properties'))
    .filter((config) => same(textAt(config, 'privateDnsZoneId'), zone.id))
    .flatMap((config) => objectsAt(config, 'recordSets'))
    .map((record) => {
      const name = textAt(record, 'recordSetName');
      return {
        id: `${zone.id}/A/${name}`,
        name,
        type: `${ZONE_TYPE}/A`,
        properties: {
          fqdn: `${name}.${zone.name}.`,
          ttl: record['ttl'],
          aRecords: textsAt(record, 'ipAddresses').map((ipv4Address) => ({ ipv4Address })),
          isAutoRegistered: false,
        },
      };
    });
}

const TIMES = { refreshTime: 3600, retryTime: 300, expireTime: 2_419_200, minimumTtl: 10 };

/** The record that every zone begins with; what is said of it stands in place of what the service says. @throws ArmError 400 */
function startOfAuthority(zone: Resource, { ttl = 3600, metadata, soaRecord }: JsonObject): Resource {
  const said = objectAt({ soaRecord }, 'soaRecord');
  const { email = 'azureprivatedns-host.microsoft.com' } = said;
  const times = Object.fromEntries(Object.entries(TIMES).map(([name, usual]) => [name, said[name] ?? usual]));
  for (const [name, value] of Object.entries({ ttl, ...times })) {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) continue;
    throw badRequest(`The property '${name}' of an SOA record is a whole number of seconds.`);
  }
  if (typeof email !== 'string' || email === '') throw badRequest('An SOA record needs an email.');
  return {
    id: `${zone.id}/SOA/@`,
    name: '@',
    type: `${ZONE_TYPE}/SOA`,
    properties: {
      fqdn: `${zone.name}.`,
      ttl,
      ...(metadata === undefined ? {} : { metadata }),
      isAutoRegistered: false,
      soaRecord: { host: 'azureprivatedns.net', email, serialNumber: 1, ...times },
    },
  };
}

/** Zones and links are in no region. @throws ArmError 400 */
function requireGlobal(request: ArmRequest, type: string): void {
  const location = request.body?.['location'];
  if (location === 'global') return;
  throw new ArmError(
    400,
    'LocationNotAvailableForResourceType',
    `The provided location '${typeof location === 'string' ? location : ''}' is not available for resource type '${type}'. List of available regions for the resource type is 'global'.`,
  );
}

function isZoneName(name: string): boolean {
  const labels = name.split('.');
  return (
    labels.length >= 2 && labels.length <= 34 && labels.every((label) => /^[a-z0-9_-]{1,63}$/i.test(label))
  );
}

function isPrivateLinkZone(name: string): boolean {
  return name.toLowerCase().startsWith('privatelink.');
}

import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, param, textAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import type { Operations } from '../arm/operations';
import { groupId, requireGroup } from '../arm/resources';
import { badRequest, notFound, objectsAt, same, textsAt } from '../arm/values';

/** Resource type of a private DNS zone. */
export const ZONE_TYPE = 'Microsoft.Network/privateDnsZones';
/** Resource type of what puts a private endpoint's addresses into zones; see private-endpoints.ts. */
export const ZONE_GROUP_TYPE = 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups';

const LINK_TYPE = `${ZONE_TYPE}/virtualNetworkLinks`;
const ZONE = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${ZONE_TYPE}/{zone}`;
const LINK = `${ZONE}/virtualNetworkLinks/{link}`;
const NETWORK_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+$/i;
const apiVersions = ['2024-06-01'];

/** Microsoft.Network/privateDnsZones: zones, their links to virtual networks, and the records in them. */
export function privateDnsRoutes(store: ResourceStore, operations: Operations): Route[] {
  return [
    ...zoneRoutes(store, operations),
    ...linkRoutes(store, operations),
    {
      method: 'GET',
      pattern: `${ZONE}/SOA/@`,
      apiVersions,
      handle: (request) => {
        const zone = requireZone(store, request);
        return {
          status: 200,
          body: representation(store.get(`${zone.id}/SOA/@`) ?? startOfAuthority(zone, {})),
        };
      },
    },
    {
      method: 'PUT',
      pattern: `${ZONE}/SOA/@`,
      apiVersions,
      handle: (request) => {
        const record = startOfAuthority(requireZone(store, request), objectAt(request.body, 'properties'));
        store.put(record);
        return { status: 200, body: representation(record) };
      },
    },
    {
      method: 'GET',
      pattern: `${ZONE}/A/{record}`,
      apiVersions,
      handle: (request) => {
        const name = param(request, 'record');
        const found = addressRecords(store, requireZone(store, request)).find(
          (record) => record['name'] === name.toLowerCase(),
        );
        if (found === undefined) throw notFound(`${ZONE_TYPE}/A`, name);
        return { status: 200, body: found };
      },
    },
  ];
}

function zoneRoutes(store: ResourceStore, operations: Operations): Route[] {
  const answer = (zone: Resource): ArmResponse => ({
    status: 200,
    body: { ...representation(zone), properties: { ...zone.properties, ...countsOf(store, zone) } },
  });
  return [
    {
      method: 'GET',
      pattern: ZONE,
      apiVersions,
      handle: (request) => answer(requireZone(store, request)),
    },
    {
      method: 'PUT',
      pattern: ZONE,
      apiVersions,
      handle: (request) => {
        requireGroup(store, request);
        requireGlobal(request, ZONE_TYPE);
        const name = param(request, 'zone');
        if (!isZoneName(name)) {
          throw badRequest(
            `The zone name '${name}' is not allowed: it has 2 to 34 labels of letters, digits, hyphens and underscores, each of 1 to 63 characters.`,
          );
        }
        const zone = (provisioningState: string): Resource => ({
          id: zoneId(request),
          name,
          type: ZONE_TYPE,
          location: 'global',
          tags: objectAt(request.body, 'tags'),
          properties: {
            maxNumberOfRecordSets: 25_000,
            maxNumberOfVirtualNetworkLinks: 1000,
            maxNumberOfVirtualNetworkLinksWithRegistration: 100,
            provisioningState,
          },
        });
        const change = {
          resourceId: zoneId(request),
          meanwhile: zone('Updating'),
          becomes: zone('Succeeded'),
        };
        return operations.begin(request, change, store.get(zoneId(request)) === undefined ? 201 : 200);
      },
    },
    {
      method: 'DELETE',
      pattern: ZONE,
      apiVersions,
      handle: (request) => {
        const zone = store.get(zoneId(request));
        if (zone === undefined) return { status: 204 };
        const [link] = linksOf(store, zone);
        if (link !== undefined) {
          throw new ArmError(
            409,
            'CannotDeleteResource',
            `Can not delete resource before nested resources are deleted: '${link.id}' is still there.`,
          );
        }
        return operations.begin(request, { resourceId: zone.id, becomes: null }, 202);
      },
    },
  ];
}

function linkRoutes(store: ResourceStore, operations: Operations): Route[] {
  const linkId = (request: ArmRequest): string =>
    `${zoneId(request)}/virtualNetworkLinks/${param(request, 'link')}`;
  return [
    {
      method: 'GET',
      pattern: LINK,
      apiVersions,
      handle: (request) => {
        const link = store.get(linkId(request));
        if (link === undefined) throw notFound(LINK_TYPE, param(request, 'link'));
        return { status: 200, body: representation(link) };
      },
    },
    {
      method: 'PUT',
      pattern: LINK,
      apiVersions,
      handle: (request) => {
        const zone = requireZone(store, request);
        requireGlobal(request, LINK_TYPE);
        const existing = store.get(linkId(request));
        const wanted = linkProperties(objectAt(request.body, 'properties'), zone);
        refuseMovedLink(existing, networkOf(wanted));
        refuseOverlap(store, zone, linkId(request), networkOf(wanted));
        const link = (provisioningState: string, virtualNetworkLinkState: string): Resource => ({
          id: linkId(request),
          name: param(request, 'link'),
          type: LINK_TYPE,
          location: 'global',
          tags: objectAt(request.body, 'tags'),
          properties: { ...wanted, provisioningState, virtualNetworkLinkState },
        });
        const change = {
          resourceId: linkId(request),
          meanwhile: link('Updating', 'InProgress'),
          becomes: link('Succeeded', 'Completed'),
        };
        return operations.begin(request, change, existing === undefined ? 201 : 200);
      },
    },
    {
      method: 'DELETE',
      pattern: LINK,
      apiVersions,
      handle: (request) => {
        const link = store.get(linkId(request));
        if (link === undefined) return { status: 204 };
        return operations.begin(request, { resourceId: link.id, becomes: null }, 202);
      },
    },
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
  const other = store
    .below('/subscriptions')
    .filter(({ type, id }) => type === LINK_TYPE && !same(id, linkId))
    .filter(({ properties }) => same(networkOf(properties), network))
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
  return store.below(zone.id).filter(({ type }) => type === LINK_TYPE);
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
  return store
    .below('/subscriptions')
    .filter(({ type }) => type === ZONE_GROUP_TYPE)
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

/** The zone an address lies in. @throws ArmError 404 where there is none */
function requireZone(store: ResourceStore, request: ArmRequest): Resource {
  requireGroup(store, request);
  const zone = store.get(zoneId(request));
  if (zone === undefined) throw notFound(ZONE_TYPE, param(request, 'zone'));
  return zone;
}

function zoneId(request: ArmRequest): string {
  return `${groupId(request)}/providers/${ZONE_TYPE}/${param(request, 'zone')}`;
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

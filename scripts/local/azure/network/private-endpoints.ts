import { randomUUID } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { objectAt, param, textAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import type { Operations } from '../arm/operations';
import type { Surroundings } from '../arm/surroundings';
import { requireSubnet } from '../arm/surroundings';
import { LINK_TARGET_TYPES, linkTargetsOf } from '../arm/private-link-targets';
import { ZONE_GROUP_TYPE, ZONE_TYPE } from './private-dns';
import { resourcesOf } from '../arm/checks';
import { requireGroup } from '../arm/resources';
import { ok, ResourceType } from '../arm/resource-type';
import { badRequest, notFound, objectsAt, same, textsAt } from '../arm/values';
import { placeOf } from '../arm/locations';
import { tagsOf } from '../arm/tags';

const TYPE = 'Microsoft.Network/privateEndpoints';
const INTERFACE_TYPE = 'Microsoft.Network/networkInterfaces';
const ENDPOINT = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${TYPE}/{endpoint}`;
const INTERFACE = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${INTERFACE_TYPE}/{interface}`;
const SUBNET_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i;
const NAME = /^[a-z\d]$|^[a-z\d][\w.-]{0,78}\w$/i;
const apiVersions = ['2025-01-01'];

/**
 * Microsoft.Network/privateEndpoints: endpoints of clusters, their network interfaces, and the groups that put their
 * addresses into private DNS zones. Networks are somebody else's: which subnets there are the stand-in is told, and each
 * is a 10.0.0.0/24.
 */
export function privateEndpointRoutes(
  store: ResourceStore,
  operations: Operations,
  surroundings: Surroundings,
): Route[] {
  const endpoints = new ResourceType(store, {
    type: TYPE,
    pattern: ENDPOINT,
    apiVersions,
    parent: (request) => requireGroup(store, request),
    shown: (endpoint) => described(store, endpoint),
  });
  return [
    endpoints.reading(),
    endpoints.listingBelow((request) => requireGroup(store, request)),
    endpoints.listingInSubscription(),
    endpoints.route('PUT', (request) => put(store, operations, surroundings, endpoints, request)),
    endpoints.deletingSlowly(operations, (endpoint, request) =>
      changeConnection(store, operations, request, endpoint),
    ),
    ...zoneGroupRoutes(store, operations, endpoints),
    {
      method: 'GET',
      pattern: INTERFACE,
      apiVersions: ['2023-09-01', ...apiVersions],
      handle: (request) => ok(networkInterface(store, request)),
    },
  ];
}

/**
 * The private endpoints connected to a cluster, as the cluster's `privateEndpointConnections` tells of them. They are
 * looked up rather than written into the cluster, which may be in the middle of a change of its own.
 */
export function privateEndpointConnections(store: ResourceStore, { id, type }: Resource): JsonObject[] {
  return resourcesOf(store, TYPE).flatMap((endpoint) => {
    const connection = connectionOf(endpoint.properties);
    if (!same(connection.target, id)) return [];
    const name = textAt(endpoint.hidden ?? {}, 'connectionName');
    return [
      {
        id: `${id}/privateEndpointConnections/${name}`,
        name,
        type: `${type}/privateEndpointConnections`,
        properties: {
          groupIds: [connection.subresource],
          privateEndpoint: { id: endpoint.id },
          privateLinkServiceConnectionState: stateOf(connection, true),
          provisioningState: 'Succeeded',
        },
      },
    ];
  });
}

function put(
  store: ResourceStore,
  operations: Operations,
  surroundings: Surroundings,
  endpoints: ResourceType,
  request: ArmRequest,
): ArmResponse {
  requireGroup(store, request);
  const location = placeOf(request, endpoints.find(request));
  const name = endpoints.nameOf(request);
  if (!NAME.test(name)) {
    throw badRequest(
      `Resource name ${name} is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'.`,
      'InvalidResourceName',
    );
  }
  const id = endpoints.idOf(request);
  const existing = endpoints.find(request);
  const wanted = endpointProperties(store, id, objectAt(request.body, 'properties'));
  refuseChanges(existing, wanted);
  requireSubnet(surroundings, { subnet: subnetOf(wanted), region: location, by: id });
  const hidden = existing?.hidden ?? {
    connectionName: `${name}.${randomUUID()}`,
    interfaceName: textAt(wanted, 'customNetworkInterfaceName') || `${name}.nic.${randomUUID()}`,
    address: addressFor(store, id, wanted),
  };
  const endpoint = (provisioningState: string): Resource =>
    endpoints.resource(request, {
      location,
      tags: tagsOf(request),
      properties: { ...wanted, provisioningState },
      hidden,
    });
  if (existing === undefined) changeConnection(store, operations, request, endpoint('Succeeded'));
  return operations.beginPut(request, endpoint);
}

/**
 * A connection is a part of the cluster: while it is made or goes, nothing else may change the cluster. The part itself
 * is not stored, see {@link privateEndpointConnections}.
 *
 * @throws ArmError 409 while something else does
 */
function changeConnection(
  store: ResourceStore,
  operations: Operations,
  request: ArmRequest,
  endpoint: Resource,
): void {
  const cluster = store.get(connectionOf(endpoint.properties).target);
  if (cluster === undefined) return;
  const resourceId = `${cluster.id}/privateEndpointConnections/${textAt(endpoint.hidden ?? {}, 'connectionName')}`;
  operations.begin(request, { resourceId, becomes: null }, 202, { whole: cluster.id });
}

/** What of an endpoint's description is kept. @throws ArmError 400 */
function endpointProperties(store: ResourceStore, id: string, wanted: JsonObject): JsonObject {
  const subnet = textAt(objectAt(wanted, 'subnet'), 'id');
  if (!SUBNET_ID.test(subnet)) {
    throw badRequest(
      `A private endpoint needs the resource id of a subnet, and '${subnet}' is none.`,
      'InvalidRequestFormat',
    );
  }
  const connection = connectionOf(wanted);
  if (connection.count !== 1) {
    throw badRequest(
      `A private endpoint has one connection, and ${String(connection.count)} were given.`,
      'InvalidRequestFormat',
    );
  }
  const target = store.get(connection.target);
  if (target === undefined || !LINK_TARGET_TYPES.includes(target.type)) {
    throw badRequest(
      `Resource ${connection.target} referenced by resource ${id} was not found, or is of no type that this stand-in connects: ${LINK_TARGET_TYPES.join(', ')}.`,
      'InvalidResourceReference',
    );
  }
  const subresources = linkTargetsOf(target).map(({ subresource }) => subresource);
  if (connection.subresources.length !== 1 || !subresources.includes(connection.subresource)) {
    throw badRequest(
      `Private endpoint ${id} asks for the sub-resource '${connection.subresources.join(', ')}' of ${target.id}; it has one of ${subresources.join(', ')}.`,
      'InvalidGroupId',
    );
  }
  if (connection.manual && textAt(connection.properties, 'requestMessage') === '') {
    throw badRequest('A manual connection needs a requestMessage.', 'InvalidRequestFormat');
  }
  return {
    subnet: { id: subnet },
    privateLinkServiceConnections: objectsAt(wanted, 'privateLinkServiceConnections'),
    manualPrivateLinkServiceConnections: objectsAt(wanted, 'manualPrivateLinkServiceConnections'),
    ipConfigurations: ipConfigurations(wanted, connection.subresource),
    customNetworkInterfaceName: textAt(wanted, 'customNetworkInterfaceName'),
  };
}

/** @throws ArmError 400 */
function ipConfigurations(wanted: JsonObject, subresource: string): JsonObject[] {
  const configurations = objectsAt(wanted, 'ipConfigurations');
  for (const configuration of configurations) {
    const properties = objectAt(configuration, 'properties');
    const address = textAt(properties, 'privateIPAddress');
    if (!isIPv4(address)) {
      throw badRequest(
        `The address of an IP configuration is an IPv4 address, and '${address}' is none.`,
        'InvalidIPAddress',
      );
    }
    if (properties['groupId'] !== subresource || properties['memberName'] !== subresource) {
      throw badRequest(
        `An IP configuration of this private endpoint is for the group and member '${subresource}'.`,
        'InvalidGroupId',
      );
    }
  }
  return configurations;
}

/** An endpoint stays where it is, connected to what it is connected to. @throws ArmError 400 */
function refuseChanges(existing: Resource | undefined, wanted: JsonObject): void {
  if (existing === undefined) return;
  const before = connectionOf(existing.properties);
  const after = connectionOf(wanted);
  const unchanged =
    same(subnetOf(existing.properties), subnetOf(wanted)) &&
    same(before.target, after.target) &&
    before.subresource === after.subresource &&
    before.manual === after.manual;
  if (unchanged) return;
  throw badRequest(
    'The subnet and the connection of a private endpoint cannot be changed: delete it and make another one.',
    'PropertyChangeNotAllowed',
  );
}

/** The address a client asked for, or the next free one; Azure keeps the first four of a subnet. @throws ArmError 400 */
function addressFor(store: ResourceStore, id: string, wanted: JsonObject): string {
  const taken = resourcesOf(store, TYPE)
    .filter((other) => !same(other.id, id) && same(subnetOf(other.properties), subnetOf(wanted)))
    .map(addressOf);
  const [configuration] = objectsAt(wanted, 'ipConfigurations');
  const asked = configuration && textAt(objectAt(configuration, 'properties'), 'privateIPAddress');
  if (asked !== undefined) {
    if (!taken.includes(asked)) return asked;
    throw badRequest(`Private IP address ${asked} is in use already.`, 'PrivateIPAddressInUse');
  }
  const free = Array.from({ length: 251 }, (_, index) => `10.0.0.${String(index + 4)}`).find(
    (address) => !taken.includes(address),
  );
  if (free !== undefined) return free;
  throw badRequest(`Subnet ${subnetOf(wanted)} has no address left.`, 'SubnetIsFull');
}

/** An endpoint as a client sees it. */
function described(store: ResourceStore, endpoint: Resource): JsonObject {
  const { properties } = endpoint;
  const connection = connectionOf(properties);
  const target = store.get(connection.target);
  const connections = (key: string): JsonObject[] =>
    objectsAt(properties, key).map((each) => ({
      id: `${endpoint.id}/${key}/${textAt(each, 'name')}`,
      name: each['name'],
      type: `${TYPE}/${key}`,
      properties: {
        ...objectAt(each, 'properties'),
        privateLinkServiceConnectionState: stateOf(connection, target !== undefined),
        provisioningState: 'Succeeded',
      },
    }));
  // Once a zone answers for the endpoint, nobody has to be told which names to give it by hand.
  const named =
    resourcesOf(store, ZONE_GROUP_TYPE, endpoint.id).length > 0 ? undefined : nameOf(store, endpoint);
  return {
    ...representation(endpoint),
    properties: {
      ...properties,
      privateLinkServiceConnections: connections('privateLinkServiceConnections'),
      manualPrivateLinkServiceConnections: connections('manualPrivateLinkServiceConnections'),
      networkInterfaces: [{ id: interfaceId(endpoint) }],
      customDnsConfigs: named === undefined ? [] : [{ fqdn: named, ipAddresses: [addressOf(endpoint)] }],
    },
  };
}

function networkInterface(store: ResourceStore, request: ArmRequest): JsonObject {
  const { id: group } = requireGroup(store, request);
  const id = `${group}/providers/${INTERFACE_TYPE}/${param(request, 'interface')}`;
  const endpoint = resourcesOf(store, TYPE).find((each) => same(interfaceId(each), id));
  if (endpoint === undefined) throw notFound(INTERFACE_TYPE, param(request, 'interface'));
  return {
    id: interfaceId(endpoint),
    name: textAt(endpoint.hidden ?? {}, 'interfaceName'),
    type: INTERFACE_TYPE,
    location: endpoint.location,
    properties: {
      provisioningState: 'Succeeded',
      privateEndpoint: { id: endpoint.id },
      ipConfigurations: [
        {
          name: 'privateEndpointIpConfig',
          properties: {
            primary: true,
            privateIPAddress: addressOf(endpoint),
            privateIPAddressVersion: 'IPv4',
            privateIPAllocationMethod: 'Dynamic',
            subnet: { id: subnetOf(endpoint.properties) },
          },
        },
      ],
    },
  };
}

function zoneGroupRoutes(store: ResourceStore, operations: Operations, endpoints: ResourceType): Route[] {
  const groups = new ResourceType(store, {
    type: ZONE_GROUP_TYPE,
    pattern: `${ENDPOINT}/privateDnsZoneGroups/{zoneGroup}`,
    apiVersions,
    parent: (request) => endpoints.require(request),
  });
  return [
    groups.listingBelow((request) => endpoints.require(request)),
    groups.reading(),
    groups.route('PUT', (request) => {
      const endpoint = endpoints.require(request);
      const id = groups.idOf(request);
      const other = groups.all(endpoint.id).find((each) => !same(each.id, id));
      if (other !== undefined) {
        throw badRequest(
          `Private endpoint ${endpoint.id} has the private DNS zone group '${other.name}' already, and can have one.`,
          'PrivateDnsZoneGroupLimitExceeded',
        );
      }
      const configs = zoneConfigs(store, endpoint, id, objectAt(request.body, 'properties'));
      const group = (provisioningState: string): Resource =>
        groups.resource(request, { properties: { privateDnsZoneConfigs: configs, provisioningState } });
      return operations.beginPut(request, group, { whole: endpoint.id });
    }),
    groups.deletingSlowly(operations, undefined, (request) => endpoints.idOf(request)),
  ];
}

/** The zones of a group, each with the record it gets. @throws ArmError 400 */
function zoneConfigs(store: ResourceStore, endpoint: Resource, id: string, wanted: JsonObject): JsonObject[] {
  const configs = objectsAt(wanted, 'privateDnsZoneConfigs');
  if (configs.length < 1 || configs.length > 5) {
    throw badRequest(
      `A private DNS zone group has 1 to 5 zones, and ${String(configs.length)} were given.`,
      'InvalidRequestFormat',
    );
  }
  return configs.map((config) => {
    const zoneId = textAt(objectAt(config, 'properties'), 'privateDnsZoneId');
    const zone = store.get(zoneId);
    if (zone?.type !== ZONE_TYPE) {
      throw badRequest(
        `Resource ${zoneId} referenced by resource ${id} was not found.`,
        'InvalidResourceReference',
      );
    }
    return {
      name: config['name'],
      properties: { privateDnsZoneId: zoneId, recordSets: recordSets(store, endpoint, zone) },
    };
  });
}

/** A zone takes names of its own service alone: in the zone of another one an endpoint gets no record. */
function recordSets(store: ResourceStore, endpoint: Resource, zone: Resource): JsonObject[] {
  const suffix = zone.name.toLowerCase().replace(/^privatelink\./, '.');
  const fqdn = nameOf(store, endpoint);
  if (fqdn === undefined || !suffix.startsWith('.') || !fqdn.endsWith(suffix)) return [];
  const recordSetName = fqdn.slice(0, -suffix.length);
  return [
    {
      recordType: 'A',
      recordSetName,
      fqdn: `${recordSetName}.${zone.name}`,
      ttl: 10,
      ipAddresses: [addressOf(endpoint)],
      provisioningState: 'Succeeded',
    },
  ];
}

/** The public name of the server that an endpoint leads to; undefined once that is gone. */
function nameOf(store: ResourceStore, { properties }: Resource): string | undefined {
  const { target, subresource } = connectionOf(properties);
  const cluster = store.get(target);
  return (
    cluster &&
    linkTargetsOf(cluster).find((server) => server.subresource === subresource)?.fullyQualifiedDomainName
  );
}

interface Connection {
  /** Connections in the description; a good one has 1. */
  readonly count: number;
  readonly manual: boolean;
  /** Resource id of what it leads to. */
  readonly target: string;
  readonly subresources: readonly string[];
  /** The first of them. */
  readonly subresource: string;
  readonly properties: JsonObject;
}

function connectionOf(endpoint: JsonObject): Connection {
  const automatic = objectsAt(endpoint, 'privateLinkServiceConnections');
  const manual = objectsAt(endpoint, 'manualPrivateLinkServiceConnections');
  const properties = objectAt([...automatic, ...manual][0], 'properties');
  const subresources = textsAt(properties, 'groupIds');
  return {
    count: automatic.length + manual.length,
    manual: manual.length > 0,
    target: textAt(properties, 'privateLinkServiceId'),
    subresources,
    subresource: subresources[0] ?? '',
    properties,
  };
}

function stateOf({ manual, properties }: Connection, targetExists: boolean): JsonObject {
  if (!targetExists) return { status: 'Disconnected', description: '', actionsRequired: 'None' };
  return manual
    ? { status: 'Pending', description: textAt(properties, 'requestMessage'), actionsRequired: 'None' }
    : { status: 'Approved', description: 'Auto-approved', actionsRequired: 'None' };
}

function addressOf({ hidden }: Resource): string {
  return textAt(hidden ?? {}, 'address');
}

function interfaceId({ id, hidden }: Resource): string {
  return `${id.slice(0, id.toLowerCase().indexOf('/providers/'))}/providers/${INTERFACE_TYPE}/${textAt(hidden ?? {}, 'interfaceName')}`;
}

function subnetOf(endpoint: JsonObject): string {
  return textAt(objectAt(endpoint, 'subnet'), 'id');
}

import { createHash } from 'node:crypto';
import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, textAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import { requireGroup } from '../arm/resources';
import { ok, ResourceType } from '../arm/resource-type';
import { storageDataPlaneRoutes } from './storage-data-plane';
import {
  accountNameRefusal,
  accountRefusal,
  blobServiceRefusal,
  containerRefusal,
  defaultAccountProperties,
  DEFAULT_CONTAINER,
  DEFAULT_SERVICES,
} from './storage-rules';
import { badRequest } from '../arm/values';
import { placeOf } from '../arm/locations';
import { tagsOf } from '../arm/tags';

const TYPE = 'Microsoft.Storage/storageAccounts';
const ACCOUNT = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${TYPE}/{account}`;
const apiVersions = ['2023-05-01', '2023-01-01'];

/** Microsoft.Storage: accounts, what their services are set to, and containers; and the services' own addresses. */
export function storageRoutes(store: ResourceStore): Route[] {
  const accounts = new ResourceType(store, {
    type: TYPE,
    pattern: ACCOUNT,
    apiVersions,
    parent: (request) => requireGroup(store, request),
    shown,
  });
  return [
    accounts.reading(),
    accounts.route('PUT', (request) => {
      requireGroup(store, request);
      return accounts.put(described(accounts, request), 200);
    }),
    accounts.deleting(),
    accounts.route('POST', (request) => ok({ keys: keysOf(accounts.require(request)) }), '/listKeys'),
    accounts.listingInSubscription(),
    ...(['blobServices', 'fileServices'] as const).flatMap((service) =>
      serviceRoutes(store, accounts, service),
    ),
    ...containerRoutes(store, accounts),
    ...storageDataPlaneRoutes((name) => accountNamed(accounts, name)),
  ];
}

/** The account that a request describes. @throws ArmError 400, or 409 where the name is taken */
function described(accounts: ResourceType, request: ArmRequest): Resource {
  const name = accounts.nameOf(request);
  const existing = accounts.find(request);
  const location = placeOf(request, existing);
  const refused =
    accountNameRefusal(name) ??
    accountRefusal(request.body ?? {}, existing && { ...existing.properties, ...existing.hidden });
  if (refused !== undefined) throw badRequest(refused, 'InvalidRequestPropertyValue');
  if (existing === undefined && accountNamed(accounts, name) !== undefined) {
    throw new ArmError(
      409,
      'StorageAccountAlreadyTaken',
      `The storage account named ${name} is already taken.`,
    );
  }
  const skuName = textAt(objectAt(request.body, 'sku'), 'name');
  return accounts.resource(request, {
    location,
    tags: tagsOf(request),
    properties: {
      ...defaultAccountProperties(name, location),
      ...existing?.properties,
      ...objectAt(request.body, 'properties'),
    },
    hidden: {
      kind: textAt(request.body ?? {}, 'kind'),
      sku: { name: skuName, tier: skuName.startsWith('Premium') ? 'Premium' : 'Standard' },
    },
  });
}

/** What the service keeps beside the properties is beside them in its answers too. */
function shown(account: Resource): JsonObject {
  return { ...representation(account), ...account.hidden };
}

/** Keys that stay the same and open nothing: the data plane here takes tokens alone. */
function keysOf({ id }: Resource): JsonObject[] {
  return ['key1', 'key2'].map((keyName) => ({
    keyName,
    permissions: 'FULL',
    value: createHash('sha512').update(`${id.toLowerCase()} ${keyName}`).digest('base64'),
  }));
}

/** Services of an account always exist, set to their defaults until a request sets them otherwise. */
function serviceRoutes(
  store: ResourceStore,
  accounts: ResourceType,
  service: 'blobServices' | 'fileServices',
): Route[] {
  const current = (request: ArmRequest): Resource => {
    const id = `${accounts.require(request).id}/${service}/default`;
    const unset = { id, name: 'default', type: `${TYPE}/${service}`, properties: DEFAULT_SERVICES[service] };
    return store.get(id) ?? unset;
  };
  const suffix = `/${service}/default`;
  return [
    accounts.route('GET', (request) => ok(representation(current(request))), suffix),
    accounts.route(
      'PUT',
      (request) => {
        const before = current(request);
        const properties = { ...before.properties, ...objectAt(request.body, 'properties') };
        const refused = service === 'blobServices' ? blobServiceRefusal(properties) : undefined;
        if (refused !== undefined) throw badRequest(refused, 'InvalidRequestPropertyValue');
        store.put({ ...before, properties });
        return ok(representation(current(request)));
      },
      suffix,
    ),
  ];
}

function containerRoutes(store: ResourceStore, accounts: ResourceType): Route[] {
  const containers = new ResourceType(store, {
    type: `${TYPE}/blobServices/containers`,
    pattern: `${ACCOUNT}/blobServices/default/containers/{container}`,
    apiVersions,
    parent: (request) => accounts.require(request),
    missing: () => new ArmError(404, 'ContainerNotFound', 'The specified container does not exist.'),
  });
  const put = (request: ArmRequest, before: Resource | undefined): ArmResponse => {
    const wanted = objectAt(request.body, 'properties');
    const account = accounts.require(request);
    const refused = containerRefusal(containers.nameOf(request), wanted, account.properties);
    if (refused !== undefined) throw new ArmError(refused.status, refused.code, refused.message);
    const properties = { ...DEFAULT_CONTAINER, ...before?.properties, ...wanted };
    return containers.put(containers.resource(request, { properties }));
  };
  return [
    containers.reading(),
    containers.route('PUT', (request) => put(request, containers.find(request))),
    containers.route('PATCH', (request) => put(request, containers.require(request))),
    containers.deleting(),
  ];
}

/** The account of a name: names are unique on all of Azure. */
function accountNamed(accounts: ResourceType, name: string): Resource | undefined {
  return accounts.all().find((account) => account.name === name.toLowerCase());
}

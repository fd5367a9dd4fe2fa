import { createHash } from 'node:crypto';
import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, param, textAt } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import { locationOf, remove, resourcesOf, tagsOf } from '../arm/checks';
import { groupId, requireGroup } from '../arm/resources';
import { storageDataPlaneRoutes } from './storage-data-plane';
import {
  accountNameRefusal,
  accountRefusal,
  blobServiceRefusal,
  containerRefusal,
  defaultAccountProperties,
  DEFAULT_SERVICES,
} from './storage-rules';
import { badRequest, notFound } from '../arm/values';

const TYPE = 'Microsoft.Storage/storageAccounts';
const ACCOUNT = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${TYPE}/{account}`;
const CONTAINER = `${ACCOUNT}/blobServices/default/containers/{container}`;
const apiVersions = ['2023-05-01', '2023-01-01'];

/** Microsoft.Storage: accounts, what their services are set to, and containers; and the services' own addresses. */
export function storageRoutes(store: ResourceStore): Route[] {
  return [
    ...accountRoutes(store),
    ...(['blobServices', 'fileServices'] as const).flatMap((service) => serviceRoutes(store, service)),
    ...containerRoutes(store),
    ...storageDataPlaneRoutes((name) => accountNamed(store, name)),
  ];
}

function accountRoutes(store: ResourceStore): Route[] {
  return [
    {
      method: 'GET',
      pattern: ACCOUNT,
      apiVersions,
      handle: (request) => ({ status: 200, body: shown(requireAccount(store, request)) }),
    },
    { method: 'PUT', pattern: ACCOUNT, apiVersions, handle: (request) => createOrUpdate(store, request) },
    {
      method: 'DELETE',
      pattern: ACCOUNT,
      apiVersions,
      handle: (request) => {
        const account = store.get(accountId(request));
        if (account === undefined) return { status: 204 };
        remove(store, account.id);
        return { status: 200 };
      },
    },
    {
      method: 'POST',
      pattern: `${ACCOUNT}/listKeys`,
      apiVersions,
      handle: (request) => ({ status: 200, body: { keys: keysOf(requireAccount(store, request)) } }),
    },
    {
      method: 'GET',
      pattern: `/subscriptions/{subscription}/providers/${TYPE}`,
      apiVersions,
      handle: (request) => {
        const subscription = `/subscriptions/${param(request, 'subscription')}/`.toLowerCase();
        const accounts = resourcesOf(store, TYPE).filter(({ id }) =>
          id.toLowerCase().startsWith(subscription),
        );
        return { status: 200, body: { value: accounts.map(shown) } };
      },
    },
  ];
}

function createOrUpdate(store: ResourceStore, request: ArmRequest): ArmResponse {
  requireGroup(store, request);
  const name = param(request, 'account');
  const location = locationOf(request);
  const existing = store.get(accountId(request));
  const refused = accountNameRefusal(name) ?? accountRefusal(request.body ?? {}, existing?.hidden);
  if (refused !== undefined) throw badRequest(refused, 'InvalidRequestPropertyValue');
  if (existing === undefined && accountNamed(store, name) !== undefined) {
    throw new ArmError(
      409,
      'StorageAccountAlreadyTaken',
      `The storage account named ${name} is already taken.`,
    );
  }
  const skuName = textAt(objectAt(request.body, 'sku'), 'name');
  const account: Resource = {
    id: existing?.id ?? accountId(request),
    name,
    type: TYPE,
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
  };
  store.put(account);
  return { status: 200, body: shown(account) };
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

function serviceRoutes(store: ResourceStore, service: 'blobServices' | 'fileServices'): Route[] {
  const pattern = `${ACCOUNT}/${service}/default`;
  const current = (request: ArmRequest): Resource => {
    const account = requireAccount(store, request);
    const id = `${account.id}/${service}/default`;
    return (
      store.get(id) ?? {
        id,
        name: 'default',
        type: `${TYPE}/${service}`,
        properties: DEFAULT_SERVICES[service],
      }
    );
  };
  return [
    {
      method: 'GET',
      pattern,
      apiVersions,
      handle: (request) => ({ status: 200, body: representation(current(request)) }),
    },
    {
      method: 'PUT',
      pattern,
      apiVersions,
      handle: (request) => {
        const before = current(request);
        const properties = { ...before.properties, ...objectAt(request.body, 'properties') };
        const refused = service === 'blobServices' ? blobServiceRefusal(properties) : undefined;
        if (refused !== undefined) throw badRequest(refused, 'InvalidRequestPropertyValue');
        store.put({ ...before, properties });
        return { status: 200, body: representation(current(request)) };
      },
    },
  ];
}

function containerRoutes(store: ResourceStore): Route[] {
  const type = `${TYPE}/blobServices/containers`;
  const idOf = (request: ArmRequest): string =>
    `${accountId(request)}/blobServices/default/containers/${param(request, 'container')}`;
  const required = (request: ArmRequest): Resource => {
    requireAccount(store, request);
    const container = store.get(idOf(request));
    if (container !== undefined) return container;
    throw new ArmError(404, 'ContainerNotFound', 'The specified container does not exist.');
  };
  const put = (request: ArmRequest, before: Resource | undefined): Resource => {
    const account = requireAccount(store, request);
    const wanted = objectAt(request.body, 'properties');
    const name = param(request, 'container');
    const refused = containerRefusal(name, wanted, account.properties);
    if (refused !== undefined) throw new ArmError(refused.status, refused.code, refused.message);
    const container: Resource = {
      id: idOf(request),
      name,
      type,
      properties: {
        publicAccess: 'None',
        hasImmutabilityPolicy: false,
        hasLegalHold: false,
        defaultEncryptionScope: '$account-encryption-key',
        denyEncryptionScopeOverride: false,
        leaseStatus: 'Unlocked',
        leaseState: 'Available',
        ...before?.properties,
        ...wanted,
      },
    };
    store.put(container);
    return container;
  };
  return [
    {
      method: 'GET',
      pattern: CONTAINER,
      apiVersions,
      handle: (request) => ({ status: 200, body: representation(required(request)) }),
    },
    {
      method: 'PUT',
      pattern: CONTAINER,
      apiVersions,
      handle: (request) => {
        const before = store.get(idOf(request));
        const status = before === undefined ? 201 : 200;
        return { status, body: representation(put(request, before)) };
      },
    },
    {
      method: 'PATCH',
      pattern: CONTAINER,
      apiVersions,
      handle: (request) => ({ status: 200, body: representation(put(request, required(request))) }),
    },
    {
      method: 'DELETE',
      pattern: CONTAINER,
      apiVersions,
      handle: (request) => {
        if (store.get(idOf(request)) === undefined) return { status: 204 };
        remove(store, idOf(request));
        return { status: 200 };
      },
    },
  ];
}

/** The account of a name: names are unique on all of Azure. */
function accountNamed(store: ResourceStore, name: string): Resource | undefined {
  return resourcesOf(store, TYPE).find((account) => account.name === name.toLowerCase());
}

function requireAccount(store: ResourceStore, request: ArmRequest): Resource {
  const account = store.get(accountId(request));
  if (account !== undefined) return account;
  requireGroup(store, request);
  throw notFound(TYPE, param(request, 'account'));
}

function accountId(request: ArmRequest): string {
  return `${groupId(request)}/providers/${TYPE}/${param(request, 'account')}`;
}

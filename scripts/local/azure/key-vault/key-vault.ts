import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, param, textAt, without } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { representation } from '../arm/store';
import { locationOf, remove, resourcesOf, tagsOf } from '../arm/checks';
import {
  defaultVaultProperties,
  vaultNameRefusal,
  vaultRefusal,
  withAddressLengths,
} from './key-vault-rules';
import type { Operations } from '../arm/operations';
import { groupId, requireGroup } from '../arm/resources';
import { badRequest, notFound } from '../arm/values';

export const VAULT_TYPE = 'Microsoft.KeyVault/vaults';
const VAULT = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${VAULT_TYPE}/{vault}`;
const PROVIDER = '/subscriptions/{subscription}/providers/Microsoft.KeyVault';
const DELETED_TYPE = 'Microsoft.KeyVault/deletedVaults';
const DELETED = `${PROVIDER}/locations/{location}/deletedVaults/{vault}`;
const apiVersions = ['2023-02-01', '2023-07-01'];

/** Microsoft.KeyVault: vaults, and the deleted ones that can still be brought back. Secrets are the data plane's. */
export function keyVaultRoutes(store: ResourceStore, operations: Operations): Route[] {
  return [
    {
      method: 'GET',
      pattern: VAULT,
      apiVersions,
      handle: (request) => answer(200, requireVault(store, request)),
    },
    { method: 'PUT', pattern: VAULT, apiVersions, handle: (request) => createOrUpdate(store, request) },
    { method: 'PATCH', pattern: VAULT, apiVersions, handle: (request) => update(store, request) },
    { method: 'DELETE', pattern: VAULT, apiVersions, handle: (request) => softDelete(store, request) },
    {
      method: 'GET',
      pattern: `${PROVIDER}/vaults`,
      apiVersions,
      handle: (request) => list(request, resourcesOf(store, VAULT_TYPE)),
    },
    {
      method: 'GET',
      pattern: `${PROVIDER}/deletedVaults`,
      apiVersions,
      handle: (request) => list(request, resourcesOf(store, DELETED_TYPE)),
    },
    {
      method: 'GET',
      pattern: DELETED,
      apiVersions,
      handle: (request) => answer(200, requireDeleted(store, request)),
    },
    {
      method: 'POST',
      pattern: `${DELETED}/purge`,
      apiVersions,
      handle: (request) => {
        const deleted = requireDeleted(store, request);
        if (deleted.properties['purgeProtectionEnabled'] === true) {
          throw badRequest("Operation 'DeletedVaultPurge' is not allowed.", 'MethodNotAllowed');
        }
        return operations.begin(request, { resourceId: deleted.id, becomes: null }, 202);
      },
    },
  ];
}

/** The vault of a name: names are unique on all of Azure. */
export function vaultNamed(store: ResourceStore, name: string): Resource | undefined {
  return resourcesOf(store, VAULT_TYPE).find((vault) => vault.name.toLowerCase() === name.toLowerCase());
}

function createOrUpdate(store: ResourceStore, request: ArmRequest): ArmResponse {
  requireGroup(store, request);
  const name = param(request, 'vault');
  const refused = vaultNameRefusal(name);
  if (refused !== undefined) throw badRequest(refused, 'VaultNameNotValid');
  const location = locationOf(request);
  const wanted = objectAt(request.body, 'properties');
  const deleted = resourcesOf(store, DELETED_TYPE).find((it) => it.name.toLowerCase() === name.toLowerCase());
  if (wanted['createMode'] === 'recover') return recover(store, request, deleted);
  const existing = store.get(vaultId(request));
  if (existing === undefined && vaultNamed(store, name) !== undefined) {
    throw new ArmError(409, 'VaultAlreadyExists', `The vault name '${name}' is already in use.`);
  }
  if (existing === undefined && deleted !== undefined) {
    throw new ArmError(
      409,
      'ConflictError',
      `A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault.`,
    );
  }
  const vault = checked(existing, {
    id: existing?.id ?? vaultId(request),
    name,
    type: VAULT_TYPE,
    location,
    tags: tagsOf(request),
    properties: { ...defaultVaultProperties(name), ...existing?.properties, ...described(wanted) },
  });
  store.put(vault);
  return answer(existing === undefined ? 201 : 200, vault);
}

function update(store: ResourceStore, request: ArmRequest): ArmResponse {
  const existing = requireVault(store, request);
  const vault = checked(existing, {
    ...existing,
    ...(request.body?.['tags'] === undefined ? {} : { tags: tagsOf(request) }),
    properties: { ...existing.properties, ...described(objectAt(request.body, 'properties')) },
  });
  store.put(vault);
  return answer(200, vault);
}

/** What a request says of a vault: what it creates it as is not kept, and what is read-only is not taken. */
function described(wanted: JsonObject): JsonObject {
  return withAddressLengths(['createMode', 'vaultUri', 'provisioningState'].reduce(without, wanted));
}

function checked(before: Resource | undefined, after: Resource): Resource {
  const refused = vaultRefusal(after.properties, before?.properties);
  if (refused !== undefined) throw badRequest(refused);
  return after;
}

/** Deleted is hidden: the vault and what lies in it can be brought back until the retention is over, or it is purged. */
function softDelete(store: ResourceStore, request: ArmRequest): ArmResponse {
  const vault = store.get(vaultId(request));
  if (vault === undefined) return { status: 204 };
  const location = vault.location ?? '';
  const days = Number(vault.properties['softDeleteRetentionInDays']);
  const now = new Date();
  const contents = store.below(vault.id);
  remove(store, vault.id);
  store.put({
    id: `/subscriptions/${param(request, 'subscription')}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${vault.name}`,
    name: vault.name,
    type: DELETED_TYPE,
    properties: {
      vaultId: vault.id,
      location,
      tags: vault.tags ?? {},
      deletionDate: now.toISOString(),
      scheduledPurgeDate: new Date(now.getTime() + days * 24 * 60 * 60 * 1000).toISOString(),
      ...(vault.properties['enablePurgeProtection'] === true ? { purgeProtectionEnabled: true } : {}),
    },
    hidden: { kept: JSON.parse(JSON.stringify([vault, ...contents])) as JsonObject[] },
  });
  return { status: 200 };
}

function recover(store: ResourceStore, request: ArmRequest, deleted: Resource | undefined): ArmResponse {
  if (deleted === undefined) throw notFound(DELETED_TYPE, param(request, 'vault'));
  remove(store, deleted.id);
  for (const kept of deleted.hidden?.['kept'] as unknown as readonly Resource[]) store.put(kept);
  return answer(200, requireVault(store, request));
}

function requireVault(store: ResourceStore, request: ArmRequest): Resource {
  const vault = store.get(vaultId(request));
  if (vault !== undefined) return vault;
  requireGroup(store, request);
  throw notFound(VAULT_TYPE, param(request, 'vault'));
}

function requireDeleted(store: ResourceStore, request: ArmRequest): Resource {
  const deleted = store.get(request.path.replace(/\/purge\/?$/i, ''));
  if (deleted !== undefined) return deleted;
  throw new ArmError(
    404,
    'DeletedVaultNotFound',
    `The specified deleted vault '${param(request, 'vault')}' does not exist.`,
  );
}

function list(request: ArmRequest, resources: readonly Resource[]): ArmResponse {
  const subscription = `/subscriptions/${param(request, 'subscription')}/`.toLowerCase();
  const here = resources.filter(({ id }) => id.toLowerCase().startsWith(subscription));
  return { status: 200, body: { value: here.map(representation) } };
}

function vaultId(request: ArmRequest): string {
  return `${groupId(request)}/providers/${VAULT_TYPE}/${param(request, 'vault')}`;
}

function answer(status: number, resource: Resource): ArmResponse {
  return { status, body: representation(resource) };
}

/** Where the clients of a vault connect. */
export function vaultUriOf(vault: Resource): string {
  return textAt(vault.properties, 'vaultUri');
}

import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, textAt, without } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { resourcesOf } from '../arm/checks';
import {
  defaultVaultProperties,
  vaultNameRefusal,
  vaultRefusal,
  withAddressLengths,
} from './key-vault-rules';
import type { Operations } from '../arm/operations';
import { requireGroup } from '../arm/resources';
import { ResourceType } from '../arm/resource-type';
import { badRequest, notFound, same } from '../arm/values';
import { placeOf } from '../arm/locations';
import { tagsOf } from '../arm/tags';

export const VAULT_TYPE = 'Microsoft.KeyVault/vaults';
const VAULT = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${VAULT_TYPE}/{vault}`;
const DELETED_TYPE = 'Microsoft.KeyVault/deletedVaults';
const DELETED =
  '/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/deletedVaults/{vault}';
const apiVersions = ['2023-02-01', '2023-07-01'];

/** Microsoft.KeyVault: vaults, and the deleted ones that can still be brought back. Secrets are the data plane's. */
export function keyVaultRoutes(store: ResourceStore, operations: Operations): Route[] {
  const vaults = new ResourceType(store, {
    type: VAULT_TYPE,
    pattern: VAULT,
    apiVersions,
    parent: (request) => requireGroup(store, request),
  });
  const deleted = new ResourceType(store, {
    type: DELETED_TYPE,
    pattern: DELETED,
    apiVersions,
    missing: (name) =>
      new ArmError(404, 'DeletedVaultNotFound', `The specified deleted vault '${name}' does not exist.`),
  });
  return [
    vaults.reading(),
    vaults.route('PUT', (request) => createOrUpdate(store, vaults, request)),
    vaults.route('PATCH', (request) => vaults.put(updated(vaults.require(request), request))),
    vaults.route('DELETE', (request) => softDelete(store, vaults.find(request))),
    vaults.listingInSubscription(),
    deleted.listingInSubscription(),
    deleted.reading(),
    deleted.route(
      'POST',
      (request) => {
        const { id, properties } = deleted.require(request);
        if (properties['purgeProtectionEnabled'] === true) {
          throw badRequest("Operation 'DeletedVaultPurge' is not allowed.", 'MethodNotAllowed');
        }
        return operations.begin(request, { resourceId: id, becomes: null }, 202);
      },
      '/purge',
    ),
  ];
}

/** The vault of a name: names are unique on all of Azure. */
export function vaultNamed(store: ResourceStore, name: string): Resource | undefined {
  return resourcesOf(store, VAULT_TYPE).find((vault) => same(vault.name, name));
}

function createOrUpdate(store: ResourceStore, vaults: ResourceType, request: ArmRequest): ArmResponse {
  requireGroup(store, request);
  const name = vaults.nameOf(request);
  const refused = vaultNameRefusal(name);
  if (refused !== undefined) throw badRequest(refused, 'VaultNameNotValid');
  const existing = vaults.find(request);
  const location = placeOf(request, existing);
  const wanted = objectAt(request.body, 'properties');
  const deleted = resourcesOf(store, DELETED_TYPE).find((vault) => same(vault.name, name));
  if (wanted['createMode'] === 'recover') {
    if (deleted === undefined) throw notFound(DELETED_TYPE, name);
    recover(store, deleted);
    return vaults.put(vaults.require(request));
  }
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
  const properties = { ...defaultVaultProperties(name), ...existing?.properties, ...described(wanted) };
  const vault = vaults.resource(request, { location, tags: tagsOf(request), properties });
  return vaults.put(checked(existing, vault));
}

function updated(existing: Resource, request: ArmRequest): Resource {
  return checked(existing, {
    ...existing,
    ...(request.body?.['tags'] === undefined ? {} : { tags: tagsOf(request) }),
    properties: { ...existing.properties, ...described(objectAt(request.body, 'properties')) },
  });
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
function softDelete(store: ResourceStore, vault: Resource | undefined): ArmResponse {
  if (vault === undefined) return { status: 204 };
  const location = vault.location ?? '';
  const days = Number(vault.properties['softDeleteRetentionInDays']);
  const now = new Date();
  const contents = store.below(vault.id);
  store.remove(vault.id);
  const [, , subscription = ''] = vault.id.split('/');
  store.put({
    id: `/subscriptions/${subscription}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${vault.name}`,
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
    hidden: { kept: structuredClone([vault, ...contents]) as unknown as JsonObject[] },
  });
  return { status: 200 };
}

function recover(store: ResourceStore, deleted: Resource): void {
  store.remove(deleted.id);
  for (const kept of deleted.hidden?.['kept'] as unknown as readonly Resource[]) store.put(kept);
}

/** Where the clients of a vault connect. */
export function vaultUriOf(vault: Resource): string {
  return textAt(vault.properties, 'vaultUri');
}

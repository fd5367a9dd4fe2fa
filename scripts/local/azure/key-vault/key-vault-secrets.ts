import { randomUUID } from 'node:crypto';
import type { ArmRequest, ArmResponse, JsonObject } from '../arm/arm';
import { ArmError, objectAt, param, textAt, without } from '../arm/arm';
import { REDACTED } from '../arm/recorder';
import type { Route } from '../arm/router';
import type { Resource, ResourceStore } from '../arm/store';
import { ok } from '../arm/resource-type';
import { isGranted, ROLES } from '../arm/authorization';
import { vaultNamed, vaultUriOf } from './key-vault';
import { secretRefusal } from './key-vault-rules';
import { badRequest, objectsAt, textsAt } from '../arm/values';

const HOST = '{vault}.vault.azure.net';
const AUDIENCE = 'https://vault.azure.net';
const TYPE = 'Microsoft.KeyVault/vaults/secrets';
const DELETED_TYPE = 'Microsoft.KeyVault/vaults/deletedSecrets';
const apiVersions = ['7.4'];

/** What a request does with secrets, in the words of an access policy. */
type Permission = 'get' | 'set' | 'delete' | 'recover' | 'purge';

/**
 * The data plane of Key Vault, `https://VAULT.vault.azure.net`. It lets in whom the vault's roles or access policies
 * name and its network rules reach. The values of secrets are kept nowhere, so what is read of one is everything else.
 */
export function keyVaultSecretRoutes(store: ResourceStore): Route[] {
  const at = (
    method: Route['method'],
    pattern: string,
    permission: Permission,
    handle: (vault: Resource, request: ArmRequest) => ArmResponse,
  ): Route => ({
    host: HOST,
    audience: AUDIENCE,
    method,
    pattern,
    apiVersions,
    handle: (request) => handle(admit(store, request, permission), request),
  });
  return [
    at('GET', '/secrets/{secret}', 'get', (vault, request) => read(store, vault, request)),
    at('GET', '/secrets/{secret}/{version}', 'get', (vault, request) => read(store, vault, request)),
    at('PUT', '/secrets/{secret}', 'set', (vault, request) => set(store, vault, request)),
    at('PATCH', '/secrets/{secret}', 'set', (vault, request) => update(store, vault, request)),
    at('PATCH', '/secrets/{secret}/{version}', 'set', (vault, request) => update(store, vault, request)),
    at('DELETE', '/secrets/{secret}', 'delete', (vault, request) => softDelete(store, vault, request)),
    at('GET', '/deletedsecrets/{secret}', 'get', (vault, request) =>
      ok(deletedBundle(vault, requireDeleted(store, vault, request))),
    ),
    at('DELETE', '/deletedsecrets/{secret}', 'purge', (vault, request) => {
      const deleted = requireDeleted(store, vault, request);
      if (vault.properties['enablePurgeProtection'] === true) {
        throw forbidden("Operation 'purge' is not allowed: the vault has purge protection.", 'Forbidden');
      }
      store.remove(deleted.id);
      return { status: 204 };
    }),
    at('POST', '/deletedsecrets/{secret}/recover', 'recover', (vault, request) => {
      const deleted = requireDeleted(store, vault, request);
      store.remove(deleted.id);
      const secret: Resource = { ...deleted, id: secretId(vault, deleted.name), type: TYPE };
      store.put(secret);
      return ok(bundle(vault, secret));
    }),
    // The provider asks these of every vault, whatever is to be kept in it.
    { host: HOST, audience: AUDIENCE, method: 'GET', pattern: '/', handle: () => ({ status: 404 }) },
    {
      host: HOST,
      audience: AUDIENCE,
      method: 'GET',
      pattern: '/certificates/contacts',
      apiVersions,
      handle: (request) => {
        const { id } = reach(store, request);
        if (!isGranted(store, request.principal, id, CONTACT_READERS)) throw forbiddenByRbac(request);
        throw new ArmError(404, 'ContactsNotFound', 'Contacts not found.');
      },
    },
  ];
}

const CONTACT_READERS = [ROLES.keyVaultAdministrator, ROLES.keyVaultCertificatesOfficer];
const SECRET_WRITERS = [ROLES.keyVaultAdministrator, ROLES.keyVaultSecretsOfficer];
const SECRET_READERS = [...SECRET_WRITERS, ROLES.keyVaultSecretsUser];

/** The vault a request is for, once it is let in. @throws ArmError 403 where it is not */
function admit(store: ResourceStore, request: ArmRequest, permission: Permission): Resource {
  const vault = reach(store, request);
  if (vault.properties['enableRbacAuthorization'] === true) {
    const roles = permission === 'get' ? SECRET_READERS : SECRET_WRITERS;
    if (!isGranted(store, request.principal, vault.id, roles)) throw forbiddenByRbac(request);
    return vault;
  }
  const allowed = objectsAt(vault.properties, 'accessPolicies')
    .filter((policy) => textAt(policy, 'objectId') === request.principal)
    .flatMap((policy) => textsAt(objectAt(policy, 'permissions'), 'secrets'))
    .map((each) => each.toLowerCase());
  if (allowed.includes(permission) || allowed.includes('all')) return vault;
  throw forbidden(
    `The user, group or application '${request.principal ?? '?'}' does not have secrets ${permission} permission on key vault '${vault.name}'.`,
    'AccessDenied',
  );
}

/**
 * The vault a request is for, where its network lets anybody in. Whoever asks comes from this machine, which no rule
 * names: the stand-in takes them for one of those that the rules do name, and refuses where they name nobody.
 */
function reach(store: ResourceStore, request: ArmRequest): Resource {
  const vault = vaultNamed(store, param(request, 'vault'));
  if (vault === undefined) {
    throw new ArmError(404, 'VaultNotFound', `There is no vault named '${param(request, 'vault')}'.`);
  }
  if (vault.properties['publicNetworkAccess'] === 'Disabled') {
    throw forbidden(
      'Public network access is disabled and request is not from a trusted service nor via an approved private link.',
      'ForbiddenByConnection',
    );
  }
  const acls = objectAt(vault.properties, 'networkAcls');
  const named = [...objectsAt(acls, 'ipRules'), ...objectsAt(acls, 'virtualNetworkRules')];
  if (acls['defaultAction'] === 'Deny' && named.length === 0) {
    throw forbidden(
      'Client address is not authorized and caller is not a trusted service.',
      'ForbiddenByFirewall',
    );
  }
  return vault;
}

function read(store: ResourceStore, vault: Resource, request: ArmRequest): ArmResponse {
  const secret = requireSecret(store, vault, request);
  if (objectAt(secret.properties, 'attributes')['enabled'] === false) {
    throw forbidden('Operation get is not allowed on a disabled secret.', 'SecretDisabled');
  }
  const version = request.params['version'];
  if (version !== undefined && version !== secret.properties['version']) throw secretNotFound(request);
  return ok(bundle(vault, secret));
}

function set(store: ResourceStore, vault: Resource, request: ArmRequest): ArmResponse {
  const name = param(request, 'secret');
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name)) {
    throw badRequest(`The request URI contains an invalid name: ${name}`, 'BadParameter');
  }
  const refused = secretRefusal(request.body ?? {}, true);
  if (refused !== undefined) throw badRequest(refused, 'BadParameter');
  if (store.get(deletedId(vault, name)) !== undefined) {
    throw new ArmError(
      409,
      'Conflict',
      `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
    );
  }
  const secret: Resource = {
    id: secretId(vault, name),
    name,
    type: TYPE,
    properties: described(request, { version: randomUUID().replaceAll('-', '') }),
  };
  store.put(secret);
  return ok(bundle(vault, secret));
}

function update(store: ResourceStore, vault: Resource, request: ArmRequest): ArmResponse {
  const existing = requireSecret(store, vault, request);
  const refused = secretRefusal(request.body ?? {}, false);
  if (refused !== undefined) throw badRequest(refused, 'BadParameter');
  const secret = { ...existing, properties: described(request, existing.properties) };
  store.put(secret);
  return ok(bundle(vault, secret));
}

/** Everything a request says of a secret but its value. */
function described(request: ArmRequest, before: JsonObject): JsonObject {
  const { contentType, tags } = request.body ?? {};
  const { nbf, exp, enabled } = objectAt(request.body, 'attributes');
  const seconds = Math.floor(Date.now() / 1000);
  const previous = objectAt(before, 'attributes');
  return {
    ...before,
    ...(contentType === undefined ? {} : { contentType }),
    ...(tags === undefined ? {} : { tags }),
    attributes: {
      ...previous,
      enabled: enabled ?? previous['enabled'] ?? true,
      ...(nbf === undefined ? {} : { nbf }),
      ...(exp === undefined ? {} : { exp }),
      created: previous['created'] ?? seconds,
      updated: seconds,
    },
  };
}

function softDelete(store: ResourceStore, vault: Resource, request: ArmRequest): ArmResponse {
  const secret = requireSecret(store, vault, request);
  const days = Number(vault.properties['softDeleteRetentionInDays']);
  const seconds = Math.floor(Date.now() / 1000);
  const deleted: Resource = {
    ...secret,
    id: deletedId(vault, secret.name),
    type: DELETED_TYPE,
    hidden: { deletedDate: seconds, scheduledPurgeDate: seconds + days * 24 * 60 * 60 },
  };
  store.remove(secret.id);
  store.put(deleted);
  return ok(deletedBundle(vault, deleted));
}

function requireSecret(store: ResourceStore, vault: Resource, request: ArmRequest): Resource {
  const secret = store.get(secretId(vault, param(request, 'secret')));
  if (secret === undefined) throw secretNotFound(request);
  return secret;
}

function requireDeleted(store: ResourceStore, vault: Resource, request: ArmRequest): Resource {
  const deleted = store.get(deletedId(vault, param(request, 'secret')));
  if (deleted === undefined) throw secretNotFound(request);
  return deleted;
}

function bundle(vault: Resource, { name, properties }: Resource): JsonObject {
  const id = `${vaultUriOf(vault)}secrets/${name}/${textAt(properties, 'version')}`;
  return { value: REDACTED, id, ...without(properties, 'version') };
}

function deletedBundle(vault: Resource, deleted: Resource): JsonObject {
  return {
    recoveryId: `${vaultUriOf(vault)}deletedsecrets/${deleted.name}`,
    ...deleted.hidden,
    ...without(bundle(vault, deleted), 'value'),
  };
}

function secretId(vault: Resource, name: string): string {
  return `${vault.id}/secrets/${name}`;
}

function deletedId(vault: Resource, name: string): string {
  return `${vault.id}/deletedSecrets/${name}`;
}

function secretNotFound(request: ArmRequest): ArmError {
  return new ArmError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${param(request, 'secret')} was not found in this key vault.`,
  );
}

function forbiddenByRbac(request: ArmRequest): ArmError {
  return forbidden(
    `Caller is not authorized to perform action on resource. Caller: ${request.principal ?? '?'}. No role assignment of theirs on the vault '${param(request, 'vault')}' allows it.`,
    'ForbiddenByRbac',
  );
}

/** Key Vault's refusals are all `Forbidden`; why is one level further in, which the message says here. */
function forbidden(message: string, reason: string): ArmError {
  return new ArmError(403, 'Forbidden', `${message} (${reason})`);
}

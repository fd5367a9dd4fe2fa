import type { JsonObject } from '../arm/arm';
import { isJsonObject, objectAt, textAt } from '../arm/arm';
import { isPublicRange } from '../arm/checks';
import { objectsAt } from '../arm/values';

/** What Azure Storage refuses, and what it fills in. Pure. */

const KINDS = ['StorageV2', 'BlobStorage', 'BlockBlobStorage', 'FileStorage', 'Storage'];
const SKUS = [
  'Standard_LRS',
  'Standard_ZRS',
  'Standard_GRS',
  'Standard_GZRS',
  'Standard_RAGRS',
  'Standard_RAGZRS',
  'Premium_LRS',
  'Premium_ZRS',
];
/** Kinds that come on premium disks alone. */
const PREMIUM_KINDS = ['FileStorage', 'BlockBlobStorage'];
/** Kinds that can become StorageV2. */
const UPGRADABLE_KINDS = ['Storage', 'BlobStorage'];
const TLS_VERSIONS = ['TLS1_0', 'TLS1_1', 'TLS1_2', 'TLS1_3'];
const MOST_DAYS = 365;

/** What an account is where its description is silent. */
export function defaultAccountProperties(name: string, location: string): JsonObject {
  const service = (kind: string): string => `https://${name}.${kind}.core.windows.net/`;
  return {
    creationTime: new Date().toISOString(),
    primaryEndpoints: {
      blob: service('blob'),
      queue: service('queue'),
      table: service('table'),
      file: service('file'),
      dfs: service('dfs'),
      web: service('z5.web'),
    },
    primaryLocation: location,
    statusOfPrimary: 'available',
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] },
    minimumTlsVersion: 'TLS1_0',
    provisioningState: 'Succeeded',
    supportsHttpsTrafficOnly: true,
  };
}

/** What the services of an account are set to before anybody sets them. */
export const DEFAULT_SERVICES: Readonly<Record<'blobServices' | 'fileServices', JsonObject>> = {
  blobServices: { cors: { corsRules: [] }, deleteRetentionPolicy: { enabled: false } },
  fileServices: { cors: { corsRules: [] }, shareDeleteRetentionPolicy: { enabled: true, days: 7 } },
};

/** What a container is where its description is silent. */
export const DEFAULT_CONTAINER: JsonObject = {
  publicAccess: 'None',
  hasImmutabilityPolicy: false,
  hasLegalHold: false,
  defaultEncryptionScope: '$account-encryption-key',
  denyEncryptionScopeOverride: false,
  leaseStatus: 'Unlocked',
  leaseState: 'Available',
};

/** Why the service refuses a name for an account; undefined where it allows it. */
export function accountNameRefusal(name: string): string | undefined {
  if (/^[a-z0-9]{3,24}$/.test(name)) return undefined;
  return `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`;
}

/**
 * Why the service refuses the description of an account; undefined where it allows it.
 *
 * @param before what the account is, its kind and SKU beside its properties; absent when it is made
 */
export function accountRefusal(body: JsonObject, before: JsonObject | undefined): string | undefined {
  const sku = textAt(objectAt(body, 'sku'), 'name');
  const kind = textAt(body, 'kind');
  if (!SKUS.includes(sku)) return `The value '${sku}' is not allowed for property sku.name.`;
  if (!KINDS.includes(kind)) return `The value '${kind}' is not allowed for property kind.`;
  const tier = before && textAt(objectAt(before, 'sku'), 'name').split('_')[0];
  if (tier !== undefined && !sku.startsWith(`${tier}_`)) {
    return `The tier of a storage account cannot be changed from ${tier}.`;
  }
  if (PREMIUM_KINDS.includes(kind) && !sku.startsWith('Premium_')) {
    return `The value '${sku}' is not allowed for property sku.name of the kind ${kind}.`;
  }
  const properties = objectAt(body, 'properties');
  const fixed = before && fixedRefusal(kind, properties, before);
  if (fixed !== undefined) return fixed;
  const tls = properties['minimumTlsVersion'];
  if (tls !== undefined && !TLS_VERSIONS.includes(textAt(properties, 'minimumTlsVersion'))) {
    return `The value ${JSON.stringify(tls)} is not allowed for property minimumTlsVersion.`;
  }
  return aclRefusal(properties['networkAcls']);
}

/** What is decided when an account is made. */
function fixedRefusal(kind: string, properties: JsonObject, before: JsonObject): string | undefined {
  const had = textAt(before, 'kind');
  const upgrades = kind === 'StorageV2' && UPGRADABLE_KINDS.includes(had);
  if (kind !== had && !upgrades)
    return `The kind of a storage account cannot be changed from ${had} to ${kind}.`;
  const infrastructure = (of: JsonObject): boolean =>
    objectAt(of, 'encryption')['requireInfrastructureEncryption'] === true;
  const changed = [
    (properties['isHnsEnabled'] === true) !== (before['isHnsEnabled'] === true) && 'isHnsEnabled',
    infrastructure(properties) !== infrastructure(before) && 'encryption.requireInfrastructureEncryption',
  ].find((name) => name !== false);
  return changed && `The property '${changed}' was specified in the input, but it cannot be updated.`;
}

function aclRefusal(acls: JsonObject[string]): string | undefined {
  if (!isJsonObject(acls)) return undefined;
  if (!['Allow', 'Deny'].includes(textAt(acls, 'defaultAction'))) {
    return 'The property networkAcls.defaultAction is Allow or Deny.';
  }
  const wrong = objectsAt(acls, 'ipRules')
    .map((rule) => textAt(rule, 'value'))
    // Unlike Key Vault, Storage takes no range of one or two addresses.
    .find((value) => !isPublicRange(value) || /\/3[12]$/.test(value));
  return wrong === undefined
    ? undefined
    : `The value '${wrong}' is not allowed for property networkAcls.ipRules: it is a public IPv4 address or a CIDR range up to /30.`;
}

/** Why the service refuses the settings of the blob service; undefined where it allows them. */
export function blobServiceRefusal(properties: JsonObject): string | undefined {
  for (const name of ['deleteRetentionPolicy', 'containerDeleteRetentionPolicy']) {
    const { enabled, days } = objectAt(properties, name);
    if (enabled !== true) continue;
    if (typeof days !== 'number' || !Number.isInteger(days) || days < 1 || days > MOST_DAYS) {
      return `The days of ${name} are a whole number from 1 to ${MOST_DAYS}.`;
    }
  }
  const restore = objectAt(properties, 'restorePolicy');
  if (restore['enabled'] !== true) return undefined;
  const kept = Number(objectAt(properties, 'deleteRetentionPolicy')['days'] ?? 0);
  const versioned =
    properties['isVersioningEnabled'] === true && objectAt(properties, 'changeFeed')['enabled'] === true;
  return versioned && Number(restore['days']) < kept
    ? undefined
    : 'Point in time restore needs versioning, the change feed, and a deleteRetentionPolicy of more days.';
}

interface Refused {
  readonly status: 400 | 409;
  readonly code: string;
  readonly message: string;
}

/** Why the service refuses a container; undefined where it allows it. */
export function containerRefusal(
  name: string,
  properties: JsonObject,
  account: JsonObject,
): Refused | undefined {
  if (!/^(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*$/.test(name)) {
    return {
      status: 400,
      code: 'ContainerOperationFailure',
      message: `The container name '${name}' has to have 3 to 63 lower-case letters, digits and single hyphens.`,
    };
  }
  const publicAccess = properties['publicAccess'] ?? 'None';
  if (typeof publicAccess !== 'string' || !['None', 'Blob', 'Container'].includes(publicAccess)) {
    const message = `The value ${JSON.stringify(publicAccess)} is not allowed for property publicAccess.`;
    return { status: 400, code: 'InvalidRequestPropertyValue', message };
  }
  if (publicAccess !== 'None' && account['allowBlobPublicAccess'] === false) {
    return {
      status: 409,
      code: 'PublicAccessNotPermitted',
      message: 'Public access is not permitted on this storage account.',
    };
  }
  return undefined;
}

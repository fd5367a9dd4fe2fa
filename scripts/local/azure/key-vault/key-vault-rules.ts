import type { JsonObject } from '../arm/arm';
import { isJsonObject, objectAt, textAt } from '../arm/arm';
import { isPublicRange } from '../arm/checks';
import { objectsAt, textsAt } from '../arm/values';

/** What Key Vault refuses, and what it fills in. Pure. */

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a vault is where its description is silent. */
export function defaultVaultProperties(name: string): JsonObject {
  return {
    accessPolicies: [],
    enabledForDeployment: false,
    enableRbacAuthorization: false,
    enableSoftDelete: true,
    softDeleteRetentionInDays: 90,
    publicNetworkAccess: 'Enabled',
    vaultUri: `https://${name}.vault.azure.net/`,
    provisioningState: 'Succeeded',
  };
}

/** Why the service refuses a name for a vault; undefined where it allows it. */
export function vaultNameRefusal(name: string): string | undefined {
  if (/^(?=.{3,24}$)[a-zA-Z](?:-?[a-zA-Z0-9])*$/.test(name)) return undefined;
  return `The vault name '${name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.`;
}

/** Why the service refuses a vault, or the change of one; undefined where it allows it. */
export function vaultRefusal(after: JsonObject, before: JsonObject | undefined): string | undefined {
  return rules.find(({ refuses }) => refuses(after, before))?.message;
}

/** A single address comes back as a range of one. */
export function withAddressLengths(properties: JsonObject): JsonObject {
  const acls = properties['networkAcls'];
  if (!isJsonObject(acls)) return properties;
  const ipRules = objectsAt(acls, 'ipRules').map((rule) => {
    const value = textAt(rule, 'value');
    return { ...rule, value: value.includes('/') ? value : `${value}/32` };
  });
  return { ...properties, networkAcls: { ...acls, ipRules } };
}

interface Rule {
  readonly refuses: (after: JsonObject, before: JsonObject | undefined) => boolean;
  readonly message: string;
}

const oneOf = (value: unknown, allowed: readonly unknown[]): boolean => allowed.includes(value);

const MANAGE = ['get', 'list', 'delete', 'recover', 'backup', 'restore', 'purge'];
const CRYPTO = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapkey', 'unwrapkey'];
const ISSUERS = [
  'getissuers',
  'listissuers',
  'setissuers',
  'deleteissuers',
  'manageissuers',
  'managecontacts',
];
const SAS = ['getsas', 'listsas', 'setsas', 'deletesas', 'regeneratekey'];

/** What an access policy can permit, by what it permits it of; in lower case, as the service has no regard for it. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  keys: [
    ...MANAGE,
    ...CRYPTO,
    'create',
    'update',
    'import',
    'rotate',
    'release',
    'getrotationpolicy',
    'setrotationpolicy',
    'all',
  ],
  secrets: [...MANAGE, 'set', 'all'],
  certificates: [...MANAGE, ...ISSUERS, 'create', 'update', 'import', 'all'],
  storage: [...MANAGE, ...SAS, 'set', 'update', 'all'],
};

function permitsUnknown({ accessPolicies }: JsonObject): boolean {
  return objectsAt({ accessPolicies }, 'accessPolicies').some((policy) => {
    const permissions = objectAt(policy, 'permissions');
    return Object.keys(permissions).some((kind) =>
      textsAt(permissions, kind).some((each) => PERMISSIONS[kind]?.includes(each.toLowerCase()) !== true),
    );
  });
}

const rules: readonly Rule[] = [
  {
    refuses: permitsUnknown,
    message: 'The parameter accessPolicies has an invalid value: it permits something that there is not.',
  },
  {
    refuses: (after) => !UUID.test(textAt(after, 'tenantId')),
    message: 'The parameter tenantId has an invalid value: it is the GUID of an Entra tenant.',
  },
  {
    refuses: (after) =>
      objectAt(after, 'sku')['family'] !== 'A' ||
      !oneOf(objectAt(after, 'sku')['name'], ['standard', 'premium']),
    message: 'The parameter sku has an invalid value: its family is A, its name standard or premium.',
  },
  {
    refuses: (after) => after['enableSoftDelete'] === false,
    message: 'The property "enableSoftDelete" can be set to false no longer.',
  },
  {
    refuses: (after) => after['enablePurgeProtection'] === false,
    message:
      'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.',
  },
  {
    refuses: ({ softDeleteRetentionInDays: days }) =>
      typeof days !== 'number' || !Number.isInteger(days) || days < 7 || days > 90,
    message: 'The property "softDeleteRetentionInDays" is a whole number from 7 to 90.',
  },
  {
    refuses: (after, before) =>
      before !== undefined && after['softDeleteRetentionInDays'] !== before['softDeleteRetentionInDays'],
    message: 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.',
  },
  {
    refuses: (after) => !oneOf(after['publicNetworkAccess'], ['Enabled', 'Disabled']),
    message: 'The property "publicNetworkAccess" is Enabled or Disabled.',
  },
  {
    refuses: ({ networkAcls }) =>
      isJsonObject(networkAcls) &&
      (!oneOf(networkAcls['defaultAction'], ['Allow', 'Deny']) ||
        !oneOf(networkAcls['bypass'], ['AzureServices', 'None'])),
    message:
      'The property "networkAcls" is invalid: its defaultAction is Allow or Deny, its bypass AzureServices or None.',
  },
  {
    refuses: ({ networkAcls }) =>
      isJsonObject(networkAcls) &&
      objectsAt(networkAcls, 'ipRules').some((rule) => !isPublicRange(textAt(rule, 'value'))),
    message:
      'The property "networkAcls" is invalid: an IP rule is a public IPv4 address or a CIDR range of such addresses.',
  },
];

const SECRET_BYTES_MOST = 25 * 1024;
const SECRET_TAGS_MOST = 15;

/** Why the service refuses a secret, without repeating it; undefined where it allows it. Pure. */
export function secretRefusal(secret: JsonObject, needsValue: boolean): string | undefined {
  const { value } = secret;
  if (needsValue && (typeof value !== 'string' || value === '')) return 'Property value is not specified.';
  if (typeof value === 'string' && Buffer.byteLength(value) > SECRET_BYTES_MOST) {
    return `The secret has more than ${String(SECRET_BYTES_MOST)} bytes.`;
  }
  const tags = Object.keys(objectAt(secret, 'tags')).length;
  if (tags > SECRET_TAGS_MOST) {
    return `The secret has ${String(tags)} tags, and ${String(SECRET_TAGS_MOST)} is the most it can have.`;
  }
  const attributes = objectAt(secret, 'attributes');
  const wrong = ['nbf', 'exp'].find((name) => !isMoment(attributes[name]));
  if (wrong !== undefined) return `The attribute ${wrong} is a number of seconds since 1970.`;
  const { nbf, exp } = attributes;
  return typeof nbf === 'number' && typeof exp === 'number' && exp <= nbf
    ? 'The attribute exp is before nbf.'
    : undefined;
}

function isMoment(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

import { createHash } from 'node:crypto';
import {
  ACTION_GROUP,
  CLUSTERS,
  DIAGNOSTIC_SETTING,
  ELASTIC_FIREWALL_RULE,
  FIREWALL_RULE,
  KEY_VAULT,
  KEY_VAULT_SECRET,
  MANAGEMENT_LOCK,
  METRIC_ALERT,
  PRIVATE_DNS_ZONE,
  PRIVATE_DNS_ZONE_LINK,
  PRIVATE_ENDPOINT,
  RESOURCE_GROUP,
  ROLE,
  ROLE_ASSIGNMENT,
  STORAGE_ACCOUNT,
  STORAGE_CONTAINER,
  WORKSPACE,
} from '../../audit/stack/azurerm';
import type { Json } from '../../audit/stack/synthesized';
import { isObject } from '../../audit/stack/synthesized';
import { RESOURCE_TYPES } from '../../audit/stack/resource-types';
import type { ResourceChange } from './plan-json';
import { shownValue, valueText } from './values';

interface Words {
  /** What people call the type. */
  readonly kind: string;
  /** Arguments that a person has to see when one comes or goes: who gets in, who is told, what is watched. */
  readonly judged: readonly string[];
}

const FIREWALL: Words = { kind: 'firewall rule', judged: ['start_ip_address', 'end_ip_address'] };

const WORDS: Readonly<Record<string, Words>> = {
  [FIREWALL_RULE]: FIREWALL,
  [ELASTIC_FIREWALL_RULE]: FIREWALL,
  [RESOURCE_GROUP]: { kind: 'resource group', judged: ['location'] },
  [ROLE]: { kind: 'role', judged: [] },
  [MANAGEMENT_LOCK]: { kind: 'lock', judged: ['lock_level', 'scope'] },
  [PRIVATE_ENDPOINT]: { kind: 'private endpoint', judged: ['subnet_id', 'private_service_connection'] },
  [PRIVATE_DNS_ZONE]: { kind: 'private DNS zone', judged: [] },
  [PRIVATE_DNS_ZONE_LINK]: { kind: 'link of a private DNS zone', judged: ['virtual_network_id'] },
  [KEY_VAULT]: { kind: 'vault', judged: ['public_network_access_enabled', 'network_acls'] },
  [KEY_VAULT_SECRET]: { kind: 'secret', judged: ['expiration_date'] },
  [ROLE_ASSIGNMENT]: {
    kind: 'role assignment',
    judged: ['principal_id', 'role_definition_id', 'role_definition_name', 'scope'],
  },
  [WORKSPACE]: { kind: 'log workspace', judged: ['retention_in_days'] },
  [DIAGNOSTIC_SETTING]: {
    kind: 'diagnostic setting',
    judged: [
      'target_resource_id',
      'log_analytics_workspace_id',
      'storage_account_id',
      'eventhub_name',
      'enabled_log',
    ],
  },
  [ACTION_GROUP]: { kind: 'action group', judged: ['enabled', 'email_receiver', 'webhook_receiver'] },
  [METRIC_ALERT]: { kind: 'alert', judged: ['enabled', 'criteria'] },
  [STORAGE_ACCOUNT]: { kind: 'storage account', judged: ['public_network_access_enabled', 'network_rules'] },
  [STORAGE_CONTAINER]: { kind: 'storage container', judged: ['container_access_type'] },
};

/** What people call a type: `diagnostic setting`; the type itself where no rule knows it. */
export function kindOf(type: string): string {
  return CLUSTERS.includes(type) ? 'cluster' : (WORDS[type]?.kind ?? type);
}

/** What comes or goes, by the values that decide who gets in and who is told: `start_ip_address: 203.0.113.8`. Masked. */
export function judgedValues(change: ResourceChange): readonly string[] {
  return (WORDS[change.type]?.judged ?? []).flatMap((attribute) => {
    const { before, after } = shownValue(change, attribute);
    const value = change.after === null ? before : after;
    return isEmpty(value) ? [] : [`${attribute}: ${argumentText(attribute, value)}`];
  });
}

/** An argument's value before and after, of a list of blocks those that are not in both: `a@example.com -> b@example.com`. */
export function transitionText(attribute: string, before: Json, after: Json, between = ' -> '): string {
  const [from, to] = withoutCommon(before, after);
  return `${argumentText(attribute, from)}${between}${argumentText(attribute, to)}`;
}

/** The address of a hook is a password of its own: people see whose it is, and whether it is another one. */
const HOOK = /^(https?:\/\/[^/\s?#]+)[/?#]\S+$/;

function argumentText(attribute: string, value: Json): string {
  return valueText(attribute.includes('webhook') ? withoutPaths(value) : value);
}

function withoutPaths(value: Json): Json {
  if (typeof value === 'string') {
    return value.replace(HOOK, (_, origin: string) => `${origin}/... (sha256:${digest(value)})`);
  }
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutPaths);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutPaths(each)]));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function withoutCommon(before: Json, after: Json): readonly [Json, Json] {
  if (!Array.isArray(before) || !Array.isArray(after)) return [before, after];
  const [from, to] = [before as readonly Json[], after as readonly Json[]];
  const only = (list: readonly Json[], other: readonly Json[]): readonly Json[] => {
    const known = new Set(other.map((each) => JSON.stringify(each)));
    return list.filter((each) => !known.has(JSON.stringify(each)));
  };
  return [only(from, to), only(to, from)];
}

/** True for what a stack can say of a resource; the rest the service fills in. */
export function isArgument({ type }: ResourceChange, attribute: string): boolean {
  const { known = [] } = RESOURCE_TYPES.get(type) ?? {};
  return attribute === 'tags' || known.some((each) => each.split('.')[0] === attribute);
}

/** True where two values are one to Terraform: what is empty, at any depth, is not set. */
export function isSame(before: Json | undefined, after: Json | undefined): boolean {
  return JSON.stringify(withoutEmpty(before ?? null)) === JSON.stringify(withoutEmpty(after ?? null));
}

function withoutEmpty(value: Json): Json {
  if (isEmpty(value)) return null;
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutEmpty);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => !isEmpty(each))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, withoutEmpty(each)]),
  );
}

/** True for what Terraform takes for not set: null, an empty text, list or block, at any depth. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return (value as readonly Json[]).every(isEmpty);
  return isObject(value) && Object.values(value).every(isEmpty);
}

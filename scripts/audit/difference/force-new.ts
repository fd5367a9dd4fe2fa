import {
  ACTION_GROUP,
  CLUSTER,
  COORDINATOR_CONFIGURATION,
  DIAGNOSTIC_SETTING,
  ELASTIC_CLUSTER,
  ELASTIC_CONFIGURATION,
  ELASTIC_FIREWALL_RULE,
  FIREWALL_RULE,
  KEY_VAULT,
  KEY_VAULT_SECRET,
  MANAGEMENT_LOCK,
  METRIC_ALERT,
  NODE_CONFIGURATION,
  PRIVATE_DNS_ZONE,
  PRIVATE_DNS_ZONE_LINK,
  PRIVATE_ENDPOINT,
  RESOURCE_GROUP,
  ROLE,
  ROLE_ASSIGNMENT,
  STORAGE_ACCOUNT,
  STORAGE_CONTAINER,
  WORKSPACE,
} from '../stack/azurerm';
import type { RESOURCE_TYPES } from '../stack/azurerm';
import type { Json } from '../stack/synthesized';

/**
 * Arguments that the provider (azurerm 4.55, and 4.73 for elastic clusters) cannot change in place: a new value destroys the resource and creates
 * another.
 */
const FORCE_NEW: Readonly<Record<(typeof RESOURCE_TYPES)[number], readonly string[]>> = {
  [CLUSTER]: [
    'name',
    'location',
    'resource_group_name',
    'point_in_time_in_utc',
    'source_location',
    'source_resource_id',
  ],
  [ROLE]: ['name', 'cluster_id', 'password'],
  [FIREWALL_RULE]: ['name', 'cluster_id'],
  [COORDINATOR_CONFIGURATION]: ['name', 'cluster_id'],
  [NODE_CONFIGURATION]: ['name', 'cluster_id'],
  [ELASTIC_CLUSTER]: [
    'name',
    'location',
    'resource_group_name',
    'administrator_login',
    'delegated_subnet_id',
    'source_server_id',
    'point_in_time_restore_time_in_utc',
    'geo_redundant_backup_enabled',
    'customer_managed_key',
  ],
  [ELASTIC_FIREWALL_RULE]: ['name', 'server_id'],
  [ELASTIC_CONFIGURATION]: ['name', 'server_id'],
  [RESOURCE_GROUP]: ['name', 'location'],
  [MANAGEMENT_LOCK]: ['name', 'scope', 'lock_level', 'notes'],
  [PRIVATE_ENDPOINT]: ['name', 'location', 'resource_group_name', 'subnet_id'],
  [PRIVATE_DNS_ZONE]: ['name', 'resource_group_name'],
  [PRIVATE_DNS_ZONE_LINK]: ['name', 'resource_group_name', 'private_dns_zone_name', 'virtual_network_id'],
  [KEY_VAULT]: ['name', 'location', 'resource_group_name'],
  [KEY_VAULT_SECRET]: ['name', 'key_vault_id'],
  // There is no way to change one.
  [ROLE_ASSIGNMENT]: [
    'name',
    'scope',
    'role_definition_id',
    'role_definition_name',
    'principal_id',
    'description',
  ],
  [WORKSPACE]: ['name', 'location', 'resource_group_name'],
  [DIAGNOSTIC_SETTING]: ['name', 'target_resource_id'],
  [ACTION_GROUP]: ['name', 'location', 'resource_group_name'],
  [METRIC_ALERT]: ['name', 'resource_group_name'],
  [STORAGE_ACCOUNT]: [
    'name',
    'location',
    'resource_group_name',
    'account_tier',
    'infrastructure_encryption_enabled',
  ],
  [STORAGE_CONTAINER]: ['name', 'storage_account_id'],
};

/** Arguments of an elastic cluster that only grow: less of them replaces the server, and so does no value. */
const ELASTIC_GROWTH = ['storage_mb', 'size'];

/** @param path the argument's path within the resource, e.g. `name` or `tags.owner` */
export function forcesReplacement(
  type: string,
  path: string,
  before: Json | undefined,
  after: Json | undefined,
): boolean {
  const created = (FORCE_NEW as Readonly<Record<string, readonly string[]>>)[type] ?? [];
  const names = path.split('.');
  if (created.includes(names[0] ?? '')) return true;
  if (type !== ELASTIC_CLUSTER) return false;
  const argument = names.at(-1) ?? '';
  if (names[0] === 'cluster' && argument === 'default_database_name') return true;
  if (!ELASTIC_GROWTH.includes(argument)) return false;
  const isBlock = names[0] === 'cluster';
  // The block of the nodes comes or goes as a whole.
  if (isBlock && (before === undefined || after === undefined)) return true;
  return Number(after ?? 0) < Number(before ?? 0);
}

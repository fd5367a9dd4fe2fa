import {
  CLUSTER,
  COORDINATOR_CONFIGURATION,
  FIREWALL_RULE,
  MANAGEMENT_LOCK,
  NODE_CONFIGURATION,
  PRIVATE_ENDPOINT,
  RESOURCE_GROUP,
  ROLE,
} from './azurerm';

/**
 * Arguments that the provider (azurerm 4.55) cannot change in place: a new value destroys the resource and creates
 * another.
 */
const FORCE_NEW: Readonly<Record<string, readonly string[]>> = {
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
  [RESOURCE_GROUP]: ['name', 'location'],
  [MANAGEMENT_LOCK]: ['name', 'scope', 'lock_level', 'notes'],
  [PRIVATE_ENDPOINT]: ['name', 'location', 'resource_group_name', 'subnet_id'],
};

/** @param path the argument's path within the resource, e.g. `name` or `tags.owner` */
export function forcesReplacement(type: string, path: string): boolean {
  return FORCE_NEW[type]?.includes(path.split('.')[0] ?? '') ?? false;
}

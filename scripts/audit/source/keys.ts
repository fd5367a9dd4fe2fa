import * as azure from '../stack/azurerm';

/**
 * A key of an environment's file; `@name` is the item of the list whose name is that of the resource, or the parameter of that name.
 */
export type KeyPath = readonly string[];

/** Which keys of the file say what an argument is. */
export interface Keys {
  /** What the resource as a whole is there for. */
  readonly whole: KeyPath;
  /** By argument, where a key of its own says it. */
  readonly own?: Readonly<Record<string, KeyPath>>;
}

const key = (text: string): KeyPath => text.split('.');

/** Of the parts that both services have. */
const NAMED = {
  name: key('cluster.name'),
  location: key('location'),
  resource_group_name: key('resourceGroup'),
  maintenance_window: key('cluster.maintenanceWindow'),
  lifecycle: key('cluster.protectFromDestroy'),
};

const CLUSTER: Keys = {
  whole: key('cluster'),
  own: {
    ...NAMED,
    node_count: key('cluster.stage'),
    coordinator_vcore_count: key('cluster.coordinator.vCores'),
    coordinator_storage_quota_in_mb: key('cluster.coordinator.storageGiB'),
    coordinator_server_edition: key('cluster.coordinator'),
    node_vcores: key('cluster.workers.vCores'),
    node_storage_quota_in_mb: key('cluster.workers.storageGiB'),
    node_server_edition: key('cluster.workers'),
    ha_enabled: key('cluster.highAvailability'),
    shards_on_coordinator_enabled: key('cluster.coordinatorHoldsShards'),
    sql_version: key('cluster.postgresVersion'),
    citus_version: key('cluster.citusVersion'),
    preferred_primary_zone: key('cluster.preferredPrimaryZone'),
    coordinator_public_ip_access_enabled: key('network.access'),
    node_public_ip_access_enabled: key('network.workerPublicAccess'),
    source_resource_id: key('cluster.origin'),
    source_location: key('cluster.origin'),
    point_in_time_in_utc: key('cluster.origin'),
  },
};

const ELASTIC: Keys = {
  whole: key('cluster'),
  own: {
    ...NAMED,
    cluster: key('cluster.stage'),
    sku_name: key('cluster.nodes.sku'),
    storage_mb: key('cluster.nodes.storageGiB'),
    version: key('cluster.postgresVersion'),
    high_availability: key('cluster.highAvailability'),
    backup_retention_days: key('cluster.backupRetentionDays'),
    administrator_login: key('cluster.login'),
    administrator_password_wo_version: key('cluster.passwordVersion'),
    public_network_access_enabled: key('network.access'),
    zone: key('cluster.preferredPrimaryZone'),
  },
};

const FIREWALL: Keys = { whole: key('network.allow.@name') };
const PRIVATE: Keys = { whole: key('network.subnetId') };
const ALERTS: Keys = { whole: key('monitoring.alerts') };

/** By resource type; a type without an entry is written by a construct alone. */
export const KEYS: Readonly<Record<string, Keys>> = {
  [azure.CLUSTER]: CLUSTER,
  [azure.ELASTIC_CLUSTER]: ELASTIC,
  [azure.FIREWALL_RULE]: FIREWALL,
  [azure.ELASTIC_FIREWALL_RULE]: FIREWALL,
  [azure.ROLE]: { whole: key('roles.@name') },
  [azure.COORDINATOR_CONFIGURATION]: { whole: key('parameters.coordinator.@name') },
  [azure.NODE_CONFIGURATION]: { whole: key('parameters.workers.@name') },
  [azure.ELASTIC_CONFIGURATION]: { whole: key('parameters.@name') },
  [azure.RESOURCE_GROUP]: { whole: key('resourceGroup'), own: { location: key('location') } },
  [azure.MANAGEMENT_LOCK]: { whole: key('cluster.lockAgainstDeletion') },
  [azure.PRIVATE_ENDPOINT]: PRIVATE,
  [azure.PRIVATE_DNS_ZONE]: PRIVATE,
  [azure.PRIVATE_DNS_ZONE_LINK]: PRIVATE,
  [azure.KEY_VAULT]: {
    whole: key('keyVault'),
    own: { name: key('keyVault.name'), network_acls: key('keyVault.allow') },
  },
  [azure.KEY_VAULT_SECRET]: {
    whole: key('keyVault'),
    own: {
      expiration_date: key('keyVault.passwordExpiresUtc'),
      undated: key('keyVault.passwordExpiresUtc'),
      value_wo_version: key('keyVault.passwordVersion'),
    },
  },
  [azure.ROLE_ASSIGNMENT]: {
    whole: key('keyVault'),
    own: { principal_id: key('keyVault.writerPrincipalId') },
  },
  [azure.WORKSPACE]: {
    whole: key('monitoring.workspace'),
    own: {
      name: key('monitoring.workspace.name'),
      retention_in_days: key('monitoring.workspace.retentionDays'),
    },
  },
  [azure.DIAGNOSTIC_SETTING]: { whole: key('monitoring.workspace') },
  [azure.ACTION_GROUP]: { ...ALERTS, own: { email_receiver: key('monitoring.alerts.emails') } },
  [azure.METRIC_ALERT]: { ...ALERTS, own: { criteria: key('monitoring.alerts.thresholds') } },
  [azure.STORAGE_ACCOUNT]: {
    whole: key('storageAccount'),
    own: {
      network_rules: key('allow'),
      account_replication_type: key('replication'),
      location: key('location'),
      resource_group_name: key('resourceGroup'),
    },
  },
  [azure.STORAGE_CONTAINER]: { whole: key('containers') },
};

/** Tags that are no tags in the file. */
export const TAG_KEYS: Readonly<Record<string, KeyPath>> = {
  environment: key('name'),
  workload: key('workload'),
  production: key('production'),
};

/** What the file says of a stack as a whole, by rule. */
export const RULE_KEYS: Readonly<Record<string, KeyPath>> = {
  'production-declared': key('production'),
  'production-agreed': key('production'),
  'public-access': key('network.access'),
  'firewall-width': key('network.allow'),
  'firewall-count': key('network.allow'),
  'private-endpoint': key('network.subnetId'),
  diagnostics: key('monitoring'),
  alerts: key('monitoring.alerts'),
  'state-backend': key('state'),
  'backend-kind': key('state.backend'),
  'backend-target': key('state'),
  'backend-account': key('state.storageAccount'),
};

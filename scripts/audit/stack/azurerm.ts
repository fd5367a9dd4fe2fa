/** The resource types of the azurerm provider that rules and the difference speak of. */
export const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster';
export const FIREWALL_RULE = 'azurerm_cosmosdb_postgresql_firewall_rule';
export const ROLE = 'azurerm_cosmosdb_postgresql_role';
export const COORDINATOR_CONFIGURATION = 'azurerm_cosmosdb_postgresql_coordinator_configuration';
export const NODE_CONFIGURATION = 'azurerm_cosmosdb_postgresql_node_configuration';
export const ELASTIC_CLUSTER = 'azurerm_postgresql_flexible_server';
export const ELASTIC_FIREWALL_RULE = 'azurerm_postgresql_flexible_server_firewall_rule';
export const ELASTIC_CONFIGURATION = 'azurerm_postgresql_flexible_server_configuration';
export const RESOURCE_GROUP = 'azurerm_resource_group';
export const MANAGEMENT_LOCK = 'azurerm_management_lock';
export const PRIVATE_ENDPOINT = 'azurerm_private_endpoint';
export const PRIVATE_DNS_ZONE = 'azurerm_private_dns_zone';
export const PRIVATE_DNS_ZONE_LINK = 'azurerm_private_dns_zone_virtual_network_link';
export const KEY_VAULT = 'azurerm_key_vault';
export const KEY_VAULT_SECRET = 'azurerm_key_vault_secret';
export const ROLE_ASSIGNMENT = 'azurerm_role_assignment';
export const WORKSPACE = 'azurerm_log_analytics_workspace';
export const DIAGNOSTIC_SETTING = 'azurerm_monitor_diagnostic_setting';
export const ACTION_GROUP = 'azurerm_monitor_action_group';
export const METRIC_ALERT = 'azurerm_monitor_metric_alert';
export const STORAGE_ACCOUNT = 'azurerm_storage_account';
export const STORAGE_CONTAINER = 'azurerm_storage_container';

/** A cluster of either service, the rules of its firewall, and its server parameters. */
export const CLUSTERS: readonly string[] = [CLUSTER, ELASTIC_CLUSTER];
export const FIREWALL_RULES: readonly string[] = [FIREWALL_RULE, ELASTIC_FIREWALL_RULE];
export const CONFIGURATIONS: readonly string[] = [
  COORDINATOR_CONFIGURATION,
  NODE_CONFIGURATION,
  ELASTIC_CONFIGURATION,
];

/** Who deploys: reads nothing but the credentials it is given. */
export const CLIENT_CONFIG = 'azurerm_client_config';

/** Why a rule about clusters has nothing to say of a stack. */
export const NO_CLUSTER = 'the stack holds no cluster';

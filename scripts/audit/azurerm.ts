/** The resource types of the azurerm provider that rules and the difference speak of. */
export const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster';
export const FIREWALL_RULE = 'azurerm_cosmosdb_postgresql_firewall_rule';
export const ROLE = 'azurerm_cosmosdb_postgresql_role';
export const COORDINATOR_CONFIGURATION = 'azurerm_cosmosdb_postgresql_coordinator_configuration';
export const NODE_CONFIGURATION = 'azurerm_cosmosdb_postgresql_node_configuration';
export const RESOURCE_GROUP = 'azurerm_resource_group';
export const MANAGEMENT_LOCK = 'azurerm_management_lock';
export const PRIVATE_ENDPOINT = 'azurerm_private_endpoint';
export const PRIVATE_DNS_ZONE = 'azurerm_private_dns_zone';
export const PRIVATE_DNS_ZONE_LINK = 'azurerm_private_dns_zone_virtual_network_link';

/** Why a rule about clusters has nothing to say of a stack. */
export const NO_CLUSTER = 'the stack holds no cluster';

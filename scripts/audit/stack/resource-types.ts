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
} from './azurerm';

/** What is known of a resource type of the provider. */
interface ResourceType {
  /** Arguments that some rule judges or that can do no harm; `a.b` lies in a block. Of any other, no rule knows what it does. */
  readonly known: readonly string[];
  /**
   * Arguments that the provider (azurerm 4.55, and 4.73 for elastic clusters) cannot change in place: a new value destroys the
   * resource and creates another.
   */
  readonly forceNew: readonly string[];
}

/** Every type that some rule knows; of any other, nothing here can say whether it is right. */
export const RESOURCE_TYPES: ReadonlyMap<string, ResourceType> = new Map([
  type(
    CLUSTER,
    'administrator_login_password citus_version coordinator_public_ip_access_enabled coordinator_server_edition coordinator_storage_quota_in_mb coordinator_vcore_count ha_enabled location maintenance_window.day_of_week maintenance_window.start_hour maintenance_window.start_minute name node_count node_public_ip_access_enabled node_server_edition node_storage_quota_in_mb node_vcores point_in_time_in_utc preferred_primary_zone resource_group_name shards_on_coordinator_enabled source_location source_resource_id sql_version',
    'name location resource_group_name point_in_time_in_utc source_location source_resource_id',
  ),
  type(FIREWALL_RULE, 'cluster_id end_ip_address name start_ip_address', 'name cluster_id'),
  type(ROLE, 'cluster_id name password', 'name cluster_id password'),
  type(COORDINATOR_CONFIGURATION, 'cluster_id name value', 'name cluster_id'),
  type(NODE_CONFIGURATION, 'cluster_id name value', 'name cluster_id'),
  type(
    ELASTIC_CLUSTER,
    'administrator_login administrator_password_wo administrator_password_wo_version authentication.active_directory_auth_enabled authentication.password_auth_enabled authentication.tenant_id auto_grow_enabled backup_retention_days cluster.default_database_name cluster.size create_mode geo_redundant_backup_enabled high_availability.mode high_availability.standby_availability_zone location maintenance_window.day_of_week maintenance_window.start_hour maintenance_window.start_minute name public_network_access_enabled resource_group_name sku_name storage_mb storage_tier version zone',
    'name location resource_group_name administrator_login delegated_subnet_id source_server_id point_in_time_restore_time_in_utc geo_redundant_backup_enabled customer_managed_key',
  ),
  type(ELASTIC_FIREWALL_RULE, 'end_ip_address name server_id start_ip_address', 'name server_id'),
  type(ELASTIC_CONFIGURATION, 'name server_id value', 'name server_id'),
  type(RESOURCE_GROUP, 'location name', 'name location'),
  type(MANAGEMENT_LOCK, 'lock_level name notes scope', 'name scope lock_level notes'),
  type(
    PRIVATE_ENDPOINT,
    'location name private_dns_zone_group.name private_dns_zone_group.private_dns_zone_ids private_service_connection.is_manual_connection private_service_connection.name private_service_connection.private_connection_resource_id private_service_connection.subresource_names resource_group_name subnet_id',
    'name location resource_group_name subnet_id',
  ),
  type(PRIVATE_DNS_ZONE, 'name resource_group_name', 'name resource_group_name'),
  type(
    PRIVATE_DNS_ZONE_LINK,
    'name private_dns_zone_name registration_enabled resource_group_name virtual_network_id',
    'name resource_group_name private_dns_zone_name virtual_network_id',
  ),
  type(
    KEY_VAULT,
    'location name network_acls.bypass network_acls.default_action network_acls.ip_rules network_acls.virtual_network_subnet_ids public_network_access_enabled purge_protection_enabled rbac_authorization_enabled resource_group_name sku_name soft_delete_retention_days tenant_id',
    'name location resource_group_name',
  ),
  type(
    KEY_VAULT_SECRET,
    'content_type expiration_date key_vault_id name value_wo value_wo_version',
    'name key_vault_id',
  ),
  type(
    ROLE_ASSIGNMENT,
    'description principal_id role_definition_id scope',
    'name scope role_definition_id role_definition_name principal_id description',
  ),
  type(
    WORKSPACE,
    'local_authentication_enabled location name resource_group_name retention_in_days sku',
    'name location resource_group_name',
  ),
  type(
    DIAGNOSTIC_SETTING,
    'enabled_log.category enabled_log.category_group enabled_metric.category log_analytics_workspace_id name target_resource_id',
    'name target_resource_id',
  ),
  type(
    ACTION_GROUP,
    'email_receiver.email_address email_receiver.name email_receiver.use_common_alert_schema enabled name resource_group_name short_name',
    'name location resource_group_name',
  ),
  type(
    METRIC_ALERT,
    'action.action_group_id auto_mitigate criteria.aggregation criteria.dimension.name criteria.dimension.operator criteria.dimension.values criteria.metric_name criteria.metric_namespace criteria.operator criteria.threshold description enabled frequency name resource_group_name scopes severity window_size',
    'name resource_group_name',
  ),
  type(
    STORAGE_ACCOUNT,
    'account_kind account_replication_type account_tier allow_nested_items_to_be_public allowed_copy_scope blob_properties.container_delete_retention_policy.days blob_properties.delete_retention_policy.days blob_properties.versioning_enabled cross_tenant_replication_enabled default_to_oauth_authentication https_traffic_only_enabled infrastructure_encryption_enabled local_user_enabled location min_tls_version name network_rules.bypass network_rules.default_action network_rules.ip_rules public_network_access_enabled resource_group_name sas_policy.expiration_action sas_policy.expiration_period shared_access_key_enabled',
    'name location resource_group_name account_tier infrastructure_encryption_enabled',
  ),
  type(STORAGE_CONTAINER, 'container_access_type name storage_account_id', 'name storage_account_id'),
]);

/** Known arguments of every resource. */
export const KNOWN_EVERYWHERE = words(
  'depends_on lifecycle.prevent_destroy lifecycle.ignore_changes lifecycle.precondition.condition lifecycle.precondition.error_message lifecycle.postcondition.condition lifecycle.postcondition.error_message timeouts.create timeouts.read timeouts.update timeouts.delete',
);

function type(name: string, known: string, forceNew: string): readonly [string, ResourceType] {
  return [name, { known: words(known), forceNew: words(forceNew) }];
}

function words(text: string): readonly string[] {
  return text.split(' ');
}

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

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Arguments of each type that some rule judges or that can do no harm; `a.b` lies in a block. Of any other, no rule knows what it does. */
export const KNOWN_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  [CLUSTER]: words(
    'administrator_login_password citus_version coordinator_public_ip_access_enabled coordinator_server_edition coordinator_storage_quota_in_mb coordinator_vcore_count ha_enabled location maintenance_window.day_of_week maintenance_window.start_hour maintenance_window.start_minute name node_count node_public_ip_access_enabled node_server_edition node_storage_quota_in_mb node_vcores point_in_time_in_utc preferred_primary_zone resource_group_name shards_on_coordinator_enabled source_location source_resource_id sql_version',
  ),
  [COORDINATOR_CONFIGURATION]: words('cluster_id name value'),
  [FIREWALL_RULE]: words('cluster_id end_ip_address name start_ip_address'),
  [NODE_CONFIGURATION]: words('cluster_id name value'),
  [ROLE]: words('cluster_id name password'),
  [KEY_VAULT_SECRET]: words('content_type expiration_date key_vault_id name value_wo value_wo_version'),
  [KEY_VAULT]: words(
    'location name network_acls.bypass network_acls.default_action network_acls.ip_rules network_acls.virtual_network_subnet_ids public_network_access_enabled purge_protection_enabled rbac_authorization_enabled resource_group_name sku_name soft_delete_retention_days tenant_id',
  ),
  [WORKSPACE]: words('local_authentication_enabled location name resource_group_name retention_in_days sku'),
  [MANAGEMENT_LOCK]: words('lock_level name notes scope'),
  [ACTION_GROUP]: words(
    'email_receiver.email_address email_receiver.name email_receiver.use_common_alert_schema enabled name resource_group_name short_name',
  ),
  [DIAGNOSTIC_SETTING]: words(
    'enabled_log.category enabled_log.category_group enabled_metric.category log_analytics_workspace_id name target_resource_id',
  ),
  [METRIC_ALERT]: words(
    'action.action_group_id auto_mitigate criteria.aggregation criteria.dimension.name criteria.dimension.operator criteria.dimension.values criteria.metric_name criteria.metric_namespace criteria.operator criteria.threshold description enabled frequency name resource_group_name scopes severity window_size',
  ),
  [ELASTIC_CONFIGURATION]: words('name server_id value'),
  [ELASTIC_FIREWALL_RULE]: words('end_ip_address name server_id start_ip_address'),
  [ELASTIC_CLUSTER]: words(
    'administrator_login administrator_password_wo administrator_password_wo_version authentication.active_directory_auth_enabled authentication.password_auth_enabled authentication.tenant_id auto_grow_enabled backup_retention_days cluster.default_database_name cluster.size create_mode geo_redundant_backup_enabled high_availability.mode high_availability.standby_availability_zone location maintenance_window.day_of_week maintenance_window.start_hour maintenance_window.start_minute name public_network_access_enabled resource_group_name sku_name storage_mb storage_tier version zone',
  ),
  [PRIVATE_DNS_ZONE_LINK]: words(
    'name private_dns_zone_name registration_enabled resource_group_name virtual_network_id',
  ),
  [PRIVATE_DNS_ZONE]: words('name resource_group_name'),
  [PRIVATE_ENDPOINT]: words(
    'location name private_dns_zone_group.name private_dns_zone_group.private_dns_zone_ids private_service_connection.is_manual_connection private_service_connection.name private_service_connection.private_connection_resource_id private_service_connection.subresource_names resource_group_name subnet_id',
  ),
  [RESOURCE_GROUP]: words('location name'),
  [ROLE_ASSIGNMENT]: words('description principal_id role_definition_id scope'),
  [STORAGE_ACCOUNT]: words(
    'account_kind account_replication_type account_tier allow_nested_items_to_be_public allowed_copy_scope blob_properties.container_delete_retention_policy.days blob_properties.delete_retention_policy.days blob_properties.versioning_enabled cross_tenant_replication_enabled default_to_oauth_authentication https_traffic_only_enabled infrastructure_encryption_enabled local_user_enabled location min_tls_version name network_rules.bypass network_rules.default_action network_rules.ip_rules public_network_access_enabled resource_group_name sas_policy.expiration_action sas_policy.expiration_period shared_access_key_enabled',
  ),
  [STORAGE_CONTAINER]: words('container_access_type name storage_account_id'),
};

/** The same for what every resource may have. */
export const KNOWN_EVERYWHERE = words(
  'depends_on lifecycle.prevent_destroy lifecycle.ignore_changes lifecycle.precondition.condition lifecycle.precondition.error_message lifecycle.postcondition.condition lifecycle.postcondition.error_message timeouts.create timeouts.read timeouts.update timeouts.delete',
);

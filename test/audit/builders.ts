import { parseSynthesized } from '../../scripts/audit/stack/synthesized';
import type { Json, JsonObject, Synthesized } from '../../scripts/audit/stack/synthesized';
import type { Facts, Problem, Rule } from '../../scripts/audit/rule-parts/rule';

/** Arguments to lay over a block's; undefined takes one away. */
export type Overrides = Readonly<Record<string, Json | undefined>>;

interface Parts {
  readonly cluster?: Overrides;
  /** More resources: address -> arguments. */
  readonly resources?: Readonly<Record<string, Overrides>>;
  readonly backend?: Overrides;
  /** Top-level sections to replace: `variable`, `output`, `terraform`, `provider`. */
  readonly sections?: Readonly<Record<string, Json>>;
}

export const CLUSTER_ID =
  '/subscriptions/s/resourceGroups/rg-dev/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/sensors-dev';

/** What makes of a stack one with a cluster that was there before: of `adopting`, one that takes it over. */
export function existing(adopting: boolean, parts: Parts = {}): Parts {
  const role = 'azurerm_cosmosdb_postgresql_role.app';
  return {
    ...parts,
    cluster: {
      administrator_login_password: undefined,
      lifecycle: { prevent_destroy: true, ignore_changes: ['administrator_login_password'] },
      ...parts.cluster,
    },
    resources: {
      [role]: {
        name: 'app',
        cluster_id: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
        password: '${var.role_app_password}',
        lifecycle: { ignore_changes: ['password'] },
      },
      ...parts.resources,
    },
    sections: {
      variable: { role_app_password: { sensitive: true, type: 'string' } },
      ...(adopting
        ? {
            import: [
              { to: 'azurerm_cosmosdb_postgresql_cluster.cluster', id: CLUSTER_ID },
              { to: role, id: `${CLUSTER_ID}/roles/app` },
            ],
          }
        : {}),
      ...parts.sections,
    },
  };
}

export const CLUSTER_POINTER = '/resource/azurerm_cosmosdb_postgresql_cluster/cluster';

/**
 * A stack as the framework writes it, and as every rule accepts it: what a test changes is what the test is about.
 * It goes through the parser, as a file would.
 */
export function stack(environment: string, parts: Parts = {}): Synthesized {
  const document = stackJson(environment, parts);
  return parseSynthesized(JSON.stringify(document), environment, `stacks/${environment}/cdk.tf.json`);
}

export function stackJson(environment: string, parts: Parts = {}): JsonObject {
  const production = likeProd(environment);
  const tags = tagsOf(environment);
  const blocks: Record<string, Overrides> = {
    'azurerm_resource_group.group': { name: `rg-${environment}`, location: 'westus2', tags },
    'azurerm_cosmosdb_postgresql_cluster.cluster': {
      name: `sensors-${environment}`,
      resource_group_name: '${azurerm_resource_group.group.name}',
      location: '${azurerm_resource_group.group.location}',
      administrator_login_password: '${var.admin_password}',
      sql_version: '16',
      citus_version: '12.1',
      node_count: production ? 2 : 0,
      coordinator_vcore_count: 4,
      coordinator_storage_quota_in_mb: 524_288,
      shards_on_coordinator_enabled: true,
      coordinator_public_ip_access_enabled: !production,
      node_public_ip_access_enabled: false,
      ha_enabled: production,
      maintenance_window: { day_of_week: 0, start_hour: 3, start_minute: 0 },
      lifecycle: { prevent_destroy: true },
      tags,
      ...parts.cluster,
    },
    ...(production
      ? {
          'azurerm_management_lock.lock': {
            name: 'keep',
            scope: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
            lock_level: 'CanNotDelete',
          },
          ...privateAccess(tags),
          ...vault(tags),
          ...monitoring(tags),
        }
      : { 'azurerm_cosmosdb_postgresql_firewall_rule.office': firewallRule('203.0.113.8', '203.0.113.15') }),
    ...parts.resources,
  };
  return {
    '//': { metadata: { backend: 'azurerm', stackName: environment, version: '0.21.0' } },
    provider: {
      azurerm: [{ features: [{}], resource_provider_registrations: 'none', storage_use_azuread: true }],
    },
    resource: nested(environment, blocks),
    ...(production ? { data: { azurerm_client_config: { me: {} } } } : {}),
    output: { port: { value: 5432 } },
    terraform: {
      backend: {
        azurerm: present({
          resource_group_name: 'rg-state',
          storage_account_name: 'state',
          container_name: 'tfstate',
          key: `${environment}.tfstate`,
          use_azuread_auth: true,
          ...parts.backend,
        }),
      },
      required_providers: { azurerm: { source: 'azurerm', version: '4.55.0' } },
      required_version: '>= 1.11.0, < 2.0.0',
    },
    variable: { admin_password: { sensitive: true, type: 'string' } },
    ...parts.sections,
  };
}

const NETWORK = '/subscriptions/s/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet';

/** The way in past the internet, and the name it is known by. */
function privateAccess(tags: JsonObject): Record<string, Overrides> {
  return {
    'azurerm_private_dns_zone.zone': { name: 'privatelink.postgres.cosmos.azure.com', tags },
    'azurerm_private_dns_zone_virtual_network_link.link': {
      name: 'sensors',
      private_dns_zone_name: '${azurerm_private_dns_zone.zone.name}',
      virtual_network_id: NETWORK,
      registration_enabled: false,
      tags,
    },
    'azurerm_private_endpoint.endpoint': {
      name: 'sensors-coordinator',
      subnet_id: `${NETWORK}/subnets/data`,
      private_dns_zone_group: {
        name: 'default',
        private_dns_zone_ids: ['${azurerm_private_dns_zone.zone.id}'],
      },
      private_service_connection: {
        name: 'sensors',
        is_manual_connection: false,
        private_connection_resource_id: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
        subresource_names: ['coordinator'],
      },
      tags,
    },
  };
}

/** A vault with the password, one to write it, and a log of who reads it. */
function vault(tags: JsonObject): Record<string, Overrides> {
  return {
    'azurerm_key_vault.vault': {
      name: 'kv-prod',
      tenant_id: '${data.azurerm_client_config.me.tenant_id}',
      rbac_authorization_enabled: true,
      purge_protection_enabled: true,
      soft_delete_retention_days: 90,
      network_acls: { default_action: 'Deny', bypass: 'None', ip_rules: ['203.0.113.8/29'] },
      tags,
    },
    'azurerm_role_assignment.writer': {
      scope: '${azurerm_key_vault.vault.id}',
      role_definition_id:
        '/subscriptions/${data.azurerm_client_config.me.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
      principal_id: '${data.azurerm_client_config.me.object_id}',
    },
    'azurerm_key_vault_secret.password': {
      name: 'citus-password',
      key_vault_id: '${azurerm_key_vault.vault.id}',
      value_wo: '${var.admin_password}',
      value_wo_version: 1,
      content_type: 'password of citus',
      expiration_date: '2027-06-30T00:00:00Z',
      tags,
    },
    'azurerm_monitor_diagnostic_setting.audit': {
      target_resource_id: '${azurerm_key_vault.vault.id}',
      log_analytics_workspace_id: '${azurerm_log_analytics_workspace.logs.id}',
      enabled_log: [{ category: 'AuditEvent' }],
    },
  };
}

function monitoring(tags: JsonObject): Record<string, Overrides> {
  const alert = (metric_name: string): Overrides => ({
    scopes: ['${azurerm_cosmosdb_postgresql_cluster.cluster.id}'],
    name: metric_name,
    criteria: [
      {
        metric_name,
        metric_namespace: 'Microsoft.DBForPostgreSQL/serverGroupsv2',
        aggregation: 'Average',
        operator: 'GreaterThan',
        threshold: 80,
        dimension: [{ name: 'ServerName', operator: 'Include', values: ['*'] }],
      },
    ],
    action: [{ action_group_id: '${azurerm_monitor_action_group.people.id}' }],
    tags,
  });
  return {
    'azurerm_log_analytics_workspace.logs': {
      retention_in_days: 90,
      local_authentication_enabled: false,
      tags,
    },
    'azurerm_monitor_diagnostic_setting.cluster': {
      target_resource_id: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
      log_analytics_workspace_id: '${azurerm_log_analytics_workspace.logs.id}',
      enabled_log: [{ category: 'PostgreSQLLogs' }],
      enabled_metric: [{ category: 'AllMetrics' }],
    },
    'azurerm_monitor_action_group.people': {
      email_receiver: [{ name: 'oncall', email_address: 'oncall@example.com' }],
      tags,
    },
    'azurerm_monitor_metric_alert.storage': alert('storage_percent'),
    'azurerm_monitor_metric_alert.cpu': alert('cpu_percent'),
    'azurerm_monitor_metric_alert.memory': alert('memory_percent'),
    'azurerm_monitor_metric_alert.connections': alert('active_connections'),
  };
}

/** The stack of where the states lie, as every rule accepts it. */
export function bootstrapStack(
  account: Overrides = {},
  resources: Readonly<Record<string, Overrides | undefined>> = {},
): Synthesized {
  const tags = { ...tagsOf('bootstrap'), workload: 'terraform-state', production: 'true' };
  const blocks: Record<string, Overrides | undefined> = {
    'azurerm_resource_group.states': { name: 'rg-state', location: 'westus2', tags },
    'azurerm_storage_account.states': {
      name: 'state',
      min_tls_version: 'TLS1_2',
      https_traffic_only_enabled: true,
      allow_nested_items_to_be_public: false,
      shared_access_key_enabled: false,
      local_user_enabled: false,
      account_replication_type: 'GZRS',
      account_kind: 'StorageV2',
      cross_tenant_replication_enabled: false,
      allowed_copy_scope: 'AAD',
      default_to_oauth_authentication: true,
      infrastructure_encryption_enabled: true,
      sas_policy: { expiration_period: '00.12:00:00', expiration_action: 'Block' },
      location: 'westus2',
      network_rules: { default_action: 'Deny', ip_rules: ['203.0.113.8/29'] },
      blob_properties: {
        versioning_enabled: true,
        delete_retention_policy: { days: 30 },
        container_delete_retention_policy: { days: 30 },
      },
      lifecycle: { prevent_destroy: true },
      tags,
      ...account,
    },
    'azurerm_storage_container.tfstate': {
      name: 'tfstate',
      container_access_type: 'private',
      storage_account_id: '${azurerm_storage_account.states.id}',
      lifecycle: { prevent_destroy: true },
    },
    'azurerm_management_lock.states': {
      scope: '${azurerm_storage_account.states.id}',
      lock_level: 'CanNotDelete',
    },
    ...resources,
  };
  const kept = Object.entries(blocks).filter((each): each is [string, Overrides] => each[1] !== undefined);
  const document = {
    ...stackJson('bootstrap'),
    resource: nested('bootstrap', Object.fromEntries(kept)),
    variable: {},
    terraform: {
      backend: { local: { path: '../../../.scaleout/state/bootstrap.tfstate' } },
      required_providers: { azurerm: { source: 'azurerm', version: '4.55.0' } },
      required_version: '>= 1.9.0, < 2.0.0',
    },
  };
  return parseSynthesized(JSON.stringify(document), 'bootstrap', 'stacks/bootstrap/cdk.tf.json');
}

function tagsOf(environment: string): JsonObject {
  return {
    environment,
    workload: 'sensors',
    managedBy: 'scaleout',
    owner: 'sensors-platform',
    costCentre: 'wwi-1042',
    production: String(likeProd(environment)),
  };
}

/** Which of the two good stacks a test gets, by the name it gives it. */
function likeProd(environment: string): boolean {
  return environment.startsWith('prod');
}

/** What a construct writes beside the arguments of a resource that it was given a reason for. */
export function reasoned(path: string, reasons: Readonly<Record<string, string>>): Overrides {
  return { '//': { metadata: { path, uniqueId: path.replaceAll('/', '_') }, reasons } };
}

export function firewallRule(from: string, to: string): Overrides {
  return {
    name: 'office',
    cluster_id: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}',
    start_ip_address: from,
    end_ip_address: to,
  };
}

function nested(environment: string, blocks: Readonly<Record<string, Overrides>>): JsonObject {
  const resource: Record<string, Record<string, Json>> = {};
  for (const [address, body] of Object.entries(blocks)) {
    const [type = '', name = ''] = address.split('.');
    resource[type] ??= {};
    resource[type][name] = {
      '//': { metadata: { path: `${environment}/${name}`, uniqueId: name } },
      ...present(body),
    };
  }
  return resource;
}

function present(body: Overrides): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}

export const TODAY = '2026-03-01';

export function facts(environment: string, others: readonly Synthesized[] = []): Facts {
  return { production: likeProd(environment), today: TODAY, others };
}

/** The problems of one rule; a rule that does not apply is a fault of the test. */
export function problems(
  rule: Rule,
  judged: Synthesized,
  known = facts(judged.environment),
): readonly Problem[] {
  const verdict = rule.check(judged, known);
  if (verdict.status === 'not-applicable') throw new Error(`not applicable: ${verdict.reason}`);
  return verdict.status === 'findings' ? verdict.problems : [];
}

export function status(rule: Rule, judged: Synthesized, known = facts(judged.environment)): string {
  return rule.check(judged, known).status;
}

import type { Json } from '../../../scripts/audit/stack/synthesized';
import type { Draft } from './mutants';
import { at, put } from './mutants';

/**
 * What harms, by kinds and as tables: written down before the rules that find it, from the provider's schema and from what
 * our stacks synthesize. mutants.ts applies every line wherever it fits.
 */
export type Where = 'prod' | 'dev' | 'elastic' | 'bootstrap';

/** An argument of a resource type that somebody has to judge. */
interface Broken {
  readonly type: string;
  /** `a.b`: of a list of blocks, the first. */
  readonly path: string;
  /** Values that weaken it. */
  readonly weak?: readonly Json[];
  /** Whether it harms to leave it out. @default true */
  readonly removed?: boolean;
  /** Whether it harms where only the apply knows it. @default true */
  readonly unknown?: boolean;
  /** Whether it harms to have Terraform ignore it. @default true */
  readonly ignored?: boolean;
  /** Whether it names another resource, and harms when it names one that is somebody else's. @default false */
  readonly reference?: boolean;
  /** @default - every stack that has it */
  readonly where?: readonly Where[];
}

const PRODUCTION = ['prod', 'elastic'] as const;

/** What a reference may be bent to: others' resources, everything of a kind, and what a function makes of it. */
export const ELSEWHERE = [
  '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-foreign/providers/Microsoft.Foreign/things/x',
  '${data.azurerm_client_config.other.subscription_id}',
  '${azurerm_resource_group.nowhere.id}',
  '${join("/", ["a", "b"])}',
] as const;

const cosmos = (path: string, more: Omit<Broken, 'type' | 'path'> = {}): Broken => ({
  type: 'azurerm_cosmosdb_postgresql_cluster',
  path,
  ...more,
});
const elastic = (path: string, more: Omit<Broken, 'type' | 'path'> = {}): Broken => ({
  type: 'azurerm_postgresql_flexible_server',
  path,
  ...more,
});
const vault = (path: string, more: Omit<Broken, 'type' | 'path'> = {}): Broken => ({
  type: 'azurerm_key_vault',
  path,
  ...more,
});
const storage = (path: string, more: Omit<Broken, 'type' | 'path'> = {}): Broken => ({
  type: 'azurerm_storage_account',
  path,
  ...more,
});
const alert = (path: string, more: Omit<Broken, 'type' | 'path'> = {}): Broken => ({
  type: 'azurerm_monitor_metric_alert',
  path,
  ...more,
});
const endpoint = (path: string, more: Omit<Broken, 'type' | 'path'> = {}): Broken => ({
  type: 'azurerm_private_endpoint',
  path,
  ...more,
});
const flag = (weak: boolean): Omit<Broken, 'type' | 'path'> => ({ weak: [weak, String(weak), 'maybe', 7] });
/** What has a harmless default, or belongs to what is judged as a whole. */
const present: Omit<Broken, 'type' | 'path'> = { removed: false };

const CLUSTERS: readonly Broken[] = [
  cosmos('coordinator_public_ip_access_enabled', { ...flag(true), where: ['prod'] }),
  cosmos('coordinator_public_ip_access_enabled', { where: ['dev'] }),
  cosmos('node_public_ip_access_enabled', flag(true)),
  cosmos('ha_enabled', { ...flag(false), where: ['prod'] }),
  cosmos('shards_on_coordinator_enabled', { weak: ['perhaps'] }),
  cosmos('maintenance_window', { where: ['prod'] }),
  cosmos('sql_version', { weak: ['11', '12', '9.6', 17.5] }),
  cosmos('citus_version', { weak: ['8.3', '11.3', 'latest'] }),
  cosmos('node_count', { weak: ['a few'] }),
  cosmos('node_vcores', present),
  cosmos('coordinator_vcore_count', present),
  cosmos('coordinator_storage_quota_in_mb', present),
  cosmos('location', { weak: ['chinaeast2'] }),
  cosmos('name', { weak: [] }),
  cosmos('lifecycle.prevent_destroy', { ...flag(false), ignored: false, where: ['prod'] }),
  cosmos('lifecycle', { ignored: false, unknown: false, where: ['prod'] }),
  cosmos('administrator_login_password', {
    weak: ['Literal-pass-1', '${base64encode(var.admin_password)}', '${"x"}', '${file("password")}'],
  }),
  cosmos('tags.production', { weak: ['no', 'TRUE', ''], ignored: false }),
  cosmos('tags.owner', { weak: ['', '  '], ignored: false }),
  cosmos('tags.environment', { weak: ['other'], ignored: false }),
  cosmos('tags'),
  elastic('public_network_access_enabled', flag(true)),
  elastic('backup_retention_days', { weak: [7, 1, 'many'] }),
  elastic('high_availability'),
  elastic('high_availability.mode', { weak: ['SameZone'] }),
  elastic('cluster'),
  elastic('cluster.size', { weak: ['some'] }),
  elastic('version', { weak: ['11', '16'] }),
  elastic('maintenance_window'),
  elastic('lifecycle.prevent_destroy', { ...flag(false), ignored: false }),
  elastic('administrator_password_wo', {
    weak: ['Literal-pass-1', '${base64encode(var.admin_password)}'],
  }),
  elastic('administrator_password_wo_version', present),
  elastic('administrator_login', { ...present, ignored: false }),
  elastic('sku_name', { ...present, ignored: false }),
  elastic('create_mode', { ...present, weak: ['PointInTimeRestore', 'Replica'], ignored: false }),
  elastic('location', { weak: ['chinaeast2'], ignored: false }),
  elastic('tags.production', { weak: ['no', ''], ignored: false }),
  elastic('tags'),
];

const ACCESS: readonly Broken[] = [
  {
    type: 'azurerm_cosmosdb_postgresql_firewall_rule',
    path: 'start_ip_address',
    weak: ['0.0.0.0', '1.0.0.0', '203.0.0.0', 'office', '::1'],
  },
  {
    type: 'azurerm_cosmosdb_postgresql_firewall_rule',
    path: 'end_ip_address',
    weak: ['255.255.255.255', '203.0.200.1', '203.0.114.255', ''],
  },
  { type: 'azurerm_cosmosdb_postgresql_firewall_rule', path: 'cluster_id', reference: true, ignored: false },
  {
    type: 'azurerm_cosmosdb_postgresql_role',
    path: 'password',
    weak: ['literal', '${base64encode(var.role_app_password)}'],
  },
  { type: 'azurerm_cosmosdb_postgresql_role', path: 'cluster_id', reference: true, ignored: false },
  endpoint('private_service_connection'),
  endpoint('private_service_connection.private_connection_resource_id', { reference: true }),
  endpoint('private_service_connection.subresource_names', { weak: [[], ['worker-0'], ['vault'], ['*']] }),
  endpoint('private_service_connection.is_manual_connection', { weak: [true], ignored: false }),
  endpoint('private_dns_zone_group'),
  endpoint('private_dns_zone_group.private_dns_zone_ids', {
    weak: [[], ['/subscriptions/1/resourceGroups/r/providers/Microsoft.Network/privateDnsZones/z']],
  }),
  endpoint('subnet_id', {
    weak: [
      '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-foreign/providers/Microsoft.Network/virtualNetworks/vnet-foreign/subnets/s',
    ],
  }),
  // The provider asks for it: no plan comes about without.
  endpoint('location', { weak: ['chinaeast2'], removed: false }),
  {
    type: 'azurerm_private_dns_zone',
    path: 'name',
    weak: ['privatelink.example.com', 'privatelink.vaultcore.azure.net', 'postgres.cosmos.azure.com'],
  },
  {
    type: 'azurerm_private_dns_zone_virtual_network_link',
    path: 'virtual_network_id',
    weak: [
      '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-foreign/providers/Microsoft.Network/virtualNetworks/vnet-foreign',
    ],
  },
  { type: 'azurerm_private_dns_zone_virtual_network_link', path: 'private_dns_zone_name', reference: true },
  {
    type: 'azurerm_private_dns_zone_virtual_network_link',
    path: 'registration_enabled',
    weak: [true],
    removed: false,
  },
  { type: 'azurerm_role_assignment', path: 'scope', reference: true, weak: ['@GROUP', '@CLUSTER', '/'] },
  {
    type: 'azurerm_role_assignment',
    path: 'role_definition_id',
    reference: true,
    weak: [
      '/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
      '/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c',
    ],
  },
  { type: 'azurerm_role_assignment', path: 'principal_id', weak: ['everybody', ''] },
  { type: 'azurerm_management_lock', path: 'lock_level', weak: ['None', 'ReadOnly'] },
  { type: 'azurerm_management_lock', path: 'scope', reference: true, weak: ['@VAULT', '/subscriptions/x'] },
];

const KEPT: readonly Broken[] = [
  vault('rbac_authorization_enabled', flag(false)),
  vault('purge_protection_enabled', flag(false)),
  vault('soft_delete_retention_days', { weak: [7, 30], removed: false }),
  vault('network_acls'),
  vault('network_acls.default_action', { weak: ['Allow', 'deny?'] }),
  vault('network_acls.bypass', { weak: ['AzureServices'] }),
  vault('network_acls.ip_rules', {
    weak: [
      ['0.0.0.0/0'],
      ['203.0.113.0/8'],
      ['everywhere'],
      ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24', '5.0.0.0/24', '6.0.0.0/24'],
    ],
    removed: false,
  }),
  vault('tenant_id', { weak: ['11111111-1111-1111-1111-111111111111'], reference: true }),
  vault('tags'),
  {
    type: 'azurerm_key_vault_secret',
    path: 'value_wo',
    weak: ['literal-secret', '${base64encode(var.admin_password)}'],
  },
  { type: 'azurerm_key_vault_secret', path: 'value_wo_version', weak: [] },
  {
    type: 'azurerm_key_vault_secret',
    path: 'expiration_date',
    weak: ['2020-01-01T00:00:00Z', '2099-01-01T00:00:00Z', 'never'],
  },
  { type: 'azurerm_key_vault_secret', path: 'key_vault_id', reference: true },
  { type: 'azurerm_key_vault_secret', path: 'content_type', ignored: false },
  { type: 'azurerm_key_vault_secret', path: 'tags', ignored: true },
  storage('min_tls_version', { weak: ['TLS1_0', 'TLS1_1'] }),
  storage('https_traffic_only_enabled', flag(false)),
  storage('allow_nested_items_to_be_public', flag(true)),
  storage('shared_access_key_enabled', flag(true)),
  storage('local_user_enabled', flag(true)),
  storage('cross_tenant_replication_enabled', flag(true)),
  storage('default_to_oauth_authentication', flag(false)),
  storage('infrastructure_encryption_enabled', flag(false)),
  storage('allowed_copy_scope', { weak: ['Everywhere'] }),
  storage('account_replication_type', { weak: ['LRS', 'ZRS'] }),
  storage('account_kind', { weak: ['BlobStorage', 'Storage'], ignored: false }),
  storage('network_rules'),
  storage('network_rules.default_action', { weak: ['Allow'] }),
  storage('network_rules.bypass', { weak: [['Logging', 'AzureServices'], ['Metrics']], removed: false }),
  storage('network_rules.ip_rules', {
    weak: [['0.0.0.0/0'], ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24', '5.0.0.0/24']],
    removed: false,
  }),
  storage('blob_properties'),
  storage('blob_properties.versioning_enabled', flag(false)),
  storage('blob_properties.delete_retention_policy', { ignored: false }),
  storage('blob_properties.delete_retention_policy.days', { weak: [1] }),
  storage('blob_properties.container_delete_retention_policy.days', { weak: [1] }),
  storage('sas_policy', { ignored: false }),
  storage('sas_policy.expiration_period', { weak: ['365.00:00:00'] }),
  storage('sas_policy.expiration_action', { weak: ['Log'], removed: false }),
  storage('lifecycle.prevent_destroy', { ...flag(false), ignored: false }),
  storage('tags'),
  { type: 'azurerm_storage_container', path: 'container_access_type', weak: ['blob', 'container'] },
  { type: 'azurerm_storage_container', path: 'storage_account_id', reference: true },
  { type: 'azurerm_storage_container', path: 'lifecycle.prevent_destroy', weak: [false], ignored: false },
];

const WATCHED: readonly Broken[] = [
  alert('criteria'),
  alert('criteria.metric_name', { weak: ['cpu_credits', 'network_bytes_egress'] }),
  alert('criteria.metric_namespace', { weak: ['Microsoft.Web/sites'] }),
  alert('criteria.threshold', { weak: [1_000_000, -5, 'high'] }),
  alert('criteria.operator', { weak: ['LessThan', 'LessThanOrEqual', 'Equals'] }),
  alert('criteria.aggregation', { weak: ['Minimum', 'Count', 'Total'] }),
  alert('criteria.dimension'),
  alert('criteria.dimension.name', { weak: ['Region'] }),
  alert('criteria.dimension.operator', { weak: ['Exclude'] }),
  alert('criteria.dimension.values', { weak: [[], ['node-0']] }),
  alert('scopes', { weak: [[], ['@GROUP'], ['/subscriptions/1/resourceGroups/rg-other']] }),
  alert('action'),
  alert('action.action_group_id', { reference: true }),
  alert('severity', { weak: [4], removed: false }),
  alert('frequency', { weak: ['PT1H'], removed: false }),
  alert('window_size', { weak: ['P1D', 'PT6H'], removed: false }),
  alert('tags'),
  { type: 'azurerm_monitor_action_group', path: 'email_receiver', weak: [[]] },
  {
    type: 'azurerm_monitor_action_group',
    path: 'email_receiver.email_address',
    weak: ['', 'nobody', '${var.anybody}'],
  },
  {
    type: 'azurerm_monitor_diagnostic_setting',
    path: 'target_resource_id',
    reference: true,
    weak: ['@GROUP'],
  },
  { type: 'azurerm_monitor_diagnostic_setting', path: 'log_analytics_workspace_id', reference: true },
  { type: 'azurerm_monitor_diagnostic_setting', path: 'enabled_log', weak: [[], [{ category: 'Other' }]] },
  { type: 'azurerm_monitor_diagnostic_setting', path: 'enabled_metric', weak: [[], [{ category: 'None' }]] },
  { type: 'azurerm_log_analytics_workspace', path: 'retention_in_days', weak: [7, 29], removed: false },
  { type: 'azurerm_log_analytics_workspace', path: 'local_authentication_enabled', weak: [true] },
  { type: 'azurerm_log_analytics_workspace', path: 'sku', weak: ['Free'], ignored: false, removed: false },
  {
    type: 'azurerm_log_analytics_workspace',
    path: 'location',
    weak: ['chinaeast2'],
    ignored: false,
    removed: false,
  },
  { type: 'azurerm_log_analytics_workspace', path: 'tags' },
];

export const BROKEN: readonly Broken[] = [...CLUSTERS, ...ACCESS, ...KEPT, ...WATCHED];

/** Types whose every resource is missed when it goes. */
export const GONE: readonly { readonly type: string; readonly where: readonly Where[] }[] = [
  { type: 'azurerm_cosmosdb_postgresql_cluster', where: ['prod', 'dev'] },
  { type: 'azurerm_postgresql_flexible_server', where: ['elastic'] },
  { type: 'azurerm_private_endpoint', where: PRODUCTION },
  { type: 'azurerm_private_dns_zone', where: PRODUCTION },
  { type: 'azurerm_private_dns_zone_virtual_network_link', where: PRODUCTION },
  { type: 'azurerm_management_lock', where: [...PRODUCTION, 'bootstrap'] },
  { type: 'azurerm_log_analytics_workspace', where: PRODUCTION },
  { type: 'azurerm_monitor_diagnostic_setting', where: PRODUCTION },
  { type: 'azurerm_monitor_action_group', where: PRODUCTION },
  { type: 'azurerm_monitor_metric_alert', where: PRODUCTION },
  { type: 'azurerm_key_vault', where: PRODUCTION },
  { type: 'azurerm_role_assignment', where: PRODUCTION },
  { type: 'azurerm_storage_account', where: ['bootstrap'] },
];

/** Resources that no environment of ours has. `@CLUSTER` and the like stand for the stack's own. */
export const ADDED: readonly { readonly type: string; readonly body: Json }[] = [
  {
    type: 'azurerm_cosmosdb_postgresql_firewall_rule',
    body: {
      name: 'all',
      cluster_id: '@CLUSTER',
      start_ip_address: '0.0.0.0',
      end_ip_address: '255.255.255.255',
    },
  },
  {
    type: 'azurerm_cosmosdb_postgresql_firewall_rule',
    body: { name: 'azure', cluster_id: '@CLUSTER', start_ip_address: '0.0.0.0', end_ip_address: '0.0.0.0' },
  },
  {
    type: 'azurerm_role_assignment',
    body: {
      scope: '@CLUSTER',
      role_definition_name: 'Owner',
      principal_id: '11111111-1111-1111-1111-111111111111',
    },
  },
  {
    type: 'azurerm_role_assignment',
    body: {
      scope: '@VAULT',
      role_definition_id:
        '/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6',
      role_definition_name: 'Key Vault Administrator',
      principal_id: '11111111-1111-1111-1111-111111111111',
    },
  },
  { type: 'azurerm_management_lock', body: { name: 'ro', scope: '@CLUSTER', lock_level: 'ReadOnly' } },
  { type: 'azurerm_key_vault_access_policy', body: { key_vault_id: '@VAULT', secret_permissions: ['Get'] } },
  {
    type: 'azurerm_postgresql_flexible_server_active_directory_administrator',
    body: { server_id: '@CLUSTER' },
  },
  { type: 'azurerm_monitor_activity_log_alert', body: { name: 'x' } },
  { type: 'azurerm_linux_virtual_machine', body: { name: 'x' } },
  { type: 'azurerm_lb', body: { name: 'x' } },
  { type: 'null_resource', body: { provisioner: [{ 'local-exec': { command: 'true' } }] } },
  { type: 'terraform_data', body: { input: 'x' } },
  { type: 'azurerm_storage_management_policy', body: { storage_account_id: '@STORAGE' } },
  {
    type: 'azurerm_private_endpoint',
    body: {
      name: 'spy',
      location: 'westus2',
      subnet_id:
        '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/f/providers/Microsoft.Network/virtualNetworks/v/subnets/s',
      private_service_connection: {
        name: 'spy',
        private_connection_resource_id: '@CLUSTER',
        is_manual_connection: false,
        subresource_names: ['coordinator'],
      },
    },
  },
  {
    type: 'azurerm_private_endpoint',
    body: {
      name: 'spy',
      private_service_connection: {
        name: 'spy',
        private_connection_resource_alias: 'x.y.azure.privatelinkservice',
      },
    },
  },
  {
    type: 'azurerm_monitor_diagnostic_setting',
    body: {
      name: 'copy',
      target_resource_id: '@CLUSTER',
      storage_account_id:
        '/subscriptions/1/resourceGroups/f/providers/Microsoft.Storage/storageAccounts/foreign',
      enabled_log: [{ category: 'PostgreSQLLogs' }],
    },
  },
  {
    type: 'azurerm_monitor_diagnostic_setting',
    body: {
      name: 'stream',
      target_resource_id: '@VAULT',
      eventhub_authorization_rule_id: '/subscriptions/1/eventhub',
      enabled_log: [{ category_group: 'allLogs' }],
    },
  },
];

/** Server parameters that take a safeguard away. */
export const PARAMETERS: readonly { readonly name: string; readonly value: string }[] = [
  { name: 'log_connections', value: 'off' },
  { name: 'log_disconnections', value: 'off' },
  { name: 'log_checkpoints', value: 'off' },
  { name: 'log_statement', value: 'all' },
  { name: 'log_min_messages', value: 'panic' },
  { name: 'log_min_error_statement', value: 'panic' },
  { name: 'log_error_verbosity', value: 'terse' },
  { name: 'log_parameter_max_length', value: '-1' },
  { name: 'pgaudit.log', value: 'none' },
  { name: 'pgaudit.log_parameter', value: 'on' },
  { name: 'pgaudit.log_catalog', value: 'off' },
  { name: 'row_security', value: 'off' },
  { name: 'session_replication_role', value: 'replica' },
  { name: 'synchronous_commit', value: 'off' },
  { name: 'fsync', value: 'off' },
  { name: 'full_page_writes', value: 'off' },
  { name: 'ssl', value: 'off' },
  { name: 'require_secure_transport', value: 'off' },
  { name: 'ssl_min_protocol_version', value: 'TLSv1' },
  { name: 'password_encryption', value: 'md5' },
  { name: 'connection_throttle.enable', value: 'off' },
  { name: 'citus.enable_ddl_propagation', value: 'off' },
  { name: 'citus.use_secondary_nodes', value: 'always' },
  { name: 'idle_in_transaction_session_timeout', value: '${var.decided_later}' },
];

/** Changes of a document as a whole. */
export const DOCUMENT: readonly {
  readonly kind: string;
  readonly title: string;
  readonly where?: readonly Where[];
  readonly change: (draft: Draft) => void;
}[] = [
  ...provider('alias to another subscription', (block) => {
    block['alias'] = 'other';
    block['subscription_id'] = '11111111-1111-1111-1111-111111111111';
  }),
  ...Object.entries({
    subscription_id: '11111111-1111-1111-1111-111111111111',
    tenant_id: '11111111-1111-1111-1111-111111111111',
    auxiliary_tenant_ids: ['11111111-1111-1111-1111-111111111111'],
    metadata_host: 'metadata.example.com',
    environment: 'china',
    client_id: '11111111-1111-1111-1111-111111111111',
    client_secret: 'literal',
    msi_endpoint: 'http://example.com',
    oidc_request_url: 'https://example.com',
    resource_provider_registrations: 'all',
    resource_providers_to_register: ['Microsoft.Compute'],
    skip_provider_registration: false,
    storage_use_azuread: false,
    disable_terraform_partner_id: true,
    partner_id: 'x',
    custom_correlation_request_id: '${var.x}',
    use_cli: true,
  }).flatMap(([argument, value]) =>
    provider(`${argument} = ${JSON.stringify(value)}`, (block) => {
      block[argument] = value;
    }),
  ),
  ...Object.entries({
    key_vault: { purge_soft_delete_on_destroy: true },
    key_vault_recover: { recover_soft_deleted_key_vaults: false },
    resource_group: { prevent_deletion_if_contains_resources: false },
    log_analytics_workspace: { permanently_delete_on_destroy: true },
    postgresql_flexible_server: { restart_server_on_configuration_value_change: true },
    recovery_service: { vm_backup_stop_protection_and_retain_data_on_destroy: false },
  }).flatMap(([name, value]) =>
    provider(`features.${name}`, (block) => {
      put(block, ['features', name.replace('_recover', '')], value);
    }),
  ),
  {
    kind: 'provider',
    title: 'a second configuration',
    change: (draft) => {
      const list = at(draft, [])['provider'];
      const home = list as Draft;
      home['azurerm'] = [at(draft, ['provider', 'azurerm']), { alias: 'b', features: [{}] }];
    },
  },
  {
    kind: 'provider',
    title: 'none at all',
    change: (draft) => {
      Reflect.deleteProperty(draft, 'provider');
    },
  },
  ...['resource_provider_registrations', 'storage_use_azuread'].map((argument) => ({
    kind: 'provider',
    title: `without ${argument}`,
    change: (draft: Draft) => put(draft, ['provider', 'azurerm', argument], undefined),
  })),
  ...versions(),
  ...backends(),
  ...production(),
  ...secrets(),
  ...extraArguments(),
  ...Object.entries({
    module: { x: { source: './x' } },
    moved: [{ from: 'a.b', to: 'c.d' }],
    removed: [{ from: 'azurerm_management_lock.Lock', lifecycle: { destroy: false } }],
    check: { x: {} },
    ephemeral: { x: {} },
    import: [{ to: 'azurerm_key_vault.x', id: '/subscriptions/1' }],
    locals: { password: 'x' },
  }).map(([name, value]) => ({
    kind: 'section added',
    title: name,
    change: (draft: Draft) => {
      draft[name] = value;
    },
  })),
  {
    kind: 'section added',
    title: 'a data source',
    change: (draft) => put(draft, ['data', 'http', 'x'], { url: 'https://example.com' }),
  },
];

function provider(title: string, change: (block: Draft) => void): (typeof DOCUMENT)[number][] {
  return [
    {
      kind: 'provider',
      title,
      change: (draft) => {
        change(at(draft, ['provider', 'azurerm']));
      },
    },
  ];
}

function versions(): (typeof DOCUMENT)[number][] {
  const required = ['terraform', 'required_providers', 'azurerm'];
  return [
    ...['>= 4.0', '~> 4', '3.99.0', '*', '${local.version}'].map((version) => ({
      kind: 'versions',
      title: `azurerm ${version}`,
      change: (draft: Draft) => put(draft, [...required, 'version'], version),
    })),
    ...[undefined, '>= 0.12', '> 1', '*'].map((version) => ({
      kind: 'versions',
      title: `terraform ${version ?? 'unsaid'}`,
      change: (draft: Draft) => put(draft, ['terraform', 'required_version'], version),
    })),
    {
      kind: 'versions',
      title: 'no azurerm version',
      change: (draft) => put(draft, [...required, 'version'], undefined),
    },
    {
      kind: 'versions',
      title: 'azurerm of a stranger',
      change: (draft) => put(draft, [...required, 'source'], 'stranger/azurerm'),
    },
    {
      kind: 'versions',
      title: 'azurerm of a mirror',
      change: (draft) => put(draft, [...required, 'source'], 'registry.example.com/hashicorp/azurerm'),
    },
    {
      kind: 'versions',
      title: 'no required providers',
      change: (draft) => put(draft, ['terraform', 'required_providers'], undefined),
    },
    {
      kind: 'versions',
      title: 'a configuration alias',
      change: (draft) => put(draft, [...required, 'configuration_aliases'], ['azurerm.other']),
    },
    {
      kind: 'versions',
      title: 'an experiment',
      change: (draft) => put(draft, ['terraform', 'experiments'], ['x']),
    },
    {
      kind: 'versions',
      title: 'provider meta',
      change: (draft) => put(draft, ['terraform', 'provider_meta'], { azurerm: { x: 'y' } }),
    },
  ];
}

function backends(): (typeof DOCUMENT)[number][] {
  const where: readonly Where[] = ['prod', 'dev', 'elastic'];
  const home = ['terraform', 'backend', 'azurerm'];
  return [
    ...Object.entries({
      subscription_id: '11111111-1111-1111-1111-111111111111',
      tenant_id: '11111111-1111-1111-1111-111111111111',
      metadata_host: 'metadata.example.com',
      endpoint: 'https://example.com',
      environment: 'china',
      access_key: 'literal',
      sas_token: 'literal',
      use_azuread_auth: false,
      lookup_blob_endpoint: true,
      msi_endpoint: 'http://example.com',
      oidc_request_url: 'https://example.com',
      storage_account_name: 'foreignaccount',
      resource_group_name: 'rg-foreign',
      container_name: 'foreign',
      key: '${var.key}',
      snapshot: 'maybe',
    }).map(([argument, value]) => ({
      kind: 'backend',
      title: `${argument} = ${String(value)}`,
      where,
      change: (draft: Draft) => put(draft, [...home, argument], value),
    })),
    ...['use_azuread_auth', 'storage_account_name', 'container_name', 'key'].map((argument) => ({
      kind: 'backend',
      title: `without ${argument}`,
      where,
      change: (draft: Draft) => put(draft, [...home, argument], undefined),
    })),
    ...(['cloud', 's3', 'http', 'local', 'remote'] as const).map((kind) => ({
      kind: 'backend',
      title: `${kind} in its place`,
      where,
      change: (draft: Draft) => put(draft, ['terraform', 'backend'], { [kind]: {} }),
    })),
    {
      kind: 'backend',
      title: 'a second one',
      where,
      change: (draft) => put(draft, ['terraform', 'backend', 's3'], { bucket: 'x' }),
    },
    {
      kind: 'backend',
      title: 'cloud beside it',
      change: (draft) => put(draft, ['terraform', 'cloud'], { organization: 'x' }),
    },
    {
      kind: 'backend',
      title: 'a foreign place on a disk',
      where: ['bootstrap'],
      change: (draft) => put(draft, ['terraform', 'backend', 'local', 'path'], '/tmp/state'),
    },
  ];
}

/** The whole of production leaves by one word, with all that it guards. */
function production(): (typeof DOCUMENT)[number][] {
  const leave = (draft: Draft, more: (cluster: Draft) => void): void => {
    for (const type of ['azurerm_cosmosdb_postgresql_cluster', 'azurerm_postgresql_flexible_server']) {
      const named = at(draft, ['resource'])[type];
      if (named === undefined) continue;
      for (const name of Object.keys(named as Draft)) {
        const cluster = at(draft, ['resource', type, name]);
        put(cluster, ['tags', 'production'], 'false');
        more(cluster);
      }
    }
  };
  const where = PRODUCTION;
  const kind = 'production';
  return [
    { kind, where, title: 'leaves by its tag', change: (draft) => leave(draft, () => undefined) },
    {
      kind,
      where,
      title: 'leaves, without standbys',
      change: (draft) =>
        leave(draft, (cluster) => {
          cluster['ha_enabled'] = false;
          Reflect.deleteProperty(cluster, 'high_availability');
        }),
    },
    {
      kind,
      where,
      title: 'leaves, without a lock and protection',
      change: (draft) =>
        leave(draft, (cluster) => {
          put(cluster, ['lifecycle', 'prevent_destroy'], false);
          put(draft, ['resource', 'azurerm_management_lock'], undefined);
        }),
    },
    {
      kind,
      where,
      title: 'leaves by a comment',
      change: (draft) => {
        put(draft, ['//', 'production'], false);
        leave(draft, (cluster) => put(cluster, ['tags', 'production'], undefined));
      },
    },
    {
      kind,
      where,
      title: 'leaves everywhere',
      change: (draft) => {
        const text = JSON.stringify(draft).replaceAll('"production":"true"', '"production":"false"');
        Object.assign(draft, JSON.parse(text) as Draft);
      },
    },
  ];
}

/** Passwords where Terraform or a reader of Azure finds them. */
function secrets(): (typeof DOCUMENT)[number][] {
  const where = PRODUCTION;
  const kind = 'secret';
  const firstVault = (draft: Draft): Draft => at(draft, ['resource', 'azurerm_key_vault', onlyName(draft)]);
  const onlyName = (draft: Draft): string =>
    Object.keys(at(draft, ['resource', 'azurerm_key_vault']))[0] ?? 'none';
  const output = (value: string): ((draft: Draft) => void) => {
    return (draft) => put(draft, ['output', 'hint'], { value });
  };
  return [
    { kind, where, title: 'in an output', change: output('${var.admin_password}') },
    { kind, where, title: 'in an output, encoded', change: output('${base64encode(var.admin_password)}') },
    { kind, where, title: 'in an output, as a whole', change: output('${var.admin_password[*]}') },
    { kind, where, title: 'in an output, by index', change: output('${var["admin_password"]}') },
    {
      kind,
      where,
      title: 'in an output, by nonsensitive',
      change: output('${nonsensitive(var.admin_password)}'),
    },
    {
      kind,
      where,
      title: 'in a tag',
      change: (draft) => put(firstVault(draft), ['tags', 'hint'], '${var.admin_password}'),
    },
    {
      kind,
      where,
      title: 'in a tag, encoded',
      change: (draft) => put(firstVault(draft), ['tags', 'hint'], '${base64encode(var.admin_password)}'),
    },
    {
      kind,
      where,
      title: 'in a tag, written out',
      change: (draft) => put(firstVault(draft), ['tags', 'hint'], 'password=Sommer2026!'),
    },
    {
      kind,
      where,
      title: 'in a local',
      change: (draft) => {
        draft['locals'] = { hint: '${var.admin_password}' };
      },
    },
    {
      kind,
      where,
      title: 'in a local, as every vault',
      change: (draft) => {
        draft['locals'] = { hint: '${azurerm_key_vault_secret.PasswordVault_Password_E52AB075[*]}' };
      },
    },
    {
      kind,
      where,
      title: 'in the notes of the lock',
      change: (draft) => {
        const locks = at(draft, ['resource', 'azurerm_management_lock']);
        for (const name of Object.keys(locks)) put(locks, [name, 'notes'], '${var.admin_password}');
      },
    },
    {
      kind,
      where,
      title: 'in the notes of the lock, written out',
      change: (draft) => {
        const locks = at(draft, ['resource', 'azurerm_management_lock']);
        for (const name of Object.keys(locks))
          put(locks, [name, 'notes'], 'postgresql://citus:Sommer1@host/citus');
      },
    },
    {
      kind,
      where,
      title: 'not sensitive',
      change: (draft) => put(draft, ['variable', 'admin_password', 'sensitive'], false),
    },
    {
      kind,
      where,
      title: 'with a default',
      change: (draft) => put(draft, ['variable', 'admin_password', 'default'], 'Sommer2026!'),
    },
    {
      kind,
      where,
      title: 'a variable of another name with a default',
      change: (draft) => put(draft, ['variable', 'extra'], { type: 'string', default: 'x' }),
    },
  ];
}

/** Arguments of known types that nobody sets, and that open something. */
function extraArguments(): (typeof DOCUMENT)[number][] {
  const extra: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
    azurerm_postgresql_flexible_server: {
      authentication: { active_directory_auth_enabled: false, password_auth_enabled: true },
      delegated_subnet_id: '/subscriptions/1/subnets/x',
      replication_role: 'None',
      customer_managed_key: { key_vault_key_id: 'https://foreign.vault.azure.net/keys/x' },
      identity: { type: 'UserAssigned', identity_ids: ['/subscriptions/1/x'] },
      source_server_id: '/subscriptions/1/x',
      administrator_password: '${var.admin_password}',
    },
    azurerm_cosmosdb_postgresql_cluster: {
      source_resource_id: '${var.x}',
      count: 2,
      for_each: '${toset(["a"])}',
      provider: 'azurerm.other',
      provisioner: [{ 'local-exec': { command: 'true' } }],
    },
    azurerm_key_vault: {
      access_policy: [{ tenant_id: 'x', object_id: 'y', secret_permissions: ['Get'] }],
      enabled_for_deployment: true,
      enabled_for_disk_encryption: true,
      enabled_for_template_deployment: true,
      contact: [{ email: 'x@example.com' }],
    },
    azurerm_key_vault_secret: { value: '${var.admin_password}', not_before_date: '2999-01-01T00:00:00Z' },
    azurerm_storage_account: {
      sftp_enabled: true,
      nfsv3_enabled: true,
      is_hns_enabled: true,
      static_website: { index_document: 'index.html' },
      custom_domain: { name: 'example.com' },
      queue_properties: { cors_rule: [{ allowed_origins: ['*'] }] },
      share_properties: { cors_rule: [{ allowed_origins: ['*'] }] },
      public_network_access_enabled: 'perhaps',
      routing: { publish_internet_endpoints: true },
      azure_files_authentication: { directory_type: 'AADDS' },
      customer_managed_key: { key_vault_key_id: 'https://foreign.vault.azure.net/keys/x' },
    },
    azurerm_log_analytics_workspace: {
      daily_quota_gb: 0.1,
      internet_ingestion_enabled: true,
      internet_query_enabled: true,
      immediate_data_purge_on_30_days_enabled: true,
      cmk_for_query_forced: true,
      allow_resource_only_permissions: true,
    },
    azurerm_monitor_diagnostic_setting: {
      storage_account_id: '/subscriptions/1/x',
      eventhub_authorization_rule_id: '/subscriptions/1/x',
      partner_solution_id: '/subscriptions/1/x',
    },
    azurerm_monitor_action_group: {
      enabled: false,
      webhook_receiver: [{ name: 'x', service_uri: 'http://example.com/hook' }],
      azure_function_receiver: [{ name: 'x' }],
      logic_app_receiver: [{ name: 'x' }],
      automation_runbook_receiver: [{ name: 'x' }],
      event_hub_receiver: [{ name: 'x' }],
    },
    azurerm_monitor_metric_alert: {
      enabled: false,
      dynamic_criteria: { metric_name: 'x' },
      target_resource_type: 'Microsoft.Web/sites',
    },
    azurerm_private_endpoint: {
      custom_network_interface_name: '${var.x}',
      ip_configuration: [{ private_ip_address: '10.0.0.4' }],
    },
    azurerm_role_assignment: {
      role_definition_name: 'Owner',
      condition: 'true',
      delegated_managed_identity_resource_id: '/subscriptions/1/x',
      skip_service_principal_aad_check: true,
    },
    azurerm_resource_group: { managed_by: '/subscriptions/1/x' },
    azurerm_private_dns_zone: { soa_record: { email: 'x.example.com' } },
    azurerm_private_dns_zone_virtual_network_link: { resolution_policy: 'NxDomainRedirect' },
    azurerm_storage_container: { default_encryption_scope: 'x', metadata: { a: '${var.x}' } },
  };
  return [
    ...Object.entries(extra).flatMap(([type, entries]) =>
      Object.entries(entries).map(([argument, value]) => ({
        kind: 'argument added',
        title: `${type}.${argument}`,
        change: (draft: Draft) => {
          const named = at(draft, ['resource'])[type] as Draft | undefined;
          for (const name of Object.keys(named ?? {})) {
            put(draft, ['resource', type, name, argument], value as Draft[string]);
          }
        },
      })),
    ),
    {
      kind: 'argument added',
      title: 'CORS for everybody',
      where: ['bootstrap'] as const,
      change: (draft: Draft) => {
        const accounts = at(draft, ['resource', 'azurerm_storage_account']);
        for (const name of Object.keys(accounts)) {
          put(accounts, [name, 'blob_properties', 'cors_rule'], [{ allowed_origins: ['*'] }]);
        }
      },
    },
    {
      kind: 'argument added',
      title: 'ignore all',
      change: (draft: Draft) => {
        for (const named of Object.values(at(draft, ['resource']))) {
          for (const name of Object.keys(named as Draft)) {
            put(named as Draft, [name, 'lifecycle', 'ignore_changes'], 'all');
          }
        }
      },
    },
  ];
}

/** What a parser that takes the last of two keys reads past, and one that merges does not. */
export const DUPLICATE_KEYS: readonly {
  readonly title: string;
  readonly change: (text: string) => string | undefined;
}[] = [
  { title: 'resource', change: (text) => `{"resource":{},${text.slice(1)}` },
  { title: 'terraform', change: (text) => `{"terraform":{},${text.slice(1)}` },
  { title: 'provider', change: (text) => `{"provider":{"azurerm":[{"features":[{}]}]},${text.slice(1)}` },
  { title: 'output', change: (text) => `{"output":{},"output":{},${text.slice(1)}` },
  { title: 'an escaped name', change: (text) => `{"r\\u0065source":{},${text.slice(1)}` },
  {
    title: 'a type of resources',
    change: (text) => text.replace(/"resource":\{"([a-z_]+)":/, '"resource":{"$1":{},"$1":'),
  },
  {
    title: 'a lifecycle',
    change: (text) =>
      text.includes('"lifecycle":{')
        ? text.replace('"lifecycle":{', '"lifecycle":{},"lifecycle":{')
        : undefined,
  },
  {
    title: 'a location',
    change: (text) =>
      text.includes('"location":"westus2"')
        ? text.replace('"location":"westus2"', '"location":"chinaeast2","location":"westus2"')
        : undefined,
  },
];

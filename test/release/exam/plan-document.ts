/** JSON that a test changes in place. */
export type Changeable = null | boolean | number | string | Changeable[] | { [key: string]: Changeable };
export type Fields = { [key: string]: Changeable };

/** Passwords of the exam: none of them, in any spelling, may stand in a bundle or a receipt. */
export const SECRETS = {
  admin: 'Rehearsal-only-7',
  role: 'Röle/only+"8"',
  workspace: 'c2hhcmVkLWtleS1vZi10aGUtd29ya3NwYWNl',
  note: 'Told-nobody-9',
} as const;

const PROVIDER = 'registry.terraform.io/hashicorp/azurerm';
const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000000';
const GROUP_ID = `${SUBSCRIPTION}/resourceGroups/rg-wwi-sensors-dev`;
export const CLUSTER_ID = `${GROUP_ID}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-dev`;
const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster';

const CLUSTER_NOW: Fields = {
  id: CLUSTER_ID,
  name: 'wwi-sensors-dev',
  location: 'westus2',
  node_count: 0,
  coordinator_storage_quota_in_mb: 524_288,
  sql_version: '16',
  citus_version: '12.1',
  administrator_login_password: SECRETS.admin,
  earliest_restore_time: '2026-11-29T04:11:09.1234567Z',
  servers: [{ fqdn: 'c-wwi-sensors-dev.abc.postgres.cosmos.azure.com', name: 'wwi-sensors-dev-c' }],
  maintenance_window: [{ day_of_week: 0, start_hour: 3, start_minute: 0 }],
  tags: { environment: 'dev', owner: 'sensors-platform', production: 'false' },
};
const GROUP: Fields = {
  id: GROUP_ID,
  name: 'rg-wwi-sensors-dev',
  location: 'westus2',
  managed_by: '',
  tags: { environment: 'dev' },
};
const RULE: Fields = {
  name: 'office',
  cluster_id: CLUSTER_ID,
  start_ip_address: '203.0.113.8',
  end_ip_address: '203.0.113.15',
};
const SECRET: Fields = {
  id: 'https://kv-wwi-sensors-dev.vault.azure.net/secrets/admin/7',
  name: 'admin',
  value: SECRETS.admin,
  content_type: `see ${SECRETS.note}`,
  expiration_date: '2027-06-30T00:00:00Z',
  not_before_date: null,
};
const LOCK: Fields = { id: `${CLUSTER_ID}/locks/keep`, name: 'keep', lock_level: 'CanNotDelete' };
const WORKSPACE: Fields = {
  id: `${GROUP_ID}/providers/Microsoft.OperationalInsights/workspaces/log-dev`,
  name: 'log-dev',
  retention_in_days: 90,
  primary_shared_key: SECRETS.workspace,
};

interface Entry {
  readonly address: string;
  readonly actions: string[];
  readonly before: Fields | null;
  readonly after: Fields | null;
  readonly unknown?: Changeable;
  readonly sensitive?: Fields;
  readonly more?: Fields;
  readonly change?: Fields;
}

function entry({ address, actions, before, after, unknown = {}, sensitive, more, change }: Entry): Fields {
  const [type = '', name = ''] = address.split('.');
  return {
    address,
    mode: 'managed',
    type,
    name,
    provider_name: PROVIDER,
    change: {
      actions,
      before,
      after,
      after_unknown: unknown,
      before_sensitive: before === null ? false : (sensitive ?? {}),
      after_sensitive: after === null ? false : (sensitive ?? {}),
      ...change,
    },
    ...more,
  };
}

const PASSWORD_MASK: Fields = { administrator_login_password: true, servers: [{}], tags: {} };

/** What is done to each resource, in the order of the plan. */
function resourceChanges(): Changeable[] {
  return [
    entry({
      address: `${CLUSTER}.Cluster`,
      actions: ['update'],
      before: CLUSTER_NOW,
      after: { ...CLUSTER_NOW, node_count: 2, tags: { ...(CLUSTER_NOW['tags'] as Fields), owner: 'core' } },
      unknown: { servers: [{}], tags: {} },
      sensitive: PASSWORD_MASK,
    }),
    entry({
      address: 'azurerm_cosmosdb_postgresql_firewall_rule.office',
      actions: ['create'],
      before: null,
      after: { ...RULE },
      unknown: { id: true },
    }),
    entry({
      address: 'azurerm_cosmosdb_postgresql_role.app',
      actions: ['delete', 'create'],
      before: {
        id: `${CLUSTER_ID}/roles/app`,
        name: 'app',
        password: 'Before-only-7',
        cluster_id: CLUSTER_ID,
      },
      after: { name: 'app', password: SECRETS.role, cluster_id: CLUSTER_ID },
      unknown: { id: true },
      sensitive: { password: true },
      change: { replace_paths: [['password']] },
      more: { action_reason: 'replace_because_cannot_update' },
    }),
    entry({
      address: 'azurerm_key_vault_secret.Admin',
      actions: ['update'],
      before: { ...SECRET, expiration_date: '2026-12-31T00:00:00Z' },
      after: { ...SECRET },
      unknown: { version: true },
      sensitive: { value: true, content_type: true },
    }),
    entry({
      address: 'azurerm_log_analytics_workspace.Workspace',
      actions: ['no-op'],
      before: WORKSPACE,
      after: WORKSPACE,
      sensitive: { primary_shared_key: true },
    }),
    entry({
      address: 'azurerm_management_lock.Lock',
      actions: ['delete'],
      before: LOCK,
      after: null,
      more: { action_reason: 'delete_because_no_resource_config' },
    }),
    entry({
      address: 'azurerm_monitor_action_group.Alerts',
      actions: ['no-op'],
      before: {
        id: '/a',
        name: 'alerts',
        email_receiver: [{ name: 'a', email_address: 'oncall@example.com' }],
      },
      after: {
        id: '/a',
        name: 'alerts',
        email_receiver: [{ name: 'a', email_address: 'oncall@example.com' }],
      },
      more: { previous_address: 'azurerm_monitor_action_group.Old' },
    }),
    entry({
      address: 'azurerm_private_endpoint.Endpoint',
      actions: ['create'],
      before: null,
      after: {
        name: 'ep',
        location: 'westus2',
        private_service_connection: [
          { name: 'ep', is_manual_connection: false, subresource_names: ['coordinator'] },
        ],
      },
      unknown: {
        id: true,
        private_service_connection: [{ private_connection_resource_id: true, subresource_names: [false] }],
      },
    }),
    entry({
      address: 'azurerm_resource_group.ResourceGroup',
      actions: ['no-op'],
      before: GROUP,
      after: GROUP,
      change: { importing: { id: GROUP_ID } },
    }),
  ];
}

/** Of each resource, which arguments its configuration has; the others the provider fills in. */
function configuration(): Fields {
  const constant = (...names: string[]): Fields =>
    Object.fromEntries(names.map((name) => [name, { constant_value: 'x' }]));
  const resource = (address: string, ...names: string[]): Fields => {
    const [type = '', name = ''] = address.split('.');
    return {
      address,
      mode: 'managed',
      type,
      name,
      provider_config_key: 'azurerm',
      expressions: constant(...names),
      schema_version: 0,
    };
  };
  return {
    provider_config: {
      azurerm: { name: 'azurerm', full_name: PROVIDER, version_constraint: '4.55.0' },
    },
    root_module: {
      resources: [
        resource(
          `${CLUSTER}.Cluster`,
          'name',
          'location',
          'node_count',
          'coordinator_storage_quota_in_mb',
          'sql_version',
          'citus_version',
          'administrator_login_password',
          'maintenance_window',
          'tags',
        ),
        resource('azurerm_cosmosdb_postgresql_firewall_rule.office', ...Object.keys(RULE)),
        resource('azurerm_cosmosdb_postgresql_role.app', 'name', 'password', 'cluster_id'),
        resource('azurerm_key_vault_secret.Admin', 'name', 'value', 'content_type', 'expiration_date'),
        resource('azurerm_log_analytics_workspace.Workspace', 'name', 'retention_in_days'),
        resource('azurerm_monitor_action_group.Alerts', 'name', 'email_receiver'),
        resource('azurerm_private_endpoint.Endpoint', 'name', 'location', 'private_service_connection'),
        resource('azurerm_resource_group.ResourceGroup', 'name', 'location', 'tags'),
      ],
      variables: {
        admin_password: { sensitive: true },
        role_app_password: { sensitive: true },
        region: {},
      },
    },
  };
}

/** A plan as `terraform show -json` prints it, of a development cluster that gets two workers. New at each call. */
export function planDocument(): Fields {
  const drifted = { ...CLUSTER_NOW, earliest_restore_time: '2026-11-28T04:11:09.1234567Z' };
  const document = {
    format_version: '1.2',
    terraform_version: '1.11.4',
    variables: {
      admin_password: { value: SECRETS.admin },
      role_app_password: { value: SECRETS.role },
      region: { value: 'westus2' },
    },
    planned_values: { root_module: { resources: [{ values: { password: SECRETS.role } }] } },
    resource_drift: [
      entry({
        address: `${CLUSTER}.Cluster`,
        actions: ['update'],
        before: drifted,
        after: CLUSTER_NOW,
        sensitive: PASSWORD_MASK,
      }),
      entry({
        address: 'azurerm_resource_group.ResourceGroup',
        actions: ['update'],
        before: { ...GROUP, tags: { environment: 'dev', team: 'old' } },
        after: GROUP,
      }),
    ],
    resource_changes: resourceChanges(),
    output_changes: {
      coordinator_fqdn: {
        actions: ['no-op'],
        before: 'c-dev',
        after: 'c-dev',
        after_unknown: false,
        before_sensitive: false,
        after_sensitive: false,
      },
      node_count: {
        actions: ['update'],
        before: 0,
        after: 2,
        after_unknown: false,
        before_sensitive: false,
        after_sensitive: false,
      },
      login_hint: {
        actions: ['create'],
        before: null,
        after: SECRETS.note,
        after_unknown: false,
        before_sensitive: true,
        after_sensitive: true,
      },
    },
    prior_state: {
      format_version: '1.0',
      values: { root_module: { resources: [{ values: { password: SECRETS.admin } }] } },
    },
    configuration: configuration(),
    relevant_attributes: [{ resource: `${CLUSTER}.Cluster`, attribute: ['id'] }],
    timestamp: '2026-11-30T19:00:00Z',
    applyable: true,
    complete: true,
    errored: false,
  };
  // Nothing in it is shared, so that a change of one value is one change.
  return JSON.parse(JSON.stringify(document)) as Fields;
}

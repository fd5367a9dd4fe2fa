import type { ChangeInput } from './builders';
import { change, CLUSTER, CLUSTER_BEFORE, findings, ids } from './builders';

const update = (after: object, before: object = {}): object =>
  change({
    before: { ...CLUSTER_BEFORE, ...before },
    after: { ...CLUSTER_BEFORE, ...before, ...after },
  });

describe('an update of the cluster', () => {
  it.each([
    ['fewer workers', { node_count: 3 }, { node_count: 5 }, ['never fewer-workers:c']],
    ['no workers', { node_count: 0 }, {}, ['never back-to-one-node:c']],
    ['a single worker', { node_count: 1 }, { node_count: 0 }, ['never single-worker:c']],
    ['more workers', { node_count: 4 }, {}, []],
    [
      'less on the coordinator',
      { coordinator_storage_quota_in_mb: 262_144 },
      {},
      ['never less-coordinator-storage:c'],
    ],
    ['more on the coordinator', { coordinator_storage_quota_in_mb: 1_048_576 }, {}, []],
    ['less on workers', { node_storage_quota_in_mb: 262_144 }, {}, ['never less-worker-storage:c']],
    ['less on workers that are not there', { node_storage_quota_in_mb: 262_144 }, { node_count: 0 }, []],
    [
      'burstable',
      { coordinator_server_edition: 'BurstableMemoryOptimized' },
      {},
      ['never regular-to-burstable:c'],
    ],
    [
      'another burstable',
      { coordinator_server_edition: 'BurstableGeneralPurpose' },
      { coordinator_server_edition: 'BurstableMemoryOptimized' },
      [],
    ],
    [
      'regular again',
      { coordinator_server_edition: 'GeneralPurpose' },
      { coordinator_server_edition: 'BurstableMemoryOptimized' },
      [],
    ],
    ['a newer PostgreSQL', { sql_version: '16' }, {}, ['needs-yes postgres-upgrade:c']],
    ['an older PostgreSQL', { sql_version: '9' }, {}, ['never postgres-downgrade:c']],
    ['a newer Citus', { citus_version: '12.10' }, { citus_version: '12.9' }, ['needs-yes citus-upgrade:c']],
    ['an older Citus', { citus_version: '11.3' }, {}, ['never citus-downgrade:c']],
    [
      'a public coordinator',
      { coordinator_public_ip_access_enabled: true },
      {},
      ['needs-yes open-coordinator:c'],
    ],
    [
      'a private coordinator',
      { coordinator_public_ip_access_enabled: false },
      { coordinator_public_ip_access_enabled: true },
      ['needs-yes close-coordinator:c'],
    ],
    ['public workers', { node_public_ip_access_enabled: true }, {}, ['needs-yes open-workers:c']],
    ['no standbys', { ha_enabled: false }, {}, ['note standbys-removed:c']],
    ['fewer vCores', { coordinator_vcore_count: 4 }, {}, []],
    ['a tag', { tags: { a: 'b' } }, {}, []],
  ])('%s', (_, after, before, expected) => {
    expect(ids([update(after, before)])).toEqual(expected);
  });

  it('lets no value pass that only an apply would tell', () => {
    const unknown = change({
      before: CLUSTER_BEFORE,
      after: { ...CLUSTER_BEFORE, node_count: undefined },
      after_unknown: { node_count: true },
    });
    expect(ids([unknown])).toEqual(['needs-yes unknown-node-count:c']);
  });

  it('names both values, what follows, and the way out', () => {
    expect(findings([update({ node_count: 3 }, { node_count: 5 })])).toEqual([
      {
        id: 'fewer-workers:c',
        guard: 'fewer-workers',
        level: 'never',
        address: `${CLUSTER}.it`,
        constructPath: 'dev/it',
        values: [{ attribute: 'node_count', before: 5, after: 3 }],
        why: 'the service refuses: workers are only ever added; fewer need a support ticket and a drain',
        wayOut:
          'put the config back to what the cluster has, 5 workers; a smaller cluster is a new one, filled by a dump or by logical replication',
      },
    ]);
  });
});

describe('a loss', () => {
  const gone = (type: string, name: string, rest: ChangeInput = {}): object =>
    change({ type, actions: ['delete'], before: { name, id: `/${name}` }, ...rest });
  const replaced = (type: string, path: string, rest: ChangeInput = {}): object =>
    change({
      type,
      actions: ['delete', 'create'],
      before: { name: 'x', [path]: 'a' },
      after: { name: 'x', [path]: 'b' },
      replace_paths: [[path]],
      ...rest,
    });
  const create = (type: string, rest: ChangeInput = {}): object =>
    change({ type, actions: ['create'], after: { name: 'c' }, ...rest });

  it.each([
    ['a cluster', [gone(CLUSTER, 'c')], ['needs-yes destroy-cluster:c']],
    ['a cluster replaced', [replaced(CLUSTER, 'location')], ['needs-yes replace-cluster:x']],
    [
      'a cluster replaced the other way round',
      [replaced(CLUSTER, 'location', { actions: ['create', 'delete'] })],
      ['needs-yes replace-cluster:x'],
    ],
    [
      'a cluster at another address',
      [gone(CLUSTER, 'c'), create(CLUSTER, { address: `${CLUSTER}.other` })],
      ['never cluster-moved:c'],
    ],
    ['a new cluster', [create(CLUSTER)], []],
    [
      'a new cluster with public workers',
      [create(CLUSTER, { after: { name: 'c', node_public_ip_access_enabled: true } })],
      ['needs-yes open-workers:c'],
    ],
    ['a group', [gone('azurerm_resource_group', 'g')], ['needs-yes destroy-resource-group:g']],
    [
      'a group replaced',
      [replaced('azurerm_resource_group', 'location')],
      ['needs-yes destroy-resource-group:x'],
    ],
    ['a vault', [gone('azurerm_key_vault', 'v')], ['needs-yes destroy-vault:v']],
    ['a lock', [gone('azurerm_management_lock', 'l')], ['needs-yes remove-lock:l']],
    ['a lock replaced', [replaced('azurerm_management_lock', 'notes')], ['needs-yes remove-lock:x']],
    ['state storage', [gone('azurerm_storage_account', 's')], ['needs-yes destroy-state-storage:s']],
    [
      'a container of state',
      [replaced('azurerm_storage_container', 'name')],
      ['needs-yes destroy-state-storage:a'],
    ],
    ['a role', [gone('azurerm_cosmosdb_postgresql_role', 'app')], ['needs-yes drop-role:app']],
    [
      'a role replaced',
      [replaced('azurerm_cosmosdb_postgresql_role', 'password')],
      ['needs-yes drop-role:x'],
    ],
    [
      'a role that goes with its cluster',
      [
        gone(CLUSTER, 'c'),
        gone('azurerm_cosmosdb_postgresql_role', 'app', { before: { name: 'app', cluster_id: '/c' } }),
      ],
      ['needs-yes destroy-cluster:c'],
    ],
    ['a firewall rule', [gone('azurerm_cosmosdb_postgresql_firewall_rule', 'r')], []],
    ['what is read, not managed', [gone(CLUSTER, 'c', { mode: 'data' })], []],
  ])('%s', (_, changes, expected) => {
    expect(ids(changes)).toEqual(expected);
  });

  it('asks before an empty cluster takes the place of one that is gone', () => {
    const drift = change({ actions: ['delete'], before: { name: 'c' } });
    expect(ids([create(CLUSTER)], [drift])).toEqual(['needs-yes recreate-cluster:c', 'note drift:c']);
  });
});

describe('a firewall rule', () => {
  const rule = (from: string | undefined, to: string | undefined, actions = ['create']): object =>
    change({
      type: 'azurerm_cosmosdb_postgresql_firewall_rule',
      actions,
      after: { name: 'r', start_ip_address: from, end_ip_address: to },
    });
  it.each([
    ['0.0.0.0', '0.0.0.0', ['needs-yes open-to-azure:r']],
    ['0.0.0.0', '255.255.255.255', ['never open-to-the-internet:r']],
    ['0.0.0.0', '10.0.0.1', ['never open-to-the-internet:r']],
    ['1.0.0.0', '254.0.0.0', ['never open-to-the-internet:r']],
    ['203.0.0.0', '203.0.255.255', []],
    ['203.0.0.0', '203.1.0.0', ['never open-to-the-internet:r']],
    ['203.0.113.8', '203.0.113.15', []],
    [undefined, '203.0.113.15', ['needs-yes unknown-range:r']],
  ])('%s to %s', (from, to, expected) => {
    expect(ids([rule(from, to)])).toEqual(expected);
    expect(ids([rule(from, to, ['update'])])).toEqual(expected);
  });

  it('takes the reason that the config gives for all of Azure as a yes, and for the internet as none', () => {
    const reasoned = (to: string): object => ({ ...rule('0.0.0.0', to), address: 'rule.reasoned' });
    expect(findings([reasoned('0.0.0.0')])).toMatchObject([
      {
        level: 'note',
        guard: 'open-to-azure',
        why: expect.stringContaining('a reason for allowAzureServices') as string,
      },
    ]);
    expect(ids([reasoned('255.255.255.255')])).toEqual(['never open-to-the-internet:r']);
  });
});

describe('what keeps watch, and leads to the cluster', () => {
  const gone = (type: string, rest: ChangeInput = {}): object =>
    change({ type, actions: ['delete'], before: { name: 'x' }, ...rest });
  const replaced = (type: string): object =>
    gone(type, { actions: ['delete', 'create'], after: { name: 'y' }, replace_paths: [['name']] });
  const updated = (type: string, before: object, after: object, rest: ChangeInput = {}): object =>
    change({ type, before: { name: 'x', ...before }, after: { name: 'x', ...after }, ...rest });
  const DIAGNOSTICS = 'azurerm_monitor_diagnostic_setting';
  const ALERT = 'azurerm_monitor_metric_alert';
  const GROUP = 'azurerm_monitor_action_group';
  const WORKSPACE = 'azurerm_log_analytics_workspace';
  const mails = (...list: readonly string[]): object => ({
    email_receiver: list.map((email_address) => ({ email_address })),
  });

  it.each([
    ['logs', gone(DIAGNOSTICS), 'remove-logs'],
    ['logs replaced', replaced(DIAGNOSTICS), 'remove-logs'],
    ['an alert', gone(ALERT), 'remove-alert'],
    ['an alert switched off', updated(ALERT, { enabled: true }, { enabled: false }), 'remove-alert'],
    ['receivers', gone(GROUP), 'remove-receivers'],
    ['receivers switched off', updated(GROUP, {}, { enabled: false }), 'remove-receivers'],
    ['one receiver', updated(GROUP, mails('a', 'b'), mails('b', 'c')), 'remove-receivers'],
    [
      'receivers nobody knows yet',
      updated(GROUP, mails('a'), {}, { after_unknown: { email_receiver: true } }),
      'remove-receivers',
    ],
    ['a workspace', gone(WORKSPACE), 'destroy-workspace'],
    ['a workspace replaced', replaced(WORKSPACE), 'destroy-workspace'],
    [
      'days of logs',
      updated(WORKSPACE, { retention_in_days: 90 }, { retention_in_days: 30 }),
      'fewer-log-days',
    ],
    [
      'a category',
      updated(DIAGNOSTICS, { enabled_log: [{ category: 'a' }] }, { enabled_log: [] }),
      'remove-logs',
    ],
    [
      'the sink',
      updated(DIAGNOSTICS, { log_analytics_workspace_id: '/a' }, { log_analytics_workspace_id: '/b' }),
      'move-logs',
    ],
    ['an endpoint', gone('azurerm_private_endpoint'), 'remove-endpoint'],
    ['an endpoint replaced', replaced('azurerm_private_endpoint'), 'remove-endpoint'],
    ['a zone', gone('azurerm_private_dns_zone'), 'remove-dns'],
    ['a link', gone('azurerm_private_dns_zone_virtual_network_link'), 'remove-dns'],
  ])('goes by a yes alone: %s', (_, lost, guard) => {
    expect(ids([lost])).toEqual([`needs-yes ${guard}:x`]);
  });

  it.each([
    ['more receivers', updated(GROUP, mails('a'), mails('a', 'b'))],
    ['an alert switched on', updated(ALERT, { enabled: false }, { enabled: true })],
    ['more days', updated(WORKSPACE, { retention_in_days: 30 }, { retention_in_days: 90 })],
  ])('may become more: %s', (_, more) => {
    expect(ids([more])).toEqual([]);
  });

  it('says which thing goes, and goes unasked with its cluster, but for the logs that are there', () => {
    const [finding] = findings([gone(DIAGNOSTICS)]);
    expect(finding?.why).toBe(
      `the diagnostic setting x (${DIAGNOSTICS}.it) is removed: its logs and metrics are kept no more`,
    );
    const all = [
      gone(CLUSTER),
      ...[DIAGNOSTICS, ALERT, GROUP, WORKSPACE, 'azurerm_private_endpoint'].map((type) => gone(type)),
    ];
    expect(ids(all)).toEqual(['needs-yes destroy-cluster:x', 'needs-yes destroy-workspace:x']);
  });
});

describe('a vault, and the storage of the states', () => {
  const acls = (more: object): object => ({
    network_acls: [{ default_action: 'Deny', bypass: 'None', ip_rules: [], ...more }],
  });
  const SHUT_VAULT = {
    name: 'v',
    public_network_access_enabled: true,
    rbac_authorization_enabled: true,
    purge_protection_enabled: true,
    ...acls({}),
  };
  const SHUT_STORAGE = {
    name: 'v',
    public_network_access_enabled: true,
    shared_access_key_enabled: false,
    allow_nested_items_to_be_public: false,
    local_user_enabled: false,
    https_traffic_only_enabled: true,
    network_rules: [{ default_action: 'Deny', bypass: ['AzureServices'] }],
  };
  const opened = (type: string, shut: object, after: object, before: object = {}): string[] =>
    ids([change({ type, before: { ...shut, ...before }, after: { ...shut, ...after } })]);

  it.each([
    [acls({ default_action: 'Allow' }), {}],
    [{ network_acls: [] }, { ...acls({ bypass: 'AzureServices' }) }],
    [acls({ bypass: 'AzureServices' }), {}],
    [{ rbac_authorization_enabled: false }, {}],
    [{}, { public_network_access_enabled: false }],
  ])('is opened by a yes alone: %j', (after, before) => {
    expect(opened('azurerm_key_vault', SHUT_VAULT, after, before)).toEqual(['needs-yes open-vault:v']);
  });

  it.each([
    [{ network_rules: [{ default_action: 'Allow' }] }],
    [{ shared_access_key_enabled: true }],
    [{ allow_nested_items_to_be_public: true }],
    [{ local_user_enabled: true }],
    [{ https_traffic_only_enabled: false }],
  ])('of the states likewise: %j', (after) => {
    expect(opened('azurerm_storage_account', SHUT_STORAGE, after)).toEqual([
      'needs-yes open-state-storage:v',
    ]);
  });

  it('may be shut, and listed addresses may change', () => {
    expect(opened('azurerm_key_vault', SHUT_VAULT, {}, acls({ default_action: 'Allow' }))).toEqual([]);
    expect(opened('azurerm_key_vault', SHUT_VAULT, acls({ ip_rules: ['203.0.113.8'] }))).toEqual([]);
  });
});

describe('rights', () => {
  const OWNER =
    '/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/8E3AF657-a8ff-443c-a75c-2fe8c4bcb635';
  const given = (after: object, unknown: object = {}): object =>
    change({
      type: 'azurerm_role_assignment',
      actions: ['create'],
      after: { principal_id: 'p', scope: '/vault', ...after },
      after_unknown: unknown,
    });

  it.each([
    [{ role_definition_id: OWNER }],
    [{ role_definition_name: 'owner' }],
    [{ role_definition_name: 'User Access Administrator', role_definition_id: '/roleDefinitions/4633458b' }],
  ])('of an owner are given by no plan: %j', (after) => {
    const [finding] = findings([given(after, { role_definition_id: true })]);
    expect(finding).toMatchObject({ guard: 'assign-owner', level: 'never' });
    expect(finding?.why).toMatch(/^p becomes (Owner|User Access Administrator) of \/vault, /);
  });

  it('that nobody knows yet need a yes, and those of a reader none', () => {
    const both = { role_definition_id: true, role_definition_name: true };
    expect(ids([given({}, both)])).toEqual(['needs-yes unknown-role:azurerm_role_assignment.it']);
    const reader = { role_definition_id: '/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6' };
    expect(ids([given(reader, { role_definition_name: true })])).toEqual([]);
  });
});

it('lets nothing be forgotten without a yes', () => {
  expect(ids([change({ actions: ['forget'], before: { name: 'c' } })])).toEqual(['needs-yes forget:c']);
});

describe('production', () => {
  it('is left by a yes alone', () => {
    const tagged = (production: string): object => ({ name: 'c', tags: { production } });
    const left = change({ before: tagged('true'), after: tagged('false') });
    expect(ids([left])).toEqual(['needs-yes leave-production:c']);
    expect(ids([change({ before: tagged('false'), after: tagged('true') })])).toEqual([]);
  });
});

describe('drift', () => {
  it('is told of a cluster, with what the plan makes of it', () => {
    const drift = change({
      before: { name: 'c', node_count: 2, ha_enabled: false },
      after: { name: 'c', node_count: 4, ha_enabled: true },
    });
    const plan = change({ before: { name: 'c', ha_enabled: true }, after: { name: 'c', ha_enabled: false } });
    const [, finding] = findings([plan], [drift]);
    expect(finding).toMatchObject({
      id: 'drift:c',
      level: 'note',
      why: 'somebody changed the cluster past Terraform: ha_enabled from false to true (this plan changes it again), node_count from 2 to 4 (this plan leaves it)',
    });
  });

  it.each([
    [
      'azurerm_cosmosdb_postgresql_firewall_rule',
      { name: 'r', end_ip_address: '203.0.113.8' },
      { name: 'r', end_ip_address: '203.0.113.255' },
      'note drift:r',
    ],
    ['azurerm_management_lock', { name: 'keep', lock_level: 'CanNotDelete' }, null, 'note drift:keep'],
    [
      'azurerm_role_assignment',
      { name: 'a', principal_id: 'x' },
      { name: 'a', principal_id: 'y' },
      'note drift:a',
    ],
    [
      'azurerm_key_vault',
      { name: 'kv', vault_uri: 'x', tags: null },
      { name: 'kv', vault_uri: 'y', tags: {} },
      undefined,
    ],
  ])('is told of what belongs to the cluster: %s', (type, before, after, expected) => {
    const drift = change({ type, actions: [after === null ? 'delete' : 'update'], before, after });
    expect(ids([], [drift])).toEqual(expected === undefined ? [] : [expected]);
  });

  it.each([
    ['azurerm_key_vault', 'network_acls', [{ ip_rules: ['1'], virtual_network_subnet_ids: [] }]],
    [CLUSTER, 'maintenance_window', []],
  ])('is not what is empty on one side and not set on the other: %s', (type, attribute, empty) => {
    const unset = Array.isArray(empty) && empty.length > 0 ? [{ ip_rules: ['1'] }] : null;
    for (const [before, after] of [
      [empty, unset],
      [unset, empty],
    ]) {
      const drift = change({
        type,
        before: { name: 'x', [attribute]: before },
        after: { name: 'x', [attribute]: after },
      });
      expect(ids([], [drift])).toEqual([]);
    }
  });

  it('is not what the service itself moves on', () => {
    const drift = change({
      before: { name: 'c', earliest_restore_time: '1' },
      after: { name: 'c', earliest_restore_time: '2' },
    });
    expect(ids([], [drift])).toEqual([]);
  });
});

describe('what a lock stands over', () => {
  const CLUSTER_ID =
    '/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/c';
  const lock = (scope: string, actions = ['no-op']) =>
    change({
      type: 'azurerm_management_lock',
      actions,
      before: { name: 'keep', scope },
      after: actions.includes('delete') ? null : { name: 'keep', scope },
    });
  const rule = change({
    type: 'azurerm_cosmosdb_postgresql_firewall_rule',
    actions: ['delete'],
    before: { name: 'office', id: `${CLUSTER_ID}/firewallRules/office` },
  });

  it('is not deleted, and the way out names what to allow', () => {
    const [finding] = findings([rule, lock(CLUSTER_ID.toUpperCase())]);
    expect(finding).toMatchObject({
      id: 'locked:office',
      level: 'never',
      wayOut: expect.stringContaining('remove-lock:keep') as string,
    });
  });

  it.each([
    ['once the lock goes as well', lock(CLUSTER_ID, ['delete']), ['needs-yes remove-lock:keep']],
    ['where the lock is on another cluster', lock(`${CLUSTER_ID}2`), []],
  ])('is deleted %s', (_title, other, expected) => {
    expect(ids([rule, other])).toEqual(expected);
  });
});

it('tells the gravest first', () => {
  expect(ids([update({ ha_enabled: false, sql_version: '16', node_count: 0 })])).toEqual([
    'never back-to-one-node:c',
    'needs-yes postgres-upgrade:c',
    'note standbys-removed:c',
  ]);
});

import type { Place } from './changes';
import { holder, set, shuffled, shuffledKeys } from './changes';
import type { Changeable, Fields } from './plan-document';
import { planDocument } from './plan-document';

/** A plan that is made at the apply, after another one was reviewed. */
export interface Replan {
  readonly id: string;
  /** As `terraform show -json` prints it. */
  readonly text: string;
}

const CLUSTER = '@azurerm_cosmosdb_postgresql_cluster.Cluster';
const RULE = '@azurerm_cosmosdb_postgresql_firewall_rule.office';
const ROLE = '@azurerm_cosmosdb_postgresql_role.app';
const VAULT_SECRET = '@azurerm_key_vault_secret.Admin';
const WORKSPACE = '@azurerm_log_analytics_workspace.Workspace';
const LOCK = '@azurerm_management_lock.Lock';
const ALERTS = '@azurerm_monitor_action_group.Alerts';
const ENDPOINT = '@azurerm_private_endpoint.Endpoint';
const GROUP = '@azurerm_resource_group.ResourceGroup';

const change = (address: string, ...rest: Place): Place => ['resource_changes', address, 'change', ...rest];
const drift = (address: string, ...rest: Place): Place => ['resource_drift', address, 'change', ...rest];

/** Each a value that is another one than in the plan that was reviewed; undefined where it is gone. */
const OTHER_VALUES: readonly (readonly [place: Place, value: Changeable | undefined])[] = [
  [change(CLUSTER, 'after', 'node_count'), 3],
  [change(CLUSTER, 'after', 'node_count'), '2'],
  [change(CLUSTER, 'before', 'node_count'), 1],
  [change(CLUSTER, 'after', 'location'), 'eastus'],
  [change(CLUSTER, 'before', 'id'), '/subscriptions/1/another'],
  [change(CLUSTER, 'after', 'id'), '/subscriptions/1/another'],
  [change(CLUSTER, 'after', 'name'), 'wwi-sensors-prod'],
  [change(CLUSTER, 'after', 'sql_version'), '17'],
  [change(CLUSTER, 'after', 'citus_version'), '13.0'],
  [change(CLUSTER, 'before', 'sql_version'), '15'],
  [change(CLUSTER, 'before', 'coordinator_storage_quota_in_mb'), 1_048_576],
  [change(CLUSTER, 'after', 'coordinator_storage_quota_in_mb'), 1_048_576],
  [change(CLUSTER, 'after', 'coordinator_storage_quota_in_mb'), undefined],
  [change(CLUSTER, 'after', 'maintenance_window', 0, 'start_hour'), 4],
  [change(CLUSTER, 'after', 'maintenance_window'), []],
  [change(CLUSTER, 'after', 'tags', 'owner'), 'somebody'],
  [change(CLUSTER, 'after', 'tags', 'production'), 'true'],
  [change(CLUSTER, 'after', 'tags', 'added'), 'tag'],
  [change(CLUSTER, 'after', 'tags', 'environment'), undefined],
  [change(CLUSTER, 'after', 'administrator_login_password'), 'Changed-since-1'],
  [change(CLUSTER, 'before', 'administrator_login_password'), 'Changed-since-2'],
  [change(CLUSTER, 'after', 'servers', 0, 'fqdn'), 'another.example.com'],
  [change(CLUSTER, 'after_unknown', 'node_count'), true],
  [change(CLUSTER, 'after_unknown', 'tags'), { owner: true }],
  [change(CLUSTER, 'actions'), ['delete', 'create']],
  [change(CLUSTER, 'actions'), ['no-op']],
  [change(CLUSTER, 'actions'), ['delete']],
  [change(CLUSTER, 'replace_paths'), [['location']]],
  [change(CLUSTER, 'importing'), { id: '/subscriptions/1/another' }],
  [['resource_changes', CLUSTER, 'provider_name'], 'registry.example.com/somebody/azurerm'],
  [['resource_changes', CLUSTER, 'deposed'], 'abcd1234'],
  [['resource_changes', CLUSTER, 'address'], 'azurerm_cosmosdb_postgresql_cluster.Other'],
  [['resource_changes', CLUSTER, 'mode'], 'data'],
  [['resource_changes', CLUSTER, 'type'], 'azurerm_postgresql_flexible_server'],
  [['resource_changes', CLUSTER, 'previous_address'], 'azurerm_cosmosdb_postgresql_cluster.Old'],
  [['resource_changes', CLUSTER, 'action_reason'], 'replace_because_tainted'],
  [change(RULE, 'after', 'start_ip_address'), '0.0.0.0'],
  [change(RULE, 'after', 'end_ip_address'), '255.255.255.255'],
  [change(RULE, 'after', 'end_ip_address'), null],
  [change(RULE, 'after', 'cluster_id'), '/subscriptions/1/another'],
  [change(RULE, 'after', 'name'), 'everybody'],
  [change(RULE, 'after_unknown', 'end_ip_address'), true],
  [change(RULE, 'actions'), ['update']],
  [change(ROLE, 'actions'), ['create', 'delete']],
  [change(ROLE, 'actions'), ['update']],
  [change(ROLE, 'replace_paths'), [['name']]],
  [change(ROLE, 'replace_paths'), undefined],
  [change(ROLE, 'after', 'name'), 'owner'],
  [change(ROLE, 'after', 'password'), 'Before-only-7'],
  [['resource_changes', ROLE, 'action_reason'], 'replace_because_tainted'],
  [['resource_changes', ROLE, 'action_reason'], undefined],
  [change(VAULT_SECRET, 'after', 'expiration_date'), '2099-06-30T00:00:00Z'],
  [change(VAULT_SECRET, 'after', 'expiration_date'), null],
  [change(VAULT_SECRET, 'before', 'expiration_date'), '2026-12-30T00:00:00Z'],
  [change(VAULT_SECRET, 'after', 'not_before_date'), 'soon'],
  [change(VAULT_SECRET, 'after', 'value'), 'Changed-since-3'],
  [change(VAULT_SECRET, 'after', 'content_type'), 'changed since'],
  [change(VAULT_SECRET, 'after_sensitive'), { value: true }],
  [change(WORKSPACE, 'actions'), ['update']],
  [change(WORKSPACE, 'actions'), ['forget']],
  [change(WORKSPACE, 'after', 'retention_in_days'), 30],
  [change(WORKSPACE, 'before', 'retention_in_days'), 30],
  [change(WORKSPACE, 'after', 'primary_shared_key'), 'another-shared-key-of-it'],
  [change(LOCK, 'actions'), ['no-op']],
  [change(LOCK, 'before', 'lock_level'), 'ReadOnly'],
  [['resource_changes', LOCK, 'action_reason'], 'delete_because_no_module'],
  [['resource_changes', LOCK, 'deposed'], 'abcd1234'],
  [change(ALERTS, 'after', 'email_receiver', 0, 'email_address'), 'nobody@example.com'],
  [change(ALERTS, 'after', 'email_receiver'), []],
  [['resource_changes', ALERTS, 'previous_address'], 'azurerm_monitor_action_group.Another'],
  [['resource_changes', ALERTS, 'previous_address'], undefined],
  [change(ENDPOINT, 'after', 'private_service_connection', 0, 'is_manual_connection'), true],
  [change(ENDPOINT, 'after', 'private_service_connection', 0, 'subresource_names'), ['postgresqlServer']],
  [change(ENDPOINT, 'after', 'private_service_connection', 0, 'private_connection_resource_id'), '/other'],
  [
    change(ENDPOINT, 'after_unknown', 'private_service_connection', 0, 'private_connection_resource_id'),
    false,
  ],
  [change(ENDPOINT, 'after_unknown', 'private_service_connection', 0, 'name'), true],
  [change(GROUP, 'importing', 'id'), '/subscriptions/1/another'],
  [change(GROUP, 'importing'), undefined],
  [change(GROUP, 'actions'), ['update']],
  [change(GROUP, 'before', 'location'), 'eastus'],
  [drift(GROUP, 'before', 'tags', 'team'), 'new'],
  [drift(GROUP, 'after', 'tags', 'environment'), 'prod'],
  [drift(GROUP, 'actions'), ['delete']],
  [drift(CLUSTER, 'after', 'node_count'), 4],
  [['resource_drift'], []],
  [['variables', 'region', 'value'], 'eastus'],
  [['variables', 'region'], undefined],
  [['variables', 'added'], { value: 'x' }],
  [['output_changes', 'node_count', 'after'], 3],
  [['output_changes', 'node_count', 'actions'], ['no-op']],
  [['output_changes', 'node_count'], undefined],
  [['output_changes', 'coordinator_fqdn', 'after'], 'c-prod'],
  [['output_changes', 'login_hint', 'actions'], ['delete']],
  [['output_changes', 'login_hint', 'after_sensitive'], false],
  [['errored'], true],
  [['complete'], false],
  [['deferred_changes'], [{ reason: 'resource_config_unknown', resource_change: {} }]],
  [['format_version'], '2.0'],
  [['terraform_version'], '1.12.0'],
];

function edited(id: string, edit: (plan: Fields) => void): Replan {
  const plan = planDocument();
  edit(plan);
  return { id, text: JSON.stringify(plan) };
}

function list(plan: Fields, key: string): Fields[] {
  return plan[key] as Fields[];
}

/** Re-plans that would do something else than what was reviewed, or of which nobody can tell. */
export function tamperedPlans(): readonly Replan[] {
  const values = OTHER_VALUES.map(([place, value]) =>
    edited(`${place.join('/')} = ${value === undefined ? 'gone' : JSON.stringify(value)}`, (plan) =>
      set(plan, place, value),
    ),
  );
  const addresses = list(planDocument(), 'resource_changes').map(({ address }) => address as string);
  const gone = addresses.map((address) =>
    edited(`without ${address}`, (plan) => {
      plan['resource_changes'] = list(plan, 'resource_changes').filter((each) => each['address'] !== address);
    }),
  );
  const twice = addresses.slice(0, 3).map((address) =>
    edited(`${address} twice`, (plan) => {
      const changes = list(plan, 'resource_changes');
      changes.push(structuredClone(changes.find((each) => each['address'] === address) ?? {}));
    }),
  );
  const valid = JSON.stringify(planDocument());
  return [
    ...values,
    ...gone,
    ...twice,
    edited('one resource more', (plan) => {
      const rule = structuredClone(holder(plan, ['resource_changes', RULE, 'address']));
      list(plan, 'resource_changes').push({
        ...rule,
        address: 'azurerm_cosmosdb_postgresql_firewall_rule.more',
      });
    }),
    edited('drift of one resource more', (plan) => {
      const rule = structuredClone(holder(plan, ['resource_changes', LOCK, 'address']));
      list(plan, 'resource_drift').push(rule);
    }),
    edited('no changes at all', (plan) => {
      plan['resource_changes'] = [];
    }),
    edited('two values change places', (plan) => {
      const after = holder(plan, change(RULE, 'after', 'name'));
      [after['start_ip_address'], after['end_ip_address']] = [
        after['end_ip_address'] ?? null,
        after['start_ip_address'] ?? null,
      ];
    }),
    { id: 'half a document', text: valid.slice(0, valid.length / 2) },
    { id: 'nothing', text: '' },
    { id: 'a list', text: '[]' },
    { id: 'no plan', text: '{"format_version":"1.2"}' },
  ];
}

/** Every spelling of the same: what a plan made again may differ in, and harms nobody. */
export function harmlessPlans(): readonly Replan[] {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const timestamps = ['2026-12-01T08:30:00Z', '2027-01-01T00:00:00Z', '2026-11-30T19:00:00.123Z'];
  return [
    ...seeds.map((seed) =>
      edited(`resources in another order, ${seed}`, (plan) => {
        plan['resource_changes'] = shuffled(list(plan, 'resource_changes'), seed);
        plan['resource_drift'] = shuffled(list(plan, 'resource_drift'), seed);
      }),
    ),
    ...seeds.map((seed) => ({
      id: `keys in another order, ${seed}`,
      text: JSON.stringify(shuffledKeys(planDocument(), seed)),
    })),
    ...timestamps.map((time) => edited(`made at ${time}`, (plan) => set(plan, ['timestamp'], time))),
    ...timestamps.flatMap((time) => [
      edited(`backups since ${time}`, (plan) => {
        for (const side of ['before', 'after'])
          set(plan, change(CLUSTER, side, 'earliest_restore_time'), time);
      }),
      edited(`drift of backups since ${time}`, (plan) => {
        set(plan, drift(CLUSTER, 'before', 'earliest_restore_time'), time);
      }),
    ]),
    edited('no drift of what the service moves', (plan) => {
      plan['resource_drift'] = list(plan, 'resource_drift').slice(1);
    }),
    ...[RULE, ROLE].map((address) =>
      edited(`the id of ${address} is known`, (plan) => {
        set(plan, change(address, 'after_unknown', 'id'), undefined);
        set(plan, change(address, 'after', 'id'), '/subscriptions/1/known-by-now');
      }),
    ),
    edited('the version of a secret is known', (plan) => {
      set(plan, change(VAULT_SECRET, 'after_unknown', 'version'), undefined);
      set(plan, change(VAULT_SECRET, 'after', 'version'), '8');
    }),
    edited('the servers are not known', (plan) => {
      set(plan, change(CLUSTER, 'after_unknown', 'servers'), true);
      set(plan, change(CLUSTER, 'after', 'servers'), undefined);
    }),
    edited('an id is not known', (plan) => {
      set(plan, change(CLUSTER, 'after_unknown', 'id'), true);
      set(plan, change(CLUSTER, 'after', 'id'), undefined);
    }),
    ...[false, {}, { id: false, tags: {} }, { servers: [{ fqdn: false }] }].map((unknown) =>
      edited(`nothing unknown, as ${JSON.stringify(unknown)}`, (plan) =>
        set(plan, change(CLUSTER, 'after_unknown'), unknown),
      ),
    ),
    ...[VAULT_SECRET, RULE].map((address) =>
      edited(`null for what is not set, ${address}`, (plan) => {
        set(plan, change(address, 'after', 'not_there'), null);
      }),
    ),
    edited('a key that is null is left out', (plan) => {
      set(plan, change(VAULT_SECRET, 'after', 'not_before_date'), undefined);
      set(plan, change(VAULT_SECRET, 'before', 'not_before_date'), undefined);
    }),
    edited('what plans are made of, in other words', (plan) => {
      set(plan, ['relevant_attributes'], []);
      set(plan, ['planned_values'], {});
      set(plan, ['prior_state'], {});
    }),
    edited('a key that Terraform adds one day', (plan) => set(plan, ['added_later'], { any: 'thing' })),
    edited('no replacements, written out', (plan) => set(plan, change(CLUSTER, 'replace_paths'), [])),
    edited('no output in motion, left out', (plan) =>
      set(plan, ['output_changes', 'coordinator_fqdn', 'after_unknown'], undefined),
    ),
    { id: 'indented', text: JSON.stringify(planDocument(), undefined, 2) },
    {
      id: 'indented by tabs, lines ended as on Windows',
      text: JSON.stringify(planDocument(), undefined, '\t').replaceAll('\n', '\r\n'),
    },
    { id: 'with a line behind it', text: `${JSON.stringify(planDocument())}\n\n` },
    {
      id: 'with a log before it',
      text: `2026-11-30T19:00:00.000Z [INFO]  Terraform version: 1.11.4\n${JSON.stringify(planDocument())}`,
    },
    { id: 'letters escaped', text: JSON.stringify(planDocument()).replaceAll('westus2', '\\u0077estus2') },
    {
      id: 'numbers in another spelling',
      text: JSON.stringify(planDocument()).replaceAll('524288', '5.24288e5'),
    },
    edited('the same passwords, given otherwise', (plan) =>
      set(plan, ['variables', 'admin_password', 'value'], 'Given-otherwise-1'),
    ),
  ];
}

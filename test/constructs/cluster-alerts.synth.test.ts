import { ref, TerraformResource, Token } from 'cdktf';
import type { ClusterAlertsProps } from '../../constructs/cluster-alerts';
import { ClusterAlerts } from '../../constructs/cluster-alerts';
import { ClusterTopology } from '../../constructs/cluster-topology';
import { laneSuite } from '../support/lanes';
import type { Synthesized } from '../support/synth';
import { addresses, onlyResource, synthesizeConstructs } from '../support/synth';

// Not cdktf's own class for it, which asks the installed Terraform for its version.
const DATA = { terraformResourceType: 'terraform_data' };

const TYPE = 'azurerm_monitor_metric_alert';
const coordinator = { vCores: 16, storageGiB: 512, burstable: false };
const workers = { count: 2, vCores: 4, storageGiB: 512 };
const singleNode = ClusterTopology.singleNode({ coordinator, plannedWorkers: workers });
const scaledOut = ClusterTopology.multiNode({ coordinator, workers, coordinatorHoldsShards: true });

const props: ClusterAlertsProps = {
  clusterId: Token.asString(ref('azurerm_cosmosdb_postgresql_cluster.x.id')),
  clusterName: 'wwi-sensors',
  resourceGroupName: 'rg',
  connectionLimit: singleNode.connectionLimit,
  emails: ['oncall@example.com', 'dba@example.com'],
};
const alertsWith = (changes: Partial<ClusterAlertsProps> = {}) =>
  synthesizeConstructs((stack) => {
    new ClusterAlerts(stack, 'Alerts', { ...props, ...changes });
  });

interface Alert {
  name: string;
  severity: number;
  frequency: string;
  window_size: string;
  criteria: { metric_name: string; threshold: number; aggregation: string; operator: string }[];
  action?: { action_group_id: string }[];
  depends_on?: string[];
  tags?: Record<string, string>;
}
const alertsOf = ({ json }: Synthesized) =>
  Object.values(json.resource?.[TYPE] ?? {}).map((each) => each as unknown as Alert);
const thresholds = (stack: Synthesized) =>
  Object.fromEntries(
    alertsOf(stack).map(({ criteria }) => [criteria[0]!.metric_name, criteria[0]!.threshold]),
  );

laneSuite('synth', 'ClusterAlerts', () => {
  test('watches each node by itself for what lasts', () => {
    const storage = alertsOf(alertsWith()).find(({ name }) => name === 'wwi-sensors-storage');
    expect(storage).toMatchObject({
      resource_group_name: 'rg',
      scopes: ['${azurerm_cosmosdb_postgresql_cluster.x.id}'],
      description:
        'A node is running out of storage; a full node turns read-only. Grow the storage (it never shrinks), add workers and rebalance, or delete data.',
      severity: 1,
      frequency: 'PT5M',
      window_size: 'PT15M',
      auto_mitigate: true,
      criteria: [
        {
          metric_namespace: 'Microsoft.DBForPostgreSQL/serverGroupsv2',
          metric_name: 'storage_percent',
          aggregation: 'Average',
          operator: 'GreaterThan',
          threshold: 85,
          dimension: [{ name: 'ServerName', operator: 'Include', values: ['*'] }],
        },
      ],
    });
  });

  test('has an alert to a metric, none of them critical or quicker than a quarter of an hour', () => {
    const alerts = alertsOf(alertsWith({ replica: true }));
    expect(
      alerts
        .map(({ name, severity, window_size: window }) => ({ name, severity, window }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ).toEqual([
      { name: 'wwi-sensors-connections', severity: 2, window: 'PT15M' },
      { name: 'wwi-sensors-cpu', severity: 2, window: 'PT30M' },
      { name: 'wwi-sensors-memory', severity: 2, window: 'PT30M' },
      { name: 'wwi-sensors-replication-lag', severity: 2, window: 'PT15M' },
      { name: 'wwi-sensors-storage', severity: 1, window: 'PT15M' },
    ]);
    for (const { criteria } of alerts) {
      expect(criteria).toMatchObject([
        {
          aggregation: 'Average',
          operator: 'GreaterThan',
          dimension: [{ name: 'ServerName', operator: 'Include', values: ['*'] }],
        },
      ]);
    }
  });

  test('speaks of lag where there is a source to lag behind', () => {
    expect(thresholds(alertsWith())).not.toHaveProperty('replication_lag');
    expect(thresholds(alertsWith({ replica: false }))).not.toHaveProperty('replication_lag');
    expect(thresholds(alertsWith({ replica: true }))).toMatchObject({ replication_lag: 300_000 });
  });

  test.each([
    ['a single node', singleNode, 800],
    ['the smallest of many', scaledOut, 400],
    [
      'a small node',
      ClusterTopology.singleNode({ coordinator: { vCores: 2, storageGiB: 128, burstable: false } }),
      240,
    ],
    [
      'a burstable node',
      ClusterTopology.singleNode({ coordinator: { vCores: 1, storageGiB: 32, burstable: true } }),
      16,
    ],
  ])('counts connections against what %s allows', (_title, topology, connections) => {
    expect(thresholds(alertsWith({ connectionLimit: topology.connectionLimit }))).toMatchObject({
      active_connections: connections,
    });
  });

  test('takes other thresholds, in the units of their names', () => {
    expect(
      thresholds(
        alertsWith({
          replica: true,
          thresholds: {
            storagePercent: 70,
            cpuPercent: 95.5,
            memoryPercent: 99,
            connectionsPercent: 50,
            replicationLagSeconds: 20,
          },
        }),
      ),
    ).toEqual({
      storage_percent: 70,
      cpu_percent: 95.5,
      memory_percent: 99,
      active_connections: 500,
      replication_lag: 20_000,
    });
  });

  test('writes to each address once, in one order whatever theirs', () => {
    const group = onlyResource(alertsWith(), 'azurerm_monitor_action_group');
    expect(group).toEqual({
      name: 'wwi-sensors-alerts',
      resource_group_name: 'rg',
      short_name: 'wwi-sensors',
      email_receiver: ['dba@example.com', 'oncall@example.com'].map((address) => ({
        name: address,
        email_address: address,
        use_common_alert_schema: true,
      })),
    });
    expect(
      onlyResource(alertsWith({ emails: [...props.emails].reverse() }), 'azurerm_monitor_action_group'),
    ).toEqual(group);
  });

  test('every alert goes to the group', () => {
    const alerts = alertsOf(alertsWith());
    expect(alerts).toHaveLength(4);
    for (const { action } of alerts) {
      expect(action).toEqual([
        {
          action_group_id: expect.stringMatching(
            /^\$\{azurerm_monitor_action_group\.Alerts_ActionGroup_\w+\.id\}$/,
          ) as string,
        },
      ]);
    }
  });

  test('with nobody to write to there is no group, and alerts still fire', () => {
    const stack = alertsWith({ emails: [] });
    expect(stack.json.resource).not.toHaveProperty('azurerm_monitor_action_group');
    expect(alertsOf(stack)).toHaveLength(4);
    for (const alert of alertsOf(stack)) expect(alert).not.toHaveProperty('action');
  });

  test('scaling out keeps every address and changes one threshold at most', () => {
    const before = alertsWith();
    const after = alertsWith({ connectionLimit: scaledOut.connectionLimit });
    expect(addresses(after)).toEqual(addresses(before));
    expect(thresholds(after)).toEqual({ ...thresholds(before), active_connections: 400 });
  });

  test('keeps its addresses, which are a contract', () => {
    expect(addresses(alertsWith({ replica: true })).map((each) => each.replace(/_[0-9A-F]{8}$/, ''))).toEqual(
      [
        'azurerm_monitor_action_group.Alerts_ActionGroup',
        'azurerm_monitor_metric_alert.Alerts_Connections',
        'azurerm_monitor_metric_alert.Alerts_Cpu',
        'azurerm_monitor_metric_alert.Alerts_Memory',
        'azurerm_monitor_metric_alert.Alerts_ReplicationLag',
        'azurerm_monitor_metric_alert.Alerts_Storage',
      ],
    );
  });

  test('waits for what it is told to, and carries tags', () => {
    const stack = synthesizeConstructs((scope) => {
      const after = new TerraformResource(scope, 'Before', DATA);
      new ClusterAlerts(scope, 'Alerts', { ...props, after, tags: { owner: 'me' } });
    });
    expect(onlyResource(stack, 'azurerm_monitor_action_group')).toMatchObject({ tags: { owner: 'me' } });
    for (const alert of alertsOf(stack)) {
      expect(alert.tags).toEqual({ owner: 'me' });
      expect(alert.depends_on).toEqual([expect.stringMatching(/^terraform_data\.Before/)]);
    }
  });

  test('shortens the name that mails come under', () => {
    const group = onlyResource(
      alertsWith({ clusterName: 'wwi-sensors-production' }),
      'azurerm_monitor_action_group',
    );
    expect(group).toMatchObject({ name: 'wwi-sensors-production-alerts', short_name: 'wwi-sensors-' });
    expect(
      onlyResource(
        alertsWith({ clusterName: Token.asString(ref('var.name')) }),
        'azurerm_monitor_action_group',
      ),
    ).toMatchObject({ short_name: 'database' });
  });

  const alone = 'it must be an address alone, as in oncall@example.com';
  test.each<[Partial<ClusterAlertsProps>, string]>([
    [{ emails: [''] }, `emails.0 is "": ${alone}`],
    [{ emails: ['oncall'] }, `emails.0 is "oncall": ${alone}`],
    [{ emails: ['oncall@example'] }, `emails.0 is "oncall@example": ${alone}`],
    [{ emails: ['a@b.c, d@e.f'] }, `emails.0 is "a@b.c, d@e.f": ${alone}`],
    [{ emails: ['On Call <a@b.c>'] }, `emails.0 is "On Call <a@b.c>": ${alone}`],
    [
      { emails: ['a@example.com', 'A@example.com'] },
      'emails.1 is "A@example.com", which is listed before: remove it',
    ],
    [{ thresholds: { cpuPercent: 0 } }, 'thresholds.cpuPercent is 0: it must be a number from 1 to 99'],
    [
      { thresholds: { storage: 80 } as ClusterAlertsProps['thresholds'] & object },
      'thresholds.storage unknown key: the keys here are storagePercent, cpuPercent, memoryPercent, connectionsPercent and replicationLagSeconds',
    ],
    [
      { clusterName: '-wwi' },
      'clusterName is "-wwi": it must be the name of a cluster: 3 to 40 lowercase letters, digits and hyphens, not digits alone, with no hyphen at either end; no other cluster on Azure may have it',
    ],
  ])('fails with its path: %j', (changes, message) => {
    expect(() => alertsWith(changes)).toThrow(new Error(`${message} [stack/Alerts]`));
  });

  test('leaves what only Terraform knows to the service', () => {
    const unknown = Token.asString(ref('var.unknown'));
    const vCores = Token.asNumber(ref('var.cores'));
    const { connectionLimit } = ClusterTopology.singleNode({ coordinator: { ...coordinator, vCores } });
    const stack = alertsWith({ emails: [unknown], clusterName: unknown, connectionLimit });
    expect(thresholds(stack)).toMatchObject({ active_connections: 240 });
  });

  test('fails with a threshold that only Terraform knows, which could not be converted', () => {
    const connectionsPercent = Token.asNumber(ref('var.connections'));
    expect(() => alertsWith({ thresholds: { connectionsPercent } })).toThrow(
      'thresholds.connectionsPercent is known to Terraform alone: write it out, since the metric has another unit [stack/Alerts]',
    );
  });
});

import { alerts } from '../../../scripts/audit/rules/alerts';
import { problems, stack, status } from '../builders';

const STORAGE = 'azurerm_monitor_metric_alert.storage';
const good = stack('prod').resources.find(({ address }) => address === STORAGE)!.body;
const withAlert = (changes: Record<string, unknown>) =>
  stack('prod', { resources: { [STORAGE]: { ...good, ...(changes as object) } } });

describe('alerts', () => {
  it('holds where each node is watched by itself, and somebody is told', () => {
    expect(status(alerts, stack('prod'))).toBe('compliant');
  });

  it.each([
    ['is off', { enabled: false }, 'storage_percent', 'prod/cluster'],
    ['is off or on, as the apply decides', { enabled: '${var.on}' }, 'storage_percent', 'prod/cluster'],
    [
      'watches something else',
      { scopes: ['${azurerm_cosmosdb_postgresql_cluster.other.id}'] },
      'storage_percent',
      'prod/cluster',
    ],
    ['watches another metric', { criteria: [{ metric_name: 'iops' }] }, 'storage_percent', 'prod/cluster'],
    [
      'takes the nodes together',
      { criteria: [{ metric_name: 'storage_percent' }] },
      'storage_percent:per-node',
      'prod/storage',
    ],
    ['tells nobody', { action: undefined }, 'storage_percent:nobody', 'prod/storage'],
    [
      'tells a group that is not here',
      { action: [{ action_group_id: '${azurerm_monitor_action_group.other.id}' }] },
      'storage_percent:nobody',
      'prod/storage',
    ],
  ])('finds an alert that %s', (_, changes, check, constructPath) => {
    expect(problems(alerts, withAlert(changes))).toEqual([expect.objectContaining({ check, constructPath })]);
  });

  it.each([
    ['nobody in it', { tags: {} }],
    ['everybody in it told nothing', { enabled: false, email_receiver: [{ name: 'x' }] }],
  ])('finds a group with %s, for every alert', (_, group) => {
    const silent = stack('prod', { resources: { 'azurerm_monitor_action_group.people': group } });
    expect(problems(alerts, silent).map(({ check }) => check)).toEqual([
      'storage_percent:nobody',
      'cpu_percent:nobody',
      'memory_percent:nobody',
      'active_connections:nobody',
    ]);
  });

  it('takes one of two alerts that does it well', () => {
    const two = stack('prod', {
      resources: {
        'azurerm_monitor_metric_alert.all': { ...good, criteria: [{ metric_name: 'storage_percent' }] },
      },
    });
    expect(status(alerts, two)).toBe('compliant');
  });

  it('does not apply outside production', () => {
    expect(status(alerts, stack('dev'))).toBe('not-applicable');
  });
});

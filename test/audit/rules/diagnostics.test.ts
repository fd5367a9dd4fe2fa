import { diagnostics } from '../../../scripts/audit/rules/diagnostics';
import { problems, stack, status } from '../builders';

const SETTING = 'azurerm_monitor_diagnostic_setting.cluster';
const target_resource_id = '${azurerm_cosmosdb_postgresql_cluster.cluster.id}';
const log_analytics_workspace_id = '${azurerm_log_analytics_workspace.logs.id}';
const logs = { enabled_log: [{ category: 'PostgreSQLLogs' }] };
const metrics = { enabled_metric: [{ category: 'AllMetrics' }] };
const withSetting = (setting: object) => stack('prod', { resources: { [SETTING]: { ...setting } } });
const checks = (judged: ReturnType<typeof stack>): string[] =>
  problems(diagnostics, judged).map(({ check }) => check);

describe('diagnostics', () => {
  it('holds where logs and metrics are kept, by category or by group', () => {
    expect(status(diagnostics, stack('prod'))).toBe('compliant');
    const grouped = { enabled_log: [{ category_group: 'allLogs' }] };
    expect(
      status(
        diagnostics,
        withSetting({ target_resource_id, log_analytics_workspace_id, ...grouped, ...metrics }),
      ),
    ).toBe('compliant');
  });

  it.each([
    ['logs', { target_resource_id, log_analytics_workspace_id, ...metrics }, ['PostgreSQLLogs']],
    ['metrics', { target_resource_id, log_analytics_workspace_id, ...logs }, ['AllMetrics']],
    [
      'anything, as it goes nowhere',
      { target_resource_id, ...logs, ...metrics },
      ['PostgreSQLLogs', 'AllMetrics'],
    ],
    [
      'anything of this cluster',
      {
        target_resource_id: '${azurerm_key_vault.vault.id}',
        log_analytics_workspace_id,
        ...logs,
        ...metrics,
      },
      ['PostgreSQLLogs', 'AllMetrics'],
    ],
  ])('finds that nothing keeps %s', (_, setting, expected) => {
    expect(checks(withSetting(setting))).toEqual(expected);
  });

  it.each([
    [7, /retention_in_days is 7/],
    ['${var.days}', /is \$\{var\.days\}/],
  ])('finds a workspace that keeps them for %s days', (days, message) => {
    const short = stack('prod', {
      resources: { 'azurerm_log_analytics_workspace.logs': { retention_in_days: days } },
    });
    expect(problems(diagnostics, short)).toEqual([
      expect.objectContaining({ message: expect.stringMatching(message) as string }),
    ]);
  });

  it('does not apply outside production', () => {
    expect(status(diagnostics, stack('dev'))).toBe('not-applicable');
  });
});

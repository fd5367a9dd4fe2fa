import { ref, Token } from 'cdktf';
import type { ClusterDiagnosticsProps } from '../../constructs/cluster-diagnostics';
import { ClusterDiagnostics } from '../../constructs/cluster-diagnostics';
import { laneSuite } from '../support/lanes';
import { addresses, onlyResource, synthesizeConstructs } from '../support/synth';

const props: ClusterDiagnosticsProps = {
  clusterId: Token.asString(ref('azurerm_cosmosdb_postgresql_cluster.x.id')),
  clusterName: 'wwi-sensors',
  location: 'westus2',
  resourceGroupName: 'rg',
  workspaceName: 'wwi-sensors-logs',
  retentionDays: 90,
};
const diagnosticsWith = (changes: Partial<ClusterDiagnosticsProps> = {}) =>
  synthesizeConstructs((stack) => {
    new ClusterDiagnostics(stack, 'Diagnostics', { ...props, ...changes });
  });

laneSuite('synth', 'ClusterDiagnostics', () => {
  test('keeps logs in a workspace that nobody writes to with a key', () => {
    expect(onlyResource(diagnosticsWith(), 'azurerm_log_analytics_workspace')).toEqual({
      name: 'wwi-sensors-logs',
      location: 'westus2',
      resource_group_name: 'rg',
      sku: 'PerGB2018',
      retention_in_days: 90,
      local_authentication_enabled: false,
    });
  });

  test('sends it the logs of PostgreSQL and all metrics', () => {
    expect(onlyResource(diagnosticsWith(), 'azurerm_monitor_diagnostic_setting')).toEqual({
      name: 'wwi-sensors',
      target_resource_id: '${azurerm_cosmosdb_postgresql_cluster.x.id}',
      log_analytics_workspace_id: expect.stringMatching(
        /^\$\{azurerm_log_analytics_workspace\.Diagnostics_Workspace_\w+\.id\}$/,
      ) as string,
      enabled_log: [{ category: 'PostgreSQLLogs' }],
      enabled_metric: [{ category: 'AllMetrics' }],
    });
  });

  test('gives the workspace its tags; a setting takes none', () => {
    const stack = diagnosticsWith({ tags: { owner: 'me' } });
    expect(onlyResource(stack, 'azurerm_log_analytics_workspace')).toMatchObject({ tags: { owner: 'me' } });
    expect(onlyResource(stack, 'azurerm_monitor_diagnostic_setting')).not.toHaveProperty('tags');
  });

  test('keeps its addresses, which are a contract', () => {
    expect(addresses(diagnosticsWith()).map((each) => each.replace(/_[0-9A-F]{8}$/, ''))).toEqual([
      'azurerm_log_analytics_workspace.Diagnostics_Workspace',
      'azurerm_monitor_diagnostic_setting.Diagnostics_Setting',
    ]);
  });

  test('tells others the id of the workspace', () => {
    const { text } = synthesizeConstructs((stack) => {
      const { workspaceId } = new ClusterDiagnostics(stack, 'Diagnostics', props);
      stack.addOverride('output.workspace.value', workspaceId);
    });
    expect(text).toMatch(/"value": "\$\{azurerm_log_analytics_workspace\.Diagnostics_Workspace_\w+\.id\}"/);
  });

  const name =
    'it must be the name of a workspace: 4 to 63 letters, digits and hyphens, with no hyphen at either end';
  test.each<[Partial<ClusterDiagnosticsProps>, string]>([
    [{ workspaceName: 'abc' }, `workspaceName is "abc": ${name}`],
    [{ workspaceName: 'a_bcd' }, `workspaceName is "a_bcd": ${name}`],
    [{ workspaceName: '-abcd' }, `workspaceName is "-abcd": ${name}`],
    [{ workspaceName: 'abcd-' }, `workspaceName is "abcd-": ${name}`],
    [{ workspaceName: 'x'.repeat(64) }, `workspaceName is "${'x'.repeat(56)}...: ${name}`],
    [{ retentionDays: 29 }, 'retentionDays is 29: it must be a whole number from 30 to 730'],
    [{ retentionDays: 731 }, 'retentionDays is 731: it must be a whole number from 30 to 730'],
    [{ retentionDays: 30.5 }, 'retentionDays is 30.5: it must be a whole number from 30 to 730'],
    [
      { clusterName: 'WWI' },
      'clusterName is "WWI": it must be the name of a cluster: 3 to 40 lowercase letters, digits and hyphens, not digits alone, with no hyphen at either end; no other cluster on Azure may have it',
    ],
  ])('fails with its path: %j', (changes, message) => {
    expect(() => diagnosticsWith(changes)).toThrow(new Error(`${message} [stack/Diagnostics]`));
  });

  test.each([30, 730])('accepts %d days', (retentionDays) => {
    expect(onlyResource(diagnosticsWith({ retentionDays }), 'azurerm_log_analytics_workspace')).toMatchObject(
      {
        retention_in_days: retentionDays,
      },
    );
  });

  test('leaves what only Terraform knows to the service', () => {
    const unknown = Token.asString(ref('var.name'));
    const retentionDays = Token.asNumber(ref('var.days'));
    expect(() =>
      diagnosticsWith({ clusterName: unknown, workspaceName: unknown, retentionDays }),
    ).not.toThrow();
  });
});

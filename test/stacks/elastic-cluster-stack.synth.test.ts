import type { ElasticEnvironment } from '../../config/environment/environment';
import { laneSuite } from '../support/lanes';
import type { Synthesized } from '../support/synth';
import { addresses, elasticEnvironment, onlyResource, synthesizeSettings } from '../support/synth';

const SERVER = 'azurerm_postgresql_flexible_server';

const stackOf = (name: string, changes: Partial<ElasticEnvironment> = {}): Synthesized =>
  synthesizeSettings({ ...elasticEnvironment(name), ...changes });
const withCluster = (name: string, changes: Partial<ElasticEnvironment['cluster']>): Synthesized =>
  stackOf(name, { cluster: { ...elasticEnvironment(name).cluster, ...changes } });

laneSuite('synth', 'ElasticClusterStack: a changed address replaces a database', () => {
  test('dev and prod have these', () => {
    expect(addresses(stackOf('dev'))).toEqual([
      'azurerm_postgresql_flexible_server.Cluster_EB0386A7',
      'azurerm_postgresql_flexible_server_firewall_rule.Firewall_office_8A8AE2DB',
      'azurerm_resource_group.ResourceGroup',
    ]);
    expect(addresses(stackOf('prod'))).toMatchInlineSnapshot(`
      [
        "azurerm_key_vault.PasswordVault_C569C2DB",
        "azurerm_key_vault_secret.PasswordVault_Password_E52AB075",
        "azurerm_log_analytics_workspace.Diagnostics_Workspace_77C8C816",
        "azurerm_management_lock.Lock_CE124363",
        "azurerm_monitor_action_group.Alerts_ActionGroup_053F7D22",
        "azurerm_monitor_diagnostic_setting.Diagnostics_Setting_08B4BEE8",
        "azurerm_monitor_diagnostic_setting.PasswordVault_Audit_C9F25F60",
        "azurerm_monitor_metric_alert.Alerts_Connections_3DF54418",
        "azurerm_monitor_metric_alert.Alerts_Cpu_54DD6B35",
        "azurerm_monitor_metric_alert.Alerts_Memory_E995A18E",
        "azurerm_monitor_metric_alert.Alerts_Storage_79E3ED57",
        "azurerm_postgresql_flexible_server.Cluster_EB0386A7",
        "azurerm_postgresql_flexible_server_configuration.Parameters_work_mem_AD7FFA40",
        "azurerm_private_dns_zone.PrivateAccess_Zone_F4555EB4",
        "azurerm_private_dns_zone_virtual_network_link.PrivateAccess_ZoneLink_1B1100D4",
        "azurerm_private_endpoint.PrivateAccess_Endpoint_77E2B131",
        "azurerm_resource_group.ResourceGroup",
        "azurerm_role_assignment.PasswordVault_Writer_FDFB208A",
      ]
    `);
  });

  test('the stage changes none of them', () => {
    for (const name of ['dev', 'prod']) {
      const settings = elasticEnvironment(name);
      expect(addresses(synthesizeSettings(settings, 'scaled-out'))).toEqual(
        addresses(synthesizeSettings(settings, 'single-node')),
      );
    }
  });
});

laneSuite('synth', 'ElasticClusterStack: what scaling out changes', () => {
  test('is the size of the cluster, and what the output says of the stage', () => {
    const settings = elasticEnvironment('dev');
    const [before, after] = (['single-node', 'scaled-out'] as const).map((stage) =>
      synthesizeSettings(settings, stage),
    );
    const server = (stack: Synthesized | undefined): unknown => onlyResource(stack!, SERVER)['cluster'];
    expect(server(before)).toEqual([{ size: 1, default_database_name: 'citus' }]);
    expect(server(after)).toEqual([{ size: 3, default_database_name: 'citus' }]);
    expect(after!.text).toBe(
      before!.text
        .replace('"size": 1', '"size": 3')
        .replace('"value": "single-node"', '"value": "scaled-out"'),
    );
  });
});

laneSuite('synth', 'ElasticClusterStack: the server', () => {
  test('keeps the password out of the state', () => {
    const server = onlyResource(stackOf('dev'), SERVER);
    expect(server).toMatchObject({
      administrator_login: 'wwi_admin',
      administrator_password_wo: '${var.admin_password}',
      administrator_password_wo_version: 1,
    });
    expect(server).not.toHaveProperty('administrator_password');
    expect(stackOf('dev').json.variable).toMatchObject({
      admin_password: { sensitive: true, description: expect.stringContaining('wwi_admin') as string },
    });
  });

  test('asks for the plugin and the Terraform that know it, with and without a vault', () => {
    for (const name of ['dev', 'prod']) {
      expect(stackOf(name).json.terraform).toMatchObject({
        required_providers: { azurerm: { version: '4.73.0' } },
        required_version: '>= 1.11.0, < 2.0.0',
      });
    }
  });

  test('is open, protected and redundant as its file says', () => {
    expect(onlyResource(stackOf('dev'), SERVER)).toMatchObject({
      public_network_access_enabled: true,
      auto_grow_enabled: false,
      create_mode: 'Default',
      version: '17',
      storage_mb: 131_072,
      lifecycle: { prevent_destroy: true, ignore_changes: ['zone'] },
    });
    expect(onlyResource(stackOf('prod'), SERVER)).toMatchObject({
      public_network_access_enabled: false,
      backup_retention_days: 35,
      high_availability: { mode: 'ZoneRedundant' },
      lifecycle: { ignore_changes: ['zone', 'high_availability[0].standby_availability_zone'] },
    });
    const zoned = onlyResource(withCluster('dev', { preferredPrimaryZone: '2' }), SERVER);
    expect(zoned).toMatchObject({ zone: '2' });
    expect(zoned['lifecycle']).not.toHaveProperty('ignore_changes');
    expect(onlyResource(withCluster('dev', { protectFromDestroy: false }), SERVER)).toMatchObject({
      lifecycle: { prevent_destroy: false },
    });
  });

  test('writes the vault when the password of the cluster changes', () => {
    const stack = withCluster('prod', { passwordVersion: 4 });
    expect(onlyResource(stack, SERVER)).toMatchObject({ administrator_password_wo_version: 4 });
    expect(onlyResource(stack, 'azurerm_key_vault_secret')).toMatchObject({
      name: 'wwi-admin-password',
      value_wo: '${var.admin_password}',
      value_wo_version: 4,
    });
  });

  test('makes no roles: that is for SQL', () => {
    expect(elasticEnvironment('prod').roles).toEqual([{ name: 'reporting' }]);
    expect(stackOf('prod').text).not.toContain('reporting');
  });
});

laneSuite('synth', 'ElasticClusterStack: what belongs to it', () => {
  test('is the way in, by its own zone and sub-resource', () => {
    const stack = stackOf('prod');
    expect(onlyResource(stack, 'azurerm_private_dns_zone')).toMatchObject({
      name: 'privatelink.postgres.database.azure.com',
    });
    expect(onlyResource(stack, 'azurerm_private_endpoint')).toMatchObject({
      name: 'wwi-sensors-prod-postgresqlServer',
      private_service_connection: { subresource_names: ['postgresqlServer'] },
    });
  });

  test('changes one after the other: parameters, the way in, the lock', () => {
    const stack = stackOf('prod', { parameters: { work_mem: '65536', max_connections: '500' } });
    const parameters = Object.values(stack.json.resource![`${SERVER}_configuration`]!);
    expect(parameters.find(({ name }) => name === 'work_mem')).toMatchObject({
      depends_on: [expect.stringContaining('max_connections')],
    });
    expect(onlyResource(stack, 'azurerm_private_endpoint')).toMatchObject({
      depends_on: expect.arrayContaining([expect.stringContaining('Parameters_work')]) as unknown,
    });
    expect(onlyResource(stack, 'azurerm_management_lock')).toMatchObject({
      scope: '${azurerm_postgresql_flexible_server.Cluster_EB0386A7.id}',
      depends_on: expect.arrayContaining([expect.stringContaining('private_endpoint')]) as unknown,
    });
  });

  test('keeps all kinds of logs, and watches each node', () => {
    const stack = stackOf('prod');
    const settings = Object.values(stack.json.resource!['azurerm_monitor_diagnostic_setting']!);
    const [setting] = settings.filter(({ name }) => name === 'wwi-sensors-prod');
    expect(setting).toMatchObject({
      enabled_log: [
        { category: 'PostgreSQLLogs' },
        { category: 'PostgreSQLFlexSessions' },
        { category: 'PostgreSQLFlexTableStats' },
        { category: 'PostgreSQLFlexDatabaseXacts' },
      ],
    });
    const alerts = Object.values(stack.json.resource!['azurerm_monitor_metric_alert']!);
    expect(alerts.map(({ criteria }) => (criteria as { metric_name: string }[])[0]!.metric_name)).toEqual([
      'active_connections',
      'cpu_percent',
      'memory_percent',
      'storage_percent',
    ]);
    for (const { criteria } of alerts) {
      expect(criteria).toEqual([
        expect.objectContaining({
          metric_namespace: 'Microsoft.DBforPostgreSQL/flexibleServers',
          dimension: [{ name: 'ServerName', operator: 'Include', values: ['*'] }],
        }),
      ]);
    }
  });

  test('tells the scripts what a cluster of Cosmos DB does', () => {
    expect(stackOf('dev').json.output).toMatchObject({
      coordinator_fqdn: { value: `\${${SERVER}.Cluster_EB0386A7.fqdn}` },
      port: { value: 5432 },
      database: { value: 'citus' },
      login: { value: 'wwi_admin' },
      stage: { value: 'single-node' },
      node_count: { value: `\${${SERVER}.Cluster_EB0386A7.cluster[0].size - 1}` },
      cluster_id: { value: `\${${SERVER}.Cluster_EB0386A7.id}` },
      cluster_name: { value: `\${${SERVER}.Cluster_EB0386A7.name}` },
    });
  });

  test('is the same text at every synth', () => {
    expect(stackOf('prod').text).toBe(stackOf('prod').text);
  });
});

import { Token } from 'cdktf';
import { AdminPassword } from '../../constructs/admin-password';
import type { ElasticPostgresClusterProps } from '../../constructs/elastic-postgres-cluster';
import { ElasticPostgresCluster } from '../../constructs/elastic-postgres-cluster';
import { ElasticServerParameters } from '../../constructs/elastic-server-parameters';
import { FirewallAccess } from '../../constructs/firewall-access';
import { laneSuite } from '../support/lanes';
import { onlyResource, synthesizeConstructs } from '../support/synth';

const SERVER = 'azurerm_postgresql_flexible_server';
const ID =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/wwi';

const usual: Omit<ElasticPostgresClusterProps, 'administratorPassword'> = {
  clusterName: 'wwi-sensors',
  location: 'westus2',
  resourceGroupName: 'rg',
  postgresVersion: 17,
  size: 3,
  sku: 'GP_Standard_D4ds_v5',
  storageGiB: 128,
  database: 'citus',
  login: 'wwi_admin',
  passwordVersion: 1,
};

const clusterWith = (changes: Partial<ElasticPostgresClusterProps> = {}) =>
  synthesizeConstructs((stack) => {
    const { value: administratorPassword } = new AdminPassword(stack, 'AdminPassword', {
      login: 'wwi_admin',
    });
    new ElasticPostgresCluster(stack, 'Cluster', { ...usual, administratorPassword, ...changes });
  });

laneSuite('synth', 'ElasticPostgresCluster', () => {
  test('is closed and protected where nothing else is said', () => {
    expect(onlyResource(clusterWith(), SERVER)).toMatchObject({
      public_network_access_enabled: false,
      backup_retention_days: 7,
      cluster: [{ size: 3, default_database_name: 'citus' }],
      lifecycle: { prevent_destroy: true },
    });
    expect(onlyResource(clusterWith(), SERVER)).not.toHaveProperty('high_availability');
  });

  test.each<[Partial<ElasticPostgresClusterProps>, string]>([
    [{ postgresVersion: 16 }, 'postgresVersion is 16: it must be 17'],
    [{ size: 0 }, 'size is 0: it must be a whole number from 1 to 20'],
    [{ size: 21 }, 'size is 21: it must be a whole number from 1 to 20'],
    [{ storageGiB: 100 }, 'storageGiB is 100: the storage of a node is 32, 64,'],
    [{ sku: 'D4ds_v5' }, 'sku is "D4ds_v5": it must be a machine as azurerm names it'],
    [{ login: 'root' }, 'login is "root", which the service keeps for itself'],
    [{ database: 'template1' }, 'database is "template1", a database of the service itself'],
    [
      { sku: 'B_Standard_B2s', highAvailability: true },
      'highAvailability is true, and "B_Standard_B2s" is burstable',
    ],
    [
      { location: 'ukwest', highAvailability: true },
      'highAvailability is true, and a standby lies in another zone',
    ],
    [{ administratorPassword: 'Written-out-7' }, 'administratorPassword is a literal'],
    [{ passwordVersion: 0 }, 'passwordVersion is 0: it must be a whole number from 1 up'],
    [{ backupRetentionDays: 6 }, 'backupRetentionDays is 6: it must be a whole number from 7 to 35'],
    [
      { storageGiB: Token.asNumber('${var.size}') },
      'storageGiB is known to Terraform alone: write it out, since the provider counts in another unit',
    ],
  ])('fails with its path: %j', (changes, message) => {
    expect(() => clusterWith(changes)).toThrow(message);
    expect(() => clusterWith(changes)).toThrow('[stack/Cluster]');
  });

  test('takes a password that only Terraform knows, and its rules are checked in the plan', () => {
    expect(clusterWith().text).toContain(
      'The password of the login wwi_admin must have 8 to 128 characters.',
    );
    expect(clusterWith().text).not.toContain('citus must have');
  });
});

laneSuite('synth', 'ElasticServerParameters', () => {
  const parametersWith = (parameters: Record<string, string>) =>
    synthesizeConstructs((stack) => {
      new ElasticServerParameters(stack, 'Parameters', { clusterId: ID, parameters });
    });

  test('warns of a restart', () => {
    const { warnings } = parametersWith({
      max_connections: '500',
      shared_buffers: '65536',
      work_mem: '65536',
    });
    expect(warnings).toEqual([
      'stack/Parameters: max_connections and shared_buffers take effect after a restart: the provider restarts the server whenever the value changes',
    ]);
    expect(parametersWith({ work_mem: '65536' }).warnings).toEqual([]);
  });

  test.each([
    [{ work_mem: '64MB' }, 'parameters.work_mem is "64MB": it must be a whole number of kB from 4096'],
    [{ nothing_of_that: '1' }, 'parameters.nothing_of_that is no parameter the service is known to offer'],
  ])('fails with its path: %j', (parameters, message) => {
    expect(() => parametersWith(parameters)).toThrow(message);
  });
});

laneSuite('synth', 'FirewallAccess of an elastic cluster', () => {
  const rule = (name: string, clusterId = ID) =>
    synthesizeConstructs((stack) => {
      new FirewallAccess(stack, 'Firewall', {
        service: 'elastic-cluster',
        clusterId,
        rules: [{ name, from: '203.0.113.8', to: '203.0.113.8' }],
        allowAzureServices: { reason: 'Power BI refreshes its reports from there until March' },
      });
    });

  test('makes rules of a flexible server', () => {
    const rules = rule('office').json.resource!['azurerm_postgresql_flexible_server_firewall_rule']!;
    expect(Object.values(rules)).toEqual([
      expect.objectContaining({ name: 'allow-azure-services', server_id: ID, start_ip_address: '0.0.0.0' }),
      expect.objectContaining({ name: 'office', server_id: ID, start_ip_address: '203.0.113.8' }),
    ]);
  });

  test('refuses a name and an id of the other service', () => {
    expect(() => rule('the.office')).toThrow(
      'rules.0.name is "the.office": a rule\'s name has 1 to 80 characters, letters, digits, _ and -, starts with a letter or digit and does not end with -',
    );
    expect(() => rule('office', ID.replace('flexibleServers', 'serverGroupsv2'))).toThrow(
      'it must be the resource id of an elastic cluster',
    );
  });
});

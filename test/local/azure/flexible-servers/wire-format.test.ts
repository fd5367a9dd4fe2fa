import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../../scripts/local/azure/http/server';
import type { ArmAnswer, Send } from '../arm-client';
import { GROUP, SUBNET, WITH_SUBNET } from '../arm-client';
import { alertProperties } from '../bodies';
import { ELASTIC, elasticClient, elasticWith, PASSWORD, refusalOf, SERVER, serverOf } from './elastic';

let azure: AzureStandIn;
let send: Send;
let directory = '';

async function start(operationMs = 0): Promise<void> {
  azure = await startAzureStandIn({ ...WITH_SUBNET, operationMs, stateFile: join(directory, 'azure.json') });
  send = elasticClient(azure);
}
/** The same books, in which operations from now on do not end. */
async function holdOperations(): Promise<void> {
  await azure.close();
  await start(60_000);
}
const pathOf = (address: unknown): string => String(address).slice(azure.origin.length).replace(/\?.*/, '');
const propertiesOf = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
  (await send('GET', path)).body.properties;
const names = ({ body }: ArmAnswer): unknown[] =>
  (body['value'] as { name: string }[]).map(({ name }) => name);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'azure-'));
  await start();
  await send('PUT', GROUP, { location: 'westus2' });
});
afterEach(async () => {
  await azure.close();
  rmSync(directory, { recursive: true });
});

describe('an elastic cluster', () => {
  it('is made by a request that is accepted without a body, and tells what the service filled in', async () => {
    const { status, headers, body } = await send('PUT', SERVER, { ...ELASTIC, tags: { team: 'data' } });
    expect([status, body]).toEqual([202, {}]);
    expect(headers).toMatchObject({
      'azure-asyncoperation': expect.stringMatching(
        /\/locations\/westus2\/azureAsyncOperation\/[0-9a-f-]{36}\?api-version=2025-08-01$/,
      ) as string,
      location: expect.stringMatching(/\/locations\/westus2\/operationResults\//) as string,
      'retry-after': '1',
    });
    expect((await send('GET', pathOf(headers['azure-asyncoperation']))).body).toMatchObject({
      status: 'Succeeded',
    });
    const server = (await send('GET', SERVER)).body;
    expect(server).toEqual({
      id: SERVER,
      name: 'wwi',
      type: 'Microsoft.DBforPostgreSQL/flexibleServers',
      location: 'westus2',
      tags: { team: 'data' },
      sku: { name: 'Standard_D4ds_v5', tier: 'GeneralPurpose' },
      systemData: expect.objectContaining({ createdByType: 'Application' }) as object,
      properties: {
        administratorLogin: 'wwi_admin',
        authConfig: { activeDirectoryAuth: 'Disabled', passwordAuth: 'Enabled' },
        availabilityZone: '1',
        backup: {
          backupRetentionDays: 7,
          earliestRestoreDate: expect.any(String) as string,
          geoRedundantBackup: 'Disabled',
        },
        cluster: { clusterSize: 1, defaultDatabaseName: 'sensors' },
        dataEncryption: { type: 'SystemManaged' },
        fullyQualifiedDomainName: 'wwi.postgres.database.azure.com',
        highAvailability: { mode: 'Disabled', state: 'NotEnabled' },
        maintenanceWindow: { customWindow: 'Disabled', dayOfWeek: 0, startHour: 0, startMinute: 0 },
        minorVersion: '6',
        network: { publicNetworkAccess: 'Enabled' },
        privateEndpointConnections: [],
        replica: { capacity: 1, role: 'Primary' },
        replicaCapacity: 1,
        replicationRole: 'Primary',
        state: 'Ready',
        storage: { autoGrow: 'Disabled', iops: 500, storageSizeGB: 128, tier: 'P10', type: '' },
        version: '17',
      },
    });
    expect((await send('GET', `${SERVER}/replicas`)).body['value']).toEqual([]);
    expect(JSON.stringify(azure.requests)).not.toContain(PASSWORD);
  });

  it('drops what is read-only, unknown, or comes with an update alone', async () => {
    await send(
      'PUT',
      SERVER,
      elasticWith({
        state: 'Stopped',
        fullyQualifiedDomainName: 'evil.example.com',
        maintenanceWindow: { customWindow: 'Enabled', dayOfWeek: 3, startHour: 4, startMinute: 0 },
        autogrow: true,
        storage: { storageSizeGB: 128, iops: 99_999, autoGrows: 'Enabled' },
        cluster: { clusterSize: 1, nodes: 3 },
      }),
    );
    expect(await propertiesOf(SERVER)).toMatchObject({
      state: 'Ready',
      fullyQualifiedDomainName: 'wwi.postgres.database.azure.com',
      maintenanceWindow: { customWindow: 'Disabled' },
      storage: { autoGrow: 'Disabled', iops: 500, storageSizeGB: 128, tier: 'P10', type: '' },
      cluster: { clusterSize: 1, defaultDatabaseName: 'postgres' },
    });
    expect(await propertiesOf(SERVER)).not.toHaveProperty('autogrow');
  });

  it('has a standby in another zone, whose state it tells', async () => {
    await send('PUT', SERVER, elasticWith({ highAvailability: { mode: 'ZoneRedundant' } }));
    const standby = { mode: 'ZoneRedundant', standbyAvailabilityZone: '2', state: 'Healthy' };
    expect(await propertiesOf(SERVER)).toMatchObject({ availabilityZone: '1', highAvailability: standby });
    await send('PATCH', SERVER, { properties: { highAvailability: { mode: 'Disabled' } } });
    expect((await propertiesOf(SERVER))['highAvailability']).toEqual({
      mode: 'Disabled',
      state: 'NotEnabled',
    });
  });

  it('is scaled by a change of its cluster alone, and keeps the rest', async () => {
    await send('PUT', SERVER, ELASTIC);
    const before = await propertiesOf(SERVER);
    const cluster = { clusterSize: 3, defaultDatabaseName: 'sensors' };
    const { status, body } = await send('PATCH', SERVER, { properties: { cluster } });
    expect([status, body]).toEqual([202, {}]);
    expect(await propertiesOf(SERVER)).toEqual({ ...before, cluster });
    await send('PATCH', SERVER, { properties: { cluster: { clusterSize: 4 } } });
    expect((await propertiesOf(SERVER))['cluster']).toEqual({ ...cluster, clusterSize: 4 });
  });

  it('takes a larger disk with its own tier, another size, a window and tags', async () => {
    await send('PUT', SERVER, ELASTIC);
    await send('PATCH', SERVER, { properties: { storage: { storageSizeGB: 512 } } });
    expect(await propertiesOf(SERVER)).toMatchObject({
      storage: { storageSizeGB: 512, tier: 'P20', iops: 2300 },
    });
    const window = { customWindow: 'Enabled', dayOfWeek: 3, startHour: 4, startMinute: 30 };
    await send('PATCH', SERVER, {
      properties: { maintenanceWindow: window, backup: { backupRetentionDays: 14 } },
      sku: { name: 'Standard_D8ds_v5', tier: 'GeneralPurpose' },
      tags: { team: 'data' },
    });
    await send('PATCH', SERVER, { properties: { maintenanceWindow: { startHour: 5 } } });
    expect((await send('GET', SERVER)).body).toMatchObject({
      sku: { name: 'Standard_D8ds_v5' },
      tags: { team: 'data' },
      properties: {
        maintenanceWindow: { ...window, startHour: 5 },
        backup: { backupRetentionDays: 14, geoRedundantBackup: 'Disabled' },
      },
    });
    await send('PATCH', SERVER, { properties: { maintenanceWindow: { customWindow: 'Disabled' } } });
    expect((await propertiesOf(SERVER))['maintenanceWindow']).toMatchObject({
      customWindow: 'Disabled',
      dayOfWeek: 0,
    });
  });

  it('is what an operation on it has for a result, as it is read', async () => {
    const resultOf = async ({ headers }: ArmAnswer): Promise<ArmAnswer> =>
      send('GET', pathOf(headers['location']));
    const made = await send('PUT', SERVER, ELASTIC);
    expect(await resultOf(made)).toMatchObject({ status: 200, body: (await send('GET', SERVER)).body });
    const changed = await send('PATCH', SERVER, { properties: { cluster: { clusterSize: 2 } } });
    expect((await resultOf(changed)).body).toEqual((await send('GET', SERVER)).body);
    const gone = await send('DELETE', SERVER);
    expect((await resultOf(gone)).status).toBe(204);
  });

  it('is changed by PUT as well, once it is there', async () => {
    await send('PUT', SERVER, ELASTIC);
    const answer = await send('PUT', SERVER, {
      location: 'West US 2',
      properties: { createMode: 'Update', cluster: { clusterSize: 2 } },
    });
    expect(answer.status).toBe(202);
    expect((await propertiesOf(SERVER))['cluster']).toEqual({
      clusterSize: 2,
      defaultDatabaseName: 'sensors',
    });
  });

  it('tells what is being done to it, and takes nothing else meanwhile', async () => {
    await send('PUT', SERVER, ELASTIC);
    await holdOperations();
    const scaled = await send('PATCH', SERVER, { properties: { cluster: { clusterSize: 3 } } });
    expect(await propertiesOf(SERVER)).toMatchObject({ state: 'Updating', cluster: { clusterSize: 3 } });
    expect(await send('GET', pathOf(scaled.headers['location']))).toMatchObject({
      status: 202,
      headers: { location: expect.stringMatching(/api-version=2025-08-01$/) as string },
    });
    const busy = { status: 409, body: { error: { code: 'ServerIsBusy' } } };
    expect(await send('PATCH', SERVER, { properties: {} })).toMatchObject(busy);
    expect(
      await send('PATCH', `${SERVER}/configurations/work_mem`, { properties: { value: '8192' } }),
    ).toMatchObject(busy);
    await send('PUT', serverOf('other'), ELASTIC);
    expect(await propertiesOf(serverOf('other'))).toMatchObject({ state: 'Provisioning' });
  });

  it('goes, and then is not there to be deleted', async () => {
    await send('PUT', SERVER, ELASTIC);
    await holdOperations();
    expect((await send('DELETE', SERVER)).status).toBe(202);
    expect(await propertiesOf(SERVER)).toMatchObject({ state: 'Dropping' });
    await azure.close();
    rmSync(join(directory, 'azure.json'));
    await start();
    await send('PUT', GROUP, { location: 'westus2' });
    expect((await send('DELETE', SERVER)).status).toBe(204);
    await send('PUT', SERVER, ELASTIC);
    await send('DELETE', SERVER);
    expect((await send('GET', SERVER)).status).toBe(404);
  });

  it('stops, starts and restarts', async () => {
    await send('PUT', SERVER, ELASTIC);
    for (const [action, state] of [
      ['restart', 'Ready'],
      ['stop', 'Stopped'],
      ['start', 'Ready'],
    ]) {
      expect(await send('POST', `${SERVER}/${action ?? ''}`, {})).toMatchObject({ status: 202, body: {} });
      expect(await propertiesOf(SERVER)).toMatchObject({ state });
    }
    await holdOperations();
    await send('POST', `${SERVER}/restart`);
    expect(await propertiesOf(SERVER)).toMatchObject({ state: 'Restarting' });
  });

  it('is listed, and its name asked about', async () => {
    await send('PUT', SERVER, ELASTIC);
    await send('PUT', serverOf('two'), ELASTIC);
    expect(names(await send('GET', SERVER.replace(/\/wwi$/, '')))).toEqual(['wwi', 'two']);
    const subscription = GROUP.replace(/\/resourceGroups.*/, '');
    const provider = `${subscription}/providers/Microsoft.DBforPostgreSQL`;
    expect(names(await send('GET', `${provider}/flexibleServers`))).toEqual(['wwi', 'two']);
    const type = 'Microsoft.DBforPostgreSQL/flexibleServers';
    for (const path of [
      `${provider}/checkNameAvailability`,
      `${provider}/locations/westus2/checkNameAvailability`,
    ]) {
      const ask = async (name: string): Promise<object> => (await send('POST', path, { name, type })).body;
      expect(await ask('three')).toEqual({ nameAvailable: true, message: '', name: 'three', type });
      expect(await ask('wwi')).toMatchObject({ nameAvailable: false, reason: 'AlreadyExists' });
      expect(await ask('W')).toMatchObject({ nameAvailable: false, reason: 'Invalid' });
      refusalOf(await send('POST', path, { name: 'three', type: 'Microsoft.Sql/servers' }));
    }
  });
});

describe('a flexible server in a subnet of its owner', () => {
  it('has no public address, and no private endpoints to tell of', async () => {
    const network = {
      delegatedSubnetResourceId: `${GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s`,
      privateDnsZoneArmResourceId: `${GROUP}/providers/Microsoft.Network/privateDnsZones/wwi.private.postgres.database.azure.com`,
    };
    await send('PUT', SERVER, elasticWith({ cluster: undefined, network }));
    const properties = await propertiesOf(SERVER);
    expect(properties['network']).toEqual({ ...network, publicNetworkAccess: 'Disabled' });
    expect(properties).not.toHaveProperty('privateEndpointConnections');
  });
});

describe('a firewall rule of an elastic cluster', () => {
  const rule = `${SERVER}/firewallRules/office`;
  const properties = { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' };

  it('is accepted without a body, read, listed and deleted', async () => {
    await send('PUT', SERVER, ELASTIC);
    expect(await send('PUT', rule, { properties })).toMatchObject({ status: 202, body: {} });
    expect((await send('GET', rule)).body).toEqual({
      id: rule,
      name: 'office',
      type: 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules',
      properties,
    });
    expect(names(await send('GET', `${SERVER}/firewallRules`))).toEqual(['office']);
    expect((await send('DELETE', rule)).status).toBe(202);
    expect((await send('GET', rule)).status).toBe(404);
    expect((await send('DELETE', rule)).status).toBe(204);
  });
});

describe('a server parameter of an elastic cluster', () => {
  const at = (name: string): string => `${SERVER}/configurations/${name}`;
  const set = (name: string, value: string, source = 'user-override'): Promise<ArmAnswer> =>
    send('PATCH', at(name), { properties: { value, source } });

  beforeEach(async () => {
    await send('PUT', SERVER, ELASTIC);
  });

  it('has its default until it is set, and again when that is set', async () => {
    const untouched = await propertiesOf(at('work_mem'));
    expect(untouched).toMatchObject({
      value: '4096',
      defaultValue: '4096',
      source: 'system-default',
      dataType: 'Integer',
      allowedValues: '4096-2097151',
      isDynamicConfig: true,
      isReadOnly: false,
      isConfigPendingRestart: false,
    });
    expect(await set('work_mem', '65536')).toMatchObject({ status: 202, body: {} });
    expect(await propertiesOf(at('work_mem'))).toMatchObject({ value: '65536', source: 'user-override' });
    await set('work_mem', '4096');
    expect(await propertiesOf(at('work_mem'))).toEqual(untouched);
    await send('PUT', at('work_mem'), { properties: { value: '8192', source: 'user-override' } });
    await set('work_mem', '8192', 'system-default');
    expect(await propertiesOf(at('work_mem'))).toEqual(untouched);
  });

  it.each([
    ['another value', '65536'],
    ['its default', '4096'],
  ])('is the result of being set to %s, as it is read', async (_, value) => {
    const { headers } = await set('work_mem', value);
    const result = await send('GET', pathOf(headers['location']));
    expect(result).toMatchObject({ status: 200, body: (await send('GET', at('work_mem'))).body });
    expect(result.body.properties).not.toHaveProperty('pending');
  });

  it('waits for a restart where PostgreSQL reads it when it starts', async () => {
    await set('max_connections', '500');
    expect(await propertiesOf(at('max_connections'))).toMatchObject({
      value: '500',
      isDynamicConfig: false,
      isConfigPendingRestart: true,
    });
    await send('POST', `${SERVER}/restart`, {});
    expect(await propertiesOf(at('max_connections'))).toMatchObject({
      value: '500',
      isConfigPendingRestart: false,
    });
    await set('max_connections', '300');
    expect(await propertiesOf(at('max_connections'))).toMatchObject({
      source: 'system-default',
      isConfigPendingRestart: true,
    });
  });

  it('is one of a list that knows Citus, PgBouncer and the extensions', async () => {
    const listed = names(await send('GET', `${SERVER}/configurations`));
    expect(listed).toEqual(
      expect.arrayContaining([
        'azure.extensions',
        'citus.max_client_connections',
        'citus.max_background_task_executors_per_node',
        'pgbouncer.enabled',
        'require_secure_transport',
        'block_size',
      ]),
    );
    expect(listed).not.toContain('force_parallel_mode');
    await set('azure.extensions', 'POSTGIS,VECTOR');
    expect(await propertiesOf(at('azure.extensions'))).toMatchObject({
      value: 'POSTGIS,VECTOR',
      dataType: 'Set',
    });
  });
});

describe('around an elastic cluster', () => {
  beforeEach(async () => {
    await send('PUT', SERVER, ELASTIC);
  });

  it('there is a private endpoint, to the server as a whole, with a record in its own zone', async () => {
    const links = (await send('GET', `${SERVER}/privateLinkResources`)).body['value'];
    expect(links).toMatchObject([
      {
        name: 'postgresqlServer',
        properties: {
          groupId: 'postgresqlServer',
          requiredZoneNames: ['privatelink.postgres.database.azure.com'],
        },
      },
    ]);
    const network = `${GROUP}/providers/Microsoft.Network`;
    const endpoint = `${network}/privateEndpoints/wwi`;
    const connect = (groupId: string): Promise<ArmAnswer> =>
      send('PUT', endpoint, {
        location: 'westus2',
        properties: {
          subnet: { id: SUBNET },
          privateLinkServiceConnections: [
            { name: 'wwi', properties: { privateLinkServiceId: SERVER, groupIds: [groupId] } },
          ],
        },
      });
    expect(refusalOf(await connect('coordinator'))).toContain('it has one of postgresqlServer');
    expect((await connect('postgresqlServer')).status).toBe(201);
    const [connection] = (await propertiesOf(SERVER))['privateEndpointConnections'] as object[];
    expect(connection).toMatchObject({
      type: 'Microsoft.DBforPostgreSQL/flexibleServers/privateEndpointConnections',
      properties: { groupIds: ['postgresqlServer'], provisioningState: 'Succeeded' },
    });
    const zone = `${network}/privateDnsZones/privatelink.postgres.database.azure.com`;
    await send('PUT', zone, { location: 'global' });
    await send('PUT', `${endpoint}/privateDnsZoneGroups/default`, {
      properties: { privateDnsZoneConfigs: [{ name: 'zone', properties: { privateDnsZoneId: zone } }] },
    });
    const group = await propertiesOf(`${endpoint}/privateDnsZoneGroups/default`);
    expect(group['privateDnsZoneConfigs']).toMatchObject([
      {
        properties: {
          recordSets: [{ recordSetName: 'wwi', fqdn: 'wwi.privatelink.postgres.database.azure.com' }],
        },
      },
    ]);
  });

  it('a lock stands before its deletion, and its group goes with it', async () => {
    const lock = `${SERVER}/providers/Microsoft.Authorization/locks/keep`;
    await send('PUT', lock, { properties: { level: 'CanNotDelete' } });
    expect(await send('DELETE', SERVER)).toMatchObject({
      status: 409,
      body: { error: { code: 'ScopeLocked' } },
    });
    await send('DELETE', lock);
    await send('DELETE', GROUP);
    expect((await send('GET', SERVER)).status).toBe(404);
  });

  it('logs and metrics are those of a flexible server', async () => {
    const insights = `${SERVER}/providers/Microsoft.Insights`;
    expect(names(await send('GET', `${insights}/diagnosticSettingsCategories`))).toEqual([
      'PostgreSQLLogs',
      'PostgreSQLFlexSessions',
      'PostgreSQLFlexQueryStoreRuntime',
      'PostgreSQLFlexQueryStoreWaitStats',
      'PostgreSQLFlexTableStats',
      'PostgreSQLFlexDatabaseXacts',
      'AllMetrics',
    ]);
    const alert = (metricName: string, timeAggregation = 'Average'): Promise<ArmAnswer> => {
      const properties = alertProperties([SERVER]);
      const [condition] = properties.criteria.allOf;
      const allOf = [
        {
          ...condition,
          metricNamespace: 'Microsoft.DBforPostgreSQL/flexibleServers',
          metricName,
          timeAggregation,
        },
      ];
      return send('PUT', `${GROUP}/providers/Microsoft.Insights/metricAlerts/cpu`, {
        location: 'global',
        properties: { ...properties, criteria: { ...properties.criteria, allOf } },
      });
    };
    expect((await alert('storage_percent')).status).toBe(200);
    expect((await alert('txlogs_storage_used', 'Maximum')).status).toBe(200);
    expect(refusalOf(await alert('apps_reserved_memory_percent'))).toMatch(/metricName/);
    expect(refusalOf(await alert('cpu_percent', 'Total'))).toMatch(/timeAggregation/);
  });
});

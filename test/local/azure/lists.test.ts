import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import { alertProperties } from './bodies';
import type { ArmAnswer, Send } from './arm-client';
import { armClient, azurermVersion, CLUSTER, createCluster, GROUP, SUBNET, WITH_SUBNET } from './arm-client';

const SUBSCRIPTION = GROUP.replace(/\/resourceGroups.*/, '');
const PROVIDER = 'providers/Microsoft.DBforPostgreSQL';
const copyOf = (name: string): string => CLUSTER.replace(/wwi$/, name);

/** What stands at the end of each id in a list. */
function names({ body }: ArmAnswer): string[] {
  return (body['value'] as { id: string }[]).map(({ id }) => id.split('/').at(-1) ?? '');
}

describe('lists of the Azure stand-in', () => {
  let azure: AzureStandIn;
  let send: Send;

  beforeEach(async () => {
    azure = await startAzureStandIn({ ...WITH_SUBNET, operationMs: 0, newClusters: 'accepted' });
    send = armClient(azure, azurermVersion);
    await createCluster(send, 2);
  });
  afterEach(() => azure.close());

  it('name the clusters of a group and of a subscription, each as it reads by itself', async () => {
    await send('PUT', `${GROUP}-2`, { location: 'westus2' });
    const second = CLUSTER.replace('/rg/', '/rg-2/').replace(/wwi$/, 'second');
    await send('PUT', second, { location: 'westus2', properties: { sourceResourceId: CLUSTER } });
    expect(names(await send('GET', `${GROUP}/${PROVIDER}/serverGroupsv2`))).toEqual(['wwi']);
    const all = await send('GET', `${SUBSCRIPTION}/${PROVIDER}/serverGroupsv2`);
    expect(all.body['value']).toEqual([(await send('GET', CLUSTER)).body, (await send('GET', second)).body]);
    expect(names(await send('GET', `${SUBSCRIPTION}/resourceGroups`))).toEqual(['rg', 'rg-2']);
    expect((await send('GET', `${GROUP}-3/${PROVIDER}/serverGroupsv2`)).body.error.code).toBe(
      'ResourceGroupNotFound',
    );
  });

  it('show every parameter on the coordinator and on the workers', async () => {
    await send('PUT', `${CLUSTER}/coordinatorConfigurations/work_mem`, { properties: { value: '65536' } });
    const { body } = await send('GET', `${CLUSTER}/configurations`);
    const list = body['value'] as ArmAnswer['body'][];
    const { systemData } = (await send('GET', CLUSTER)).body;
    const workMem = {
      systemData,
      id: `${CLUSTER}/configurations/work_mem`,
      name: 'work_mem',
      type: 'Microsoft.DBforPostgreSQL/serverGroupsv2/configurations',
      properties: {
        dataType: 'Integer',
        allowedValues: '4096-2097151',
        requiresRestart: false,
        serverRoleGroupConfigurations: [
          { role: 'Coordinator', value: '65536', defaultValue: '4096', source: 'user-override' },
          { role: 'Worker', value: '4096', defaultValue: '4096', source: 'system-default' },
        ],
        provisioningState: 'Succeeded',
      },
    };
    expect(list.find((each) => each['name'] === 'work_mem')).toEqual(workMem);
    expect((await send('GET', `${CLUSTER}/configurations/work_mem`)).body).toEqual(workMem);
    const changed = list.filter((each) => JSON.stringify(each).includes('user-override'));
    expect(changed.map((each) => each['name'])).toEqual(['work_mem']);
    expect((await send('GET', `${CLUSTER}/configurations/nothing`)).status).toBe(404);
  });

  it('name the private endpoints that lead to a cluster', async () => {
    const endpoint = `${GROUP}/providers/Microsoft.Network/privateEndpoints/pe-wwi`;
    await send('PUT', endpoint, {
      location: 'westus2',
      properties: {
        subnet: { id: SUBNET },
        privateLinkServiceConnections: [
          { name: 'c', properties: { privateLinkServiceId: CLUSTER, groupIds: ['coordinator'] } },
        ],
      },
    });
    const { body } = await send('GET', `${CLUSTER}/privateEndpointConnections`);
    const [connection] = body['value'] as ArmAnswer['body'][];
    expect(connection).toMatchObject({
      properties: { groupIds: ['coordinator'], privateEndpoint: { id: endpoint } },
    });
    const path = `${CLUSTER}/privateEndpointConnections/${String(connection?.['name'])}`;
    expect((await send('GET', path)).body).toEqual(connection);
    expect((await send('GET', `${CLUSTER}/privateEndpointConnections/other`)).status).toBe(404);
    expect(names(await send('GET', `${GROUP}/providers/Microsoft.Network/privateEndpoints`))).toEqual([
      'pe-wwi',
    ]);
  });

  it('name the locks of a scope and of what lies below it', async () => {
    const locks = 'providers/Microsoft.Authorization/locks';
    const level = { properties: { level: 'CanNotDelete' } };
    await send('PUT', `${CLUSTER}/${locks}/of-cluster`, level);
    await send('PUT', `${GROUP}/${locks}/of-group`, level);
    expect(names(await send('GET', `${CLUSTER}/${locks}`))).toEqual(['of-cluster']);
    expect(names(await send('GET', `${GROUP}/${locks}`))).toEqual(['of-cluster', 'of-group']);
    expect((await send('GET', `${copyOf('other')}/${locks}`)).status).toBe(404);
  });

  it('name the diagnostic settings of one resource, and the alerts of a group', async () => {
    const insights = `${GROUP}/providers/Microsoft.Insights`;
    const workspace = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs`;
    await send('PUT', workspace, {
      location: 'westus2',
      properties: { sku: { name: 'PerGB2018' }, retentionInDays: 30 },
    });
    const settings = `${CLUSTER}/providers/Microsoft.Insights/diagnosticSettings`;
    expect(names(await send('GET', settings))).toEqual([]);
    const logs = [{ category: 'PostgreSQLLogs', enabled: true }];
    await send('PUT', `${settings}/to-logs`, { properties: { workspaceId: workspace, logs } });
    expect(names(await send('GET', settings))).toEqual(['to-logs']);
    await send('PUT', `${insights}/metricAlerts/cpu`, {
      location: 'global',
      properties: alertProperties([CLUSTER]),
    });
    expect(names(await send('GET', `${insights}/metricAlerts`))).toEqual(['cpu']);
  });

  it.each([
    ['free', true, ''],
    ['wwi', false, "The cluster name 'wwi' is already in use: names are unique in all of Azure."],
    ['Not_A_Name', false, expect.stringContaining('not allowed') as string],
  ])('say whether the name %s is to be had', async (name, nameAvailable, message) => {
    const type = 'Microsoft.DBforPostgreSQL/serverGroupsv2';
    const path = `${SUBSCRIPTION}/${PROVIDER}/checkNameAvailability`;
    const { body } = await send('POST', path, { name, type });
    expect(body).toEqual({ nameAvailable, message, name, type });
    expect((await send('POST', path, { name, type: 'Microsoft.Web/sites' })).status).toBe(400);
  });
});

describe('new clusters', () => {
  it('are refused as Azure refuses them, while those that are there go on and are copied', async () => {
    const azure = await startAzureStandIn({ operationMs: 0, newClusters: 'accepted' });
    try {
      const send = armClient(azure, azurermVersion);
      await createCluster(send, 0);
      azure.setNewClusters('refused');
      const cluster = (await send('GET', CLUSTER)).body;
      expect(await send('PUT', copyOf('another'), cluster)).toMatchObject({
        status: 400,
        body: {
          error: {
            message:
              'Provisioning new Azure Cosmos DB for PostgreSQL clusters is no longer supported as part of service retirement. Point-in-time restore and read replica operations remain available for existing clusters.',
          },
        },
      });
      expect((await send('GET', copyOf('another'))).status).toBe(404);
      expect((await send('PUT', CLUSTER, cluster)).status).toBe(200);
      expect((await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } })).status).toBe(202);
      const replica = { location: 'westus2', properties: { sourceResourceId: CLUSTER } };
      expect((await send('PUT', copyOf('replica'), replica)).status).toBe(201);
    } finally {
      await azure.close();
    }
  });

  it('are refused unless somebody asks for them', async () => {
    const azure = await startAzureStandIn({ operationMs: 0 });
    try {
      const send = armClient(azure, azurermVersion);
      await expect(createCluster(send, 0)).rejects.toThrow(/no longer supported/);
    } finally {
      await azure.close();
    }
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import type { Send } from './arm-client';
import {
  armClient,
  azurermVersion,
  CLUSTER,
  createCluster,
  GROUP,
  NETWORK,
  SUBNET,
  WITH_SUBNET,
} from './arm-client';

const ZONE = `${GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.postgres.cosmos.azure.com`;
const LINK = `${ZONE}/virtualNetworkLinks/wwi`;
const ENDPOINT = `${GROUP}/providers/Microsoft.Network/privateEndpoints/wwi-coordinator`;
const ZONE_GROUP = `${ENDPOINT}/privateDnsZoneGroups/default`;

const zone = { location: 'global', tags: { owner: 'sensors' } };
const link = (properties = {}): object => ({
  location: 'global',
  properties: { virtualNetwork: { id: NETWORK }, registrationEnabled: false, ...properties },
});
const endpoint = (subresource: string | undefined = 'coordinator', properties = {}): object => ({
  location: 'westus2',
  properties: {
    subnet: { id: SUBNET },
    privateLinkServiceConnections: [
      { name: 'wwi', properties: { privateLinkServiceId: CLUSTER, groupIds: [subresource] } },
    ],
    manualPrivateLinkServiceConnections: [],
    ipConfigurations: [],
    customNetworkInterfaceName: '',
    ...properties,
  },
});
const zoneGroup = (...zones: string[]): object => ({
  properties: {
    privateDnsZoneConfigs: zones.map((privateDnsZoneId, index) => ({
      name: `zone${String(index)}`,
      properties: { privateDnsZoneId },
    })),
  },
});

describe('Microsoft.Network', () => {
  let azure: AzureStandIn;
  let send: Send;

  beforeEach(async () => {
    const subnets = { ...WITH_SUBNET.surroundings?.subnets, [`${NETWORK}2/subnets/data`]: 'westus2' };
    azure = await startAzureStandIn({ surroundings: { subnets }, newClusters: 'accepted', operationMs: 0 });
    send = armClient(azure, azurermVersion);
    await createCluster(send, 2);
  });
  afterEach(() => azure.close());

  async function coordinatorName(): Promise<string> {
    const { serverNames } = (await send('GET', CLUSTER)).body.properties;
    return (serverNames as { fullyQualifiedDomainName: string }[])[0]!.fullyQualifiedDomainName;
  }

  describe('a private DNS zone', () => {
    it('is made with its start of authority, and deleted', async () => {
      expect((await send('PUT', ZONE, zone)).status).toBe(201);
      expect((await send('GET', ZONE)).body).toMatchObject({
        name: 'privatelink.postgres.cosmos.azure.com',
        location: 'global',
        tags: { owner: 'sensors' },
        properties: { numberOfRecordSets: 1, numberOfVirtualNetworkLinks: 0, provisioningState: 'Succeeded' },
      });
      expect((await send('GET', `${ZONE}/SOA/@`)).body.properties).toMatchObject({
        fqdn: 'privatelink.postgres.cosmos.azure.com.',
        ttl: 3600,
        soaRecord: { refreshTime: 3600 },
      });
      expect((await send('PUT', ZONE, zone)).status).toBe(200);
      expect((await send('DELETE', ZONE)).status).toBe(202);
      expect((await send('GET', ZONE)).status).toBe(404);
      expect((await send('GET', `${ZONE}/SOA/@`)).status).toBe(404);
      expect((await send('DELETE', ZONE)).status).toBe(204);
    });

    it('keeps what is written into its start of authority', async () => {
      await send('PUT', ZONE, zone);
      const email = 'admin.contoso.com';
      const soa = { ttl: 60, metadata: { a: 'b' }, soaRecord: { email, retryTime: 30 } };
      expect((await send('PUT', `${ZONE}/SOA/@`, { properties: soa })).status).toBe(200);
      expect((await send('GET', `${ZONE}/SOA/@`)).body.properties).toMatchObject({
        ttl: 60,
        metadata: { a: 'b' },
        soaRecord: { email, retryTime: 30, refreshTime: 3600 },
      });
      expect((await send('PUT', `${ZONE}/SOA/@`, { properties: { ttl: -1 } })).status).toBe(400);
    });

    it.each([
      ['a region', ZONE, { location: 'westus2' }, /List of available regions .* is 'global'/],
      ['no location', ZONE, {}, /'' is not available/],
      ['a name of Azure itself', `${ZONE.replace(/[^/]+$/, '')}azure.com`, zone, /'azure.com' is reserved/],
      ['a name of one label', `${ZONE.replace(/[^/]+$/, '')}local`, zone, /'local' is not allowed/],
      ['an empty label', `${ZONE.replace(/[^/]+$/, '')}a..b`, zone, /2 to 34 labels/],
    ])('is refused with %s', async (_, path, body, message) => {
      const refused = await send('PUT', path, body);
      expect(refused.status).toBe(400);
      expect(refused.body.error.message).toMatch(message);
      expect((await send('GET', path)).status).toBe(404);
    });

    it('cannot go before its links', async () => {
      await send('PUT', ZONE, zone);
      await send('PUT', LINK, link());
      const refused = await send('DELETE', ZONE);
      expect(refused).toMatchObject({ status: 409, body: { error: { code: 'CannotDeleteResource' } } });
      expect(refused.body.error.message).toContain(LINK);
      await send('DELETE', LINK);
      expect((await send('DELETE', ZONE)).status).toBe(202);
    });
  });

  describe('a link of a zone', () => {
    beforeEach(() => send('PUT', ZONE, zone));

    it('is made with the policy that the service gives to such zones, and deleted', async () => {
      expect((await send('PUT', LINK, link())).status).toBe(201);
      expect((await send('GET', LINK)).body.properties).toEqual({
        virtualNetwork: { id: NETWORK },
        registrationEnabled: false,
        resolutionPolicy: 'Default',
        provisioningState: 'Succeeded',
        virtualNetworkLinkState: 'Completed',
      });
      expect((await send('GET', ZONE)).body.properties['numberOfVirtualNetworkLinks']).toBe(1);
      expect((await send('PUT', LINK, link({ resolutionPolicy: 'NxDomainRedirect' }))).status).toBe(200);
      expect((await send('GET', LINK)).body.properties['resolutionPolicy']).toBe('NxDomainRedirect');
      expect((await send('DELETE', LINK)).status).toBe(202);
      expect((await send('GET', LINK)).status).toBe(404);
    });

    it.each([
      ['no network', link({ virtualNetwork: undefined }), /needs the resource id of a virtual network/],
      ['a subnet for a network', link({ virtualNetwork: { id: SUBNET } }), /data' is none/],
      [
        'a network that is not there',
        link({ virtualNetwork: { id: `${NETWORK}3` } }),
        /network resource not found for '.*hub3'/,
      ],
      ['registration that is no yes or no', link({ registrationEnabled: 'no' }), /true or false/],
      ['another policy', link({ resolutionPolicy: 'Never' }), /Default or NxDomainRedirect/],
      ['a region', { ...link(), location: 'westus2' }, /is 'global'/],
    ])('is refused with %s', async (_, body, message) => {
      const refused = await send('PUT', LINK, body);
      expect(refused.status).toBe(400);
      expect(refused.body.error.message).toMatch(message);
      expect((await send('GET', LINK)).status).toBe(404);
    });

    it('needs its zone, and stays with its network', async () => {
      expect((await send('PUT', LINK.replace('privatelink', 'other'), link())).status).toBe(404);
      await send('PUT', LINK, link());
      const moved = await send('PUT', LINK, link({ virtualNetwork: { id: `${NETWORK}2` } }));
      expect(moved.body.error.message).toMatch(/cannot be changed/);
    });

    it('is refused to a network that has a zone of that name already', async () => {
      await send('PUT', LINK, link());
      const otherGroup = GROUP.replace(/rg$/, 'other');
      const otherZone = ZONE.replace(GROUP, otherGroup);
      await send('PUT', otherGroup, { location: 'westus2' });
      await send('PUT', otherZone, zone);
      const refused = await send('PUT', `${otherZone}/virtualNetworkLinks/second`, link());
      expect(refused.status).toBe(400);
      expect(refused.body.error.message).toMatch(/multiple zones with overlapping namespaces/);
      const elsewhere = link({ virtualNetwork: { id: `${NETWORK}2` } });
      expect((await send('PUT', `${otherZone}/virtualNetworkLinks/second`, elsewhere)).status).toBe(201);
    });
  });

  describe('a private endpoint', () => {
    it('gets an interface with an address, and is a connection of the cluster', async () => {
      expect((await send('PUT', ENDPOINT, endpoint())).status).toBe(201);
      const { properties } = (await send('GET', ENDPOINT)).body;
      expect(properties).toMatchObject({
        provisioningState: 'Succeeded',
        subnet: { id: SUBNET },
        customDnsConfigs: [{ fqdn: await coordinatorName(), ipAddresses: ['10.0.0.4'] }],
        privateLinkServiceConnections: [
          { name: 'wwi', properties: { privateLinkServiceConnectionState: { status: 'Approved' } } },
        ],
      });
      const [{ id: nic }] = properties['networkInterfaces'] as [{ id: string }];
      expect((await send('GET', nic)).body.properties).toMatchObject({
        privateEndpoint: { id: ENDPOINT },
        ipConfigurations: [{ properties: { privateIPAddress: '10.0.0.4', subnet: { id: SUBNET } } }],
      });
      expect((await send('GET', CLUSTER)).body.properties['privateEndpointConnections']).toEqual([
        {
          id: expect.stringContaining(`${CLUSTER}/privateEndpointConnections/wwi-coordinator.`) as string,
          name: expect.stringMatching(/^wwi-coordinator\./) as string,
          type: 'Microsoft.DBforPostgreSQL/serverGroupsv2/privateEndpointConnections',
          properties: {
            groupIds: ['coordinator'],
            privateEndpoint: { id: ENDPOINT },
            privateLinkServiceConnectionState: {
              status: 'Approved',
              description: 'Auto-approved',
              actionsRequired: 'None',
            },
          },
        },
      ]);
      expect((await send('DELETE', ENDPOINT)).status).toBe(202);
      expect((await send('GET', nic)).status).toBe(404);
      expect((await send('GET', CLUSTER)).body.properties['privateEndpointConnections']).toEqual([]);
    });

    it('leads to a worker just as well, at the next address', async () => {
      await send('PUT', ENDPOINT, endpoint());
      expect((await send('PUT', `${ENDPOINT}-2`, endpoint('worker-1'))).status).toBe(201);
      expect((await send('GET', `${ENDPOINT}-2`)).body.properties['customDnsConfigs']).toMatchObject([
        { fqdn: expect.stringMatching(/^w1-wwi\./) as string, ipAddresses: ['10.0.0.5'] },
      ]);
    });

    it('takes the address and the name of an interface that it is given', async () => {
      const given = {
        customNetworkInterfaceName: 'nic-wwi',
        ipConfigurations: [
          {
            name: 'fixed',
            properties: {
              privateIPAddress: '10.9.8.7',
              groupId: 'coordinator',
              memberName: 'coordinator',
            },
          },
        ],
      };
      expect((await send('PUT', ENDPOINT, endpoint('coordinator', given))).status).toBe(201);
      const nic = `${GROUP}/providers/Microsoft.Network/networkInterfaces/nic-wwi`;
      expect((await send('GET', nic)).body.properties).toMatchObject({
        ipConfigurations: [{ properties: { privateIPAddress: '10.9.8.7' } }],
      });
      const second = await send('PUT', `${ENDPOINT}-2`, endpoint('coordinator', given));
      expect(second.body.error.code).toBe('PrivateIPAddressInUse');
    });

    it('waits for a yes where it was asked for by hand', async () => {
      const manual = {
        privateLinkServiceConnections: [],
        manualPrivateLinkServiceConnections: [
          {
            name: 'wwi',
            properties: {
              privateLinkServiceId: CLUSTER,
              groupIds: ['coordinator'],
              requestMessage: 'please',
            },
          },
        ],
      };
      await send('PUT', ENDPOINT, endpoint('coordinator', manual));
      expect((await send('GET', ENDPOINT)).body.properties).toMatchObject({
        manualPrivateLinkServiceConnections: [
          { properties: { privateLinkServiceConnectionState: { status: 'Pending', description: 'please' } } },
        ],
      });
    });

    it('outlives the cluster, disconnected', async () => {
      await send('PUT', ENDPOINT, endpoint());
      await send('DELETE', CLUSTER);
      expect((await send('GET', ENDPOINT)).body.properties).toMatchObject({
        customDnsConfigs: [],
        privateLinkServiceConnections: [
          { properties: { privateLinkServiceConnectionState: { status: 'Disconnected' } } },
        ],
      });
      expect((await send('DELETE', ENDPOINT)).status).toBe(202);
    });

    const connection = (privateLinkServiceId: string, groupIds: unknown): object => ({
      privateLinkServiceConnections: [{ name: 'wwi', properties: { privateLinkServiceId, groupIds } }],
    });
    it.each([
      ['no location', { properties: {} }, 'LocationRequired'],
      ['no subnet', endpoint('coordinator', { subnet: undefined }), 'InvalidRequestFormat'],
      [
        'a network for a subnet',
        endpoint('coordinator', { subnet: { id: NETWORK } }),
        'InvalidRequestFormat',
      ],
      [
        'no connection',
        endpoint('coordinator', { privateLinkServiceConnections: [] }),
        'InvalidRequestFormat',
      ],
      [
        'a cluster that is not there',
        endpoint('', connection(`${CLUSTER}x`, ['coordinator'])),
        'InvalidResourceReference',
      ],
      [
        'something that is no cluster',
        endpoint('', connection(GROUP, ['coordinator'])),
        'InvalidResourceReference',
      ],
      [
        'a subnet that is not there',
        endpoint('coordinator', { subnet: { id: `${SUBNET}2` } }),
        'InvalidResourceReference',
      ],
      ['a subnet of another region', { ...endpoint(), location: 'eastus2' }, 'InvalidResourceReference'],
      ['no sub-resource', endpoint('', connection(CLUSTER, [])), 'InvalidGroupId'],
      ['two sub-resources', endpoint('', connection(CLUSTER, ['coordinator', 'worker-0'])), 'InvalidGroupId'],
      ["another service's sub-resource", endpoint('postgresqlServer'), 'InvalidGroupId'],
      ['a worker that is not there', endpoint('worker-2'), 'InvalidGroupId'],
      [
        'an address that is none',
        endpoint('coordinator', { ipConfigurations: [{ properties: { privateIPAddress: '10.0.0.300' } }] }),
        'InvalidIPAddress',
      ],
      [
        'an address for another member',
        endpoint('coordinator', {
          ipConfigurations: [
            { properties: { privateIPAddress: '10.0.0.30', groupId: 'coordinator', memberName: 'default' } },
          ],
        }),
        'InvalidGroupId',
      ],
    ])('is refused with %s', async (_, body, code) => {
      expect(await send('PUT', ENDPOINT, body)).toMatchObject({ status: 400, body: { error: { code } } });
      expect((await send('GET', ENDPOINT)).status).toBe(404);
      expect((await send('GET', CLUSTER)).body.properties['privateEndpointConnections']).toEqual([]);
    });

    it('changes its tags, and neither its subnet nor what it leads to', async () => {
      await send('PUT', ENDPOINT, endpoint());
      const tagged = { ...endpoint(), tags: { owner: 'platform' } };
      expect((await send('PUT', ENDPOINT, tagged)).status).toBe(200);
      expect((await send('GET', ENDPOINT)).body).toMatchObject({
        tags: { owner: 'platform' },
        properties: { customDnsConfigs: [{ ipAddresses: ['10.0.0.4'] }] },
      });
      for (const body of [
        endpoint('worker-0'),
        endpoint('coordinator', { subnet: { id: `${NETWORK}/subnets/other` } }),
      ]) {
        expect((await send('PUT', ENDPOINT, body)).body.error.code).toBe('PropertyChangeNotAllowed');
      }
    });
  });

  describe('a zone group', () => {
    beforeEach(async () => {
      await send('PUT', ZONE, zone);
      await send('PUT', ENDPOINT, endpoint());
    });

    it('puts the endpoint into the zone, for as long as it is there', async () => {
      const name = (await coordinatorName()).replace('.postgres.cosmos.azure.com', '');
      expect((await send('PUT', ZONE_GROUP, zoneGroup(ZONE))).status).toBe(201);
      expect((await send('GET', ZONE_GROUP)).body.properties).toMatchObject({
        privateDnsZoneConfigs: [
          {
            properties: {
              privateDnsZoneId: ZONE,
              recordSets: [{ recordType: 'A', recordSetName: name, ipAddresses: ['10.0.0.4'] }],
            },
          },
        ],
      });
      expect((await send('GET', `${ZONE}/A/${name}`)).body).toMatchObject({
        properties: {
          fqdn: `${name}.privatelink.postgres.cosmos.azure.com.`,
          aRecords: [{ ipv4Address: '10.0.0.4' }],
        },
      });
      expect((await send('GET', ZONE)).body.properties['numberOfRecordSets']).toBe(2);
      expect((await send('GET', ENDPOINT)).body.properties['customDnsConfigs']).toEqual([]);
      const listed = await send('GET', `${ENDPOINT}/privateDnsZoneGroups`);
      expect(listed.body).toMatchObject({ value: [{ id: ZONE_GROUP }] });

      expect((await send('DELETE', ZONE_GROUP)).status).toBe(202);
      expect((await send('GET', `${ZONE}/A/${name}`)).status).toBe(404);
      expect((await send('GET', ZONE)).body.properties['numberOfRecordSets']).toBe(1);
    });

    it('goes with its endpoint, and its record with it', async () => {
      await send('PUT', ZONE_GROUP, zoneGroup(ZONE));
      await send('DELETE', ENDPOINT);
      expect((await send('GET', ZONE_GROUP)).status).toBe(404);
      expect((await send('GET', ZONE)).body.properties['numberOfRecordSets']).toBe(1);
    });

    it('makes no record in the zone of another service', async () => {
      const other = ZONE.replace('postgres.cosmos', 'postgres.database');
      await send('PUT', other, zone);
      await send('PUT', ZONE_GROUP, zoneGroup(other));
      expect((await send('GET', other)).body.properties['numberOfRecordSets']).toBe(1);
    });

    it.each([
      ['no zone', zoneGroup(), 'InvalidRequestFormat'],
      ['a zone that is not there', zoneGroup(`${ZONE}x`), 'InvalidResourceReference'],
      ['something that is no zone', zoneGroup(CLUSTER), 'InvalidResourceReference'],
      ['six zones', zoneGroup(...Array.from({ length: 6 }, () => ZONE)), 'InvalidRequestFormat'],
    ])('is refused with %s', async (_, body, code) => {
      expect(await send('PUT', ZONE_GROUP, body)).toMatchObject({ status: 400, body: { error: { code } } });
      expect((await send('GET', ZONE_GROUP)).status).toBe(404);
    });

    it('is one for an endpoint, and needs one', async () => {
      await send('PUT', ZONE_GROUP, zoneGroup(ZONE));
      expect((await send('PUT', `${ZONE_GROUP}2`, zoneGroup(ZONE))).body.error.code).toBe(
        'PrivateDnsZoneGroupLimitExceeded',
      );
      expect((await send('PUT', ZONE_GROUP.replace('coordinator', 'x'), zoneGroup(ZONE))).status).toBe(404);
    });
  });
});

describe('an endpoint and its cluster', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'azure-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const role = { properties: { password: 'Role-of-app-1' } };
  const app = `${CLUSTER}/roles/app`;

  type Step = readonly [method: string, path: string, body?: object];
  it.each<[string, Step, Step]>([
    ['making one while a role is made', ['PUT', app, role], ['PUT', ENDPOINT, endpoint()]],
    ['making a role while one is made', ['PUT', ENDPOINT, endpoint()], ['PUT', app, role]],
    [
      'deleting one while the cluster is scaled',
      ['PATCH', CLUSTER, { properties: { nodeCount: 3 } }],
      ['DELETE', `${ENDPOINT}-old`],
    ],
    [
      'scaling the cluster while one is deleted',
      ['DELETE', `${ENDPOINT}-old`],
      ['PATCH', CLUSTER, { properties: { nodeCount: 3 } }],
    ],
  ])('are changed one after the other: refuses %s', async (_, first, second) => {
    const stateFile = join(directory, 'azure.json');
    const quick = await startAzureStandIn({
      ...WITH_SUBNET,
      newClusters: 'accepted',
      operationMs: 0,
      stateFile,
    });
    const prepare = armClient(quick, azurermVersion);
    await createCluster(prepare, 2);
    await prepare('PUT', `${ENDPOINT}-old`, endpoint());
    await quick.close();

    const slow = await startAzureStandIn({
      ...WITH_SUBNET,
      newClusters: 'accepted',
      operationMs: 60_000,
      stateFile,
    });
    const send = armClient(slow, azurermVersion);
    try {
      expect((await send(...first)).status).toBeLessThan(300);
      expect(await send(...second)).toMatchObject({
        status: 409,
        body: { error: { code: 'AnotherOperationInProgress' } },
      });
    } finally {
      await slow.close();
    }
  });
});

import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import type { ArmAnswer, Send } from './arm-client';
import { armClient, azurermVersion, GROUP } from './arm-client';
import { dataPlane } from './data-plane-client';

const ACCOUNT = `${GROUP}/providers/Microsoft.Storage/storageAccounts/wwistate`;
const BLOBS = `${ACCOUNT}/blobServices/default`;

describe('storage accounts', () => {
  let azure: AzureStandIn;
  let send: Send;

  beforeEach(async () => {
    azure = await startAzureStandIn({ operationMs: 0 });
    send = armClient(azure, azurermVersion);
    await send('PUT', GROUP, { location: 'westus2' });
  });
  afterEach(() => azure.close());

  const create = (properties: object = {}, extra: object = {}, id = ACCOUNT): Promise<ArmAnswer> =>
    send('PUT', id, {
      location: 'westus2',
      kind: 'StorageV2',
      sku: { name: 'Standard_GRS', tier: 'Standard' },
      properties: { minimumTlsVersion: 'TLS1_2', allowBlobPublicAccess: false, ...properties },
      ...extra,
    });

  it('are made, changed and deleted, with kind and SKU beside the properties', async () => {
    const { status, body } = await create();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: 'StorageV2',
      sku: { name: 'Standard_GRS', tier: 'Standard' },
      properties: {
        primaryEndpoints: { blob: 'https://wwistate.blob.core.windows.net/' },
        minimumTlsVersion: 'TLS1_2',
        networkAcls: { defaultAction: 'Allow' },
      },
    });
    expect(body).not.toHaveProperty('hidden');
    await create({ minimumTlsVersion: 'TLS1_3' }, { sku: { name: 'Standard_ZRS' } });
    expect((await send('GET', ACCOUNT)).body).toMatchObject({
      sku: { name: 'Standard_ZRS', tier: 'Standard' },
      properties: { minimumTlsVersion: 'TLS1_3', allowBlobPublicAccess: false },
    });
    expect((await send('DELETE', ACCOUNT)).status).toBe(200);
    expect((await send('GET', ACCOUNT)).status).toBe(404);
  });

  it('hand out keys that stay the same', async () => {
    await create({ allowSharedKeyAccess: false });
    const keys = (await send('POST', `${ACCOUNT}/listKeys`)).body;
    expect(keys['keys']).toMatchObject([{ keyName: 'key1', permissions: 'FULL' }, { keyName: 'key2' }]);
    expect((await send('POST', `${ACCOUNT}/listKeys`)).body).toEqual(keys);
  });

  it.each([
    ['a replication that is none', {}, { sku: { name: 'Standard_XRS' } }, /sku\.name/],
    ['a kind that is none', {}, { kind: 'V2' }, /property kind/],
    ['files on standard disks', {}, { kind: 'FileStorage' }, /of the kind FileStorage/],
    ['a region that is none', {}, { location: 'narnia' }, /'narnia' is not available/],
    ['a TLS version that is none', { minimumTlsVersion: '1.2' }, {}, /minimumTlsVersion/],
    ['a default action that is none', { networkAcls: { defaultAction: 'No' } }, {}, /Allow or Deny/],
    [
      'a range of one address',
      { networkAcls: { defaultAction: 'Deny', ipRules: [{ value: '203.0.113.8/32' }] } },
      {},
      /up to \/30/,
    ],
    [
      'a private address',
      { networkAcls: { defaultAction: 'Deny', ipRules: [{ value: '192.168.1.4' }] } },
      {},
      /public IPv4/,
    ],
  ])('refuse %s', async (_, properties, extra, message) => {
    const { status, body } = await create(properties, extra);
    expect([status, body.error.message]).toEqual([400, expect.stringMatching(message)]);
    expect((await send('GET', ACCOUNT)).status).toBe(404);
  });

  it('refuse a name that is none or taken, and another tier', async () => {
    expect((await create({}, {}, `${ACCOUNT}-2`)).body.error.message).toMatch(/lower-case letters only/);
    await create();
    const other = GROUP.replace(/rg$/, 'other');
    await send('PUT', other, { location: 'westus2' });
    expect((await create({}, {}, ACCOUNT.replace(GROUP, other))).body.error.code).toBe(
      'StorageAccountAlreadyTaken',
    );
    expect((await create({}, { sku: { name: 'Premium_LRS' } })).body.error.message).toMatch(/tier/);
  });

  it.each([
    ['another region', {}, { location: 'eastus' }, /already exists in location 'westus2'/],
    ['another kind', {}, { kind: 'BlobStorage' }, /from StorageV2 to BlobStorage/],
    ['directories', { isHnsEnabled: true }, {}, /'isHnsEnabled' .* cannot be updated/],
    [
      'encryption twice over',
      { encryption: { requireInfrastructureEncryption: true } },
      {},
      /'encryption\.requireInfrastructureEncryption'/,
    ],
  ])('never get %s once they are made', async (_, properties, extra, message) => {
    await create();
    const before = (await send('GET', ACCOUNT)).body;
    expect((await create(properties, extra)).body.error.message).toMatch(message);
    expect((await send('GET', ACCOUNT)).body).toEqual(before);
  });

  it('of an older kind become StorageV2', async () => {
    await create({}, { kind: 'Storage' });
    expect((await create()).body['kind']).toBe('StorageV2');
  });

  it('have services that are set on their own', async () => {
    await create();
    expect((await send('GET', BLOBS)).body.properties).toMatchObject({
      deleteRetentionPolicy: { enabled: false },
    });
    const kept = { isVersioningEnabled: true, deleteRetentionPolicy: { enabled: true, days: 30 } };
    expect((await send('PUT', BLOBS, { properties: kept })).status).toBe(200);
    expect((await send('GET', BLOBS)).body.properties).toMatchObject(kept);
    expect((await send('GET', `${ACCOUNT}/fileServices/default`)).body.properties).toMatchObject({
      shareDeleteRetentionPolicy: { enabled: true, days: 7 },
    });
  });

  it.each([
    ['a retention of no days', { deleteRetentionPolicy: { enabled: true, days: 0 } }, /from 1 to 365/],
    ['a restore without versions', { restorePolicy: { enabled: true, days: 6 } }, /versioning/],
  ])('refuse %s', async (_, properties, message) => {
    await create();
    expect((await send('PUT', BLOBS, { properties })).body.error.message).toMatch(message);
  });

  it('have containers, none of them public where the account forbids it', async () => {
    await create();
    const container = `${BLOBS}/containers/tfstate`;
    expect(
      (await send('PUT', container, { properties: { publicAccess: 'None', metadata: {} } })).status,
    ).toBe(201);
    expect(
      (await send('PATCH', container, { properties: { metadata: { a: 'b' } } })).body.properties,
    ).toMatchObject({
      publicAccess: 'None',
      metadata: { a: 'b' },
      hasLegalHold: false,
    });
    expect((await send('PATCH', container, { properties: { publicAccess: 'Blob' } })).body.error.code).toBe(
      'PublicAccessNotPermitted',
    );
    expect((await send('PUT', `${BLOBS}/containers/TF`, {})).status).toBe(400);
    const perhaps = { properties: { publicAccess: 'Perhaps' } };
    expect((await send('PATCH', container, perhaps)).body.error.message).toMatch(/"Perhaps" is not allowed/);
    expect((await send('DELETE', container)).status).toBe(200);
    expect((await send('GET', container)).body.error.code).toBe('ContainerNotFound');
  });

  it('answer under their own names with what their services are set to, to whom has a token', async () => {
    await create();
    const address = 'https://wwistate.blob.core.windows.net/?restype=service&comp=properties';
    expect((await dataPlane(azure, 'GET', address)).status).toBe(401);
    expect(await dataPlane(azure, 'GET', address, { token: 'x' })).toMatchObject({
      status: 200,
      text: expect.stringContaining('<StaticWebsite><Enabled>false</Enabled></StaticWebsite>') as string,
    });
    expect((await dataPlane(azure, 'GET', address.replace('blob', 'queue'), { token: 'x' })).status).toBe(
      200,
    );
    expect((await dataPlane(azure, 'GET', address.replace('wwistate', 'other'), { token: 'x' })).status).toBe(
      404,
    );
    expect(
      (await dataPlane(azure, 'GET', 'https://wwistate.blob.core.windows.net/?comp=list', { token: 'x' }))
        .status,
    ).toBe(501);
  });
});

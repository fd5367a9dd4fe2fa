import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../../scripts/local/azure/http/server';
import type { ArmAnswer, Send } from '../arm-client';
import { armClient, azurermVersion, CLUSTER, GROUP } from '../arm-client';

const copyOf = (name: string): string => CLUSTER.replace(/wwi$/, encodeURIComponent(name));
const TIB = 1_048_576;
const single = {
  administratorLoginPassword: 'Rehearsal-only-7',
  nodeCount: 0,
  coordinatorVCores: 4,
  coordinatorStorageQuotaInMb: TIB / 2,
};
const scaled = { ...single, nodeCount: 2 };
const tagsOf = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`tag${String(index)}`, 'x']));

let azure: AzureStandIn;
let send: Send;

beforeEach(async () => {
  azure = await startAzureStandIn({ operationMs: 0, newClusters: 'accepted' });
  send = armClient(azure, azurermVersion);
  await send('PUT', GROUP, { location: 'westus2' });
});
afterEach(() => azure.close());

const create = (properties: object, extra: object = {}, path = CLUSTER): Promise<ArmAnswer> =>
  send('PUT', path, { location: 'westus2', properties, ...extra });
const copy = (name: string, properties: object = {}, location = 'westus2'): Promise<ArmAnswer> =>
  create({ sourceResourceId: CLUSTER, ...properties }, { location }, copyOf(name));

/** The sentence that refuses a request, which has to. */
function refusal({ status, body }: ArmAnswer): string {
  expect([status, body]).toEqual([400, expect.anything()]);
  return body.error.message;
}

describe('a new cluster is refused with', () => {
  it.each(['db', 'a', '12345', 'Wwi', 'wwi_1', '-wwi', 'wwi-', 'a'.repeat(41)])(
    'the name %s',
    async (name) => {
      expect(refusal(await create(single, {}, copyOf(name)))).toContain(`'${name}' is not allowed`);
    },
  );

  it.each<[string, object, RegExp]>([
    ['a retired PostgreSQL', { ...single, postgresqlVersion: '14' }, /'14' is retired/],
    ['a PostgreSQL to come', { ...single, postgresqlVersion: '17' }, /'17' is not supported/],
    ['a PostgreSQL that is none', { ...single, postgresqlVersion: 'banana' }, /'banana' is not supported/],
    ['a number for a PostgreSQL', { ...single, postgresqlVersion: 16 }, /it is text/],
    ['a Citus that there is not', { ...single, citusVersion: '99.9' }, /Citus version '99.9'/],
    ['a Citus of another PostgreSQL', { ...single, citusVersion: '11.1' }, /it is one of 12.1/],
    ['3 vCores', { ...single, coordinatorVCores: 3 }, /no valid SKU/],
    ['104 vCores at the coordinator', { ...scaled, coordinatorVCores: 104 }, /no valid SKU/],
    ['96 vCores on a single node', { ...single, coordinatorVCores: 96 }, /no valid SKU/],
    ['storage of no size', { ...single, coordinatorStorageQuotaInMb: 200_000 }, /200000 MB/],
    ['storage of a sum', { ...scaled, coordinatorStorageQuotaInMb: 574_464 }, /574464 MB/],
    ['4 TiB on a single node', { ...single, coordinatorStorageQuotaInMb: 4 * TIB }, /A single node has/],
    ['2 TiB beside 4 vCores', { ...single, coordinatorStorageQuotaInMb: 2 * TIB }, /at least 8 vCores/],
    ['5 vCores a worker', { ...scaled, nodeVCores: 5 }, /no valid SKU/],
    ['128 vCores a worker', { ...scaled, nodeVCores: 128 }, /no valid SKU/],
    ['worker storage of no size', { ...scaled, nodeStorageQuotaInMb: 600_000 }, /600000 MB/],
    ['64 TiB a worker', { ...scaled, nodeStorageQuotaInMb: 64 * TIB }, /A worker node has/],
    ['two workers and a half', { ...scaled, nodeCount: 2.5 }, /a whole number/],
    ['an edition that there is not', { ...single, coordinatorServerEdition: 'Gold' }, /it is one of/],
    ['burstable workers', { ...scaled, nodeServerEdition: 'BurstableGeneralPurpose' }, /it is one of/],
    ['a ninth day', { ...single, maintenanceWindow: { dayOfWeek: 9 } }, /maintenanceWindow.dayOfWeek/],
    ['a 30th hour', { ...single, maintenanceWindow: { startHour: 30 } }, /from 0 to 23/],
    ['a 75th minute', { ...single, maintenanceWindow: { startMinute: 75 } }, /from 0 to 59/],
    [
      'a window that may be',
      { ...single, maintenanceWindow: { customWindow: 'Maybe' } },
      /Enabled, Disabled/,
    ],
    ['a window in words', { ...single, maintenanceWindow: 'sunday' }, /it is an object/],
    ['a zone that there is not', { ...single, preferredPrimaryZone: '7' }, /it is one of 1, 2, 3/],
    ['words for yes', { ...single, enableHa: 'yes' }, /true or false/],
  ])('%s', async (_, properties, message) => {
    expect(refusal(await create(properties))).toMatch(message);
    expect((await send('GET', CLUSTER)).status).toBe(404);
  });

  it.each<[string, object, RegExp]>([
    ['a region that there is not', { location: 'narnia' }, /'narnia' is not available/],
    ['a region of other services', { location: 'norwaywest' }, /'norwaywest' is not available/],
    ['51 tags', { tags: tagsOf(51) }, /51 tags/],
    ['a number for a tag', { tags: { cost: 7 } }, /'cost' is not text/],
    ['300 characters in a tag', { tags: { cost: 'x'.repeat(300) } }, /has 300 characters/],
    ['a tag with a slash in its name', { tags: { 'cost/centre': 'x' } }, /'cost\/centre' is not allowed/],
    ['tags in words', { tags: 'cost' }, /tags are an object/],
  ])('%s', async (_, extra, message) => {
    expect(refusal(await create(single, extra))).toMatch(message);
  });

  it('a zone where there are none', async () => {
    const properties = { ...single, preferredPrimaryZone: '1' };
    expect(refusal(await create(properties, { location: 'westcentralus' }))).toMatch(/no availability zones/);
    expect((await create(properties)).status).toBe(201);
  });
});

describe('a group is refused with', () => {
  it.each(['../../etc', 'a\0b', 'g'.repeat(91), 'dot.', 'a b'])('the name %j', async (name) => {
    const path = GROUP.replace(/rg$/, encodeURIComponent(name));
    expect(refusal(await send('PUT', path, { location: 'westus2' }))).toMatch(/group name .* is not valid/);
  });
});

describe('a change is refused with', () => {
  it.each<[string, object, RegExp]>([
    ['PostgreSQL 17', { postgresqlVersion: '17' }, /'17' is not supported/],
    ['PostgreSQL 18', { postgresqlVersion: '18' }, /'18' is not supported/],
    ['an older Citus', { citusVersion: '11.3' }, /Citus cannot be downgraded from 12.1 to 11.3/],
    ['sizes of no SKU', { coordinatorVCores: 6 }, /no valid SKU/],
    ['a worker that is half', { nodeCount: 2.5 }, /a whole number/],
    ['words for no', { enableHa: 'no' }, /true or false/],
  ])('%s', async (_, properties, message) => {
    await create({ ...single, postgresqlVersion: '15' });
    const before = (await send('GET', CLUSTER)).body;
    expect(refusal(await send('PATCH', CLUSTER, { properties }))).toMatch(message);
    expect((await send('GET', CLUSTER)).body).toEqual(before);
  });
});

describe('a firewall rule is refused with', () => {
  it.each<[string, string, string, string, RegExp]>([
    ['a word for an address', 'office', 'banana', '203.0.113.8', /an IPv4 address/],
    ['an IPv6 address', 'office', '::1', '::1', /an IPv4 address/],
    ['an octet too large', 'office', '203.0.113.8', '256.1.1.1', /an IPv4 address/],
    ['its end before its start', 'office', '203.0.113.8', '203.0.113.7', /ends at .* before it starts/],
    ['a space in its name', 'the office', '203.0.113.8', '203.0.113.8', /'the office' is not allowed/],
  ])('%s', async (_, name, startIpAddress, endIpAddress, message) => {
    await create(single);
    const path = `${CLUSTER}/firewallRules/${encodeURIComponent(name)}`;
    const put = send('PUT', path, { properties: { startIpAddress, endIpAddress } });
    expect(refusal(await put)).toMatch(message);
  });

  it('nothing where it lets all of Azure in, or everybody', async () => {
    await create(single);
    for (const endIpAddress of ['0.0.0.0', '255.255.255.255']) {
      const properties = { startIpAddress: '0.0.0.0', endIpAddress };
      expect((await send('PUT', `${CLUSTER}/firewallRules/azure`, { properties })).status).toBeLessThan(202);
    }
  });
});

describe('a read replica', () => {
  beforeEach(async () => {
    await create(scaled);
    await copy('replica', { coordinatorEnablePublicIpAccess: false, enableHa: true });
  });

  it('is public and without a standby, whatever a request says', async () => {
    expect((await send('GET', copyOf('replica'))).body.properties).toMatchObject({
      coordinatorEnablePublicIpAccess: true,
      enableHa: false,
      nodeCount: 2,
    });
  });

  it.each<[string, object, RegExp]>([
    ['other workers', { nodeCount: 3 }, /number of worker nodes of a read replica/],
    ['more storage', { nodeStorageQuotaInMb: TIB }, /storage of its worker nodes/],
    ['more storage at the coordinator', { coordinatorStorageQuotaInMb: TIB }, /storage of its coordinator/],
    ['a standby', { enableHa: true }, /high availability/],
  ])('is refused %s', async (_, properties, message) => {
    expect(refusal(await send('PATCH', copyOf('replica'), { properties }))).toMatch(message);
  });

  it('can have more vCores', async () => {
    const properties = { nodeVCores: 8 };
    expect((await send('PATCH', copyOf('replica'), { properties })).status).toBe(202);
  });

  it('has the roles of its source, and takes no other', async () => {
    const role = { properties: { password: 'Role-of-app-1' } };
    expect(refusal(await send('PUT', `${copyOf('replica')}/roles/app`, role))).toMatch(/is a read replica/);
    await send('PUT', `${CLUSTER}/roles/app`, role);
    await copy('second');
    expect((await send('GET', `${copyOf('second')}/roles/app`)).status).toBe(200);
    expect(refusal(await send('DELETE', `${copyOf('second')}/roles/app`))).toMatch(/is a read replica/);
  });

  it('has no replicas of its own, and four others besides', async () => {
    const ofReplica = { sourceResourceId: copyOf('replica') };
    expect(refusal(await copy('of-replica', ofReplica))).toMatch(/replicas of its own/);
    for (const name of ['two', 'three', 'four', 'five']) expect((await copy(name)).status).toBe(201);
    expect(refusal(await copy('six'))).toMatch(/5 read replicas already/);
  });
});

describe('a restore', () => {
  const backup = async (): Promise<object> => ({
    pointInTimeUTC: (await send('GET', CLUSTER)).body.properties['earliestRestoreTime'],
  });

  it('keeps the roles of its source, and is refused in another region', async () => {
    await create(scaled);
    await send('PUT', `${CLUSTER}/roles/app`, { properties: { password: 'Role-of-app-1' } });
    const properties = await backup();
    expect((await copy('restored', properties)).status).toBe(201);
    expect((await send('GET', `${copyOf('restored')}/roles`)).body['value']).toMatchObject([
      { id: `${copyOf('restored')}/roles/app`, name: 'app' },
    ]);
    expect(refusal(await copy('elsewhere', properties, 'eastus'))).toMatch(/geo-redundant backup/);
  });

  it('has no roles where it fails', async () => {
    await create(scaled);
    await send('PUT', `${CLUSTER}/roles/app`, { properties: { password: 'Role-of-app-1' } });
    azure.inject({ path: /restored$/, answer: { kind: 'operationFails' } });
    await copy('restored', await backup());
    expect((await send('GET', `${copyOf('restored')}/roles/app`)).status).toBe(404);
  });

  it('has the versions and sizes of its source', async () => {
    await create({ ...scaled, postgresqlVersion: '15', citusVersion: '11.3' });
    const stated = { ...(await backup()), nodeCount: 4, postgresqlVersion: '16', citusVersion: '12.1' };
    expect((await copy('restored', stated)).status).toBe(201);
    expect((await send('GET', copyOf('restored'))).body.properties).toMatchObject({
      postgresqlVersion: '15',
      citusVersion: '11.3',
      nodeCount: 2,
    });
  });
});

describe('a cluster', () => {
  it('keeps what a client may say of it, and nothing else', async () => {
    const readOnly = {
      administratorLogin: 'root',
      earliestRestoreTime: '2020-01-01T00:00:00Z',
      serverNames: [],
      authConfig: { activeDirectoryAuth: 'enabled' },
      nonsense: true,
    };
    await create({ ...single, ...readOnly });
    const { properties } = (await send('GET', CLUSTER)).body;
    await send('PATCH', CLUSTER, { properties: { ...readOnly, sourceResourceId: copyOf('other') } });
    expect((await send('GET', CLUSTER)).body.properties).toEqual(properties);
    expect(properties).toMatchObject({ administratorLogin: 'citus', serverNames: [{ name: 'wwi-c' }] });
    expect(properties['earliestRestoreTime']).not.toBe('2020-01-01T00:00:00Z');
    for (const name of ['authConfig', 'nonsense']) expect(properties).not.toHaveProperty(name);
  });

  it('changes what a change names, within its maintenance window too', async () => {
    await create({ ...single, maintenanceWindow: { customWindow: 'Enabled', dayOfWeek: 2, startHour: 1 } });
    await send('PATCH', CLUSTER, { properties: { maintenanceWindow: { startHour: 3 } } });
    expect((await send('GET', CLUSTER)).body.properties['maintenanceWindow']).toEqual({
      customWindow: 'Enabled',
      dayOfWeek: 2,
      startHour: 3,
      startMinute: 0,
    });
  });

  it('is in a region however that is written', async () => {
    expect((await create(single, { location: 'West US 2' })).body['location']).toBe('westus2');
    expect((await create(single, { location: 'westus2' })).status).toBe(200);
    expect((await create(single, { location: 'East US' })).status).toBe(409);
  });

  it('gets the newest Citus with an upgrade of PostgreSQL', async () => {
    await create({ ...single, postgresqlVersion: '15', citusVersion: '11.1' });
    await send('PATCH', CLUSTER, { properties: { postgresqlVersion: '16' } });
    expect((await send('GET', CLUSTER)).body.properties).toMatchObject({
      postgresqlVersion: '16',
      citusVersion: '12.1',
    });
  });

  it('of one node has workers like its coordinator, which can be too small', async () => {
    await create({ ...single, coordinatorVCores: 2, coordinatorStorageQuotaInMb: TIB / 8 });
    expect((await send('GET', CLUSTER)).body.properties).toMatchObject({
      nodeVCores: 2,
      nodeStorageQuotaInMb: TIB / 8,
    });
    const scale = { nodeCount: 2, coordinatorVCores: 4 };
    expect(refusal(await send('PATCH', CLUSTER, { properties: scale }))).toMatch(/no valid SKU .* node/);
    const stated = { ...scale, nodeVCores: 4, nodeStorageQuotaInMb: TIB / 2 };
    expect((await send('PATCH', CLUSTER, { properties: stated })).status).toBe(202);
  });
});

import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../../scripts/local/azure/http/server';
import type { ArmAnswer, Send } from '../arm-client';
import { GROUP } from '../arm-client';
import { ELASTIC, elasticClient, elasticWith, refusalOf, SERVER, serverOf } from './elastic';

let azure: AzureStandIn;
let send: Send;

beforeEach(async () => {
  azure = await startAzureStandIn({ operationMs: 0, takenNames: ['taken'] });
  send = elasticClient(azure);
  await send('PUT', GROUP, { location: 'westus2' });
});
afterEach(() => azure.close());

const create = (body: object = ELASTIC, path = SERVER): Promise<ArmAnswer> => send('PUT', path, body);
const patch = (properties: object, extra: object = {}): Promise<ArmAnswer> =>
  send('PATCH', SERVER, { properties, ...extra });
const cluster = (clusterSize: unknown, defaultDatabaseName: unknown = 'sensors') => ({
  cluster: { clusterSize, defaultDatabaseName },
});
const storage = (storageSizeGB: unknown, more: object = {}) => ({
  storage: { autoGrow: 'Disabled', storageSizeGB, ...more },
});

describe('a new elastic cluster is refused with', () => {
  it.each(['ab', 'Wwi', 'wwi_1', '-wwi', 'wwi-', 'a'.repeat(64)])('the name %s', async (name) => {
    expect(refusalOf(await create(ELASTIC, serverOf(name)))).toContain(`'${name}' is not allowed`);
  });

  it.each<[string, object, RegExp]>([
    ['PostgreSQL 16', { version: '16' }, /'16' is not available to elastic clusters; it is 17/],
    ['PostgreSQL 18', { version: '18' }, /'18' is not available to elastic clusters/],
    ['a number for a PostgreSQL', { version: 17 }, /it is text/],
    ['no node', cluster(0), /size 0 is not allowed: an elastic cluster has from 1 to 20 nodes/],
    ['21 nodes', cluster(21), /size 21 is not allowed/],
    ['half a node', cluster(2.5), /'cluster.clusterSize' is 2.5; it is a whole number/],
    ['a word for a size', cluster('3'), /it is a whole number/],
    ['a database that begins with a digit', cluster(1, '1st'), /database name '1st' is not allowed/],
    ['a database that begins with a hyphen', cluster(1, '-x'), /begins with a letter or an underscore/],
    ['a database of the service', cluster(1, 'azure_sys'), /'azure_sys' is reserved/],
    ['storage of no size', storage(100), /storage size 100 GB is not allowed; it is one of 32, 64/],
    ['no storage', { storage: {} }, /storage size 0 GB/],
    ['a tier that is too small', storage(128, { tier: 'P6' }), /tier 'P6' is not available to 128 GB/],
    ['a tier of a large disk', storage(128, { tier: 'P60' }), /tier 'P60' is not available/],
    ['auto-grow', storage(128, { autoGrow: 'Enabled' }), /auto-grow is not available to elastic clusters/],
    ['a subnet', { network: { delegatedSubnetResourceId: `${GROUP}/x` } }, /cannot be injected/],
    ['backups of 6 days', { backup: { backupRetentionDays: 6 } }, /a whole number from 7 to 35/],
    ['no login', { administratorLogin: '' }, /login is required/],
    ['the login admin', { administratorLogin: 'Admin' }, /'Admin' is reserved/],
    ['the login azure_pg_admin', { administratorLogin: 'azure_pg_admin' }, /reserved/],
    ['a login of PostgreSQL', { administratorLogin: 'pg_wwi' }, /reserved/],
    ['a login with a space', { administratorLogin: 'wwi admin' }, /not allowed/],
    ['no password', { administratorLoginPassword: undefined }, /password is required/],
    ['a password of one kind', { administratorLoginPassword: 'aaaaaaaaaa' }, /requirements/],
    ['a zone that there is not', { availabilityZone: '7' }, /one of 1, 2, 3/],
    [
      'a standby in the zone of the server',
      {
        availabilityZone: '1',
        highAvailability: { mode: 'ZoneRedundant', standbyAvailabilityZone: '1' },
      },
      /lies in another zone/,
    ],
    ['a mode of availability that there is not', { highAvailability: { mode: 'Always' } }, /one of Disabled/],
    ['a way to make it that there is not', { createMode: 'Magic' }, /one of Default, Create/],
  ])('%s', async (_, properties, words) => {
    expect(refusalOf(await create(elasticWith(properties)))).toMatch(words);
    expect((await send('GET', SERVER)).status).toBe(404);
  });

  it.each<[string, object, RegExp]>([
    ['no size', { sku: undefined }, /SKU '' is not available/],
    [
      'a size of another tier',
      { sku: { name: 'Standard_D4ds_v5', tier: 'MemoryOptimized' } },
      /not available/,
    ],
    ['a size that there is not', { sku: { name: 'Standard_D3ds_v5', tier: 'GeneralPurpose' } }, /D3ds_v5/],
    ['a tier that there is not', { sku: { name: 'Standard_D4ds_v5', tier: 'Gold' } }, /one of Burstable/],
    ['a place that there is not', { location: 'narnia' }, /'narnia' is not available/],
    ['tags that are numbers', { tags: { a: 1 } }, /is not text/],
  ])('%s', async (_, extra, words) => {
    expect(refusalOf(await create(elasticWith({}, extra)))).toMatch(words);
  });

  it('availability on burstable compute, or in a region without zones', async () => {
    const standby = { highAvailability: { mode: 'ZoneRedundant' } };
    const burstable = { sku: { name: 'Standard_B2s', tier: 'Burstable' } };
    expect(refusalOf(await create(elasticWith(standby, burstable)))).toMatch(/burstable compute/);
    expect((await create(elasticWith({}, burstable))).status).toBe(202);
    const westus = elasticWith(standby, { location: 'westus' });
    expect(refusalOf(await create(westus, serverOf('west')))).toMatch(/no availability zones/);
  });

  it('a name that somebody else has', async () => {
    expect(await create(ELASTIC, serverOf('taken'))).toMatchObject({
      status: 409,
      body: { error: { code: 'ServerNameAlreadyExists' } },
    });
    await create();
    const elsewhere = GROUP.replace(/rg$/, 'other');
    await send('PUT', elsewhere, { location: 'westus2' });
    expect((await create(ELASTIC, SERVER.replace(GROUP, elsewhere))).status).toBe(409);
  });

  it('no group to lie in', async () => {
    expect((await create(ELASTIC, SERVER.replace('/rg/', '/none/'))).status).toBe(404);
  });

  it('an update or a second creation by the mode of the request', async () => {
    expect((await create(elasticWith({ createMode: 'Update' }))).status).toBe(404);
    expect((await create(elasticWith({ createMode: 'Create' }))).status).toBe(202);
    expect((await create(elasticWith({ createMode: 'Create' }))).status).toBe(409);
  });
});

describe('what this stand-in does not do is not answered as if it were done:', () => {
  const KEY = {
    dataEncryption: { type: 'AzureKeyVault', primaryKeyURI: 'https://v.vault.azure.net/keys/k' },
  };
  const unplayed = { status: 501, body: { error: { code: 'NotImplementedByStandIn' } } };

  it.each<[string, object, object, RegExp]>([
    ['a server of another one', { createMode: 'Replica' }, {}, /makes no flexible server by Replica/],
    ['a key of its owner', KEY, {}, /with a key of its owner, as AzureKeyVault/],
    ['an identity', {}, { identity: { type: 'UserAssigned' } }, /no identity, as UserAssigned/],
    ['other storage', storage(128, { type: 'PremiumV2_LRS' }), {}, /of the type PremiumV2_LRS/],
  ])('%s', async (_, properties, extra, words) => {
    const answer = await create(elasticWith(properties, extra));
    expect(answer).toMatchObject(unplayed);
    expect(answer.body.error.message).toMatch(words);
    expect((await send('GET', SERVER)).status).toBe(404);
  });

  it('a replica that becomes a server, or another key', async () => {
    expect((await create(elasticWith({}, { identity: { type: 'None' } }))).status).toBe(202);
    expect(await patch({ replica: { promoteMode: 'Standalone', promoteOption: 'Forced' } })).toMatchObject(
      unplayed,
    );
    expect(await patch(KEY)).toMatchObject(unplayed);
    expect((await send('GET', SERVER)).body.properties['dataEncryption']).toEqual({ type: 'SystemManaged' });
  });
});

describe('a change of an elastic cluster is refused that', () => {
  beforeEach(async () => {
    await create(elasticWith(cluster(3)));
  });

  it.each<[string, object, RegExp]>([
    ['takes nodes away', cluster(2), /cannot be decreased from 3 to 2/],
    ['asks for too many', cluster(21), /size 21 is not allowed/],
    ['names another database', cluster(3, 'other'), /cannot be changed from 'sensors' to 'other'/],
    ['takes storage away', storage(64), /cannot be decreased from 128 GB to 64 GB/],
    ['adds storage of no size', storage(200), /200 GB is not allowed/],
    ['lets storage grow', { storage: { autoGrow: 'Enabled' } }, /auto-grow/],
    ['upgrades it', { version: '18' }, /cannot be upgraded/],
    ['takes a version back', { version: '16' }, /cannot be upgraded/],
    ['has another login', { administratorLogin: 'other' }, /cannot be changed from 'wwi_admin' to 'other'/],
    ['has a bad password', { administratorLoginPassword: 'short' }, /requirements/],
    ['has a window out of the week', { maintenanceWindow: { dayOfWeek: 9 } }, /from 0 to 6/],
    ['makes it a replica', { createMode: 'Replica' }, /one of Default, Update/],
  ])('%s', async (_, properties, words) => {
    const before = (await send('GET', SERVER)).body;
    expect(refusalOf(await patch(properties))).toMatch(words);
    expect((await send('GET', SERVER)).body).toEqual(before);
  });

  it.each<[string, object, RegExp]>([
    ['asks for a size that there is not', { sku: { name: 'Standard_D5ds_v5' } }, /D5ds_v5/],
    ['makes compute confidential', { sku: { name: 'Standard_DC4ads_v5' } }, /whole life/],
    ['moves it', { location: 'eastus' }, /eastus/],
  ])('%s', async (_, extra, words) => {
    const { status, body } = await patch({}, extra);
    expect([400, 409]).toContain(status);
    expect(body.error.message).toMatch(words);
  });

  it('makes a cluster of a plain server', async () => {
    const plain = serverOf('plain');
    const properties = { ...ELASTIC.properties, cluster: undefined, version: '16' };
    expect((await create({ ...ELASTIC, properties }, plain)).status).toBe(202);
    expect((await send('GET', plain)).body.properties).not.toHaveProperty('cluster');
    const answer = await send('PATCH', plain, { properties: cluster(3) });
    expect(refusalOf(answer)).toMatch(/cannot be made an elastic cluster/);
  });
});

describe('a part of an elastic cluster is refused with', () => {
  beforeEach(async () => {
    await create();
  });
  const rule = (name: string, startIpAddress: unknown, endIpAddress: unknown): Promise<ArmAnswer> =>
    send('PUT', `${SERVER}/firewallRules/${encodeURIComponent(name)}`, {
      properties: { startIpAddress, endIpAddress },
    });
  const set = (name: string, value: unknown, method = 'PATCH'): Promise<ArmAnswer> =>
    send(method, `${SERVER}/configurations/${name}`, { properties: { value, source: 'user-override' } });

  it.each<[string, string, unknown, unknown]>([
    ['no address', 'office', 'banana', '203.0.113.8'],
    ['an address of the other kind', 'office', '::1', '::1'],
    ['an end before its start', 'office', '203.0.113.8', '203.0.113.7'],
    ['a name with a dot', 'of.fice', '203.0.113.8', '203.0.113.8'],
    ['a name that begins with an underscore', '_office', '203.0.113.8', '203.0.113.8'],
    ['a name that ends with a hyphen', 'office-', '203.0.113.8', '203.0.113.8'],
    ['a long name', 'a'.repeat(81), '203.0.113.8', '203.0.113.8'],
  ])('a firewall rule with %s', async (_, name, start, end) => {
    refusalOf(await rule(name, start, end));
  });

  it('a parameter that there is not, that is read-only, or that takes no such value', async () => {
    expect(await set('wrok_mem', '4096')).toMatchObject({
      status: 404,
      body: { error: { code: 'ServerParameterNotFound' } },
    });
    expect(refusalOf(await set('block_size', '4096'))).toMatch(/read-only/);
    expect(refusalOf(await set('work_mem', '64MB'))).toMatch(/allowed values are 4096-2097151/);
    expect(refusalOf(await set('work_mem', 65_536, 'PUT'))).toMatch(/is text/);
    expect(refusalOf(await set('azure.extensions', 'POSTGIS,timescaledb'))).toMatch(/not allowed/);
  });

  it('an action that its state does not allow', async () => {
    const act = (action: string, body?: object): Promise<ArmAnswer> =>
      send('POST', `${SERVER}/${action}`, body);
    const notReady = { status: 409, body: { error: { code: 'ServerIsNotReady' } } };
    expect(await act('start')).toMatchObject(notReady);
    expect(
      refusalOf(await act('restart', { restartWithFailover: true, failoverMode: 'PlannedFailover' })),
    ).toMatch(/planned failover/);
    const forced = { restartWithFailover: true, failoverMode: 'ForcedFailover' };
    expect(refusalOf(await act('restart', forced))).toMatch(/needs high availability/);
    await patch({ highAvailability: { mode: 'ZoneRedundant' } });
    expect((await act('restart', forced)).status).toBe(202);
    await act('stop');
    expect(await act('restart')).toMatchObject(notReady);
    expect(await patch(cluster(3))).toMatchObject(notReady);
    expect(await rule('office', '203.0.113.8', '203.0.113.8')).toMatchObject(notReady);
    expect(await set('work_mem', '8192')).toMatchObject(notReady);
  });
});

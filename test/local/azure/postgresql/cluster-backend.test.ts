import { request } from 'node:https';
import type { ClusterBackend } from '../../../../scripts/local/azure/postgresql/cluster-backend';
import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../../scripts/local/azure/http/server';
import { GROUP } from '../arm-client';

const PASSWORD = 'Correct-horse-9';
const CLUSTERS = `${GROUP}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2`;
const CLUSTER = `${CLUSTERS}/wwi`;
const properties = {
  administratorLoginPassword: PASSWORD,
  nodeCount: 0,
  coordinatorVCores: 4,
  coordinatorStorageQuotaInMb: 524_288,
};

/** An answer with the members of its body, as much of them as these tests read. */
interface Answer {
  readonly statusCode: number;
  /** The address of the operation it began. */
  readonly operation: string;
  readonly status?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly properties: Readonly<Record<string, unknown>>;
}
type Send = (method: string, path: string, body?: object) => Promise<Answer>;

/** Requests as the provider makes them; `path` may be a whole address, as an operation's is. */
function sender(azure: AzureStandIn): Send {
  return (method, path, body) => {
    const version = path.includes('/serverGroupsv2') ? '2022-11-08' : '2023-07-01';
    const url = path.startsWith('https:') ? path : `${azure.origin}${path}?api-version=${version}`;
    const headers = { Authorization: 'Bearer x' };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, ca: azure.certificate, headers, agent: false }, (reply) => {
        let text = '';
        reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
        reply.on('end', () =>
          resolve({
            properties: {},
            ...(JSON.parse(text === '' ? '{}' : text) as object),
            statusCode: reply.statusCode ?? 0,
            operation: String(reply.headers['azure-asyncoperation']),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  };
}

/** Writes down what it is asked for, and does it when the test says so. */
function fakeBackend() {
  const calls: [string, unknown][] = [];
  const faults: string[] = [];
  let held: Promise<void> = Promise.resolve();
  const called = async (name: string, argument: unknown): Promise<void> => {
    calls.push([name, argument]);
    await held;
    const fault = faults.shift();
    if (fault !== undefined) throw new Error(fault);
  };
  const backend: ClusterBackend = {
    create: (cluster) => called('create', cluster),
    scale: (cluster) => called('scale', cluster),
    setPassword: (cluster) => called('setPassword', cluster),
    createRole: (role) => called('createRole', role),
    dropRole: (role) => called('dropRole', role),
    remove: (id) => called('remove', id),
    locate: (id) => (id === CLUSTER ? { host: '127.0.0.1', port: 4711 } : undefined),
  };
  return {
    backend,
    calls,
    /** The next call fails with these words. */
    fail: (words: string) => faults.push(words),
    /** Calls do not end before what this returns is called. */
    hold(): () => void {
      let release = (): void => undefined;
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

describe('what stands behind the clusters', () => {
  let azure: AzureStandIn;
  let fake: ReturnType<typeof fakeBackend>;
  let send: Send;

  beforeEach(async () => {
    fake = fakeBackend();
    azure = await startAzureStandIn({ newClusters: 'accepted', operationMs: 0, clusters: fake.backend });
    send = sender(azure);
    await send('PUT', GROUP, { location: 'westus2' });
  });
  afterEach(() => azure.close());

  const create = (extra: object = {}, path = CLUSTER): Promise<Answer> =>
    send('PUT', path, { location: 'westus2', properties: { ...properties, ...extra } });
  const patch = (changes: object): Promise<Answer> => send('PATCH', CLUSTER, { properties: changes });
  const ended = ({ operation }: Answer): Promise<Answer> => send('GET', operation);

  it('is asked for the cluster that was asked for, with its password', async () => {
    expect(await ended(await create())).toMatchObject({ status: 'Succeeded' });
    await patch({ nodeCount: 2 });
    await patch({ nodeCount: 3, enableShardsOnCoordinator: false });
    await patch({ administratorLoginPassword: `${PASSWORD}x` });
    await patch({ enableHa: true });
    await send('DELETE', CLUSTER);
    expect(fake.calls).toEqual([
      [
        'create',
        { id: CLUSTER, name: 'wwi', nodeCount: 0, coordinatorHoldsShards: true, password: PASSWORD },
      ],
      ['scale', { id: CLUSTER, name: 'wwi', nodeCount: 2, coordinatorHoldsShards: true }],
      ['scale', { id: CLUSTER, name: 'wwi', nodeCount: 3, coordinatorHoldsShards: false }],
      ['setPassword', { id: CLUSTER, name: 'wwi', password: `${PASSWORD}x` }],
      ['remove', CLUSTER],
    ]);
  });

  it('holds the operation open until it is done, and the cluster for itself', async () => {
    const release = fake.hold();
    const created = await create();
    expect(await ended(created)).toMatchObject({ status: 'InProgress' });
    expect((await send('GET', CLUSTER)).properties).toMatchObject({ state: 'Provisioning' });
    expect(await patch({ nodeCount: 2 })).toMatchObject({
      statusCode: 409,
      error: { code: 'AnotherOperationInProgress' },
    });
    release();
    await expect(ended(created)).resolves.toMatchObject({ status: 'Succeeded' });
    expect((await send('GET', CLUSTER)).properties).toMatchObject({ state: 'Ready' });
  });

  it('fails the creation when it fails, and the next one makes the cluster', async () => {
    fake.fail('there is no room on this machine');
    expect(await ended(await create())).toMatchObject({
      status: 'Failed',
      error: { code: 'OperationFailed', message: 'there is no room on this machine' },
    });
    expect((await send('GET', CLUSTER)).statusCode).toBe(404);
    expect(await ended(await create())).toMatchObject({ status: 'Succeeded' });
    expect(fake.calls.map(([name]) => name)).toEqual(['create', 'create']);
  });

  it('fails the change when it fails: the cluster is as it was, and the same change goes through next', async () => {
    await create();
    const before = (await send('GET', CLUSTER)).properties;
    fake.fail('w1 did not start');
    expect(await ended(await patch({ nodeCount: 2 }))).toMatchObject({
      status: 'Failed',
      error: { message: 'w1 did not start' },
    });
    expect((await send('GET', CLUSTER)).properties).toEqual(before);
    expect(await ended(await patch({ nodeCount: 2 }))).toMatchObject({ status: 'Succeeded' });
    expect((await send('GET', CLUSTER)).properties['nodeCount']).toBe(2);
  });

  it('is not asked where the operation is to fail on request, or the service refuses', async () => {
    azure.inject({ path: /serverGroupsv2/, answer: { kind: 'operationFails', message: 'not today' } });
    expect(await ended(await create())).toMatchObject({ status: 'Failed', error: { message: 'not today' } });
    expect((await create({ nodeCount: 1 })).statusCode).toBe(400);
    expect(fake.calls).toEqual([]);
  });

  it('goes away with its resource group, once for each cluster', async () => {
    await create();
    await create({}, `${CLUSTERS}/other`);
    expect(await ended(await send('DELETE', GROUP))).toMatchObject({ status: 'Succeeded' });
    expect(fake.calls.slice(2)).toEqual([
      ['remove', CLUSTER],
      ['remove', `${CLUSTERS}/other`],
    ]);
  });

  it('says where the coordinator is, by the name that its cluster gave it', async () => {
    await create({ nodeCount: 2 });
    const names = (await send('GET', CLUSTER)).properties['serverNames'] as {
      fullyQualifiedDomainName: string;
    }[];
    const [coordinator, worker] = names.map((server) => server.fullyQualifiedDomainName);
    expect(azure.resolve(coordinator!)).toEqual({ host: '127.0.0.1', port: 4711 });
    expect(azure.resolve(worker!)).toBeUndefined();
    expect(azure.resolve('c-wwi.elsewhere.postgres.cosmos.azure.com')).toBeUndefined();
  });

  it('says that it has no backups to restore', async () => {
    await create();
    const before = (await send('GET', CLUSTER)).properties;
    const copy = { sourceResourceId: CLUSTER, sourceLocation: 'westus2' };
    const replica = await create({ ...copy, administratorLoginPassword: '' }, `${CLUSTERS}/replica`);
    expect((await ended(replica)).error?.message).toContain('keep no backups');
    expect((await send('GET', CLUSTER)).properties).toEqual(before);
  });

  it('keeps the password nowhere', async () => {
    await create();
    await patch({ administratorLoginPassword: `${PASSWORD}x` });
    const seen = [azure.requests, await send('GET', CLUSTER)].map((each) => JSON.stringify(each));
    for (const text of seen) expect(text).not.toContain(PASSWORD);
  });
});

describe('a cluster of the stand-in with nothing behind it', () => {
  let azure: AzureStandIn;
  afterEach(() => azure.close());

  it('refuses a name that somebody else has, here or anywhere', async () => {
    azure = await startAzureStandIn({ newClusters: 'accepted', operationMs: 0, takenNames: ['theirs'] });
    const send = sender(azure);
    await send('PUT', GROUP, { location: 'westus2' });
    await send('PUT', GROUP.replace('rg', 'other'), { location: 'westus2' });
    const body = { location: 'westus2', properties };
    expect(await send('PUT', `${CLUSTERS}/theirs`, body)).toMatchObject({
      statusCode: 409,
      error: { code: 'ServerGroupNameNotAvailable' },
    });
    expect(await send('PUT', CLUSTER, body)).toMatchObject({ statusCode: 201 });
    expect(await send('PUT', CLUSTER.replace('/rg/', '/other/'), body)).toMatchObject({
      statusCode: 409,
      error: { message: expect.stringContaining("'wwi' is already in use") as string },
    });
    expect(await send('PUT', CLUSTER, { ...body, location: 'eastus' })).toMatchObject({
      statusCode: 409,
      error: { code: 'InvalidResourceLocation' },
    });
  });

  it('is copied: a restore and a replica have the source’s sizes, and the replica is listed', async () => {
    azure = await startAzureStandIn({ newClusters: 'accepted', operationMs: 0 });
    const send = sender(azure);
    await send('PUT', GROUP, { location: 'westus2' });
    await send('PUT', CLUSTER, {
      location: 'westus2',
      properties: { ...properties, nodeCount: 2, coordinatorVCores: 8, postgresqlVersion: '15' },
    });
    const source = (await send('GET', CLUSTER)).properties;
    // As the provider sends what nobody set.
    const copy = {
      sourceResourceId: CLUSTER,
      sourceLocation: 'westus2',
      administratorLoginPassword: '',
      coordinatorVCores: 0,
      coordinatorStorageQuotaInMb: 0,
      nodeCount: 2,
    };
    const made = async (name: string, extra: object = {}): Promise<Answer> =>
      send('PUT', `${CLUSTERS}/${name}`, { location: 'westus2', properties: { ...copy, ...extra } });
    expect((await made('replica')).statusCode).toBe(201);
    expect((await made('restored', { pointInTimeUTC: source['earliestRestoreTime'] })).statusCode).toBe(201);
    expect(await made('early', { pointInTimeUTC: '2020-01-01T00:00:00Z' })).toMatchObject({
      statusCode: 400,
      error: { message: expect.stringContaining('cannot be restored') as string },
    });
    expect(await made('lost', { sourceResourceId: `${CLUSTERS}/nobody` })).toMatchObject({
      statusCode: 400,
      error: { message: expect.stringContaining('was not found') as string },
    });
    for (const name of ['replica', 'restored']) {
      expect((await send('GET', `${CLUSTERS}/${name}`)).properties).toMatchObject({
        sourceResourceId: CLUSTER,
        coordinatorVCores: 8,
        coordinatorStorageQuotaInMb: 524_288,
        postgresqlVersion: '15',
        nodeCount: 2,
      });
    }
    expect((await send('GET', CLUSTER)).properties['readReplicas']).toEqual([`${CLUSTERS}/replica`]);
    await send('DELETE', `${CLUSTERS}/replica`);
    expect((await send('GET', CLUSTER)).properties['readReplicas']).toEqual([]);
  });
});

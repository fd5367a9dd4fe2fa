import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../../scripts/local/azure/http/server';
import type { ArmAnswer, Send } from '../arm-client';
import { armClient, azurermVersion, CLUSTER, createCluster, GROUP } from '../arm-client';

const copyOf = (name: string): string => CLUSTER.replace(/wwi$/, name);
const UUID = /^[0-9a-f-]{36}$/;

let azure: AzureStandIn;
let send: Send;
let directory = '';

async function start(operationMs = 0): Promise<void> {
  azure = await startAzureStandIn({
    operationMs,
    newClusters: 'accepted',
    stateFile: join(directory, 'azure.json'),
  });
  send = armClient(azure, azurermVersion);
}
/** The same books, in which operations from now on do not end. */
async function holdOperations(): Promise<void> {
  await azure.close();
  await start(60_000);
}
const pathOf = (address: unknown): string => String(address).slice(azure.origin.length).replace(/\?.*/, '');
const names = ({ body }: ArmAnswer): unknown[] =>
  (body['value'] as { name: string }[]).map(({ name }) => name);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'azure-'));
  await start();
  await createCluster(send, 0);
});
afterEach(async () => {
  await azure.close();
  rmSync(directory, { recursive: true });
});

describe('an operation on a cluster', () => {
  it('is followed by its own address or by that of its result, both in the region of the cluster', async () => {
    const { headers } = await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } });
    const status = pathOf(headers['azure-asyncoperation']);
    expect(status).toMatch(/\/Microsoft\.DBforPostgreSQL\/locations\/westus2\/azureAsyncOperation\/[^/]+$/);
    expect((await send('GET', status)).body).toMatchObject({
      id: status,
      name: expect.stringMatching(UUID) as string,
      status: 'Succeeded',
    });
    const result = pathOf(headers['location']);
    expect(result).toMatch(/\/locations\/westus2\/operationResults\/[^/]+$/);
    expect(await send('GET', result)).toMatchObject({ status: 200, body: { properties: { nodeCount: 2 } } });
    expect((await send('GET', result)).body).toEqual((await send('GET', CLUSTER)).body);
    const gone = await send('DELETE', CLUSTER);
    expect((await send('GET', pathOf(gone.headers['location']))).status).toBe(204);
  });

  it.each(['65536', '4096'])('has the configuration for a result that it set to %s', async (value) => {
    const path = `${CLUSTER}/coordinatorConfigurations/work_mem`;
    const { headers } = await send('PUT', path, { properties: { value } });
    const result = await send('GET', pathOf(headers['location']));
    expect(result).toMatchObject({ status: 200, body: { properties: { value } } });
    expect(result.body).toEqual((await send('GET', path)).body);
  });

  it('shows what is to be while it is under way, and what goes while it goes', async () => {
    await holdOperations();
    const answer = await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } });
    const wanted = {
      nodeCount: 2,
      provisioningState: 'Provisioning',
      state: 'Provisioning',
      readReplicas: [],
      privateEndpointConnections: [],
      serverNames: [{ name: 'wwi-c' }, { name: 'wwi-w0' }, { name: 'wwi-w1' }],
    };
    expect(answer).toMatchObject({ status: 202, body: { properties: wanted } });
    expect((await send('GET', CLUSTER)).body.properties).toMatchObject(wanted);
    const result = pathOf(answer.headers['location']);
    expect(await send('GET', result)).toMatchObject({ status: 202, headers: { 'retry-after': '1' } });
  });

  it('says that a cluster is dropped', async () => {
    await holdOperations();
    expect(await send('DELETE', CLUSTER)).toMatchObject({ status: 202, body: {} });
    expect((await send('GET', CLUSTER)).body.properties).toMatchObject({ state: 'Dropping' });
  });

  it('tells at its result why it failed', async () => {
    azure.inject({
      path: /wwi$/,
      answer: { kind: 'operationFails', code: 'NoCapacity', message: 'no room' },
    });
    const { headers } = await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } });
    expect(await send('GET', pathOf(headers['location']))).toMatchObject({
      status: 409,
      body: { error: { code: 'NoCapacity', message: 'no room' } },
    });
    expect((await send('GET', CLUSTER)).body.properties['nodeCount']).toBe(0);
  });
});

describe('a group that is being deleted', () => {
  it('takes nothing new and no change, and leaves nothing behind', async () => {
    await holdOperations();
    expect((await send('DELETE', GROUP)).status).toBe(202);
    expect((await send('GET', GROUP)).body.properties).toMatchObject({ provisioningState: 'Deleting' });
    for (const [method, path, body] of [
      ['PUT', copyOf('late'), { location: 'westus2', properties: { sourceResourceId: CLUSTER } }],
      ['PATCH', CLUSTER.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions'), { properties: {} }],
      ['PUT', GROUP, { location: 'westus2' }],
    ] as const) {
      expect(await send(method, path, body)).toMatchObject({
        status: 409,
        body: { error: { code: 'ResourceGroupBeingDeleted' } },
      });
    }
    expect((await send('GET', CLUSTER)).status).toBe(200);
  });
});

describe('a cluster', () => {
  it('tells who made it and who changed it', async () => {
    const made = (await send('GET', CLUSTER)).body['systemData'] as Record<string, string>;
    expect(made).toMatchObject({ createdBy: 'unknown', createdByType: 'Application' });
    await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } });
    const changed = (await send('GET', CLUSTER)).body['systemData'] as Record<string, string>;
    expect(changed['createdAt']).toBe(made['createdAt']);
    expect(Date.parse(changed['lastModifiedAt'] ?? '')).toBeGreaterThanOrEqual(
      Date.parse(made['createdAt'] ?? ''),
    );
  });

  it('has servers, each of which can be asked for, with its parameters', async () => {
    await send('PATCH', CLUSTER, { properties: { nodeCount: 2, enableHa: true } });
    await send('PUT', `${CLUSTER}/nodeConfigurations/work_mem`, { properties: { value: '65536' } });
    expect(names(await send('GET', `${CLUSTER}/servers`))).toEqual(['wwi-c', 'wwi-w0', 'wwi-w1']);
    const worker = await send('GET', `${CLUSTER}/servers/wwi-w0`);
    expect(worker.body).toMatchObject({
      id: `${CLUSTER}/servers/wwi-w0`,
      properties: {
        role: 'Worker',
        administratorLogin: 'citus',
        availabilityZone: '1',
        enableHa: true,
        haState: 'Healthy',
        isReadOnly: false,
        enablePublicIpAccess: false,
        state: 'Ready',
      },
    });
    expect((await send('GET', `${CLUSTER}/servers/wwi-w2`)).status).toBe(404);
    const parameters = await send('GET', `${CLUSTER}/servers/wwi-w0/configurations`);
    expect(parameters.body['value']).toContainEqual(
      expect.objectContaining({
        name: 'work_mem',
        properties: expect.objectContaining({ value: '65536', source: 'user-override' }) as object,
      }),
    );
    const kinds = (parameters.body['value'] as ArmAnswer['body'][]).map(
      (each) => each.properties['dataType'],
    );
    expect([...new Set(kinds)].sort()).toEqual(['Boolean', 'Enumeration', 'Integer', 'Numeric']);
  });

  it('says what a private endpoint can lead to', async () => {
    await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } });
    const path = `${CLUSTER}/privateLinkResources`;
    expect(names(await send('GET', path))).toEqual(['coordinator', 'worker-0', 'worker-1']);
    expect((await send('GET', `${path}/worker-1`)).body).toMatchObject({
      id: `${path}/worker-1`,
      properties: {
        groupId: 'worker-1',
        requiredMembers: ['worker-1'],
        requiredZoneNames: ['privatelink.postgres.cosmos.azure.com'],
      },
    });
    expect((await send('GET', `${path}/worker-2`)).status).toBe(404);
  });

  it('is stopped, started and restarted', async () => {
    const state = async (): Promise<unknown> => (await send('GET', CLUSTER)).body.properties['state'];
    expect(await send('POST', `${CLUSTER}/stop`)).toMatchObject({ status: 202, body: {} });
    expect(await state()).toBe('Stopped');
    expect(await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } })).toMatchObject({
      status: 409,
      body: { error: { message: "The cluster 'wwi' is stopped: start it first." } },
    });
    expect((await send('POST', `${CLUSTER}/restart`)).status).toBe(400);
    expect((await send('POST', `${CLUSTER}/start`)).status).toBe(202);
    expect(await state()).toBe('Ready');
    expect((await send('POST', `${CLUSTER}/restart`)).status).toBe(202);
    await holdOperations();
    await send('POST', `${CLUSTER}/stop`);
    expect(await state()).toBe('Stopping');
  });

  it('follows its source no longer once it is promoted', async () => {
    await send('PUT', copyOf('replica'), { location: 'westus2', properties: { sourceResourceId: CLUSTER } });
    expect((await send('POST', `${CLUSTER}/promote`)).body.error.message).toMatch(/is no read replica/);
    expect((await send('POST', `${copyOf('replica')}/promote`)).status).toBe(202);
    expect((await send('GET', CLUSTER)).body.properties['readReplicas']).toEqual([]);
    const scaled = await send('PATCH', copyOf('replica'), { properties: { nodeCount: 2 } });
    expect(scaled.status).toBe(202);
  });
});

describe('Resource Manager', () => {
  it('challenges who has no token', async () => {
    const sent = request(`${azure.origin}${GROUP}?api-version=2023-07-01`, {
      ca: azure.certificate,
      agent: false,
    });
    sent.end();
    const [reply] = (await once(sent, 'response')) as [IncomingMessage];
    reply.resume();
    expect(reply.statusCode).toBe(401);
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer authorization_uri="https:.*invalid_token/);
  });

  it('knows no other api-version than its own', async () => {
    const other = armClient(azure, () => '2031-01-01');
    expect((await other('GET', CLUSTER)).body.error).toMatchObject({
      code: 'NoRegisteredProviderFound',
      message: expect.stringContaining("for type 'serverGroupsv2'") as string,
    });
    expect((await other('GET', `${CLUSTER}/roles/app`)).body.error.code).toBe('NoRegisteredProviderFound');
  });

  it('refuses a body of absurd size, and goes on', async () => {
    const tags = { tag: 'x'.repeat(20_000_000) };
    expect(await send('PUT', GROUP, { location: 'westus2', tags })).toMatchObject({
      status: 413,
      body: { error: { code: 'RequestContentTooLarge' } },
    });
    expect((await send('GET', GROUP)).status).toBe(200);
  });

  it('lets nobody else read its books', () => {
    expect(statSync(join(directory, 'azure.json')).mode & 0o777).toBe(0o600);
  });
});

describe('the directory of the certificate', () => {
  const SERVER = resolve(__dirname, '../../../../scripts/local/azure/http/server.ts');

  it.each(['SIGTERM', 'SIGINT'] as const)('goes with its process on %s', async (signal) => {
    const program = `
      require('ts-node').register({ transpileOnly: true, swc: true });
      require(${JSON.stringify(SERVER)})
        .startAzureStandIn({ directory: ${JSON.stringify(directory)} })
        .then(() => process.stdout.write('started'));`;
    const child = spawn(process.execPath, ['-e', program], {
      cwd: resolve(__dirname, '../../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    const [made = ''] = readdirSync(directory).filter((name) => name.startsWith('scaleout-azure-'));
    expect(made).not.toBe('');
    child.kill(signal);
    expect(await exited).toEqual([null, signal]);
    expect(readdirSync(directory)).not.toContain(made);
    expect(existsSync(join(directory, made))).toBe(false);
  });
});

import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../../scripts/local/azure/http/server';
import { SUBSCRIPTION_ID } from '../../../../scripts/local/azure/arm/surroundings';
import { GROUP } from '../arm-client';

const OTHER = 'aaaaaaaa-0000-0000-0000-000000000001';
const PASSWORD = 'Correct-horse-9';
const CLUSTER = `${GROUP}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi`;
const properties = {
  administratorLoginPassword: PASSWORD,
  nodeCount: 0,
  coordinatorVCores: 4,
  coordinatorStorageQuotaInMb: 524_288,
};

/** As much of the answers' bodies as these tests read. */
interface Body {
  readonly error: { readonly code: string; readonly message: string };
  readonly access_token: string;
  readonly properties: Readonly<Record<string, unknown>> & { readonly serverNames: readonly ServerName[] };
  readonly value: readonly {
    readonly id: string;
    readonly properties: { readonly role?: string; readonly vCores?: number };
  }[];
}
interface ServerName {
  readonly name: string;
  readonly fullyQualifiedDomainName: string;
}
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Body;
}

/** One request as the provider makes it; `path` may be a whole address, as an operation's is. */
function call(
  azure: AzureStandIn,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = { Authorization: 'Bearer x' },
): Promise<Answer> {
  const version = path.startsWith(CLUSTER) ? '2022-11-08' : '2023-07-01';
  const url = path.startsWith('https:') ? path : `${azure.origin}${path}?api-version=${version}`;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, ca: azure.certificate, headers, agent: false }, (reply) => {
      let text = '';
      reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
      reply.on('end', () => {
        resolve({
          status: reply.statusCode ?? 0,
          headers: reply.headers,
          body: JSON.parse(text === '' ? '{}' : text) as Body,
        });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('the Azure stand-in', () => {
  let azure: AzureStandIn;
  let directory = '';
  let stateFile = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'azure-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  beforeEach(async () => {
    stateFile = join(directory, `${String(Math.random())}.json`);
    azure = await startAzureStandIn({ newClusters: 'accepted', stateFile, operationMs: 0 });
  });
  afterEach(() => azure.close());

  const send = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    call(azure, method, path, body, headers);
  const createGroup = (): Promise<Answer> => send('PUT', GROUP, { location: 'westus2' });
  const createCluster = (extra = {}): Promise<Answer> =>
    send('PUT', CLUSTER, { location: 'westus2', properties: { ...properties, ...extra } });

  it('describes itself as a cloud with Entra ID, all of it on this machine', async () => {
    const { body } = await send(
      'GET',
      `${azure.origin}/metadata/endpoints?api-version=2022-09-01`,
      undefined,
      {},
    );
    expect(body).toMatchObject({
      resourceManager: azure.origin,
      authentication: { identityProvider: 'AAD', tenant: 'common', loginEndpoint: azure.origin },
    });
    const hosts = JSON.stringify(body).match(/https?:\/\/[^"/]+/g);
    expect(new Set(hosts)).toEqual(new Set([azure.origin]));
  });

  it('hands out a token that says who asked', async () => {
    const { body } = await send('POST', `${azure.origin}/tenant-1/oauth2/v2.0/token`, undefined, {});
    const [, claims = ''] = body.access_token.split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ tid: 'tenant-1' });
  });

  it('asks for a token', async () => {
    expect(await send('GET', GROUP, undefined, {})).toMatchObject({
      status: 401,
      body: { error: { code: 'AuthenticationFailed' } },
    });
  });

  it('says plainly what it does not do', async () => {
    expect(await send('GET', `${GROUP}/providers/Microsoft.Web/sites/x`)).toMatchObject({
      status: 501,
      body: {
        error: {
          code: 'NotImplementedByStandIn',
          message: expect.stringContaining('Microsoft.Web') as string,
        },
      },
    });
  });

  it.each([
    [
      'that does not exist',
      OTHER,
      404,
      'SubscriptionNotFound',
      `The subscription '${OTHER}' could not be found.`,
    ],
    [
      'whose id is none',
      'pay-as-you-go',
      400,
      'InvalidSubscriptionId',
      "The provided subscription identifier 'pay-as-you-go' is malformed or invalid.",
    ],
  ])('refuses whatever is asked of a subscription %s', async (_, id, status, code, message) => {
    const group = GROUP.replace(SUBSCRIPTION_ID, id);
    const answers = [await send('PUT', group, { location: 'westus2' }), await send('GET', group)];
    for (const answer of answers)
      expect(answer).toMatchObject({ status, body: { error: { code, message } } });
  });

  it('answers for the subscriptions that it is told of, however they are spelled', async () => {
    const told = await startAzureStandIn({ surroundings: { subscriptions: [OTHER] }, operationMs: 0 });
    try {
      const path = GROUP.replace(SUBSCRIPTION_ID, OTHER.toUpperCase());
      expect((await call(told, 'PUT', path, { location: 'westus2' })).status).toBe(201);
    } finally {
      await told.close();
    }
  });

  it('refuses a body that is no JSON object', async () => {
    expect((await send('PUT', GROUP, ['westus2'])).body).toMatchObject({
      error: { code: 'InvalidRequestContent' },
    });
  });

  it('makes, lists and deletes a resource group', async () => {
    expect((await send('HEAD', GROUP)).status).toBe(404);
    expect((await createGroup()).status).toBe(201);
    expect((await createGroup()).status).toBe(200);
    expect((await send('HEAD', GROUP.toLowerCase())).status).toBe(204);
    await createCluster();
    await send('PUT', `${CLUSTER}/firewallRules/office`, {
      properties: { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' },
    });
    const { body } = await send('GET', `${GROUP}/resources`);
    expect(body.value.map((item) => item.id)).toEqual([CLUSTER]);
    expect((await send('DELETE', GROUP)).status).toBe(202);
    expect(await send('GET', GROUP)).toMatchObject({
      status: 404,
      body: { error: { code: 'ResourceGroupNotFound' } },
    });
  });

  it('lists the resources of one type in a subscription, and of no other choice', async () => {
    await createGroup();
    await createCluster();
    const list = (filter: string): Promise<Answer> =>
      send(
        'GET',
        `${azure.origin}/subscriptions/${SUBSCRIPTION_ID}/resources?api-version=2015-11-01&$filter=${encodeURIComponent(filter)}`,
      );
    const { body } = await list("resourceType eq 'microsoft.dbforpostgresql/servergroupsv2'");
    expect(body.value.map((item) => item.id)).toEqual([CLUSTER]);
    expect((await list("resourceType eq 'Microsoft.KeyVault/vaults'")).body.value).toEqual([]);
    expect((await list("name eq 'wwi'")).body.error.code).toBe('InvalidFilterInQueryString');
  });

  it('creates a cluster as a long-running operation', async () => {
    await createGroup();
    const created = await createCluster();
    expect(created).toMatchObject({
      status: 201,
      headers: { 'retry-after': '1' },
      body: { properties: { provisioningState: 'Provisioning', state: 'Provisioning' } },
    });
    const operation = await send('GET', created.headers['azure-asyncoperation'] as string);
    expect(operation.body).toMatchObject({ status: 'Succeeded' });
    const { body } = await send('GET', CLUSTER);
    expect(body).toMatchObject({
      id: CLUSTER,
      location: 'westus2',
      properties: {
        administratorLogin: 'citus',
        enableShardsOnCoordinator: true,
        provisioningState: 'Succeeded',
        state: 'Ready',
      },
    });
    expect(body.properties.serverNames).toEqual([
      {
        name: 'wwi-c',
        fullyQualifiedDomainName: expect.stringMatching(
          /^c-wwi\.[0-9a-z]{14}\.postgres\.cosmos\.azure\.com$/,
        ) as string,
      },
    ]);
  });

  it('scales out in place: the coordinator keeps its name, the rest its value', async () => {
    await createGroup();
    await createCluster({ coordinatorVCores: 8 });
    const before = (await send('GET', CLUSTER)).body.properties;
    expect((await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } })).status).toBe(202);
    const after = (await send('GET', CLUSTER)).body.properties;
    const names = after.serverNames.map((server) => server.name);
    expect(names).toEqual(['wwi-c', 'wwi-w0', 'wwi-w1']);
    expect(after.serverNames[0]).toEqual(before.serverNames[0]);
    expect(after).toEqual({ ...before, nodeCount: 2, serverNames: after.serverNames });
    const servers = (await send('GET', `${CLUSTER}/servers`)).body.value;
    expect(servers.map((server) => [server.properties.role, server.properties.vCores])).toEqual([
      ['Coordinator', 8],
      ['Worker', 8],
      ['Worker', 8],
    ]);
  });

  it('leaves the coordinator without shards where a cluster starts with workers and nobody says', async () => {
    await createGroup();
    await createCluster({ nodeCount: 2 });
    expect((await send('GET', CLUSTER)).body.properties.enableShardsOnCoordinator).toBe(false);
  });

  it('refuses what the service refuses, and changes nothing', async () => {
    await createGroup();
    await createCluster({ nodeCount: 2 });
    const before = (await send('GET', CLUSTER)).body;
    expect(await send('PATCH', CLUSTER, { properties: { nodeCount: 0 } })).toMatchObject({
      status: 400,
      body: { error: { code: 'BadRequest', message: 'Node count cannot be decreased from 2 to 0.' } },
    });
    expect((await send('GET', CLUSTER)).body).toEqual(before);
  });

  it('refuses a cluster without its group, its password or its sizes', async () => {
    expect((await createCluster()).body.error.code).toBe('ResourceGroupNotFound');
    await createGroup();
    expect((await createCluster({ administratorLoginPassword: 'weak' })).status).toBe(400);
    expect((await createCluster({ coordinatorVCores: undefined })).body.error.message).toMatch(
      /'coordinatorVCores' is required/,
    );
    expect((await send('GET', CLUSTER)).body.error.code).toBe('ResourceNotFound');
  });

  it('refuses a firewall rule of a cluster that is not there, or without addresses', async () => {
    await createGroup();
    const rule = `${CLUSTER}/firewallRules/office`;
    const range = { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' };
    expect((await send('PUT', rule, { properties: range })).status).toBe(404);
    await createCluster();
    expect((await send('PUT', rule, { properties: {} })).status).toBe(400);
    expect((await send('PUT', rule, { properties: range })).status).toBe(201);
    expect((await send('GET', `${CLUSTER}/firewallRules`)).body.value).toHaveLength(1);
    expect((await send('DELETE', rule)).status).toBe(202);
    expect((await send('GET', rule)).status).toBe(404);
  });

  it('keeps the password nowhere', async () => {
    await createGroup();
    const created = await createCluster();
    const patched = await send('PATCH', CLUSTER, {
      properties: { administratorLoginPassword: `${PASSWORD}x` },
    });
    const read = await send('GET', CLUSTER);
    const kept = [
      readFileSync(stateFile, 'utf8'),
      ...[azure.requests, created, patched, read].map((it) => JSON.stringify(it)),
    ];
    for (const text of kept) expect(text).not.toContain(PASSWORD);
    expect(azure.requests.at(-2)).toEqual({
      method: 'PATCH',
      url: `${CLUSTER}?api-version=2022-11-08`,
      body: { properties: { administratorLoginPassword: '(redacted)' } },
      status: 202,
    });
  });

  it.each([
    [{ kind: 'throttled', retryAfterSeconds: 3 } as const, 429, { 'retry-after': '3' }],
    [{ kind: 'failed' } as const, 500, {}],
    [{ kind: 'conflict' } as const, 409, {}],
  ])('answers with the fault asked for, once, and changes nothing: %j', async (answer, status, headers) => {
    azure.inject({ method: 'PUT', path: /\/resourceGroups\/rg$/, answer });
    expect(await createGroup()).toMatchObject({ status, headers });
    expect((await send('GET', GROUP)).status).toBe(404);
    expect((await createGroup()).status).toBe(201);
    expect(azure.requests.map((it) => it.status)).toEqual([status, 404, 201]);
  });

  it('answers late where it is asked to be slow', async () => {
    await createGroup();
    azure.inject({ path: /rg$/, answer: { kind: 'slow', ms: 150 } });
    const begun = performance.now();
    expect((await send('GET', GROUP)).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(140);
  });

  it('lets an operation fail after it was accepted, and the resource is what it was', async () => {
    await createGroup();
    await createCluster();
    const before = (await send('GET', CLUSTER)).body;
    azure.inject({
      path: /serverGroupsv2\/wwi$/,
      answer: { kind: 'operationFails', code: 'NoCapacity', message: 'no room for two workers' },
    });
    const scaling = await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } });
    expect(scaling.status).toBe(202);
    expect((await send('GET', scaling.headers['azure-asyncoperation'] as string)).body).toMatchObject({
      status: 'Failed',
      error: { code: 'NoCapacity', message: 'no room for two workers' },
    });
    expect((await send('GET', CLUSTER)).body).toEqual(before);
    expect((await send('PATCH', CLUSTER, { properties: { nodeCount: 2 } })).status).toBe(202);
    expect((await send('GET', CLUSTER)).body.properties).toMatchObject({ nodeCount: 2 });
  });

  it('leaves nothing of a resource whose creation failed', async () => {
    await createGroup();
    azure.inject({ method: 'PUT', path: /wwi$/, answer: { kind: 'operationFails' } });
    expect((await createCluster()).status).toBe(201);
    expect((await send('GET', CLUSTER)).status).toBe(404);
  });

  it('adds to the trusted certificates instead of replacing them', () => {
    const environment = azure.terraformEnvironment({
      SSL_CERT_DIR: '/etc/trust',
      SSL_CERT_FILE: '/etc/proxy.pem',
    });
    const [added = '', kept] = environment['SSL_CERT_DIR']!.split(':');
    expect(readFileSync(join(added, 'stand-in.pem'), 'utf8')).toBe(azure.certificate);
    expect(kept).toBe('/etc/trust');
    expect(environment['SSL_CERT_FILE']).toBe('/etc/proxy.pem');
  });

  it("takes a person's own way to Azure out of the environment, and leaves the rest", () => {
    const environment = azure.terraformEnvironment({
      ARM_USE_OIDC: 'true',
      ARM_ACCESS_KEY: 'k',
      ARM_CLIENT_SECRET: 's',
      PATH: '/bin',
    });
    expect(environment).toMatchObject({ PATH: '/bin', ARM_METADATA_HOSTNAME: azure.origin.slice(8) });
    expect(environment).not.toHaveProperty('ARM_USE_OIDC');
    expect(environment).not.toHaveProperty('ARM_ACCESS_KEY');
    expect(environment['ARM_CLIENT_SECRET']).not.toBe('s');
  });
});

it('lets one operation at a time work on a cluster and its parts, and says where it is', async () => {
  const azure = await startAzureStandIn({ newClusters: 'accepted', operationMs: 60_000 });
  try {
    await call(azure, 'PUT', GROUP, { location: 'westus2' });
    expect((await call(azure, 'PUT', CLUSTER, { location: 'westus2', properties })).status).toBe(201);
    const rule = { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' };
    for (const answer of [
      await call(azure, 'PATCH', CLUSTER, { properties: { nodeCount: 2 } }),
      await call(azure, 'PUT', `${CLUSTER}/firewallRules/office`, { properties: rule }),
    ]) {
      expect(answer).toMatchObject({ status: 409, body: { error: { code: 'AnotherOperationInProgress' } } });
      expect(answer.body.error.message).toContain(`in progress on ${CLUSTER};`);
    }
  } finally {
    await azure.close();
  }
});

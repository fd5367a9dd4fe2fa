import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import type { Send } from './arm-client';
import { armClient, azurermVersion, CLUSTER, createCluster, GROUP } from './arm-client';

const lockOn = (scope: string, name = 'keep'): string =>
  `${scope}/providers/Microsoft.Authorization/locks/${name}`;
const level = (text: unknown): object => ({ properties: { level: text, notes: 'data lives here' } });

const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000000';
const ROLE = `${CLUSTER}/roles/app`;
const role = { properties: { password: 'Role-of-app-1' } };

describe('a lock', () => {
  let azure: AzureStandIn;
  let send: Send;

  beforeEach(async () => {
    azure = await startAzureStandIn({ newClusters: 'accepted', operationMs: 0 });
    send = armClient(azure, azurermVersion);
    await createCluster(send, 2);
    await send('PUT', ROLE, role);
  });
  afterEach(() => azure.close());

  it('is made, read and deleted', async () => {
    expect((await send('GET', lockOn(CLUSTER))).body.error.code).toBe('LockNotFound');
    expect((await send('PUT', lockOn(CLUSTER), level('CanNotDelete'))).status).toBe(201);
    expect((await send('GET', lockOn(CLUSTER))).body).toEqual({
      id: lockOn(CLUSTER),
      name: 'keep',
      type: 'Microsoft.Authorization/locks',
      properties: { level: 'CanNotDelete', notes: 'data lives here' },
    });
    expect((await send('PUT', lockOn(CLUSTER), level('ReadOnly'))).status).toBe(200);
    expect((await send('DELETE', lockOn(CLUSTER))).status).toBe(200);
    expect((await send('GET', lockOn(CLUSTER))).status).toBe(404);
    expect((await send('DELETE', lockOn(CLUSTER))).status).toBe(204);
  });

  it.each([
    ['no level', undefined],
    ['a level that means nothing', level('NotSpecified')],
    ['notes that are too long', { properties: { level: 'ReadOnly', notes: 'x'.repeat(513) } }],
  ])('is refused with %s', async (_, body) => {
    expect((await send('PUT', lockOn(CLUSTER), body)).status).toBe(400);
    expect((await send('GET', lockOn(CLUSTER))).status).toBe(404);
  });

  it('is refused on what is not there', async () => {
    expect((await send('PUT', lockOn(`${CLUSTER}x`), level('ReadOnly'))).status).toBe(404);
    expect((await send('PUT', lockOn(`${CLUSTER}/roles/x`), level('ReadOnly'))).status).toBe(404);
  });

  it.each([
    ['the cluster', CLUSTER],
    ['its resource group', GROUP],
    ['its subscription', SUBSCRIPTION],
    ['a part of it', ROLE],
  ])('on %s keeps the cluster from being deleted, in the words of Azure', async (_, scope) => {
    await send('PUT', lockOn(scope), level('CanNotDelete'));
    expect(await send('DELETE', CLUSTER)).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 'ScopeLocked',
          message: `The scope '${CLUSTER}' cannot perform delete operation because following scope(s) are locked: '${scope}'. Please remove the lock and try again.`,
        },
      },
    });
    expect((await send('GET', CLUSTER)).status).toBe(200);
    await send('DELETE', lockOn(scope));
    expect((await send('DELETE', CLUSTER)).status).toBe(202);
  });

  it('keeps what is below from being deleted, and what it lies in, however they are spelled', async () => {
    await send('PUT', lockOn(CLUSTER), level('CanNotDelete'));
    for (const path of [ROLE, ROLE.toLowerCase(), GROUP, `${CLUSTER}/firewallRules/none`]) {
      expect(await send('DELETE', path)).toMatchObject({
        status: 409,
        body: { error: { code: 'ScopeLocked' } },
      });
    }
  });

  it('leaves neighbours alone', async () => {
    await send('PUT', lockOn(ROLE), level('CanNotDelete'));
    await send('PUT', `${ROLE}2`, role);
    expect((await send('DELETE', `${ROLE}2`)).status).toBe(202);
  });

  it('of the kind CanNotDelete lets everything else happen', async () => {
    await send('PUT', lockOn(CLUSTER), level('CanNotDelete'));
    expect((await send('PATCH', CLUSTER, { properties: { nodeCount: 3 } })).status).toBe(202);
    expect((await send('PUT', `${ROLE}2`, role)).status).toBe(201);
  });

  it('of the kind ReadOnly lets nothing happen but reading, and being removed', async () => {
    await send('PUT', lockOn(CLUSTER), level('ReadOnly'));
    expect((await send('PATCH', CLUSTER, { properties: { nodeCount: 3 } })).body.error.message).toMatch(
      /cannot perform write operation/,
    );
    expect((await send('PUT', `${ROLE}2`, role)).status).toBe(409);
    expect((await send('GET', CLUSTER)).status).toBe(200);
    expect((await send('PUT', GROUP, { location: 'westus2' })).status).toBe(200);
    expect((await send('DELETE', lockOn(CLUSTER))).status).toBe(200);
    expect((await send('PATCH', CLUSTER, { properties: { nodeCount: 3 } })).status).toBe(202);
  });

  it('names every scope that holds', async () => {
    await send('PUT', lockOn(CLUSTER), level('CanNotDelete'));
    await send('PUT', lockOn(CLUSTER, 'second'), level('CanNotDelete'));
    await send('PUT', lockOn(GROUP), level('CanNotDelete'));
    expect((await send('DELETE', CLUSTER)).body.error.message).toContain(
      `are locked: '${CLUSTER}', '${GROUP}'.`,
    );
  });
});

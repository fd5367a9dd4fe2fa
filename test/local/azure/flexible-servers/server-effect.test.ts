import { elasticClusterEffect } from '../../../../scripts/local/azure/flexible-servers/server-effect';
import type { Undertaking } from '../../../../scripts/local/azure/arm/operations';
import type { ClusterBackend } from '../../../../scripts/local/azure/postgresql/cluster-backend';
import { PASSWORD, SERVER } from './elastic';

type Server = NonNullable<Undertaking['after']>;

const elastic = { login: 'wwi_admin', database: 'sensors' };
const server = (clusterSize: number | undefined, more: object = {}): Server => ({
  id: SERVER,
  name: 'wwi',
  type: 'Microsoft.DBforPostgreSQL/flexibleServers',
  properties: {
    administratorLogin: elastic.login,
    ...(clusterSize === undefined ? {} : { cluster: { clusterSize, defaultDatabaseName: elastic.database } }),
    ...more,
  },
});

/** What the backend is asked for by a change. */
async function asked(before: Server | undefined, after: Server | undefined, password?: string) {
  const calls: [string, unknown][] = [];
  const called = (name: string, argument: unknown): Promise<void> => {
    calls.push([name, argument]);
    return Promise.resolve();
  };
  const backend: ClusterBackend = {
    create: (cluster) => called('create', cluster),
    scale: (cluster) => called('scale', cluster),
    setPassword: (cluster) => called('setPassword', cluster),
    remove: (id) => called('remove', id),
  };
  const properties = password === undefined ? {} : { administratorLoginPassword: password };
  const request = { body: { properties } } as unknown as Undertaking['request'];
  await elasticClusterEffect(backend)({ request, before, after })?.();
  return calls;
}

describe('what stands behind an elastic cluster', () => {
  const shape = { id: SERVER, name: 'wwi', coordinatorHoldsShards: true };

  it('is made with the login, the database and the password that were chosen', async () => {
    expect(await asked(undefined, server(1), PASSWORD)).toEqual([
      ['create', { ...shape, nodeCount: 0, password: PASSWORD, elastic }],
    ]);
    expect(await asked(undefined, server(3), PASSWORD)).toEqual([
      ['create', { ...shape, nodeCount: 2, password: PASSWORD, elastic }],
    ]);
  });

  it('gets the nodes and the password that a change asks for, and is left alone by any other', async () => {
    expect(await asked(server(1), server(3))).toEqual([['scale', { ...shape, nodeCount: 2 }]]);
    expect(await asked(server(1), server(3), PASSWORD)).toEqual([
      ['setPassword', { id: SERVER, name: 'wwi', password: PASSWORD, login: 'wwi_admin' }],
      ['scale', { ...shape, nodeCount: 2 }],
    ]);
    expect(await asked(server(3), server(3, { version: '17' }))).toEqual([]);
    expect(await asked(server(3), undefined)).toEqual([['remove', SERVER]]);
  });

  it('is no plain server, and none that nobody logs in to by password', async () => {
    await expect(asked(undefined, server(undefined), PASSWORD)).rejects.toThrow(/elastic clusters/);
    await expect(asked(undefined, server(1))).rejects.toThrow(/by password/);
  });
});

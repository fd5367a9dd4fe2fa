import { PUBLISHED } from '../../../support/published-apis';
import type { Send } from '../arm-client';
import { armClient, azurermVersion } from '../arm-client';
import { connected, publishedApiSuite } from '../published-api';
import type { Replay } from '../published-replays';
import { GOOD_PASSWORD } from '../published-replays';

const CLUSTER = {
  location: 'westus',
  properties: {
    administratorLoginPassword: GOOD_PASSWORD,
    nodeCount: 2,
    coordinatorVCores: 4,
    coordinatorStorageQuotaInMb: 524_288,
    postgresqlVersion: '15',
    citusVersion: '11.1',
  },
};

async function prepare(replay: Replay, send: Send): Promise<Replay> {
  const { path, pattern, method, body, operation } = replay;
  const group = /^.*\/resourceGroups\/[^/]+/.exec(path)?.[0];
  const id = /^.*\/serverGroupsv2\/[^/]+/.exec(path)?.[0];
  if (group === undefined) return replay;
  await send('PUT', group, { location: 'westus' });
  if (id === undefined) return replay;
  const source = (body?.['properties'] as Record<string, unknown> | undefined)?.['sourceResourceId'];
  if (typeof source === 'string') {
    return { ...replay, body: { ...body, properties: await fromSource(source, body, send) } };
  }
  if (method === 'PUT' && pattern.endsWith('{clusterName}')) return replay;
  if (operation.operationId === 'Clusters_PromoteReadReplica') {
    const properties = await fromSource(`${id}-source`, undefined, send);
    await send('PUT', id, { location: 'westus', properties });
    return replay;
  }
  await send('PUT', id, CLUSTER);
  const part = path.slice(id.length);
  const addresses = { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' };
  if (part.startsWith('/roles/')) await send('PUT', path, { properties: { password: GOOD_PASSWORD } });
  if (part.startsWith('/firewallRules/')) await send('PUT', path, { properties: addresses });
  if (!part.startsWith('/privateEndpointConnections')) return replay;
  const connection = await connected(send, id, 'coordinator');
  return pattern.endsWith('{privateEndpointConnectionName}')
    ? { ...replay, path: `${id}/privateEndpointConnections/${connection}` }
    : replay;
}

async function fromSource(source: string, body: Replay['body'], send: Send): Promise<object> {
  const group = source.replace(/\/providers\/.*/, '');
  await send('PUT', group, { location: 'westus' });
  await send('PUT', source, CLUSTER);
  const { earliestRestoreTime } = (await send('GET', source)).body.properties;
  const properties = (body?.['properties'] ?? {}) as Record<string, unknown>;
  const moment = properties['pointInTimeUTC'] === undefined ? {} : { pointInTimeUTC: earliestRestoreTime };
  return { ...properties, sourceLocation: 'westus', sourceResourceId: source, ...moment };
}

publishedApiSuite({
  api: PUBLISHED.clusters,
  notAnswered: [
    'Operations_List',
    'PrivateEndpointConnections_CreateOrUpdate',
    'PrivateEndpointConnections_Delete',
  ],
  names: { privateLinkResourceName: 'coordinator' },
  client: (azure) => armClient(azure, azurermVersion),
  prepare,
});

import { PUBLISHED } from '../../../support/published-apis';
import type { Send } from '../arm-client';
import { connected, publishedApiSuite } from '../published-api';
import type { Replay } from '../published-replays';
import { ELASTIC, elasticClient } from './elastic';

/** A server that is no elastic cluster, with a standby and an older PostgreSQL: the examples change all of it. */
const SERVER = {
  ...ELASTIC,
  location: 'eastus',
  properties: {
    ...ELASTIC.properties,
    cluster: undefined,
    version: '16',
    highAvailability: { mode: 'ZoneRedundant' },
  },
};
const ADDRESSES = { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' };

async function prepare(replay: Replay, send: Send): Promise<Replay> {
  const { path, pattern, method, body } = replay;
  const group = /^.*\/resourceGroups\/[^/]+/.exec(path)?.[0];
  const id = /^.*\/flexibleServers\/[^/]+/.exec(path)?.[0];
  if (group === undefined) return replay;
  await send('PUT', group, { location: 'eastus' });
  if (method === 'PUT' && pattern.endsWith('{serverName}')) return { ...replay, body: ofToday(body) };
  await send('PUT', id ?? `${path}/example`, SERVER);
  if (pattern.endsWith('/start')) await send('POST', path.replace(/start$/, 'stop'));
  if (pattern.endsWith('{firewallRuleName}')) await send('PUT', path, { properties: ADDRESSES });
  if (id === undefined || !pattern.includes('/privateEndpointConnections')) return replay;
  const connection = await connected(send, id, 'postgresqlServer');
  return pattern.endsWith('{privateEndpointConnectionName}')
    ? { ...replay, path: `${id}/privateEndpointConnections/${connection}` }
    : replay;
}

/** The example of an elastic cluster is one of the preview, and has its PostgreSQL. */
function ofToday(body: Replay['body']): Replay['body'] {
  const properties = (body?.['properties'] ?? {}) as Readonly<Record<string, unknown>>;
  return properties['cluster'] === undefined
    ? body
    : { ...body, properties: { ...properties, version: '17' } };
}

publishedApiSuite({
  api: PUBLISHED.servers,
  notAnswered: [
    'AdministratorsMicrosoftEntra_CreateOrUpdate',
    'AdministratorsMicrosoftEntra_Delete',
    'AdministratorsMicrosoftEntra_Get',
    'AdministratorsMicrosoftEntra_ListByServer',
    'AdvancedThreatProtectionSettings_Get',
    'AdvancedThreatProtectionSettings_ListByServer',
    'BackupsAutomaticAndOnDemand_Create',
    'BackupsAutomaticAndOnDemand_Delete',
    'BackupsAutomaticAndOnDemand_Get',
    'BackupsAutomaticAndOnDemand_ListByServer',
    'BackupsLongTermRetention_CheckPrerequisites',
    'BackupsLongTermRetention_Get',
    'BackupsLongTermRetention_ListByServer',
    'BackupsLongTermRetention_Start',
    'CapabilitiesByLocation_List',
    'CapabilitiesByServer_List',
    'CapturedLogs_ListByServer',
    'Databases_Create',
    'Databases_Delete',
    'Databases_Get',
    'Databases_ListByServer',
    'Migrations_Cancel',
    'Migrations_CheckNameAvailability',
    'Migrations_Create',
    'Migrations_Get',
    'Migrations_ListByTargetServer',
    'Migrations_Update',
    'Operations_List',
    'PrivateDnsZoneSuffix_Get',
    'PrivateEndpointConnections_Delete',
    'PrivateEndpointConnections_Update',
    'QuotaUsages_List',
    'ServerThreatProtectionSettings_CreateOrUpdate',
    'TuningOptions_Get',
    'TuningOptions_ListByServer',
    'TuningOptions_ListRecommendations',
    'VirtualEndpoints_Create',
    'VirtualEndpoints_Delete',
    'VirtualEndpoints_Get',
    'VirtualEndpoints_ListByServer',
    'VirtualEndpoints_Update',
    'VirtualNetworkSubnetUsage_List',
  ],
  // A server that is made of another one or of its backups, a replica that becomes a server, keys of the customer's own.
  notDone: /server using a |\ba read replica|customer managed key/,
  names: { groupName: 'postgresqlServer' },
  client: elasticClient,
  prepare,
});

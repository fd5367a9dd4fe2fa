import { resolve } from 'node:path';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import { laneStatus, laneSuite } from '../../support/lanes';
import type { Operation, Specification } from '../../support/openapi';
import { differences, jsonOf } from '../../support/openapi';
import { PUBLISHED, publishedFile } from '../../support/published-apis';
import type { ArmAnswer, Send } from './arm-client';
import { armClient, azurermVersion } from './arm-client';

// What the lane runs on is the copy.
const FILE = publishedFile(laneStatus('specs').reason, PUBLISHED.clusters) ?? '';
const GOOD_PASSWORD = 'Rehearsal-only-7';

/** What the stand-in has no answer to, and says so: clients that it is for never ask. */
const NOT_ANSWERED = [
  'Operations_List',
  'PrivateEndpointConnections_CreateOrUpdate',
  'PrivateEndpointConnections_Delete',
  'PrivateEndpointConnections_Get',
];

interface Example {
  readonly parameters: Readonly<Record<string, unknown>>;
}

interface Replay {
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly operation: Operation;
}

/** Every example request of the file, with a password that the service takes. */
function replays(): Replay[] {
  const { paths } = jsonOf(FILE) as Specification;
  return Object.entries(paths).flatMap(([pattern, methods]) =>
    Object.entries(methods)
      .filter(([, { operationId }]) => !NOT_ANSWERED.includes(operationId))
      .flatMap(([method, operation]) =>
        Object.entries(operation['x-ms-examples'] ?? {}).map(([title, { $ref }]) => {
          const { parameters } = jsonOf(resolve(FILE, '..', $ref)) as Example;
          const given = parameters['parameters'] ?? parameters['nameAvailabilityRequest'];
          return {
            title: `${operation.operationId}: ${title}`,
            method: method.toUpperCase(),
            path: addressOf(pattern, parameters),
            body:
              given === undefined
                ? undefined
                : (JSON.parse(
                    JSON.stringify(given).replace(/("\w*[pP]assword":)"[^"]*"/g, `$1"${GOOD_PASSWORD}"`),
                  ) as Replay['body']),
            operation,
          };
        }),
      ),
  );
}

/** Some of the examples have their cluster under a name of before. */
function addressOf(pattern: string, parameters: Example['parameters']): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const before = name === 'clusterName' ? parameters['serverGroupName'] : undefined;
    const value = parameters[name] ?? before ?? KNOWN_NAMES[name];
    return typeof value === 'string' ? value : 'example';
  });
}
const KNOWN_NAMES: Readonly<Record<string, string>> = { privateLinkResourceName: 'coordinator' };

laneSuite('specs', "the service's published OpenAPI files", () => {
  let azure: AzureStandIn;
  let send: Send;

  beforeEach(async () => {
    azure = await startAzureStandIn({ operationMs: 0, newClusters: 'accepted' });
    send = armClient(azure, azurermVersion);
  });
  afterEach(() => azure.close());

  const cluster = (extra: object = {}): object => ({
    location: 'westus',
    properties: {
      administratorLoginPassword: GOOD_PASSWORD,
      nodeCount: 2,
      coordinatorVCores: 4,
      coordinatorStorageQuotaInMb: 524_288,
      postgresqlVersion: '15',
      citusVersion: '11.1',
      ...extra,
    },
  });

  /** What has to be there before a request can be answered. @returns the request's body, where that has to fit */
  async function prepare({ path, body, operation }: Replay): Promise<Replay['body']> {
    const group = /^.*\/resourceGroups\/[^/]+/.exec(path)?.[0];
    const id = /^.*\/serverGroupsv2\/[^/]+/.exec(path)?.[0];
    if (group === undefined) return body;
    await send('PUT', group, { location: 'westus' });
    if (id === undefined) return body;
    const source = (body?.['properties'] as Record<string, unknown> | undefined)?.['sourceResourceId'];
    if (typeof source === 'string') return { ...body, properties: await fromSource(source, body) };
    if (operation.operationId === 'Clusters_CreateOrUpdate') return body;
    if (operation.operationId === 'Clusters_PromoteReadReplica') {
      const properties = await fromSource(`${id}-source`, undefined);
      await send('PUT', id, { location: 'westus', properties });
      return body;
    }
    await send('PUT', id, cluster());
    const part = path.slice(id.length);
    const addresses = { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' };
    if (part.startsWith('/roles/')) await send('PUT', path, { properties: { password: GOOD_PASSWORD } });
    if (part.startsWith('/firewallRules/')) await send('PUT', path, { properties: addresses });
    return body;
  }

  async function fromSource(source: string, body: Replay['body']): Promise<object> {
    const group = source.replace(/\/providers\/.*/, '');
    await send('PUT', group, { location: 'westus' });
    await send('PUT', source, cluster());
    const { earliestRestoreTime } = (await send('GET', source)).body.properties;
    const properties = (body?.['properties'] ?? {}) as Record<string, unknown>;
    const moment = properties['pointInTimeUTC'] === undefined ? {} : { pointInTimeUTC: earliestRestoreTime };
    return { ...properties, sourceLocation: 'westus', sourceResourceId: source, ...moment };
  }

  function problems({ status, body }: ArmAnswer, { operation }: Replay): string[] {
    const response = operation.responses[String(status)];
    if (response === undefined) return [`HTTP status ${String(status)}: ${JSON.stringify(body)}`];
    return response.schema === undefined ? [] : differences(body, response.schema, FILE);
  }

  const requests = laneStatus('specs').runs ? replays() : [];

  it('has examples', () => {
    expect(requests.length).toBeGreaterThan(0);
  });

  it('has every example request answered as it says', async () => {
    const found: Record<string, string[]> = {};
    for (const replay of requests) {
      const body = await prepare(replay);
      const answer = await send(replay.method, replay.path, body);
      const wrong = problems(answer, replay);
      if (wrong.length > 0) found[replay.title] = wrong;
      await azure.close();
      azure = await startAzureStandIn({ operationMs: 0, newClusters: 'accepted' });
      send = armClient(azure, azurermVersion);
    }
    expect(found).toEqual({});
  }, 120_000);
});

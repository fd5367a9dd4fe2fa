import type { Arm } from '../../scripts/adopt/arm';
import { armReader, ArmRefusal } from '../../scripts/adopt/arm';
import { parseClusterId } from '../../scripts/adopt/cluster-id';
import type { HttpAnswer } from '../../scripts/adopt/https';
import { readCluster } from '../../scripts/adopt/read';
import { clusterId, failureOf, groupId } from './hand-made';

const ID = clusterId('wwi');
const id = parseClusterId(ID);
const PROPERTIES = {
  provisioningState: 'Succeeded',
  state: 'Ready',
  postgresqlVersion: '16',
  citusVersion: '12.1',
  nodeCount: 0,
  coordinatorVCores: 2,
  coordinatorStorageQuotaInMb: 131_072,
  coordinatorServerEdition: 'GeneralPurpose',
  coordinatorEnablePublicIpAccess: true,
  earliestRestoreTime: '2026-11-01T00:00:00Z',
};
const cluster = (properties: object = {}, more: object = {}) => ({
  location: 'West US 2',
  properties: { ...PROPERTIES, ...properties },
  ...more,
});

type Answer = ArmRefusal | Readonly<Record<string, unknown>> | readonly object[];

/** Azure with these answers by the end of the path; lists without one are empty. */
function azureWith(answers: Readonly<Record<string, Answer | (() => Answer)>> = {}): Arm {
  const answer = (path: string): unknown => {
    const all: Readonly<Record<string, Answer | (() => Answer)>> = { ...answers, [ID]: cluster() };
    const found = Object.entries(all).find(([end]) => path.endsWith(end))?.[1];
    const given: Answer | undefined = typeof found === 'function' ? found() : found;
    if (given instanceof ArmRefusal) throw given;
    return given ?? [];
  };
  const later = async (path: string): Promise<unknown> => Promise.resolve(answer(path));
  return { get: later, list: async (path) => (await later(path)) as readonly unknown[] };
}

const forbidden = () => new ArmRefusal(403, 'AuthorizationFailed', 'The client does not have authorization.');

describe('what is read of a cluster', () => {
  it('is named as the tools do, whatever the portal writes', async () => {
    const found = await readCluster(azureWith(), id);
    expect(found.cluster).toMatchObject({
      location: 'westus2',
      coordinator: { vCores: 2, storageGiB: 128 },
      tags: {},
    });
    expect(found).toMatchObject({ isReplica: false, rules: [], roles: [], unread: [] });
  });

  it('tells by name what the login may not read', async () => {
    const arm = azureWith({
      'Microsoft.Authorization/locks': forbidden(),
      'Microsoft.Insights/diagnosticSettings': forbidden(),
      'Microsoft.Insights/metricAlerts': [{ nothing: true }],
    });
    expect((await readCluster(arm, id)).unread).toEqual([
      { what: 'alerts', reason: 'an answer that is not understood' },
      { what: 'diagnostic settings', reason: 'AuthorizationFailed' },
      { what: 'locks', reason: 'AuthorizationFailed' },
      { what: 'locks of the resource group', reason: 'AuthorizationFailed' },
    ]);
  });

  it.each<readonly [string, Readonly<Record<string, Answer>>, string, string]>([
    [
      'no right to the cluster',
      { wwi: forbidden() },
      'adopt.not-readable',
      'the login may not read the cluster of wwi',
    ],
    [
      'no right to roles',
      { '/roles': forbidden() },
      'adopt.not-readable',
      'give it the role Reader on the resource group rg-wwi',
    ],
    ['no right to rules', { '/firewallRules': forbidden() }, 'adopt.not-readable', 'the firewall rules'],
    [
      'no right to parameters',
      { '/configurations': forbidden() },
      'adopt.not-readable',
      'the server parameters',
    ],
    [
      'an odd answer',
      { wwi: { location: 'westus2', properties: {} } },
      'adopt.not-readable',
      'does not understand (at properties.',
    ],
    [
      'a login of another tenant',
      {
        wwi: new ArmRefusal(
          401,
          'InvalidAuthenticationTokenTenant',
          'The access token is from the wrong issuer.',
        ),
      },
      'adopt.no-login',
      'does not accept the login (InvalidAuthenticationTokenTenant: The access token is from the wrong issuer)',
    ],
    [
      'no group',
      { wwi: new ArmRefusal(404, 'ResourceGroupNotFound', '') },
      'adopt.cluster-missing',
      'has no resource group rg-wwi',
    ],
    [
      'no subscription',
      { wwi: new ArmRefusal(404, 'SubscriptionNotFound', '') },
      'adopt.cluster-missing',
      'this login sees no subscription',
    ],
    [
      'no cluster',
      { wwi: new ArmRefusal(404, 'ResourceNotFound', '') },
      'adopt.cluster-missing',
      'has no cluster wwi',
    ],
    [
      'a stopped one',
      { wwi: cluster({ state: 'Stopped' }) },
      'adopt.cluster-not-ready',
      'az cosmosdb postgres cluster start',
    ],
    [
      'one that is changed',
      { wwi: cluster({ state: 'Updating', provisioningState: 'Updating' }) },
      'adopt.cluster-not-ready',
      'wait until the change has ended',
    ],
    [
      'one whose change failed',
      { wwi: cluster({ provisioningState: 'Failed' }) },
      'adopt.cluster-not-ready',
      'activity log',
    ],
  ])('is refused in a paragraph: %s', async (_, answers, code, words) => {
    const failure = await failureOf(() => readCluster(azureWith(answers), id));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(words) as string });
    expect(failure.message).toMatch(/Nothing was written$/);
  });

  it('is not trusted where it changed meanwhile; the clock is no change', async () => {
    const turns = (second: ReturnType<typeof cluster>): Arm => {
      let asked = 0;
      return azureWith({ wwi: () => ((asked += 1) === 1 ? cluster() : second) });
    };
    await expect(readCluster(turns(cluster({ earliestRestoreTime: 'later' })), id)).resolves.toBeDefined();
    for (const second of [cluster({ nodeCount: 2 }), cluster({}, { tags: { owner: 'me' } })]) {
      await expect(failureOf(() => readCluster(turns(second), id))).resolves.toMatchObject({
        code: 'adopt.changed-meanwhile',
        exitCode: 3,
      });
    }
  });

  it.each([
    ['its servers say so', { pointInTimeUTC: '2026-11-01T00:00:00Z' }, true, true],
    ['its servers say otherwise', {}, false, false],
    ['it was made of the present', {}, undefined, true],
    ['it was made of the past', { pointInTimeUTC: '2026-11-01T00:00:00Z' }, undefined, false],
  ])('is a replica or not: %s', async (_, properties, isReadOnly, isReplica) => {
    const arm = azureWith({
      wwi: cluster({ sourceResourceId: clusterId('source'), ...properties }),
      '/servers': [
        { properties: { role: 'Coordinator', ...(isReadOnly === undefined ? {} : { isReadOnly }) } },
      ],
    });
    await expect(readCluster(arm, id)).resolves.toMatchObject({ isReplica });
  });

  it('has the locks that bind it, and no other', async () => {
    const lock = (scope: string, name: string) => ({
      id: `${scope}/providers/Microsoft.Authorization/locks/${name}`,
      name,
      properties: { level: 'CanNotDelete' },
    });
    const locks = [
      lock(ID, 'own'),
      lock(groupId('wwi'), 'of-group'),
      lock(`${groupId('wwi')}/providers/a/b/c`, 'of-another'),
    ];
    const found = await readCluster(azureWith({ 'Microsoft.Authorization/locks': locks }), id);
    expect(found.locks.map(({ name, on }) => `${name} on ${on}`)).toEqual([
      'of-group on rg-wwi',
      'own on wwi',
    ]);
  });
});

describe('reading Resource Manager', () => {
  const cloud = { login: 'https://login', resourceManager: 'https://arm', audience: 'https://arm' };
  const reader = (answers: readonly Partial<HttpAnswer>[]) => {
    const asked: string[] = [];
    const arm = armReader(
      cloud,
      'TOKEN',
      ({ url }) => {
        asked.push(url);
        return Promise.resolve({ status: 200, headers: {}, text: '{}', ...answers[asked.length - 1] });
      },
      { signal: new AbortController().signal },
    );
    return { arm, asked };
  };

  it('follows pages, and sends its token nowhere else', async () => {
    const page = (value: string, nextLink?: string) => ({
      text: JSON.stringify({ value: [value], nextLink }),
    });
    const { arm, asked } = reader([page('a', 'https://arm/next'), page('b', 'https://elsewhere/next')]);
    await expect(arm.list('/things', '2022-11-08')).resolves.toEqual(['a', 'b']);
    expect(asked).toEqual(['https://arm/things?api-version=2022-11-08', 'https://arm/next']);
  });

  it('asks again where Azure is busy, and gives up in its words', async () => {
    const busy = { status: 429, headers: { 'retry-after': '0' } };
    const { arm, asked } = reader([
      busy,
      { status: 503, headers: { 'retry-after': '0' } },
      { text: '{"a":1}' },
    ]);
    await expect(arm.get('/thing', '1')).resolves.toEqual({ a: 1 });
    expect(asked).toHaveLength(3);
    const text = JSON.stringify({ error: { code: 'AuthorizationFailed', message: 'No.' } });
    await expect(reader([{ status: 403, text }]).arm.get('/thing', '1')).rejects.toMatchObject({
      status: 403,
      code: 'AuthorizationFailed',
      message: 'No.',
    });
    await expect(reader([busy, busy, busy, busy]).arm.get('/thing', '1')).rejects.toMatchObject({
      status: 429,
    });
  });
});

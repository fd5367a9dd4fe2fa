import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import type { ArmAnswer, Send } from './arm-client';
import { armClient, azurermVersion, CLUSTER, createCluster, GROUP } from './arm-client';
import { alertProperties } from './bodies';

const WORKSPACE = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/wwi-logs`;
const SETTING = `${CLUSTER}/providers/Microsoft.Insights/diagnosticSettings/wwi`;
const TEAM = `${GROUP}/providers/Microsoft.Insights/actionGroups/team`;
const ALERT = `${GROUP}/providers/Microsoft.Insights/metricAlerts/cpu`;

describe('monitoring', () => {
  let azure: AzureStandIn;
  let send: Send;

  beforeEach(async () => {
    azure = await startAzureStandIn({ newClusters: 'accepted', operationMs: 0 });
    send = armClient(azure, azurermVersion);
    await createCluster(send, 0);
  });
  afterEach(() => azure.close());

  const refusal = (answer: ArmAnswer): string => {
    expect(answer.status).toBe(400);
    return answer.body.error.message;
  };
  const createWorkspace = (extra: object = {}, id = WORKSPACE): Promise<ArmAnswer> =>
    send('PUT', id, {
      location: 'westus2',
      properties: { sku: { name: 'PerGB2018' }, retentionInDays: 30, ...extra },
    });

  describe('a workspace', () => {
    it('keeps what the service says of it, and its keys, through an update', async () => {
      const created = await createWorkspace();
      expect(created.status).toBe(201);
      const keys = (await send('POST', `${WORKSPACE}/sharedKeys`)).body;
      const sent = { ...created.body.properties, retentionInDays: 60, customerId: 'mine' };
      const updated = await send('PUT', WORKSPACE, { location: 'westus2', properties: sent });
      expect(updated).toMatchObject({ status: 200, body: { properties: { retentionInDays: 60 } } });
      expect(updated.body.properties['customerId']).toBe(created.body.properties['customerId']);
      expect(created.body.properties['customerId']).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect((await send('POST', `${WORKSPACE}/sharedKeys`)).body).toEqual(keys);
      expect(keys['primarySharedKey']).not.toBe(keys['secondarySharedKey']);
      expect((await send('DELETE', WORKSPACE)).status).toBe(200);
      expect((await send('GET', WORKSPACE)).status).toBe(404);
    });

    it.each([
      ['too short a retention', { retentionInDays: 7 }, /from 30 to 730/],
      ['a SKU it does not have', { sku: { name: 'Gold' } }, /PerGB2018/],
      ['an access it does not know', { publicNetworkAccessForQuery: 'Yes' }, /Enabled, Disabled/],
    ])('refuses %s', async (_, extra, message) => {
      expect(refusal(await createWorkspace(extra))).toMatch(message);
    });
  });

  describe('a diagnostic setting', () => {
    const log = { category: 'PostgreSQLLogs', enabled: true };
    const put = (extra: object = {}, id = SETTING): Promise<ArmAnswer> =>
      send('PUT', id, { properties: { workspaceId: WORKSPACE, logs: [log], metrics: [], ...extra } });

    it('is made, read back as it was described, and deleted', async () => {
      await createWorkspace();
      expect((await put()).status).toBe(200);
      expect((await send('GET', SETTING)).body.properties).toMatchObject({
        workspaceId: WORKSPACE,
        logs: [log],
      });
      expect((await send('DELETE', SETTING)).status).toBe(200);
      expect((await send('GET', SETTING)).status).toBe(404);
    });

    it('is of a category that the resource has', async () => {
      await createWorkspace();
      const listed = await send(
        'GET',
        `${CLUSTER}/providers/Microsoft.Insights/diagnosticSettingsCategories`,
      );
      expect(listed.body['value']).toMatchObject([
        {
          name: 'PostgreSQLLogs',
          properties: { categoryType: 'Logs', categoryGroups: ['allLogs', 'audit'] },
        },
        { name: 'AllMetrics', properties: { categoryType: 'Metrics' } },
      ]);
      expect((await put({ logs: [{ categoryGroup: 'audit', enabled: true }] })).status).toBe(200);
    });

    it.each([
      [
        'a category that the cluster has not',
        { logs: [{ category: 'AuditEvent', enabled: true }] },
        /AuditEvent/,
      ],
      [
        'a metric that is none',
        { metrics: [{ category: 'Some', enabled: true }] },
        /'Some' is not supported/,
      ],
      ['nothing at all', { logs: [{ ...log, enabled: false }] }, /At least one category/],
      ['no place to send it to', { workspaceId: undefined }, /data sink/],
      ['a workspace that is not there', { workspaceId: `${WORKSPACE}-2` }, /was not found/],
      ['a retention', { logs: [{ ...log, retentionPolicy: { enabled: true, days: 7 } }] }, /retention/],
    ])('refuses %s', async (_, extra, message) => {
      await createWorkspace();
      expect(refusal(await put(extra))).toMatch(message);
    });

    it('shares no category and place with another of the same resource', async () => {
      await createWorkspace();
      await put();
      for (const again of [{}, { logs: [{ categoryGroup: 'allLogs', enabled: true }] }]) {
        const second = await put(again, `${SETTING}-2`);
        expect(second).toMatchObject({ status: 409, body: { error: { code: 'Conflict' } } });
      }
      expect(
        (await put({ logs: [], metrics: [{ category: 'AllMetrics', enabled: true }] }, `${SETTING}-2`))
          .status,
      ).toBe(200);
    });

    it('needs a resource', async () => {
      expect((await put({}, SETTING.replace('/wwi/', '/other/'))).body.error.code).toBe('ResourceNotFound');
    });
  });

  describe('an action group', () => {
    const receiver = { name: 'me', emailAddress: 'me@example.com', useCommonAlertSchema: true };
    const put = (extra: object = {}, location = 'global'): Promise<ArmAnswer> =>
      send('PUT', TEAM, {
        location,
        properties: { groupShortName: 'wwi', enabled: true, emailReceivers: [receiver], ...extra },
      });

    it('is made, changed and deleted', async () => {
      expect((await put()).status).toBe(201);
      expect((await put({ enabled: false })).status).toBe(200);
      expect((await send('GET', TEAM)).body.properties).toMatchObject({
        enabled: false,
        emailReceivers: [receiver],
      });
      expect((await send('DELETE', TEAM)).status).toBe(200);
      expect((await send('DELETE', TEAM)).status).toBe(204);
    });

    it.each([
      ['too long a short name', { groupShortName: 'thirteen-long' }, /1 to 12/],
      ['an address that is none', { emailReceivers: [{ ...receiver, emailAddress: 'me' }] }, /email address/],
      ['two receivers of one name', { emailReceivers: [receiver, receiver] }, /more than once/],
      ['no word on whether it is on', { enabled: undefined }, /'enabled'/],
    ])('refuses %s', async (_, extra, message) => {
      expect(refusal(await put(extra))).toMatch(message);
    });

    it('keeps its data anywhere or in a region that there is', async () => {
      expect((await put({}, 'northeurope')).status).toBe(201);
      expect(refusal(await put({}, 'narnia'))).toMatch(/'narnia' is not available/);
    });
  });

  describe('a metric alert', () => {
    const put = (properties: object): Promise<ArmAnswer> =>
      send('PUT', ALERT, { location: 'global', properties });
    const good = alertProperties([CLUSTER]);
    const [condition] = good.criteria.allOf;
    const conditions = (...allOf: object[]): object => ({ criteria: { ...good.criteria, allOf } });

    it('is in no region', async () => {
      const alert = { location: 'northeurope', properties: good };
      expect(refusal(await send('PUT', ALERT, alert))).toMatch(/regions is 'global'/);
    });

    it('is made and read back, with the group it tells', async () => {
      await send('PUT', TEAM, { location: 'global', properties: { groupShortName: 'wwi', enabled: true } });
      expect((await put(alertProperties([CLUSTER], [TEAM]))).status).toBe(200);
      expect((await send('GET', ALERT)).body.properties).toMatchObject({
        actions: [{ actionGroupId: TEAM }],
        criteria: { allOf: [{ metricName: 'cpu_percent', threshold: 85 }] },
      });
    });

    it.each([
      ['a severity that is none', { severity: 5 }, /from 0 to 4/],
      ['a frequency that is none', { evaluationFrequency: 'PT2M' }, /evaluationFrequency 'PT2M'/],
      ['a window that is none', { windowSize: 'PT20M' }, /windowSize 'PT20M'/],
      ['a window within the frequency', { windowSize: 'PT1M' }, /smaller/],
      ['no scope', { scopes: [] }, /at least one scope/],
      ['a scope that is not there', { scopes: [`${CLUSTER}-2`] }, /was not found/],
      ['no condition', conditions(), /at least one condition/],
      ['two conditions of one name', conditions({ ...condition }, { ...condition }), /name of its own/],
      ['an operator that is none', conditions({ ...condition, operator: '>' }), /operator/],
      [
        'an aggregation that is none',
        conditions({ ...condition, timeAggregation: 'Median' }),
        /timeAggregation/,
      ],
      [
        'six conditions',
        conditions(...'abcdef'.split('').map((name) => ({ ...condition, name }))),
        /at most 5/,
      ],
      [
        'criteria of no type that there is',
        { criteria: { ...good.criteria, 'odata.type': 'Microsoft.Azure.Monitor.Guess' } },
        /The type 'Microsoft\.Azure\.Monitor\.Guess'/,
      ],
      [
        'percentages that are added up',
        conditions({ ...condition, timeAggregation: 'Total' }),
        /Average, Maximum, Minimum/,
      ],
      ['no threshold', conditions({ ...condition, threshold: undefined }), /threshold/],
      ['a metric that a cluster has not', conditions({ ...condition, metricName: 'cpu' }), /storage_percent/],
      [
        'a dimension that a cluster has not',
        conditions({ ...condition, dimensions: [{ name: 'Node', operator: 'Include', values: ['*'] }] }),
        /ServerName/,
      ],
      ['an action group that is not there', { actions: [{ actionGroupId: TEAM }] }, /action group/],
    ])('refuses %s', async (_, extra, message) => {
      expect(refusal(await put({ ...good, ...extra }))).toMatch(message);
      expect((await send('GET', ALERT)).status).toBe(404);
    });
  });
});

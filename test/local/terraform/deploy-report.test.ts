import type { Json } from '../../../scripts/local/azure/arm/arm';
import type { RecordedRequest } from '../../../scripts/local/azure/arm/recorder';
import type { ScaleOut } from '../../../scripts/local/terraform/deploy-report';
import { parseApplied, scaleOutFault } from '../../../scripts/local/terraform/deploy-report';

const CLUSTER = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi';
const patch = (
  properties: Readonly<Record<string, Json>>,
  more: Partial<RecordedRequest> = {},
): RecordedRequest => ({
  method: 'PATCH',
  url: `${CLUSTER}?api-version=2022-11-08`,
  body: { properties },
  status: 202,
  ...more,
});

it('reads what an apply did out of what the cdktf CLI printed', () => {
  const printed = [
    '\u001b[32mdev\u001b[39m  azurerm_resource_group.ResourceGroup: Creation complete after 21s',
    'dev  Apply complete! Resources: 3 added, 0 changed, 12 destroyed.',
  ].join('\n');
  expect(parseApplied(printed)).toEqual({ imported: 0, added: 3, changed: 0, destroyed: 12 });
  const imports = 'dev  Apply complete! Resources: 4 imported, 0 added, 0 changed, 0 destroyed.';
  expect(parseApplied(imports)).toEqual({ imported: 4, added: 0, changed: 0, destroyed: 0 });
  expect(parseApplied('dev  Error: creating')).toBeUndefined();
});

describe('a deploy that scales out', () => {
  const SCALE_OUT: ScaleOut = {
    type: 'serverGroupsv2',
    clusterName: 'wwi',
    properties: { nodeCount: 2 },
  };
  const reads: RecordedRequest = { method: 'GET', url: CLUSTER, status: 200 };

  it.each([
    ['one update of the node count', [reads, patch({ nodeCount: 2 }), reads]],
    [
      'one that was refused before it was taken',
      [patch({ nodeCount: 2 }, { status: 429 }), patch({ nodeCount: 2 })],
    ],
    [
      'changes of what is beside the cluster',
      [patch({ nodeCount: 2 }), patch({ nodeCount: 9 }, { url: `${CLUSTER}-other` })],
    ],
  ])('is %s', (_, requests) => {
    expect(scaleOutFault(requests, SCALE_OUT)).toBeUndefined();
  });

  it.each([
    ['nothing', [reads], 'is nothing'],
    ['another count', [patch({ nodeCount: 3 })], 'PATCH {"properties":{"nodeCount":3}}'],
    ['more than the count', [patch({ nodeCount: 2, coordinatorVCores: 8 })], '"coordinatorVCores":8'],
    ['two updates', [patch({ nodeCount: 2 }), patch({ nodeCount: 2 })], ', PATCH'],
    ['a replacement', [{ method: 'DELETE', url: CLUSTER, status: 202 }, patch({ nodeCount: 2 })], 'DELETE'],
  ])('is not %s', (_, requests, shown) => {
    expect(scaleOutFault(requests, SCALE_OUT)).toContain(shown);
  });

  it('is one update of its cluster where that is an elastic one', () => {
    const cluster = { clusterSize: 3, defaultDatabaseName: 'sensors' };
    const elastic: ScaleOut = {
      type: 'flexibleServers',
      clusterName: 'wwi',
      properties: { cluster },
    };
    const url = CLUSTER.replace('serverGroupsv2', 'flexibleServers');
    const sent = (body: Readonly<Record<string, Json>>): RecordedRequest => patch(body, { url });
    expect(scaleOutFault([sent({ cluster })], elastic)).toBeUndefined();
    expect(scaleOutFault([patch({ cluster })], elastic)).toContain('is nothing');
    expect(scaleOutFault([sent({ cluster, version: '18' })], elastic)).toContain('"version":"18"');
  });
});

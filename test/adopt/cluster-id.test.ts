import { isSameCluster, parseClusterId, requireSubscription } from '../../scripts/adopt/cluster-id';
import { failureOf } from './hand-made';

const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi`;

describe('the id of a cluster', () => {
  it.each([
    ID,
    `${ID}/`,
    `  ${ID}\n`,
    ID.replace('resourceGroups', 'resourcegroups').replace(
      'Microsoft.DBforPostgreSQL',
      'microsoft.dbforpostgresql',
    ),
    ID.replace('serverGroupsv2', 'SERVERGROUPSV2').replace('/subscriptions', '/Subscriptions'),
  ])('is read in any spelling: %j', (text) => {
    expect(parseClusterId(text)).toEqual({
      id: ID,
      subscription: SUBSCRIPTION,
      resourceGroup: 'rg',
      name: 'wwi',
    });
  });

  it.each([
    ['', 'is not the resource id of a cluster'],
    ['wwi', 'is not the resource id of a cluster'],
    [`https://portal.azure.com/#resource${ID}`, 'is not the resource id of a cluster'],
    [ID.replace(/\/providers.*/, ''), 'is not the resource id of a cluster'],
    [
      ID.replace('serverGroupsv2', 'flexibleServers'),
      'is the id of a resource of type Microsoft.DBforPostgreSQL/flexibleServers, and adopt takes a cluster',
    ],
    [
      ID.replace('Microsoft.DBforPostgreSQL/serverGroupsv2', 'Microsoft.Storage/storageAccounts'),
      'is the id of a resource of type Microsoft.Storage/storageAccounts',
    ],
    [`${ID}/roles/app`, `is the id of a part of a cluster. Write the id of the cluster itself: ${ID}`],
  ])('is told from what is none: %j', async (text, words) => {
    await expect(failureOf(() => parseClusterId(text))).resolves.toMatchObject({
      code: 'adopt.wrong-id',
      message: expect.stringContaining(words) as string,
    });
  });

  it('is the same in other capitals', () => {
    const shouted = parseClusterId(ID.replace('/rg/', '/RG/').replace(/wwi$/, 'WWI'));
    expect(isSameCluster(parseClusterId(ID), shouted)).toBe(true);
    expect(isSameCluster(parseClusterId(ID), parseClusterId(`${ID}2`))).toBe(false);
  });

  it('is of the subscription that Terraform works in', async () => {
    const id = parseClusterId(ID);
    expect(() => requireSubscription(id, undefined)).not.toThrow();
    expect(() => requireSubscription(id, SUBSCRIPTION.toUpperCase())).not.toThrow();
    const other = '99999999-2222-3333-4444-555555555555';
    await expect(failureOf(() => requireSubscription(id, other))).resolves.toMatchObject({
      code: 'adopt.other-subscription',
      message: expect.stringContaining(`export ARM_SUBSCRIPTION_ID=${SUBSCRIPTION}`) as string,
    });
  });
});

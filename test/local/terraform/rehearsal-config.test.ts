import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCosmosEnvironment } from '../../../config/environment/environment';
import type { AzureYear } from '../../../scripts/local/terraform/azure-year';
import { AZURE_YEARS } from '../../../scripts/local/terraform/azure-year';
import { clusterIdOf } from '../../../scripts/local/terraform/hand-made';
import { rehearsalText, rehearsedEnvironment } from '../../../scripts/local/terraform/rehearsal-config';

const dev = readFileSync(join(__dirname, '../../support/environments/dev.yaml'), 'utf8');
const settings = parseCosmosEnvironment(dev, 'dev.yaml');

const rehearsed = (text: string, azure: AzureYear) =>
  parseCosmosEnvironment(rehearsalText(text, { workload: 'sensors', azure }), 'dev.yaml');

it('changes the state and the origin of an environment, and nothing else', () => {
  const cluster = { ...settings.cluster };
  delete cluster.allowNew;
  const id = clusterIdOf(settings.resourceGroup, cluster.name);
  expect(rehearsed(dev, 'today')).toEqual({
    ...settings,
    state: { backend: 'local' },
    cluster: { ...cluster, origin: { adopt: id } },
  });
  expect(rehearsed(dev, '2025')).toEqual({
    ...settings,
    state: { backend: 'local' },
    cluster: { ...cluster, allowNew: expect.any(String) as string },
  });
});

it('begins on a single node, whatever the file says', () => {
  const scaledOut = dev.replace('stage: single-node', 'stage: scaled-out');
  expect(scaledOut).not.toBe(dev);
  for (const azure of AZURE_YEARS) expect(rehearsed(scaledOut, azure).cluster.stage).toBe('single-node');
});

it('brings the two workers that are rehearsed, whatever the file says of them', () => {
  for (const workers of ['  workers: { count: 5, vCores: 8, storageGiB: 1024 }\n', '']) {
    const { cluster } = rehearsed(dev.replace(/^ {2}workers: .*\n/m, workers), 'today');
    expect(cluster.workers?.count).toBe(2);
    expect(cluster.workers?.vCores).toBe(workers === '' ? 4 : 8);
  }
});

it('has a cluster of its own where the file makes it from another one', () => {
  const id =
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/source';
  const text = dev.replace(
    /^ {2}allowNew: .*$/m,
    `  origin: { replicaOf: { sourceClusterId: ${id}, sourceLocation: westus2 } }`,
  );
  expect(text).not.toBe(dev);
  for (const azure of AZURE_YEARS) {
    expect(rehearsalText(text, { workload: 'sensors', azure })).not.toContain(id);
  }
});

describe('the environment that is rehearsed', () => {
  const of = (name: string, workload: string, production: boolean) => ({
    ...settings,
    name,
    workload,
    production,
  });

  it('is the one of the workload, and never production', () => {
    const all = [of('a', 'payments', false), of('b', 'sensors', true), of('c', 'sensors', false)];
    expect(rehearsedEnvironment(all, 'sensors').name).toBe('c');
    expect(rehearsedEnvironment(all, 'other').name).toBe('a');
    expect(() => rehearsedEnvironment([of('b', 'sensors', true)], 'sensors')).toThrow('production: false');
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCosmosEnvironment, parseEnvironment } from '../../../config/environment/environment';
import type { AzureYear } from '../../../scripts/local/terraform/azure-year';
import { AZURE_YEARS } from '../../../scripts/local/terraform/azure-year';
import { clusterIdOf } from '../../../scripts/local/terraform/hand-made';
import {
  elasticRehearsalText,
  rehearsalText,
  rehearsedEnvironment,
} from '../../../scripts/local/terraform/rehearsal-config';

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

describe('an elastic cluster', () => {
  const elastic = (text: string) => parseEnvironment(elasticRehearsalText(text, 'sensors'), 'dev.yaml');

  it('is made of an environment of the other service: its place, its network and its name stay', () => {
    const { cluster, ...others } = settings;
    const workers = dev.replace(/^ {2}access: firewall$/m, '  access: firewall\n  workerPublicAccess: false');
    for (const text of [dev, workers]) {
      expect(elastic(text)).toMatchObject({
        name: others.name,
        location: others.location,
        resourceGroup: others.resourceGroup,
        tags: others.tags,
        service: 'elastic-cluster',
        state: { backend: 'local' },
        cluster: {
          name: cluster.name,
          stage: 'single-node',
          postgresVersion: 17,
          nodes: { count: 3 },
          maintenanceWindow: cluster.maintenanceWindow,
        },
      });
    }
  });

  it('is logged in to by a name and to a database of its own', () => {
    const { cluster } = elastic(dev);
    expect(cluster).toMatchObject({ login: 'cluster_admin', database: 'rehearsal' });
  });

  it('stays what it is where the file is about one, on one node with three to come', () => {
    const written = elasticRehearsalText(dev, 'sensors')
      .replace('login: cluster_admin', 'login: wwi_admin')
      .replace('stage: single-node', 'stage: scaled-out')
      .replace('count: 3', 'count: 7');
    expect(elastic(written).cluster).toMatchObject({
      login: 'wwi_admin',
      stage: 'single-node',
      nodes: { count: 3 },
    });
  });
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

  it('is one of the service, and an elastic cluster can be made of any', () => {
    const elastic = {
      ...parseEnvironment(elasticRehearsalText(dev, 'sensors'), 'dev.yaml'),
      name: 'e',
      workload: 'payments',
    };
    const all = [of('c', 'sensors', false), elastic];
    expect(rehearsedEnvironment(all, 'payments').name).toBe('c');
    expect(rehearsedEnvironment(all, 'sensors', 'elastic-cluster').name).toBe('e');
    expect(rehearsedEnvironment([of('c', 'sensors', false)], 'sensors', 'elastic-cluster').name).toBe('c');
    expect(() => rehearsedEnvironment([elastic], 'sensors')).toThrow('service: cosmosdb-postgresql');
  });
});

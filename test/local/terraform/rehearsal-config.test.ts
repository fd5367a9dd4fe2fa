import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnvironment } from '../../../config/environment/environment';
import { rehearsalText, rehearsedEnvironment } from '../../../scripts/local/terraform/rehearsal-config';

const dev = readFileSync(join(__dirname, '../../support/environments/dev.yaml'), 'utf8');
const settings = parseEnvironment(dev, 'dev.yaml');

it('changes the stage and the state of an environment, and nothing else', () => {
  for (const stage of ['single-node', 'scaled-out'] as const) {
    const rehearsed = parseEnvironment(rehearsalText(dev, { workload: 'sensors', stage }), 'dev.yaml');
    expect(rehearsed).toEqual({
      ...settings,
      state: { backend: 'local' },
      cluster: { ...settings.cluster, stage },
    });
  }
});

it('brings the two workers that are rehearsed, whatever the file says of them', () => {
  for (const workers of ['  workers: { count: 5, vCores: 8, storageGiB: 1024 }\n', '']) {
    const text = dev.replace(/^ {2}workers: .*\n/m, workers);
    const { cluster } = parseEnvironment(
      rehearsalText(text, { workload: 'sensors', stage: 'scaled-out' }),
      'dev.yaml',
    );
    expect(cluster.workers?.count).toBe(2);
    expect(cluster.workers?.vCores).toBe(workers === '' ? 4 : 8);
  }
});

it('starts a cluster of its own where the file makes it from another one', () => {
  const id =
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/source';
  const text = dev.replace(
    /^ {2}postgresVersion/m,
    `  origin: { replicaOf: { sourceClusterId: ${id}, sourceLocation: westus2 } }\n$&`,
  );
  expect(text).not.toBe(dev);
  expect(rehearsalText(text, { workload: 'sensors', stage: 'single-node' })).not.toContain(id);
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

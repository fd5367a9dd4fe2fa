import type { CosmosEnvironment } from '../../config/environment/environment';
import { environment } from '../support/synth';

const SOURCE =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/source';
const prod = environment('prod');

/** prod with every key that a file may have, and a firewall. */
export const everything: CosmosEnvironment = {
  ...prod,
  cluster: {
    ...prod.cluster,
    preferredPrimaryZone: '2',
    origin: {
      pointInTime: {
        sourceClusterId: SOURCE,
        sourceLocation: 'westus2',
        pointInTimeUtc: '2026-01-31T12:00:00Z',
      },
    },
  },
  network: {
    access: 'firewall',
    allow: [
      { name: 'office', from: '203.0.113.8', to: '203.0.113.15' },
      { name: 'pipeline', from: '198.51.100.4', to: '198.51.100.4' },
    ],
    allowAzureServices: { reason: 'Power BI refreshes its reports from there until March' },
  },
  roles: [{ name: 'reports' }, { name: 'app' }],
  parameters: { coordinator: { work_mem: '65536' }, workers: { work_mem: '65536' } },
  keyVault: {
    ...prod.keyVault!,
    writerPrincipalId: '00000000-0000-0000-0000-000000000000',
    passwordExpiresUtc: '2027-06-30T00:00:00Z',
  },
};

/** A read replica of another cluster. */
export const replica: CosmosEnvironment = {
  ...prod,
  cluster: {
    ...prod.cluster,
    highAvailability: false,
    origin: { replicaOf: { sourceClusterId: SOURCE, sourceLocation: 'westus2', promoted: false } },
  },
  network: everything.network,
  keyVault: undefined,
};

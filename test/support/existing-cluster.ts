import { setTimeout as delay } from 'node:timers/promises';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import type { Send } from '../local/azure/arm-client';
import { armClient, azurermVersion } from '../local/azure/arm-client';

/** The cluster that the sample config/environments/dev.yaml adopts. */
export const SAMPLE_CLUSTER =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-wwi-sensors-dev/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-dev';

/** Makes it, as somebody once did in the portal, on a stand-in that accepts new clusters. */
export async function makeSampleCluster(azure: AzureStandIn): Promise<void> {
  const portal = armClient(azure, azurermVersion);
  await portal('PUT', SAMPLE_CLUSTER.split('/').slice(0, 5).join('/'), { location: 'westus2' });
  await portal('PUT', SAMPLE_CLUSTER, {
    location: 'westus2',
    tags: { owner: 'sensors-platform', costCentre: 'wwi-1042' },
    properties: {
      administratorLoginPassword: 'Rehearsal-only-7',
      postgresqlVersion: '16',
      citusVersion: '12.1',
      nodeCount: 0,
      coordinatorVCores: 4,
      coordinatorStorageQuotaInMb: 524_288,
      nodeVCores: 4,
      nodeStorageQuotaInMb: 524_288,
      maintenanceWindow: { customWindow: 'Enabled', dayOfWeek: 0, startHour: 3, startMinute: 0 },
    },
  });
  await ready(portal, SAMPLE_CLUSTER);
  await portal('PUT', `${SAMPLE_CLUSTER}/firewallRules/office`, {
    properties: { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' },
  });
  await ready(portal, `${SAMPLE_CLUSTER}/firewallRules/office`);
}

async function ready(portal: Send, id: string): Promise<void> {
  for (;;) {
    const { status, body } = await portal('GET', id);
    if (status !== 200) throw new Error(`${id} was not made: ${JSON.stringify(body)}`);
    if (body.properties['provisioningState'] === 'Succeeded') return;
    await delay(20);
  }
}

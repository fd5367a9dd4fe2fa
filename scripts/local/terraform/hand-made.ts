import { setTimeout as delay } from 'node:timers/promises';
import type { CosmosEnvironment } from '../../../config/environment/environment';
import { DAYS_OF_WEEK, EDITIONS } from '../../../config/azure/service-limits';
import type { SendHttp } from '../../adopt/https';
import { httpSender } from '../../adopt/https';
import { ScaleoutError } from '../../lib/errors';
import type { AzureStandIn } from '../azure/http/server';

const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000000';
const API_VERSIONS = { groups: '2023-07-01', clusters: '2022-11-08' } as const;
const MIB_PER_GIB = 1024;
/** What the service takes where nobody says more. */
const WORKER = { vCores: 4, storageGiB: 512 } as const;

/** The id that a cluster has on the stand-in. */
export function clusterIdOf(resourceGroup: string, name: string): string {
  return `${SUBSCRIPTION}/resourceGroups/${resourceGroup}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/${name}`;
}

/**
 * Makes what somebody made in the portal long before Terraform came: a single node as an environment describes it, with its rules, roles and parameters, by the requests that the
 * portal sends. From then on the stand-in refuses new clusters, as Azure does.
 *
 * @param password of `citus` and of every role
 * @returns the cluster's resource id
 * @throws ScaleoutError where the stand-in refuses something
 */
export async function makeByHand(
  azure: AzureStandIn,
  settings: CosmosEnvironment,
  password: string,
): Promise<string> {
  const id = clusterIdOf(settings.resourceGroup, settings.cluster.name);
  const { location, network, roles = [], parameters = {} } = settings;
  const trusting = azure.terraformEnvironment({});
  const portal: Portal = { azure, http: httpSender(trusting, new AbortController().signal) };
  azure.setNewClusters('accepted');
  try {
    await send(portal, 'PUT', id.split('/').slice(0, 5).join('/'), API_VERSIONS.groups, { location });
    await put(portal, id, {
      location,
      tags: settings.tags,
      properties: clusterProperties(settings, password),
    });
  } finally {
    azure.setNewClusters('refused');
  }
  for (const { name, from, to } of network.access === 'firewall' ? network.allow : []) {
    await put(portal, `${id}/firewallRules/${name}`, {
      properties: { startIpAddress: from, endIpAddress: to },
    });
  }
  for (const { name } of roles) await put(portal, `${id}/roles/${name}`, { properties: { password } });
  for (const [name, value] of Object.entries(parameters.coordinator ?? {})) {
    await put(portal, `${id}/coordinatorConfigurations/${name}`, { properties: { value } });
  }
  return id;
}

function clusterProperties({ cluster, network }: CosmosEnvironment, password: string): object {
  const { coordinator, workers = WORKER, maintenanceWindow } = cluster;
  return {
    administratorLoginPassword: password,
    postgresqlVersion: String(cluster.postgresVersion),
    citusVersion: cluster.citusVersion,
    nodeCount: 0,
    coordinatorServerEdition: coordinator.edition ?? EDITIONS.coordinator,
    coordinatorVCores: coordinator.vCores,
    coordinatorStorageQuotaInMb: coordinator.storageGiB * MIB_PER_GIB,
    nodeVCores: workers.vCores,
    nodeStorageQuotaInMb: workers.storageGiB * MIB_PER_GIB,
    coordinatorEnablePublicIpAccess: network.access === 'firewall',
    enableHa: cluster.highAvailability,
    ...(maintenanceWindow === undefined
      ? {}
      : {
          maintenanceWindow: {
            customWindow: 'Enabled',
            dayOfWeek: DAYS_OF_WEEK.indexOf(maintenanceWindow.day),
            startHour: maintenanceWindow.startHour,
            startMinute: maintenanceWindow.startMinute,
          },
        }),
  };
}

/** Where somebody clicks, and what takes their requests there. */
interface Portal {
  readonly azure: AzureStandIn;
  readonly http: SendHttp;
}

/** Makes one thing of the cluster's, and waits until it is there. */
async function put(portal: Portal, id: string, body: object): Promise<void> {
  await send(portal, 'PUT', id, API_VERSIONS.clusters, body);
  for (;;) {
    const { properties } = await send(portal, 'GET', id, API_VERSIONS.clusters);
    if (properties?.provisioningState === 'Succeeded' || properties?.provisioningState === undefined) return;
    await delay(POLL_MS);
  }
}

const POLL_MS = 50;

interface Answer {
  readonly properties?: { readonly provisioningState?: string };
}

async function send(
  { azure, http }: Portal,
  method: 'GET' | 'PUT',
  path: string,
  version: string,
  body?: object,
): Promise<Answer> {
  const { status, text } = await http({
    method,
    url: `${azure.origin}${path}?api-version=${version}`,
    headers: { Authorization: 'Bearer portal' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (status < 300) return JSON.parse(text === '' ? '{}' : text) as Answer;
  throw new ScaleoutError(
    'local.deploy-failed',
    `the stand-in refuses the cluster that somebody makes by hand (${method} ${path.split('/').slice(-2).join('/')}: HTTP ${String(status)})`,
  );
}

import { Agent, request } from 'node:https';
import type { AzureStandIn, AzureStandInOptions } from '../../../scripts/local/azure/http/server';

export interface ArmAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly properties: Readonly<Record<string, unknown>>;
    readonly error: { readonly code: string; readonly message: string };
  };
}

/** One request to a stand-in for Azure, as somebody in the portal makes it. */
export type Send = (method: string, path: string, body?: object) => Promise<ArmAnswer>;

/** @param versionOf the api-version of an address; without one, the server is left to refuse */
export function armClient(azure: AzureStandIn, versionOf: (path: string) => string): Send {
  // A handshake takes most of a request.
  const agent = new Agent({ keepAlive: true });
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${azure.origin}${path}?api-version=${versionOf(path)}`,
        { method, ca: azure.certificate, headers: { Authorization: 'Bearer x' }, agent },
        (reply) => {
          let text = '';
          reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
          reply.on('end', () => {
            resolve({
              status: reply.statusCode ?? 0,
              headers: reply.headers,
              body: JSON.parse(text === '' ? '{}' : text) as ArmAnswer['body'],
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

/** The api-version that azurerm 4.55.0 asks for at an address. */
export function azurermVersion(path: string): string {
  const kinds: readonly (readonly [RegExp, string])[] = [
    [/\/providers\/Microsoft\.Authorization\/locks/i, '2020-05-01'],
    [/\/privateDnsZones\//i, '2024-06-01'],
    [/\/providers\/Microsoft\.Network\//i, '2025-01-01'],
    [/\/providers\/Microsoft\.Authorization\/roleAssignments\//i, '2022-04-01'],
    [/\/providers\/Microsoft\.Authorization\/roleDefinitions/i, '2022-05-01-preview'],
    [/\/diagnosticSettings/i, '2021-05-01-preview'],
    [/\/metricAlerts/i, '2018-03-01'],
    [/\/actionGroups\//i, '2023-01-01'],
    [/\/deletedWorkspaces$/i, '2023-09-01'],
    [/\/Microsoft\.OperationalInsights\//i, '2022-10-01'],
    [/\/Microsoft\.KeyVault\//i, '2023-02-01'],
    [/\/Microsoft\.Storage\//i, '2023-05-01'],
    [/\/Microsoft\.DBforPostgreSQL\//i, '2022-11-08'],
  ];
  return kinds.find(([pattern]) => pattern.test(path))?.[1] ?? '2023-07-01';
}

export const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg';
export const CLUSTER = `${GROUP}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi`;

/** A virtual network of somebody else's, with a subnet. */
export const NETWORK = `${GROUP}/providers/Microsoft.Network/virtualNetworks/hub`;
export const SUBNET = `${NETWORK}/subnets/data`;
/** What tells a stand-in of both. */
export const WITH_SUBNET: AzureStandInOptions = { surroundings: { subnets: { [SUBNET]: 'westus2' } } };

/** Makes what most tests need: a resource group, and in it a cluster with that many workers. */
export async function createCluster(send: Send, nodeCount: number): Promise<void> {
  await send('PUT', GROUP, { location: 'westus2' });
  const { status, body } = await send('PUT', CLUSTER, {
    location: 'westus2',
    properties: {
      administratorLoginPassword: 'Rehearsal-only-7',
      nodeCount,
      coordinatorVCores: 4,
      coordinatorStorageQuotaInMb: 524_288,
    },
  });
  if (status !== 201) throw new Error(`the cluster was not made: ${JSON.stringify(body)}`);
}

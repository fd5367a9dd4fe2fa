import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ScaleoutError } from '../../scripts/lib/errors';
import type { Surroundings } from '../../scripts/local/azure/arm/surroundings';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { alertProperties } from '../local/azure/bodies';
import type { ArmAnswer, Send } from '../local/azure/arm-client';

const ROOT = path.resolve(__dirname, '../..');

/** Another one than that of the samples, which marks placeholders. */
export const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';

export function groupId(name: string): string {
  return `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-${name}`;
}

export function subnetId(name: string): string {
  return `${groupId(name)}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet`;
}

/** What a stand-in has to be told of before people make something in it. @param names of clusters with an endpoint */
export function surroundingsOf(...names: readonly string[]): Surroundings {
  const subnets = Object.fromEntries(names.map((name) => [subnetId(name), 'westus2']));
  return { subscriptions: [SUBSCRIPTION], subnets };
}

export function clusterId(name: string): string {
  return `${groupId(name)}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/${name}`;
}

/** A single node that can have workers, and the sizes that Azure reports of those. */
export const SINGLE_NODE = {
  administratorLoginPassword: 'Rehearsal-only-7',
  nodeCount: 0,
  coordinatorVCores: 4,
  coordinatorStorageQuotaInMb: 524_288,
  coordinatorServerEdition: 'GeneralPurpose',
  coordinatorEnablePublicIpAccess: true,
};

/** What people make in the portal, one after the other: each step waits until the cluster is ready again. */
export class Portal {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  async put(id: string, body: object): Promise<void> {
    await this.ask('PUT', id, body);
    await this.settled(id);
  }

  async patch(id: string, body: object): Promise<void> {
    await this.ask('PATCH', id, body);
    await this.settled(id);
  }

  /** A cluster in a resource group of its own. */
  async cluster(name: string, properties: object = {}, tags?: object): Promise<void> {
    await this.ask('PUT', groupId(name), { location: 'westus2' });
    await this.put(clusterId(name), {
      location: 'westus2',
      ...(tags === undefined ? {} : { tags }),
      properties: { ...SINGLE_NODE, ...properties },
    });
  }

  async rule(name: string, rule: string, from: string, to = from): Promise<void> {
    await this.put(`${clusterId(name)}/firewallRules/${rule}`, {
      properties: { startIpAddress: from, endIpAddress: to },
    });
  }

  async role(name: string, role: string): Promise<void> {
    await this.put(`${clusterId(name)}/roles/${role}`, { properties: { password: 'Rehearsal-only-8' } });
  }

  async parameter(
    name: string,
    kind: 'coordinatorConfigurations' | 'nodeConfigurations',
    parameter: string,
    value: string,
  ): Promise<void> {
    await this.put(`${clusterId(name)}/${kind}/${parameter}`, { properties: { value } });
  }

  /** A private endpoint with a DNS zone. */
  async endpoint(name: string): Promise<void> {
    const network = `${groupId(name)}/providers/Microsoft.Network`;
    const zone = `${network}/privateDnsZones/privatelink.postgres.cosmos.azure.com`;
    const endpoint = `${network}/privateEndpoints/pe-${name}`;
    await this.put(zone, { location: 'global' });
    await this.put(endpoint, {
      location: 'westus2',
      properties: {
        subnet: { id: subnetId(name) },
        privateLinkServiceConnections: [
          {
            name: 'link',
            properties: { privateLinkServiceId: clusterId(name), groupIds: ['coordinator'] },
          },
        ],
      },
    });
    await this.put(`${endpoint}/privateDnsZoneGroups/default`, {
      properties: { privateDnsZoneConfigs: [{ name: 'zone', properties: { privateDnsZoneId: zone } }] },
    });
  }

  async lock(scope: string, lock: string, level = 'CanNotDelete'): Promise<void> {
    await this.ask('PUT', `${scope}/providers/Microsoft.Authorization/locks/${lock}`, {
      properties: { level },
    });
  }

  /** A workspace that logs go to, and an alert. */
  async monitoring(name: string): Promise<void> {
    const workspace = `${groupId(name)}/providers/Microsoft.OperationalInsights/workspaces/log-${name}`;
    await this.put(workspace, {
      location: 'westus2',
      properties: { sku: { name: 'PerGB2018' }, retentionInDays: 30 },
    });
    await this.ask('PUT', `${clusterId(name)}/providers/Microsoft.Insights/diagnosticSettings/to-workspace`, {
      properties: {
        workspaceId: workspace,
        logs: [{ category: 'PostgreSQLLogs', enabled: true }],
        metrics: [],
      },
    });
    await this.ask('PUT', `${groupId(name)}/providers/Microsoft.Insights/metricAlerts/cpu-high`, {
      location: 'global',
      properties: alertProperties([clusterId(name)]),
    });
  }

  async ask(method: string, id: string, body?: object): Promise<ArmAnswer> {
    const answer = await this.#send(method, id, body);
    if (answer.status >= 300) throw new Error(`${method} ${id}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** Waits for what a request began, and for the cluster that it is a part of. */
  async settled(id: string): Promise<void> {
    const whole = /^(.*\/serverGroupsv2\/[^/]+)/i.exec(id)?.[1] ?? id;
    for (const each of new Set([id, whole])) {
      for (;;) {
        const { properties } = (await this.ask('GET', each)).body;
        const isReady =
          properties['provisioningState'] === undefined || properties['provisioningState'] === 'Succeeded';
        if (isReady && ['Ready', undefined].includes(properties['state'] as string | undefined)) break;
        await new Promise((done) => setTimeout(done, 20));
      }
    }
  }
}

/** What foreseen error some work ends with. */
export async function failureOf(work: () => unknown): Promise<ScaleoutError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ScaleoutError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** A `config/` directory with the shipped workloads and no environment. */
export class ConfigDirectory {
  readonly path = mkdtempSync(path.join(tmpdir(), 'scaleout-adopt-'));

  constructor() {
    cpSync(path.join(ROOT, 'config', 'workloads', 'sensors'), path.join(this.path, 'workloads', 'sensors'), {
      recursive: true,
    });
    mkdirSync(path.join(this.path, 'environments'));
  }

  file(name: string): string {
    return path.join(this.path, 'environments', `${name}.yaml`);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The variables of a command that adopts a cluster of the stand-in. */
export function adoptEnvironment(
  azure: AzureStandIn,
  config: ConfigDirectory,
  variables: Readonly<Record<string, string | undefined>> = {},
): Record<string, string | undefined> {
  return {
    ...azure.terraformEnvironment(variables),
    ARM_SUBSCRIPTION_ID: SUBSCRIPTION,
    SCALEOUT_CONFIG_DIR: config.path,
  };
}

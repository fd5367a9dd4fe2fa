import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { synthesize } from '../../scripts/infra/synth';
import type { StackOptions } from '../../scripts/infra/stack-plan';
import type { VerbContext } from '../../scripts/lib/verb';
import type { AzureStandIn, AzureStandInOptions } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import { recordingReporter } from '../local/journey/recording-reporter';
import { testEnvironment } from '../support/environment';
import type { SharedProvider } from '../support/shared-provider';
import { startSharedProvider } from '../support/shared-provider';

const ROOT = resolve(__dirname, '../..');
export const ENVIRONMENT = 'dev';
export const PASSWORD = 'Rehearsal-only-7';
export const GROUP_ID =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-wwi-sensors-dev';
export const CLUSTER_ID = `${GROUP_ID}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-dev`;
/** The tags by which a resource group is known as this project's. */
export const OWN_TAGS = { managedBy: 'scaleout', environment: ENVIRONMENT };

const CONFIG = `
name: ${ENVIRONMENT}
location: westus2
resourceGroup: rg-wwi-sensors-dev
workload: sensors
production: false
cluster:
  name: wwi-sensors-dev
  allowNew: the clusters of these tests begin empty
  postgresVersion: 15
  citusVersion: '12.1'
  stage: single-node
  coordinator: { vCores: 4, storageGiB: 512 }
  workers: { count: 3, vCores: 4, storageGiB: 1024 }
  coordinatorHoldsShards: true
  highAvailability: false
network:
  access: firewall
  allow: [{ name: office, from: 203.0.113.8, to: 203.0.113.15 }]
state: { backend: local }
tags: { owner: sensors-platform, costCentre: wwi-1042 }
`;

export type StackJson = Record<string, unknown>;

/** An object within a stack, to be changed in place. */
export function at(stack: StackJson, ...path: readonly string[]): StackJson {
  return path.reduce((within, key) => within[key] as StackJson, stack);
}

/** One environment, synthesized into a directory of its own, that a real Terraform deploys to a stand-in for Azure. */
export class Rehearsal {
  readonly azure: AzureStandIn;
  readonly home: string;
  readonly context: VerbContext & { readonly reporter: ReturnType<typeof recordingReporter> };
  readonly stop = new AbortController();
  /** What the config as it is now synthesizes to, once somebody asked. */
  private synthesized: string | undefined;
  private provider: SharedProvider | undefined;

  private constructor(azure: AzureStandIn, home: string) {
    this.azure = azure;
    this.home = home;
    this.context = {
      reporter: recordingReporter(),
      signal: this.stop.signal,
      confirm: () => Promise.resolve(true),
    };
  }

  /** With a resource group that is there already: creating one takes the provider 20 seconds. */
  static async start(options: AzureStandInOptions = {}): Promise<Rehearsal> {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'scaleout-rehearsal-')));
    cpSync(join(ROOT, 'config', 'workloads'), join(home, 'config', 'workloads'), { recursive: true });
    mkdirSync(join(home, 'config', 'environments'));
    const rehearsal = new Rehearsal(await startAzureStandIn({ newClusters: 'accepted', ...options }), home);
    rehearsal.provider = await startSharedProvider(rehearsal.environment);
    rehearsal.writeConfig();
    await rehearsal.inAzure('PUT', GROUP_ID, { location: 'westus2', tags: OWN_TAGS });
    return rehearsal;
  }

  async end(): Promise<void> {
    await this.provider?.end();
    await this.azure.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Writes the environment's file, with texts of it replaced. */
  writeConfig(...changes: readonly (readonly [text: string, by: string])[]): void {
    const text = changes.reduce((before, [from, by]) => {
      if (!before.includes(from)) throw new Error(`the config holds no "${from}"`);
      return before.replace(from, by);
    }, CONFIG);
    this.useConfig(text);
  }

  /** Writes another file in the place of the environment's. */
  useConfig(text: string): void {
    writeFileSync(join(this.home, 'config', 'environments', `${ENVIRONMENT}.yaml`), text);
    this.synthesized = undefined;
  }

  get environment(): Record<string, string | undefined> {
    return {
      ...this.azure.terraformEnvironment(testEnvironment()),
      SCALEOUT_CONFIG_DIR: join(this.home, 'config'),
      TF_VAR_admin_password: PASSWORD,
      ...this.provider?.variables,
    };
  }

  get options(): StackOptions {
    return { environment: this.environment, directory: join(this.home, 'cdktf.out') };
  }

  /** The stack as the config says it, changed by hand: what the config would refuse, a plan does not. */
  async synthesizeWith(change: (stack: StackJson) => void): Promise<StackOptions> {
    if (this.synthesized === undefined) {
      await synthesize(join(this.home, 'cdktf.out'), { environment: this.environment });
      this.synthesized = readFileSync(this.stackFile, 'utf8');
    }
    const stack = JSON.parse(this.synthesized) as StackJson;
    change(stack);
    writeFileSync(this.stackFile, JSON.stringify(stack));
    return { ...this.options, skipSynth: true };
  }

  /** Makes the next init take a backend as if it were the first. */
  forgetBackend(): void {
    rmSync(join(dirname(this.stackFile), '.terraform', 'terraform.tfstate'), { force: true });
  }

  get stackFile(): string {
    return join(this.home, 'cdktf.out', 'stacks', ENVIRONMENT, 'cdk.tf.json');
  }

  /** Past Terraform, as somebody in the portal does. */
  inAzure(
    method: 'GET' | 'PUT' | 'PATCH' | 'DELETE',
    id: string,
    body?: object,
  ): Promise<{ status: number; body: StackJson }> {
    const version = id.includes('serverGroupsv2') ? '2022-11-08' : '2023-07-01';
    return new Promise((done, fail) => {
      const sent = request(
        `${this.azure.origin}${id}?api-version=${version}`,
        { method, ca: this.azure.certificate, headers: { Authorization: 'Bearer x' }, agent: false },
        (reply) => {
          let text = '';
          reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
          reply.on('end', () =>
            done({ status: reply.statusCode ?? 0, body: text === '' ? {} : (JSON.parse(text) as StackJson) }),
          );
        },
      );
      sent.on('error', fail);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Requests that change something, as `METHOD last/segments`. */
  changesSent(since = 0): string[] {
    return this.azure.requests
      .slice(since)
      .filter(({ method, url }) => method !== 'GET' && !url.includes('/oauth2/'))
      .map(({ method, url }) => `${method} ${url.replace(/\?.*$/, '').split('/').slice(-2).join('/')}`);
  }
}

export const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster';
/** The cluster's block, whatever its address. */
export function clusterOf(stack: StackJson): StackJson {
  return Object.values(at(stack, 'resource', CLUSTER))[0] as StackJson;
}

import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { terraformDocument } from '../../scripts/infra/terraform-answers';
import type { RecordedRequest } from '../../scripts/local/azure/arm/recorder';
import type { AzureStandIn, AzureStandInOptions } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import type { Send } from '../local/azure/arm-client';
import { armClient, azurermVersion } from '../local/azure/arm-client';
import { testEnvironment } from './environment';
import { processTree } from './process-tree';
import type { SharedProvider } from './shared-provider';
import { OWN_PLUGIN, startSharedProvider } from './shared-provider';
import { seedLockFile } from './terraform-plugins';

const ROOT = path.resolve(__dirname, '../..');

export const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000000';

/** The password of the login `citus`. Terraform's state and its plan files hold it by nature, in a temporary directory. */
export const PASSWORD = 'Rehearsal-only-7';

export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** stdout and stderr as they came, without colours. */
  readonly output: string;
}

export interface Plan {
  readonly resource_changes?: readonly ResourceChange[];
  readonly resource_drift?: readonly ResourceChange[];
}

export interface ResourceChange {
  readonly type: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
  };
}

interface State {
  readonly resources: readonly {
    readonly mode: string;
    readonly type: string;
    readonly instances: readonly { readonly attributes: Readonly<Record<string, unknown>> }[];
  }[];
}

/**
 * A project of one stack in a directory of its own, which people's commands deploy to a stand-in for Azure: the real
 * cdktf, Terraform and azurerm.
 */
export class Deployment {
  readonly azure: AzureStandIn;
  readonly home: string;
  readonly stack: string;
  /** Asks Azure past Terraform, as somebody in the portal does. */
  readonly atPortal: Send;
  private readonly name: string;
  /** Everything that the commands said to a person. */
  private readonly said: string[] = [];
  private provider: SharedProvider | undefined;

  private constructor(name: string, home: string, azure: AzureStandIn) {
    this.name = name;
    this.home = home;
    this.azure = azure;
    this.stack = path.join(this.outdir, 'stacks', name);
    this.atPortal = armClient(azure, azurermVersion);
  }

  /** @param stack name of the environment, or `bootstrap` */
  static async start(stack: string, options: AzureStandInOptions = {}): Promise<Deployment> {
    const home = realpathSync(mkdtempSync(path.join(tmpdir(), 'scaleout-deploy-')));
    cpSync(path.join(ROOT, 'config', 'workloads'), path.join(home, 'config', 'workloads'), {
      recursive: true,
    });
    mkdirSync(path.join(home, 'config', 'environments'));
    const azure = await startAzureStandIn({
      newClusters: 'accepted',
      stateFile: path.join(home, 'azure.json'),
      ...options,
    });
    const deployment = new Deployment(stack, home, azure);
    deployment.provider = await startSharedProvider(deployment.environment);
    mkdirSync(deployment.stack, { recursive: true });
    seedLockFile(deployment.stack);
    return deployment;
  }

  async end(): Promise<void> {
    await this.provider?.end();
    await this.azure.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  get outdir(): string {
    return path.join(this.home, 'cdktf.out');
  }

  /** Writes a file of `config/`. */
  writeConfig(file: string, text: string): void {
    writeFileSync(path.join(this.home, 'config', file), text);
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      ...this.azure.terraformEnvironment(testEnvironment()),
      SCALEOUT_CONFIG_DIR: path.join(this.home, 'config'),
      TF_VAR_admin_password: PASSWORD,
      CHECKPOINT_DISABLE: '1',
      CI: 'true',
      ...this.provider?.variables,
    };
  }

  /**
   * `npx cdktf VERB STACK`, as typed, guards and all. The lock file is left to `terraform init`: making one for all
   * platforms needs a registry.
   */
  cdktf(verb: string, ...flags: string[]): Promise<Run> {
    return this.cdktfWith({}, verb, ...flags);
  }

  /** The same, with other variables in its environment and that of a plugin of its own; undefined takes one out. */
  cdktfWith(variables: NodeJS.ProcessEnv, verb: string, ...flags: string[]): Promise<Run> {
    return this.run(process.execPath, this.cdktfArguments(verb, flags), {
      ...(Object.keys(variables).length > 0 ? OWN_PLUGIN : {}),
      ...variables,
    });
  }

  /**
   * Kills `npx cdktf VERB STACK`, with all of its processes and a plugin of its own at once, as soon as Azure has been asked for everything that
   * is listed.
   */
  async killCdktf([verb = '', ...flags]: readonly string[], ids: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, this.cdktfArguments(verb, flags), {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.environment, ...OWN_PLUGIN },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    const closed = new Promise((done) => child.once('close', done));
    const isSent = (id: string): boolean =>
      this.changes().some(({ method, url }) => method === 'PUT' && url.startsWith(`${id}?`));
    while (!ids.every(isSent)) {
      if (child.exitCode !== null) throw new Error(`it ended before it was killed: ${output}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    for (const pid of processTree(child.pid ?? 0)) process.kill(pid, 'SIGKILL');
    await closed;
    this.said.push(output);
  }

  private cdktfArguments(verb: string, flags: readonly string[]): readonly string[] {
    const program = path.join(ROOT, 'scripts', 'cdktf.js');
    return [program, verb, this.name, '--skip-provider-lock', '--output', this.outdir, ...flags];
  }

  terraform(...args: string[]): Promise<Run> {
    return this.run('terraform', [`-chdir=${this.stack}`, ...args]);
  }

  private run(command: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Run> {
    return new Promise((done, fail) => {
      const child = spawn(command, args, {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...this.environment, ...variables },
      });
      let stdout = '';
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        output += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.on('error', fail);
      child.on('close', (exitCode) => {
        // As JSON, Terraform spells out the variables of a plan; nobody reads that but a test.
        if (!args.includes('-json')) this.said.push(output);
        done({ exitCode, stdout, output: stripVTControlCharacters(output) });
      });
    });
  }

  /** Takes something that is in Azure into the state, where the stack has one resource of its type. */
  async importOnly(type: string, id: string): Promise<void> {
    const stack = JSON.parse(readFileSync(path.join(this.stack, 'cdk.tf.json'), 'utf8')) as {
      readonly resource: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const names = Object.keys(stack.resource[type] ?? {});
    expect(names).toHaveLength(1);
    const run = await this.terraform('import', '-input=false', '-no-color', `${type}.${names.join('')}`, id);
    expect(run.output).toContain('Import successful!');
  }

  /** A plan that is empty, whatever the provider finds in Azure. */
  async expectUnchanged(): Promise<void> {
    const plan = await this.terraform('plan', '-detailed-exitcode', '-input=false', '-no-color');
    expect(plan).toMatchObject({ exitCode: 0, output: expect.stringContaining('No changes.') as string });
  }

  /** What a plan file in the stack's directory says. */
  async showPlan(file: string): Promise<Plan> {
    return terraformDocument((await this.terraform('show', '-json', file)).stdout) as Plan;
  }

  /** What the plan that `cdktf diff` left behind would do, no-ops left out. */
  async plannedChanges(): Promise<readonly ResourceChange[]> {
    const { resource_changes: changes = [] } = await this.showPlan('plan');
    return changes.filter(({ change }) => change.actions.join() !== 'no-op');
  }

  async outputs(): Promise<Record<string, unknown>> {
    const shown = await this.terraform('output', '-json');
    const parsed = terraformDocument(shown.stdout) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(parsed).map(([name, { value }]) => [name, value]));
  }

  /** Requests that changed something, in the order they were answered; the login, and reading of keys, are none. */
  changes(since = 0): RecordedRequest[] {
    return this.azure.requests
      .slice(since)
      .filter(({ method, url }) => !/^(GET|HEAD)$/.test(method) && !/\/oauth2\/|Keys\b/.test(url))
      .filter(({ status }) => status < 400);
  }

  /** The same as `METHOD type/name`. */
  changesSent(since = 0): string[] {
    return this.changes(since).map(
      ({ method, url }) => `${method} ${url.replace(/\?.*$/, '').split('/').slice(-2).join('/')}`,
    );
  }

  /** Resource ids that the state holds, in small letters and sorted. */
  idsInState(): string[] {
    return this.readState()
      .filter(({ mode }) => mode === 'managed')
      .flatMap(({ type, instances }) =>
        instances.map(({ attributes }) => resourceId(type, attributes).toLowerCase()),
      )
      .sort();
  }

  /** That the state knows all there is in Azure, and nothing that is not there. */
  expectStateToMatchAzure(): void {
    expect(this.idsInState()).toEqual(this.idsInAzure());
  }

  /** Types of the resources in whose attributes the state holds a text. */
  typesInStateWith(text: string): string[] {
    return this.readState()
      .filter((each) => JSON.stringify(each).includes(text))
      .map(({ type }) => type);
  }

  private readState(): State['resources'] {
    if (!existsSync(this.stateFile)) return [];
    return (JSON.parse(readFileSync(this.stateFile, 'utf8')) as State).resources;
  }

  /** Resource ids of everything that is in the stand-in, in small letters and sorted. */
  idsInAzure(): string[] {
    const file = path.join(this.home, 'azure.json');
    if (!existsSync(file)) return [];
    const saved = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly resources: readonly { readonly id: string }[];
    };
    return saved.resources
      .map(({ id }) => id.toLowerCase())
      .filter((id) => !PARTS.test(id))
      .sort();
  }

  /** Beside what was synthesized, never inside: the next synth would sweep it away. */
  get stateFile(): string {
    return path.join(this.home, '.scaleout', 'state', `${this.name}.tfstate`);
  }

  /**
   * A password stands in the state and in plan files, where it cannot be avoided, and nowhere else: not in what was
   * synthesized, said, sent or kept.
   */
  expectKeptSecret(password: string): void {
    expect(this.said.join('')).not.toContain(password);
    expect(JSON.stringify(this.azure.requests)).not.toContain(password);
    expect(existsSync(this.stateFile)).toBe(true);
    const byNature = /\/(?:plan|drift|\.terraform\/.*|[^/]+\.tfstate(?:\.backup)?)$/;
    const kept = filesBelow(this.home).filter((file) => !byNature.test(file));
    expect(kept).toContain(path.join(this.stack, 'cdk.tf.json'));
    expect(kept.filter((file) => readFileSync(file, 'utf8').includes(password))).toEqual([]);
  }
}

/** What Azure has as a resource of its own, and Terraform as a part of another. */
const PARTS = /\/(?:privatednszonegroups\/[^/]+|blobservices\/default)$/;

/** The id by which Azure knows a resource, of the one by which the provider does. */
function resourceId(type: string, attributes: Readonly<Record<string, unknown>>): string {
  const id = String(attributes['id']);
  switch (type) {
    // Without its version, which is no resource.
    case 'azurerm_key_vault_secret':
      return String(attributes['resource_versionless_id']);
    case 'azurerm_monitor_diagnostic_setting': {
      const [target = '', name = ''] = id.split('|');
      return `${target}/providers/Microsoft.Insights/diagnosticSettings/${name}`;
    }
    default:
      return id;
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { explainFailure } from '../../infra/failure';
import { PROJECT_DIRECTORY, stackDirectory, SYNTHESIS } from '../../infra/project';
import { synthesize } from '../../infra/synth';
import type { ProcessEnvironment, ProcessResult } from '../../infra/terraform';
import { paragraph, runProcess, runTerraform, withoutChoices, withoutVariables } from '../../infra/terraform';
import { terraformDocument, terraformWords } from '../../infra/terraform-answers';
import { ScaleoutError } from '../../lib/errors';
import type { RehearsalConfig } from './rehearsal-config';

/** Where Terraform runs in a rehearsal: a directory that holds its state, and with it a password, and is thrown away. */
export interface Workspace {
  readonly environment: string;
  /** The directory that holds `cdktf.out`. */
  readonly directory: string;
  /** As `terraform version` says it. */
  readonly terraformVersion: string;
  /** Such as `hashicorp/azurerm 4.55.0`. */
  readonly provider: string;
  /** The password of the cluster's login; in the environment of Terraform, in its state where that holds one, nowhere else. */
  readonly password: string;
  readonly config: RehearsalConfig;
  /** What commands of this project run with here, beside the person's own variables. */
  environmentOf(environment: ProcessEnvironment): ProcessEnvironment;
  /** `cdktf deploy`, as typed. */
  deploy(environment: ProcessEnvironment, signal: AbortSignal): Promise<ProcessResult>;
  /** `terraform plan -detailed-exitcode`. */
  plan(environment: ProcessEnvironment, signal: AbortSignal): Promise<ProcessResult>;
}

export interface WorkspaceOptions {
  readonly directory: string;
  readonly config: RehearsalConfig;
  /** The person's own. */
  readonly environment: ProcessEnvironment;
  /** Where plugins and the lock file stay from one rehearsal to the next. */
  readonly cache: string;
  readonly signal: AbortSignal;
}

const stackSchema = z.object({
  terraform: z.object({
    required_providers: z.record(z.string(), z.object({ source: z.string(), version: z.string() })),
  }),
  variable: z.record(z.string(), z.object({ default: z.unknown().optional() })).optional(),
});

/** Of a person's own: what would change what is synthesized, and where to. */
const NOT_PASSED_ON = /^(?:SCALEOUT_STAGE$|CDKTF_)/;
const LOCK_FILE = '.terraform.lock.hcl';

/**
 * Synthesizes the environment and initialises Terraform in it, once for all deploys, before anything is started: what is
 * missing or of another version is said here.
 *
 * @throws ScaleoutError in one paragraph
 */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { directory, config, cache, signal } = options;
  const { name } = config.settings;
  const outdir = path.join(directory, SYNTHESIS);
  const stack = path.join(directory, stackDirectory(name));
  const common = environmentOf(options);
  mkdirSync(stack, { recursive: true });
  const terraformVersion = await versionOf(common, signal);
  await synthesize(outdir, { environment: common, signal });
  const { terraform, variable = {} } = stackSchema.parse(
    JSON.parse(readFileSync(path.join(stack, 'cdk.tf.json'), 'utf8')),
  );
  const provider = Object.values(terraform.required_providers).map(providerName).join(', ');
  await initialise({ name, stack, cache, provider, common, signal });
  const secrets = secretsFor(Object.keys(variable));
  return {
    environment: name,
    directory,
    terraformVersion,
    provider,
    password: secrets['TF_VAR_admin_password'] ?? '',
    config,
    environmentOf: (environment) => ({ ...common, ...environment, ...secrets }),
    deploy: (environment, asked) =>
      runProcess(process.execPath, [...deployArguments(name), '--output', outdir], {
        cwd: PROJECT_DIRECTORY,
        environment: { ...common, ...environment, ...secrets },
        signal: asked,
      }),
    plan: (environment, asked) =>
      runTerraform(
        [`-chdir=${stack}`, 'plan', '-detailed-exitcode', '-input=false', '-no-color', '-lock=false'],
        { environment: { ...common, ...environment, ...secrets }, signal: asked },
      ),
  };
}

/** What Terraform and cdktf run with in a rehearsal; makes the directories that it names. */
function environmentOf({ directory, config, cache, environment }: WorkspaceOptions): ProcessEnvironment {
  const temporary = path.join(directory, 'tmp');
  const plugins = path.join(cache, 'plugins');
  for (const each of [temporary, plugins]) mkdirSync(each, { recursive: true });
  return {
    ...withoutChoices(withoutVariables(environment, NOT_PASSED_ON)),
    SCALEOUT_CONFIG_DIR: config.directory,
    TF_PLUGIN_CACHE_DIR: pluginCache(environment) ?? plugins,
    // A rehearsal that has no way to the registry is told so at once.
    TF_REGISTRY_DISCOVERY_RETRY: '0',
    CHECKPOINT_DISABLE: '1',
    CI: 'true',
    // What a killed Terraform leaves lying goes with the directory.
    TMPDIR: temporary,
  };
}

/** A password for every variable that takes one, and for the cluster's login in any case. */
function secretsFor(variables: readonly string[]): Record<string, string> {
  const names = new Set(['admin_password', ...variables.filter((each) => each.endsWith('_password'))]);
  return Object.fromEntries([...names].map((each) => [`TF_VAR_${each}`, randomPassword()]));
}

/** Such as `hashicorp/azurerm 4.55.0`: a source without a namespace is one of HashiCorp's. */
function providerName({ source, version }: { readonly source: string; readonly version: string }): string {
  return `${source.includes('/') ? source : `hashicorp/${source}`} ${version}`;
}

function deployArguments(environment: string): string[] {
  return [
    path.join(PROJECT_DIRECTORY, 'scripts', 'cdktf.js'),
    'deploy',
    environment,
    '--auto-approve',
    // Making a lock file for all platforms needs a registry.
    '--skip-provider-lock',
  ];
}

/** A person's own plugins, where there are any: Terraform does without a cache that is not there. */
function pluginCache(environment: ProcessEnvironment): string | undefined {
  const directory = environment['TF_PLUGIN_CACHE_DIR'];
  return directory !== undefined && existsSync(directory) ? directory : undefined;
}

async function versionOf(environment: ProcessEnvironment, signal: AbortSignal): Promise<string> {
  const { stdout, stderr } = await runTerraform(['version', '-json'], { environment, signal });
  try {
    return z.object({ terraform_version: z.string() }).parse(terraformDocument(stdout)).terraform_version;
  } catch (error) {
    throw new ScaleoutError(
      'infra.terraform-answer',
      `terraform does not say its version (${paragraph(terraformWords(stderr || stdout)).slice(0, 200)}): install the one .terraform-version names; nothing was started`,
      { cause: error },
    );
  }
}

interface Initialisation {
  readonly name: string;
  readonly stack: string;
  readonly cache: string;
  readonly provider: string;
  readonly common: ProcessEnvironment;
  readonly signal: AbortSignal;
}

async function initialise({ name, stack, cache, provider, common, signal }: Initialisation): Promise<void> {
  // One for each plugin: a lock file pins its version, and the services have different ones.
  const kept = path.join(cache, `${provider.replace(/[^\w.]+/g, '-')}${LOCK_FILE}`);
  const lock = path.join(stack, LOCK_FILE);
  // With the lock file of before, Terraform takes the plugin from the cache and asks no registry.
  if (existsSync(kept)) copyFileSync(kept, lock);
  const { exitCode, stdout, stderr } = await runTerraform(
    [`-chdir=${stack}`, 'init', '-input=false', '-no-color'],
    { environment: common, signal },
  );
  if (exitCode !== 0) {
    const { message } = explainFailure(`${stdout}\n${stderr}`, { environment: name, doing: 'init' });
    throw new ScaleoutError('infra.terraform-answer', `${message}; nothing was started`);
  }
  // Written aside and renamed, as two rehearsals may end here at once.
  const fresh = `${kept}.${String(process.pid)}`;
  copyFileSync(lock, fresh);
  renameSync(fresh, kept);
}

/** Of all four kinds of characters, and none that a shell, a URL or libpq would read otherwise. */
function randomPassword(): string {
  return `${randomBytes(18).toString('hex')}-Aa1`;
}

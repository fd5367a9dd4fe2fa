import path from 'node:path';
import type { BootstrapSettings } from '../../config/environment/bootstrap';
import { BOOTSTRAP, loadBootstrap } from '../../config/environment/bootstrap';
import type { EnvironmentSettings } from '../../config/environment/environment';
import { loadConfig, parseCosmosEnvironment } from '../../config/environment/environment';
import { environmentName } from '../../config/environment/environment-schema';
import { adoptionOf } from '../../config/environment/adoption';
import { ConfigError } from '../../config/file/config-error';
import { configDirectory, shownConfigPath, shownPath } from '../../config/file/files';
import { violationsOf } from '../../config/file/violations';
import { didYouMean, oneOf, show } from '../../config/text/text';
import { workloadNames } from '../../config/workload/workload-names';
import { guard } from '../infra/guard';
import type { StackOptions } from '../infra/stack-plan';
import { refused, ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { stopIfAsked } from '../lib/verb';
import { armReader } from './arm';
import type { ClusterId } from './cluster-id';
import { parseClusterId, requireSubscription } from './cluster-id';
import type { Chosen, Description } from './description';
import { describe } from './description';
import type { Difference } from './differences';
import { differencesOf, differenceWords } from './differences';
import type { ExistingFile } from './existing';
import { fateOf, requireAdoptedOnce } from './existing';
import { environmentText } from './file-text';
import type { EnvironmentFiles } from './files';
import { environmentFiles, writeEnvironment } from './files';
import type { Found } from './found';
import type { Variables } from './https';
import { httpSender } from './https';
import { cloudOf, loginOf, tokenFor } from './login';
import { readCluster } from './read';
import type { Proof } from './report';
import { reportText } from './report';
import type { Hardening, Unmanaged } from './words';
import { clusterWords, hardeningOf, tellingTags, unmanagedOf } from './words';

export interface AdoptInput {
  /** Resource id of the cluster, as it was typed. */
  readonly id: string;
  /** Name of the environment. */
  readonly name: string;
  /** @default - that of the file that is replaced, or the only one there is */
  readonly workload?: string | undefined;
  /** @default - what the file that is replaced says, or false */
  readonly production?: boolean | undefined;
  /** `local` keeps the state on this machine. @default - as the file that is replaced, or bootstrap.yaml, says */
  readonly state?: 'local' | undefined;
  /** Whether Terraform is to prove that nothing would change. */
  readonly plan: boolean;
  readonly environment: Variables;
  /** Where and how the stack is synthesized and planned. @default - as for every deploy */
  readonly stack?: Pick<StackOptions, 'directory' | 'app'>;
}

/** What was adopted: `adopt --json`. */
export interface AdoptDocument {
  readonly formatVersion: 1;
  readonly environment: string;
  readonly file: string;
  /** False where the file was there already, and describes the cluster. */
  readonly written: boolean;
  readonly cluster: FoundSummary;
  readonly unmanaged: readonly Unmanaged[];
  /** What the login may not read. */
  readonly unread: Found['unread'];
  readonly hardening: readonly Hardening[];
  /** Whether Terraform made a plan. */
  readonly planned: boolean;
  /** Addresses that the first deploy imports. */
  readonly imports: readonly string[];
  /** What the plan would do besides: it should be nothing. */
  readonly others: readonly string[];
  /** False where the plan is not of imports alone. */
  readonly ok: boolean;
  /** The command that comes next. */
  readonly next: string;
}

interface FoundSummary extends Pick<
  Found['cluster'],
  | 'location'
  | 'postgresVersion'
  | 'citusVersion'
  | 'workers'
  | 'coordinator'
  | 'coordinatorHoldsShards'
  | 'highAvailability'
  | 'zone'
  | 'maintenanceWindow'
  | 'source'
  | 'tags'
> {
  readonly id: string;
  readonly name: string;
  readonly isReplica: boolean;
  readonly rules: Found['rules'];
  readonly roles: Found['roles'];
  readonly parameters: Found['parameters'];
}

/**
 * Describes a cluster that exists in the file of an environment, and proves that the first deploy takes it over without any
 * change. Reads Azure and changes nothing there.
 *
 * Killed at any point, the same command goes on from there.
 *
 * @returns `refused` where the plan would do more than import
 * @throws ScaleoutError or ConfigError where the cluster cannot be adopted; nothing is written then
 */
export async function adopt(context: VerbContext, input: AdoptInput): Promise<VerbResult<AdoptDocument>> {
  const { name, environment } = input;
  const { reporter, signal } = context;
  const id = parseClusterId(input.id);
  const subscription = environment['ARM_SUBSCRIPTION_ID'] ?? '';
  requireSubscription(id, subscription === '' ? undefined : subscription);
  requireName(name);
  const directory = configDirectory(environment);
  const bootstrap = loadBootstrap(directory);
  const files = environmentFiles(directory, name);
  const fate = fateOf(files.existing, id);
  requireAdoptedOnce(files.others, id, name);
  const chosen = chosenOf(input, files, workloadNames(directory), bootstrap);

  const found = await readFound(context, id, environment);
  stopIfAsked(signal, 'nothing was written');
  const described = describe(found, chosen);
  const text = environmentText(described);
  const shown = shownPath(files.file);
  for (const tag of tellingTags(found.cluster.tags)) {
    reporter.warn(
      `the tag ${tag} of the cluster looks like a secret, and ${shown} has it as well: take it off the cluster and out of the file before you commit`,
    );
  }
  if (fate === 'write') {
    requireLoadable(directory, described, text, shown);
    writeEnvironment(files, text);
    reporter.info(`written: ${shown}`);
  } else {
    requireAsked(input, files.existing);
    requireAlike(files.text ?? '', described, text, shown);
    loadConfig(directory);
  }

  return resultOf({
    input,
    file: shown,
    written: fate === 'write',
    found,
    described,
    chosen: chosenWords(input, chosen, files),
    proof:
      files.existing?.imported === true
        ? `It is imported already: npx scaleout guard ${name} shows what the file would change.`
        : await proofOf(context, input, { ...environment, ARM_SUBSCRIPTION_ID: id.subscription }),
  });
}

/** Everything that is known at the end. */
interface Adopted {
  readonly input: AdoptInput;
  readonly file: string;
  readonly written: boolean;
  readonly found: Found;
  readonly described: Description;
  readonly chosen: readonly string[];
  readonly proof: Proof | string;
}

function resultOf({ described, chosen, ...adopted }: Adopted): VerbResult<AdoptDocument> {
  const { input, file, written, found, proof } = adopted;
  const { name, environment } = input;
  const made = typeof proof === 'string' ? undefined : proof;
  const others = made?.others ?? [];
  const ok = others.length === 0;
  const isNamed = (environment['ARM_SUBSCRIPTION_ID'] ?? '') !== '';
  const needed = isNamed ? '' : `export ARM_SUBSCRIPTION_ID=${found.cluster.id.subscription} && `;
  const next = `${needed}npx scaleout ${ok ? 'deploy' : 'guard'} ${name}`;
  const unmanaged = unmanagedOf(found, described);
  const hardening = hardeningOf(found, described);
  const { unread } = found;
  return {
    document: {
      formatVersion: 1,
      environment: name,
      file,
      written,
      cluster: summaryOf(found),
      unmanaged,
      unread,
      hardening,
      planned: made !== undefined,
      imports: made?.imports ?? [],
      others,
      ok,
      next,
    },
    text: reportText({
      environment: name,
      file,
      written,
      cluster: clusterWords(found),
      chosen,
      unmanaged,
      unread,
      hardening,
      proof,
      next,
    }),
    outcome: ok ? 'done' : 'refused',
  };
}

/** @throws ScaleoutError for a name that no environment can have */
function requireName(name: string): void {
  const [wrong] = violationsOf(environmentName, name);
  const problem =
    wrong?.problem ?? (name === BOOTSTRAP ? `is ${show(name)}, the stack of bootstrap.yaml` : undefined);
  if (problem === undefined) return;
  throw new ScaleoutError(
    'adopt.environment-name',
    `the name of the environment (--env) ${problem}: choose another, as in --env dev. Nothing was read or written`,
  );
}

/** @throws ScaleoutError where it is not clear what the environment is for */
function chosenOf(
  input: AdoptInput,
  { existing, others }: EnvironmentFiles,
  workloads: readonly string[],
  bootstrap: BootstrapSettings | undefined,
): Chosen {
  const { name } = input;
  return {
    name,
    workload: workloadOf(input.workload ?? existing?.workload ?? commonWorkload(others), workloads),
    production: input.production ?? existing?.production ?? false,
    state: input.state === 'local' ? { backend: 'local' } : (existing?.state ?? stateOf(name, bootstrap)),
  };
}

/** The one that every other environment is for; undefined where they differ, or there are none. */
function commonWorkload(others: readonly ExistingFile[]): string | undefined {
  const [workload, ...more] = new Set(others.map((each) => each.workload));
  return more.length === 0 ? workload : undefined;
}

function workloadOf(wanted: string | undefined, workloads: readonly string[]): string {
  const [only, another] = workloads;
  if (only === undefined) {
    throw new ScaleoutError(
      'adopt.workload',
      `${shownConfigPath('workloads')} holds no workload, and an environment is for one: add a directory there with schema.sql and distribution.yaml, which npx scaleout advise proposes. Nothing was read or written`,
    );
  }
  if (wanted === undefined) {
    if (another === undefined) return only;
    throw new ScaleoutError(
      'adopt.workload',
      `an environment is for one workload, and there are several: add --workload with ${oneOf(workloads)}. Nothing was read or written`,
    );
  }
  if (workloads.includes(wanted)) return wanted;
  throw new ScaleoutError(
    'adopt.workload',
    `there is no workload ${show(wanted)}${didYouMean(wanted, workloads)}: add --workload with ${oneOf(workloads)}. Nothing was read or written`,
  );
}

/** In the storage account that this project makes, where it makes one. */
function stateOf(name: string, bootstrap: BootstrapSettings | undefined): EnvironmentSettings['state'] {
  const container = bootstrap?.containers[0];
  if (bootstrap === undefined || container === undefined) return { backend: 'local' };
  const { resourceGroup, storageAccount } = bootstrap;
  return { backend: 'azurerm', resourceGroup, storageAccount, container, key: `${name}.tfstate` };
}

function chosenWords(input: AdoptInput, chosen: Chosen, { existing, others }: EnvironmentFiles): string[] {
  const kept = (isKept: boolean): string => (isKept ? ', as the file before it' : '');
  const isCommon =
    input.workload === undefined && existing?.workload === undefined && commonWorkload(others) !== undefined;
  const { state } = chosen;
  const place =
    state.backend === 'local' ? 'under .scaleout/ of this directory' : `in ${state.storageAccount}`;
  const guessed = input.production === undefined && existing?.production === undefined;
  return [
    `workload ${chosen.workload}${isCommon ? ', as the other environments (--workload says otherwise)' : kept(input.workload === undefined && existing?.workload !== undefined)}`,
    `production: ${String(chosen.production)}${guessed ? ' (--production says otherwise)' : kept(input.production === undefined)}`,
    `state ${place}${kept(input.state === undefined && existing?.state !== undefined)}`,
  ];
}

async function readFound(context: VerbContext, id: ClusterId, environment: Variables): Promise<Found> {
  const { reporter, signal } = context;
  const send = httpSender(environment, signal);
  try {
    const login = loginOf(environment);
    const cloud = await cloudOf(environment, send);
    const token = await tokenFor(cloud, login, { subscription: id.subscription, send, environment, signal });
    reporter.info(`reading ${id.name} from ${cloud.resourceManager}`);
    return await readCluster(armReader(cloud, token, send, context), id);
  } catch (error) {
    stopIfAsked(signal, 'nothing was written');
    throw error;
  }
}

/** @throws ScaleoutError for a cluster that breaks our rules; ConfigError for other files that break them */
function requireLoadable(
  directory: string,
  { name, cluster }: Description,
  text: string,
  shown: string,
): void {
  try {
    loadConfig(directory, { name, text });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const own = error.issues.filter(({ file }) => file === shown);
    if (own.length === 0) throw error;
    throw refused(
      'adopt.unsupported',
      `${cluster.id.name} breaks ${own.length === 1 ? 'a rule' : 'rules'} of this project: ${own.map(({ path: at, problem }) => `${at} ${problem}`).join('; ')}. Nothing was written`,
      { details: { issues: own.map(({ code, path: at, problem }) => ({ code, path: at, problem })) } },
    );
  }
}

/** @throws ScaleoutError (refused) where the file and the cluster differ; ConfigError where the file breaks rules */
function requireAlike(before: string, described: Description, text: string, shown: string): void {
  const { cluster } = described;
  const [file, found] = [parseCosmosEnvironment(before, shown), parseCosmosEnvironment(text, shown)];
  const imported = adoptionOf(file.cluster.origin) === 'adopted';
  // Deploys set tags from then on.
  const differences = imported
    ? differencesOf({ ...file, tags: {} }, { ...found, tags: {} })
    : differencesOf(file, found);
  const region = differences.find(({ what }) => what === 'location');
  if (region !== undefined) {
    throw refused(
      'adopt.other-region',
      `${shown} says location: ${file.location}, and ${cluster.id.name} is in ${found.location}; a cluster never moves: write location: ${found.location}, or name the cluster that the file is about. Nothing was written`,
      { details: { differences } },
    );
  }
  if (differences.length === 0) return;
  const message = differs(shown, described, differences, imported);
  throw refused('adopt.differs', message, { details: { differences } });
}

function differs(
  shown: string,
  { name, cluster: { id }, workload, state }: Description,
  differences: readonly Difference[],
  imported: boolean,
): string {
  const words = differences.map(differenceWords).join('; ');
  if (imported) {
    return `${shown} and ${id.name}, which it has imported, differ: ${words}. Nothing was written. Write into the file what is to stay, which npx scaleout deploy ${name} takes over, and take the rest off the cluster`;
  }
  const again = `npx scaleout adopt --id ${id.id} --env ${name} --workload ${workload}${state.backend === 'local' ? ' --state local' : ''}`;
  return `${shown} adopts ${id.name} already and differs from it: ${words}. Nothing was written. Correct the file, or remove it and run the command again, which writes it as the cluster is: rm ${shown} && ${again}`;
}

/** @throws ScaleoutError (refused) where the command asks for something else than the file that is there says */
function requireAsked({ workload, production, state }: AdoptInput, existing: ExistingFile | undefined): void {
  const other = [
    ['workload', workload, existing?.workload],
    ['production', production, existing?.production],
    ['state', state, existing?.state?.backend],
  ].find(([, asked, said]) => asked !== undefined && asked !== said);
  if (existing === undefined || other === undefined) return;
  const [key, asked, said] = other;
  throw refused(
    'adopt.differs',
    `${existing.file} is there and says ${String(key)}: ${String(said)}, and the command asks for ${String(asked)}: change the file, or leave the flag out. Nothing was written`,
  );
}

/** What Terraform would do; a sentence where it is not asked. */
async function proofOf(
  context: VerbContext,
  { name, stack, plan }: AdoptInput,
  environment: Variables,
): Promise<Proof | string> {
  if (!plan) return `No plan was made, as asked: npx scaleout guard ${name} makes it.`;
  const directory = stack?.directory === undefined ? {} : { directory: path.resolve(stack.directory) };
  const app = stack?.app === undefined ? {} : { app: stack.app };
  try {
    const { document, text } = await guard(context, { name, allow: [], environment, ...directory, ...app });
    const isImport = ({ action, words }: (typeof document.changes)[number]): boolean =>
      action === 'adopt' && words.length === 1;
    const others = document.changes
      .filter((change) => !isImport(change))
      .map(({ address, action }) => `${action} ${address}`);
    return {
      imports: document.changes.filter(isImport).map(({ address }) => address),
      others: others.length > 0 || document.ok ? others : document.findings.map(({ id }) => id),
      text,
    };
  } catch (error) {
    if (!(error instanceof ScaleoutError) || error.code !== 'infra.terraform-missing') throw error;
    return `No plan was made, since Terraform is not installed here. Where it is, npx scaleout guard ${name} makes it: it has to import and to do nothing else.`;
  }
}

function summaryOf({ cluster, isReplica, rules, roles, parameters }: Found): FoundSummary {
  const { id, location, postgresVersion, citusVersion, workers, coordinator, tags } = cluster;
  const { coordinatorHoldsShards, highAvailability, zone, maintenanceWindow, source } = cluster;
  return {
    id: id.id,
    name: id.name,
    location,
    postgresVersion,
    citusVersion,
    workers,
    coordinator,
    coordinatorHoldsShards,
    highAvailability,
    ...(zone === undefined ? {} : { zone }),
    ...(maintenanceWindow === undefined ? {} : { maintenanceWindow }),
    ...(source === undefined ? {} : { source }),
    isReplica,
    rules,
    roles,
    parameters,
    tags,
  };
}

import path from 'node:path';
import { terraformOutput } from '../../infra/cdktf-output';
import { explainFailure } from '../../infra/failure';
import { readOutputs } from '../../infra/outputs';
import type { ProcessEnvironment, ProcessResult } from '../../infra/terraform';
import { explain, InterruptedError, ScaleoutError } from '../../lib/errors';
import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';
import { adopt } from '../../adopt/commands';
import { SYNTHESIS } from '../../infra/project';
import type { AzureStandIn } from '../azure/http/server';
import type { ServerAddress } from '../azure/postgresql/cluster-backend';
import { DATABASE, LOGIN } from '../engines/platform';
import { startAzureStandIn } from '../azure/http/server';
import { createClusterDirectory, takeDownCluster } from '../engines/cluster-directory';
import type { ClusterAccess, LocalCluster } from '../engines/engine';
import { startWatchdog } from '../engines/watchdog';
import type { Service } from '../../../config/azure/service-names';
import type { CosmosEnvironment, EnvironmentSettings, Stage } from '../../../config/environment/environment';
import type { AppliedChanges, ScaleOut } from './deploy-report';
import { isChange, parseApplied, resourceOf, scaleOutFault } from './deploy-report';
import type { StartNode } from './engine-clusters';
import { EngineClusters } from './engine-clusters';
import { clusterIdOf, makeByHand } from './hand-made';
import type { AzureYear } from './azure-year';
import { REHEARSED_WORKERS, writeRehearsalConfig } from './rehearsal-config';
import type { Workspace } from './workspace';
import { openWorkspace } from './workspace';

/** One `cdktf deploy` of a rehearsal. */
export interface Deploy extends AppliedChanges {
  readonly stage: Stage;
  readonly seconds: number;
}

/** How the cluster that was there came under Terraform. */
export interface Adopted {
  /** Resource id of the cluster. */
  readonly id: string;
  /** From reading the cluster to the plan of imports alone. */
  readonly seconds: number;
  /** What the first deploy imports, by Terraform's addresses. */
  readonly imports: readonly string[];
}

/** What the document says of Terraform. */
export interface TerraformFacts {
  /** Of Terraform itself. */
  readonly version: string;
  /** The plugin, such as `hashicorp/azurerm 4.55.0`. */
  readonly provider: string;
  /** The environment that was deployed. */
  readonly environment: string;
  /** The service of Azure that its cluster is one of. */
  readonly service: Service;
  /** Absent where Terraform created the cluster. */
  readonly adopted?: Adopted;
  readonly deploys: readonly Deploy[];
  /** A plan after each deploy had nothing left to do; otherwise the run fails. */
  readonly replanEmpty: true;
  /** Requests that the stand-in answered. */
  readonly requests: number;
}

/** A cluster that Terraform deploys: unmodified Terraform and azurerm, and a stand-in where Azure would be. */
export interface Rehearsal {
  /**
   * The single node: one that somebody made by hand, or one that Terraform creates, which is an elastic cluster or in the
   * Azure of 2025. Its workers come with a later deploy.
   */
  begin(): Promise<LocalCluster>;
  /** Takes the cluster over as it is, its data included. Absent where Terraform created it. */
  readonly takeOver?: () => Promise<void>;
  facts(): TerraformFacts;
  /** Ends Terraform and the stand-in, and removes the state. What was deployed stays unless it is stopped. */
  close(): Promise<void>;
  /** The same, and takes down what was deployed. */
  stop(): Promise<void>;
}

export interface RehearsalOptions {
  readonly workload: string;
  readonly service: Service;
  readonly azure: AzureYear;
  readonly environment: ProcessEnvironment;
  /** Where plugins stay from one rehearsal to the next. */
  readonly cache: string;
  /** Makes a single node on the engine that was chosen. */
  readonly start: StartNode;
}

/**
 * Makes everything ready that a deploy needs and says what is missing; starts no server yet. What it leaves on the disk
 * is in one directory, which the watchdog removes when this process is killed.
 *
 * @throws ScaleoutError in one paragraph, with nothing left behind
 */
export async function openRehearsal(context: VerbContext, options: RehearsalOptions): Promise<Rehearsal> {
  if (process.platform !== 'linux') {
    throw new ScaleoutError(
      'local.unsupported',
      '--terraform needs Linux: elsewhere Terraform trusts only the certificates of the system, and this adds none to them. In a container or a virtual machine it works; nothing was started',
    );
  }
  const directory = createClusterDirectory();
  try {
    startWatchdog(directory);
    const config = writeRehearsalConfig(path.join(directory, 'config'), options);
    const workspace = await openWorkspace({
      directory,
      config,
      environment: options.environment,
      cache: options.cache,
      signal: context.signal,
    });
    return await startRehearsal(context, workspace, options);
  } catch (error) {
    await takeDownCluster(directory);
    stopIfAsked(context.signal, 'nothing was started');
    throw error;
  }
}

async function startRehearsal(
  context: VerbContext,
  workspace: Workspace,
  options: RehearsalOptions,
): Promise<Rehearsal> {
  const clusters = new EngineClusters(options.start);
  const azure = await startAzureStandIn({
    newClusters: options.azure === '2025' ? 'accepted' : 'refused',
    clusters,
    directory: workspace.directory,
  });
  const deploys: Deploy[] = [];
  let adopted: Adopted | undefined;
  const close = async (): Promise<void> => {
    // First who asks, then who answers.
    await takeDownCluster(workspace.directory);
    await azure.close();
  };
  context.reporter.info(
    `Terraform ${workspace.terraformVersion}, ${workspace.provider}; at ${azure.origin} a server of this project stands in for Azure`,
  );
  const run: Run = { context, workspace, azure, clusters, deploys, environment: options.environment };
  const takeOver = async (): Promise<void> => {
    adopted = await adoptCluster(run, options.workload);
  };
  const { settings } = workspace.config;
  const isThere = settings.service === 'cosmosdb-postgresql' && options.azure === 'today';
  return {
    begin: () => (isThere ? findSingleNode(run, settings) : deploySingleNode(run)),
    ...(isThere ? { takeOver } : {}),
    facts: () => ({
      version: workspace.terraformVersion,
      provider: workspace.provider,
      environment: workspace.environment,
      service: settings.service,
      ...(adopted === undefined ? {} : { adopted }),
      deploys,
      replanEmpty: true,
      requests: azure.requests.length,
    }),
    close,
    async stop() {
      await close();
      await clusters.stop();
    },
  };
}

interface Run {
  readonly context: VerbContext;
  readonly workspace: Workspace;
  readonly azure: AzureStandIn;
  readonly clusters: EngineClusters;
  readonly deploys: Deploy[];
  readonly environment: ProcessEnvironment;
}

/** Terraform creates the cluster: an elastic one, or one of 2025. */
async function deploySingleNode(run: Run): Promise<LocalCluster> {
  await deployStage(run, 'single-node');
  const { host, port } = await locate(run);
  return singleNode(run, { host, port });
}

/** Somebody made the cluster by hand, and Terraform does not know it yet. */
async function findSingleNode(run: Run, settings: CosmosEnvironment): Promise<LocalCluster> {
  const { azure, workspace, clusters, context } = run;
  const id = await makeByHand(azure, settings, workspace.password);
  const address = clusters.locate(id);
  if (address === undefined)
    throw new ScaleoutError('local.deploy-failed', 'nothing stands behind the cluster');
  context.reporter.info(
    `${settings.cluster.name} is there, made by hand: ${address.host}:${String(address.port)} here`,
  );
  return singleNode(run, address);
}

/** What a person does with a cluster that is there: `adopt`, and the deploy that imports it. */
async function adoptCluster(run: Run, workload: string): Promise<Adopted> {
  const { azure, workspace, context, environment } = run;
  const { settings } = workspace.config;
  const id = clusterIdOf(settings.resourceGroup, settings.cluster.name);
  workspace.config.forget();
  const started = performance.now();
  const { document, outcome } = await adopt(context, {
    id,
    name: settings.name,
    workload,
    production: false,
    plan: true,
    environment: workspace.environmentOf(azure.terraformEnvironment(environment)),
    stack: { directory: path.join(workspace.directory, SYNTHESIS) },
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  if (outcome !== 'done') {
    throw new ScaleoutError(
      'local.deploy-failed',
      `taking ${settings.cluster.name} over would change it: ${document.others.join(', ')}`,
    );
  }
  const since = azure.requests.length;
  await deployStage(run, 'single-node');
  const sent = azure.requests.slice(since).filter(isChange);
  if (sent.length > 0) {
    throw new ScaleoutError(
      'local.deploy-failed',
      `the deploy that imports was to change nothing, and sent ${sent.map((each) => `${each.method} ${resourceOf(each)}`).join(', ')}`,
    );
  }
  return { id, seconds, imports: document.imports };
}

/** How an environment's cluster is logged in to. */
function accessOf(settings: EnvironmentSettings): ClusterAccess {
  if (settings.service === 'cosmosdb-postgresql') return { login: LOGIN, database: DATABASE };
  const { login, database } = settings.cluster;
  return { login, database };
}

/** What Terraform is to send for workers beside the node that is there, and nothing besides. */
function scaleOutOf(settings: EnvironmentSettings, workers: number): ScaleOut {
  const clusterName = settings.cluster.name;
  if (settings.service === 'cosmosdb-postgresql') {
    return { type: 'serverGroupsv2', clusterName, properties: { nodeCount: workers } };
  }
  const cluster = { clusterSize: workers + 1, defaultDatabaseName: settings.cluster.database };
  return { type: 'flexibleServers', clusterName, properties: { cluster } };
}

/** The cluster that runs, at an address; scaling it out is a deploy. */
function singleNode(run: Run, address: ServerAddress): LocalCluster {
  const { settings } = run.workspace.config;
  const { login, database } = accessOf(settings);
  const [made] = run.clusters.running();
  if (made === undefined)
    throw new ScaleoutError('local.deploy-failed', 'the deploy made no cluster; nothing is left of it');
  return {
    engine: made.engine,
    citus: made.citus,
    // Terraform adds the workers, on plain PostgreSQL in the books alone.
    scalable: true,
    coordinator: {
      host: address.host,
      port: address.port,
      user: login,
      database,
      password: run.workspace.password,
      sslMode: 'disable',
    },
    get nodes() {
      return made.nodes;
    },
    ...(made.directory === undefined ? {} : { directory: made.directory }),
    async addWorkers(count) {
      if (count !== REHEARSED_WORKERS)
        throw new Error(`a rehearsal adds ${String(REHEARSED_WORKERS)} workers`);
      const { outputs } = await locate(run);
      const since = run.azure.requests.length;
      run.workspace.config.setStage('scaled-out');
      await deployStage(run, 'scaled-out');
      const fault = scaleOutFault(run.azure.requests.slice(since), scaleOutOf(settings, count));
      if (fault !== undefined) throw new ScaleoutError('local.deploy-failed', fault);
      const after = await locate(run);
      if (after.outputs.coordinatorFqdn !== outputs.coordinatorFqdn || after.outputs.nodeCount !== count) {
        throw new ScaleoutError(
          'local.deploy-failed',
          `after scaling out, the outputs of ${run.workspace.environment} name ${after.outputs.coordinatorFqdn} with ${String(after.outputs.nodeCount)} workers, and not ${outputs.coordinatorFqdn} with ${String(count)}`,
        );
      }
    },
    setLogin: (role, password) => made.setLogin(role, password),
    dropLogin: (role) => made.dropLogin(role),
    setCoordinatorHoldsShards: (holdsShards) => made.setCoordinatorHoldsShards(holdsShards),
    lost: () => made.lost(),
    keep: (stateFile) => {
      made.keep(stateFile);
    },
    stop: () => made.stop(),
  };
}

/** `cdktf deploy`, and the plan after it that has to be empty. */
async function deployStage(run: Run, stage: Stage): Promise<void> {
  const { context, workspace, azure, deploys } = run;
  const { reporter, signal } = context;
  const name = workspace.environment;
  const environment = azure.terraformEnvironment(run.environment);
  const started = performance.now();
  const progress = reporter.progress(`cdktf deploy ${name}, ${stage}`, undefined, 'steps');
  const first = azure.requests.length;
  const timer = setInterval(() => {
    const changes = azure.requests.slice(first).filter(isChange);
    const last = changes.at(-1);
    progress.update(changes.length, last && `${last.method} ${resourceOf(last)}`);
  }, 500);
  let result: ProcessResult;
  let plan: ProcessResult;
  try {
    result = await asked(signal, workspace.deploy(environment, signal));
    const applied = parseApplied(result.stdout);
    if (result.exitCode !== 0 || applied === undefined) {
      throw new ScaleoutError(
        'local.deploy-failed',
        `cdktf deploy of ${name} failed at the stage ${stage}: ${whyFailed(result, name, 'apply')}`,
      );
    }
    deploys.push({ stage, ...applied, seconds: Math.round(performance.now() - started) / 1000 });
    plan = await asked(signal, workspace.plan(environment, signal));
  } finally {
    clearInterval(timer);
    progress.finish(`${String(azure.requests.length - first)} requests answered`);
  }
  const { imported = 0, added = 0, changed = 0, destroyed = 0 } = deploys.at(-1) ?? {};
  reporter.info(
    `Terraform ${workspace.terraformVersion}: ${String(imported)} imported, ${String(added)} added, ${String(changed)} changed, ${String(destroyed)} destroyed`,
  );
  if (plan.exitCode === 0) {
    reporter.info('a plan right after has nothing left to do');
    return;
  }
  throw new ScaleoutError(
    'local.deploy-failed',
    plan.exitCode === 2
      ? `a plan right after the deploy of ${name} at the stage ${stage} has something left to do: ${planSummary(plan.stdout)}`
      : `the plan after the deploy of ${name} at the stage ${stage} failed: ${whyFailed(plan, name, 'plan')}`,
  );
}

function whyFailed({ stdout, stderr }: ProcessResult, environment: string, doing: 'plan' | 'apply'): string {
  const output = terraformOutput(`${stdout}\n${stderr}`, environment);
  return explainFailure(output, { environment, doing }).message;
}

function planSummary(output: string): string {
  return output
    .split('\n')
    .filter((line) => /^\s*# \S+ (will|must) be|^Plan: /.test(line))
    .map((line) => line.replace(/^\s*# /, '').trim())
    .join('; ');
}

/** Where the coordinator of Terraform's outputs is, as the stand-in resolves its name. */
async function locate({ workspace, azure, environment, context }: Run) {
  const outputs = await readOutputs(workspace.environment, { environment, project: workspace.directory });
  const address = azure.resolve(outputs.coordinatorFqdn);
  if (address === undefined) {
    throw new ScaleoutError(
      'local.deploy-failed',
      `the output coordinator_fqdn is ${outputs.coordinatorFqdn}, and no cluster of the stand-in has that name`,
    );
  }
  context.reporter.info(
    `the output coordinator_fqdn, ${outputs.coordinatorFqdn}, is ${address.host}:${String(address.port)} here`,
  );
  return { outputs, ...address };
}

/** What `work` gives; an end that was asked for is no failure of the work. */
async function asked<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) throw new InterruptedError(`stopped as asked (${explain(error)})`);
    throw error;
  }
}

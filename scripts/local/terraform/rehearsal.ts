import path from 'node:path';
import { terraformOutput } from '../../infra/cdktf-output';
import { explainFailure } from '../../infra/failure';
import { readOutputs } from '../../infra/outputs';
import type { ProcessEnvironment, ProcessResult } from '../../infra/terraform';
import { explain, InterruptedError, ScaleoutError } from '../../lib/errors';
import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';
import type { AzureStandIn } from '../azure/http/server';
import { startAzureStandIn } from '../azure/http/server';
import { createClusterDirectory, takeDownCluster } from '../engines/cluster-directory';
import type { LocalCluster } from '../engines/engine';
import { startWatchdog } from '../engines/watchdog';
import type { Stage } from '../../../config/environment/environment';
import type { AppliedChanges } from './deploy-report';
import { isChange, parseApplied, resourceOf, scaleOutFault } from './deploy-report';
import { EngineClusters } from './engine-clusters';
import { REHEARSED_WORKERS, writeRehearsalConfig } from './rehearsal-config';
import type { Workspace } from './workspace';
import { openWorkspace } from './workspace';

/** One `cdktf deploy` of a rehearsal. */
export interface Deploy extends AppliedChanges {
  readonly stage: Stage;
  readonly seconds: number;
}

/** What the document says of Terraform. */
export interface TerraformFacts {
  /** Of Terraform itself. */
  readonly version: string;
  /** The plugin, such as `hashicorp/azurerm 4.55.0`. */
  readonly provider: string;
  /** The environment that was deployed. */
  readonly environment: string;
  readonly deploys: readonly Deploy[];
  /** A plan after each deploy had nothing left to do; otherwise the run fails. */
  readonly replanEmpty: true;
  /** Requests that the stand-in answered. */
  readonly requests: number;
}

/** A cluster that Terraform deploys: unmodified Terraform and azurerm, and a stand-in where Azure would be. */
export interface Rehearsal {
  /** The single node, deployed: its address from Terraform's outputs. Its workers come with the next deploy. */
  deploy(): Promise<LocalCluster>;
  facts(): TerraformFacts;
  /** Ends Terraform and the stand-in, and removes the state. What was deployed stays unless it is stopped. */
  close(): Promise<void>;
  /** The same, and takes down what was deployed. */
  stop(): Promise<void>;
}

export interface RehearsalOptions {
  readonly workload: string;
  readonly environment: ProcessEnvironment;
  /** Where plugins stay from one rehearsal to the next. */
  readonly cache: string;
  /** Makes a single node on the engine that was chosen. */
  readonly start: () => Promise<LocalCluster>;
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
    const config = writeRehearsalConfig(
      path.join(directory, 'config'),
      options.workload,
      options.environment,
    );
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
    newClusters: 'accepted',
    clusters,
    directory: workspace.directory,
  });
  const deploys: Deploy[] = [];
  const close = async (): Promise<void> => {
    // First who asks, then who answers.
    await takeDownCluster(workspace.directory);
    await azure.close();
  };
  context.reporter.info(
    `Terraform ${workspace.terraformVersion}, ${workspace.provider}; at ${azure.origin} a server of this project stands in for Azure`,
  );
  const run: Run = { context, workspace, azure, clusters, deploys, environment: options.environment };
  return {
    deploy: () => deploySingleNode(run),
    facts: () => ({
      version: workspace.terraformVersion,
      provider: workspace.provider,
      environment: workspace.environment,
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

async function deploySingleNode(run: Run): Promise<LocalCluster> {
  await deployStage(run, 'single-node');
  const before = await locate(run);
  run.context.reporter.info(
    `the output coordinator_fqdn, ${before.outputs.coordinatorFqdn}, is ${before.host}:${String(before.port)} here`,
  );
  const [made] = run.clusters.running();
  if (made === undefined)
    throw new ScaleoutError('local.deploy-failed', 'the deploy made no cluster; nothing is left of it');
  const { outputs } = before;
  return {
    engine: made.engine,
    citus: made.citus,
    // Terraform adds the workers, on plain PostgreSQL in the books alone.
    scalable: true,
    coordinator: {
      host: before.host,
      port: before.port,
      user: outputs.login,
      database: outputs.database,
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
      const since = run.azure.requests.length;
      await deployStage(run, 'scaled-out');
      const fault = scaleOutFault(run.azure.requests.slice(since), outputs.clusterName, count);
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
  workspace.config.setStage(stage);
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
  const { added, changed, destroyed } = deploys.at(-1) ?? { added: 0, changed: 0, destroyed: 0 };
  reporter.info(
    `Terraform ${workspace.terraformVersion}: ${String(added)} added, ${String(changed)} changed, ${String(destroyed)} destroyed`,
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
async function locate({ workspace, azure, environment }: Run) {
  const outputs = await readOutputs(workspace.environment, { environment, project: workspace.directory });
  const address = azure.resolve(outputs.coordinatorFqdn);
  if (address === undefined) {
    throw new ScaleoutError(
      'local.deploy-failed',
      `the output coordinator_fqdn is ${outputs.coordinatorFqdn}, and no cluster of the stand-in has that name`,
    );
  }
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

import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../config/azure/service-names';
import type { Workload } from '../../config/workload/workload';
import { describeTarget } from '../lib/connection';
import { explain, InterruptedError, refused, ScaleoutError } from '../lib/errors';
import type { VerbContext } from '../lib/verb';
import { rebalanceStop } from '../rebalance/commands';
import type { EngineChoice } from './engines/choose-engine';
import { chooseEngine } from './engines/choose-engine';
import { sweepClusters } from './engines/cluster-directory';
import type { Engine, LocalCluster } from './engines/engine';
import { ELASTIC_CLUSTER_NEEDS } from './engines/engine';
import type { JourneyResult } from './journey/journey';
import { runJourney } from './journey/journey';
import type { Order } from './journey/order';
import type { Stages } from './journey/stages';
import { startStages } from './journey/stages';
import type { RunFacts } from './journey/summary';
import type { StartNode } from './terraform/engine-clusters';
import type { Rehearsal } from './terraform/rehearsal';
import type { AzureYear } from './terraform/azure-year';
import { openRehearsal } from './terraform/rehearsal';
import type { GeneratedData } from './workloads';

/** Where these verbs look and remember; tests hand in their own. */
export interface LocalWorld {
  readonly engines: readonly Engine[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where `local up` remembers its cluster. */
  readonly stateDirectory: string;
}

/** What a run is asked for, checked. */
export interface Settings {
  readonly rows: number;
  readonly order: Order;
  readonly workload: Workload;
  readonly data: GeneratedData;
  readonly engine: EngineChoice['engine'] | undefined;
  readonly terraform: boolean;
  /** The service that the cluster is one of. */
  readonly service: Service;
  /** The Azure that Terraform meets. */
  readonly azure: AzureYear;
}

/** What a run gives. */
export interface Run {
  readonly facts: RunFacts;
  readonly result: JourneyResult;
}

/** A cluster that runs, and the rehearsal that deployed it, where Terraform did. */
interface Started {
  readonly cluster: LocalCluster;
  readonly rehearsal: Rehearsal | undefined;
}

/**
 * Chooses an engine, starts a cluster, runs the journey and hands the cluster to `finish`. Whatever goes wrong, the
 * cluster is taken down and the error says at which stage it was.
 *
 * @throws ScaleoutError, or InterruptedError where the person asked to stop
 */
export async function journeyOn(
  context: VerbContext,
  settings: Settings,
  world: LocalWorld,
  finish: (cluster: LocalCluster, stages: Stages) => Promise<void>,
): Promise<Run> {
  const stages = startStages(context);
  const choice = await engineFor(context, settings, world);
  const started = await startCluster(context, settings, world, choice, stages);
  const { cluster, rehearsal } = started;
  const watch = watchServers(cluster);
  const watched: VerbContext = { ...context, signal: AbortSignal.any([context.signal, watch.signal]) };
  let journey: Promise<JourneyResult> | undefined;
  try {
    requireOrder(cluster, settings.order);
    context.reporter.info(`${describeTarget(cluster.coordinator)}, a login without superuser rights`);
    journey = runJourney(watched, cluster, { ...settings, takeOver: rehearsal?.takeOver }, stages);
    // Servers that are thrown away need no safe point: asked to stop, this does not wait for the verb under way.
    const result = await (cluster.directory === undefined ? journey : unlessAborted(journey, watched.signal));
    watch.end();
    const terraform = rehearsal?.facts();
    await finish(cluster, stages);
    await rehearsal?.close();
    const { rows, order, workload } = settings;
    const facts = { engine: choice.engine, workload: workload.name, rows, order, stages: stages.done };
    return { facts: terraform === undefined ? facts : { ...facts, terraform }, result };
  } catch (error) {
    watch.end();
    throw await afterFailure(context, started, { error, stage: stages.current(), journey });
  }
}

/** Clears away what killed runs left, and chooses among the engines of this machine. */
export async function engineFor(
  { reporter }: VerbContext,
  settings: Pick<Settings, 'terraform' | 'service' | 'engine'>,
  world: LocalWorld,
): Promise<EngineChoice> {
  const swept = await sweepClusters();
  if (swept > 0) reporter.info(`took down what ${String(swept)} killed runs had left on this machine`);
  reporter.heading('A single node');
  const engines = settings.terraform
    ? world.engines.filter(({ name }) => name !== 'citus-url')
    : world.engines;
  const needs = settings.service === 'elastic-cluster' ? ELASTIC_CLUSTER_NEEDS : undefined;
  const choice = await chooseEngine(engines, settings.engine, needs);
  for (const { engine, taken, because } of choice.considered) {
    reporter.info(`${engine}: ${taken ? 'taken, ' : 'not taken, '}${because}`);
  }
  return choice;
}

async function startCluster(
  context: VerbContext,
  { terraform, workload, service, azure }: Settings,
  world: LocalWorld,
  choice: EngineChoice,
  stages: Stages,
): Promise<Started> {
  const start: StartNode = (access) => choice.availability.start(context.reporter, access);
  if (!terraform) return { cluster: await stages.run('start', () => start()), rehearsal: undefined };
  const rehearsal = await stages.run('prepare', () =>
    openRehearsal(context, {
      workload: workload.name,
      service,
      azure,
      environment: world.environment,
      cache: path.join(world.stateDirectory, 'terraform'),
      start,
    }),
  );
  return { cluster: await stages.run('start', () => deployOrStop(context, rehearsal)), rehearsal };
}

/** @throws ScaleoutError where the nodes are there from the start, and the order adds them later */
function requireOrder(cluster: LocalCluster, order: Order): void {
  if (cluster.scalable || !cluster.citus || order !== 'distribute-first') return;
  throw refused(
    'local.not-yours',
    `${describeTarget(cluster.coordinator)} is somebody else’s cluster: its nodes are there from the start, so the order distribute-first cannot be shown on it. Unset CITUS_URL or leave --order out; nothing was changed`,
  );
}

interface Failure {
  readonly error: unknown;
  readonly stage: string;
  /** The journey under way, if it had begun. */
  readonly journey: Promise<JourneyResult> | undefined;
}

/** Takes everything down, and says what went wrong and what is left. */
async function afterFailure(
  context: VerbContext,
  { cluster, rehearsal }: Started,
  { error, stage, journey }: Failure,
): Promise<unknown> {
  // A server's connections break a moment before its end is known.
  await sleep(200);
  const lost = await cluster.lost().catch(() => undefined);
  // Nobody may go on asking for servers while they are taken down.
  await rehearsal?.close();
  const leftover = await stopCluster(context, cluster).then(
    () =>
      cluster.directory === undefined
        ? 'The tables it made were dropped'
        : 'The cluster was taken down and nothing is left of it',
    (fault: unknown) => `What it left could not be cleared away (${explain(fault)})`,
  );
  // With its servers gone, the verb under way ends as well; until then it may still have something to report.
  await journey?.catch(() => undefined);
  if (lost !== undefined) {
    const message = `${lost} at the stage "${stage}". ${leftover}: run it again`;
    return new ScaleoutError('local.server-failed', message, { cause: error });
  }
  if (!context.signal.aborted) return error;
  return new InterruptedError(`stopped as asked at the stage "${stage}". ${leftover}`);
}

/** The first deploy. When it fails or is stopped, nothing is left of it. */
async function deployOrStop({ signal }: VerbContext, rehearsal: Rehearsal): Promise<LocalCluster> {
  try {
    return await rehearsal.begin();
  } catch (error) {
    await rehearsal.stop();
    if (signal.aborted) {
      throw new InterruptedError(
        'stopped as asked at the stage "start". What was deployed was taken down and nothing is left of it',
      );
    }
    throw error;
  }
}

/** What `work` gives, or a rejection as soon as the signal is aborted. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new InterruptedError('stopped as asked'));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Milliseconds between two looks at the servers. */
const WATCH_INTERVAL_MS = 1000;

/**
 * Aborts its signal when a server ends by itself: a session of a postmaster that was killed may go on for as long as it
 * has something to do, and the end of a worker shows on the coordinator late.
 */
function watchServers(cluster: LocalCluster): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const timer = setInterval(() => {
    cluster.lost().then(
      (lost) => {
        if (lost !== undefined) controller.abort();
      },
      () => undefined,
    );
  }, WATCH_INTERVAL_MS);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}

/** Takes the cluster down; of a borrowed one, the tables alone. */
export async function stopCluster(context: VerbContext, cluster: LocalCluster): Promise<void> {
  if (cluster.engine === 'citus-url') {
    // A job that goes on moving shards would hold the tables that are to be dropped.
    const calm: VerbContext = { ...context, signal: new AbortController().signal };
    await rebalanceStop(calm, { target: cluster.coordinator }).catch(() => undefined);
  }
  await cluster.stop();
}

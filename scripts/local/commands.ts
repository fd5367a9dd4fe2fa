import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workload } from '../../config/workload/workload';
import { loadWorkload } from '../../config/workload/workload';
import { PROJECT_DIRECTORY } from '../infra/project';
import { describeTarget, targetFromUrl, withClient } from '../lib/connection';
import { explain, InterruptedError, refused, ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { rebalanceStop } from '../rebalance/commands';
import { localEngines } from './engines';
import { dropOurTables } from './engines/borrowed-database';
import type { EngineChoice } from './engines/choose-engine';
import { chooseEngine, parseEngineName } from './engines/choose-engine';
import { sweepClusters, takeDownCluster } from './engines/cluster-directory';
import type { Engine, LocalCluster } from './engines/engine';
import { identifyProcess, isRunning } from './engines/processes';
import type { JourneyResult } from './journey/journey';
import { runJourney } from './journey/journey';
import type { Order } from './journey/order';
import { ORDERS } from './journey/order';
import type { StateFiles, UpState } from './engines/local-state';
import {
  claimState,
  forgetState,
  readPassword,
  readState,
  stateFiles,
  writeUpState,
} from './engines/local-state';
import type { Stages } from './journey/stages';
import { startStages } from './journey/stages';
import type { LocalRunDocument, RunFacts } from './journey/summary';
import { runDocument, summaryText } from './journey/summary';
import type { Rehearsal } from './terraform/rehearsal';
import { openRehearsal } from './terraform/rehearsal';
import type { GeneratedData } from './workloads';
import { generateData } from './workloads';

export interface LocalRunInput {
  /** Rows of the workload's largest table. @default 200000 */
  readonly rows?: number | undefined;
  /** A workload of config/workloads, by name or as it was read. @default 'sensors' */
  readonly workload?: string | Workload | undefined;
  /** @default the best there is */
  readonly engine?: string | undefined;
  /** @default 'scale-first' */
  readonly order?: string | undefined;
  /** Deploys the cluster with Terraform, against a stand-in for Azure. @default false */
  readonly terraform?: boolean | undefined;
}

/** Where these verbs look and remember; tests hand in their own. */
export interface LocalWorld {
  readonly engines: readonly Engine[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where `local up` remembers its cluster. */
  readonly stateDirectory: string;
}

function thisMachine(): LocalWorld {
  return {
    engines: localEngines(process.env),
    environment: process.env,
    stateDirectory: path.join(PROJECT_DIRECTORY, '.scaleout'),
  };
}

/** The whole journey; nothing is left of it. */
export async function localRun(
  context: VerbContext,
  input: LocalRunInput,
  world: LocalWorld = thisMachine(),
): Promise<VerbResult<LocalRunDocument>> {
  const settings = await parseInput(input);
  const run = await journeyOn(context, settings, world, async (cluster, stages) => {
    await stages.run('stop', () => stopCluster(context, cluster));
  });
  return resultOf(run.facts, run.result);
}

/** What `local up` and `local status` answer with. */
export interface LocalStatusDocument {
  readonly formatVersion: 1;
  readonly up: boolean;
  readonly engine?: UpState['engine'];
  readonly workload?: string;
  readonly rows?: number;
  /** For the libpq variables; the password is in the file. Absent for a cluster of CITUS_URL, which has its own. */
  readonly connection?: UpState['connection'] & { readonly passwordFile?: string };
}

/** The whole journey, and the cluster stays. */
export async function localUp(
  context: VerbContext,
  input: LocalRunInput,
  world: LocalWorld = thisMachine(),
): Promise<VerbResult<LocalRunDocument & { readonly status: LocalStatusDocument }>> {
  const settings = await parseInput(input);
  await makeWay(world);
  try {
    const run = await journeyOn(context, settings, world, (cluster) => {
      const { host, port, user, database } = cluster.coordinator;
      cluster.keep(stateFiles(world.stateDirectory).state);
      writeUpState(
        world.stateDirectory,
        {
          formatVersion: 1,
          status: 'up',
          engine: cluster.engine,
          connection: { host, port, user, database },
          workload: settings.workload.name,
          rows: settings.rows,
          ...(cluster.directory === undefined ? {} : { directory: cluster.directory }),
        },
        cluster.coordinator,
      );
      return cluster.directory === undefined ? cluster.stop() : Promise.resolve();
    });
    const result = resultOf(run.facts, run.result);
    const status = await localStatus(context, world);
    return {
      ...result,
      document: { ...result.document, status: status.document },
      text: `${result.text}\n\n${status.text}`,
    };
  } catch (error) {
    forgetState(world.stateDirectory);
    throw error;
  }
}

/** Takes down what `local up` keeps running. Fine when nothing is. */
export async function localDown(
  _context: VerbContext,
  world: LocalWorld = thisMachine(),
): Promise<VerbResult<{ readonly formatVersion: 1; readonly tookDown: boolean }>> {
  const state = readState(stateFiles(world.stateDirectory));
  await sweepClusters();
  if (state?.status !== 'up') {
    if (state !== undefined && !isRunning(ownerOf(state.owner))) forgetState(world.stateDirectory);
    return {
      document: { formatVersion: 1, tookDown: false },
      text: 'No local cluster is up: nothing to take down.',
      outcome: 'done',
    };
  }
  if (state.directory !== undefined) await takeDownCluster(state.directory);
  else await dropBorrowed(world, state);
  forgetState(world.stateDirectory);
  return {
    document: { formatVersion: 1, tookDown: true },
    text:
      state.directory === undefined
        ? `The tables of ${state.workload} are dropped; the cluster is somebody else’s and stays.`
        : `The local cluster (${state.engine}, ${state.workload}) is down, and nothing is left of it.`,
    outcome: 'done',
  };
}

/** What `local up` keeps running, whether it answers, and how to connect. */
export async function localStatus(
  _context: VerbContext,
  world: LocalWorld = thisMachine(),
): Promise<VerbResult<LocalStatusDocument>> {
  const files = stateFiles(world.stateDirectory);
  const state = readState(files);
  if (state?.status !== 'up') {
    return {
      document: { formatVersion: 1, up: false },
      text: 'No local cluster is up: `local up` starts one.',
      outcome: 'done',
    };
  }
  const { engine, workload, rows, connection } = state;
  const own = state.directory !== undefined;
  const up = !own || (await answers(state, files));
  const document: LocalStatusDocument = {
    formatVersion: 1,
    up,
    engine,
    workload,
    rows,
    connection: { ...connection, ...(own ? { passwordFile: files.passwords } : {}) },
  };
  if (!up) {
    return {
      document,
      text: `The local cluster (${engine}) does not answer any more, as after a restart of the machine: \`local down\` clears it away.`,
      outcome: 'failed',
    };
  }
  const variables = [
    `export PGHOST=${connection.host} PGPORT=${String(connection.port)} PGUSER=${connection.user} PGDATABASE=${connection.database}`,
    ...(own ? [`export PGPASSFILE=${files.passwords}`] : []),
  ];
  return {
    document,
    text: [
      `A local cluster is up: ${engine}, ${workload}. \`local down\` takes it down. To connect:`,
      '',
      ...variables.map((line) => `  ${line}`),
    ].join('\n'),
    outcome: 'done',
  };
}

interface Settings {
  readonly rows: number;
  readonly order: Order;
  readonly workload: Workload;
  readonly data: GeneratedData;
  readonly engine: EngineChoice['engine'] | undefined;
  readonly terraform: boolean;
}

/** Everything that can be wrong with the input, before anything is started. */
async function parseInput(input: LocalRunInput): Promise<Settings> {
  const rows = input.rows ?? 200_000;
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw new ScaleoutError('input.invalid', `rows is ${String(rows)}: it must be a whole number, 1 or more`);
  }
  const order = ORDERS.find((each) => each === (input.order ?? 'scale-first'));
  if (order === undefined) {
    throw new ScaleoutError(
      'input.invalid',
      `there is no order "${input.order ?? ''}": it is ${ORDERS.join(' or ')}`,
    );
  }
  const engine = input.engine === undefined ? undefined : parseEngineName(input.engine);
  if (input.terraform === true && engine === 'citus-url') {
    throw new ScaleoutError(
      'input.invalid',
      'Terraform makes the cluster it deploys, and the one of CITUS_URL is there already: leave --terraform or --engine out; nothing was started',
    );
  }
  const named = input.workload ?? 'sensors';
  const workload = typeof named === 'string' ? await loadWorkload(named) : named;
  return {
    rows,
    order,
    workload,
    data: generateData(workload.name, rows),
    engine,
    terraform: input.terraform === true,
  };
}

interface Run {
  readonly facts: RunFacts;
  readonly result: JourneyResult;
}

/**
 * Chooses an engine, starts a cluster, runs the journey and hands the cluster to `finish`. Whatever goes wrong, the
 * cluster is taken down and the error says at which stage it was.
 */
async function journeyOn(
  context: VerbContext,
  settings: Settings,
  world: LocalWorld,
  finish: (cluster: LocalCluster, stages: Stages) => Promise<void>,
): Promise<Run> {
  const { reporter } = context;
  const stages = startStages(context);
  const swept = await sweepClusters();
  if (swept > 0) reporter.info(`took down what ${String(swept)} killed runs had left on this machine`);

  reporter.heading('A single node');
  const engines = settings.terraform
    ? world.engines.filter(({ name }) => name !== 'citus-url')
    : world.engines;
  const choice = await chooseEngine(engines, settings.engine);
  for (const { engine, taken, because } of choice.considered) {
    reporter.info(`${engine}: ${taken ? 'taken, ' : 'not taken, '}${because}`);
  }
  const start = (): Promise<LocalCluster> => choice.availability.start(reporter);
  const rehearsal = settings.terraform
    ? await stages.run('prepare', () =>
        openRehearsal(context, {
          workload: settings.workload.name,
          environment: world.environment,
          cache: path.join(world.stateDirectory, 'terraform'),
          start,
        }),
      )
    : undefined;
  const cluster = await stages.run('start', () =>
    rehearsal === undefined ? start() : deployOrStop(context, rehearsal),
  );
  const watch = watchServers(cluster);
  let journey: Promise<JourneyResult> | undefined;
  const watched: VerbContext = { ...context, signal: AbortSignal.any([context.signal, watch.signal]) };
  try {
    if (!cluster.scalable && cluster.citus && settings.order === 'distribute-first') {
      throw refused(
        'local.not-yours',
        `${describeTarget(cluster.coordinator)} is somebody else’s cluster: its nodes are there from the start, so the order distribute-first cannot be shown on it. Unset CITUS_URL or leave --order out; nothing was changed`,
      );
    }
    reporter.info(`${describeTarget(cluster.coordinator)}, a login without superuser rights`);
    journey = runJourney(watched, cluster, settings, stages);
    // Servers that are thrown away need no safe point: asked to stop, this does not wait for the verb under way.
    const result = await (cluster.directory === undefined ? journey : unlessAborted(journey, watched.signal));
    watch.end();
    const terraform = rehearsal?.facts();
    await finish(cluster, stages);
    await rehearsal?.close();
    const { rows, order, workload } = settings;
    return {
      facts: {
        engine: choice.engine,
        workload: workload.name,
        rows,
        order,
        stages: stages.done,
        ...(terraform === undefined ? {} : { terraform }),
      },
      result,
    };
  } catch (error) {
    watch.end();
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
    const stage = stages.current();
    if (lost !== undefined) {
      throw new ScaleoutError(
        'local.server-failed',
        `${lost} at the stage "${stage}". ${leftover}: run it again`,
        { cause: error },
      );
    }
    if (context.signal.aborted) {
      throw new InterruptedError(`stopped as asked at the stage "${stage}". ${leftover}`);
    }
    throw error;
  }
}

/** The first deploy. When it fails or is stopped, nothing is left of it. */
async function deployOrStop({ signal }: VerbContext, rehearsal: Rehearsal): Promise<LocalCluster> {
  try {
    return await rehearsal.deploy();
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

async function stopCluster(context: VerbContext, cluster: LocalCluster): Promise<void> {
  if (cluster.engine === 'citus-url') {
    // A job that goes on moving shards would hold the tables that are to be dropped.
    const calm: VerbContext = { ...context, signal: new AbortController().signal };
    await rebalanceStop(calm, { target: cluster.coordinator }).catch(() => undefined);
  }
  await cluster.stop();
}

function resultOf(facts: RunFacts, result: JourneyResult): VerbResult<LocalRunDocument> {
  return {
    document: runDocument(facts, result),
    text: summaryText(facts, result),
    outcome: result.verify.ok ? 'done' : 'failed',
  };
}

/** Takes the place `local up` remembers its cluster at, clearing away one that is dead. */
async function makeWay(world: LocalWorld): Promise<void> {
  const files = stateFiles(world.stateDirectory);
  if (claimState(world.stateDirectory, identifyProcess())) return;
  const state = readState(files);
  if (state?.status === 'starting' && isRunning(ownerOf(state.owner))) {
    throw refused(
      'local.busy',
      'another `local up` is starting a cluster at this moment: wait for it; nothing was changed',
    );
  }
  if (state?.status === 'up' && (state.directory === undefined || (await answers(state, files)))) {
    throw refused(
      'local.busy',
      `a local cluster is up already (${state.engine}, ${state.workload}): use it (\`local status\`), or take it down first (\`local down\`); nothing was changed`,
    );
  }
  if (state?.status === 'up' && state.directory !== undefined) await takeDownCluster(state.directory);
  forgetState(world.stateDirectory);
  if (!claimState(world.stateDirectory, identifyProcess())) {
    throw refused('local.busy', 'another `local up` was faster: wait for it; nothing was changed');
  }
}

function ownerOf(owner: { readonly pid: number; readonly started?: string | undefined }): {
  pid: number;
  started?: string;
} {
  return owner.started === undefined ? { pid: owner.pid } : { pid: owner.pid, started: owner.started };
}

async function answers({ connection, directory }: UpState, files: StateFiles): Promise<boolean> {
  if (directory === undefined || !existsSync(directory) || !existsSync(files.passwords)) return false;
  const password = readPassword(files);
  return withClient({ ...connection, password, sslMode: 'disable' }, (client) =>
    client.query('SELECT 1'),
  ).then(
    () => true,
    () => false,
  );
}

/** Empties the database of CITUS_URL again. */
async function dropBorrowed({ environment }: LocalWorld, state: UpState): Promise<void> {
  const url = environment['CITUS_URL'];
  if (url === undefined || url === '') {
    throw new ScaleoutError(
      'local.not-yours',
      `the tables of \`local up\` are in ${state.connection.host}, which CITUS_URL named: set it again, so that they can be dropped`,
    );
  }
  const target = targetFromUrl(url, environment, { argument: false });
  const { host, port, database } = state.connection;
  if (target.host !== host || target.port !== port || target.database !== database) {
    throw new ScaleoutError(
      'local.not-yours',
      `the tables of \`local up\` are in ${host}:${String(port)}/${database}, and CITUS_URL names ${describeTarget(target)}: set it to the former; nothing was changed`,
    );
  }
  await withClient(target, dropOurTables);
}

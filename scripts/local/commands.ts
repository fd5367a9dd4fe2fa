import { existsSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_SERVICE, SERVICES } from '../../config/azure/service-names';
import type { Workload } from '../../config/workload/workload';
import { loadWorkload } from '../../config/workload/workload';
import { PROJECT_DIRECTORY } from '../infra/project';
import { describeTarget, targetFromUrl, withClient } from '../lib/connection';
import type { ConnectionTarget } from '../lib/connection';
import { refused, ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { localEngines } from './engines';
import { dropOurTables } from './engines/borrowed-database';
import { parseEngineName } from './engines/choose-engine';
import type { EngineName } from './engines/engine';
import { ELASTIC_CLUSTER_ENGINE } from './engines/engine';
import { sweepClusters, takeDownCluster } from './engines/cluster-directory';
import { identifyProcess, isRunning } from './engines/processes';
import type { JourneyResult } from './journey/journey';
import { ORDERS } from './journey/order';
import { AZURE_YEARS } from './terraform/azure-year';
import type { StateFiles, UpState } from './engines/local-state';
import {
  claimState,
  forgetState,
  readPassword,
  readState,
  stateFiles,
  writeUpState,
} from './engines/local-state';
import type { LocalRunDocument, RunFacts } from './journey/summary';
import { runDocument, summaryText } from './journey/summary';
import { localLoad as runLoad } from './load/load';
import type { LocalLoadDocument } from './load/load';
import type { LocalWorld, Settings } from './run';
import { journeyOn, stopCluster } from './run';
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
  /** The service that Terraform deploys a cluster of. @default 'cosmosdb-postgresql' */
  readonly service?: string | undefined;
  /** The Azure that Terraform meets: of 2025, where clusters may begin empty, or of today. @default 'today' */
  readonly azure?: string | undefined;
}

export function thisMachine(): LocalWorld {
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
        ? `The tables of ${state.workload ?? 'it'} are dropped; the cluster is somebody else’s and stays.`
        : `The local cluster (${describeUp(state)}) is down, and nothing is left of it.`,
    outcome: 'done',
  };
}

/** What `local load` is asked for. */
export interface LocalLoadRequest {
  /** A database of this machine. @default - what `local up` keeps running */
  readonly target?: ConnectionTarget | undefined;
  /** @default - that of `local up`, or 'sensors' */
  readonly workload?: string | undefined;
  readonly rate: number;
  readonly readers: number;
  readonly seconds: number;
}

/**
 * Writes and reads at a set rate, beside whatever else goes on.
 *
 * @throws ScaleoutError where no database is named and none is up
 */
export async function localLoad(
  context: VerbContext,
  input: LocalLoadRequest,
  world: LocalWorld = thisMachine(),
): Promise<VerbResult<LocalLoadDocument>> {
  const files = stateFiles(world.stateDirectory);
  const state = readState(files);
  const up = state?.status === 'up' ? state : undefined;
  const own = (): ConnectionTarget => {
    if (up?.directory === undefined) {
      throw new ScaleoutError(
        'local.not-up',
        'no local cluster of this program is up: start one with "local up", or name a database of this machine with --url',
      );
    }
    return { ...up.connection, password: readPassword(files), sslMode: 'disable' };
  };
  const target = input.target ?? own();
  const name = input.workload ?? up?.workload ?? 'sensors';
  const { queries } = await loadWorkload(name);
  return runLoad(context, { ...input, target, workload: name, queries });
}

/**
 * The cluster that `local up` keeps running.
 *
 * @throws ScaleoutError where none is up
 */
export function requireUp(world: LocalWorld): { readonly state: UpState; readonly files: StateFiles } {
  const files = stateFiles(world.stateDirectory);
  const state = readState(files);
  if (state?.status === 'up') return { state, files };
  throw new ScaleoutError('local.not-up', 'no local cluster is up: start one with "local up"');
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
    ...(workload === undefined ? {} : { workload }),
    ...(rows === undefined ? {} : { rows }),
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
      `A local cluster is up: ${describeUp(state)}. \`local down\` takes it down. To connect, \`local psql\`, or:`,
      '',
      ...variables.map((line) => `  ${line}`),
    ].join('\n'),
    outcome: 'done',
  };
}

/** The engine, and what is in the database. */
function describeUp({ engine, workload }: UpState): string {
  return `${engine}, ${workload ?? 'no workload'}`;
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
  const terraform = parseTerraform(input, engine);
  const named = input.workload ?? 'sensors';
  const workload = typeof named === 'string' ? await loadWorkload(named) : named;
  return {
    rows,
    order,
    workload,
    data: generateData(workload.name, rows),
    engine,
    ...terraform,
  };
}

/** What is asked for of Terraform. @throws ScaleoutError where it makes no sense beside the rest */
function parseTerraform(
  input: LocalRunInput,
  engine: EngineName | undefined,
): Pick<Settings, 'terraform' | 'service' | 'azure'> {
  const terraform = input.terraform === true;
  const azure = oneOf(input.azure ?? 'today', AZURE_YEARS, 'Azure of');
  const service = oneOf(input.service ?? DEFAULT_SERVICE, SERVICES, 'service');
  const refusal = terraformRefusal({ terraform, azure, service, engine });
  if (refusal !== undefined) throw new ScaleoutError('input.invalid', `${refusal}; nothing was started`);
  return { terraform, service, azure };
}

function terraformRefusal({
  terraform,
  azure,
  service,
  engine,
}: Pick<Settings, 'terraform' | 'service' | 'azure' | 'engine'>): string | undefined {
  if (terraform && engine === 'citus-url') {
    return 'Terraform makes the cluster it deploys, and the one of CITUS_URL is there already: leave --terraform or --engine out';
  }
  if (service === 'elastic-cluster' && engine !== undefined && engine !== ELASTIC_CLUSTER_ENGINE) {
    return `--engine ${engine} has no elastic cluster, which is PostgreSQL with Citus of this machine that Terraform creates: leave --engine out, or name ${ELASTIC_CLUSTER_ENGINE}, with --terraform`;
  }
  if (service !== DEFAULT_SERVICE && !terraform) {
    return `--service ${service} is for a cluster that Terraform creates: add --terraform`;
  }
  if (azure !== 'today' && service !== DEFAULT_SERVICE) {
    return `--azure ${azure} is for a new cluster of ${DEFAULT_SERVICE}, and Azure creates an ${service} today: leave --azure or --service out`;
  }
  if (azure !== 'today' && !terraform) {
    return `--azure ${azure} is for a cluster that Terraform creates: add --terraform`;
  }
  return undefined;
}

function oneOf<T extends string>(given: string, allowed: readonly T[], what: string): T {
  const found = allowed.find((each) => each === given);
  if (found !== undefined) return found;
  throw new ScaleoutError(
    'input.invalid',
    `there is no ${what} ${given} here: it is ${allowed.join(' or ')}`,
  );
}

function resultOf(facts: RunFacts, result: JourneyResult): VerbResult<LocalRunDocument> {
  return {
    document: runDocument(facts, result),
    text: summaryText(facts, result),
    outcome: result.verify.ok ? 'done' : 'failed',
  };
}

/** Takes the place `local up` remembers its cluster at, clearing away one that is dead. */
export async function makeWay(world: LocalWorld): Promise<void> {
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
      `a local cluster is up already (${describeUp(state)}): use it (\`local status\`), or take it down first (\`local down\`); nothing was changed`,
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

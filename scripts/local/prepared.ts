import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { DEFAULT_SERVICE } from '../../config/azure/service-names';
import { WORKER_COUNT } from '../../config/azure/service-limits';
import type { Workload } from '../../config/workload/workload';
import { loadWorkload } from '../../config/workload/workload';
import { describeTarget, withClient } from '../lib/connection';
import { refused, ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { count } from '../lib/reporter';
import type { LocalStatusDocument } from './commands';
import { localStatus, makeWay, thisMachine } from './commands';
import { parseEngineName } from './engines/choose-engine';
import type { EngineName, LocalCluster } from './engines/engine';
import { forgetState, stateFiles, writeUpState } from './engines/local-state';
import { requireFree } from './engines/ports';
import type { LocalWorld } from './run';
import { engineFor } from './run';
import { loadSqlFile, unreadable } from './sql/load-sql';

/** What `local up` is asked for where the journey is not wanted. */
export interface PreparedInput {
  /** Workers beside the coordinator; 0 for a single node. @default - 2, or 0 where there is no Citus */
  readonly workers?: number | undefined;
  /** Files of SQL that are run, one after the other. @default - none */
  readonly sql?: readonly string[] | undefined;
  /** Its schema is made, unless files of SQL bring one. @default - none */
  readonly workload?: string | undefined;
  /** @default the best there is */
  readonly engine?: string | undefined;
  /** Of the coordinator. @default one that is free */
  readonly port?: number | undefined;
}

interface Prepared {
  readonly workers: number | undefined;
  readonly sql: readonly string[];
  readonly workload: Workload | undefined;
  readonly engine: EngineName | undefined;
  readonly port: number | undefined;
}

/** What `local up --empty` answers with. */
export interface PreparedDocument {
  readonly formatVersion: 1;
  readonly workers: number;
  /** Of the files of SQL, in their order. */
  readonly loaded: readonly { readonly file: string; readonly statements: number }[];
  readonly status: LocalStatusDocument;
}

/**
 * Starts a cluster and leaves what is in it to its user: empty, with a workload's schema, or with what files of SQL make. Whatever goes wrong,
 * nothing is left.
 */
export async function localPrepare(
  context: VerbContext,
  input: PreparedInput,
  world: LocalWorld = thisMachine(),
): Promise<VerbResult<PreparedDocument>> {
  const settings = await parsePrepared(input);
  await makeWay(world);
  try {
    return await prepare(context, settings, world);
  } catch (error) {
    forgetState(world.stateDirectory);
    throw error;
  }
}

async function prepare(
  context: VerbContext,
  settings: Prepared,
  world: LocalWorld,
): Promise<VerbResult<PreparedDocument>> {
  const { reporter } = context;
  // What is in somebody else's database is theirs, and its nodes are.
  const own = { ...world, engines: world.engines.filter(({ name }) => name !== 'citus-url') };
  const choice = await engineFor(
    context,
    { terraform: false, service: DEFAULT_SERVICE, engine: settings.engine },
    own,
  );
  const cluster = await choice.availability.start(reporter, undefined, settings.port);
  try {
    const workers = await addWorkers(context, cluster, settings.workers);
    const loaded = await fill(context, cluster, settings);
    keep(cluster, settings, world);
    const status = await localStatus(context, world);
    const what = [
      `${cluster.citus ? (workers === 0 ? 'A single node' : `A coordinator and ${count(workers)} workers`) : 'A single node without Citus'}, ${contentsOf(settings, loaded)}.`,
      ...(cluster.citus ? [] : ['Only PostgreSQL with Citus can be scaled out and distributed.']),
    ];
    return {
      document: { formatVersion: 1, workers, loaded, status: status.document },
      text: `${what.join(' ')}\n\n${status.text}`,
      outcome: 'done',
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function contentsOf({ workload, sql }: Prepared, loaded: PreparedDocument['loaded']): string {
  if (sql.length > 0) {
    const statements = loaded.reduce((sum, each) => sum + each.statements, 0);
    return `with what ${count(statements)} statements of ${count(loaded.length)} ${loaded.length === 1 ? 'file' : 'files'} made`;
  }
  return workload === undefined ? 'empty' : `with the empty tables of ${workload.name}`;
}

async function addWorkers(
  { reporter }: VerbContext,
  cluster: LocalCluster,
  asked: number | undefined,
): Promise<number> {
  const workers = asked ?? (cluster.citus ? WORKER_COUNT.fewest : 0);
  if (workers === 0) return 0;
  if (!cluster.citus) {
    throw refused(
      'local.unsupported',
      `the engine ${cluster.engine} has no Citus and therefore no workers: add --single-node, or install PostgreSQL with Citus or Docker; nothing is left of what was started`,
    );
  }
  reporter.heading(`${count(workers)} workers`);
  await cluster.addWorkers(workers);
  return workers;
}

async function fill(
  context: VerbContext,
  cluster: LocalCluster,
  { sql, workload }: Prepared,
): Promise<PreparedDocument['loaded']> {
  const loaded: { file: string; statements: number }[] = [];
  const target = cluster.coordinator;
  if (sql.length === 0 && workload !== undefined) {
    loaded.push(await loadOne(context, target, path.join(workload.directory, workload.schemaFile)));
  }
  for (const file of sql) loaded.push(await loadOne(context, target, file));
  if (loaded.length > 0) await withClient(target, (client) => client.query('ANALYZE'));
  context.reporter.info(`${describeTarget(target)}, a login without superuser rights`);
  return loaded;
}

async function loadOne(context: VerbContext, target: LocalCluster['coordinator'], file: string) {
  return { file, statements: await loadSqlFile(context, target, file) };
}

function keep(cluster: LocalCluster, { workload }: Prepared, { stateDirectory }: LocalWorld): void {
  const { host, port, user, database } = cluster.coordinator;
  cluster.keep(stateFiles(stateDirectory).state);
  writeUpState(
    stateDirectory,
    {
      formatVersion: 1,
      status: 'up',
      engine: cluster.engine,
      connection: { host, port, user, database },
      ...(workload === undefined ? {} : { workload: workload.name }),
      ...(cluster.directory === undefined ? {} : { directory: cluster.directory }),
    },
    cluster.coordinator,
  );
}

/** Everything that can be wrong with the input, before anything is started. */
async function parsePrepared(input: PreparedInput): Promise<Prepared> {
  const { workers, sql = [], port } = input;
  if (workers !== undefined && workers !== 0)
    requireWorkers(workers, 'a cluster without any is --single-node');
  const engine = input.engine === undefined ? undefined : parseEngineName(input.engine);
  if (engine === 'citus-url') {
    throw new ScaleoutError(
      'input.invalid',
      'the cluster of CITUS_URL is there already, and what is in it is its user’s: load it with psql, or leave --engine out; nothing was started',
    );
  }
  for (const file of sql) requireReadable(file);
  const workload = input.workload === undefined ? undefined : await loadWorkload(input.workload);
  if (port !== undefined) await requireFree(port);
  return { workers, sql, workload, engine, port };
}

/**
 * As many workers as the service gives a cluster.
 *
 * @param instead what to ask for instead, as the end of a sentence
 * @throws ScaleoutError for another number
 */
export function requireWorkers(workers: number, instead: string): void {
  const { fewest, most } = WORKER_COUNT;
  if (Number.isInteger(workers) && workers >= fewest && workers <= most) return;
  throw new ScaleoutError(
    'input.invalid',
    `--workers is ${String(workers)}: a cluster has ${String(fewest)} to ${String(most)} workers, as on Azure; ${instead}; nothing was started`,
  );
}

function requireReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw unreadable(file, error);
  }
}

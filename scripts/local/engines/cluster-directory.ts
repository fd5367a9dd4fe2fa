import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { orUndefined } from '../../lib/or-undefined';
import { replaceFile } from '../../lib/replace-file';
import type { ProcessIdentity } from './processes';
import { endProcessesIn, identifyProcess, isRunning } from './processes';
import type { ServerUser } from './server-user';
import { canReach } from './server-user';

const run = promisify(execFile);

const PREFIX = 'scaleout-cluster-';
const RECORD = 'cluster.json';

/** A directory this old without a record belongs to a run that was killed before it could write one. */
const UNRECORDED_AFTER_MS = 60_000;

/**
 * Who a cluster of this machine belongs to. It is written before the first server starts, so that whatever happens to
 * the run, the watchdog or the next run can take the cluster down.
 */
const recordSchema = z.strictObject({
  formatVersion: z.literal(1),
  owner: z.strictObject({ pid: z.number(), started: z.string().optional() }),
  /** Set once the cluster outlives its run (`local up`): the file that remembers it. */
  keptBy: z.string().optional(),
  /** The label of the containers and the network, where Docker runs the servers. */
  dockerLabel: z.string().optional(),
});
type ClusterRecord = z.infer<typeof recordSchema>;

export interface ClusterDirectoryOptions {
  /** The process the cluster ends with. @default this process */
  readonly owner?: ProcessIdentity;
  readonly dockerLabel?: string;
  /** Who the servers run as, and must therefore be able to reach the directory. */
  readonly serverUser?: ServerUser;
  /** The folder it is made in. @default one for temporary files that the servers reach */
  readonly parent?: string;
}

/** Makes a directory of its own for one cluster, recorded as belonging to `owner`. */
export function createClusterDirectory(options: ClusterDirectoryOptions = {}): string {
  const parent = options.parent ?? clusterParent(options.serverUser);
  const directory = join(parent, `${PREFIX}${randomBytes(6).toString('hex')}`);
  mkdirSync(directory, { mode: 0o700 });
  // Servers that run as somebody else may pass through, and see nothing but their own data directories.
  if (options.serverUser !== undefined) chmodSync(directory, 0o711);
  writeRecord(directory, {
    formatVersion: 1,
    owner: options.owner ?? identifyProcess(),
    ...(options.dockerLabel === undefined ? {} : { dockerLabel: options.dockerLabel }),
  });
  return directory;
}

/** Hands the cluster over from its run to `stateFile`: it lives for as long as that file does. */
export function keepCluster(directory: string, stateFile: string): void {
  const record = readRecord(directory);
  if (record === undefined) throw new Error(`no cluster in ${directory}`);
  writeRecord(directory, { ...record, keptBy: stateFile });
}

/** True while somebody answers for the cluster: its run is alive, or the file that keeps it is there. */
export function isOwned(directory: string): boolean {
  const record = readRecord(directory);
  if (record === undefined) return false;
  if (record.keptBy !== undefined) return existsSync(record.keptBy);
  const { pid, started } = record.owner;
  return isRunning(started === undefined ? { pid } : { pid, started });
}

/** True once the cluster has been handed over with {@link keepCluster}. */
export function isKept(directory: string): boolean {
  return readRecord(directory)?.keptBy !== undefined;
}

/**
 * Ends every server of the cluster and removes its directory. Works without the run that started it.
 *
 * @returns how many servers were still running
 */
export async function takeDownCluster(directory: string): Promise<number> {
  const label = readRecord(directory)?.dockerLabel;
  const ended = label === undefined ? 0 : await removeContainers(label);
  const processes = await endProcessesIn(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  return ended + processes;
}

/**
 * Takes down what runs that were killed have left on this machine. What cannot be removed stays: it is in the way of nobody.
 *
 * @returns how many clusters were taken down
 */
export async function sweepClusters(): Promise<number> {
  let removed = 0;
  for (const directory of clusterParents().flatMap(clustersIn).filter(isAbandoned)) {
    await takeDownCluster(directory).then(
      () => (removed += 1),
      () => undefined,
    );
  }
  return removed;
}

function isAbandoned(directory: string): boolean {
  if (readRecord(directory) !== undefined) return !isOwned(directory);
  const made = orUndefined(() => statSync(directory).mtimeMs);
  return made !== undefined && Date.now() - made > UNRECORDED_AFTER_MS;
}

/** The clusters of this user: another one's are not ours to judge. */
function clustersIn(parent: string): string[] {
  const own = process.getuid?.();
  // A folder that everybody may write into need not be one that everybody may list.
  const names = orUndefined(() => readdirSync(parent)) ?? [];
  return names
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(parent, name))
    .filter((directory) => own !== undefined && orUndefined(() => statSync(directory).uid) === own);
}

function clusterParents(): string[] {
  return [...new Set([tmpdir(), '/tmp'])].filter((directory) => existsSync(directory));
}

function clusterParent(serverUser: ServerUser | undefined): string {
  const parents = clusterParents();
  return parents.find((directory) => serverUser === undefined || canReach(serverUser, directory)) ?? tmpdir();
}

function readRecord(directory: string): ClusterRecord | undefined {
  return orUndefined(() => recordSchema.parse(JSON.parse(readFileSync(join(directory, RECORD), 'utf8'))));
}

function writeRecord(directory: string, record: ClusterRecord): void {
  replaceFile(join(directory, RECORD), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

async function removeContainers(label: string): Promise<number> {
  const filter = ['--filter', `label=scaleout.cluster=${label}`];
  try {
    const { stdout } = await run('docker', ['ps', '-aq', ...filter]);
    const containers = stdout.split('\n').filter((id) => id !== '');
    if (containers.length > 0) await run('docker', ['rm', '--force', '--volumes', ...containers]);
    await run('docker', ['network', 'prune', '--force', ...filter]);
    return containers.length;
  } catch {
    // Docker itself is gone, and the containers with it.
    return 0;
  }
}

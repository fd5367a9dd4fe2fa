import { execFile, execFileSync } from 'node:child_process';
import { accessSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerUser } from './server-user';

const run = promisify(execFile);

/** A PostgreSQL installation: programs, libraries and shared files under one root, or spread as its packager likes. */
export interface PostgresBinaries {
  /** The folder of `postgres` and `initdb`. */
  readonly binDirectory: string;
  /** As `postgres --version` says it, e.g. `16.14`. */
  readonly version: string;
}

/** `{ uid, gid }` for `child_process`, empty where the servers run as this user. */
export function asUser(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

/**
 * What the programs in `binDirectory` are, found by running one as the servers' user.
 *
 * @throws Error in one line, when they are missing, out of reach, or made for another machine
 */
export async function inspectBinaries(
  binDirectory: string,
  user: ServerUser | undefined,
): Promise<PostgresBinaries> {
  accessSync(join(binDirectory, 'initdb'));
  const { stdout } = await run(join(binDirectory, 'postgres'), ['--version'], {
    ...asUser(user),
    cwd: '/',
    timeout: 10_000,
  });
  const version = /\(PostgreSQL\) (\d+[.\w]*)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${binDirectory}/postgres does not say its version`);
  return { binDirectory, version };
}

/**
 * Copies an installation whose parts lie under one root to where `user` can reach it: a clone under /root, for example,
 * is closed to the account the servers run as.
 *
 * @param root the folder that holds bin, lib and share
 */
export function copyBinaries(root: string, destination: string, user: ServerUser): string {
  cpSync(root, destination, { recursive: true, verbatimSymlinks: true });
  execFileSync('chown', ['-R', `${String(user.uid)}:${String(user.gid)}`, destination]);
  return join(destination, 'bin');
}

/** The settings a server of these binaries knows (`postgres --describe-config`): naming an unknown one stops it. */
export async function knownSettings(
  binaries: PostgresBinaries,
  user: ServerUser | undefined,
): Promise<ReadonlySet<string>> {
  const { stdout } = await run(join(binaries.binDirectory, 'postgres'), ['--describe-config'], {
    ...asUser(user),
    cwd: '/',
    maxBuffer: 1 << 24,
  });
  return new Set(stdout.split('\n').map((line) => line.split('\t', 1)[0] ?? ''));
}

import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, chownSync, closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ScaleoutError } from '../../lib/errors';
import type { FindPort } from './ports';
import type { PostgresBinaries } from './postgres-binaries';
import { asUser } from './postgres-binaries';
import type { ServerUser } from './server-user';

const run = promisify(execFile);

/** Seconds a server has to get ready; a loaded machine needs a few. */
const START_TIMEOUT_S = 60;

export type Settings = Readonly<Record<string, string | number>>;

export interface Installation {
  readonly binaries: PostgresBinaries;
  readonly user: ServerUser | undefined;
}

/**
 * Makes an empty data directory: UTF-8, locale C, every login by password (SCRAM). Nothing is synced to disk: these
 * clusters are thrown away.
 *
 * @param password of the superuser `postgres`; travels in a file only the servers' user can read, never in an argument
 */
export async function initializeDataDirectory(
  { binaries, user }: Installation,
  dataDirectory: string,
  password: string,
  settings: Settings,
): Promise<void> {
  const passwordFile = `${dataDirectory}.password`;
  writePrivateFile(passwordFile, `${password}\n`, user);
  try {
    await run(
      join(binaries.binDirectory, 'initdb'),
      [
        `--pgdata=${dataDirectory}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
        '--no-instructions',
      ],
      { ...asUser(user), cwd: '/', env: serverEnvironment() },
    );
  } catch (error) {
    throw new ScaleoutError(
      'local.server-failed',
      `initdb of PostgreSQL ${binaries.version} failed: ${lastWords(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  appendSettings(dataDirectory, settings);
}

/** Copies a data directory that no server has open. */
export async function copyDataDirectory({ user }: Installation, from: string, to: string): Promise<void> {
  await run('cp', ['-R', '-p', from, to], { ...asUser(user), cwd: '/' });
}

/** Writes a file that only the servers' user (or this user, where they are the same) can read. */
export function writePrivateFile(file: string, text: string, user: ServerUser | undefined): void {
  writeFileSync(file, text, { mode: 0o600 });
  if (user !== undefined) chownSync(file, user.uid, user.gid);
}

/** A running postmaster. */
export interface PostgresServer {
  readonly name: string;
  readonly port: number;
  /** How it ended, in words, once it has ended without being asked to; undefined while it runs. */
  lost(): string | undefined;
}

export interface StartOptions {
  readonly name: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly findPort: FindPort;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts the server of a data directory on a free port and waits until it takes connections.
 *
 * @throws ScaleoutError with the server's own words when it does not start
 */
export async function startServer(
  { binaries, user }: Installation,
  options: StartOptions,
): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await options.findPort();
    appendSettings(options.dataDirectory, { port });
    const log = openSync(options.logFile, 'w', 0o600);
    let ended: string | undefined;
    const child: ChildProcess = spawn(
      join(binaries.binDirectory, 'postgres'),
      ['-D', options.dataDirectory],
      {
        ...asUser(user),
        // A session of its own: Ctrl-C is for this program, which then takes the servers down in order.
        detached: true,
        stdio: ['ignore', log, log],
        cwd: '/',
        env: serverEnvironment(options.environment),
      },
    );
    closeSync(log);
    child.on('error', (error) => {
      ended = error.message;
    });
    child.on('exit', (code, signal) => {
      ended = signal === null ? `exit status ${String(code)}` : `signal ${signal}`;
    });
    child.unref();

    const deadline = Date.now() + START_TIMEOUT_S * 1000;
    while (ended === undefined && !isReady(options.dataDirectory)) {
      if (Date.now() > deadline) {
        throw new ScaleoutError(
          'local.server-failed',
          `the ${options.name} server did not get ready within ${String(START_TIMEOUT_S)} s; its last words: ${logTail(options.logFile)}`,
        );
      }
      await sleep(10);
    }
    if (ended === undefined) return { name: options.name, port, lost: () => ended };
    const words = logTail(options.logFile);
    // Somebody took the port between looking and listening: take another.
    if (attempt < 3 && /address already in use/i.test(words)) continue;
    throw new ScaleoutError(
      'local.server-failed',
      `the ${options.name} server did not start (${ended}): ${words}`,
    );
  }
}

/** A server says in its pid file that it takes connections. */
function isReady(dataDirectory: string): boolean {
  try {
    return readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

function appendSettings(dataDirectory: string, settings: Settings): void {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`,
  );
  appendFileSync(join(dataDirectory, 'postgresql.conf'), `\n${lines.join('\n')}\n`);
}

/** Servers see nothing of this program's environment: no Azure credentials, no CITUS_URL. */
function serverEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...more };
}

function logTail(file: string): string {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const telling = lines.filter((line) => /FATAL|PANIC|ERROR|could not|error/i.test(line));
  return (telling.length > 0 ? telling : lines).slice(-3).join(' ') || 'it said nothing';
}

function lastWords(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  const words = stderr.trim() === '' && error instanceof Error ? error.message : stderr;
  return words.trim().split('\n').slice(-3).join(' ');
}

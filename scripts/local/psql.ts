import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ScaleoutError } from '../lib/errors';
import { orUndefined } from '../lib/or-undefined';
import type { VerbContext, VerbResult } from '../lib/verb';
import { requireUp, thisMachine } from './commands';
import { findNative } from './engines/native';
import type { LocalWorld } from './run';

/** Runs a program in this terminal, and resolves with its exit status. Tests hand in their own. */
export type RunInTerminal = (
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
) => Promise<number>;

/**
 * Opens psql on the cluster that `local up` keeps running. Host and login travel in libpq's variables and the password in a file that only
 * this user can read: no argument shows any of them.
 *
 * @param args of psql: `-c`, `-f FILE` and the like
 * @throws ScaleoutError where no cluster is up, or psql is not installed
 */
export async function localPsql(
  _context: VerbContext,
  args: readonly string[],
  world: LocalWorld = thisMachine(),
  run: RunInTerminal = inTerminal,
): Promise<VerbResult<{ readonly formatVersion: 1; readonly status: number }>> {
  const { state, files } = requireUp(world);
  if (state.directory === undefined) {
    throw new ScaleoutError(
      'local.not-yours',
      'the cluster of `local up` is the one of CITUS_URL, whose password this program does not keep: open psql with that URL',
    );
  }
  const { host, port, user, database } = state.connection;
  const status = await run(await findPsql(world.environment), args, {
    ...withoutPostgres(world.environment),
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGPASSFILE: files.passwords,
    PGSSLMODE: 'disable',
  });
  return {
    document: { formatVersion: 1, status },
    text: '',
    printed: true,
    outcome: status === 0 ? 'done' : 'failed',
  };
}

/** What the caller has set for another database would name half of this one. */
function withoutPostgres(environment: LocalWorld['environment']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('PG')));
}

async function findPsql({ PATH = '' }: LocalWorld['environment']): Promise<string> {
  const native = await findNative().then(
    ({ installation }) => installation.binaries.binDirectory,
    () => undefined,
  );
  const folders = [...PATH.split(path.delimiter), ...(native === undefined ? [] : [native])];
  const found = folders
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, 'psql'))
    .find((file) => orUndefined(() => existsSync(file)) === true);
  if (found !== undefined) return found;
  throw new ScaleoutError(
    'local.unsupported',
    'psql is not installed: install PostgreSQL’s client, or connect another program as `local status` says',
  );
}

function inTerminal(...[program, args, environment]: Parameters<RunInTerminal>): Promise<number> {
  return new Promise((resolve, reject) => {
    // Ctrl-C is for psql, which ends a query with it.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    const child = spawn(program, [...args], { stdio: 'inherit', env: { ...environment } });
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 1);
    });
  });
}

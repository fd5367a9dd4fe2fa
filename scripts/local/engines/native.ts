import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../lib/errors';
import { probeSafely } from './choose-engine';
import type { Availability, Engine } from './engine';
import { startLocalCluster } from './local-cluster';
import { inspectBinaries } from './postgres-binaries';
import type { Installation } from './postgres-server';
import { createServerProcesses } from './server-processes';
import type { ServerSet, ServerSetOptions } from './server-set';
import { serverUser } from './server-user';

/** `create_distributed_table_concurrently` and the background rebalancer as this project uses them. */
const OLDEST_CITUS = 12;

/** A PostgreSQL of this machine that has the Citus extension: three servers on loopback. */
export const nativeEngine: Engine = {
  name: 'native',
  probe: () =>
    probeSafely(async (): Promise<Availability> => {
      const found = await findNative();
      const servers = (options: ServerSetOptions): Promise<ServerSet> =>
        createServerProcesses({ ...options, installation: found.installation, citus: true });
      return {
        available: true,
        detail: `PostgreSQL ${found.installation.binaries.version} with Citus ${found.citusVersion} on this machine`,
        start: async () => startLocalCluster('native', await servers({}), { citus: true }),
        servers,
      };
    }),
};

interface Native {
  readonly installation: Installation;
  readonly citusVersion: string;
}

/** @throws Error in one line with what was found instead, when no installation will do */
export async function findNative(): Promise<Native> {
  const user = serverUser();
  const reasons: string[] = [];
  for (const binDirectory of installations()) {
    const citusVersion = extensionVersion(binDirectory);
    if (citusVersion === undefined) {
      reasons.push(`${binDirectory} has no Citus`);
      continue;
    }
    if (Number.parseInt(citusVersion, 10) < OLDEST_CITUS) {
      reasons.push(`${binDirectory} has Citus ${citusVersion}, older than ${String(OLDEST_CITUS)}`);
      continue;
    }
    try {
      const binaries = await inspectBinaries(binDirectory, user);
      return { installation: { binaries, user }, citusVersion };
    } catch (error) {
      reasons.push(`${binDirectory} does not run: ${explain(error).split('\n', 1)[0] ?? ''}`);
    }
  }
  throw new Error(
    reasons.length === 0
      ? 'no PostgreSQL server is installed'
      : `no PostgreSQL with Citus is installed (${reasons.join('; ')})`,
  );
}

/** Folders with a `postgres` and an `initdb`, newest PostgreSQL first, where packagers put them. */
function installations(): string[] {
  const candidates = [
    askPgConfig('pg_config', '--bindir'),
    ...versioned('/usr/lib/postgresql', 'bin'),
    ...versioned('/usr', 'bin', /^pgsql-(\d+)$/),
    ...versioned('/opt/homebrew/opt', 'bin', /^postgresql@(\d+)$/),
    ...versioned('/usr/local/opt', 'bin', /^postgresql@(\d+)$/),
    '/usr/local/pgsql/bin',
  ];
  return [...new Set(candidates)]
    .filter((directory) => directory !== undefined)
    .filter((directory) => ['postgres', 'initdb'].every((program) => existsSync(join(directory, program))));
}

function versioned(parent: string, below: string, pattern = /^(\d+)$/): string[] {
  if (!existsSync(parent)) return [];
  const version = (name: string): number => Number(pattern.exec(name)?.[1] ?? 0);
  return readdirSync(parent)
    .filter((name) => version(name) > 0)
    .sort((a, b) => version(b) - version(a))
    .map((name) => join(parent, name, below));
}

/** The version of the Citus extension an installation would create; undefined where it has none. */
function extensionVersion(binDirectory: string): string | undefined {
  const shared =
    askPgConfig(join(binDirectory, 'pg_config'), '--sharedir') ??
    // Debian keeps pg_config in a package of its own, and shared files apart from the programs.
    binDirectory.replace('/usr/lib/postgresql/', '/usr/share/postgresql/').replace(/\/bin$/, '');
  try {
    const control = readFileSync(join(shared, 'extension', 'citus.control'), 'utf8');
    return /^default_version\s*=\s*'([^']+)'/m.exec(control)?.[1];
  } catch {
    return undefined;
  }
}

function askPgConfig(program: string, question: string): string | undefined {
  try {
    return execFileSync(program, [question], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

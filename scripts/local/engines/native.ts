import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../lib/errors';
import { orUndefined } from '../../lib/or-undefined';
import { probeSafely } from './choose-engine';
import type { Availability, Engine, EngineNeeds } from './engine';
import { ELASTIC_CLUSTER_NEEDS } from './engine';
import { startLocalCluster } from './local-cluster';
import { inspectBinaries } from './postgres-binaries';
import type { Installation } from './postgres-server';
import { createServerProcesses } from './server-processes';
import type { ServerSet, ServerSetOptions } from './server-set';
import { serverUser } from './server-user';

/** `create_distributed_table_concurrently` and the background rebalancer as this project uses them. */
const OLDEST_CITUS = 12;

/** What Azure Cosmos DB for PostgreSQL runs, then what elastic clusters do; Azure runs nothing newer yet. */
const SERVICE_CITUS = [12, ELASTIC_CLUSTER_NEEDS.citus[0]];

/** Names the major version of PostgreSQL to take, where several with Citus are installed: `SCALEOUT_POSTGRES=17`. */
export const WANTED_POSTGRES = 'SCALEOUT_POSTGRES';

/** A PostgreSQL of this machine that has the Citus extension: three servers on loopback. */
export const nativeEngine: Engine = {
  name: 'native',
  probe: (needs) =>
    probeSafely(async (): Promise<Availability> => {
      const found = await findNative(process.env, needs);
      const servers = (options: ServerSetOptions): Promise<ServerSet> =>
        createServerProcesses({ ...options, installation: found.installation, citus: true });
      return {
        available: true,
        detail: `PostgreSQL ${found.installation.binaries.version} with Citus ${found.citusVersion} on this machine`,
        start: async (_, access, coordinatorPort) =>
          startLocalCluster('native', await servers({ coordinatorPort }), { citus: true, access }),
        servers,
      };
    }),
};

interface Native {
  readonly installation: Installation;
  readonly citusVersion: string;
}

/** An installation by what its files say, before anything of it runs. */
interface Candidate {
  readonly binDirectory: string;
  readonly citusVersion: string;
}

/**
 * The installation to use: of those with Citus, one with a service's own first, and of equals the newest PostgreSQL.
 *
 * @param needs what it has to run, whatever the environment says; by default the environment chooses
 * @throws Error in one line with what was found instead, when no installation will do
 */
export async function findNative(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  needs?: EngineNeeds,
): Promise<Native> {
  const user = serverUser();
  const reasons: string[] = [];
  for (const { binDirectory, citusVersion } of preferred(withCitus(reasons))) {
    try {
      const binaries = await inspectBinaries(binDirectory, user);
      const found: Found = { postgres: binaries.version, citus: citusVersion };
      const unfit =
        needs === undefined ? notWanted(found, environment[WANTED_POSTGRES]) : needsUnmet(found, needs);
      if (unfit === undefined) return { installation: { binaries, user }, citusVersion };
      reasons.push(`${binDirectory} ${unfit}`);
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

/** Versions as their packages write them. */
interface Found {
  readonly postgres: string;
  readonly citus: string;
}

function notWanted({ postgres }: Found, wanted: string | undefined): string | undefined {
  if (wanted === undefined || majorOf(postgres) === Number(wanted)) return undefined;
  return `is PostgreSQL ${postgres}, and ${WANTED_POSTGRES} is ${wanted}`;
}

/** What an installation lacks of what a cluster needs; undefined where it has it all. Pure. */
export function needsUnmet({ postgres, citus }: Found, needs: EngineNeeds): string | undefined {
  const [major = 0, minor = 0] = citus.split(/[.-]/).map(Number);
  const [leastMajor, leastMinor] = needs.citus;
  const isNew = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  if (majorOf(postgres) === needs.postgres && isNew) return undefined;
  return `is PostgreSQL ${postgres} with Citus ${citus}`;
}

function withCitus(reasons: string[]): Candidate[] {
  return installations().flatMap((binDirectory) => {
    const citusVersion = extensionVersion(binDirectory);
    if (citusVersion === undefined) reasons.push(`${binDirectory} has no Citus`);
    else if (majorOf(citusVersion) < OLDEST_CITUS) {
      reasons.push(`${binDirectory} has Citus ${citusVersion}, older than ${String(OLDEST_CITUS)}`);
    } else return [{ binDirectory, citusVersion }];
    return [];
  });
}

/** Those with the Citus that a service runs first, otherwise in the order they came. Pure. */
export function preferred(candidates: readonly Candidate[]): Candidate[] {
  const rank = ({ citusVersion }: Candidate): number => {
    const at = SERVICE_CITUS.indexOf(majorOf(citusVersion));
    return at < 0 ? SERVICE_CITUS.length : at;
  };
  return candidates.toSorted((a, b) => rank(a) - rank(b));
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
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
  const control = orUndefined(() => readFileSync(join(shared, 'extension', 'citus.control'), 'utf8'));
  return /^default_version\s*=\s*'([^']+)'/m.exec(control ?? '')?.[1];
}

function askPgConfig(program: string, question: string): string | undefined {
  return orUndefined(() =>
    execFileSync(program, [question], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim(),
  );
}

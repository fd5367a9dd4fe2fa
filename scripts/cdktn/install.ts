import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_DIRECTORY } from '../infra/project';
import { paragraph, runProcess } from '../infra/terraform';
import type { ProcessEnvironment, ProcessResult } from '../infra/terraform';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';
import { stopIfAsked } from '../lib/verb';
import type { VerbContext } from '../lib/verb';

/** What is installed, and exactly that: versions and integrity hashes. */
const PINS = path.join(__dirname, 'packages');
const PIN_FILES = ['package.json', 'package-lock.json'] as const;
const HOME = path.join(PROJECT_DIRECTORY, '.scaleout', 'cdktn');

/** The version of a package that the lock file pins. @throws Error where it pins none */
export function pinnedVersion(name: string): string {
  const lock = JSON.parse(readFileSync(path.join(PINS, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version?: string }>>;
  };
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`scripts/cdktn/packages/package-lock.json pins no ${name}`);
  return version;
}

/** The directory whose node_modules hold the pinned packages, if they were installed before. */
export function installedPackages(home = HOME): string | undefined {
  const directory = path.join(home, pinsDigest());
  return existsSync(directory) ? directory : undefined;
}

export interface InstallOptions {
  /** Where installations lie. @default .scaleout/cdktn of this project */
  readonly home?: string;
  /** @default process.env */
  readonly environment?: ProcessEnvironment;
}

/**
 * Installs the pinned packages where they are not yet, about 270 MB on disk, and removes those of earlier pins. A
 * directory gets its name when everything is in it, so a run that is stopped halfway leaves nothing to be trusted.
 *
 * @returns the directory whose node_modules hold them
 * @throws ScaleoutError when npm is missing or cannot get them
 */
export async function installPackages(
  { reporter, signal }: Pick<VerbContext, 'reporter' | 'signal'>,
  options: InstallOptions = {},
): Promise<string> {
  const home = options.home ?? HOME;
  const present = installedPackages(home);
  if (present !== undefined) return present;

  reporter.info(`installing cdktn ${pinnedVersion('cdktn')} and its azurerm bindings, once`);
  await mkdir(home, { recursive: true });
  const unfinished = await mkdtemp(path.join(home, 'unfinished-'));
  try {
    for (const file of PIN_FILES) await copyFile(path.join(PINS, file), path.join(unfinished, file));
    await npmCi(unfinished, options.environment ?? process.env, signal);
    const directory = path.join(home, pinsDigest());
    await rename(unfinished, directory).catch((error: unknown) => {
      // Another run was faster, with the same pins.
      if (nodeCodeOf(error) !== 'ENOTEMPTY' && nodeCodeOf(error) !== 'EEXIST') throw error;
    });
    await removeOthers(home, directory);
    return directory;
  } catch (error) {
    stopIfAsked(signal, 'nothing was installed');
    throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function npmCi(cwd: string, environment: ProcessEnvironment, signal: AbortSignal): Promise<void> {
  // No package has a say in what runs here. Few and short retries: offline is to be said in seconds.
  const flags = [
    '--ignore-scripts',
    '--prefer-offline',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=1000',
  ];
  const settings = path.join(PROJECT_DIRECTORY, '.npmrc');
  if (existsSync(settings)) await copyFile(settings, path.join(cwd, '.npmrc'));
  let result: ProcessResult;
  try {
    result = await runProcess('npm', ['ci', '--prefix', cwd, ...flags], {
      cwd,
      environment,
      signal,
      shell: process.platform === 'win32',
    });
  } catch (error) {
    if (nodeCodeOf(error) !== 'ENOENT') throw error;
    throw new ScaleoutError(
      'cdktn.failed',
      'npm is not on the PATH, and the packages of cdktn are installed with it',
      {
        cause: error,
      },
    );
  }
  if (result.exitCode !== 0) throw new ScaleoutError('cdktn.failed', installFault(result));
}

/** Why `npm ci` failed, and the way out. */
export function installFault({ exitCode, stderr }: ProcessResult): string {
  const said = stderr
    .split('\n')
    .filter((line) => line.startsWith('npm error'))
    .map((line) => paragraph(line.slice('npm error'.length)))
    .filter((line) => line !== '' && !/^(errno|syscall|A complete log)\b/.test(line));
  const reason = said.length === 0 ? `it ended with ${String(exitCode)}` : said.slice(0, 2).join(', ');
  return `the packages of cdktn cannot be installed: npm ci failed (${reason}). They are pinned in scripts/cdktn/packages and needed from a registry once; after that the check needs no network. Go online, or name a registry that can be reached in .npmrc, and run npm run check:cdktn again`;
}

function pinsDigest(): string {
  const hash = createHash('sha256');
  for (const file of PIN_FILES) hash.update(readFileSync(path.join(PINS, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Finished installations of other pins. What another run is just installing is left to it. */
async function removeOthers(home: string, kept: string): Promise<void> {
  const others = (await readdir(home)).filter(
    (name) => /^[0-9a-f]{12}$/.test(name) && name !== path.basename(kept),
  );
  for (const name of others) await rm(path.join(home, name), { recursive: true, force: true });
}

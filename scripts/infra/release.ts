import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ScaleoutError } from '../lib/errors';
import { PROJECT_DIRECTORY } from './project';
import type { SynthOptions } from './synth';
import { withSynthesis } from './synth';
import type { ProcessEnvironment, ProcessResult } from './terraform';
import { runProcess } from './terraform';

/**
 * Hands over what a release synthesizes to: a directory that a synthesis wrote, such as the one that its deploy kept, or a commit of this
 * checkout, which its own code and config are synthesized from, with the packages that are installed now.
 *
 * @param release a directory with manifest.json, else what git calls a commit
 * @throws ScaleoutError where it is neither, or the commit cannot be synthesized
 */
export async function withRelease<T>(
  release: string,
  options: SynthOptions,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = path.resolve(release);
  if (await isFile(path.join(directory, 'manifest.json'))) return use(directory);
  const project = options.project ?? PROJECT_DIRECTORY;
  const commit = await commitOf(release, project, options);
  const checkout = await mkdtemp(path.join(tmpdir(), 'scaleout-release-'));
  try {
    await checkOut(commit, project, checkout, options);
    // Its config is part of the release, whatever directory is in force here.
    const environment = { ...(options.environment ?? process.env), SCALEOUT_CONFIG_DIR: undefined };
    return await withSynthesis({ ...options, environment, project: checkout }, use);
  } finally {
    await rm(checkout, { recursive: true, force: true });
  }
}

async function commitOf(release: string, project: string, options: SynthOptions): Promise<string> {
  const named = await git(project, options, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${release}^{commit}`,
  ]);
  if (named.exitCode === 0) return named.stdout.trim();
  throw new ScaleoutError(
    'input.invalid',
    `--since ${release} is neither a directory that a synthesis wrote (it holds no manifest.json) nor a commit of this checkout: name the directory that the deploy kept, or a tag`,
  );
}

/** The files of a commit, past the index and the work tree of this checkout. */
async function checkOut(commit: string, project: string, into: string, options: SynthOptions): Promise<void> {
  const index = path.join(into, '.index');
  const own = { ...options, environment: { ...(options.environment ?? process.env), GIT_INDEX_FILE: index } };
  for (const args of [
    ['read-tree', commit],
    ['checkout-index', '--all', `--prefix=${into}${path.sep}`],
  ]) {
    const { exitCode, stderr } = await git(project, own, args);
    if (exitCode === 0) continue;
    throw new ScaleoutError('infra.synthesis-failed', `git cannot write out ${commit}: ${stderr.trim()}`);
  }
  await rm(index, { force: true });
  await symlink(path.join(project, 'node_modules'), path.join(into, 'node_modules'), 'junction');
}

function git(project: string, options: SynthOptions, args: readonly string[]): Promise<ProcessResult> {
  const environment: ProcessEnvironment = {
    ...(options.environment ?? process.env),
    // A hook of another checkout has set these, where one runs this.
    GIT_DIR: undefined,
    GIT_WORK_TREE: undefined,
    GIT_COMMON_DIR: undefined,
  };
  const { signal } = options;
  return runProcess('git', args, { cwd: project, environment, ...(signal === undefined ? {} : { signal }) });
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() === true;
}

import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** Which program wrote something. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** Of the checkout it ran from; absent where it ran from none, or git is not there. */
  readonly commit?: string;
}

const PROJECT = path.resolve(__dirname, '../..');
const manifest = z.object({ name: z.string(), version: z.string() });

/** This program. @param project the directory of its package.json */
export function thisTool(project: string = PROJECT): Tool {
  const { name, version } = manifest.parse(
    JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')),
  );
  const commit = commitOf(project);
  return { name, version, ...(commit === undefined ? {} : { commit }) };
}

function commitOf(project: string): string | undefined {
  try {
    const said = execFileSync('git', ['rev-parse', '--show-toplevel', '--verify', 'HEAD'], {
      cwd: project,
      // A hook of another checkout has set these, where one runs this.
      env: { ...process.env, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_COMMON_DIR: undefined },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
    const [checkout = '', commit] = said.trim().split('\n');
    // A program that lies in somebody else's checkout is no part of their commit.
    return realpathSync(checkout) === realpathSync(project) ? commit : undefined;
  } catch {
    return undefined;
  }
}

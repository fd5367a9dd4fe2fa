import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeCodeOf } from '../lib/errors';

const PREFIX = 'scaleout-plan-';

/**
 * Hands out a directory that its owner alone can read, and removes it. Plans lie in it, which hold passwords in clear
 * text; what a killed process left there is removed by the next one.
 */
export async function withPrivateDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  await sweep();
  // The process that it belongs to is in its name; mkdtemp gives nobody else any right.
  const directory = await mkdtemp(path.resolve(tmpdir(), `${PREFIX}${String(process.pid)}-`));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function sweep(): Promise<void> {
  // Where everybody may write, not everybody need be able to look.
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const [, pid] = /^scaleout-plan-(\d+)-\w+$/.exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Another person's cannot be removed, and is theirs to.
    await rm(path.join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return nodeCodeOf(error) !== 'ESRCH';
  }
}

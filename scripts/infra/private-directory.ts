import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeCodeOf } from '../lib/errors';

/** Where private directories lie, and how they are called. */
interface Place {
  readonly parent: string;
  /** The process that it belongs to is in its name, behind this. */
  readonly prefix: string;
}

/**
 * Hands out a directory that its owner alone can read, and removes it. Plans lie in it, which hold passwords in clear
 * text; what a killed process left there is removed by the next one.
 */
export async function withPrivateDirectory<T>(
  use: (directory: string) => Promise<T>,
  { parent, prefix }: Place = { parent: path.resolve(tmpdir()), prefix: 'scaleout-plan-' },
): Promise<T> {
  await sweep(parent, prefix);
  // mkdtemp gives nobody else any right.
  const directory = await mkdtemp(path.join(parent, `${prefix}${String(process.pid)}-`));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function sweep(parent: string, prefix: string): Promise<void> {
  // Where everybody may write, not everybody need be able to look.
  for (const name of await readdir(parent).catch(() => [])) {
    const [, pid] = (name.startsWith(prefix) && /^(\d+)-\w+$/.exec(name.slice(prefix.length))) || [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Another person's cannot be removed, and is theirs to.
    await rm(path.join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Whether a process is still there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return nodeCodeOf(error) !== 'ESRCH';
  }
}

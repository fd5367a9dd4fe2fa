import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isKept, isOwned, takeDownCluster } from './cluster-directory';

const INTERVAL_MS = 400;

/** What removing containers needs; secrets of the environment stay behind. */
const PASSED_ON = /^(PATH|HOME|TMPDIR|DOCKER_.*)$/;

/**
 * Starts a process that takes the cluster in `directory` down as soon as its owner is gone, however it went: a run that
 * gets SIGKILL can clean up nothing itself. It is in a session of its own, so that Ctrl-C and a killed process group do
 * not reach it, and it ends by itself when the cluster is gone or handed over.
 */
export function startWatchdog(directory: string): void {
  spawn(process.execPath, [join(__dirname, 'watchdog-main.js'), directory], {
    detached: true,
    stdio: 'ignore',
    // Not the directory somebody called us from: that one may be removed or unmounted.
    cwd: '/',
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name))),
  }).unref();
}

/** What the watchdog's process does. */
export async function watch(directory: string): Promise<void> {
  while (existsSync(directory) && !isKept(directory)) {
    if (!isOwned(directory)) {
      await takeDownCluster(directory);
      return;
    }
    await sleep(INTERVAL_MS);
  }
}

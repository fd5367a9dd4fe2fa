import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where an initialised configuration stays from one run to the next, so that the plugin is fetched once. */
export const LANE_DIRECTORY = join(__dirname, '..', '..', '.scaleout', 'lanes', 'terraform');

/** The plugins, each of which every directory that Terraform runs in links to. */
export const PLUGIN_CACHE = join(LANE_DIRECTORY, '..', 'plugins');

/** Variables that have Terraform take plugins from the cache, where a directory has no lock file as well. */
export function sharedPlugins(): Readonly<Record<string, string>> {
  return { TF_PLUGIN_CACHE_DIR: PLUGIN_CACHE, TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1' };
}

export const LOCK_FILE = '.terraform.lock.hcl';

/**
 * Puts the lane's lock file into a directory before Terraform is initialised there: with it and the cache, `init` asks
 * no registry and downloads nothing.
 */
export function seedLockFile(directory: string): void {
  const kept = join(LANE_DIRECTORY, LOCK_FILE);
  if (existsSync(kept)) copyFileSync(kept, join(directory, LOCK_FILE));
}

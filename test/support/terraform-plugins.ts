import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** The plugin that most stacks ask for. */
export const AZURERM = '4.55.0';

/** Where an initialised configuration stays from one run to the next, so that the plugin is fetched once. */
export const LANE_DIRECTORY = join(__dirname, '..', '..', '.scaleout', 'lanes', 'terraform');

/** The plugins, as Terraform lays them out; the home of a run links to them (environment.ts). */
export const PLUGIN_CACHE = join(LANE_DIRECTORY, '..', 'plugins');

export const LOCK_FILE = '.terraform.lock.hcl';

/**
 * Puts the lane's lock file into a directory before Terraform is initialised there: with it, and the plugin in the home
 * of the run, `init` asks no registry and downloads nothing.
 */
export function seedLockFile(directory: string): void {
  const kept = join(LANE_DIRECTORY, LOCK_FILE);
  if (existsSync(kept)) copyFileSync(kept, join(directory, LOCK_FILE));
}

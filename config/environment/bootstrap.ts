import { existsSync } from 'node:fs';
import path from 'node:path';
import type { BootstrapSettings } from './bootstrap-schema';
import { bootstrapSchema } from './bootstrap-schema';
import { configDirectory, readConfigFile, shownPath } from '../file/files';
import { parseYaml } from '../file/yaml';
import { tagRule } from './tag-rules';

export type { BootstrapSettings } from './bootstrap-schema';

/** The stack of `bootstrap.yaml`; no environment can have this name. */
export const BOOTSTRAP = 'bootstrap';

/**
 * Parses `bootstrap.yaml`: strictly, every issue at once.
 *
 * @param file what messages call the file
 * @throws ConfigError
 */
export function parseBootstrap(text: string, file: string): BootstrapSettings {
  return parseYaml(text, file, bootstrapSchema, [tagRule]);
}

/**
 * Reads where the remote state of the environments lives; undefined where no file says so, and somebody else looks
 * after the storage account.
 *
 * @param directory the directory that may hold `bootstrap.yaml`
 * @throws ConfigError with every issue of the file
 */
export function loadBootstrap(directory: string = configDirectory()): BootstrapSettings | undefined {
  const file = path.join(directory, `${BOOTSTRAP}.yaml`);
  return existsSync(file) ? parseBootstrap(readConfigFile(file), shownPath(file)) : undefined;
}

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../../config/file/config-error';
import { listConfigDirectory, readConfigFile, shownPath } from '../../config/file/files';
import { ScaleoutError } from '../lib/errors';
import { replaceFile } from '../lib/replace-file';
import type { ExistingFile } from './existing';
import { readExisting } from './existing';

/** The files of the environments, and that of the one which is adopted. */
export interface EnvironmentFiles {
  /** Where the file of the environment is, or is to be. */
  readonly file: string;
  /** What is there; undefined where nothing is. */
  readonly text: string | undefined;
  readonly existing: ExistingFile | undefined;
  readonly others: readonly ExistingFile[];
}

/**
 * @param directory the directory that holds `environments/`, or is to
 * @throws ConfigError where the file of the environment is no YAML
 */
export function environmentFiles(directory: string, name: string): EnvironmentFiles {
  const home = path.join(directory, 'environments');
  const file = path.join(home, `${name}.yaml`);
  const text = existsSync(file) ? readConfigFile(file) : undefined;
  const others = (existsSync(home) ? listConfigDirectory(home) : [])
    .filter((leaf) => leaf.endsWith('.yaml') && leaf !== path.basename(file))
    .flatMap((leaf) => {
      const other = path.join(home, leaf);
      try {
        return [readExisting(readConfigFile(other), shownPath(other), path.basename(leaf, '.yaml'))];
      } catch (error) {
        // Read once more with every rule, which tells what is wrong with it.
        if (error instanceof ConfigError) return [];
        throw error;
      }
    });
  const existing = text === undefined ? undefined : readExisting(text, shownPath(file), name);
  return { file, text, existing, others };
}

/**
 * Puts the file of an environment in its place at once: there is never half of it, however this ends.
 *
 * @throws ScaleoutError where it cannot be written, or somebody wrote it meanwhile
 */
export function writeEnvironment({ file, text: before }: EnvironmentFiles, text: string): void {
  const shown = shownPath(file);
  const now = existsSync(file) ? readConfigFile(file) : undefined;
  if (now !== before) {
    throw new ScaleoutError(
      'file.replaced-meanwhile',
      `${shown} changed while the cluster was read, so it is not replaced: run the command again. Nothing was written`,
    );
  }
  // Not read as an environment, and the next run writes over what a killed one left of it.
  const beside = path.join(path.dirname(file), `.${path.basename(file)}.adopting`);
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    replaceFile(file, text, { beside });
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ScaleoutError(
      'file.unwritable',
      `${shown} cannot be written (${why}): check the directory and its permissions`,
      { cause: error },
    );
  }
}

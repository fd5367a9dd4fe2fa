import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from './faults';

/**
 * The directory that holds `environments/` and `workloads/`: this one, or the one SCALEOUT_CONFIG_DIR names, for
 * rehearsals and tests.
 */
export function configDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const named = environment['SCALEOUT_CONFIG_DIR'];
  return named === undefined || named === '' ? __dirname : path.resolve(named);
}

/** A path as the reader would type it: relative to where they are, unless that leads far away. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

/** @throws ConfigError when the file cannot be read */
export function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, 'the file', error);
  }
}

/** Names of the entries of a directory, sorted. @throws ConfigError when it cannot be read */
export function listConfigDirectory(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    throw unreadable(directory, 'the directory', error);
  }
}

function unreadable(file: string, what: string, error: unknown): ConfigError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const problem =
    code === 'ENOENT'
      ? `${what} does not exist: check the name, or create it`
      : `${what} cannot be read (${code}): check its kind and permissions`;
  return new ConfigError([{ file: shownPath(file), path: '', problem }]);
}

import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from './config-error';

/**
 * The directory that holds `environments/` and `workloads/`: `config/`, or the one SCALEOUT_CONFIG_DIR names, for
 * rehearsals and tests.
 */
export function configDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const named = environment['SCALEOUT_CONFIG_DIR'];
  return named === undefined || named === '' ? path.dirname(__dirname) : path.resolve(named);
}

/** A path as the reader would type it: relative to where they are, unless that leads far away. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative === '' || relative.startsWith('..') ? file : relative;
}

/** A part of the configuration as the reader would type it: in `config/`, or where SCALEOUT_CONFIG_DIR says. */
export function shownConfigPath(...parts: readonly string[]): string {
  const directory = configDirectory();
  const isOurs = directory === configDirectory({});
  return isOurs ? path.join('config', ...parts) : shownPath(path.join(directory, ...parts));
}

/** The file of an environment, as the reader would type it. */
export function environmentFile(name: string): string {
  return shownConfigPath('environments', `${name}.yaml`);
}

const MIB = 1024 * 1024;

/** More than anybody writes by hand, and less than would keep a parser busy for minutes. */
const MOST_BYTES = 16 * MIB;

/**
 * Reads text in UTF-8, with or without a byte order mark; pipes too, as the shell's `<(...)` makes them.
 *
 * @param mostBytes refuses what is larger without reading it whole
 * @throws ConfigError when the file cannot be read, or is no text
 */
export function readConfigFile(file: string, mostBytes: number = MOST_BYTES): string {
  let bytes: Buffer;
  try {
    bytes = readUpTo(file, mostBytes + 1);
  } catch (error) {
    throw unreadable(file, 'the file', error);
  }
  if (bytes.length > mostBytes) {
    const most = `${String(mostBytes / MIB)} MiB`;
    throw wrong(
      file,
      `the file is larger than ${most}, the most that is read of its kind: is it the right one?`,
    );
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  throw wrong(file, 'the file is no text in UTF-8: save it as that, or name the right one');
}

function readUpTo(file: string, most: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let length = 0; length < most;) {
      const chunk = Buffer.alloc(Math.min(64 * 1024, most - length));
      const read = readSync(descriptor, chunk);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      length += read;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(descriptor);
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
      : code === 'EISDIR'
        ? 'it is a directory: name a file in it'
        : `${what} cannot be read (${code}): check its kind and permissions`;
  return wrong(file, problem);
}

function wrong(file: string, problem: string): ConfigError {
  return new ConfigError([{ code: 'config.unreadable', file: shownPath(file), path: '', problem }]);
}

import { accessSync, constants, lstatSync, readFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import path from 'node:path';
import { isIntact } from '../../lib/digest';
import { nodeCodeOf, refused, ScaleoutError } from '../../lib/errors';
import { repeatedKey } from '../../lib/repeated-key';
import { replaceFile } from '../../lib/replace-file';

/** A kind of file that this program writes, and reads again. */
export interface SealedKind {
  /** `plan` or `receipt`, as messages call it. */
  readonly what: string;
  /** The command and option that write one. */
  readonly writtenBy: string;
  /** Whether JSON looks like one, of whatever version, edited or not. */
  readonly looksLike: (content: unknown) => boolean;
}

/** More than any plan or receipt has, and less than would fill the memory. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * The JSON of a file that this program wrote; undefined where it holds none.
 *
 * @throws ScaleoutError where the file cannot be read; refused where an object in it has a key twice
 */
export function readWritten(file: string, { what, writtenBy }: SealedKind): unknown {
  let read: Read;
  try {
    read = readJson(file);
  } catch (error) {
    throw new ScaleoutError(
      'file.unreadable',
      `the ${what} ${file} cannot be read (${nodeCodeOf(error) ?? 'unknown'}): name a file that "${writtenBy}" wrote`,
      { cause: error },
    );
  }
  if (read.twice === undefined) return read.content;
  throw refused(
    'file.edited',
    `the ${what} ${file} was edited since it was written: one object of it has the key ${read.twice} twice, and programs take the last one without a word. ` +
      `Use the file as "${writtenBy}" wrote it; nothing was changed`,
  );
}

interface Read {
  /** Undefined where it is no JSON. */
  readonly content: unknown;
  /** Where an object has a key a second time. */
  readonly twice?: string | undefined;
}

function readJson(file: string): Read {
  const text = readFileSync(file, 'utf8');
  try {
    return { content: JSON.parse(text), twice: repeatedKey(text) };
  } catch {
    return { content: undefined };
  }
}

/**
 * Before anything is done: the file can be written, and what is there by that name is of this kind, since it goes.
 *
 * @param state what holds where it cannot, and how to go on
 * @returns whether there is one
 * @throws ScaleoutError where it cannot, or is something else; refused where it was edited
 */
export function requireReplaceable(
  file: string,
  { what, writtenBy, looksLike }: SealedKind,
  state = 'nothing was changed',
): boolean {
  const there = statOf(file, what, state);
  if (there === undefined) {
    try {
      accessSync(path.dirname(path.resolve(file)), constants.W_OK | constants.X_OK);
    } catch (error) {
      throw unwritable(file, what, nodeCodeOf(error), state, error);
    }
    return false;
  }
  if (!there.isFile()) {
    throw new ScaleoutError(
      'file.unwritable',
      `the ${what} cannot be written to ${file}${there.isDirectory() ? ' (EISDIR)' : ''}: it is ${kindOf(there)}; name a regular file, or one that is not there yet; ${state}`,
    );
  }
  let read: Read;
  try {
    read = there.size > MOST_BYTES ? { content: undefined } : readJson(file);
  } catch (error) {
    throw new ScaleoutError(
      'file.unreadable',
      `${file} is there already and cannot be read (${nodeCodeOf(error) ?? 'unknown'}), so it is not replaced: name another file, or let this user read it; ${state}`,
      { cause: error },
    );
  }
  if (!looksLike(read.content)) {
    throw new ScaleoutError(
      'file.exists',
      `${file} is there already and is no ${what} that "${writtenBy}" wrote, so it is not replaced: name another file, or remove that one; ${state}`,
    );
  }
  if (read.twice !== undefined || !isIntact(read.content as object)) {
    throw refused(
      'file.edited',
      `the ${what} ${file} was edited since it was written, so it is not replaced: name another file, or remove that one; ${state}`,
    );
  }
  return true;
}

function statOf(file: string, what: string, state: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw unwritable(file, what, nodeCodeOf(error), state, error);
  }
}

function kindOf(there: Stats): string {
  if (there.isSymbolicLink()) return 'a symbolic link';
  if (there.isDirectory()) return 'a directory';
  if (there.isFIFO()) return 'a named pipe';
  return there.isSocket() ? 'a socket' : 'a device';
}

/**
 * Writes a file whole or not at all.
 *
 * @param otherwise what holds where it cannot be written, and how to go on
 * @throws ScaleoutError
 */
export function writeWhole(file: string, content: object, what: string, otherwise: string): void {
  try {
    replaceFile(file, `${JSON.stringify(content, undefined, 2)}\n`);
  } catch (error) {
    throw unwritable(file, what, nodeCodeOf(error), otherwise, error);
  }
}

function unwritable(
  file: string,
  what: string,
  code: string | undefined,
  state: string,
  cause: unknown,
): ScaleoutError {
  return new ScaleoutError(
    'file.unwritable',
    `the ${what} cannot be written to ${file} (${code ?? 'unknown'}): name a file in a directory that exists and may be written to; ${state}`,
    { cause },
  );
}

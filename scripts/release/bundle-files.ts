import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isAlive } from '../infra/private-directory';
import { nodeCodeOf, refused, ScaleoutError } from '../lib/errors';
import type { BundleFiles } from './bundle';
import { BUNDLE_FILES, MANIFEST, MOST_BYTES } from './bundle';

const MOST_MANIFEST_BYTES = 1024 * 1024;
const KNOWN: readonly string[] = [MANIFEST, ...BUNDLE_FILES];
const DIRECTORIES: readonly string[] = [...new Set(KNOWN.map((name) => path.posix.dirname(name)))].filter(
  (name) => name !== '.',
);

/**
 * Reads every file of a bundle into memory, once: what is verified is what is applied, whatever happens to the directory
 * meanwhile. Nothing but regular files of known names is opened.
 *
 * @throws ScaleoutError where there is no bundle; refused where something else than its files lies in it
 */
export function readBundleFiles(directory: string): BundleFiles {
  requireDirectory(directory);
  const files = new Map<string, Buffer>();
  for (const name of entriesOf(directory)) files.set(name, readRegular(directory, name));
  return files;
}

function requireDirectory(directory: string): void {
  const there = lstatSync(directory, { throwIfNoEntry: false });
  const manifest = there?.isDirectory() === true && existsSync(path.join(directory, MANIFEST));
  if (there?.isSymbolicLink() === true) throw strange(`${directory} is a symbolic link`);
  if (manifest) return;
  throw new ScaleoutError(
    'release.not-a-bundle',
    `${directory} is no bundle: ${there === undefined ? 'it does not exist' : `it holds no ${MANIFEST}`}. "scaleout plan ENV --out DIR" writes one; nothing was changed`,
  );
}

/** Paths of what lies in a bundle. @throws ScaleoutError (refused) for what no bundle has */
function entriesOf(directory: string): readonly string[] {
  return ['.', ...DIRECTORIES].flatMap((within) => {
    const place = path.join(directory, within);
    if (within !== '.' && !existsSync(place)) return [];
    return readdirSync(place).flatMap((leaf) => {
      const name = within === '.' ? leaf : `${within}/${leaf}`;
      const entry = lstatSync(path.join(place, leaf));
      if (entry.isDirectory() && DIRECTORIES.includes(name)) return [];
      if (entry.isSymbolicLink()) throw strange(`${name} is a symbolic link`);
      if (!KNOWN.includes(name)) throw strange(`${name} lies in it, which no bundle has`);
      if (!entry.isFile()) throw strange(`${name} is no regular file`);
      return [name];
    });
  });
}

function readRegular(directory: string, name: string): Buffer {
  const most = name === MANIFEST ? MOST_MANIFEST_BYTES : MOST_BYTES;
  let descriptor: number;
  try {
    // A link or a pipe that took the file's place since it was looked at is not followed, and not waited for.
    descriptor = openSync(
      path.join(directory, name),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (error) {
    throw strange(`${name} cannot be read (${nodeCodeOf(error) ?? 'unknown'})`);
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > most) throw strange(`${name} has ${String(size)} bytes, and ${String(most)} is the most`);
    const bytes = Buffer.alloc(size);
    let length = 0;
    for (let read = -1; read !== 0 && length < size; length += read) {
      read = readSync(descriptor, bytes, length, size - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function strange(why: string): ScaleoutError {
  return refused(
    'release.tampered',
    `the bundle is not as "scaleout plan --out" wrote it: ${why}. Plan again and have that reviewed; nothing was changed`,
  );
}

/**
 * Before anything is done: a bundle can be written there, and what is there by that name is a bundle or empty, since it goes.
 *
 * @throws ScaleoutError where it cannot, or is something else
 */
export function requireReplaceableBundle(directory: string): void {
  const there = lstatSync(directory, { throwIfNoEntry: false });
  if (there === undefined) {
    const parent = path.dirname(path.resolve(directory));
    if (lstatSync(parent, { throwIfNoEntry: false })?.isDirectory() === true) return;
    throw new ScaleoutError(
      'file.unwritable',
      `the bundle cannot be written to ${directory}: ${parent} is no directory; nothing was changed`,
    );
  }
  const isOurs = there.isDirectory() && (readdirSync(directory).length === 0 || holdsBundle(directory));
  if (isOurs) return;
  throw new ScaleoutError(
    'file.exists',
    `${directory} is there already and is no bundle that "scaleout plan --out" wrote, so it is not replaced: name another directory, or remove that one; nothing was changed`,
  );
}

/** Whether all that lies there is what a bundle has, and its manifest says that it is one; edited or not. */
function holdsBundle(directory: string): boolean {
  try {
    const names = entriesOf(directory);
    const manifest: unknown = JSON.parse(readRegular(directory, MANIFEST).toString());
    return (
      names.includes(MANIFEST) &&
      z.looseObject({ kind: z.literal('scaleout bundle') }).safeParse(manifest).success
    );
  } catch {
    return false;
  }
}

/**
 * Puts a bundle in its place. It is written beside, whole, and then takes the name: a run that is killed leaves the bundle
 * there was, or none, and the next one removes what it left beside.
 *
 * @throws ScaleoutError
 */
export function writeBundleFiles(directory: string, files: BundleFiles): void {
  const target = path.resolve(directory);
  const beside = (what: string): string => `${target}.scaleout-${what}-${String(process.pid)}`;
  const [part, old] = [beside('part'), beside('old')];
  try {
    sweep(target);
    rmSync(part, { recursive: true, force: true });
    for (const within of DIRECTORIES) mkdirSync(path.join(part, within), { recursive: true });
    for (const [name, content] of files) {
      writeFileSync(path.join(part, name), content, { flag: 'wx', flush: true });
    }
    if (existsSync(target)) renameSync(target, old);
    renameSync(part, target);
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw new ScaleoutError(
      'file.unwritable',
      `the bundle cannot be written to ${directory} (${nodeCodeOf(error) ?? 'unknown'}): name a directory that may be written to; nothing was applied`,
      { cause: error },
    );
  }
}

/** Removes what runs that were killed have left beside a bundle. */
function sweep(target: string): void {
  const parent = path.dirname(target);
  const prefix = `${path.basename(target)}.scaleout-`;
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue;
    const [, pid] = /^(?:part|old)-(\d+)$/.exec(name.slice(prefix.length)) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ConnectionTarget } from '../../lib/connection';
import { nodeCodeOf, ScaleoutError } from '../../lib/errors';
import { ENGINE_NAMES } from './engine';
import type { ProcessIdentity } from './processes';

/**
 * What `local up` remembers of the cluster it keeps running, in `.scaleout/` of the project. The password is not in it:
 * that is in a libpq password file beside it, which only this user can read.
 */
const stateSchema = z.discriminatedUnion('status', [
  z.strictObject({
    formatVersion: z.literal(1),
    status: z.literal('starting'),
    owner: z.strictObject({ pid: z.number(), started: z.string().optional() }),
  }),
  z.strictObject({
    formatVersion: z.literal(1),
    status: z.literal('up'),
    engine: z.enum(ENGINE_NAMES),
    connection: z.strictObject({
      host: z.string(),
      port: z.number(),
      user: z.string(),
      database: z.string(),
    }),
    /** Absent where the journey was not made, and what is in the database is its user's. */
    workload: z.string().optional(),
    rows: z.number().optional(),
    /** Absent for a cluster somebody else runs. */
    directory: z.string().optional(),
  }),
]);
export type LocalState = z.infer<typeof stateSchema>;
export type UpState = Extract<LocalState, { status: 'up' }>;

/** The two files of `local up`. */
export interface StateFiles {
  readonly state: string;
  readonly passwords: string;
}

/** The files that `local up` keeps in a directory: what is up, and its password. */
export function stateFiles(directory: string): StateFiles {
  return { state: join(directory, 'local.json'), passwords: join(directory, 'local.pgpass') };
}

/** @throws ScaleoutError when the file is there and cannot be understood */
export function readState({ state }: StateFiles): LocalState | undefined {
  let text: string;
  try {
    text = readFileSync(state, 'utf8');
  } catch (error) {
    if (nodeCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ScaleoutError(
      'local.state-unreadable',
      `${state}, where \`local up\` remembers its cluster, cannot be understood: remove it, and the next run takes the cluster down`,
      { cause: error },
    );
  }
}

/**
 * Takes the place for a cluster that is about to be started.
 *
 * @returns false when the place is taken, by one that is up or starting
 */
export function claimState(directory: string, owner: ProcessIdentity): boolean {
  mkdirSync(directory, { recursive: true });
  try {
    // Fails when the file is there, whoever else is trying at the same moment.
    writeFileSync(
      stateFiles(directory).state,
      `${JSON.stringify({ formatVersion: 1, status: 'starting', owner } satisfies LocalState)}\n`,
      { mode: 0o600, flag: 'wx' },
    );
    return true;
  } catch (error) {
    if (nodeCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Remembers the cluster that is up, and the password of its login in a file of its own. */
export function writeUpState(directory: string, state: UpState, target: ConnectionTarget): void {
  const files = stateFiles(directory);
  rmSync(files.passwords, { force: true });
  // The password of somebody else's cluster is theirs to keep.
  if (state.engine !== 'citus-url') writePasswordFile(files.passwords, target);
  writeFileSync(files.state, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}

/** The password of a cluster of `local up`. */
export function readPassword({ passwords }: StateFiles): string {
  return readFileSync(passwords, 'utf8').trim().split(':').at(-1) ?? '';
}

/** One line in the form libpq reads; the passwords of local clusters need no escaping. */
function writePasswordFile(file: string, target: ConnectionTarget): void {
  const fields = [target.host, String(target.port), target.database, target.user, target.password ?? ''];
  writeFileSync(file, `${fields.join(':')}\n`, { mode: 0o600 });
}

/** Removes what `local up` remembers; fine when there is nothing. */
export function forgetState(directory: string): void {
  const files = stateFiles(directory);
  rmSync(files.passwords, { force: true });
  rmSync(files.state, { force: true });
}

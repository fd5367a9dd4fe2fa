import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The user the servers run as, where it is not the user this program runs as. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Accounts that exist to run servers, best first. */
const CANDIDATES = ['postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root, for good reason, yet root is who runs in most containers. Then the servers run as
 * an account without rights: `postgres` where the machine has it, else `nobody`.
 *
 * @returns undefined where the servers simply run as this user
 * @throws Error when this is root and there is no such account
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = findUser(readFileSync('/etc/passwd', 'utf8'), CANDIDATES);
  if (user === undefined) {
    throw new Error(`PostgreSQL refuses to run as root and there is no account ${CANDIDATES.join(' or ')}`);
  }
  return user;
}

/** The first of `names` that an /etc/passwd lists. Pure. */
export function findUser(passwd: string, names: readonly string[]): ServerUser | undefined {
  const accounts = passwd.split('\n').map((line) => line.split(':'));
  for (const name of names) {
    const account = accounts.find((fields) => fields[0] === name);
    const uid = Number(account?.[2]);
    const gid = Number(account?.[3]);
    if (Number.isInteger(uid) && uid > 0 && Number.isInteger(gid)) return { name, uid, gid };
  }
  return undefined;
}

/** True when `user` may pass through `path` and every directory above it. */
export function canReach(user: ServerUser, path: string): boolean {
  for (let directory = path; ; directory = dirname(directory)) {
    const { uid, gid, mode } = statSync(directory);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}

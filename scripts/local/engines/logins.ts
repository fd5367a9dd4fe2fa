import { randomBytes } from 'node:crypto';
import type { ConnectionTarget } from '../../lib/connection';
import { dropLogin, LOGIN, PLATFORM, setLogin } from './platform';
import { LOOPBACK } from './ports';
import type { ServerNode } from './server-set';

/**
 * Who may log in to the servers of one cluster: the same roles with the same passwords on every node, as the nodes log
 * in to each other with them. The passwords are known here, to the servers, and to the file libpq reads on each node.
 */
export class Logins {
  readonly #passwords = new Map<string, string>([
    [LOGIN, randomPassword()],
    [PLATFORM, randomPassword()],
  ]);

  /** Those that {@link passwordFile} wrote. */
  static read(passwordFile: string): Logins {
    const logins = new Logins();
    logins.#passwords.clear();
    for (const line of passwordFile.split('\n')) {
      const [, role, password] = /^\*:\*:\*:([^:]+):(.*)$/.exec(line) ?? [];
      if (role === undefined || password === undefined) continue;
      logins.#passwords.set(role, password.replace(/\\([\\:])/g, '$1'));
    }
    return logins;
  }

  /** The superuser's password, for the first start of a server. */
  get platformPassword(): string {
    return this.#passwords.get(PLATFORM) ?? '';
  }

  /** What libpq reads when one node logs in to another. */
  passwordFile(): string {
    return [...this.#passwords]
      .map(([role, password]) => `*:*:*:${role}:${password.replace(/[\\:]/g, '\\$&')}\n`)
      .join('');
  }

  /** How to log in to a server as one of the roles, with the password of this moment. */
  to(node: ServerNode, role: string, database: string): ConnectionTarget {
    return {
      host: LOOPBACK,
      port: node.publishedPort,
      user: role,
      database,
      password: this.#passwords.get(role) ?? '',
      sslMode: 'disable',
    };
  }

  /** Makes everybody known to a server that has just started; the platform is from the start. */
  async introduceTo(node: ServerNode): Promise<void> {
    for (const [role, password] of this.#passwords) {
      if (role !== PLATFORM) await setLogin(this.to(node, PLATFORM, 'postgres'), role, password);
    }
  }

  /** Makes a role, or gives it another password, on `nodes` and on every server to come. */
  async set(nodes: readonly ServerNode[], role: string, password: string): Promise<void> {
    for (const node of nodes) await setLogin(this.to(node, PLATFORM, 'postgres'), role, password);
    this.#passwords.set(role, password);
  }

  async drop(nodes: readonly ServerNode[], role: string): Promise<void> {
    for (const node of nodes) await dropLogin(this.to(node, PLATFORM, 'postgres'), role);
    this.#passwords.delete(role);
  }
}

/** A password that nobody is told. */
export function randomPassword(): string {
  return randomBytes(18).toString('hex');
}

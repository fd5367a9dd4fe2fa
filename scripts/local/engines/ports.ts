import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { ScaleoutError } from '../../lib/errors';

/** Servers listen here and nowhere else. */
export const LOOPBACK = '127.0.0.1';

/** Where the ports of a cluster may begin: below those that Linux and macOS give to outgoing connections by themselves. */
const BEGIN = [10_000, 28_000] as const;

/** Ports a server can choose from: others may have some of them. */
const PER_SERVER = 50;

/** Finds a free port, another one each time. */
export type FindPort = () => Promise<number>;

/**
 * Ports for the servers of one cluster, each above all those before it. Citus deals out shards in the order of the nodes'
 * names and ports; on Azure the coordinator's name comes first and then the workers' in turn. Here they have one name, so
 * the ports keep that order, and the same rows come to lie on the same nodes in every run.
 */
export class AscendingPorts {
  private next: number;

  /** @param begin the lowest of them */
  constructor(begin = randomInt(...BEGIN)) {
    this.next = begin;
  }

  /** For the next server. */
  find(): FindPort {
    const from = this.next;
    const to = from + PER_SERVER - 1;
    this.next = to + 1;
    const open = Array.from({ length: PER_SERVER }, (_, index) => from + index);
    return async () => {
      while (open.length > 0) {
        const [port = from] = open.splice(randomInt(open.length), 1);
        if (await isFree(port)) return port;
      }
      throw new ScaleoutError(
        'local.server-failed',
        `none of the ports from ${String(from)} to ${String(to)} is free`,
      );
    };
  }
}

/**
 * One port and no other.
 *
 * @throws ScaleoutError where it is in use
 */
export async function requireFree(port: number): Promise<number> {
  if (await isFree(port)) return port;
  throw new ScaleoutError(
    'local.port-taken',
    `port ${String(port)} of this machine is in use: name another with --port, or leave it out to take one that is free; nothing was started`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, LOOPBACK, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

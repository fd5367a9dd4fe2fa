import type { Client } from 'pg';
import { withClient } from '../../lib/connection';
import type { ConnectionTarget } from '../../lib/connection';

/** Hands out as many sessions as asked for, or fewer, and closes them. */
export type ReadSessions = <T>(most: number, work: (clients: readonly Client[]) => Promise<T>) => Promise<T>;

/**
 * Sessions for work that changes nothing and may be cut short. Where the server has no more connections to give, those
 * it gave have to do.
 *
 * @param signal once aborted, the sessions are cut wherever the work stands
 */
export function openReadSessions(target: ConnectionTarget, signal: AbortSignal): ReadSessions {
  const open = async <T>(
    missing: number,
    clients: readonly Client[],
    work: (clients: readonly Client[]) => Promise<T>,
  ): Promise<T> => {
    if (missing <= 0) return work(clients);
    const session = { opened: false };
    try {
      return await withClient(
        target,
        (client) => {
          session.opened = true;
          return open(missing - 1, [...clients, client], work);
        },
        { purpose: 'reader', signal },
      );
    } catch (error) {
      if (session.opened || clients.length === 0) throw error;
      return work(clients);
    }
  };
  return (most, work) => open(Math.max(1, most), [], work);
}

/** One session that is there already. */
export function onlySession(client: Client): ReadSessions {
  return (_most, work) => work([client]);
}

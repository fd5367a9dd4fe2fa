import type { Distribution } from '../../config/workload/distribution-types';
import { withClient } from '../lib/connection';
import { silentReporter } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import { tablesApply } from '../tables/commands';
import type { RunDatabase } from './citus-cluster';
import { onFresh, withCitusServers, withSensors } from './citus-cluster';
import type { Pair } from './figure';
import { measurePairs } from './figure';
import { FILL_READINGS, findWrites, READINGS, startWriters } from './writers';

/** What the figures are measured against, for people. */
export const WRITE_PAUSE_PEER = 'a copy of the same table with writes waiting (online: false)';

/** Shards of the table, as many as Citus makes unless told otherwise. */
const SHARDS = 32;

/** One distribution beside writers, in seconds. */
export interface PauseRun {
  readonly total: number;
  /** The longest that one of three writers waited, by its own clock. */
  readonly longestStall: number;
}

/**
 * The longest that a writer waits while a table is distributed over a coordinator and two workers, online and with
 * writes waiting. Three writers insert, update and delete all the time; a write that is lost or done twice is an error.
 */
export async function measureWritePause(context: VerbContext, runs: number, rows: number): Promise<Pair[]> {
  return withDatabases(context, (fresh) => {
    const stall = (online: boolean) => async (): Promise<number> =>
      (await distributeBesideWriters(context, fresh, rows, online)).longestStall;
    return measurePairs(runs, stall(true), stall(false));
  });
}

/** Gives `use` what makes a database on three servers for each run. */
export function withDatabases<T>(
  { signal }: VerbContext,
  use: (fresh: () => Promise<RunDatabase>) => Promise<T>,
): Promise<T> {
  return withCitusServers(['coordinator', 'w0', 'w1'], (servers) => withSensors(servers, 1, signal, use));
}

/** Fills a table, sets writers to work on it, and distributes it. */
export async function distributeBesideWriters(
  context: VerbContext,
  fresh: () => Promise<RunDatabase>,
  rows: number,
  online: boolean,
): Promise<PauseRun> {
  return onFresh(fresh, async (database) => {
    const { target } = database;
    await database.addWorkers();
    await withClient(target, async (client) => {
      await client.query(READINGS);
      await client.query(FILL_READINGS, [rows]);
    });
    const expected: Distribution = {
      shardCount: SHARDS,
      online,
      tables: [
        {
          kind: 'distributed',
          table: { schema: 'public', name: 'readings' },
          distributeBy: 'device_id',
        },
      ],
    };
    const stop = startWriters(target, rows);
    const from = performance.now();
    await tablesApply({ ...context, reporter: silentReporter }, { target, expected, compareRows: false });
    const total = (performance.now() - from) / 1000;
    const { longestStallSeconds, ...written } = await stop();
    const found = await withClient(target, (client) => findWrites(client, rows));
    if (
      found.inserts !== written.inserts ||
      found.updates !== written.updates ||
      found.deletes !== written.deletes
    ) {
      throw new Error(`writes were lost: ${JSON.stringify({ written, found })}`);
    }
    return { total, longestStall: longestStallSeconds };
  });
}

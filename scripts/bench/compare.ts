import type { Client } from 'pg';
import { loadWorkload } from '../../config/workload/workload';
import { compare } from '../compare/commands';
import { exportSnapshot } from '../compare/read';
import { fingerprintAnywhere, inSessions } from '../database/observe/fingerprint';
import { openReadSessions } from '../database/observe/read-sessions';
import type { TableName } from '../../config/workload/distribution-types';
import { withClient } from '../lib/connection';
import type { ConnectionTarget } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { silentReporter } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import { tablesApply } from '../tables/commands';
import type { RunDatabase } from './citus-cluster';
import { withCitusServers, withSensors } from './citus-cluster';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';

/** As many as `compare` reads with. */
const SESSIONS = 4;

/** Readings in each of the two databases. */
const ROWS = 5_000_000;

export const COMPARE_PEER =
  'counting and hashing the rows of both databases once, both at the same time, by a hash that tells 1.0 from 1.00';

/** Seconds of holding a plain database and its distributed copy against each other, and of reading both. */
export async function measureCompare(context: VerbContext, runs: number, rows = ROWS): Promise<Pair[]> {
  return withCitusServers(['coordinator', 'w0', 'w1'], (servers) =>
    withSensors(servers, rows, context.signal, (fresh) => comparePairs(fresh, context, runs)),
  );
}

/** @param fresh makes a database of the sensors, as {@link withSensors} hands it out */
export async function comparePairs(
  fresh: () => Promise<RunDatabase>,
  { signal, confirm }: VerbContext,
  runs: number,
): Promise<Pair[]> {
  const context = { reporter: silentReporter, signal, confirm };
  const { distribution } = await loadWorkload('sensors');
  const expected = { ...distribution, online: false };
  const [plain, distributed] = [await fresh(), await fresh()];
  try {
    await distributed.addWorkers();
    await tablesApply(context, { target: distributed.target, expected, compareRows: false });
    const ours = (): Promise<number> =>
      secondsOf(async () => {
        const { document } = await compare(context, { from: plain.target, to: distributed.target });
        // The primary key is another by specification.
        const difference = document.differences.find(({ kind }) => kind !== 'constraint');
        if (difference !== undefined)
          throw new ScaleoutError('bench.failed', `${difference.object} ${difference.detail}`);
      });
    const tables = expected.tables.map(({ table }) => table);
    const read = (target: ConnectionTarget): Promise<void> => readOnce(target, tables, signal);
    const theirs = (): Promise<number> =>
      secondsOf(() => Promise.all([read(plain.target), read(distributed.target)]));
    return await measurePairs(runs, ours, theirs);
  } finally {
    for (const database of [plain, distributed]) await database.drop();
  }
}

/** Every table in a statement, a few at a time, of one snapshot; by the hash of `compare`, as another one would see less. */
function readOnce(
  target: ConnectionTarget,
  tables: readonly TableName[],
  signal: AbortSignal,
): Promise<void> {
  const read = async (sessions: readonly Client[], snapshot: string): Promise<void> => {
    const hash = async (session: Client, table: TableName): Promise<void> => {
      await fingerprintAnywhere(session, table, { snapshot });
    };
    await inSessions(sessions, tables, hash, () => undefined);
  };
  return withClient(
    target,
    async (keeper) => {
      const snapshot = await exportSnapshot(keeper);
      await openReadSessions(target, signal)(SESSIONS, (sessions) => read(sessions, snapshot));
    },
    { purpose: 'reader', signal },
  );
}

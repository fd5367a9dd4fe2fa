import { loadWorkload } from '../../config/workload/workload';
import { compare } from '../compare/commands';
import { countRows } from '../database/observe/observation';
import { openReadSessions } from '../database/observe/read-sessions';
import type { ConnectionTarget } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { silentReporter } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import { tablesApply } from '../tables/commands';
import type { RunDatabase } from './citus-cluster';
import { withCitusServers, withSensors } from './citus-cluster';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';

/** Readings in each of the two databases. */
const ROWS = 5_000_000;

export const COMPARE_PEER = 'counting and hashing the rows of both databases once, both at the same time';

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
    const read = (target: ConnectionTarget) =>
      countRows(tables, { reporter: silentReporter, readers: openReadSessions(target, signal) });
    const theirs = (): Promise<number> =>
      secondsOf(() => Promise.all([read(plain.target), read(distributed.target)]));
    return await measurePairs(runs, ours, theirs);
  } finally {
    for (const database of [plain, distributed]) await database.drop();
  }
}

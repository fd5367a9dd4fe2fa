import type { Distribution } from '../../config/workload/distribution-types';
import { loadWorkload } from '../../config/workload/workload';
import { withClient } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { silentReporter } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import { rebalancePlan, rebalanceRun } from '../rebalance/commands';
import { tablesApply, tablesVerify } from '../tables/commands';
import type { Fingerprint } from '../database/observe/fingerprint';
import { fingerprintTables } from '../database/observe/fingerprint';
import type { CitusServers, RunDatabase } from './citus-cluster';
import { onFresh, withCitusServers, withSensors } from './citus-cluster';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';

/** Readings on the single node. */
const ROWS = 2_000_000;

/** What the figure is measured against, for people. */
export const SCALE_FIRST_PEER = 'distributing on the single node, then adding the workers and rebalancing';

/**
 * Seconds from rows on a single node to shards on every node, verified, in either order of the same verbs: workers
 * first, so that the distribution brings every row to its node, and distribution first, so that a rebalance moves
 * shards. A rebalance takes Citus's default way, beside running writes, as the database is in service by then; each side
 * counts and hashes every row once, in the end. Starting the servers of the workers is in neither.
 *
 * @param online whether writes go on while tables are distributed as well; both sides distribute the same way
 */
export async function measureScaleFirst(
  context: VerbContext,
  runs: number,
  online: boolean,
): Promise<Pair[]> {
  const expected = { ...(await loadWorkload('sensors')).distribution, online };
  return withCitusServers(['coordinator', 'w0', 'w1'], (servers) =>
    scaleFirstPairs(servers, context, { rows: ROWS, runs, expected }),
  );
}

export interface ScaleFirstRuns {
  readonly rows: number;
  readonly runs: number;
  readonly expected: Distribution;
}

/**
 * Pairs of seconds, workers first and distribution first.
 *
 * @throws ScaleoutError where a run leaves moves or does not verify
 */
export function scaleFirstPairs(
  servers: CitusServers,
  { signal, confirm }: VerbContext,
  { rows, runs, expected }: ScaleFirstRuns,
): Promise<Pair[]> {
  const context: VerbContext = { reporter: silentReporter, signal, confirm };
  // By number, as in the local journey: every node ends with its third.
  const balance = { strategy: 'by_shard_count', mode: 'auto' } as const;
  const tables = expected.tables.map(({ table }) => table);
  const distribute = ({ target }: RunDatabase): Promise<unknown> =>
    tablesApply(context, { target, expected, compareRows: false });
  const rebalance = async ({ target }: RunDatabase): Promise<void> => {
    const { outcome, text } = await rebalanceRun(context, { target, ...balance });
    if (outcome !== 'done') throw new ScaleoutError('bench.failed', text);
  };
  const verify = async ({ target }: RunDatabase, before: readonly Fingerprint[]): Promise<void> => {
    const { document } = await tablesVerify(context, { target, expected, expectedFingerprints: before });
    const wrong = document.checks.filter(({ ok }) => !ok).map(({ id }) => id);
    if (wrong.length > 0)
      throw new ScaleoutError('bench.failed', `a run of this bench does not verify: ${wrong.join(', ')}`);
  };
  return withSensors(servers, rows, signal, (fresh) => {
    const measured = (work: (database: RunDatabase) => Promise<unknown>) => () =>
      onFresh(fresh, async (database) => {
        const before = await withClient(database.target, (client) => fingerprintTables(client, tables));
        const seconds = await secondsOf(async () => {
          await work(database);
          await verify(database, before);
        });
        const { document } = await rebalancePlan(context, { target: database.target, ...balance });
        if (document.moves.length > 0) {
          throw new ScaleoutError(
            'bench.failed',
            `a run of this bench left ${String(document.moves.length)} moves to make`,
          );
        }
        return seconds;
      });
    return measurePairs(
      runs,
      measured(async (database) => {
        await database.addWorkers();
        await distribute(database);
      }),
      measured(async (database) => {
        await distribute(database);
        await database.addWorkers();
        await rebalance(database);
      }),
      { warmUp: 'each-pair' },
    );
  });
}

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Distribution } from '../../config/workload/distribution-types';
import { loadWorkload } from '../../config/workload/workload';
import { ScaleoutError } from '../lib/errors';
import { silentReporter } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import { tablesApply, tablesPlan } from '../tables/commands';
import type { TablesPlan } from '../tables/plan/plan-document';
import type { RunDatabase } from './citus-cluster';
import { citusUnavailable, onFresh, withCitusServers, withLoaded, withSensors } from './citus-cluster';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';
import { withDirectory } from './scratch-directory';
import { programMissing, runProgram } from './programs';
import { psqlScript } from './psql-script';
import { createWideSchema, wideDistribution } from './wide-schema';

/** Readings that are distributed, over a coordinator that holds shards and two workers. */
const ROWS = 2_000_000;

/** Tables of the wide schema. */
const TABLES = 120;

/** What both figures are measured against, for people. */
export const APPLY_PEER = 'the same SQL in psql';

/** Why the figures cannot be measured here; undefined where they can. */
export async function applyUnavailable(): Promise<string | undefined> {
  return (await programMissing('psql')) ?? (await citusUnavailable());
}

/**
 * Seconds from the first connection to the last step's commit of `tables apply`, and of psql running the statements of
 * the same plan from a file; each in a database of its own, made from the same one, whose plan is empty afterwards. The
 * start of this program is not in it: psql, into which people type, is running by then as well, and it starts in
 * milliseconds.
 *
 * @param compareRows whether ours also counts and hashes every row before and after, as it does unless told otherwise
 */
export async function measureApply(
  context: VerbContext,
  runs: number,
  compareRows: boolean,
): Promise<Pair[]> {
  const { distribution: expected } = await loadWorkload('sensors');
  return withCitusServers(['coordinator', 'w0', 'w1'], (servers) =>
    withSensors(servers, ROWS, context.signal, (fresh) =>
      applyPairs(fresh, context, { expected, runs, compareRows }),
    ),
  );
}

/**
 * The same of a schema of many small tables, where looking at the database between two steps weighs most: {@link TABLES}
 * of them, empty, with three foreign keys each.
 */
export async function measureApplyWide(context: VerbContext, runs: number): Promise<Pair[]> {
  return withCitusServers(['coordinator', 'w0', 'w1'], (servers) =>
    withLoaded(
      servers,
      (client) => createWideSchema(client, TABLES),
      (fresh) => applyPairs(fresh, context, { expected: wideDistribution(TABLES), runs, compareRows: false }),
    ),
  );
}

export interface ApplyRuns {
  readonly expected: Distribution;
  readonly runs: number;
  readonly compareRows: boolean;
}

/** @param fresh makes the database of a run, as {@link withLoaded} hands it out */
export async function applyPairs(
  fresh: () => Promise<RunDatabase>,
  { signal, confirm }: VerbContext,
  { expected, runs, compareRows }: ApplyRuns,
): Promise<Pair[]> {
  const context: VerbContext = { reporter: silentReporter, signal, confirm };
  const planOf = async ({ target }: RunDatabase): Promise<TablesPlan> =>
    (await tablesPlan(context, { target, expected })).document;
  const measured = (work: (database: RunDatabase, plan: TablesPlan) => Promise<unknown>) => () =>
    onFresh(fresh, async (database) => {
      await database.addWorkers();
      // Both sides look once before, so that neither meets a colder server than the other.
      const plan = await planOf(database);
      const seconds = await secondsOf(() => work(database, plan));
      const left = (await planOf(database)).steps.map(({ id }) => id);
      if (left.length > 0)
        throw new ScaleoutError('bench.failed', `a run of this bench left undone: ${left.join(', ')}`);
      return seconds;
    });
  return withDirectory((directory) =>
    measurePairs(
      runs,
      measured(({ target }) => tablesApply(context, { target, expected, compareRows })),
      measured(async ({ target }, { steps }) => {
        const file = path.join(directory, 'plan.sql');
        await writeFile(file, psqlScript(steps), { mode: 0o600 });
        await runProgram('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', file], target, signal);
      }),
    ),
  );
}

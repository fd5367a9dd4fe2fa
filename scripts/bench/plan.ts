import { devNull } from 'node:os';
import { withClient } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { silentReporter } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import { tablesPlan } from '../tables/commands';
import type { CitusServers } from './citus-cluster';
import { citusUnavailable, withCitusServers, withEmptyDatabase } from './citus-cluster';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';
import { programMissing, runProgram } from './programs';
import { createWideSchema, wideDistribution } from './wide-schema';

/** Tables of the schema that is planned; it has three times as many foreign keys. */
const TABLES = 1_000;

/** What the figure is measured against, for people. */
export const PLAN_PEER = 'pg_dump --schema-only of the same database';

/** Why the figure cannot be measured here; undefined where it can. */
export async function planUnavailable(): Promise<string | undefined> {
  return (await programMissing('pg_dump')) ?? (await citusUnavailable());
}

/**
 * Seconds of `tables plan` of a schema of 1,000 tables and 3,000 foreign keys, from the first connection to the sealed
 * plan, and of pg_dump, which reads the same catalogs and writes down what it finds.
 */
export function measurePlan(context: VerbContext, runs: number): Promise<Pair[]> {
  return withCitusServers(['coordinator'], (servers) =>
    planPairs(servers, context, { tables: TABLES, runs }),
  );
}

/** Pairs of seconds on a schema of so many tables, each with three foreign keys. */
export function planPairs(
  servers: CitusServers,
  { signal, confirm }: VerbContext,
  { tables, runs }: { readonly tables: number; readonly runs: number },
): Promise<Pair[]> {
  const expected = wideDistribution(tables);
  return withEmptyDatabase(servers, async (target) => {
    await withClient(target, (client) => createWideSchema(client, tables), { purpose: 'bench', signal });
    return measurePairs(
      runs,
      () =>
        secondsOf(async () => {
          const context: VerbContext = { reporter: silentReporter, signal, confirm };
          const { document } = await tablesPlan(context, { target, expected });
          const placed = document.steps.filter(({ action }) => action === 'distribute').length;
          if (placed !== tables)
            throw new ScaleoutError('bench.failed', `a run of this bench planned ${String(placed)} tables`);
        }),
      () => secondsOf(() => runProgram('pg_dump', ['--schema-only', `--file=${devNull}`], target, signal)),
    );
  });
}

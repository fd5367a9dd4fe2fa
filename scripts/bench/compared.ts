import { escapeIdentifier } from 'pg';
import type { Distribution, TableName } from '../../config/workload/distribution-types';
import { tableKey } from '../../config/workload/identifiers';
import { openReadSessions } from '../database/observe/read-sessions';
import type { ConnectionTarget } from '../lib/connection';
import { withClient } from '../lib/connection';
import { silentReporter } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import { tablesApply } from '../tables/commands';
import { inspectDatabase } from '../database/inspect/inspect';
import type { LiveDatabase } from '../database/model/live';
import { countRows, observe } from '../database/observe/observation';
import { tablesInScope } from '../database/target/scope';
import type { RunDatabase } from './citus-cluster';
import { withCitusServers, withLoaded } from './citus-cluster';
import type { Pair } from './figure';
import { measurePairs, secondsOf } from './figure';
import { createWholeSchema, FORCED, wholeDistribution } from './whole-schema';

/** Rows of each of the larger tables. */
const ROWS = 1_000_000;

const SHARDS = 32;

export const COMPARED_PEER = 'counting and hashing the tables that the specification names, a byte of rows';

/** One database, as a look finds it. */
interface Look {
  readonly target: ConnectionTarget;
  readonly live: LiveDatabase;
}

/**
 * Seconds of looking before a distribution and after it, by all that `tables apply` compares (rows of every table that it can change,
 * answers of views, objects, positions), and by counting and hashing the tables that the specification names and nothing else. The
 * peer's are those of as many bytes as ours hashes, which are more.
 *
 * @param rows of each of the larger tables
 */
export async function measureCompared(context: VerbContext, runs: number, rows = ROWS): Promise<Pair[]> {
  return withCitusServers(['coordinator', 'w0', 'w1'], (servers) =>
    withLoaded(
      servers,
      (client) => createWholeSchema(client, rows),
      (fresh) => comparedPairs(fresh, context, wholeDistribution(SHARDS, false), runs),
    ),
  );
}

/** @param fresh makes a database of the whole schema, as {@link withLoaded} hands it out */
export async function comparedPairs(
  fresh: () => Promise<RunDatabase>,
  { signal, confirm }: VerbContext,
  expected: Distribution,
  runs: number,
): Promise<Pair[]> {
  const around = ({ target }: Look) => ({
    reporter: silentReporter,
    readers: openReadSessions(target, signal),
  });
  const seenIn = async ({ target }: RunDatabase): Promise<Look> => {
    // A run counts these while it copies them, and FORCE is off.
    const live = await withClient(target, async (client) => {
      for (const table of FORCED) {
        await client.query(`ALTER TABLE ${escapeIdentifier(table)} NO FORCE ROW LEVEL SECURITY`);
      }
      return inspectDatabase(client, expected);
    });
    return { target, live };
  };
  const [before, after] = [await fresh(), await fresh()];
  try {
    for (const database of [before, after]) await database.addWorkers();
    await tablesApply(
      { reporter: silentReporter, signal, confirm },
      { target: after.target, expected, compareRows: false },
    );
    const looks = [await seenIn(before), await seenIn(after)];
    const ours = (look: Look) =>
      observe(
        { expected, countRows: true, queries: [], tables: tablesInScope(expected, look.live) },
        look.live,
        around(look),
      );
    const theirs = (look: Look) => countRows(namedLargestFirst(expected, look.live), around(look));
    const each = (work: (look: Look) => Promise<unknown>) => (): Promise<number> =>
      secondsOf(async () => {
        for (const look of looks) await work(look);
      });
    const more = await bytesRatio(looks, ours, theirs);
    return (await measurePairs(runs, each(ours), each(theirs))).map(({ ours: seconds, peer }) => ({
      ours: seconds,
      peer: peer * more,
    }));
  } finally {
    for (const database of [before, after]) await database.drop();
  }
}

function namedLargestFirst(expected: Distribution, live: LiveDatabase): TableName[] {
  const bytes = new Map(live.tables.map((each) => [tableKey(each.table), each.bytes]));
  return expected.tables
    .map(({ table }) => table)
    .toSorted((a, b) => (bytes.get(tableKey(b)) ?? 0) - (bytes.get(tableKey(a)) ?? 0));
}

/** How many times the bytes of the peer ours hashes; a view counts with the rows that it answers with. */
async function bytesRatio(
  looks: readonly Look[],
  ours: (look: Look) => ReturnType<typeof observe>,
  theirs: (look: Look) => ReturnType<typeof countRows>,
): Promise<number> {
  const bytes = { ours: 0, theirs: 0 };
  for (const look of looks) {
    const all = await ours(look);
    const views = (all.views ?? []).filter(({ answer }) => 'checksum' in answer).map(({ view }) => view);
    bytes.ours += await bytesOf(look, [...all.rows.map(({ table }) => table), ...views]);
    bytes.theirs += await bytesOf(
      look,
      (await theirs(look)).rows.map(({ table }) => table),
    );
  }
  return bytes.ours / bytes.theirs;
}

/** Of the rows as a scan of the relation hands them out. */
async function bytesOf({ target }: Look, relations: readonly TableName[]): Promise<number> {
  return withClient(target, async (client) => {
    let sum = 0;
    for (const { schema, name } of relations) {
      const { rows } = await client.query<{ bytes: number }>(
        `SELECT coalesce(sum(pg_column_size(t.*)), 0)::float8 AS bytes FROM ${escapeIdentifier(schema)}.${escapeIdentifier(name)} t`,
      );
      sum += rows[0]?.bytes ?? 0;
    }
    return sum;
  });
}

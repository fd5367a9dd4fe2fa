import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier } from 'pg';
import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { sqlStateOf } from '../../../scripts/lib/errors';
import { query, session } from './sensors';

/** What sessions wrote that let a table hand out ids; only what was acknowledged counts. */
export interface HandedOut {
  /** Every id, once for each time that it was handed out. */
  readonly ids: readonly number[];
  /** Updates that were acknowledged, by id. */
  readonly updates: ReadonlyMap<number, number>;
}

/** Milliseconds a writer rests between two writes, so that a copy on a small machine can catch up with it. */
const REST_MS = 5;

export interface IdTable {
  readonly table: string;
  /** The column that hands out ids. */
  readonly id: string;
  /** The distribution column, a whole number. */
  readonly by: string;
  /** Of a whole number that starts as 0, and that writers raise. */
  readonly value: string;
}

/**
 * Several sessions that insert and update a row of their own, time and again.
 *
 * @returns stops them once their last writes are acknowledged; rejects where one was refused
 */
export function startIdWriters(
  target: ConnectionTarget,
  { table, id: idColumn, by, value }: IdTable,
  sessions: number,
): () => Promise<HandedOut> {
  const done = new AbortController();
  const ids: number[] = [];
  const updates = new Map<number, number>();
  const [name, key, column, raised] = [table, idColumn, by, value].map((each) => escapeIdentifier(each));
  const insert = `INSERT INTO ${name ?? ''} (${column ?? ''}) VALUES ($1) RETURNING ${key ?? ''} AS id`;
  const update = `UPDATE ${name ?? ''} SET ${raised ?? ''} = ${raised ?? ''} + 1 WHERE ${column ?? ''} = $1 AND ${key ?? ''} = $2`;
  const write = async (place: number): Promise<void> => {
    const client = await session(target);
    try {
      while (!done.signal.aborted) {
        const inserted = await acknowledged(client.query<{ id: string }>(insert, [place]));
        const given = inserted?.rows[0]?.id;
        if (given !== undefined) {
          const id = Number(given);
          ids.push(id);
          const updated = await acknowledged(client.query(update, [place, id]));
          updates.set(id, (updates.get(id) ?? 0) + (updated?.rowCount ?? 0));
        }
        await sleep(REST_MS);
      }
    } finally {
      await client.end();
    }
  };
  const work = Promise.all(Array.from({ length: sessions }, (_, place) => write(place)));
  // Whoever stops them hears of it.
  work.catch(() => undefined);
  return async () => {
    done.abort();
    await work;
    return { ids, updates };
  };
}

/** Undefined where the server chose this statement to end a deadlock: nothing was done, and applications try again. */
function acknowledged<Result>(result: Promise<Result>): Promise<Result | undefined> {
  return result.catch((error: unknown) => {
    if (sqlStateOf(error) !== '40P01') throw error;
    return undefined;
  });
}

/** Everything that is wrong with what was handed out: ids given twice, writes that the table does not hold. */
export async function wrongIds(
  target: ConnectionTarget,
  { table, id, value }: IdTable,
  { ids, updates }: HandedOut,
): Promise<string[]> {
  const rows = await query<{ id: string; value: string; times: string }>(
    target,
    `SELECT ${escapeIdentifier(id)} AS id, sum(${escapeIdentifier(value)}) AS value, count(*) AS times FROM ${escapeIdentifier(table)} GROUP BY 1`,
  );
  const held = new Map(rows.map((row) => [Number(row.id), row]));
  const twice = ids.filter((each, place) => ids.indexOf(each) !== place);
  return [
    ...[...new Set(twice)].map((each) => `id ${String(each)} was handed out twice`),
    ...rows.filter(({ times }) => Number(times) > 1).map((row) => `id ${row.id} is in ${row.times} rows`),
    ...ids.filter((each) => !held.has(each)).map((each) => `the row of id ${String(each)} is lost`),
    ...[...updates]
      .filter(([each, raised]) => held.has(each) && Number(held.get(each)?.value) !== raised)
      .map(([each]) => `an update of id ${String(each)} is lost or was done twice`),
  ];
}

import type { Client } from 'pg';
import { runningJob } from '../../citus/job';
import { readRows } from '../../citus/rows';
import { DISTRIBUTE_PROBE } from '../../citus/write-probe.sql';
import { readKeys, readMovedGroups } from '../../citus/write-probe';
import { z } from 'zod';
import { createRecordTable, dropRecordTable } from '../../database/model/own-schema';
import { withTransaction } from '../../lib/connection';
import { explain, refused, sqlStateOf } from '../../lib/errors';
import type { RunEvent } from '../../lib/events';
import type { Answered } from '../../lib/latencies';
import { summarize } from '../../lib/latencies';
import type { Reporter } from '../../lib/reporter';
import type { LoadResult, SteadyLoad } from '../../lib/steady-load';
import type { WriterLatency } from '../record/run-record';

/** Writes due a second: a pause is known to a fiftieth of a second, and no server feels them. */
const WRITES_PER_SECOND = 50;

/** As many are under way at once; the others wait with their time running. */
const SESSIONS = 2;

const TABLE = 'scaleout.rebalance_probe_';

const LEFT = `
SELECT c.oid::regclass::text AS "table" FROM pg_class c
 WHERE c.relnamespace = to_regnamespace('scaleout') AND c.relkind = 'r' AND c.relname ~ '^rebalance_probe_[0-9]+$' ORDER BY 1`;

/** Milliseconds for which dropping a probe may stand in a queue. */
const DROP_TIMEOUT_MS = 3000;

/** Starts a load in sessions of its own. */
export type StartLoad = (load: SteadyLoad) => Promise<() => Promise<LoadResult>>;

interface Target {
  readonly insert: string;
  readonly key: string;
}

/** What a run is told while a probe writes. */
export interface Probed {
  readonly reporter: Reporter;
  readonly writers: () => WriterLatency | null;
}

/**
 * Writes at a set rate into the shard group that moves, to a table of its own, while `work` makes the moves: what its writes wait is what an
 * application's writes to that group wait. The table is colocated with those that move, as the pauses are of that group alone, and is
 * dropped afterwards; after a kill the next run drops it.
 *
 * @param shardIds each stands for a group that moves
 * @throws ScaleoutError (refused) where this role may create no table
 */
export async function withWriteProbe<T>(
  client: Client,
  {
    shardIds,
    reporter,
    startLoad,
  }: { shardIds: readonly number[]; reporter: Reporter; startLoad: StartLoad },
  work: (probed: Probed) => Promise<T>,
): Promise<T> {
  const targets = await createProbes(client, shardIds, reporter);
  if (targets.size === 0) return work({ reporter, writers: () => null });
  const probe = new WriteProbe(targets);
  const stop = await startLoad(probe.load);
  try {
    return await work({ reporter: probe.listening(reporter), writers: () => probe.latency() });
  } finally {
    await stop().catch((error: unknown) =>
      reporter.warn(`the write probe ended before the moves did: ${explain(error)}`),
    );
    await dropUnlessMoving(client, reporter).catch(() => undefined);
  }
}

/** A job that goes on without its follower would wait for the drop, and the drop for it. */
async function dropUnlessMoving(client: Client, reporter: Reporter): Promise<void> {
  if ((await runningJob(client)) === undefined) await dropProbes(client, reporter);
}

/** Drops what the probe of a run left that was killed. Fine where there is nothing. */
export async function dropProbes(client: Client, reporter: Reporter): Promise<void> {
  for (const { table } of await readRows(client, z.object({ table: z.string() }), LEFT)) {
    try {
      await withTransaction(client, async () => {
        await client.query("SELECT set_config('lock_timeout', $1, true)", [String(DROP_TIMEOUT_MS)]);
        await dropRecordTable(client, table);
      });
    } catch (error) {
      if (!['55P03', '42501'].includes(sqlStateOf(error) ?? '')) throw error;
      reporter.warn(
        `${table}, in which a write probe wrote, could not be dropped: ${explain(error)} The next run drops it`,
      );
    }
  }
}

/** @returns by shard where its group is written to */
async function createProbes(
  client: Client,
  shardIds: readonly number[],
  reporter: Reporter,
): Promise<ReadonlyMap<number, Target>> {
  const targets = new Map<number, Target>();
  for (const group of await readMovedGroups(client, shardIds)) {
    const keys = await readKeys(client, group);
    if (keys.size === 0) {
      reporter.info(`no probe writes beside ${group.table}: no values of type ${group.type} are known to it`);
      continue;
    }
    const table = `${TABLE}${String(group.group)}`;
    await createProbe(client, table, group);
    const insert = `INSERT INTO ${table} (key, at) VALUES ($1, now()) ON CONFLICT (key) DO UPDATE SET at = excluded.at`;
    for (const shardId of group.shardIds) {
      const key = keys.get(shardId);
      if (key !== undefined) targets.set(shardId, { insert, key });
    }
  }
  return targets;
}

async function createProbe(
  client: Client,
  name: string,
  { type, table }: { readonly type: string; readonly table: string },
): Promise<void> {
  try {
    await withTransaction(client, async () => {
      for (const sql of createRecordTable(`${name} (key ${type} PRIMARY KEY, at timestamptz NOT NULL)`)) {
        await client.query(sql);
      }
      await client.query(DISTRIBUTE_PROBE, [name, table]);
    });
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    throw refused(
      'rebalance.preconditions',
      `--probe-writes needs a table of its own, and this role may not create it: ${explain(error)} GRANT CREATE ON DATABASE to it, or leave --probe-writes out; no shard was moved`,
    );
  }
}

/** Writes to the group that moves, or to that which moved last, and remembers what each write waited. */
export class WriteProbe {
  private readonly targets: ReadonlyMap<number, Target>;
  private readonly answered: Answered[] = [];
  private failed = 0;
  private target: Target | undefined;

  /** @param targets by shard; at least one */
  constructor(targets: ReadonlyMap<number, Target>) {
    this.targets = targets;
    this.target = [...targets.values()][0];
  }

  get load(): SteadyLoad {
    return {
      rate: WRITES_PER_SECOND,
      sessions: SESSIONS,
      purpose: 'rebalance probe',
      request: (client) => this.write(client),
      onAnswered: (answered) => this.answered.push(answered),
    };
  }

  latency(): WriterLatency {
    const { requests, p50, p99, longest } = summarize(this.answered);
    const round = (ms: number): number => Math.round(ms * 10) / 10;
    return {
      writes: requests,
      failed: this.failed,
      p50Ms: round(p50),
      p99Ms: round(p99),
      longestMs: round(longest),
    };
  }

  /** Hears from what is reported which group moves, and tells what writers felt after each move. */
  listening(reporter: Reporter): Reporter {
    return {
      ...reporter,
      event: (event: RunEvent) => {
        if (event.name === 'move.started') this.target = this.targets.get(event.shard) ?? this.target;
        reporter.event(event);
        if (event.name === 'move.done') reporter.event({ name: 'writers.felt', ...this.latency() });
      },
    };
  }

  private async write(client: Client): Promise<void> {
    if (this.target === undefined) return;
    try {
      await client.query(this.target.insert, [this.target.key]);
    } catch (error) {
      this.failed += 1;
      throw error;
    }
  }
}

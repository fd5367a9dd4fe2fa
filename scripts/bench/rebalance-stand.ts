import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier } from 'pg';
import type { Client } from 'pg';
import { CLEAN_UP, MOVE, START } from '../citus/catalog.sql';
import { hasEnded, readJob } from '../citus/job';
import { placementsOf, readSnapshot } from '../citus/placements';
import type { ConnectionTarget } from '../lib/connection';
import { withClient } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import { silentReporter } from '../lib/reporter';
import type { VerbContext } from '../lib/verb';
import type { LatencySummary } from '../lib/latencies';
import { summarize } from '../lib/latencies';
import { startSteadyLoad } from '../lib/steady-load';
import { rebalanceRun } from '../rebalance/commands';
import type { RunDatabase } from './citus-cluster';
import { secondsOf } from './figure';

/** How large a rebalance is, and what goes on beside it. */
export interface RebalanceBench {
  /** Each in a colocation group of its own, all on the coordinator of three nodes at first. */
  readonly tables: number;
  /** Of each table: two thirds of them move. */
  readonly shards: number;
  /** Of each table. */
  readonly rows: number;
  /** Writes due a second. */
  readonly rate: number;
  /** Milliseconds; the first is that of the pairs, all of them are the frontier. */
  readonly budgets: readonly [number, ...number[]];
  readonly compareRows: boolean;
  /** Moves under way at once. @default 1 */
  readonly maxParallel?: number;
}

/** Sessions of the writers: enough for every write that is due in a pause of a second. */
const SESSIONS = 12;

const tableNames = ({ tables }: RebalanceBench): string[] =>
  Array.from({ length: tables }, (_, index) => `readings_${String(index)}`);

/** Makes the tables of a bench on one node, and fills them. */
export async function fill(client: Client, bench: RebalanceBench): Promise<void> {
  for (const name of tableNames(bench)) {
    const table = escapeIdentifier(name);
    await client.query(
      `CREATE TABLE ${table} (device_id bigint, reading_id bigint, value bigint NOT NULL DEFAULT 0, payload text,
         PRIMARY KEY (device_id, reading_id))`,
    );
    await client.query(
      `INSERT INTO ${table} SELECT i % 10000, i, 0, repeat(md5(i::text), 8) FROM generate_series(1, $1::bigint) i`,
      [bench.rows],
    );
  }
}

/** Every second write adds a row, the others change one: what was acknowledged has to be there, once. */
const INSERTED_FROM = 1_000_000_000;

/** One rebalance beside writers. */
export interface RebalanceSample {
  readonly seconds: number;
  readonly moves: number;
  readonly writes: LatencySummary;
  /** How far off the estimate after the third move was, as a part of what it took; undefined of a job. */
  readonly estimateError?: number;
  readonly cancelled?: number;
}

/** Tables that are rebalanced to and fro beside writers. */
export class Stand {
  private readonly database: RunDatabase;
  private readonly target: ConnectionTarget;
  private readonly bench: RebalanceBench;
  private readonly names: readonly string[];
  private readonly context: VerbContext;
  private inserts = 0;
  private updates = 0;
  private turn = 0;

  constructor(database: RunDatabase, bench: RebalanceBench, { signal, confirm }: VerbContext) {
    this.database = database;
    this.target = database.target;
    this.bench = bench;
    this.names = tableNames(bench);
    this.context = { reporter: silentReporter, signal, confirm };
  }

  async distribute(): Promise<void> {
    await withClient(this.target, async (client) => {
      for (const name of this.names) {
        await client.query(
          "SELECT create_distributed_table($1::regclass, 'device_id', colocate_with := 'none', shard_count := $2::int)",
          [name, this.bench.shards],
        );
        // The rows on the coordinator itself are no part of any move.
        await client.query('SELECT truncate_local_data_after_distributing_table($1::regclass)', [name]);
      }
    });
    await this.database.addWorkers();
  }

  async budgeted(maxWritePauseMs: number): Promise<RebalanceSample> {
    const sample = await this.besideWriters(async () => {
      const { document, outcome, text } = await rebalanceRun(this.context, {
        target: this.target,
        strategy: 'by_shard_count',
        maxWritePauseMs,
        compareRows: this.bench.compareRows,
        ...(this.bench.maxParallel === undefined ? {} : { maxParallel: this.bench.maxParallel }),
      });
      if (outcome !== 'done') throw new ScaleoutError('bench.failed', text);
      const { budget, moves, seconds } = document;
      const estimated = budget?.estimatedSeconds;
      return {
        moves,
        cancelled: budget?.made.reduce((sum, move) => sum + move.cancelled.length, 0) ?? 0,
        ...(typeof estimated === 'number' ? { estimateError: estimated / seconds - 1 } : {}),
      };
    });
    await this.moveBack();
    return sample;
  }

  async job(): Promise<RebalanceSample> {
    const sample = await this.besideWriters(() =>
      withClient(this.target, async (client) => {
        const { rows } = await client.query<{ job_id: number | null }>(START, ['by_shard_count', 'auto']);
        const id = rows[0]?.job_id ?? 0;
        let job = await readJob(client, id);
        while (!hasEnded(job)) {
          await sleep(100);
          job = await readJob(client, id);
        }
        if (job.state !== 'finished')
          throw new ScaleoutError('bench.failed', `the job of Citus is ${job.state}`);
        return { moves: job.tasks.filter(({ move }) => move !== undefined).length };
      }),
    );
    await this.moveBack();
    return sample;
  }

  /** @throws ScaleoutError where a write failed, or was acknowledged and is not there */
  async besideWriters(work: () => Promise<Partial<RebalanceSample>>): Promise<RebalanceSample> {
    const { rate, rows } = this.bench;
    const base = INSERTED_FROM + this.turn * 1_000_000;
    this.turn += 1;
    const stop = await startSteadyLoad(this.target, {
      rate,
      sessions: SESSIONS,
      request: (client, number) => {
        const table = this.tableOf(number);
        return number % 2 === 0
          ? client.query(`INSERT INTO ${table} (device_id, reading_id) VALUES ($1, $2)`, [
              number % 10_000,
              base + number,
            ])
          : client.query(`UPDATE ${table} SET value = value + 1 WHERE device_id = $1 AND reading_id = $2`, [
              (1 + (number % rows)) % 10_000,
              1 + (number % rows),
            ]);
      },
    });
    // Sessions plan their statements once.
    await sleep(500);
    let result: Partial<RebalanceSample> = {};
    const seconds = await secondsOf(async () => {
      result = await work();
    });
    const { answered, acknowledged, failures } = await stop();
    const [failure] = failures;
    if (failure !== undefined) {
      throw new ScaleoutError(
        'bench.failed',
        `${String(failure[1])} writes failed beside the moves: ${failure[0]}`,
      );
    }
    this.inserts += acknowledged.filter((number) => number % 2 === 0).length;
    this.updates += acknowledged.filter((number) => number % 2 === 1).length;
    await this.requireAllWrites();
    return { moves: 0, ...result, seconds, writes: summarize(answered) };
  }

  /** Each table gets as many inserts as updates. */
  private tableOf(number: number): string {
    return escapeIdentifier(this.names[Math.floor(number / 2) % this.names.length] ?? '');
  }

  private async requireAllWrites(): Promise<void> {
    const each = this.names.map((name) => `SELECT reading_id, value FROM ${escapeIdentifier(name)}`);
    const { rows } = await withClient(this.target, (client) =>
      client.query<{ inserts: number; updates: number }>(
        `SELECT count(*) FILTER (WHERE reading_id >= $1)::int AS inserts, sum(value)::int AS updates
           FROM (${each.join(' UNION ALL ')}) readings`,
        [INSERTED_FROM],
      ),
    );
    const [found] = rows;
    if (found?.inserts !== this.inserts || found.updates !== this.updates) {
      throw new ScaleoutError(
        'bench.failed',
        `writes were lost: ${JSON.stringify({ acknowledged: { inserts: this.inserts, updates: this.updates }, found })}`,
      );
    }
  }

  /** Everything to the coordinator again, with nobody writing. */
  private async moveBack(): Promise<void> {
    await withClient(this.target, async (client) => {
      const counts = placementsOf(await readSnapshot(client)).map(({ shards }) => shards);
      if (Math.max(...counts) - Math.min(...counts) > 1) {
        throw new ScaleoutError(
          'bench.failed',
          `a run of this bench left the shards at ${counts.join(', ')}`,
        );
      }
      await client.query(CLEAN_UP);
      const { nodes: all, groups } = await readSnapshot(client);
      const home = all.find(({ groupId }) => groupId === 0);
      for (const { shardIds, groupId } of groups) {
        const from = all.find((node) => node.groupId === groupId);
        if (home === undefined || from === undefined || from === home) continue;
        await client.query(MOVE, [shardIds[0], from.name, from.port, home.name, home.port, 'block_writes']);
      }
      await client.query(CLEAN_UP);
    });
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
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
import type { CitusServers, RunDatabase } from './citus-cluster';
import { onFresh, withCitusServers, withLoaded } from './citus-cluster';
import type { Pair } from './figure';
import { secondsOf } from './figure';

/** What the figure is measured against, for people. */
export const REBALANCE_PEER = 'citus_rebalance_start() beside the same writes';

/** How large a rebalance is, and what goes on beside it. */
export interface RebalanceBench {
  /** Of one table, all on the coordinator of three nodes at first: two thirds of them move. */
  readonly shards: number;
  readonly rows: number;
  /** Writes due a second. */
  readonly rate: number;
  /** Milliseconds; the first is that of the pairs, all of them are the frontier. */
  readonly budgets: readonly [number, ...number[]];
  readonly compareRows: boolean;
}

/** 32 shard groups of about 10 MB with their index, of which 21 move. */
export const REBALANCE_BENCH: RebalanceBench = {
  shards: 32,
  rows: 900_000,
  rate: 200,
  budgets: [300, 100, 200, 500, 1000],
  compareRows: false,
};

/** Sessions of the writers: enough for every write that is due in a pause of a second. */
const SESSIONS = 12;

const TABLE = `
CREATE TABLE readings (device_id bigint, reading_id bigint, value bigint NOT NULL DEFAULT 0, payload text,
  PRIMARY KEY (device_id, reading_id))`;

const FILL = `
INSERT INTO readings SELECT i % 10000, i, 0, repeat(md5(i::text), 8) FROM generate_series(1, $1::bigint) i`;

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

/**
 * Seconds of the same rebalance, ours within a budget and Citus's job, in turn on one database, beside writes at a set rate. What
 * writers felt, the same load without a move, and other budgets are reported beside.
 *
 * @throws ScaleoutError where a write was lost, or one of the two leaves the cluster unbalanced
 */
export async function measureRebalance(
  context: VerbContext,
  runs: number,
  bench: RebalanceBench = REBALANCE_BENCH,
): Promise<Pair[]> {
  return withCitusServers(['coordinator', 'w0', 'w1'], (servers) =>
    rebalancePairs(servers, context, runs, bench),
  );
}

export function rebalancePairs(
  servers: CitusServers,
  context: VerbContext,
  runs: number,
  bench: RebalanceBench,
): Promise<Pair[]> {
  const load = async (client: Client): Promise<void> => {
    await client.query(TABLE);
    await client.query(FILL, [bench.rows]);
  };
  return withLoaded(servers, load, (fresh) =>
    onFresh(fresh, async (database) => {
      const stand = new Stand(database, bench, context);
      await stand.distribute();
      const quiet = await stand.besideWriters(async () => {
        await sleep(3000);
        return {};
      });
      context.reporter.info(`writes without a move: ${describeWrites(quiet.writes)}`);
      const pairs: Pair[] = [];
      for (let run = 0; run < runs; run += 1) {
        const ours = await stand.budgeted(bench.budgets[0]);
        const peer = await stand.job();
        context.reporter.info(`within ${String(bench.budgets[0])} ms: ${describeSample(ours)}`);
        context.reporter.info(`citus_rebalance_start(): ${describeSample(peer)}`);
        pairs.push({ ours: ours.seconds, peer: peer.seconds });
      }
      for (const budget of bench.budgets.slice(1)) {
        context.reporter.info(`within ${String(budget)} ms: ${describeSample(await stand.budgeted(budget))}`);
      }
      return pairs;
    }),
  );
}

class Stand {
  private readonly database: RunDatabase;
  private readonly target: ConnectionTarget;
  private readonly bench: RebalanceBench;
  private readonly context: VerbContext;
  private inserts = 0;
  private updates = 0;
  private turn = 0;

  constructor(database: RunDatabase, bench: RebalanceBench, { signal, confirm }: VerbContext) {
    this.database = database;
    this.target = database.target;
    this.bench = bench;
    this.context = { reporter: silentReporter, signal, confirm };
  }

  async distribute(): Promise<void> {
    await withClient(this.target, async (client) => {
      await client.query("SELECT create_distributed_table('readings', 'device_id', shard_count := $1::int)", [
        this.bench.shards,
      ]);
      // The rows on the coordinator itself are no part of any move.
      await client.query("SELECT truncate_local_data_after_distributing_table('readings')");
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
      request: (client, number) =>
        number % 2 === 0
          ? client.query('INSERT INTO readings (device_id, reading_id) VALUES ($1, $2)', [
              number % 10_000,
              base + number,
            ])
          : client.query('UPDATE readings SET value = value + 1 WHERE device_id = $1 AND reading_id = $2', [
              (1 + (number % rows)) % 10_000,
              1 + (number % rows),
            ]),
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

  private async requireAllWrites(): Promise<void> {
    const { rows } = await withClient(this.target, (client) =>
      client.query<{ inserts: number; updates: number }>(
        'SELECT count(*) FILTER (WHERE reading_id >= $1)::int AS inserts, sum(value)::int AS updates FROM readings',
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

function describeWrites({ requests, p50, p99, longest }: LatencySummary): string {
  return `${String(requests)} writes, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(0)} ms, longest ${longest.toFixed(0)} ms`;
}

function describeSample({ seconds, moves, writes, estimateError, cancelled }: RebalanceSample): string {
  const estimate =
    estimateError === undefined
      ? ''
      : `; the estimate after the third move was off by ${(estimateError * 100).toFixed(0)} %`;
  const tries = cancelled === undefined || cancelled === 0 ? '' : `, ${String(cancelled)} tries cancelled`;
  return `${String(moves)} moves in ${seconds.toFixed(1)} s${tries}; ${describeWrites(writes)}${estimate}`;
}

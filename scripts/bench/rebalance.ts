import { setTimeout as sleep } from 'node:timers/promises';
import type { LatencySummary } from '../lib/latencies';
import type { VerbContext } from '../lib/verb';
import type { CitusServers } from './citus-cluster';
import { onFresh, withCitusServers, withLoaded } from './citus-cluster';
import type { Pair } from './figure';
import type { RebalanceBench, RebalanceSample } from './rebalance-stand';
import { fill, Stand } from './rebalance-stand';

/** What the figure is measured against, for people. */
export const REBALANCE_PEER = 'citus_rebalance_start() beside the same writes';

/** 32 shard groups of about 10 MB with their index, of which 21 move. */
export const REBALANCE_BENCH: RebalanceBench = {
  tables: 1,
  shards: 32,
  rows: 900_000,
  rate: 200,
  budgets: [300, 100, 200, 500, 1000],
  compareRows: false,
};

/** 12 shard groups of 1 GB, half of them of another table: too large to block writes within the budget. */
export const LARGE_REBALANCE_BENCH: RebalanceBench = {
  tables: 2,
  shards: 6,
  rows: 1_600_000,
  rate: 200,
  budgets: [300],
  compareRows: false,
};

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
  return withLoaded(
    servers,
    (client) => fill(client, bench),
    (fresh) =>
      onFresh(fresh, async (database) => {
        const stand = new Stand(database, bench, context);
        await stand.distribute();
        const quiet = await stand.besideWriters(async () => {
          await sleep(3000);
          return {};
        });
        context.reporter.info(`writes without a move: ${describeWrites(quiet.writes)}`);
        const pairs: Pair[] = [];
        const samples: RebalanceSample[] = [];
        const [budget, ...frontier] = bench.budgets;
        for (let run = 0; run < runs; run += 1) {
          const ours = await stand.budgeted(budget);
          const peer = await stand.job();
          context.reporter.info(`within ${String(budget)} ms: ${describeSample(ours)}`);
          context.reporter.info(`citus_rebalance_start(): ${describeSample(peer)}`);
          pairs.push({ ours: ours.seconds, peer: peer.seconds });
          samples.push(ours);
        }
        context.reporter.info(describeRuns(samples, budget));
        for (const other of frontier) {
          context.reporter.info(`within ${String(other)} ms: ${describeSample(await stand.budgeted(other))}`);
        }
        return pairs;
      }),
  );
}

/** What all runs within one budget come to. */
function describeRuns(samples: readonly RebalanceSample[], budget: number): string {
  const kept = samples.filter(({ writes }) => writes.longest <= budget).length;
  const errors = samples.flatMap(({ estimateError }) => estimateError ?? []);
  return (
    `no write over ${String(budget)} ms in ${String(kept)} of ${String(samples.length)} runs; ` +
    `the estimate after the third move was within 25 % in ${String(errors.filter((error) => Math.abs(error) <= 0.25).length)} of ${String(errors.length)}`
  );
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

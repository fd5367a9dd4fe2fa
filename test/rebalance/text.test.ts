import { estimate } from '../../scripts/rebalance/cost/estimate';
import { placementsOf } from '../../scripts/citus/placements';
import type { RebalancePlan } from '../../scripts/rebalance/plan/plan';
import { planMoves } from '../../scripts/citus/moves';
import { applyMoves, diskNeed, planDocument } from '../../scripts/rebalance/plan/plan';
import { statusOf } from '../../scripts/rebalance/status';
import { planText, statusText } from '../../scripts/rebalance/text';
import { job, moveTask, snapshot, tasksOf } from './fixtures';

const MIB = 1024 * 1024;

function plan(shards: number, moved: number): RebalancePlan {
  const now = snapshot(2, Array<number>(shards).fill(0), 9 * MIB);
  const rows = Array.from({ length: moved }, (_, index) => ({
    table_name: 'devices',
    shard_id: 1 + index,
    sourcename: '127.0.0.1',
    sourceport: 9700,
    targetname: '127.0.0.1',
    targetport: 9701,
  }));
  const moves = planMoves(now, rows, 'auto');
  const before = placementsOf(now);
  return planDocument({
    formatVersion: 1,
    strategy: 'by_shard_count',
    moves,
    missingReferenceTables: [],
    before,
    after: applyMoves(before, moves),
    disk: diskNeed(before, moves, []),
    estimate: estimate(moves, 'auto', undefined),
    proposals: [],
    findings: [],
  });
}

test('a plan is read in one look', () => {
  expect(planText(plan(4, 2))).toMatchInlineSnapshot(`
    "2 moves of 18.0 MiB by by_shard_count, mode auto:

    shard  tables              size  from         to
        1  devices, events  9.0 MiB  coordinator  w0
        2  devices, events  9.0 MiB  coordinator  w0

    node         address         shards before  after  size before     after
    coordinator  127.0.0.1:9700              4      2     36.0 MiB  18.0 MiB
    w0           127.0.0.1:9701              0      2          0 B  18.0 MiB

    Disk that the nodes need until Citus has dropped what moved: w0 18.0 MiB. The log that the nodes write meanwhile comes on top. Neither PostgreSQL nor Citus says how much is free: look at the metric storage_percent of each node in Azure Monitor.
    About 7.5 s; a write may wait up to 0.3 s.
    Estimated as one move after another, 3.5 s each plus 40 MiB/s; this database has not finished a rebalance of this mode that could be measured."
  `);
});

test('a long plan is cut short and says by how much', () => {
  expect(planText(plan(100, 50))).toMatch(/\nand 10 more\n/);
});

test('status tells how far, what now, and what is wrong', () => {
  const tasks = [
    tasksOf(9 * MIB)(1, 'done'),
    tasksOf(9 * MIB)(2, 'running', { retries: 2, error: 'disk full' }),
    tasksOf(9 * MIB)(3, 'blocked'),
  ];
  const status = statusOf(snapshot(2, [1, 0, 0], 9 * MIB), job({ tasks, seconds: 4 }), 3 * MIB);
  expect(status).toMatchObject({ moves: { done: 1, total: 3 }, bytes: { done: 12 * MIB, total: 27 * MIB } });
  expect(status.secondsLeft).toBe(8);
  expect(statusText(status)).toMatch(
    /^Job 3 running: 1 of 3 moves, 12\.0 MiB of 27\.0 MiB, 3\.0 MiB\/s, 8\.0 s left\.\nNow moving shard 2 .*\nMoving shard 2 .* failed and is tried again, 2 times so far: disk full\./,
  );
});

test('status of a job that failed says why', () => {
  const tasks = [moveTask(1, 'error', { error: 'disk full' })];
  const status = statusOf(snapshot(2, [0]), job({ state: 'failed', tasks }), 0);
  expect(statusText(status)).toMatch(
    /^Job 3 failed: 0 of 1 moves?, .*\nRebalance job 3 failed, .*disk full\./,
  );
  expect(status.secondsLeft).toBeNull();
});

test('a plan that is refused promises no copy of a reference table', () => {
  const lacking = { ...plan(4, 2), missingReferenceTables: ['countries'] };
  expect(planText(lacking)).toMatch(
    /Reference tables countries are missing on some node and will be copied\./,
  );
  const refused = { ...lacking, failures: ['countries cannot be copied'] };
  expect(planText(refused)).not.toMatch(/will be copied/);
  expect(planText(refused)).toMatch(
    /countries are missing on some node; a run that is not refused copies them\./,
  );
});

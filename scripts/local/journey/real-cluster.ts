import type { Workload } from '../../../config/workload/workload';
import { withClient } from '../../lib/connection';
import { ScaleoutError } from '../../lib/errors';
import type { VerbContext } from '../../lib/verb';
import { rebalanceRun } from '../../rebalance/commands';
import { estimate } from '../../rebalance/cost/estimate';
import { budgetedSeconds } from '../../rebalance/cost/expected';
import type { TransferMode } from '../../citus/transfer-mode';
import { placementsOf, readSnapshot } from '../../citus/placements';
import { tablesApply, tablesVerify } from '../../tables/commands';
import type { Fingerprint } from '../../database/observe/fingerprint';
import { taskCount } from '../../citus/task-count';
import type { ClusterSteps, NodeHolding } from './cluster-steps';
import type { LocalCluster } from '../engines/engine';

/** Bytes of all tables of the workload on the node it runs on, shards included. */
const OWN_BYTES = `
  SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** The journey's steps on a real Citus, with the verbs that a deployed cluster is worked on with. */
export function realCluster(
  context: VerbContext,
  cluster: LocalCluster,
  workload: Workload,
  before: readonly Fingerprint[],
): ClusterSteps {
  const target = cluster.coordinator;
  const expected = workload.distribution;
  // Where the workload wants writes to go on while tables are distributed, it wants them to go on while shards move: within a budget.
  const mode: TransferMode | undefined = expected.online ? undefined : 'block_writes';
  return {
    simulated: false,
    addWorkers: (count) => cluster.addWorkers(count),
    async distribute() {
      // The journey counts and hashes every row itself, before this and in the end.
      await tablesApply(context, { target, expected, compareRows: false });
    },
    async rebalance() {
      const { document, text, outcome } = await rebalanceRun(context, {
        target,
        // By number, not by size: what a person sees then is the same in every run.
        strategy: 'by_shard_count',
        mode,
      });
      if (outcome !== 'done')
        throw new ScaleoutError('local.deploy-failed', text.split('\n', 1)[0] ?? 'the rebalance failed');
      return { moves: document.moves, bytes: document.bytes };
    },
    holdings: () =>
      withClient(target, async (client): Promise<NodeHolding[]> => {
        const snapshot = await readSnapshot(client);
        const { rows } = await client.query<{ nodeid: number; success: boolean; result: string }>(
          'SELECT nodeid, success, result FROM run_command_on_all_nodes($1)',
          [OWN_BYTES],
        );
        return placementsOf(snapshot).map(({ label, shards, bytes }, index) => {
          const answer = rows.find(({ nodeid }) => nodeid === snapshot.nodes[index]?.nodeId);
          if (answer?.success === false)
            throw new ScaleoutError('local.server-failed', `${label} does not answer: ${answer.result}`);
          return { node: label, shards, bytes, totalBytes: Number(answer?.result ?? 0) };
        });
      }),
    tasks: (query) => withClient(target, (client) => taskCount(client, query.sql)),
    async verify() {
      const { document } = await tablesVerify(context, {
        target,
        expected,
        queries: workload.queries,
        expectedFingerprints: before,
      });
      return { ok: document.ok, checks: document.checks };
    },
    // In the way in which rebalance() above makes them.
    estimateMoves: (moves) =>
      mode === undefined ? { seconds: budgetedSeconds(moves) } : estimate(moves, mode, undefined),
  };
}

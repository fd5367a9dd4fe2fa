import type { ProcessIdentity } from '../../scripts/local/engines/processes';
import type { EngineName } from '../../scripts/local/engines/engine';

export interface BorrowedCluster {
  readonly workers: number;
  /** Whether every node holds shards, the coordinator too. */
  readonly shardsOnAll: boolean;
}

/** What the test files of one run share; decided before the first of them (global-setup.ts). */
export interface TestRun {
  /** A folder of this run, for the state of the shared cluster. */
  readonly directory: string;
  /** jest itself: the cluster ends with it, however it ends. */
  readonly owner: ProcessIdentity;
  /** What the citus lane runs on: a cluster named by SCALEOUT_TEST_CLUSTER, an engine, or nothing. */
  readonly citus: 'named' | EngineName | 'none';
  /** The nodes of a cluster that CITUS_URL names. */
  readonly borrowed?: BorrowedCluster;
}

const VARIABLE = 'SCALEOUT_TEST_RUN';

export function publishTestRun(run: TestRun): void {
  process.env[VARIABLE] = JSON.stringify(run);
}

export function testRun(): TestRun {
  const published = process.env[VARIABLE];
  if (published === undefined) throw new Error('there is no test run: run tests through `npm test`');
  return JSON.parse(published) as TestRun;
}

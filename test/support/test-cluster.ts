/** Three PostgreSQL servers with Citus on loopback, shared by the test files of one run. */
export interface TestCluster {
  readonly host: string;
  /** Coordinator first. */
  readonly ports: readonly number[];
  readonly superuser: string;
}

/** The cluster named by SCALEOUT_TEST_CLUSTER (a JSON document of this shape), left running after the tests. */
export async function testCluster(): Promise<TestCluster> {
  const named = process.env['SCALEOUT_TEST_CLUSTER'];
  if (named === undefined) throw new Error('no test cluster');
  return JSON.parse(named) as TestCluster;
}

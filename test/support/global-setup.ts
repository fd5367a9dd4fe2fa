import { existsSync } from 'node:fs';
import { readNodes } from '../../scripts/citus/nodes';
import { targetFromUrl, withClient } from '../../scripts/lib/connection';
import { localEngines } from '../../scripts/local/engines';
import { chooseEngine } from '../../scripts/local/engines/choose-engine';
import { sweepClusters } from '../../scripts/local/engines/cluster-directory';
import { ELASTIC_CLUSTER_NEEDS } from '../../scripts/local/engines/engine';
import { nativeEngine } from '../../scripts/local/engines/native';
import { embeddedEngine } from '../../scripts/local/engines/embedded';
import { identifyProcess } from '../../scripts/local/engines/processes';
import { detectTerraform, OF_ELASTIC_CLUSTERS } from './detect-terraform';
import { enterRun } from './enter-run';
import { withVariables } from './environment';
import type { LaneStatus } from './lanes';
import { publishLanes } from './lanes';
import { specsStatus } from './published-apis';
import { MEMORY } from './test-cluster';
import type { BorrowedCluster, TestRun } from './test-run';
import { publishTestRun } from './test-run';

export default async function globalSetup(): Promise<void> {
  const { directory, caller } = enterRun();
  await sweepClusters();
  if (existsSync(MEMORY)) await withVariables({ TMPDIR: MEMORY }, sweepClusters);
  const [citus, postgres, terraform] = await Promise.all([
    detectCitus(),
    detectPostgres(),
    detectTerraform(caller),
  ]);
  // One after the other: both may fetch into one cache.
  const elasticTerraform = terraform.runs ? await detectTerraform(caller, OF_ELASTIC_CLUSTERS) : terraform;
  publishLanes({
    synth: { runs: true, reason: 'needs nothing' },
    postgres,
    citus: citus.status,
    terraform,
    elastic: await detectElastic(),
    'elastic-terraform': elasticTerraform,
    specs: specsStatus(process.env['AZURE_API_SPECS'] ?? ''),
  });
  publishTestRun({
    directory,
    owner: identifyProcess(),
    citus: citus.engine,
    ...(citus.borrowed === undefined ? {} : { borrowed: citus.borrowed }),
  });
}

async function detectCitus(): Promise<{
  status: LaneStatus;
  engine: TestRun['citus'];
  borrowed?: BorrowedCluster;
}> {
  if (process.env['SCALEOUT_TEST_CLUSTER'] !== undefined) {
    const reason = 'the cluster SCALEOUT_TEST_CLUSTER names';
    return { status: { runs: true, reason }, engine: 'named' };
  }
  const withCitus = localEngines(process.env).filter(({ name }) => name !== 'embedded');
  try {
    const { engine, availability } = await chooseEngine(withCitus, undefined);
    const reason = `${engine}: ${availability.detail}`;
    if (engine !== 'citus-url') return { status: { runs: true, reason }, engine };
    const borrowed = await readBorrowed(process.env['CITUS_URL'] ?? '');
    const rest = `the suites that need other nodes than its ${String(borrowed.workers + 1)}, or a superuser, are skipped by name`;
    return { status: { runs: true, reason: `${reason}; ${rest}` }, engine, borrowed };
  } catch (error) {
    return {
      status: { runs: false, reason: error instanceof Error ? error.message : String(error) },
      engine: 'none',
    };
  }
}

/** What an elastic cluster runs, beside whatever the citus lane runs on. */
async function detectElastic(): Promise<LaneStatus> {
  const availability = await nativeEngine.probe(ELASTIC_CLUSTER_NEEDS);
  return availability.available
    ? { runs: true, reason: availability.detail }
    : { runs: false, reason: `needs PostgreSQL 17 with Citus 13.2: ${availability.reason}` };
}

async function readBorrowed(url: string): Promise<BorrowedCluster> {
  const nodes = await withClient(targetFromUrl(url, process.env, { argument: false }), readNodes);
  return { workers: nodes.length - 1, shardsOnAll: nodes.every(({ shouldHaveShards }) => shouldHaveShards) };
}

async function detectPostgres(): Promise<LaneStatus> {
  const availability = await embeddedEngine.probe();
  return availability.available
    ? { runs: true, reason: availability.detail }
    : { runs: false, reason: availability.reason };
}

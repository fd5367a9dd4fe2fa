import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localEngines } from '../../scripts/local/engines';
import { chooseEngine } from '../../scripts/local/engines/choose-engine';
import { sweepClusters } from '../../scripts/local/engines/cluster-directory';
import { embeddedEngine } from '../../scripts/local/engines/embedded';
import { identifyProcess } from '../../scripts/local/engines/processes';
import { withRoomForSockets } from '../../scripts/infra/terraform';
import { detectTerraform } from './detect-terraform';
import { enterRunEnvironment } from './environment';
import type { LaneStatus } from './lanes';
import { publishLanes } from './lanes';
import type { TestRun } from './test-run';
import { publishTestRun } from './test-run';

export default async function globalSetup(): Promise<void> {
  // A folder that is not there is nobody's folder for temporary files, and tests run Terraform by themselves as well.
  if (!existsSync(tmpdir())) delete process.env['TMPDIR'];
  Object.assign(process.env, withRoomForSockets(process.env));
  const directory = mkdtempSync(join(tmpdir(), 'scaleout-tests-'));
  const caller = enterRunEnvironment(directory);
  await sweepClusters();
  const [citus, postgres, terraform] = await Promise.all([
    detectCitus(),
    detectPostgres(),
    detectTerraform(caller),
  ]);
  publishLanes({
    synth: { runs: true, reason: 'needs nothing' },
    postgres,
    citus: citus.status,
    terraform,
  });
  publishTestRun({
    directory,
    owner: identifyProcess(),
    citus: citus.engine,
  });
}

async function detectCitus(): Promise<{ status: LaneStatus; engine: TestRun['citus'] }> {
  if (process.env['SCALEOUT_TEST_CLUSTER'] !== undefined) {
    const reason = 'the cluster SCALEOUT_TEST_CLUSTER names';
    return { status: { runs: true, reason }, engine: 'named' };
  }
  const withCitus = localEngines(process.env).filter(({ name }) => name !== 'embedded');
  try {
    const { engine, availability } = await chooseEngine(withCitus, undefined);
    return { status: { runs: true, reason: `${engine}: ${availability.detail}` }, engine };
  } catch (error) {
    return {
      status: { runs: false, reason: error instanceof Error ? error.message : String(error) },
      engine: 'none',
    };
  }
}

async function detectPostgres(): Promise<LaneStatus> {
  const availability = await embeddedEngine.probe();
  return availability.available
    ? { runs: true, reason: availability.detail }
    : { runs: false, reason: availability.reason };
}

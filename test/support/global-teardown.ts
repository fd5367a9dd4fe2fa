import { rmSync } from 'node:fs';
import { stopTestClusters } from './test-cluster';
import { testRun } from './test-run';

export default async function globalTeardown(): Promise<void> {
  await stopTestClusters();
  rmSync(testRun().directory, { recursive: true, force: true });
}

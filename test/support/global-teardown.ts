import { rmSync } from 'node:fs';
import { stopSharedCluster } from './test-cluster';
import { testRun } from './test-run';

export default async function globalTeardown(): Promise<void> {
  await stopSharedCluster();
  rmSync(testRun().directory, { recursive: true, force: true });
}

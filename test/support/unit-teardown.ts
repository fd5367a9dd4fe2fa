import { rmSync } from 'node:fs';
import { testRun } from './test-run';

export default function unitTeardown(): void {
  rmSync(testRun().directory, { recursive: true, force: true });
}

import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withRoomForSockets } from '../../scripts/infra/terraform';
import { enterRunEnvironment } from './environment';

/** Gives a run of tests a folder and its environment. */
export function enterRun(): {
  readonly directory: string;
  readonly caller: ReturnType<typeof enterRunEnvironment>;
} {
  // A folder that is not there is nobody's folder for temporary files, and tests run Terraform by themselves as well.
  if (!existsSync(tmpdir())) delete process.env['TMPDIR'];
  Object.assign(process.env, withRoomForSockets(process.env));
  const directory = mkdtempSync(join(tmpdir(), 'scaleout-tests-'));
  return { directory, caller: enterRunEnvironment(directory) };
}

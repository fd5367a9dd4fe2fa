import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one test file, removed after it. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'scaleout-scratch-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

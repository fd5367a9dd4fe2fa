import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { testEnvironment } from '../../support/environment';

// Of processor time, as others may have the machine: an idle one takes a third of it in all.
const MOST_SECONDS = 5;
const MOST_MIB = 512;

jest.setTimeout(120_000);

it('a plan of 50 MB is reviewed in seconds, and in half a gibibyte', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [path.join(__dirname, 'huge-plan.js'), '50'],
    { env: testEnvironment() },
  );
  const measured = JSON.parse(stdout) as Readonly<Record<string, number>>;
  expect(measured['bytes']).toBeGreaterThan(50e6);
  expect(measured['changes']).toBeGreaterThan(1_000);
  expect(measured['cpuSeconds']).toBeLessThan(MOST_SECONDS);
  expect(measured['peakMiB']).toBeLessThan(MOST_MIB);
});

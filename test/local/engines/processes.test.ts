import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { endProcessesIn, identifyProcess, isRunning } from '../../../scripts/local/engines/processes';
import { scratchDirectory } from '../../support/scratch';

const scratch = scratchDirectory();

test('a process runs until it has ended', async () => {
  expect(isRunning(identifyProcess())).toBe(true);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = identifyProcess(child.pid);
  expect(isRunning(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isRunning(identity)).toBe(false);
});

test('a later process with the same number is another one', () => {
  const { pid, started } = identifyProcess();
  if (started === undefined) return;
  expect(isRunning({ pid, started: `${started}1` })).toBe(false);
});

test('a process is not ended for naming the directory when it is none of the servers', async () => {
  const directory = '/tmp/scaleout-cluster-of-nobody';
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)', `${directory}/servers/x`], {
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  try {
    expect(await endProcessesIn(directory)).toBe(0);
    expect(isRunning(identifyProcess(child.pid))).toBe(true);
  } finally {
    child.kill('SIGKILL');
  }
});

// Elsewhere than on Linux nobody tells where a path ends.
(process.platform === 'linux' ? test : test.skip)(
  'a server is ended in a directory with blanks in its path',
  async () => {
    const directory = join(scratch, 'a folder of  somebody', 'scaleout-cluster-0');
    const program = join(directory, 'postgres', 'bin', 'postgres');
    mkdirSync(join(program, '..'), { recursive: true });
    symlinkSync(process.execPath, program);
    const child = spawn(program, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await once(child, 'spawn');
    expect(await endProcessesIn(directory)).toBe(1);
    await ended;
  },
);

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { orUndefined } from '../../lib/or-undefined';

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's own ticks; absent where the kernel does not say. */
  readonly started?: string;
}

interface RunningProcess {
  readonly pid: number;
  /** The program and its arguments. */
  readonly command: string;
  /** Where it works; empty where the kernel does not say. */
  readonly workingDirectory: string;
}

/** This process, or another one that is running. */
export function identifyProcess(pid: number = process.pid): ProcessIdentity {
  const started = kernelStatus(pid)?.started;
  return started === undefined ? { pid } : { pid, started };
}

/** False for a process that ended, also when its number was given to another one or nobody has reaped it yet. */
export function isRunning(identity: ProcessIdentity): boolean {
  const status = kernelStatus(identity.pid);
  if (status !== undefined) {
    return (
      !'ZX'.includes(status.state) && (identity.started === undefined || identity.started === status.started)
    );
  }
  if (process.platform === 'linux') return false;
  try {
    process.kill(identity.pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** State and start time of a process as Linux tells them; undefined elsewhere and for a process that is gone. */
function kernelStatus(pid: number): { state: string; started: string } | undefined {
  const text = orUndefined(() => readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  if (text === undefined) return undefined;
  // The second field is the program's name in brackets and may itself hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}

/** The programs that this project starts in a cluster's directory: of a server, and of a deploy that is rehearsed. */
const OURS = /^(postgres|initdb|cp|terraform|terraform-provider-[\w.-]+)$/;

/** Whether a process is one of this project's programs, by how it was called. */
function isOurs(command: string): boolean {
  // `postgres: citus citus 127.0.0.1(4711) COPY` is how a backend names itself.
  if (command.startsWith('postgres: ')) return true;
  // Where the kernel tells arguments apart, a path with blanks in it is one.
  const [program = '', script = ''] = command.split(command.includes('\0') ? '\0' : /\s/, 2);
  if (OURS.test(basename(program))) return true;
  // Node runs anything: only the CLI that deploys is ours.
  return basename(program) === 'node' && basename(script) === 'cdktf.js';
}

/**
 * Ends every server that works in `directory`, at once (their data is thrown away). A process is recognised by its
 * program and by the directory in its arguments, never by a number in a file alone: numbers are used again. Where the
 * kernel tells working directories, that finds the children of a postmaster that was killed as well.
 *
 * @returns how many processes there were
 */
export async function endProcessesIn(directory: string): Promise<number> {
  const found = processesIn(directory);
  // SIGQUIT is PostgreSQL's immediate shutdown: the postmaster takes its children with it.
  for (const { pid } of found) signalProcess(pid, 'SIGQUIT');
  for (const waitMs of [10, 20, 50, 100, 200, 400, 800, 1600]) {
    if (processesIn(directory).length === 0) return found.length;
    await sleep(waitMs);
  }
  for (const { pid } of processesIn(directory)) signalProcess(pid, 'SIGKILL');
  return found.length;
}

function processesIn(directory: string): RunningProcess[] {
  return runningProcesses().filter(
    ({ pid, command, workingDirectory }) =>
      pid !== process.pid &&
      (command.includes(`${directory}/`) ||
        command.split('\0').includes(directory) ||
        `${workingDirectory}/`.startsWith(`${directory}/`)) &&
      isOurs(command),
  );
}

function runningProcesses(): RunningProcess[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => ({
        pid: Number(name),
        // A process may be gone, or another user's.
        command: orUndefined(() => readFileSync(`/proc/${name}/cmdline`, 'utf8')) ?? '',
        workingDirectory: orUndefined(() => readlinkSync(`/proc/${name}/cwd`)) ?? '',
      }));
  }
  return execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), command: match[2] ?? '', workingDirectory: '' }));
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  // It may have ended in the meantime.
  orUndefined(() => process.kill(pid, signal));
}

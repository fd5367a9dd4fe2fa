import { spawn } from 'node:child_process';
import path from 'node:path';
import type { ConnectionTarget } from '../../scripts/lib/connection';

const PROGRAM = path.join(__dirname, '..', '..', 'scripts', 'scaleout.js');

/** How one run of the program ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  /** Resolves with the first word the program says, which is when it has something to do. */
  readonly started: Promise<void>;
  readonly ended: Promise<Ended>;
  /** What it said last, for naming a moment. */
  lastLine(): string;
  kill(): void;
}

/** Runs `scaleout tables VERB --spec FILE --json` as a process of its own. */
export function runTables(verb: 'apply' | 'verify', target: ConnectionTarget, spec: string): Run {
  const child = spawn(process.execPath, [PROGRAM, 'tables', verb, '--spec', spec, '--json', '--yes'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PGHOST: target.host,
      PGPORT: String(target.port),
      PGUSER: target.user,
      PGPASSWORD: target.password,
      PGDATABASE: target.database,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status, signal) => {
      resolve({ status, signal, stdout, stderr });
    });
  });
  const started = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      resolve();
    });
    void ended.then(() => {
      resolve();
    });
  });
  return {
    started,
    ended,
    lastLine: () => stderr.trim().split('\n').at(-1) ?? '',
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

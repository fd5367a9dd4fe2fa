import { spawn } from 'node:child_process';
import path from 'node:path';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { testEnvironment } from '../support/environment';

const PROGRAM = path.join(__dirname, '..', '..', 'scripts', 'scaleout.js');

/** How one run of the program ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line that the program said, and when. */
export interface Word {
  readonly line: string;
  /** Seconds since the process was started. */
  readonly at: number;
}

export interface Run {
  readonly ended: Promise<Ended>;
  /** What it said so far. */
  readonly words: readonly Word[];
  /** Resolves once it has said a line of this subject, see {@link subjectOfLine}; never where it does not. */
  said(subject: string): Promise<void>;
  /** What it said last, for naming a moment. */
  lastLine(): string;
  /** Seconds since the process was started. */
  seconds(): number;
  kill(): void;
}

/** The line that ends the plan: what follows is done. */
export const PLAN = 'plan';

/** What a line is about, without the figures that differ from run to run: `distribute events`, `set-not-null:events:id`. */
export function subjectOfLine(line: string): string {
  return (
    line
      .trim()
      .replace(/^Plan: .*/, PLAN)
      .replace(/^([a-z-]+ \S+?)(?::| in) .*/, '$1')
      .split(' (')[0] ?? ''
  );
}

/** Runs `scaleout tables VERB --spec FILE --json` as a process of its own. */
export function runTables(verb: 'apply' | 'plan' | 'verify', target: ConnectionTarget, spec: string): Run {
  return runProgram(target, [
    'tables',
    verb,
    '--spec',
    spec,
    '--json',
    ...(verb === 'apply' ? ['--yes'] : []),
  ]);
}

/** Seconds until the program is loaded and has done nothing yet. */
export async function secondsToLoad(target: ConnectionTarget): Promise<number> {
  const run = runProgram(target, ['tables', 'apply', '--help']);
  await run.ended;
  return run.seconds();
}

/** Runs `scaleout ARGS` against a database as a process of its own. */
export function runProgram(target: ConnectionTarget, args: readonly string[]): Run {
  const from = performance.now();
  const seconds = (): number => (performance.now() - from) / 1000;
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: testEnvironment({
      PGHOST: target.host,
      PGPORT: String(target.port),
      PGUSER: target.user,
      PGPASSWORD: target.password,
      PGDATABASE: target.database,
    }),
  });
  let stdout = '';
  let stderr = '';
  let unfinished = '';
  const words: Word[] = [];
  const waiting: { readonly subject: string; readonly resolve: () => void }[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    const lines = (unfinished + chunk.toString()).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines.filter((each) => each.trim() !== '')) {
      words.push({ line, at: seconds() });
      for (const { subject, resolve } of waiting) if (subjectOfLine(line) === subject) resolve();
    }
  });
  return {
    ended: new Promise((resolve) => {
      child.on('close', (status, signal) => {
        resolve({ status, signal, stdout, stderr });
      });
    }),
    words,
    said: (subject) =>
      words.some(({ line }) => subjectOfLine(line) === subject)
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push({ subject, resolve });
          }),
    lastLine: () => words.at(-1)?.line ?? '',
    seconds,
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

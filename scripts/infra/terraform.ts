import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';

/** How a program ended, and what it wrote. */
export interface ProcessResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

export interface ProcessOptions {
  readonly environment: ProcessEnvironment;
  readonly cwd?: string;
  /** Aborting it ends the program with SIGTERM. */
  readonly signal?: AbortSignal;
  /**
   * Aborting it asks the program to end by itself, once, with SIGINT, and waits until it has. The program leads a process
   * group of its own: on a terminal Ctrl-C would reach it a second time, and a Terraform that is asked twice leaves
   * without writing its state.
   */
  readonly interrupt?: AbortSignal;
  /** Told what comes on stdout, as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Hands the command line to the shell, as `cdktf.json` defines its `app`. @default false */
  readonly shell?: boolean;
}

/**
 * Runs a program to its end and keeps what it wrote. A program that ends with another status than 0 is an answer, not
 * an error.
 *
 * @throws the operating system's error when the program cannot be started (`ENOENT`), or the signal's when aborted
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.shell === undefined ? {} : { shell: options.shell }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      detached: options.interrupt !== undefined,
    });
    const interrupt = (): void => {
      child.kill('SIGINT');
    };
    options.interrupt?.addEventListener('abort', interrupt, { once: true });
    const written = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        written[stream] += text;
        if (stream === 'stdout') options.onOutput?.(text);
      });
    }
    child.on('error', reject);
    // A program ended by a signal has no status of its own.
    child.on('close', (code) => {
      options.interrupt?.removeEventListener('abort', interrupt);
      resolve({ exitCode: code ?? 1, ...written });
    });
  });
}

/**
 * Runs Terraform: `TERRAFORM_BINARY_NAME` (as the cdktf CLI reads it) or `terraform` of the PATH. It asks nothing and
 * reports to nobody, and of the arguments that a person has set for it, only those of commands that make or carry out a
 * plan reach it: what others print is read here.
 *
 * @throws ScaleoutError when Terraform is not installed
 */
export async function runTerraform(args: readonly string[], options: ProcessOptions): Promise<ProcessResult> {
  const binary = options.environment['TERRAFORM_BINARY_NAME'] ?? 'terraform';
  try {
    return await runProcess(binary, args, {
      ...options,
      environment: withRoomForSockets({ ...withoutVariables(options.environment, ARGUMENTS), ...QUIET }),
    });
  } catch (error) {
    if (nodeCodeOf(error) !== 'ENOENT') throw error;
    throw new ScaleoutError(
      'infra.terraform-missing',
      `${binary} is not installed, or not on the PATH: install Terraform, in the version .terraform-version names`,
      { cause: error },
    );
  }
}

const QUIET = {
  CHECKPOINT_DISABLE: '1',
  TF_INPUT: '0',
  TF_IN_AUTOMATION: '1',
} as const;

/** Arguments for every command, or for one that answers a question of this program. */
const ARGUMENTS = /^TF_CLI_ARGS(?!_(?:init|plan|apply)$)/;

/** Of a person's own: what would change which state, which variables or which arguments Terraform takes. */
const CHOICES = /^(?:TF_VAR_|TF_CLI_ARGS|TF_WORKSPACE$|TF_DATA_DIR$)/;

/** The environment of a Terraform that works in a directory of this program's own, where nobody's choices are meant. */
export function withoutChoices(environment: ProcessEnvironment): ProcessEnvironment {
  return withoutVariables(environment, CHOICES);
}

/** An environment without the variables of a pattern. */
export function withoutVariables(environment: ProcessEnvironment, names: RegExp): ProcessEnvironment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.test(name)));
}

/** Plugins listen on sockets in the folder for temporary files, and no path of one may be longer than 103 bytes. */
const LONGEST_TMPDIR = 103 - '/plugin0123456789'.length;

/** The environment with a folder for temporary files that plugins can work in; scripts/cdktf.js does the same. */
export function withRoomForSockets(environment: ProcessEnvironment): ProcessEnvironment {
  const tooLong = Buffer.byteLength(environment['TMPDIR'] ?? '') > LONGEST_TMPDIR;
  return tooLong && existsSync('/tmp') ? { ...environment, TMPDIR: '/tmp' } : environment;
}

/** What a program wrote to its error stream as one paragraph: no colours, no box drawing, no line breaks. */
export function paragraph(text: string): string {
  return (
    text
      // Terminal colours begin with the control character ESC.
      .replace(/\u001b\[[0-9;]*m/g, '')
      .replace(/[╷│╵]/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  );
}

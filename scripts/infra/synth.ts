import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { configDirectory } from '../../config/file/files';
import { ScaleoutError } from '../lib/errors';
import { parseStrictJson } from '../lib/strict-json';
import { stopIfAsked } from '../lib/verb';
import { PROJECT_DIRECTORY } from './project';
import type { ProcessEnvironment, ProcessResult } from './terraform';
import { paragraph, runProcess } from './terraform';

export interface SynthOptions {
  /** Synthesizes every environment as if its config said this stage. @default - what the config says */
  readonly stage?: string | undefined;
  /** Leaves out the environments whose files are wrong, instead of failing. @default false */
  readonly leaveOutUnfinished?: boolean;
  readonly signal?: AbortSignal;
  /** @default process.env */
  readonly environment?: ProcessEnvironment;
  /** The directory that holds `cdktf.json`. @default this project's */
  readonly project?: string;
  /** The command that synthesizes. @default - what cdktf.json says */
  readonly app?: string;
}

const cdktfSchema = z.object({
  app: z.string().min(1),
  context: z.record(z.string(), z.unknown()).optional(),
});

/**
 * Synthesizes into a directory of its own, hands that to `use`, and removes it: who judges the result never judges
 * files somebody left lying there.
 *
 * @throws as {@link synthesize} does
 */
export async function withSynthesis<T>(
  options: SynthOptions,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(path.resolve(tmpdir(), 'scaleout-synth-'));
  try {
    await synthesize(directory, options);
    return await use(directory);
  } catch (error) {
    if (options.signal !== undefined) stopIfAsked(options.signal, 'nothing was changed');
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Synthesizes every environment into a directory, over what lies there.
 *
 * @throws ConfigError when the config is wrong, ScaleoutError with the app's own words when anything else is
 */
export async function synthesize(directory: string, options: SynthOptions): Promise<void> {
  const project = options.project ?? PROJECT_DIRECTORY;
  const { app, context } = await readCdktfJson(project);
  const result = await runProcess(options.app ?? app, [], {
    shell: true,
    cwd: project,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    environment: {
      ...withoutSecrets(options.environment ?? process.env),
      CDKTF_OUTDIR: directory,
      ...(context === undefined ? {} : { CDKTF_CONTEXT_JSON: JSON.stringify(context) }),
      // Set or unset: a stage somebody exported in their shell is not what is deployed.
      SCALEOUT_STAGE: options.stage,
      SCALEOUT_UNFINISHED: options.leaveOutUnfinished === true ? 'leave-out' : undefined,
    },
  });
  if (result.exitCode === 0) return;
  if (project === PROJECT_DIRECTORY) await requireConfig(options.environment ?? process.env);
  throw new ScaleoutError('infra.synthesis-failed', appFault(result));
}

/** The app says what is wrong in words alone. @throws ConfigError with each issue as data, where the config is wrong */
async function requireConfig(environment: ProcessEnvironment): Promise<void> {
  const { loadConfig } = await import('../../config/environment/environment.ts');
  loadConfig(configDirectory(environment));
}

/** What Node.js and the shell say of how they were started, which is no fault of a config. */
const NOISE =
  /^\(node:\d+\) |^\(Use `node --|^Warning: Ignoring extra certs|^Debugger (?:listening|attached)|^For help, see: https:\/\/nodejs|^Waiting for the debugger|\bwarning: setlocale: /;

/** What the app said of a wrong config, line by line, as it is one fault to a line; of a crash, its message. */
function appFault({ exitCode, stderr }: ProcessResult): string {
  const said = stderr
    .split('\n')
    .filter((line) => !NOISE.test(line))
    .join('\n')
    .trim();
  if (said === '') return `the synthesis ended with ${String(exitCode)} and said nothing`;
  if (!/^\s+at /m.test(said)) return said;
  const message = /^(?:\w*Error: )(.+)$/m.exec(said)?.[1] ?? paragraph(said.split('\n')[0] ?? '');
  return `the synthesis failed: ${message}. Run npx cdktf synth to see where`;
}

async function readCdktfJson(project: string): Promise<z.output<typeof cdktfSchema>> {
  try {
    return cdktfSchema.parse(parseStrictJson(await readFile(path.join(project, 'cdktf.json'), 'utf8')));
  } catch (error) {
    throw new ScaleoutError(
      'infra.synthesis-failed',
      `cdktf.json cannot be read (${paragraph(error instanceof Error ? error.message : String(error))}): it names the app that synthesizes, under the key "app"`,
      { cause: error },
    );
  }
}

/** Nothing a synthesis writes may depend on a secret, so it is given none; the cdktf CLI does the same. */
function withoutSecrets(environment: ProcessEnvironment): ProcessEnvironment {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !/^(TF_VAR_|PGPASSWORD$|ARM_.*(SECRET|PASSWORD|TOKEN))/.test(name),
    ),
  );
}

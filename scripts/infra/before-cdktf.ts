import path from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from '../../config/faults';
import { readSynthesis } from '../audit/read';
import { EXIT, explain, ScaleoutError } from '../lib/errors';
import type { VerbContext } from '../lib/verb';
import { guard } from './guard';
import { parseAllowances } from './judged-plan';
import { PROJECT_DIRECTORY, SYNTHESIS } from './project';
import { synthesize } from './synth';
import type { ProcessEnvironment } from './terraform';

/** What `cdktf deploy` and `cdktf destroy` were asked for, as far as a guard has to know it. */
export interface CdktfCommand {
  readonly verb: 'deploy' | 'destroy';
  /** Names of stacks, or patterns with `*`, as typed; none where the one stack there is is meant. */
  readonly stacks: readonly string[];
  readonly output?: string;
  readonly app?: string;
  readonly skipSynth: boolean;
  readonly planArguments: readonly string[];
}

/** Flags of cdktf that take a value; all others stand alone. */
const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const FLAGS = {
  app: { ...text, short: 'a' },
  output: { ...text, short: 'o' },
  parallelism: text,
  'terraform-parallelism': text,
  'outputs-file': text,
  'log-level': text,
  'log-file-directory': text,
  var: texts,
  'var-file': texts,
  'skip-synth': { type: 'boolean' },
  'refresh-only': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/**
 * Reads a command line of cdktf. Undefined for all that neither deploys nor destroys. Pure.
 *
 * @param argv what follows the program's name
 */
export function parseCdktf(argv: readonly string[]): CdktfCommand | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: FLAGS,
    allowPositionals: true,
    strict: false,
  });
  const [verb, ...stacks] = positionals;
  if (verb !== 'deploy' && verb !== 'destroy') return undefined;
  if (values.help === true || values.version === true) return undefined;
  const one = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const many = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  const output = one(values.output);
  const app = one(values.app);
  return {
    verb,
    stacks,
    ...(output === undefined ? {} : { output }),
    ...(app === undefined ? {} : { app }),
    skipSynth: values['skip-synth'] === true,
    planArguments: [
      ...many(values.var).map((each) => `-var=${each}`),
      // Terraform runs somewhere else than the person.
      ...many(values['var-file']).map((each) => `-var-file=${path.resolve(each)}`),
      ...(values['refresh-only'] === true ? ['-refresh-only'] : []),
    ],
  };
}

/** The stacks that names and patterns choose, in their order; what matches nothing is left to cdktf to refuse. Pure. */
export function chosenStacks(patterns: readonly string[], names: readonly string[]): readonly string[] {
  if (patterns.length === 0) return names.length === 1 ? names : [];
  const matchers = patterns.map(
    (pattern) => new RegExp(`^${pattern.split('*').map(escapeRegExp).join('.*')}$`),
  );
  return names.filter((name) => matchers.some((matcher) => matcher.test(name)));
}

/**
 * Guards what `npx cdktf deploy` or `destroy` is about to do, before it does it. SCALEOUT_ALLOW lists what may go ahead.
 *
 * @returns the exit status to end with; 0 lets cdktf go on
 */
export async function guardCdktf(
  command: CdktfCommand,
  context: VerbContext,
  environment: ProcessEnvironment,
): Promise<number> {
  try {
    const allow = parseAllowances(environment['SCALEOUT_ALLOW']);
    const directory = path.resolve(command.output ?? path.join(PROJECT_DIRECTORY, SYNTHESIS));
    if (!command.skipSynth) {
      const app = command.app === undefined ? {} : { app: command.app };
      await synthesize(directory, { environment, signal: context.signal, ...app });
    }
    for (const name of chosenStacks(command.stacks, await stackNames(directory))) {
      const {
        outcome,
        text: said,
        document,
      } = await guard(context, {
        name,
        allow,
        environment,
        directory,
        skipSynth: true,
        destroy: command.verb === 'destroy',
        planArguments: command.planArguments,
      });
      // cdktf shows the plan; what the guards say it does not.
      if (document.findings.length > 0) for (const line of said.split('\n')) context.reporter.info(line);
      if (outcome === 'refused') return EXIT.refused;
    }
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof ScaleoutError || error instanceof ConfigError)) throw error;
    context.reporter.warn(explain(error));
    return error instanceof ScaleoutError ? error.exitCode : EXIT.failed;
  }
}

async function stackNames(directory: string): Promise<readonly string[]> {
  const stacks = await readSynthesis(directory);
  return stacks.map(({ environment }) => environment);
}

function escapeRegExp(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

import path from 'node:path';
import { parseArgs } from 'node:util';
import { readSynthesis } from '../audit/read';
import { EXIT, refused } from '../lib/errors';
import type { VerbContext } from '../lib/verb';
import { guard } from './guard';
import { parseAllowances } from './judged-plan';
import { PROJECT_DIRECTORY, SYNTHESIS } from './project';
import { synthesize } from './synth';
import type { ProcessEnvironment } from './terraform';

/** What `cdktf diff`, `deploy` or `destroy` was asked for, as far as it has to be known here. */
export interface CdktfCommand {
  readonly verb: 'diff' | 'deploy' | 'destroy';
  /** Names of stacks, or patterns with `*`, as typed; none where the one stack there is is meant. */
  readonly stacks: readonly string[];
  readonly output?: string;
  readonly app?: string;
  readonly skipSynth: boolean;
  readonly planArguments: readonly string[];
}

/** What cdktf calls its verbs that plan, deploy or destroy. */
const VERBS: ReadonlyMap<string, CdktfCommand['verb']> = new Map([
  ['diff', 'diff'],
  ['plan', 'diff'],
  ['deploy', 'deploy'],
  ['apply', 'deploy'],
  ['watch', 'deploy'],
  ['destroy', 'destroy'],
]);

/** Flags of cdktf that take a value, and those that a guard has to know; all others stand alone. */
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
  'experimental-provider-schema-cache-path': text,
  var: texts,
  'var-file': texts,
  'skip-synth': { type: 'boolean' },
  'refresh-only': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/**
 * Reads a command line of cdktf as cdktf does: its aliases, its flags in kebab or camel case, and what `CDKTF_` variables
 * say where no flag does. Undefined for all that neither plans, deploys nor destroys. Pure.
 *
 * @param argv what follows the program's name
 * @throws ScaleoutError (refused) for `watch`, which applies every change without a plan that anything could judge first
 */
export function parseCdktf(
  argv: readonly string[],
  environment: ProcessEnvironment = {},
): CdktfCommand | undefined {
  const parsed = parseArgs({
    args: argv.map(inKebabCase),
    options: FLAGS,
    allowPositionals: true,
    strict: false,
  });
  const values = { ...fromVariables(environment), ...parsed.values };
  // cdktf takes them for the value of the flag before them.
  const words = parsed.positionals.filter((each) => each !== 'true' && each !== 'false');
  const [word = '', ...stacks] = words;
  const verb = VERBS.get(word);
  if (verb === undefined || values.help === true || values.version === true) return undefined;
  if (word === 'watch') {
    throw refused(
      'infra.watch-refused',
      'cdktf watch deploys whatever is saved, with no guard before it: nothing was done. Deploy with npx cdktf deploy, or look with npx cdktf diff',
    );
  }
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

function inKebabCase(argument: string): string {
  return argument.replace(/^--[^=]+/, (flag) =>
    flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );
}

/** What cdktf takes from its environment: `CDKTF_OUTPUT` is `--output`. */
function fromVariables(
  environment: ProcessEnvironment,
): Readonly<Record<string, string | string[] | boolean>> {
  const values: Record<string, string | string[] | boolean> = {};
  for (const [name, flag] of Object.entries(FLAGS)) {
    const value = environment[`CDKTF_${name.replaceAll('-', '_').toUpperCase()}`];
    if (value === undefined) continue;
    values[name] = flag.type === 'boolean' ? value === 'true' : 'multiple' in flag ? [value] : value;
  }
  return values;
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
 * @throws ScaleoutError or ConfigError where nothing can be planned
 */
export async function guardCdktf(
  command: CdktfCommand,
  context: VerbContext,
  environment: ProcessEnvironment,
): Promise<number> {
  const allow = parseAllowances(environment['SCALEOUT_ALLOW']);
  const directory = outputDirectory(command);
  await synthesizeFor(command, context, environment);
  for (const name of await requestedStacks(command)) {
    const { outcome, text, document } = await guard(context, {
      name,
      allow,
      environment,
      directory,
      skipSynth: true,
      destroy: command.verb === 'destroy',
      planArguments: command.planArguments,
    });
    // cdktf shows the plan; what the guards say it does not.
    if (document.findings.length > 0) for (const line of text.split('\n')) context.reporter.info(line);
    if (outcome === 'refused') return EXIT.refused;
  }
  return EXIT.done;
}

/** Synthesizes what cdktf is to work on, unless it was told to take what lies there. @throws as {@link synthesize} does */
export async function synthesizeFor(
  command: CdktfCommand,
  { signal }: VerbContext,
  environment: ProcessEnvironment,
): Promise<void> {
  if (command.skipSynth) return;
  const app = command.app === undefined ? {} : { app: command.app };
  await synthesize(outputDirectory(command), { environment, signal, ...app });
}

/** Where cdktf synthesizes to, and runs Terraform. */
export function outputDirectory({ output }: CdktfCommand): string {
  return path.resolve(output ?? path.join(PROJECT_DIRECTORY, SYNTHESIS));
}

/** The stacks that a command chooses, of those that were synthesized. */
export async function requestedStacks(command: CdktfCommand): Promise<readonly string[]> {
  const stacks = await readSynthesis(outputDirectory(command));
  return chosenStacks(
    command.stacks,
    stacks.map(({ environment }) => environment),
  );
}

function escapeRegExp(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

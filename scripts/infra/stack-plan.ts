import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readSynthesis, stackOf } from '../audit/read';
import { statedReason } from '../audit/rule-parts/stated-reason';
import { isAdopted } from '../audit/stack/ignored-changes';
import { ownImports } from '../audit/stack/imports';
import type { Synthesized } from '../audit/stack/synthesized';
import type { VerbContext } from '../lib/verb';
import { stopIfAsked } from '../lib/verb';
import { terraformFailure } from './failure';
import type { GuardContext } from './guards/finding';
import type { TerraformPlan } from './guards/plan-json';
import { parsePlan } from './guards/plan-json';
import { closeStateDirectory } from './local-state';
import { withPrivateDirectory } from './private-directory';
import { PROJECT_DIRECTORY, SYNTHESIS } from './project';
import { passwordPlaceholders } from './role-passwords';
import type { SynthOptions } from './synth';
import { synthesize } from './synth';
import type { ProcessEnvironment, ProcessResult } from './terraform';
import { runTerraform } from './terraform';

/** Where and how the stacks of a project are run; all of it has the project's own as default. */
export interface StackOptions {
  /** @default process.env */
  readonly environment?: ProcessEnvironment;
  /** Where it is synthesized, and where Terraform runs. @default cdktf.out of the project */
  readonly directory?: string;
  /** The command that synthesizes. @default - what cdktf.json says */
  readonly app?: string;
  /** Take what lies in the directory instead of synthesizing. @default false */
  readonly skipSynth?: boolean;
  /** Further arguments of `terraform plan`, such as `-var`. @default - none */
  readonly planArguments?: readonly string[];
}

/** One environment's stack, synthesized and initialised: Terraform can run in it. */
export interface Stack {
  readonly environment: string;
  /** Where Terraform runs. */
  readonly directory: string;
  readonly synthesized: Synthesized;
  /** The same, as its file says it. */
  readonly text: string;
  readonly processEnvironment: ProcessEnvironment;
  readonly planArguments: readonly string[];
  /** Variables of roles that this run fills in, as Terraform ignores the roles' passwords; by the address of the role. */
  readonly missingPasswords: ReadonlyMap<string, string>;
}

/** A plan that lies in a file, and what that file says. */
export interface SavedPlan {
  /** Within a private directory that goes with it: a plan holds passwords in clear text. */
  readonly file: string;
  readonly plan: TerraformPlan;
  /** The plan as `terraform show -json` printed it, with every secret in clear text. */
  readonly text: string;
}

/**
 * Synthesizes as `npx cdktf synth` does, and initialises Terraform for one environment.
 *
 * @throws ScaleoutError when the config is wrong, the environment is unknown, or Terraform cannot be initialised
 */
export async function openStack(
  environment: string,
  context: VerbContext,
  options: StackOptions = {},
): Promise<Stack> {
  const directory = path.resolve(PROJECT_DIRECTORY, options.directory ?? SYNTHESIS);
  const processEnvironment = options.environment ?? process.env;
  if (options.skipSynth !== true) {
    const synth: SynthOptions = {
      environment: processEnvironment,
      signal: context.signal,
      ...(options.app === undefined ? {} : { app: options.app }),
    };
    try {
      await synthesize(directory, synth);
    } catch (error) {
      stopIfAsked(context.signal, 'nothing was changed');
      throw error;
    }
  }
  const synthesized = stackOf(await readSynthesis(directory), environment);
  const stackDirectory = path.join(directory, 'stacks', environment);
  const text = await readFile(path.join(stackDirectory, STACK_FILE), 'utf8');
  return initialise({ environment, directory: stackDirectory, synthesized, text }, context, {
    processEnvironment,
    ...(options.planArguments === undefined ? {} : { planArguments: options.planArguments }),
  });
}

export interface InitialiseOptions {
  readonly processEnvironment: ProcessEnvironment;
  readonly planArguments?: readonly string[];
  /** Further arguments of `terraform init`. @default - none */
  readonly initArguments?: readonly string[];
}

/**
 * Initialises Terraform in a directory that holds a stack.
 *
 * @throws ScaleoutError with the reason in words
 */
export async function initialise(
  of: Pick<Stack, 'environment' | 'directory' | 'synthesized' | 'text'>,
  context: VerbContext,
  { processEnvironment, planArguments = [], initArguments = [] }: InitialiseOptions,
): Promise<Stack> {
  const { environment, directory, synthesized } = of;
  const placeholders = passwordPlaceholders(synthesized, processEnvironment, planArguments);
  const stack = {
    ...of,
    processEnvironment: { ...processEnvironment, ...placeholders.variables },
    missingPasswords: placeholders.missingPasswords,
    planArguments,
  };
  await closeStateDirectory(synthesized, directory);
  const result = await terraform(stack, context, ['init', '-input=false', '-no-color', ...initArguments]);
  if (result.exitCode !== 0) throw terraformFailure(result, { environment, doing: 'init' });
  return stack;
}

export const STACK_FILE = 'cdk.tf.json';

/**
 * Plans into a private temporary directory, hands the plan to `use`, and removes both.
 *
 * @throws ScaleoutError when Terraform cannot plan, with the reason in words
 */
export async function withPlan<T>(
  stack: Stack,
  context: VerbContext,
  options: { readonly destroy?: boolean },
  use: (saved: SavedPlan) => Promise<T>,
): Promise<T> {
  return withPrivateDirectory(async (directory) => {
    const file = path.join(directory, 'plan');
    const planned = await terraform(stack, context, [
      'plan',
      '-json',
      '-input=false',
      `-out=${file}`,
      ...(options.destroy === true ? ['-destroy'] : []),
      ...stack.planArguments,
      // TF_CLI_ARGS_plan may ask for it, and a plan with changes would then count as failed.
      '-detailed-exitcode=false',
    ]);
    const where = { environment: stack.environment, doing: 'plan' } as const;
    if (planned.exitCode !== 0) throw terraformFailure(planned, where);
    const shown = await terraform(stack, context, ['show', '-json', file]);
    if (shown.exitCode !== 0) throw terraformFailure({ ...shown, stdout: '' }, where);
    return use({ file, plan: parsePlan(shown.stdout), text: shown.stdout });
  });
}

/** Runs Terraform in a stack. Ctrl-C ends it in its own time: what it has done by then is in its state. */
export async function terraform(
  stack: Pick<Stack, 'directory' | 'processEnvironment'>,
  { signal }: VerbContext,
  args: readonly string[],
  onOutput?: (text: string) => void,
): Promise<ProcessResult> {
  stopIfAsked(signal, 'nothing was changed');
  const result = await runTerraform([`-chdir=${stack.directory}`, ...args], {
    environment: stack.processEnvironment,
    interrupt: signal,
    ...(onOutput === undefined ? {} : { onOutput }),
  });
  if (args[0] !== 'apply') stopIfAsked(signal, 'nothing was changed');
  return result;
}

/** What the guards know of a stack: the constructs its addresses come from, and why they take a risk. */
export function guardContext({
  synthesized,
  missingPasswords,
}: Pick<Stack, 'synthesized' | 'missingPasswords'>): GuardContext {
  const blocks = new Map(synthesized.resources.map((block) => [block.address, block]));
  return {
    imports: ownImports(synthesized),
    adopted: isAdopted(synthesized),
    missingPasswords,
    constructPath: (address) => blocks.get(address)?.constructPath ?? synthesized.environment,
    statedReason: (address, prop) => {
      const block = blocks.get(address);
      return block && statedReason(block, prop);
    },
  };
}

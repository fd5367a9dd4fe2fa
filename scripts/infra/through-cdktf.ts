import { chmod, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readSynthesis } from '../audit/read';
import { EXIT } from '../lib/errors';
import type { VerbContext } from '../lib/verb';
import type { Orphan } from './orphans';
import { orphansOf, withImports } from './orphans';
import type { CdktfCommand } from './before-cdktf';
import { guardCdktf, outputDirectory, requestedStacks, synthesizeFor } from './before-cdktf';
import { parseDiagnostics } from './diagnostics';
import { terraformFailure } from './failure';
import { withPrivateDirectory } from './private-directory';
import { passwordPlaceholders } from './role-passwords';
import { STACK_FILE } from './stack-plan';
import type { ProcessEnvironment } from './terraform';

/** Runs the cdktf CLI as it was typed, with more arguments and variables, and gives its exit status. */
export type RunCdktf = (more: readonly string[], variables: ProcessEnvironment) => Promise<number>;

/**
 * `npx cdktf diff`, which changes nothing and needs no guard: with no password asked for that Terraform ignores, and with
 * its plan, in which there are passwords, closed to everybody else.
 *
 * @returns the exit status to end with
 * @throws ScaleoutError or ConfigError where nothing can be synthesized
 */
export async function diffThroughCdktf(
  command: CdktfCommand,
  context: VerbContext,
  environment: ProcessEnvironment,
  cdktf: RunCdktf,
): Promise<number> {
  await synthesizeFor(command, context, environment);
  for (const stack of await requestedStacks(command)) {
    const file = path.join(outputDirectory(command), 'stacks', stack, CDKTF_PLAN);
    // Terraform writes into the file that is there, and leaves it the rights that it has.
    await (await open(file, 'a', OWNER_ALONE)).close();
    await chmod(file, OWNER_ALONE);
  }
  return cdktf(command.skipSynth ? [] : ['--skip-synth'], await placeholders(command, environment));
}

/** Where cdktf has Terraform leave the plan that it shows, beside the stack. */
const CDKTF_PLAN = 'plan';
const OWNER_ALONE = 0o600;

/**
 * `npx cdktf deploy` or `destroy` with the guards before it. What a killed deploy left in Azure is taken over as
 * {@link deploy} does, so that the same command finishes the job; what fails otherwise is explained in one paragraph.
 *
 * @returns the exit status to end with
 * @throws ScaleoutError with the reason in words where Terraform fails, a guard cannot plan, or what exists is somebody
 *   else's; ConfigError where the config is wrong
 */
export async function throughCdktf(
  command: CdktfCommand,
  context: VerbContext,
  environment: ProcessEnvironment,
  cdktf: RunCdktf,
): Promise<number> {
  const refusal = await guardCdktf(command, context, environment);
  if (refusal !== EXIT.done) return refusal;
  const passwords = await placeholders(command, environment);
  // What the guards judged is synthesized, and nothing else is to be deployed.
  const asJudged = command.skipSynth ? [] : ['--skip-synth'];
  const [stack, another] = await requestedStacks(command);
  // The log does not say of which of several stacks it tells; a person who wants to read it themselves gets it.
  const logged = another === undefined && !Object.keys(environment).some((name) => name.startsWith('TF_LOG'));
  if (stack === undefined || !logged) return cdktf(asJudged, passwords);

  const { reporter, signal } = context;
  const file = path.join(outputDirectory(command), 'stacks', stack, STACK_FILE);
  const text = await readFile(file, 'utf8');
  const orphans: Orphan[] = [];
  try {
    for (;;) {
      const { status, log } = await withErrorLog((variables) =>
        cdktf(asJudged, { ...variables, ...passwords }),
      );
      if (status === EXIT.done || signal.aborted || parseDiagnostics(log).length === 0) return status;
      const found = orphansOf(log).filter(({ id }) => !orphans.some((known) => known.id === id));
      if (found.length === 0 || command.verb === 'destroy') {
        const where = { environment: stack, doing: 'apply' } as const;
        throw terraformFailure({ exitCode: status, stdout: log, stderr: '' }, where);
      }
      for (const { id } of found) {
        reporter.warn(`${id} exists already: looking whether an earlier deploy left it behind`);
      }
      orphans.push(...found);
      await writeFile(file, withImports(text, orphans));
      const again = await guardCdktf({ ...command, skipSynth: true }, context, environment);
      if (again !== EXIT.done) return again;
    }
  } finally {
    if (orphans.length > 0) await writeFile(file, text);
  }
}

/** Values for the passwords that nobody gave and Terraform ignores, as the guards had them. */
async function placeholders(
  command: CdktfCommand,
  environment: ProcessEnvironment,
): Promise<ProcessEnvironment> {
  const requested = await requestedStacks(command);
  const stacks = await readSynthesis(outputDirectory(command));
  const variables = stacks
    .filter((stack) => requested.includes(stack.environment))
    .map((stack) => passwordPlaceholders(stack, environment, command.planArguments).variables);
  return Object.fromEntries(variables.flatMap((each) => Object.entries(each)));
}

/** The errors of Terraform, which cdktf prints for people alone, wrapped and coloured. */
async function withErrorLog(
  run: (variables: ProcessEnvironment) => Promise<number>,
): Promise<{ readonly status: number; readonly log: string }> {
  return withPrivateDirectory(async (directory) => {
    const file = path.join(directory, 'errors.log');
    const status = await run({ TF_LOG_CORE: 'ERROR', TF_LOG_PATH: file });
    // There is none where nothing went wrong.
    return { status, log: await readFile(file, 'utf8').catch(() => '') };
  });
}

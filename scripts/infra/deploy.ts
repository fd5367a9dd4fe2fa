import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAdopting } from '../audit/stack/imports';
import { InterruptedError, ScaleoutError } from '../lib/errors';
import { duration } from '../lib/reporter';
import type { VerbContext, VerbResult } from '../lib/verb';
import type { Orphan } from './orphans';
import { orphansOf, requireOwn, withImports } from './orphans';
import { applyProgress } from './apply-progress';
import { explainFailure, terraformFailure } from './failure';
import type { Finding } from './guards/finding';
import type { PlannedChange } from './guards/words';
import { setImported } from './guards/words';
import type { ImportedResource, JudgedPlan } from './judged-plan';
import { judgePlan, reportIdle } from './judged-plan';
import type { SavedPlan, Stack, StackOptions } from './stack-plan';
import { openStack, STACK_FILE, terraform, withPlan } from './stack-plan';

export interface DeployInput extends StackOptions {
  /** Name of the environment. */
  readonly name: string;
  /** Ids of findings that somebody said yes to. */
  readonly allow: readonly string[];
  /** Milliseconds until the next try, while Azure still works on what a killed deploy began. @default 15,000 */
  readonly pauseMs?: number;
  /** @default - nobody */
  readonly witness?: DeployWitness;
}

/** Sees what a deploy is about to do, and may stop it by throwing. */
export interface DeployWitness {
  /** Before anything is planned. */
  readonly opened: (stack: Stack) => Promise<void>;
  /** Before each plan is applied; where nothing is to be done, too. */
  readonly planned: (saved: SavedPlan) => void;
  /** Once a new plan is empty. */
  readonly verified: (saved: SavedPlan) => void;
}

/** As long as the provider itself waits for a cluster, milliseconds: three hours. */
const PATIENCE_MS = 3 * 3600 * 1000;

/** What a deploy did: `deploy --json`. */
export interface DeployDocument {
  readonly formatVersion: 1;
  readonly environment: string;
  /** False when a guard stopped it, or when Terraform is not content with what it made. */
  readonly ok: boolean;
  /** What was applied; what would have been, where a guard stopped it. */
  readonly changes: readonly PlannedChange[];
  /** What a deploy before this one had left in Azure without its state knowing. */
  readonly adopted: readonly Orphan[];
  /** What was there before Terraform came, and is in its state now. */
  readonly imported: readonly ImportedResource[];
  readonly findings: readonly Finding[];
  /** Ids of findings that were allowed. */
  readonly allowed: readonly string[];
  /** What Terraform would do next: nothing, if all is well. */
  readonly pending: readonly PlannedChange[];
  /** Of the apply alone. */
  readonly seconds: number;
}

/**
 * Plans, judges, asks, applies exactly the plan that was judged, and looks whether anything is left to do. What a
 * killed deploy left in Azure is taken over if it is the environment's own, and the plan with it judged again.
 *
 * Killed at any point, or stopped with Ctrl-C, the same command goes on from there.
 *
 * @returns `refused` when a guard says no, `failed` when Terraform is not content afterwards
 * @throws ScaleoutError when Terraform fails, with the reason in words; refused for what is somebody else's
 */
export async function deploy(context: VerbContext, input: DeployInput): Promise<VerbResult<DeployDocument>> {
  const { name, allow, witness, pauseMs = 15_000, ...options } = input;
  const stack = await openStack(name, context, options);
  await witness?.opened(stack);
  const { judged, adopted, seconds } = await applyWithOrphans(context, stack, { allow, pauseMs, witness });
  const { judgement, changes, findings } = judged;
  const document = {
    formatVersion: 1,
    environment: name,
    changes,
    adopted,
    imported: judgement.refused.length > 0 ? [] : judged.imports,
    findings,
    allowed: judgement.allowed,
    seconds,
  } as const;
  if (judgement.refused.length > 0) {
    return { document: { ...document, ok: false, pending: changes }, text: judged.text, outcome: 'refused' };
  }
  if (!judged.pending) {
    return { document: { ...document, ok: true, pending: [] }, text: judged.text, outcome: 'done' };
  }
  const left = await planAfterwards(context, stack, allow, witness);
  const ok = left.changes.length === 0;
  return {
    document: { ...document, ok, pending: left.changes },
    text: ok
      ? `${done(name, judged, seconds)}; a new plan is empty. ${next(stack, judged)}`
      : `${name} was applied in ${duration(seconds)}, and Terraform wants to change it again, which should not be:\n${left.text}`,
    outcome: ok ? 'done' : 'failed',
  };
}

/** What Terraform would do next: nothing, if all is well. */
export async function planAfterwards(
  context: VerbContext,
  stack: Stack,
  allow: readonly string[],
  witness?: Pick<DeployWitness, 'verified'>,
): Promise<JudgedPlan> {
  return withPlan(stack, context, {}, (saved) => {
    const left = judgePlan(stack, saved.plan, allow);
    if (left.changes.length === 0) witness?.verified(saved);
    return Promise.resolve(left);
  });
}

function done(name: string, { imports }: JudgedPlan, seconds: number): string {
  return imports.length === 0
    ? `${name} is as its config says, after ${duration(seconds)}`
    : `${name} took over ${imports.length} ${imports.length === 1 ? 'resource' : 'resources'} in ${duration(seconds)}, and nothing changed in Azure`;
}

function next(stack: Stack, { imports }: JudgedPlan): string {
  const { environment, synthesized } = stack;
  if (imports.length > 0) {
    return `Next: ${setImported(environment)}; then harden or scale it, in a change of its own`;
  }
  const tables = `npx scaleout tables plan --env ${environment}`;
  return isAdopting(synthesized) ? `Next: ${setImported(environment)}; then ${tables}` : `Next: ${tables}`;
}

interface Applied {
  readonly judged: JudgedPlan;
  readonly adopted: readonly Orphan[];
  readonly seconds: number;
}

/** What holds for each round of an apply. */
interface Rounds {
  readonly allow: readonly string[];
  readonly pauseMs: number;
  readonly witness: DeployWitness | undefined;
}

/**
 * Applies, and again with the orphans that the apply ran into, until it runs into no others and Azure has done with
 * what it was asked for them.
 */
async function applyWithOrphans(
  context: VerbContext,
  stack: Stack,
  { allow, pauseMs, witness }: Rounds,
): Promise<Applied> {
  const file = path.join(stack.directory, STACK_FILE);
  const deadline = performance.now() + PATIENCE_MS;
  const orphans: Orphan[] = [];
  let seconds = 0;
  try {
    for (;;) {
      const round = await withPlan(stack, context, {}, async (saved) => {
        requireOwn(saved.plan, stack.synthesized);
        const judged = judgePlan(stack, saved.plan, allow);
        if (orphans.length === 0) reportIdle(context, judged);
        witness?.planned(saved);
        if (!judged.pending) witness?.verified(saved);
        const idle = judged.judgement.refused.length > 0 || !judged.pending;
        const outcome = idle ? undefined : await applyPlan(context, stack, saved, judged);
        return { judged, ...outcome };
      });
      seconds += round.seconds ?? 0;
      const found = (round.orphans ?? []).filter(({ id }) => !orphans.some((known) => known.id === id));
      if (round.failure === undefined) return { judged: round.judged, adopted: orphans, seconds };
      if (found.length === 0) {
        if (!isAtWork(round.failure, orphans) || performance.now() > deadline) throw round.failure;
        await untilNextTry(context, pauseMs);
      }
      for (const { id } of found) {
        context.reporter.warn(`${id} exists already: looking whether an earlier deploy left it behind`);
      }
      orphans.push(...found);
      await writeFile(file, withImports(stack.text, orphans));
    }
  } finally {
    if (orphans.length > 0) await writeFile(file, stack.text);
  }
}

/** Whether Azure still works on what was taken over, and on nothing else that it was asked to change. */
function isAtWork({ code, details }: ScaleoutError, orphans: readonly Orphan[]): boolean {
  const { addresses, others } = details;
  return (
    code === 'infra.operation-under-way' &&
    others === 0 &&
    Array.isArray(addresses) &&
    addresses.every((address) => orphans.some((orphan) => orphan.address === address))
  );
}

/** @throws InterruptedError when somebody stops the wait */
async function untilNextTry({ reporter, signal }: VerbContext, pauseMs: number): Promise<void> {
  reporter.warn('Azure still works on what an earlier deploy began: trying again when it may have ended');
  await sleep(pauseMs, undefined, { signal }).catch(() => {
    throw new InterruptedError(
      'stopped as asked, while Azure works on what an earlier deploy began: the same command goes on from there',
    );
  });
}

/** How an apply ended; what failed is not thrown, as there may be a way on. */
interface Outcome {
  readonly seconds: number;
  readonly failure?: ScaleoutError;
  readonly orphans?: readonly Orphan[];
}

/**
 * Asks, and applies a plan.
 *
 * @param resume how to go on where it is stopped half-way, as the rest of a sentence
 * @throws ScaleoutError where the answer is no; InterruptedError where it was stopped
 */
export async function applyPlan(
  context: VerbContext,
  stack: Stack,
  { file }: SavedPlan,
  judged: JudgedPlan,
  resume = 'the same command goes on from there',
): Promise<Outcome> {
  const { environment } = stack;
  const { reporter, signal, confirm } = context;
  reporter.heading(`What will happen to ${environment}`);
  for (const line of judged.text.split('\n')) reporter.info(line);
  if (!(await confirm(`Apply exactly this to ${environment}?`))) {
    throw new ScaleoutError('input.declined', `nothing was applied to ${environment}, as answered`);
  }
  const started = performance.now();
  const progress = reporter.progress('apply', judged.changes.length, 'steps');
  let done = 0;
  const failed = new Set<string>();
  const follow = applyProgress((now) => {
    done = now.done;
    progress.update(now.done, now.detail);
    // What is broken off because somebody stopped the apply did not fail.
    if (now.failed === undefined || signal.aborted) return;
    failed.add(now.failed);
    reporter.warn(`${now.failed} failed. Terraform says why when the others have ended, or after Ctrl-C`);
  });
  const result = await terraform(stack, context, ['apply', '-json', '-input=false', file], follow);
  const seconds = (performance.now() - started) / 1000;
  progress.finish(result.exitCode === 0 ? undefined : 'broken off');
  if (result.exitCode === 0) return { seconds };
  const output = `${result.stdout}\n${result.stderr}`;
  if (signal.aborted) {
    if (judged.imports.length > 0) {
      throw new InterruptedError(
        'stopped as asked: nothing changed in Azure, and the same command takes over what is left',
      );
    }
    const why =
      failed.size === 0
        ? ''
        : `. Before that, ${explainFailure(output, { environment, doing: 'apply' }, failed).message}`;
    throw new InterruptedError(
      `stopped as asked, with ${String(done)} of ${String(judged.changes.length)} steps done and in the state: ${resume}${why}`,
    );
  }
  return {
    seconds,
    failure: terraformFailure(result, { environment, doing: 'apply' }),
    orphans: orphansOf(output),
  };
}

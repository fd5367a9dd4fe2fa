import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { shownPath } from '../../config/file/files';
import { applyPlan, planAfterwards } from '../infra/deploy';
import type { PlannedChange } from '../infra/guards/words';
import { judgePlan } from '../infra/judged-plan';
import type { JudgedPlan } from '../infra/judged-plan';
import { requireOwn } from '../infra/orphans';
import { withPrivateDirectory } from '../infra/private-directory';
import { PROJECT_DIRECTORY, SYNTHESIS } from '../infra/project';
import type { SavedPlan, Stack, StackOptions } from '../infra/stack-plan';
import { initialise, STACK_FILE, withPlan } from '../infra/stack-plan';
import { bytesDigest, contentDigest } from '../lib/digest';
import { refused, ScaleoutError } from '../lib/errors';
import { duration } from '../lib/reporter';
import { signingKey } from '../lib/signature';
import { thisTool } from '../lib/tool';
import type { VerbContext, VerbResult } from '../lib/verb';
import { requireBundleFor } from './admit';
import type { Bundle } from './bundle';
import { checkBundle } from './bundle';
import { readBundleFiles } from './bundle-files';
import { describeDifferences, planDifferences } from './plan-difference';
import { readPlan } from './plan-meaning';
import type { Receipt } from './receipt';
import type { ReceiptBook } from './receipt-files';
import { openReceiptBook, writeReceipt } from './receipt-files';
import { clusterOf, isSameDecision, reviewOf } from './review';
import { secretsOfProcess } from './secrets';
import { dayOf, policyOf, requirePassed, verdictOf } from './verdict';

export interface ApplyInput extends Pick<StackOptions, 'environment' | 'directory'> {
  /** Name of the environment. */
  readonly name: string;
  /** The directory of the bundle. */
  readonly bundle: string;
  /** Where receipts lie. @default .scaleout/receipts beside the synthesis */
  readonly receipts?: string;
  /** Milliseconds since 1970. @default the clock */
  readonly now?: () => number;
}

/** What an apply did: `apply --json`. */
export interface ApplyDocument {
  readonly formatVersion: 1;
  readonly environment: string;
  /** False where Terraform is not content with what it made. */
  readonly ok: boolean;
  readonly bundleDigest: string;
  readonly changes: readonly PlannedChange[];
  /** What Terraform would do next: nothing, if all is well. */
  readonly pending: readonly PlannedChange[];
  readonly receipt: Receipt | null;
  readonly seconds: number;
}

/** Where receipts lie that nobody named a directory for. */
export function usualReceipts(directory: string | undefined): string {
  return path.join(homeOf(directory), '.scaleout', 'receipts');
}

/** The directory that the synthesis and local states lie in. */
function homeOf(directory: string | undefined): string {
  return path.dirname(path.resolve(PROJECT_DIRECTORY, directory ?? SYNTHESIS));
}

/**
 * Applies what a bundle says, or nothing: verifies it, plans from its files and no others, and holds that plan against the
 * one that was reviewed. Nothing is synthesized.
 *
 * @throws ScaleoutError (refused) where the bundle is not as it was written, of somewhere else, or no longer fits; otherwise
 *   where Terraform fails
 */
export async function applyBundle(
  context: VerbContext,
  input: ApplyInput,
): Promise<VerbResult<ApplyDocument>> {
  const { name, now = Date.now } = input;
  const environment = input.environment ?? process.env;
  const policy = await policyOf(environment);
  const keys = policy.signingKeys ?? [];
  const bundle = checkBundle(readBundleFiles(input.bundle), keys, now());
  requireBundleFor(bundle, name);
  // Waivers end, and a bundle brings its verdict along: the file itself is judged again, by the policy of today.
  const verdict = verdictOf(name, [bundle.stack], policy, dayOf(now()));
  requirePassed(verdict);
  const key = signingKey(environment, keys);
  const receipts = input.receipts ?? usualReceipts(input.directory);
  const book = openReceiptBook(receipts, name, keys, now());
  return withBundledStack(context, bundle, input, async (stack) => {
    const { judged, seconds } = await applyReviewed(context, stack, bundle, environment);
    let cluster: string | null = null;
    const left = await planAfterwards(context, stack, bundle.plan.review.allowed, {
      verified: ({ plan }) => {
        cluster = clusterOf(plan);
      },
    });
    const written =
      left.changes.length > 0
        ? undefined
        : writeReceipt(
            book,
            {
              environment: name,
              cluster,
              releaseDigest: bundle.manifest.releaseDigest,
              bundleDigest: bundle.manifest.digest,
              planDigest: contentDigest(bundle.plan.meaning),
              stackDigest: bytesDigest(bundle.stackText),
              verdict: verdict.verdict,
              policyDigest: verdict.policyDigest,
              changes: judged.changes.length,
              tool: thisTool(),
              terraform: bundle.versions.terraform,
              writtenAt: new Date(now()).toISOString(),
            },
            key,
          );
    return resultOf(bundle, judged, left, { seconds, written, book });
  });
}

function resultOf(
  { manifest, signedBy }: Bundle,
  judged: JudgedPlan,
  left: JudgedPlan,
  {
    seconds,
    written,
  }: {
    readonly seconds: number;
    readonly written: ReturnType<typeof writeReceipt> | undefined;
    readonly book: ReceiptBook;
  },
): VerbResult<ApplyDocument> {
  const { environment } = manifest;
  const ok = written !== undefined;
  return {
    document: {
      formatVersion: 1,
      environment,
      ok,
      bundleDigest: manifest.digest,
      changes: judged.changes,
      pending: left.changes,
      receipt: written?.receipt ?? null,
      seconds,
    },
    text: ok
      ? `${environment} is as the bundle says, after ${duration(seconds)}; a new plan is empty. ${receiptText(written, signedBy)}`
      : `the bundle was applied to ${environment} in ${duration(seconds)}, and Terraform wants to change it again, which should not be:\n${left.text}`,
    outcome: ok ? 'done' : 'failed',
  };
}

/** Where a receipt lies, and whose word it is. */
export function receiptText(
  { file, receipt }: ReturnType<typeof writeReceipt>,
  signedBy: string | undefined,
): string {
  const signed =
    receipt.signature === undefined
      ? 'not signed, as the policy names no key'
      : `signed${signedBy === undefined ? '' : `, as the bundle was by ${signedBy}`}`;
  return `Receipt ${String(receipt.sequence)} of ${receipt.environment}: ${shownPath(file)} (${signed})`;
}

/**
 * Puts the files of a bundle into a directory of their own, at the depth below the project at which states are looked for that
 * lie on this machine, and initialises Terraform with the providers that the lock file pins and no others.
 */
async function withBundledStack<T>(
  context: VerbContext,
  bundle: Bundle,
  { directory, environment = process.env }: Pick<StackOptions, 'environment' | 'directory'>,
  use: (stack: Stack) => Promise<T>,
): Promise<T> {
  if ((environment['TF_REATTACH_PROVIDERS'] ?? '') !== '') {
    throw new ScaleoutError(
      'release.unlocked-provider',
      'TF_REATTACH_PROVIDERS is set, so Terraform would talk to a provider that the lock file of the bundle does not pin: unset it; nothing was changed',
    );
  }
  const parent = path.join(homeOf(directory), '.scaleout');
  await mkdir(parent, { recursive: true });
  return withPrivateDirectory(
    async (own) => {
      const { environment: name } = bundle.manifest;
      const place = path.join(own, name);
      await mkdir(place);
      await writeFile(path.join(place, STACK_FILE), bundle.stackText, { flag: 'wx' });
      await writeFile(path.join(place, '.terraform.lock.hcl'), bundle.lockText, { flag: 'wx' });
      const stack = {
        environment: name,
        directory: place,
        synthesized: bundle.stack,
        text: bundle.stackText,
      };
      return use(
        await initialise(stack, context, {
          processEnvironment: environment,
          initArguments: ['-lockfile=readonly'],
        }),
      );
    },
    { parent, prefix: 'apply-' },
  );
}

/** What holds once an apply began and did not end. */
const LEFT_HALF_WAY =
  'what was done by then stays, and the bundle fits no longer, so plan again and review what is left';
const HINT = 'Fix the cause that the message names, then plan again.';

function sentenceStart(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function applyReviewed(
  context: VerbContext,
  stack: Stack,
  bundle: Bundle,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly judged: JudgedPlan; readonly seconds: number }> {
  return withPlan(stack, context, {}, async (saved) => {
    requireOwn(saved.plan, stack.synthesized);
    const judged = judgePlan(stack, saved.plan, bundle.plan.review.allowed);
    requireReviewed(bundle, stack, saved, judged, environment);
    if (!judged.pending) return { judged, seconds: 0 };
    // It was reviewed, so nobody is asked again.
    const agreed = { ...context, confirm: () => Promise.resolve(true) };
    const { seconds, failure } = await applyPlan(agreed, stack, saved, judged, LEFT_HALF_WAY);
    if (failure !== undefined) {
      const { code, message, exitCode, details } = failure;
      throw new ScaleoutError(code, `${message}. ${sentenceStart(LEFT_HALF_WAY)}`, {
        exitCode,
        details,
        cause: failure,
        hint: HINT,
      });
    }
    return { judged, seconds };
  });
}

/** @throws ScaleoutError (refused) where the plan is another one than was reviewed, by name */
function requireReviewed(
  { plan, manifest }: Bundle,
  stack: Stack,
  saved: SavedPlan,
  judged: JudgedPlan,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const now = readPlan(saved.text, secretsOfProcess(environment));
  const fresh = reviewOf(stack.environment, saved.plan, now, judged);
  if (fresh.cluster !== manifest.cluster) {
    throw refused(
      'release.other-environment',
      `the bundle is for the cluster ${manifest.cluster ?? 'that it creates'}, and ${manifest.environment} has ${fresh.cluster ?? 'none'}: plan again and have that reviewed; nothing was changed`,
    );
  }
  const differences = planDifferences(plan.meaning, now);
  if (differences.length > 0) {
    throw refused(
      'release.other-plan',
      `the plan of ${manifest.environment} is another one than was reviewed on ${manifest.createdAt.slice(0, 10)}: ${describeDifferences(differences)}. Plan again and have that reviewed; nothing was changed`,
      { details: { differences } },
    );
  }
  if (fresh.review.ok && isSameDecision(fresh.review, plan.review)) return;
  throw refused(
    'release.not-reviewed-well',
    `the guards of this program say something else of the plan of ${manifest.environment} than was reviewed, as those of version ${manifest.tool.version} (${manifest.tool.commit ?? 'no commit'}) did: plan again with this program and have that reviewed; nothing was changed`,
  );
}

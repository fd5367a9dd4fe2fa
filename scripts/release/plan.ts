import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readSynthesis } from '../audit/read';
import { shownPath } from '../../config/file/files';
import { requireOwn } from '../infra/orphans';
import type { Finding } from '../infra/guards/finding';
import type { PlannedChange } from '../infra/guards/words';
import type { JudgedPlan } from '../infra/judged-plan';
import { judgePlan, reportIdle } from '../infra/judged-plan';
import type { SavedPlan, Stack, StackOptions } from '../infra/stack-plan';
import { openStack, withPlan } from '../infra/stack-plan';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';
import { signingKey } from '../lib/signature';
import { thisTool } from '../lib/tool';
import type { VerbContext, VerbResult } from '../lib/verb';
import type { AuditVerdict, Bundle, ReviewedPlan } from './bundle';
import { checkBundle, composeBundle } from './bundle';
import { requireReplaceableBundle, writeBundleFiles } from './bundle-files';
import type { LockedProvider } from './lock-file';
import { lockedProviders, unlockedProviders } from './lock-file';
import type { ReadPlan } from './plan-meaning';
import { readPlan } from './plan-meaning';
import { currentRelease } from './release-files';
import { reviewOf } from './review';
import { secretsOfProcess } from './secrets';
import { dayOf, policyOf, verdictOf } from './verdict';

export interface PlanInput extends StackOptions {
  /** Name of the environment. */
  readonly name: string;
  /** Ids of findings that somebody said yes to; they are part of what is reviewed. */
  readonly allow: readonly string[];
  /** The directory of the bundle. */
  readonly out: string;
  /** The plan of the tables, or why there is none. @default - none, as no database is at hand */
  readonly tables?: () => Promise<{ readonly plan: object } | { readonly why: string }>;
  /** Milliseconds since 1970. @default the clock */
  readonly now?: number;
}

/** What was written: `plan --json`. */
export interface PlanDocument {
  readonly formatVersion: 1;
  readonly environment: string;
  /** False where a guard or the audit says no: the bundle is there to be read, and cannot be applied. */
  readonly ok: boolean;
  readonly bundle: {
    readonly directory: string;
    readonly digest: string;
    readonly planDigest: string;
    readonly releaseDigest: string;
    readonly signedBy: string | null;
  };
  readonly audit: Pick<AuditVerdict, 'verdict'> & Pick<AuditVerdict['document'], 'counts'>;
  /** `planned`, or why there is no plan of the tables. */
  readonly tables: string;
  readonly changes: readonly PlannedChange[];
  readonly findings: readonly Finding[];
}

interface Planned {
  readonly judged: JudgedPlan;
  readonly read: ReadPlan;
  readonly plan: ReviewedPlan;
}

/**
 * Plans an environment and writes down for a review all that an apply needs: the stack, its lock file, the plan by its
 * meaning and in words, the audit, the versions. Changes nothing in Azure. No secret is in any file of it.
 *
 * Killed at any point, the same command writes the bundle whole.
 *
 * @returns `refused` when a guard or the audit says no
 * @throws ScaleoutError where the bundle cannot be written, Terraform fails, or a secret would be in a file
 */
export async function planBundle(context: VerbContext, input: PlanInput): Promise<VerbResult<PlanDocument>> {
  const { name, allow, out, tables, now = Date.now(), ...options } = input;
  const environment = options.environment ?? process.env;
  requireReplaceableBundle(out);
  const policy = await policyOf(environment);
  const keys = policy.signingKeys ?? [];
  const key = signingKey(environment, keys);
  const stack = await openStack(name, context, options);
  // What lies there is what was planned: all stacks of the synthesis, this one among them.
  const stacks = await readSynthesis(path.dirname(path.dirname(stack.directory)));
  const audit = verdictOf(name, stacks, policy, dayOf(now));
  const { text: lockText, providers } = await lockOf(stack);
  const { judged, read, plan } = await withPlan(stack, context, {}, (saved) =>
    Promise.resolve(judgeForReview(context, stack, saved, allow, environment)),
  );
  const tablesPlan = (await tables?.()) ?? { why: 'no database is at hand' };
  const files = composeBundle({
    environment: name,
    createdAt: new Date(now).toISOString(),
    tables: 'plan' in tablesPlan ? 'planned' : tablesPlan.why,
    ...('plan' in tablesPlan ? { tablesPlan: tablesPlan.plan } : {}),
    plan,
    audit,
    versions: { formatVersion: 1, tool: thisTool(), terraform: plan.meaning.terraform, providers },
    release: currentRelease(environment),
    stackText: stack.text,
    lockText,
    secrets: read.secrets,
    key,
  });
  // Whoever applies it verifies it the same way; what would not pass there is found out here.
  const bundle = checkBundle(files, keys, now);
  writeBundleFiles(out, files);
  return resultOf(out, bundle, judged.pending);
}

function resultOf(
  out: string,
  { manifest, signedBy, plan, audit }: Bundle,
  pending: boolean,
): VerbResult<PlanDocument> {
  const { environment } = manifest;
  const ok = plan.review.ok && audit.verdict === 'passed';
  return {
    document: {
      formatVersion: 1,
      environment,
      ok,
      bundle: {
        directory: path.resolve(out),
        digest: manifest.digest,
        planDigest: manifest.planDigest,
        releaseDigest: manifest.releaseDigest,
        signedBy: signedBy ?? null,
      },
      audit: { verdict: audit.verdict, counts: audit.document.counts },
      tables: manifest.tables,
      changes: plan.review.changes,
      findings: plan.review.findings,
    },
    text: plan.review.text,
    verdict: planVerdict(out, environment, {
      ok,
      audit,
      signedBy,
      tables: manifest.tables,
      digest: manifest.digest,
    }),
    outcome: ok ? (pending ? 'changes' : 'done') : 'refused',
  };
}

function judgeForReview(
  context: VerbContext,
  stack: Stack,
  saved: SavedPlan,
  allow: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Planned {
  requireOwn(saved.plan, stack.synthesized);
  const judged = judgePlan(stack, saved.plan, allow);
  reportIdle(context, judged);
  const read = readPlan(saved.text, secretsOfProcess(environment));
  return { judged, read, plan: reviewOf(stack.environment, saved.plan, read, judged) };
}

const LOCK_FILE = '.terraform.lock.hcl';

/** The lock file that `terraform init` has left. @throws ScaleoutError where it does not pin each provider to a package */
async function lockOf(
  stack: Stack,
): Promise<{ readonly text: string; readonly providers: readonly LockedProvider[] }> {
  let text = '';
  try {
    text = await readFile(path.join(stack.directory, LOCK_FILE), 'utf8');
  } catch (error) {
    if (nodeCodeOf(error) !== 'ENOENT') throw error;
  }
  const providers = lockedProviders(text);
  const [unlocked] = unlockedProviders(stack.synthesized, providers);
  if (unlocked === undefined) return { text, providers };
  throw new ScaleoutError(
    'release.unlocked-provider',
    `${LOCK_FILE} of ${stack.environment} has no hash of the provider ${unlocked}, so another program by its name could apply what is reviewed: let terraform init take it from a registry or a mirror (no dev_overrides, no TF_REATTACH_PROVIDERS), then plan again; nothing was changed`,
  );
}

function planVerdict(
  out: string,
  name: string,
  {
    ok,
    audit,
    signedBy,
    tables,
    digest,
  }: {
    readonly ok: boolean;
    readonly audit: AuditVerdict;
    readonly signedBy: string | undefined;
    readonly tables: string;
    readonly digest: string;
  },
): string {
  const directory = shownPath(path.resolve(out));
  const signed = signedBy === undefined ? 'not signed, as the policy names no key' : `signed by ${signedBy}`;
  return [
    `Bundle ${digest} in ${directory}, ${signed}.`,
    ...(tables === 'planned' ? [] : [`It holds no plan of the tables: ${tables}.`]),
    ok
      ? `Review ${path.join(directory, 'review.txt')}; then: npx scaleout apply ${name} --bundle ${directory}`
      : `It is there to be read and cannot be applied: ${audit.verdict === 'refused' ? `the audit found ${String(audit.document.counts.error)} errors` : 'a guard refuses the plan'}.`,
  ].join('\n');
}

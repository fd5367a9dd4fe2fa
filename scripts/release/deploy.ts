import path from 'node:path';
import { readSynthesis } from '../audit/read';
import type { Synthesized } from '../audit/stack/synthesized';
import { deploy } from '../infra/deploy';
import type { DeployDocument, DeployInput, DeployWitness } from '../infra/deploy';
import { bytesDigest, contentDigest } from '../lib/digest';
import { ScaleoutError } from '../lib/errors';
import { signingKey } from '../lib/signature';
import { thisTool } from '../lib/tool';
import type { VerbContext, VerbResult } from '../lib/verb';
import { receiptText, usualReceipts } from './apply';
import type { AuditVerdict } from './bundle';
import type { PlanMeaning } from './plan-meaning';
import { readPlan } from './plan-meaning';
import type { Receipt } from './receipt';
import { openReceiptBook, writeReceipt } from './receipt-files';
import { currentRelease } from './release-files';
import { clusterOf } from './review';
import { dayOf, policyOf, requirePassed, verdictOf } from './verdict';

export interface ReceiptedDeployInput extends Omit<DeployInput, 'witness'> {
  /** Where receipts lie. @default .scaleout/receipts beside the synthesis */
  readonly receipts?: string;
  /** Milliseconds since 1970. @default the clock */
  readonly now?: () => number;
}

/** What a deploy did, and the receipt of it. */
export interface ReceiptedDeployDocument extends DeployDocument {
  /** Null where it did not come to its end. */
  readonly receipt: Receipt | null;
}

/** What a deploy has seen. */
interface Seen {
  stackText: string;
  verdict?: AuditVerdict;
  meaning?: PlanMeaning;
  cluster?: string | null;
}

/**
 * A deploy that leaves a receipt. Files that were synthesized before (`skipSynth`) are audited, and refused where an error
 * is open: what is applied is then what was judged, and nothing is synthesized in between.
 *
 * @throws ScaleoutError as a deploy does; refused where the audit says no, or the receipts that are there are broken
 */
export async function deployWithReceipt(
  context: VerbContext,
  input: ReceiptedDeployInput,
): Promise<VerbResult<ReceiptedDeployDocument>> {
  const { receipts, now = Date.now, ...rest } = input;
  const environment = input.environment ?? process.env;
  const policy = await policyOf(environment);
  const keys = policy.signingKeys ?? [];
  const key = signingKey(environment, keys);
  const book = openReceiptBook(receipts ?? usualReceipts(input.directory), input.name, keys, now());
  const seen: Seen = { stackText: '' };
  const witness = witnessOf(context, seen, (environmentName, stacks) => {
    const verdict = verdictOf(environmentName, stacks, policy, dayOf(now()));
    if (input.skipSynth === true) requirePassed(verdict);
    return verdict;
  });
  // Of the files as they are now: an apply may take an hour.
  const release = currentRelease(environment);
  const result = await deploy(context, { ...rest, witness });
  const { verdict, meaning, cluster } = seen;
  if (result.outcome !== 'done' || verdict === undefined || meaning === undefined || cluster === undefined) {
    return { ...result, document: { ...result.document, receipt: null } };
  }
  const written = writeReceipt(
    book,
    {
      environment: input.name,
      cluster,
      releaseDigest: release.digest,
      bundleDigest: null,
      planDigest: contentDigest(meaning),
      stackDigest: bytesDigest(seen.stackText),
      verdict: verdict.verdict,
      policyDigest: verdict.policyDigest,
      changes: result.document.changes.length,
      tool: thisTool(),
      terraform: meaning.terraform,
      writtenAt: new Date(now()).toISOString(),
    },
    key,
  );
  return {
    ...result,
    document: { ...result.document, receipt: written.receipt },
    text: `${result.text}\n${receiptText(written, undefined)}`,
  };
}

/** Keeps what a receipt says. */
function witnessOf(
  { reporter }: VerbContext,
  seen: Seen,
  judge: (environment: string, stacks: readonly Synthesized[]) => AuditVerdict,
): DeployWitness {
  return {
    async opened({ text, directory, environment }) {
      seen.stackText = text;
      seen.verdict = judge(environment, await readSynthesis(path.dirname(path.dirname(directory))));
    },
    planned({ text }) {
      try {
        seen.meaning = readPlan(text).meaning;
      } catch (error) {
        // A plan of a part of a stack is applied as ever; what it leaves out nobody can vouch for.
        if (!(error instanceof ScaleoutError)) throw error;
        reporter.warn('no receipt will be written, as the plan leaves out a part of the stack');
      }
    },
    verified({ plan }) {
      seen.cluster = clusterOf(plan);
    },
  };
}

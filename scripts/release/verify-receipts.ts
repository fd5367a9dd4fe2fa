import type { ProcessEnvironment } from '../infra/terraform';
import type { VerbContext, VerbResult } from '../lib/verb';
import type { CheckedReceipt, Receipt } from './receipt';
import { readReceipts } from './receipt-files';
import { policyOf } from './verdict';

export interface VerifyReceiptsInput {
  readonly files: readonly string[];
  readonly environment?: ProcessEnvironment;
  /** Milliseconds since 1970. @default the clock */
  readonly now?: number;
}

/** What receipts prove: `verify-receipt --json`. */
export interface ReceiptsDocument {
  readonly formatVersion: 1;
  readonly ok: true;
  readonly environment: string;
  readonly cluster: string | null;
  /** Whether the first receipt of the environment is among them, and so all since. */
  readonly complete: boolean;
  /** In the order of the chain. */
  readonly receipts: readonly (Pick<
    Receipt,
    'sequence' | 'digest' | 'releaseDigest' | 'bundleDigest' | 'verdict' | 'changes' | 'writtenAt'
  > & { readonly file: string; readonly signedBy: string | null })[];
}

/**
 * Verifies receipts by themselves and against each other, with nothing but their files and the policy.
 *
 * @throws ScaleoutError (refused) where one was edited, is of somewhere else, not linked to the one before it, or not signed by
 *   a key that the policy names, if it names any
 */
export async function verifyReceipts(
  _: VerbContext,
  { files, environment = process.env, now = Date.now() }: VerifyReceiptsInput,
): Promise<VerbResult<ReceiptsDocument>> {
  const keys = (await policyOf(environment)).signingKeys ?? [];
  const chain = readReceipts([...new Set(files)], keys, now);
  const [first] = chain;
  if (first === undefined) throw new Error('a command line names a receipt');
  const complete = first.receipt.predecessor === null;
  return {
    document: {
      formatVersion: 1,
      ok: true,
      environment: first.receipt.environment,
      cluster: first.receipt.cluster,
      complete,
      receipts: chain.map(({ receipt, file, signedBy }) => ({
        file,
        sequence: receipt.sequence,
        digest: receipt.digest,
        releaseDigest: receipt.releaseDigest,
        bundleDigest: receipt.bundleDigest,
        verdict: receipt.verdict,
        changes: receipt.changes,
        writtenAt: receipt.writtenAt,
        signedBy: signedBy ?? null,
      })),
    },
    text: [
      ...chain.map(lineOf),
      '',
      `${String(chain.length)} ${chain.length === 1 ? 'receipt' : 'receipts'} of ${first.receipt.environment}, ${complete ? 'from the first one on' : `without the ${String(first.receipt.sequence - 1)} before them`}, each as it was written${chain.length === 1 ? '' : ' and linked to the one before it'}.`,
      ...(keys.length === 0
        ? [
            'Nobody signed them, as the policy names no key (signingKeys): whoever can edit all of them can forge all of them.',
          ]
        : []),
    ].join('\n'),
    outcome: 'done',
  };
}

function lineOf({ receipt, signedBy }: CheckedReceipt): string {
  const what = receipt.bundleDigest === null ? 'a deploy' : `bundle ${short(receipt.bundleDigest)}`;
  return `${String(receipt.sequence).padStart(4)}  ${receipt.writtenAt}  release ${short(receipt.releaseDigest)}, ${what}, ${String(receipt.changes)} changes, audit ${receipt.verdict}, ${signedBy === undefined ? 'not signed' : `signed by ${signedBy}`}`;
}

function short(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

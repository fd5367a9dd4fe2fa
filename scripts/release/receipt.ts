import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { canonical, contentDigest } from '../lib/digest';
import { refused } from '../lib/errors';
import type { ScaleoutError } from '../lib/errors';
import type { PublicKey, Signature } from '../lib/signature';
import { requireSignature, signatureSchema } from '../lib/signature';
import { parseStrictJson, RepeatedKeyError } from '../lib/strict-json';
import type { Tool } from '../lib/tool';
import { CLOCK_SKEW_MS, seal, sealedText } from './bundle';

/** What an apply leaves behind for those who come later. */
export interface Receipt {
  readonly formatVersion: 1;
  readonly kind: 'scaleout receipt';
  readonly environment: string;
  /** Resource id; null for a stack that has no cluster. */
  readonly cluster: string | null;
  /** 1 for the first receipt of an environment. */
  readonly sequence: number;
  /** Digest of the receipt before; null for the first. */
  readonly predecessor: string | null;
  readonly releaseDigest: string;
  /** Null where no bundle was reviewed. */
  readonly bundleDigest: string | null;
  /** Of what the plan meant. */
  readonly planDigest: string;
  /** Of the synthesized file that was applied. */
  readonly stackDigest: string;
  /** What the audit said of that file. */
  readonly verdict: 'passed' | 'refused';
  readonly policyDigest: string;
  /** How many resources were changed. */
  readonly changes: number;
  /** A plan afterwards was empty; without that no receipt is written. */
  readonly verified: true;
  readonly tool: Tool;
  readonly terraform: string;
  /** By the clock of the tool: ISO 8601, UTC. */
  readonly writtenAt: string;
  /** SHA-256 over all the rest. */
  readonly digest: string;
  readonly signature?: Signature;
}

/** What a receipt says of one apply; its place in the chain is found when it is written. */
export type ReceiptContent = Omit<
  Receipt,
  'formatVersion' | 'kind' | 'sequence' | 'predecessor' | 'digest' | 'signature' | 'verified'
>;

const text = z.string();
const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const receiptSchema = z.strictObject({
  formatVersion: z.literal(1),
  kind: z.literal('scaleout receipt'),
  environment: text.min(1),
  cluster: text.nullable(),
  sequence: z.int().min(1),
  predecessor: sha256.nullable(),
  releaseDigest: sha256,
  bundleDigest: sha256.nullable(),
  planDigest: sha256,
  stackDigest: sha256,
  verdict: z.enum(['passed', 'refused']),
  policyDigest: sha256,
  changes: z.int().min(0),
  verified: z.literal(true),
  tool: z.strictObject({ name: text, version: text, commit: text.optional() }),
  terraform: text,
  writtenAt: z.iso.datetime(),
  digest: sha256,
  signature: signatureSchema.optional(),
});

/** The next receipt of a chain. Pure. */
export function nextReceipt(
  content: ReceiptContent,
  before: Pick<Receipt, 'sequence' | 'digest'> | undefined,
  key: KeyObject | undefined,
): Receipt {
  return seal(
    {
      formatVersion: 1,
      kind: 'scaleout receipt',
      ...content,
      verified: true,
      sequence: (before?.sequence ?? 0) + 1,
      predecessor: before?.digest ?? null,
    } as const,
    key,
  );
}

/** A receipt that was read, and who signed it. */
export interface CheckedReceipt {
  readonly receipt: Receipt;
  /** How messages call it. */
  readonly file: string;
  /** Undefined where no key is known. */
  readonly signedBy: string | undefined;
}

/**
 * Reads one receipt. Pure.
 *
 * @param now milliseconds since 1970
 * @throws ScaleoutError (refused) where it is none, was edited, or is not signed by a key that is known
 */
export function checkReceipt(
  content: string,
  file: string,
  keys: readonly PublicKey[],
  now: number,
): CheckedReceipt {
  let value: unknown;
  try {
    value = parseStrictJson(content);
  } catch (error) {
    throw broken(
      file,
      error instanceof RepeatedKeyError ? `it has the key ${error.key} twice` : 'it is no JSON',
    );
  }
  const { data: receipt, error } = receiptSchema.safeParse(value);
  if (receipt === undefined) {
    throw broken(file, `it is no receipt of this format (${error.issues[0]?.path.join('.') ?? ''})`);
  }
  if (content !== sealedText(receipt)) throw broken(file, 'it is not written as this program writes it');
  const { digest, signature, ...rest } = receipt;
  if (digest !== contentDigest(rest)) throw broken(file, 'it does not have the digest that it carries');
  if ((receipt.sequence === 1) !== (receipt.predecessor === null)) {
    throw broken(file, 'its number and its predecessor do not fit');
  }
  if (Date.parse(receipt.writtenAt) > now + CLOCK_SKEW_MS) {
    throw broken(file, `it was written at ${receipt.writtenAt}, which is to come: set the clock right`);
  }
  const signedBy = requireSignature(receipt, signature, keys, `the receipt ${file}`);
  return { receipt: canonical(receipt) as Receipt, file, signedBy };
}

/**
 * Holds receipts against each other: all of one environment and one cluster, each naming the one before it. Pure.
 *
 * @returns in the order of the chain
 * @throws ScaleoutError (refused) where a link is missing, there twice, or of somewhere else
 */
export function checkChain(receipts: readonly CheckedReceipt[]): readonly CheckedReceipt[] {
  const chain = [...receipts].sort((a, b) => a.receipt.sequence - b.receipt.sequence);
  for (const [index, { receipt, file }] of chain.entries()) {
    const before = chain[index - 1];
    if (before === undefined) continue;
    const fault = linkFault(before, receipt);
    if (fault !== undefined) throw broken(file, fault);
  }
  return chain;
}

function linkFault({ receipt: before, file }: CheckedReceipt, receipt: Receipt): string | undefined {
  if (receipt.environment !== before.environment) {
    return `it is of "${receipt.environment}", and ${file} is of "${before.environment}"`;
  }
  // Before the first deploy of a cluster there is none to name.
  if (receipt.cluster !== before.cluster) {
    return `it is of the cluster ${receipt.cluster ?? '(none)'}, and ${file} is of ${before.cluster ?? '(none)'}`;
  }
  if (receipt.sequence === before.sequence)
    return `it is receipt ${String(receipt.sequence)}, and so is ${file}`;
  if (receipt.sequence !== before.sequence + 1) {
    return `it is receipt ${String(receipt.sequence)}, and the one before it, ${file}, is ${String(before.sequence)}: name those between them too`;
  }
  if (receipt.predecessor !== before.digest) return `its predecessor is not ${file} as that is now`;
  return Date.parse(receipt.writtenAt) < Date.parse(before.writtenAt)
    ? `it was written before ${file}, which it follows`
    : undefined;
}

function broken(file: string, why: string): ScaleoutError {
  return refused(
    'release.receipt-broken',
    `the receipt ${file} proves nothing: ${why}. Use the receipts as "scaleout apply" and "scaleout deploy" wrote them; nothing was changed`,
  );
}

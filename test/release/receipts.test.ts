import type { KeyObject } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesDigest } from '../../scripts/lib/digest';
import { ScaleoutError } from '../../scripts/lib/errors';
import { sealedText } from '../../scripts/release/bundle';
import type { Receipt, ReceiptContent } from '../../scripts/release/receipt';
import { checkChain, checkReceipt, nextReceipt } from '../../scripts/release/receipt';
import { openReceiptBook, readReceipts, writeReceipt } from '../../scripts/release/receipt-files';
import { scratchDirectory } from '../support/scratch';
import { CLUSTER_ID } from './exam/plan-document';
import type { Chain } from './exam/receipts';
import { tamperedReceipts } from './exam/receipts';
import { ANOTHER, KEYS, resealed, RIGHT } from './exam/seal';
import { NOW } from './exam/samples';

const content = (day: number, of: Partial<ReceiptContent> = {}): ReceiptContent => ({
  environment: 'dev',
  cluster: CLUSTER_ID,
  releaseDigest: bytesDigest('release'),
  bundleDigest: bytesDigest(`bundle ${String(day)}`),
  planDigest: bytesDigest(`plan ${String(day)}`),
  stackDigest: bytesDigest(`stack ${String(day)}`),
  verdict: 'passed',
  policyDigest: bytesDigest('policy'),
  changes: day,
  tool: { name: 'scaleout', version: '0.1.0' },
  terraform: '1.11.4',
  writtenAt: `2026-11-${String(20 + day)}T10:00:00.000Z`,
  ...of,
});

function chainOf(of: Partial<ReceiptContent> = {}, key: KeyObject | 'none' = RIGHT.privateKey): Chain {
  const receipts: Receipt[] = [];
  for (const day of [1, 2, 3, 4])
    receipts.push(nextReceipt(content(day, of), receipts.at(-1), key === 'none' ? undefined : key));
  return receipts.map(sealedText);
}

const check = (chain: Chain, keys = KEYS) =>
  checkChain(chain.map((text, index) => checkReceipt(text, `receipt ${String(index)}`, keys, NOW)));

const refusal = (work: () => unknown): ScaleoutError => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ScaleoutError);
    return error as ScaleoutError;
  }
  throw new Error('it was not refused');
};

it('takes a chain as it was written, in any order, and a part of it', () => {
  const chain = chainOf();
  const sequences = (texts: Chain): number[] => check(texts).map(({ receipt }) => receipt.sequence);
  expect(sequences([...chain].reverse())).toEqual([1, 2, 3, 4]);
  expect(sequences(chain.slice(2))).toEqual([3, 4]);
  expect(check(chain)[0]?.signedBy).toBe('pipeline');
});

const exam = tamperedReceipts();

it.each(exam.map((each, index) => [each.id, index] as const))('refuses %s', (_, index) => {
  const { edit, sealed, at = 1 } = exam[index]!;
  const chain = chainOf();
  edit(chain, {
    elsewhere: chainOf({ cluster: CLUSTER_ID.replace('dev', 'other') }),
    prod: chainOf({ environment: 'prod' }),
  });
  if (sealed !== 'as it was') chain[at] = resealed(chain[at]!, sealed);
  const { code, exitCode, message } = refusal(() => check(chain));
  expect(code).toMatch(/^release\.(receipt-broken|unsigned)$/);
  expect(exitCode).toBe(3);
  expect(message).toMatch(/nothing was changed$/);
});

it('is an exam of more than 100', () => {
  expect(exam.length).toBeGreaterThan(100);
  expect(new Set(exam.map(({ id }) => id)).size).toBe(exam.length);
});

describe('without keys', () => {
  it('takes a chain that nobody signed, and finds what breaks its links', () => {
    const unsigned = chainOf({}, 'none');
    expect(check(unsigned, []).map(({ signedBy }) => signedBy)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const edited = JSON.parse(unsigned[1]!) as Receipt;
    const forged = [
      unsigned[0]!,
      resealed(JSON.stringify({ ...edited, changes: 9 }), 'no key'),
      ...unsigned.slice(2),
    ];
    expect(refusal(() => check(forged, [])).message).toContain('its predecessor is not');
  });

  it('takes no signature of a key that the policy does not name', () => {
    expect(refusal(() => check(chainOf({}, ANOTHER.privateKey), [])).code).toBe('release.unsigned');
  });
});

describe('the receipts of an environment', () => {
  const scratch = scratchDirectory();

  it('are numbered, and never written over', () => {
    const open = () => openReceiptBook(join(scratch, 'new', 'receipts'), 'dev', KEYS, NOW);
    const first = open();
    expect(writeReceipt(first, content(1), RIGHT.privateKey).receipt.sequence).toBe(1);
    // Another run that looked at the same time.
    expect(refusal(() => writeReceipt(first, content(2), RIGHT.privateKey)).code).toBe('file.unwritable');
    expect(writeReceipt(open(), content(2), RIGHT.privateKey).receipt.sequence).toBe(2);
    const names = readdirSync(join(scratch, 'new', 'receipts')).sort();
    expect(names).toEqual(['dev-0001.json', 'dev-0002.json']);
    const files = names.map((name) => join(scratch, 'new', 'receipts', name));
    expect(readReceipts(files, KEYS, NOW)).toHaveLength(2);
  });

  it('are looked at before anything is applied', () => {
    writeFileSync(join(scratch, 'dev-0001.json'), '{}');
    expect(refusal(() => openReceiptBook(scratch, 'dev', KEYS, NOW)).code).toBe('release.receipt-broken');
    // Those of another environment are none of its business.
    expect(openReceiptBook(scratch, 'prod', KEYS, NOW).last).toBeUndefined();
  });
});

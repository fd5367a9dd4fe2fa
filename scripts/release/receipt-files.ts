import {
  accessSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { KeyObject } from 'node:crypto';
import { shownPath } from '../../config/file/files';
import { nodeCodeOf, refused, ScaleoutError } from '../lib/errors';
import type { PublicKey } from '../lib/signature';
import { sealedText } from './bundle';
import type { CheckedReceipt, Receipt, ReceiptContent } from './receipt';
import { checkChain, checkReceipt, nextReceipt } from './receipt';

/** More than any receipt has. In bytes. */
const MOST_BYTES = 1024 * 1024;

/**
 * Reads receipts from files, in any order.
 *
 * @returns in the order of the chain
 * @throws ScaleoutError where a file cannot be read; refused where a receipt or the chain is broken
 */
export function readReceipts(
  files: readonly string[],
  keys: readonly PublicKey[],
  now: number,
): readonly CheckedReceipt[] {
  return checkChain(
    files.map((file) => checkReceipt(textOf(file), shownPath(path.resolve(file)), keys, now)),
  );
}

function textOf(file: string): string {
  try {
    const { size } = lstatSync(file);
    if (size <= MOST_BYTES) return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ScaleoutError(
      'file.unreadable',
      `the receipt ${file} cannot be read (${nodeCodeOf(error) ?? 'unknown'}): name a file that "scaleout apply" or "scaleout deploy" wrote; nothing was changed`,
      { cause: error },
    );
  }
  throw refused(
    'release.receipt-broken',
    `${file} is larger than any receipt: name a file that "scaleout apply" or "scaleout deploy" wrote; nothing was changed`,
  );
}

/** Where the receipts of one environment lie. */
export interface ReceiptBook {
  readonly directory: string;
  readonly environment: string;
  /** The last one that is there. */
  readonly last: Receipt | undefined;
}

/**
 * Before anything is applied: receipts can be written there, and those that are there are a whole chain.
 *
 * @throws ScaleoutError where they cannot; refused where the chain is broken
 */
export function openReceiptBook(
  directory: string,
  environment: string,
  keys: readonly PublicKey[],
  now: number,
): ReceiptBook {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(
      directory,
      'name a directory with --receipts that may be written to; nothing was changed',
      error,
    );
  }
  const files = readdirSync(directory).filter((name) => isReceiptOf(name, environment));
  const chain = readReceipts(
    files.map((name) => path.join(directory, name)),
    keys,
    now,
  );
  const strange = chain.find(({ receipt }) => receipt.environment !== environment);
  if (strange !== undefined) {
    throw refused(
      'release.receipt-broken',
      `the receipt ${strange.file} is of "${strange.receipt.environment}", whatever it is called; nothing was changed`,
    );
  }
  return { directory, environment, last: chain.at(-1)?.receipt };
}

/** Whether a file's name is that of a receipt of an environment. */
export function isReceiptOf(name: string, environment: string): boolean {
  return name.startsWith(`${environment}-`) && /^\d{4,}\.json$/.test(name.slice(environment.length + 1));
}

/**
 * Writes the next receipt, whole or not at all, and never over another.
 *
 * @returns the receipt, and its file
 * @throws ScaleoutError
 */
export function writeReceipt(
  { directory, environment, last }: ReceiptBook,
  content: ReceiptContent,
  key: KeyObject | undefined,
): { readonly receipt: Receipt; readonly file: string } {
  const receipt = nextReceipt(content, last, key);
  const file = path.join(directory, `${environment}-${String(receipt.sequence).padStart(4, '0')}.json`);
  const beside = `${file}.${String(process.pid)}.tmp`;
  try {
    rmSync(beside, { force: true });
    writeFileSync(beside, sealedText(receipt), { flag: 'wx', flush: true });
    // Unlike a rename, this takes no other receipt's place.
    linkSync(beside, file);
  } catch (error) {
    throw unwritable(
      file,
      'everything was applied and verified: run scaleout deploy for a receipt, once it can be written',
      error,
    );
  } finally {
    rmSync(beside, { force: true });
  }
  return { receipt, file };
}

function unwritable(file: string, state: string, error: unknown): ScaleoutError {
  return new ScaleoutError(
    'file.unwritable',
    `the receipt cannot be written to ${file} (${nodeCodeOf(error) ?? 'unknown'}): ${state}`,
    {
      cause: error,
    },
  );
}

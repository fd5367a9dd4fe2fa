import { contentDigest } from '../../../scripts/lib/digest';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  readReceipt,
  requireSameDatabase,
  requireWritable,
  sealReceipt,
  writeReceipt,
} from '../../../scripts/tables/verify/receipt';
import type { Receipt } from '../../../scripts/tables/verify/receipt';
import { named, sealedOf } from '../support/catalog';

const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-receipt-'));
const file = path.join(directory, 'receipt.json');
afterAll(() => rmSync(directory, { recursive: true }));

const sealed = (): Receipt =>
  sealReceipt({
    database: sealedOf.database,
    tool: { name: 'scaleout', version: '0.1.0' },
    writtenAt: '2026-01-01T00:00:01Z',
    specified: ['events'],
    applied: [{ id: 'distribute:events', seconds: 1.5 }],
    before: null,
    after: {
      at: '2026-01-01T00:00:00Z',
      rows: [{ table: named('events'), rows: 2, checksum: '-5' }],
      answers: [
        { query: 'all', sql: 'sha256:0', rows: 2, digests: ['a'] },
        { query: 'none', sql: 'sha256:1', failed: '42P01' },
      ],
      objects: { events: { 'index events_pkey': 'abc' } },
    },
    compared: null,
  });

test('a receipt is read as it was written, and nothing is left beside it', () => {
  writeFileSync(file, 'the one before');
  writeReceipt(file, sealed());
  expect(readReceipt(file)).toEqual(sealed());
  expect(readdirSync(directory)).toEqual(['receipt.json']);
});

const omit = (receipt: object, keys: readonly string[]): object =>
  Object.fromEntries(Object.entries(receipt).filter(([key]) => !keys.includes(key)));
const withDigest = (content: object): object => ({ ...content, digest: contentDigest(content) });

test.each<[string, (receipt: Receipt) => unknown]>([
  [
    'a count',
    (receipt) => ({ ...receipt, after: { ...receipt.after, rows: [{ ...receipt.after.rows[0], rows: 3 }] } }),
  ],
  ['the database', (receipt) => ({ ...receipt, database: { ...receipt.database, name: 'other' } })],
  ['a step', (receipt) => ({ ...receipt, applied: [] })],
  ['a shape', (receipt) => ({ ...receipt, after: { ...receipt.after, answers: 'all' } })],
  ['the digest', (receipt) => ({ ...receipt, digest: undefined })],
])('%s that was edited is refused', (_what, edit) => {
  writeFileSync(file, JSON.stringify(edit(sealed())));
  expect(() => readReceipt(file)).toThrow(
    expect.objectContaining({
      exitCode: 3,
      message: expect.stringMatching(/receipt\.json was edited since it was written/) as string,
    }) as Error,
  );
});

test.each<[string, string, RegExp]>([
  [
    'of a later version',
    JSON.stringify({ ...sealed(), formatVersion: 2 }),
    /formatVersion 2, and this program reads 1/,
  ],
  [
    'of an earlier version, whole as that wrote it',
    JSON.stringify(withDigest(omit(sealed(), ['specified', 'digest']))),
    /as another version of this program writes one/,
  ],
  ['a plan', '{"formatVersion": 1, "steps": []}', /is not a receipt/],
  ['no JSON', 'rows: 3', /is not a receipt/],
  ['empty', '', /is not a receipt/],
])('a file that is %s is said to be', (_what, text, words) => {
  writeFileSync(file, text);
  expect(() => readReceipt(file)).toThrow(expect.objectContaining({ exitCode: 1 }) as Error);
  expect(() => readReceipt(file)).toThrow(words);
});

test('a file that is missing, or cannot be written', () => {
  const [missing, inside] = [path.join(directory, 'none.json'), path.join(directory, 'none', 'receipt.json')];
  mkdirSync(path.join(directory, 'folder'));
  expect(() => readReceipt(missing)).toThrow(/cannot be read \(ENOENT\)/);
  expect(() => requireWritable(missing)).not.toThrow();
  expect(() => requireWritable(inside)).toThrow(/cannot be written to .*\(ENOENT\).*nothing was changed/);
  expect(() => requireWritable(path.join(directory, 'folder'))).toThrow(/EISDIR/);
  expect(() => writeReceipt(inside, sealed())).toThrow(
    /\(ENOENT\).*run the same command again for the receipt/,
  );
  writeReceipt(missing, sealed());
  expect(() => writeReceipt(path.join(directory, 'folder'), sealed())).toThrow(/cannot be written/);
  expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a receipt belongs to one database', () => {
  const receipt = sealed();
  expect(() => requireSameDatabase(file, receipt, sealedOf.database)).not.toThrow();
  for (const other of [
    { ...sealedOf.database, id: 'bb17' },
    { ...sealedOf.database, name: 'copy' },
    { ...sealedOf.database, systemIdentifier: '9999' },
  ]) {
    expect(() => requireSameDatabase(file, receipt, other)).toThrow(
      expect.objectContaining({
        exitCode: 3,
        message: expect.stringMatching(/is of another database: of "citus" \(aa06, /) as string,
      }) as Error,
    );
  }
});

import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { planTables } from '../../../scripts/tables/plan/plan';
import { PLAN_FILE, readPlan, sealPlan, writePlan } from '../../../scripts/tables/review/plan-file';
import {
  readReceipt,
  requireWritable,
  sealReceipt,
  writeReceipt,
} from '../../../scripts/tables/verify/receipt';
import { requireReplaceable } from '../../../scripts/tables/review/sealed-file';
import { scaleout } from '../../support/command-line';
import { distribution, liveDatabase, sealedOf, sensors } from '../support/catalog';

const expected = distribution();
const start = liveDatabase(sensors());
const plan = sealPlan(planTables(expected, start), expected, start, sealedOf);
const receipt = sealReceipt({
  database: sealedOf.database,
  tool: { name: 'scaleout', version: '0.1.0' },
  writtenAt: '2026-01-01T00:00:01Z',
  specified: [],
  applied: [],
  before: null,
  after: { at: '', rows: [], answers: [], objects: {} },
  compared: null,
});
const kinds: [string, string, () => unknown, () => unknown, object][] = [
  ['--out', 'plan', () => requireReplaceable(file, PLAN_FILE), () => readPlan(file), plan],
  ['--receipt', 'receipt', () => requireWritable(file), () => readReceipt(file), receipt],
];

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'scaleout-file-'));
  file = path.join(directory, 'file.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

const error = (exitCode: number, words: RegExp): Error =>
  expect.objectContaining({ exitCode, message: expect.stringMatching(words) as string }) as Error;

describe.each(kinds)('a file for %s', (_option, what, require, _read, content) => {
  test(`that is a ${what} of ours is replaced, however it is laid out`, () => {
    expect(require()).toBe(false);
    writeFileSync(file, JSON.stringify(content));
    expect(require()).toBe(true);
    writeFileSync(file, JSON.stringify(content, undefined, 7));
    expect(require()).toBe(true);
  });

  const other = what === 'plan' ? receipt : plan;
  test.each<[string, string]>([
    ['a specification', 'tables: { events: { distributeBy: id } }\n'],
    ['empty', ''],
    ['the other kind', JSON.stringify(other)],
    ['JSON of somebody else', '{"formatVersion": 1, "steps": []}'],
    ['a list', '[]'],
  ])('that is %s is not', (_what, text) => {
    writeFileSync(file, text);
    expect(require).toThrow(
      error(
        1,
        /file\.json is there already and is no .* wrote, so it is not replaced: name another file, or remove that one; nothing was changed$/,
      ),
    );
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test.each<[string, string]>([
    ['was edited', JSON.stringify({ ...content, more: 1 })],
    ['has lost its digest', JSON.stringify({ ...content, digest: 'sha256:0' })],
    ['has a key twice', JSON.stringify(content).replace('{', '{"formatVersion":1,')],
  ])('that %s is not', (_what, text) => {
    writeFileSync(file, text);
    expect(require).toThrow(error(3, /file\.json was edited since it was written, so it is not replaced/));
  });

  test('that is no regular file is said to be what it is, and is not waited for', () => {
    mkdirSync(file);
    expect(require).toThrow(error(1, /\(EISDIR\): it is a directory; name a regular file/));
    rmSync(file, { recursive: true });
    execFileSync('mkfifo', [file]);
    expect(require).toThrow(error(1, /it is a named pipe; name a regular file/));
    rmSync(file);
    const target = path.join(directory, 'target.json');
    symlinkSync(target, file);
    expect(require).toThrow(error(1, /it is a symbolic link; name a regular file/));
    writeFileSync(target, JSON.stringify(content));
    expect(require).toThrow(error(1, /it is a symbolic link/));
  });

  test('in a place where no file can be is said', () => {
    writeFileSync(path.join(directory, 'mine'), '');
    file = path.join(directory, 'mine', 'file.json');
    expect(require).toThrow(error(1, /cannot be written to .*\(ENOTDIR\)/));
    file = path.join(directory, 'none', 'file.json');
    expect(require).toThrow(error(1, /cannot be written to .*\(ENOENT\)/));
    file = path.join(directory, 'x'.repeat(300));
    expect(require).toThrow(error(1, /cannot be written to .*\(ENAMETOOLONG\)/));
  });

  test('that is larger than any of ours is not read at all', () => {
    writeFileSync(file, '');
    truncateSync(file, 3 * 1024 ** 3);
    expect(require).toThrow(error(1, /is there already and is no /));
  });
});

test.each(kinds)(
  '%s: what has a key twice is not read, at any depth',
  (_option, what, _require, read, content) => {
    const text = JSON.stringify(content);
    for (const [from, to, where] of [
      ['{', '{"digest":"sha256:0",', 'digest'],
      ['"nodes":[{', '"nodes":[{"name":"other",', 'database.nodes[0].name'],
      ['"nodes":[{', '"nodes":[{"n\\u0061me":"other",', 'database.nodes[0].name'],
    ] as const) {
      writeFileSync(file, text.replace(from, to));
      expect(readFileSync(file, 'utf8')).not.toBe(text);
      expect(read).toThrow(
        error(
          3,
          new RegExp(
            `the ${what} .* was edited since it was written: one object of it has the key ${where.replaceAll(/[.[\]]/g, '\\$&')} twice`,
          ),
        ),
      );
    }
  },
);

test('a file is written whole or not at all, and nothing is left beside it', () => {
  writePlan(file, plan);
  writePlan(file, plan);
  expect(readPlan(file)).toEqual(JSON.parse(JSON.stringify(plan)));
  writeReceipt(file, receipt);
  expect(readReceipt(file)).toEqual(receipt);
  expect(readdirSync(directory)).toEqual(['file.json']);
  // What cannot be written as JSON fails before the old one goes.
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(() => writePlan(file, { ...plan, ...circle })).toThrow(/cannot be written/);
  mkdirSync(path.join(directory, 'folder'));
  expect(() => writePlan(path.join(directory, 'folder'), plan)).toThrow(/cannot be written/);
  expect(readReceipt(file)).toEqual(receipt);
  expect(readdirSync(directory).sort()).toEqual(['file.json', 'folder']);
});

test.each([
  ['plan', '--out', 'tables plan --out'],
  ['apply', '--receipt', 'tables apply --receipt'],
])('tables %s leaves a specification alone that it is to write over', async (verb, option, writer) => {
  const mine = path.join(directory, 'mine.yaml');
  const text = 'tables: { events: { distributeBy: id } }\n';
  writeFileSync(mine, text);
  // There is no such database; the file is said first.
  const { status, stdout, stderr } = await scaleout(
    ['tables', verb, '--spec', mine, option, mine, '--url', 'postgresql://citus@127.0.0.1:1/none'],
    {},
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    new RegExp(`^error: .*mine\\.yaml is there already and is no .* that "${writer}" wrote`),
  );
  expect(readFileSync(mine, 'utf8')).toBe(text);
});

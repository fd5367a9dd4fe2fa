import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generatedFiles, schemas } from '../../scripts/lib/schemas';

const PROJECT = path.resolve(__dirname, '../..');

test('the generated files of the repository are current', () => {
  expect(schemas(PROJECT, { check: true })).toMatchObject({ outcome: 'done', document: { stale: [] } });
});

describe('in another directory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'scaleout-schemas-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('a check names every file that is missing, and writes none', () => {
    for (let time = 0; time < 2; time += 1) {
      const { document, outcome } = schemas(directory, { check: true });
      expect(outcome).toBe('failed');
      expect(document.stale).toEqual(generatedFiles().map((generated) => generated.path));
      expect(document.stale).toContain('docs/errors.md');
    }
  });

  test('what is not current is written, and nothing else', () => {
    schemas(directory, { check: false });
    writeFileSync(path.join(directory, 'docs/errors.md'), 'edited');
    expect(schemas(directory, { check: false }).document.stale).toEqual(['docs/errors.md']);
    expect(readFileSync(path.join(directory, 'docs/errors.md'), 'utf8')).toMatch(/`tables.lock-timeout`/);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDistribution } from '../../../config/workload/distribution';
import { readConfigFile } from '../../../config/file/files';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scaleout-files-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const TEXT = 'tables: { events: { distributeBy: device_id } }\n';

test.each<[string, (file: string) => void, RegExp]>([
  ['missing', () => undefined, /spec\.yaml: the file does not exist: check the name, or create it$/],
  ['a directory', (file) => mkdirSync(file), /spec\.yaml: it is a directory: name a file in it$/],
  ['empty', (file) => writeFileSync(file, ''), /spec\.yaml:1: the file is empty: write the keys it needs$/],
  ['UTF-16', (file) => writeFileSync(file, TEXT, 'utf16le'), /spec\.yaml: the file is no text in UTF-8/],
  ['no text', (file) => writeFileSync(file, Buffer.of(0xff, 0xfe, 0, 1)), /the file is no text in UTF-8/],
  [
    'longer than anybody writes',
    (file) => writeFileSync(file, `#${'x'.repeat(1024 * 1024)}\n${TEXT}`),
    /spec\.yaml: the file is larger than 1 MiB, .*is it the right one\?$/,
  ],
  ['not YAML', (file) => writeFileSync(file, 'tables: { events: {'), /spec\.yaml:1: not valid YAML: /],
  ['a tab', (file) => writeFileSync(file, 'tables:\n\tevents: x\n'), /spec\.yaml:2: not valid YAML: Tabs/],
])('a specification that is %s', (_what, make, words) => {
  const file = join(directory, 'spec.yaml');
  make(file);
  expect(() => loadDistribution(file)).toThrow(words);
});

test('a byte order mark is not part of the text', () => {
  const file = join(directory, 'spec.yaml');
  writeFileSync(file, `\ufeff${TEXT}`);
  expect(readConfigFile(file)).toBe(TEXT);
});

test('what never ends is not read to its end', () => {
  expect(() => readConfigFile('/dev/zero')).toThrow('/dev/zero: the file is larger than 16 MiB');
});

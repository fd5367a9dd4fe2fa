import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFile } from '../../scripts/lib/replace-file';
import { scratchDirectory } from '../support/scratch';

const scratch = scratchDirectory();
const file = path.join(scratch, 'a.json');

it('takes the place of what is there, with the rights that are asked for, and leaves nothing beside it', () => {
  writeFileSync(file, 'before');
  replaceFile(file, 'after', { mode: 0o600 });
  expect(readFileSync(file, 'utf8')).toBe('after');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(scratch)).toEqual(['a.json']);
});

it('writes over what a killed run left under the name that is given', () => {
  const beside = path.join(scratch, '.a.json.half');
  writeFileSync(beside, 'half of');
  replaceFile(file, 'whole', { beside });
  expect(readFileSync(file, 'utf8')).toBe('whole');
  expect(existsSync(beside)).toBe(false);
});

it('fails with the error of the system, and leaves nothing', () => {
  const taken = path.join(scratch, 'folder');
  mkdirSync(taken);
  expect(() => replaceFile(taken, 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(() => replaceFile(path.join(scratch, 'nowhere', 'a'), 'x')).toThrow(/ENOENT/);
  expect(readdirSync(scratch).sort()).toEqual(['a.json', 'folder']);
});

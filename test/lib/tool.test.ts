import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { thisTool } from '../../scripts/lib/tool';
import manifest from '../../package.json';
import { testEnvironment } from '../support/environment';

const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-tool-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('a tool is named by its manifest, and by the commit of its own checkout alone', () => {
  const env = testEnvironment();
  const git = (...words: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], {
      cwd: directory,
      env,
      encoding: 'utf8',
    });
  const inside = path.join(directory, 'inside');
  mkdirSync(inside);
  for (const project of [directory, inside]) {
    writeFileSync(path.join(project, 'package.json'), '{"name":"mine","version":"1.2.3"}');
    expect(thisTool(project)).toEqual({ name: 'mine', version: '1.2.3' });
  }
  git('init', '--quiet');
  expect(thisTool(directory)).toEqual({ name: 'mine', version: '1.2.3' });
  git('commit', '--quiet', '--allow-empty', '--message', 'one');
  const commit = git('rev-parse', 'HEAD').trim();
  expect(thisTool(directory)).toEqual({ name: 'mine', version: '1.2.3', commit });
  expect(thisTool(inside)).toEqual({ name: 'mine', version: '1.2.3' });
});

test('this one has the version of its manifest, and no path', () => {
  const { name, version } = manifest;
  expect(thisTool()).toMatchObject({ name, version });
  expect(JSON.stringify(thisTool())).not.toMatch(/\//);
});

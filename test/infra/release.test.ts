import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { differenceSinceRelease } from '../../scripts/infra/audit-synth';
import { silentReporter } from '../../scripts/lib/reporter';
import type { VerbContext } from '../../scripts/lib/verb';
import type { JsonObject } from '../../scripts/audit/stack/synthesized';
import { stackJson } from '../audit/builders';
import { testEnvironment } from '../support/environment';

const context: VerbContext = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.reject(new Error('a difference asks nothing')),
};
const environment = testEnvironment();

let project: string;
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'scaleout-release-test-'));
  mkdirSync(path.join(project, 'node_modules'));
  // An app that synthesizes what lies beside it, as a project does from its config.
  writeFileSync(
    path.join(project, 'app.js'),
    "require('fs').cpSync(process.env.SCALEOUT_CONFIG_DIR ?? 'stacks.out', process.env.CDKTF_OUTDIR, { recursive: true });",
  );
  writeFileSync(path.join(project, 'cdktf.json'), JSON.stringify({ app: `"${process.execPath}" app.js` }));
  git('init', '--quiet');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function git(...args: readonly string[]): void {
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    cwd: project,
    env: { ...environment, GIT_CONFIG_NOSYSTEM: '1' },
  });
}

function config(stacks: Readonly<Record<string, JsonObject>>): void {
  const out = path.join(project, 'stacks.out');
  rmSync(out, { recursive: true, force: true });
  const manifest: Record<string, object> = {};
  for (const [name, stack] of Object.entries(stacks)) {
    mkdirSync(path.join(out, 'stacks', name), { recursive: true });
    writeFileSync(path.join(out, 'stacks', name, 'cdk.tf.json'), JSON.stringify(stack));
    manifest[name] = { name, synthesizedStackPath: `stacks/${name}/cdk.tf.json` };
  }
  writeFileSync(path.join(out, 'manifest.json'), JSON.stringify({ version: '0.21.0', stacks: manifest }));
}

function release(tag: string): void {
  git('add', '--all');
  git('commit', '--quiet', '--message', tag);
  git('tag', tag);
}

const since = (name: string, more: object = {}) =>
  differenceSinceRelease(context, { since: name, ...more }, { project, environment });

describe('audit diff --since', () => {
  it('compares with a commit: sizes, names, and what came and went', async () => {
    config({ dev: stackJson('dev', { cluster: { coordinator_vcore_count: 4 } }), old: stackJson('old') });
    release('v1');
    config({ dev: stackJson('dev', { cluster: { coordinator_vcore_count: 8 } }), new: stackJson('new') });
    const { document, outcome, text } = await since('v1');
    expect(outcome).toBe('changes');
    expect(document).toMatchObject({ since: 'v1', added: ['new'], gone: ['old'] });
    expect(document.environments.map((each) => [each.environment, each.changes])).toMatchObject([
      ['dev', [{ attribute: 'coordinator_vcore_count', before: 4, after: 8, effect: 'update' }]],
    ]);
    expect(text).toContain('in v1 alone: old; nothing takes down what was deployed there');
    expect((await since('v1', { environment: 'new', format: 'markdown' })).text).toBe('not in v1: new.');
  });

  it('takes the config of the release from the release, whatever directory is in force now', async () => {
    config({ dev: stackJson('dev', { cluster: { coordinator_vcore_count: 4 } }) });
    release('v1');
    config({ dev: stackJson('dev', { cluster: { coordinator_vcore_count: 8 } }) });
    const elsewhere = { ...environment, SCALEOUT_CONFIG_DIR: path.join(project, 'stacks.out') };
    const { document } = await differenceSinceRelease(
      context,
      { since: 'v1' },
      { project, environment: elsewhere },
    );
    expect(document.environments[0]?.changes).toMatchObject([{ before: 4, after: 8 }]);
  });

  it('refuses another name of a cluster, which replaces it', async () => {
    config({ dev: stackJson('dev', { cluster: { name: 'one' } }) });
    release('v1');
    config({ dev: stackJson('dev', { cluster: { name: 'two' } }) });
    const { document, outcome } = await since('v1');
    expect(outcome).toBe('refused');
    expect(document.environments[0]?.counts.replace).toBe(1);
  });

  it('compares with the directory that a deploy kept', async () => {
    config({ dev: stackJson('dev') });
    const kept = path.join(project, 'kept');
    cpSync(path.join(project, 'stacks.out'), kept, { recursive: true });
    expect((await since(kept)).outcome).toBe('done');
    config({ dev: stackJson('dev', { cluster: { ha_enabled: true } }) });
    expect((await since(kept)).outcome).toBe('changes');
    const now = path.join(project, 'stacks.out');
    expect((await since(kept, { directory: now })).document.environments[0]?.counts.update).toBe(1);
  });

  it('leaves the checkout as it is, and no file behind', async () => {
    config({ dev: stackJson('dev') });
    release('v1');
    config({ dev: stackJson('dev', { cluster: { ha_enabled: true } }) });
    const status = (): string =>
      execFileSync('git', ['status', '--porcelain'], { cwd: project, encoding: 'utf8' });
    const before = status();
    await since('v1');
    expect(status()).toBe(before);
  });

  it.each(['nowhere', '--help', 'v1:app.js'])('names what is neither: %s', async (name) => {
    config({ dev: stackJson('dev') });
    release('v1');
    await expect(since(name)).rejects.toThrow(
      /is neither a directory that a synthesis wrote \(it holds no manifest\.json\) nor a commit of this checkout/,
    );
  });
});

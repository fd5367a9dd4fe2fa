import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseStackReference } from '../../scripts/infra/audit-synth';
import { withSynthesis } from '../../scripts/infra/synth';
import { testEnvironment } from '../support/environment';

let project: string;
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'scaleout-synth-test-'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** A project whose app is this script; it finds its output directory as the framework tells it. */
function app(script: string): void {
  writeFileSync(path.join(project, 'app.js'), script);
  writeFileSync(
    path.join(project, 'cdktf.json'),
    JSON.stringify({ app: `"${process.execPath}" app.js`, context: { colour: 'blue' } }),
  );
}

const WRITE_ENVIRONMENT = `
  require('fs').writeFileSync(process.env.CDKTF_OUTDIR + '/seen.json', JSON.stringify(process.env));
`;

function seen(directory: string): Record<string, string> {
  return JSON.parse(readFileSync(path.join(directory, 'seen.json'), 'utf8')) as Record<string, string>;
}

describe('withSynthesis', () => {
  it('gives the app a directory, its context and the stage, but no secret', async () => {
    app(WRITE_ENVIRONMENT);
    const environment = testEnvironment({
      SCALEOUT_STAGE: 'left-over',
      TF_VAR_admin_password: 'x',
      PGPASSWORD: 'x',
      ARM_CLIENT_SECRET: 'x',
      ARM_CLIENT_ID: 'kept',
    });
    const staged = await withSynthesis({ project, environment, stage: 'scaled-out' }, async (directory) =>
      seen(directory),
    );
    expect(staged).toMatchObject({
      CDKTF_CONTEXT_JSON: '{"colour":"blue"}',
      SCALEOUT_STAGE: 'scaled-out',
      ARM_CLIENT_ID: 'kept',
    });
    for (const secret of ['TF_VAR_admin_password', 'PGPASSWORD', 'ARM_CLIENT_SECRET']) {
      expect(staged).not.toHaveProperty(secret);
    }
    const unstaged = await withSynthesis({ project, environment }, async (directory) => seen(directory));
    expect(unstaged).not.toHaveProperty('SCALEOUT_STAGE');
  });

  it('leaves nothing behind, also when the work on it fails', async () => {
    app(WRITE_ENVIRONMENT);
    let used = '';
    const work = withSynthesis({ project }, async (directory) => {
      used = directory;
      expect(existsSync(directory)).toBe(true);
      throw new Error('the work failed');
    });
    await expect(work).rejects.toThrow('the work failed');
    expect(existsSync(used)).toBe(false);
  });

  it.each([
    [
      'faults of the config, one to a line',
      "process.stderr.write('a.yaml:1: x\\nb.yaml:2: y\\n'); process.exitCode = 1",
      'a.yaml:1: x\nb.yaml:2: y',
    ],
    [
      'a crash by its message',
      "throw new Error('out of luck')",
      'the synthesis failed: out of luck. Run npx cdktf synth to see where',
    ],
    [
      'faults of the config and nothing that Node.js or the shell says of itself',
      "process.emitWarning('old'); setImmediate(() => { process.stderr.write('sh: warning: setlocale: LC_ALL: cannot change locale (x)\\na.yaml:1: x\\n'); process.exitCode = 1 })",
      'a.yaml:1: x',
    ],
    ['silence', 'process.exitCode = 4', 'the synthesis ended with 4 and said nothing'],
  ])('hands on %s', async (_, script, message) => {
    app(script);
    await expect(withSynthesis({ project }, async () => undefined)).rejects.toThrow(new Error(message));
  });

  it('stops as asked', async () => {
    app('setTimeout(() => {}, 60_000)');
    const stop = new AbortController();
    const work = withSynthesis({ project, signal: stop.signal }, async () => undefined);
    stop.abort();
    await expect(work).rejects.toThrow(/^stopped as asked: nothing was changed$/);
  });

  it.each([
    ['missing', undefined],
    ['no JSON', '{'],
    ['without app', '{"language": "typescript"}'],
  ])('says what is wrong with a cdktf.json that is %s', async (_, text) => {
    if (text !== undefined) writeFileSync(path.join(project, 'cdktf.json'), text);
    await expect(withSynthesis({ project }, async () => undefined)).rejects.toThrow(
      /^cdktf\.json cannot be read \(.*\): it names the app/,
    );
  });
});

describe('parseStackReference', () => {
  it('reads an environment, and a stage where one is named', () => {
    expect(parseStackReference('dev')).toEqual({ environment: 'dev', label: 'dev' });
    expect(parseStackReference('dev@scaled-out')).toEqual({
      environment: 'dev',
      stage: 'scaled-out',
      label: 'dev@scaled-out',
    });
  });

  it.each([
    ['dev@', /names the stage "": a stage is single-node or scaled-out/],
    ['dev@scaled', /names the stage "scaled"/],
    ['@scaled-out', /names no environment/],
    ['../dev', /names no environment/],
    ['', /names no environment/],
  ])('refuses "%s"', (text, message) => {
    expect(() => parseStackReference(text)).toThrow(message);
  });
});

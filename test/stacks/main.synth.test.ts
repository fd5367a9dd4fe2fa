import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testEnvironment } from '../support/environment';
import { laneSuite } from '../support/lanes';

laneSuite('synth', 'the app that cdktf starts', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'scaleout-app-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const { app } = JSON.parse(readFileSync('cdktf.json', 'utf8')) as { app: string };
  const outdir = (): string => path.join(directory, 'out');
  const start = (environment: Record<string, string> = {}) =>
    spawnSync(app, {
      shell: true,
      encoding: 'utf8',
      env: testEnvironment({ CDKTF_OUTDIR: outdir(), ...environment }),
    });
  const stackOf = (name: string): string =>
    readFileSync(path.join(outdir(), 'stacks', name, 'cdk.tf.json'), 'utf8');

  test('writes every environment at its own stage, and where their states lie', () => {
    expect(start()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(stackOf('dev')).toContain('"node_count": 0,');
    expect(stackOf('prod')).toContain('"node_count": 2,');
    expect(stackOf('bootstrap')).toContain('"azurerm_storage_account"');
  });

  test('shows another stage on demand, in a directory of its own', () => {
    expect(start({ SCALEOUT_STAGE: 'scaled-out' })).toMatchObject({ status: 0 });
    expect(stackOf('dev')).toContain('"node_count": 2,');
  });

  test('refuses to put another stage where cdktf deploy reads', () => {
    expect(start({ SCALEOUT_STAGE: 'scaled-out', CDKTF_OUTDIR: 'cdktf.out' })).toMatchObject({
      status: 1,
      stderr:
        'SCALEOUT_STAGE: is "scaled-out", and the output would be what cdktf deploy reads: unset it, or give --output another directory, as in .scaleout/scaled-out\n',
    });
  });

  test('refuses a stage that is none', () => {
    expect(start({ SCALEOUT_STAGE: 'scaled-up' })).toMatchObject({
      status: 1,
      stderr: 'SCALEOUT_STAGE: is "scaled-up": it must be single-node or scaled-out\n',
    });
  });

  test('reads another config directory, and shows its faults without a stack trace, writing nothing', () => {
    for (const each of ['environments', 'workloads']) {
      cpSync(path.join('config', each), path.join(directory, each), { recursive: true });
    }
    const file = path.join(directory, 'environments', 'dev.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('count: 2', 'count: 1'));
    expect(start({ SCALEOUT_CONFIG_DIR: directory })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /environments\/dev\.yaml:\d+: cluster\.workers\.count: is 1: a cluster has no worker or 2 to 20 of them, never one\n$/,
      ) as string,
    });
    expect(existsSync(outdir())).toBe(false);
  });
});

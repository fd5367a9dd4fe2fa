import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bytesDigest } from '../../scripts/lib/digest';
import { sealedText } from '../../scripts/release/bundle';
import { writeBundleFiles } from '../../scripts/release/bundle-files';
import type { Receipt } from '../../scripts/release/receipt';
import { nextReceipt } from '../../scripts/release/receipt';
import { KEYS, RIGHT } from '../release/exam/seal';
import { sampleBundle } from '../release/exam/samples';
import { scaleout } from '../support/command-line';
import { scratchDirectory } from '../support/scratch';

const scratch = scratchDirectory();
const config = path.join(scratch, 'config');
mkdirSync(config);
writeFileSync(
  path.join(config, 'policy.yaml'),
  JSON.stringify({ notProduction: ['dev'], signingKeys: KEYS }),
);
const environment = { SCALEOUT_CONFIG_DIR: config };

const files = [1, 2].reduce<{ readonly names: string[]; readonly last: Receipt | undefined }>(
  ({ names, last }, sequence) => {
    const receipt = nextReceipt(
      {
        environment: 'dev',
        cluster: null,
        releaseDigest: bytesDigest('release'),
        bundleDigest: bytesDigest('bundle'),
        planDigest: bytesDigest('plan'),
        stackDigest: bytesDigest('stack'),
        verdict: 'passed',
        policyDigest: bytesDigest('policy'),
        changes: sequence,
        tool: { name: 'scaleout', version: '0.1.0' },
        terraform: '1.11.4',
        writtenAt: '2026-01-01T10:00:00.000Z',
      },
      last,
      RIGHT.privateKey,
    );
    const name = path.join(scratch, `dev-000${String(sequence)}.json`);
    writeFileSync(name, sealedText(receipt));
    return { names: [...names, name], last: receipt };
  },
  { names: [], last: undefined },
).names;

describe('verify-receipt', () => {
  it('says what receipts prove, and that the first ones are missing', async () => {
    const all = await scaleout(['verify-receipt', ...files], environment);
    expect(all).toMatchObject({ status: 0, stderr: '' });
    expect(all.stdout).toMatch(/2 receipts of dev, from the first one on, each as it was written and linked/);
    expect(all.stdout).toContain('signed by pipeline');
    const { stdout } = await scaleout(['verify-receipt', files[1] ?? '', '--json'], environment);
    expect(JSON.parse(stdout)).toMatchObject({
      formatVersion: 1,
      ok: true,
      complete: false,
      receipts: [{ sequence: 2, signedBy: 'pipeline' }],
    });
  });

  it('ends with 3 for one that was edited, and with 1 for one that is not there', async () => {
    const edited = path.join(scratch, 'edited.json');
    writeFileSync(edited, sealedText({ kind: 'scaleout receipt' }));
    expect(await scaleout(['verify-receipt', edited], environment)).toMatchObject({ status: 3, stdout: '' });
    const missing = await scaleout(['verify-receipt', 'nowhere.json'], environment);
    expect(missing).toMatchObject({ status: 1, stdout: '' });
    expect(missing.stderr).toMatch(/^error: the receipt nowhere\.json cannot be read \(ENOENT\)/);
  });
});

describe('apply', () => {
  it('ends with 1 where there is no bundle, and with 3 for one of another environment', async () => {
    const missing = await scaleout(['apply', 'dev', '--bundle', path.join(scratch, 'nowhere')], environment);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toMatch(/nowhere is no bundle: it does not exist/);
    const bundle = path.join(scratch, 'bundle');
    writeBundleFiles(bundle, sampleBundle());
    const other = await scaleout(['apply', 'prod', '--bundle', bundle], environment);
    expect(other.status).toBe(3);
    expect(other.stderr).toMatch(/the bundle is of "dev" and was to be applied to "prod"/);
  });

  it('judges the bundled stack by the policy of the day', async () => {
    const bundle = path.join(scratch, 'bundle');
    const refused = await scaleout(['apply', 'dev', '--bundle', bundle, '--json'], environment);
    expect(refused.status).toBe(3);
    // The exam's stack says next to nothing, which no rule lets pass.
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'release.not-reviewed-well' } });
  });
});

it('plan asks for a directory that it may write', async () => {
  writeFileSync(path.join(scratch, 'work.txt'), 'x');
  const { status, stderr } = await scaleout(['plan', 'dev', '--out', scratch], environment);
  expect(status).toBe(1);
  expect(stderr).toMatch(/is there already and is no bundle that "scaleout plan --out" wrote/);
});

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withSynthesis } from '../../scripts/infra/synth';
import { bytesDigest } from '../../scripts/lib/digest';
import { promote } from '../../scripts/release/promote';
import type { PromoteInput } from '../../scripts/release/promote';
import { openReceiptBook, writeReceipt } from '../../scripts/release/receipt-files';
import { currentRelease } from '../../scripts/release/release-files';
import { recordingReporter } from '../local/journey/recording-reporter';
import { testEnvironment } from '../support/environment';
import { laneSuite } from '../support/lanes';
import { scratchDirectory } from '../support/scratch';
import { ENVIRONMENTS } from '../support/synth';
import { KEYS, RIGHT } from './exam/seal';

const NOW = Date.parse('2026-12-01T08:00:00Z');
const SLOW = 120_000;

laneSuite('synth', 'a promotion', () => {
  const home = scratchDirectory();
  const config = path.join(home, 'config');
  const receipts = path.join(home, 'receipts');
  const out = path.join(home, 'request');
  const environment = testEnvironment({
    SCALEOUT_CONFIG_DIR: config,
    SCALEOUT_SIGNING_KEY: RIGHT.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  const context = {
    reporter: recordingReporter(),
    signal: new AbortController().signal,
    confirm: () => Promise.resolve(true),
  };
  const ask = (more: Partial<PromoteInput> = {}) =>
    promote(context, { from: 'dev', to: 'prod', out, receipts, environment, now: NOW, ...more });

  beforeAll(async () => {
    cpSync(ENVIRONMENTS, path.join(config, 'environments'), { recursive: true });
    cpSync(path.resolve(__dirname, '../../config/workloads'), path.join(config, 'workloads'), {
      recursive: true,
    });
    writeFileSync(
      path.join(config, 'policy.yaml'),
      JSON.stringify({ notProduction: ['dev'], signingKeys: KEYS }),
    );
    mkdirSync(receipts);
    const stack = await withSynthesis({ environment }, async (directory) =>
      readFileSync(path.join(directory, 'stacks', 'dev', 'cdk.tf.json'), 'utf8'),
    );
    // What an apply of this very release to dev leaves behind.
    writeReceipt(
      openReceiptBook(receipts, 'dev', KEYS, NOW),
      {
        environment: 'dev',
        cluster: null,
        releaseDigest: currentRelease(environment).digest,
        bundleDigest: null,
        planDigest: bytesDigest('plan'),
        stackDigest: bytesDigest(stack),
        verdict: 'passed',
        policyDigest: bytesDigest('policy'),
        changes: 3,
        tool: { name: 'scaleout', version: '0.1.0' },
        terraform: '1.11.4',
        writtenAt: '2026-11-30T20:00:00.000Z',
      },
      RIGHT.privateKey,
    );
  }, SLOW);

  it(
    'asks for the approval of what dev has verified',
    async () => {
      const { document, outcome, text } = await ask();
      expect({ outcome, obstacles: document.obstacles }).toEqual({ outcome: 'done', obstacles: [] });
      expect(text).toContain('approval.md asks for the approval of the release');
      expect(document.signedBy).toBe('pipeline');
      expect(JSON.parse(readFileSync(path.join(out, 'approval.json'), 'utf8'))).toEqual(document);
      const markdown = readFileSync(path.join(out, 'approval.md'), 'utf8');
      expect(markdown).toContain('| `cluster.highAvailability` | `false` | `true` | its protection |');
      expect(markdown).toContain(document.releaseDigest);
      expect(markdown).toMatch(/- `prod\/\S+` /);
    },
    SLOW,
  );

  it(
    'is refused where the release or a setting is another one, or production would not be safe',
    async () => {
      const file = path.join(config, 'environments', 'prod.yaml');
      const text = readFileSync(file, 'utf8');
      writeFileSync(
        file,
        text
          .replace('highAvailability: true', 'highAvailability: false')
          .replace(/postgresVersion: \d+/, 'postgresVersion: 15'),
      );
      writeFileSync(path.join(config, 'workloads', 'sensors', 'more.sql'), 'SELECT 1;\n');
      const refusedOut = path.join(home, 'refused');
      const { document, outcome } = await ask({ out: refusedOut });
      expect({ outcome, ok: document.ok }).toEqual({ outcome: 'refused', ok: false });
      const all = document.obstacles.join('\n');
      expect(all).toMatch(
        /dev verified the release sha256:\w+, and what would go on is sha256:\w+: deploy it to dev first/,
      );
      expect(all).toMatch(
        /cluster\.postgresVersion is \d+ in dev and 15 in prod, which no environment may set for itself/,
      );
      expect(all).toMatch(/the rules of production refuse prod: .* breaks availability/);
      expect(existsSync(refusedOut)).toBe(false);
    },
    SLOW,
  );

  it('asks for environments that are there', async () => {
    await expect(ask({ to: 'staging' })).rejects.toMatchObject({ code: 'input.unknown-environment' });
    await expect(ask({ to: 'dev' })).rejects.toMatchObject({ code: 'input.invalid' });
  });
});

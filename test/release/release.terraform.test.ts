import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyBundle } from '../../scripts/release/apply';
import { deployWithReceipt } from '../../scripts/release/deploy';
import { planBundle } from '../../scripts/release/plan';
import { readReceipts } from '../../scripts/release/receipt-files';
import type { ScaleoutError } from '../../scripts/lib/errors';
import { CLUSTER_ID, ENVIRONMENT, PASSWORD, Rehearsal } from '../infra/rehearsal';
import { azureSuite } from '../support/lanes';
import { OWN_PLUGIN } from '../support/shared-provider';
import { LOCK_FILE, seedLockFile } from '../support/terraform-plugins';
import { KEYS, RIGHT } from './exam/seal';

/** From a plan to its receipt, with the real Terraform and the real plugin. Steps of one story, in order. */
const SLOW = 240_000;

azureSuite('a bundle, from its plan to its receipt', () => {
  let rehearsal: Rehearsal;
  let bundle: string;
  let receipts: string;

  beforeAll(async () => {
    rehearsal = await Rehearsal.start();
    bundle = join(rehearsal.home, 'bundle');
    receipts = join(rehearsal.home, 'receipts');
    const policy = {
      notProduction: [ENVIRONMENT],
      signingKeys: KEYS,
    };
    writeFileSync(join(rehearsal.home, 'config', 'policy.yaml'), JSON.stringify(policy));
    await rehearsal.synthesizeWith(() => undefined);
    // As `npx cdktf get` or a first init would have left it: no registry is asked.
    seedLockFile(join(rehearsal.home, 'cdktf.out', 'stacks', ENVIRONMENT));
  }, SLOW);
  afterAll(() => rehearsal.end());

  /** With a plugin of its own, as a lock file says nothing of one that Terraform is only told to talk to. */
  const environment = (): Record<string, string | undefined> => ({
    ...rehearsal.environment,
    ...OWN_PLUGIN,
    SCALEOUT_SIGNING_KEY: RIGHT.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  const directory = (): string => join(rehearsal.home, 'cdktf.out');
  const workers = async (): Promise<number> => {
    const { body } = await rehearsal.inAzure('GET', CLUSTER_ID);
    return (body['properties'] as { nodeCount: number }).nodeCount;
  };
  const plan = () =>
    planBundle(rehearsal.context, {
      name: ENVIRONMENT,
      allow: [],
      out: bundle,
      directory: directory(),
      environment: environment(),
      skipSynth: true,
    });
  const apply = () =>
    applyBundle(rehearsal.context, {
      name: ENVIRONMENT,
      bundle,
      directory: directory(),
      receipts,
      environment: environment(),
    });

  it(
    'deploys what lies there, without synthesizing, and leaves a receipt',
    async () => {
      // Another config is not what is deployed.
      rehearsal.writeConfig(['stage: single-node', 'stage: scaled-out']);
      const { document, outcome, text } = await deployWithReceipt(rehearsal.context, {
        name: ENVIRONMENT,
        allow: [],
        directory: directory(),
        skipSynth: true,
        receipts,
        environment: environment(),
      });
      expect({ outcome, text: outcome === 'done' ? '' : text }).toEqual({ outcome: 'done', text: '' });
      expect(document.receipt).toMatchObject({
        sequence: 1,
        predecessor: null,
        bundleDigest: null,
        verdict: 'passed',
      });
      expect(document.receipt?.cluster?.toLowerCase()).toBe(CLUSTER_ID.toLowerCase());
      expect(await workers()).toBe(0);
    },
    SLOW,
  );

  it(
    'writes a bundle with no secret in it, and changes nothing',
    async () => {
      await rehearsal.synthesizeWith(() => undefined);
      const since = rehearsal.azure.requests.length;
      const { document, outcome, text } = await plan();
      expect({ outcome, text: outcome === 'refused' ? text : '' }).toEqual({ outcome: 'changes', text: '' });
      expect(document).toMatchObject({
        ok: true,
        audit: { verdict: 'passed' },
        bundle: { signedBy: 'pipeline' },
      });
      expect(rehearsal.changesSent(since)).toEqual([]);
      const files = readdirSync(bundle, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /\.\w+$/.test(name),
      );
      expect(files).toContain(join('stack', LOCK_FILE));
      const all = files.map((name) => readFileSync(join(bundle, name), 'utf8')).join('\n');
      const bytes = Buffer.from(PASSWORD);
      for (const spelling of [PASSWORD, bytes.toString('base64').slice(0, -3), bytes.toString('hex')]) {
        expect(all).not.toContain(spelling);
      }
      expect(all).toMatch(/"administrator_login_password": "\(sensitive\)"/);
      expect(all).toContain('node_count: 0 -> 3');
    },
    SLOW,
  );

  it(
    'refuses it where somebody changed something by hand since, by name, and applies nothing',
    async () => {
      const { body } = await rehearsal.inAzure('GET', CLUSTER_ID);
      const tags = body['tags'] as Record<string, string>;
      await rehearsal.inAzure('PATCH', CLUSTER_ID, { tags: { ...tags, owner: 'by hand' } });
      const since = rehearsal.azure.requests.length;
      const error = await failure(apply());
      expect(error).toMatchObject({ code: 'release.other-plan', exitCode: 3 });
      expect(error.message).toMatch(
        /azurerm_cosmosdb_postgresql_cluster\.\w+: before\.tags\.owner was "sensors-platform", is "by hand"/,
      );
      expect(rehearsal.changesSent(since)).toEqual([]);
      await rehearsal.inAzure('PATCH', CLUSTER_ID, { tags });
    },
    SLOW,
  );

  it('refuses to talk to a provider that the lock file does not pin', async () => {
    const reattached = {
      ...environment(),
      TF_REATTACH_PROVIDERS: rehearsal.environment['TF_REATTACH_PROVIDERS'],
    };
    const error = await failure(
      applyBundle(rehearsal.context, {
        name: ENVIRONMENT,
        bundle,
        directory: directory(),
        receipts,
        environment: reattached,
      }),
    );
    expect(error.code).toBe('release.unlocked-provider');
  });

  it(
    'applies it once that is undone, and leaves the next receipt',
    async () => {
      const { document, outcome, text } = await apply();
      expect({ outcome, text: outcome === 'done' ? '' : text }).toEqual({ outcome: 'done', text: '' });
      expect(document).toMatchObject({
        ok: true,
        pending: [],
        receipt: { sequence: 2, bundleDigest: document.bundleDigest },
      });
      expect(await workers()).toBe(3);
      const files = readdirSync(receipts).map((name) => join(receipts, name));
      expect(readReceipts(files, KEYS, Date.now()).map(({ signedBy }) => signedBy)).toEqual([
        'pipeline',
        'pipeline',
      ]);
      // Nothing of the run is left beside, and nothing was put into the bundle.
      expect(readdirSync(join(rehearsal.home, '.scaleout'))).toEqual(['state']);
      expect(readdirSync(join(bundle, 'stack')).sort()).toEqual([LOCK_FILE, 'cdk.tf.json']);
    },
    SLOW,
  );

  it(
    'refuses it from then on: its plan no longer fits',
    async () => {
      const since = rehearsal.azure.requests.length;
      expect(await failure(apply())).toMatchObject({ code: 'release.other-plan', exitCode: 3 });
      expect(rehearsal.changesSent(since)).toEqual([]);
      expect(readdirSync(receipts)).toHaveLength(2);
    },
    SLOW,
  );

  it(
    'refuses to replace a directory that is no bundle',
    async () => {
      bundle = join(rehearsal.home, 'work');
      mkdirSync(bundle);
      writeFileSync(join(bundle, 'manifest.json'), '{}');
      await expect(plan()).rejects.toMatchObject({ code: 'file.exists' });
    },
    SLOW,
  );
});

async function failure(work: Promise<unknown>): Promise<ScaleoutError> {
  try {
    await work;
  } catch (error) {
    return error as ScaleoutError;
  }
  throw new Error('it was not refused');
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnvironment } from '../../config/environment/environment';
import { settingDifferences } from '../../config/environment/promotion';
import { bytesDigest } from '../../scripts/lib/digest';
import { checkBundle } from '../../scripts/release/bundle';
import type { PromotionFacts } from '../../scripts/release/promotion';
import { obstacles } from '../../scripts/release/promotion';
import type { CheckedReceipt } from '../../scripts/release/receipt';
import { nextReceipt } from '../../scripts/release/receipt';
import { KEYS } from './exam/seal';
import { NOW, sampleBundles } from './exam/samples';

const { right, prod } = sampleBundles();
const bundle = checkBundle(prod, KEYS, NOW);
const stackDigest = bytesDigest(bundle.stackText);
const { releaseDigest } = bundle.manifest;

function receipt(of: {
  environment?: string;
  releaseDigest?: string;
  stackDigest?: string;
  verdict?: 'passed' | 'refused';
}): CheckedReceipt {
  const content = {
    environment: 'dev',
    cluster: null,
    releaseDigest,
    bundleDigest: null,
    planDigest: bytesDigest('plan'),
    stackDigest: bytesDigest('dev'),
    verdict: 'passed' as const,
    policyDigest: bytesDigest('policy'),
    changes: 1,
    tool: { name: 'scaleout', version: '0.1.0' },
    terraform: '1.11.4',
    writtenAt: '2026-11-30T20:00:00.000Z',
    ...of,
  };
  return { receipt: nextReceipt(content, undefined, undefined), file: 'dev-0001.json', signedBy: undefined };
}

const facts: PromotionFacts = {
  from: 'dev',
  to: 'prod',
  receipts: [receipt({})],
  releaseDigest,
  stackDigests: { from: bytesDigest('dev'), to: stackDigest },
  settings: [],
  audit: { ...bundle.audit, environment: 'prod' },
  bundle: { checked: bundle, stackDigest },
};

it('has nothing in its way where all fits', () => {
  expect(obstacles(facts)).toEqual([]);
});

it.each<[string, Partial<PromotionFacts>, RegExp]>([
  ['an environment that was never verified', { receipts: [] }, /^dev has no receipt/],
  ['a receipt of another environment', { receipts: [receipt({ environment: 'test' })] }, /is of "test"/],
  ['another release', { receipts: [receipt({ releaseDigest: bytesDigest('x') })] }, /verified the release/],
  [
    'a stack that this release does not make',
    { receipts: [receipt({ stackDigest: bytesDigest('x') })] },
    /is not what this release makes/,
  ],
  [
    'an audit that said no',
    { receipts: [receipt({ verdict: 'refused' })] },
    /the audit refused what was applied/,
  ],
  [
    'a setting that is not its own',
    { settings: [{ path: 'workload', from: 'a', to: 'b', reason: null }] },
    /workload is a in dev and b in prod/,
  ],
  [
    'a bundle of another environment',
    { bundle: { checked: checkBundle(right, KEYS, NOW), stackDigest } },
    /the bundle is of "dev"/,
  ],
  [
    'a bundle of another release',
    { releaseDigest: bytesDigest('y'), receipts: [receipt({ releaseDigest: bytesDigest('y') })] },
    /the bundle is of the release/,
  ],
  [
    'a bundle of another stack',
    { bundle: { checked: bundle, stackDigest: bytesDigest('x') } },
    /the stack in the bundle is not/,
  ],
])('is stopped by %s', (_, change, message) => {
  const found = obstacles({ ...facts, ...change });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(message);
});

describe('what two environments set otherwise', () => {
  const settings = (name: string, ...changes: readonly (readonly [RegExp, string])[]) =>
    parseEnvironment(
      changes.reduce(
        (text, [from, by]) => text.replace(from, by),
        readFileSync(path.join(__dirname, '../support/environments', `${name}.yaml`), 'utf8'),
      ),
      `config/environments/${name}.yaml`,
    );

  it('is what an environment may set, in the samples', () => {
    const found = settingDifferences(settings('dev'), settings('prod'));
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(({ reason }) => reason === null)).toEqual([]);
    expect(found).toContainEqual({
      path: 'production',
      from: false,
      to: true,
      reason: 'whether it is production',
    });
  });

  it.each([
    [/workload: \S+/, 'workload: payments', 'workload'],
    [/postgresVersion: \d+/, 'postgresVersion: 15', 'cluster.postgresVersion'],
    [/coordinatorHoldsShards: true/, 'coordinatorHoldsShards: false', 'cluster.coordinatorHoldsShards'],
  ] as const)('may not be %s', (from, by, setting) => {
    const found = settingDifferences(settings('dev'), settings('prod', [from, by]));
    expect(found.filter(({ reason }) => reason === null).map((each) => each.path)).toEqual([setting]);
  });
});

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { checkBundle, composeBundle, MANIFEST } from '../../scripts/release/bundle';
import {
  readBundleFiles,
  requireReplaceableBundle,
  writeBundleFiles,
} from '../../scripts/release/bundle-files';
import { knownSecrets, secretsOfProcess } from '../../scripts/release/secrets';
import { scratchDirectory } from '../support/scratch';
import { SECRETS } from './exam/plan-document';
import { KEYS } from './exam/seal';
import { NOW, sampleBundles } from './exam/samples';

const scratch = scratchDirectory();
const { right, earlier } = sampleBundles();
/** No process has it: the largest number that Linux gives, and one more. */
const DEAD = 4_194_305;

const digestOf = (directory: string): string =>
  checkBundle(readBundleFiles(directory), KEYS, NOW).manifest.digest;
const code = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
  return undefined;
};

describe('a bundle that is written', () => {
  it('takes the place of the one before, and leaves nothing beside', () => {
    const directory = path.join(scratch, 'twice');
    writeBundleFiles(directory, earlier);
    const before = digestOf(directory);
    requireReplaceableBundle(directory);
    writeBundleFiles(directory, right);
    expect(digestOf(directory)).not.toBe(before);
    expect(readdirSync(scratch).filter((name) => name.startsWith('twice'))).toEqual(['twice']);
  });

  // A run may be killed at each of its steps; these are the states that it can leave.
  it.each([
    [
      'while it wrote',
      (target: string) => cpSync(target, `${target}.scaleout-part-${String(DEAD)}`, { recursive: true }),
      true,
    ],
    ['half-way', (target: string) => mkdirSync(`${target}.scaleout-part-${String(DEAD)}`), true],
    [
      'between two names',
      (target: string) => renameSync(target, `${target}.scaleout-old-${String(DEAD)}`),
      false,
    ],
    [
      'before it swept',
      (target: string) => cpSync(target, `${target}.scaleout-old-${String(DEAD)}`, { recursive: true }),
      true,
    ],
  ] as const)(
    'is the one before or none where the run was killed %s, and the next run finishes',
    (state, kill, isThere) => {
      const target = path.join(scratch, state.replaceAll(' ', '-'));
      writeBundleFiles(target, earlier);
      const before = digestOf(target);
      kill(target);
      expect(existsSync(target) ? digestOf(target) : before).toBe(before);
      expect(existsSync(target)).toBe(isThere);
      requireReplaceableBundle(target);
      writeBundleFiles(target, right);
      expect(digestOf(target)).not.toBe(before);
      expect(readdirSync(scratch).filter((name) => name.startsWith(`${path.basename(target)}.`))).toEqual([]);
    },
  );

  it('replaces nothing that is no bundle', () => {
    const target = path.join(scratch, 'work');
    mkdirSync(target);
    expect(code(() => requireReplaceableBundle(target))).toBeUndefined();
    writeFileSync(path.join(target, 'thesis.txt'), 'of three years');
    expect(code(() => requireReplaceableBundle(target))).toBe('file.exists');
    rmSync(path.join(target, 'thesis.txt'));
    writeFileSync(path.join(target, MANIFEST), '{ "kind": "another" }');
    expect(code(() => requireReplaceableBundle(target))).toBe('file.exists');
    const bundle = path.join(scratch, 'with-work');
    writeBundleFiles(bundle, right);
    writeFileSync(path.join(bundle, 'notes.txt'), 'of the review');
    expect(code(() => requireReplaceableBundle(bundle))).toBe('file.exists');
    symlinkSync(bundle, path.join(scratch, 'link'));
    expect(code(() => requireReplaceableBundle(path.join(scratch, 'link')))).toBe('file.exists');
    expect(code(() => requireReplaceableBundle(path.join(scratch, 'nowhere', 'bundle')))).toBe(
      'file.unwritable',
    );
  });

  it('can be written over after it was edited, as it goes', () => {
    const target = path.join(scratch, 'edited');
    writeBundleFiles(target, right);
    writeFileSync(path.join(target, 'review.txt'), 'edited');
    expect(code(() => requireReplaceableBundle(target))).toBeUndefined();
  });
});

it('what a run was given in its variables is a secret by its name, and no word', () => {
  const given = secretsOfProcess({
    TF_VAR_admin_password: SECRETS.admin,
    TF_VAR_region: 'westus2',
    ARM_CLIENT_SECRET: 'of-the-pipeline-1',
    ARM_TENANT_ID: '00000000-0000-0000-0000-000000000000',
    PGPASSWORD: 'postgres',
    SCALEOUT_SIGNING_KEY: '/keys/signing.pem',
    TF_VAR_role_app_password: undefined,
  });
  expect(given).toEqual([SECRETS.admin, 'of-the-pipeline-1']);
});

it.each([
  ['in clear text', (secret: string) => secret],
  ['in JSON', (secret: string) => JSON.stringify(secret).slice(1, -1)],
  ['in base64', (secret: string) => Buffer.from(secret).toString('base64')],
  ['in base64, behind a name', (secret: string) => Buffer.from(`citus:${secret}`).toString('base64')],
  [
    'in base64, behind a letter and before others',
    (secret: string) => Buffer.from(`x${secret}@host`).toString('base64'),
  ],
  ['in base64 for URLs', (secret: string) => Buffer.from(`ab${secret}`).toString('base64url')],
  ['in a URL', (secret: string) => `https://citus:${encodeURIComponent(secret)}@host`],
  ['in hexadecimal digits', (secret: string) => Buffer.from(secret).toString('hex')],
] as const)('a bundle with a secret %s is not written', (_, spelled) => {
  const checked = checkBundle(right, KEYS, NOW);
  const { plan, audit, versions, release, stackText, lockText } = checked;
  for (const secret of Object.values(SECRETS)) {
    const compose = () =>
      composeBundle({
        environment: 'dev',
        createdAt: '2026-11-30T19:00:00.000Z',
        tables: 'none',
        plan,
        audit,
        versions,
        release,
        lockText,
        stackText: stackText.replace('"westus2"', '').replace('wwi-sensors-dev', spelled(secret)),
        secrets: knownSecrets(Object.values(SECRETS)),
      });
    expect(code(compose)).toBe('release.secret-found');
  }
});

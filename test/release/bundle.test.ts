import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ScaleoutError } from '../../scripts/lib/errors';
import { checkBundle } from '../../scripts/release/bundle';
import { readBundleFiles } from '../../scripts/release/bundle-files';
import { scratchDirectory } from '../support/scratch';
import type { Files, TamperedBundle } from './exam/bundles';
import { FILES, MANIFEST, tamperedBundles } from './exam/bundles';
import { planDocument, SECRETS } from './exam/plan-document';
import { KEYS, resealBundle } from './exam/seal';
import { NOW, sampleBundles } from './exam/samples';
import { planDifferences } from '../../scripts/release/plan-difference';
import { readPlan } from '../../scripts/release/plan-meaning';
import { requireBundleFor } from '../../scripts/release/admit';

const scratch = scratchDirectory();
const { right, ...others } = sampleBundles();
const now = readPlan(JSON.stringify(planDocument()));

function write(directory: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [name, content] of files) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
}

function onDisk({ onDisk: what, file = '' }: TamperedBundle, directory: string): void {
  const place = join(directory, file);
  const away = `${directory}-${file.replaceAll('/', '-')}`;
  switch (what) {
    case 'symlink':
    case 'linked directory':
      renameSync(place, away);
      symlinkSync(away, place);
      return;
    case 'pipe':
      rmSync(place, { force: true });
      execFileSync('mkfifo', [place]);
      return;
    case 'directory':
      mkdirSync(place);
      return;
    case 'huge':
      truncateSync(place, 2 * 1024 ** 3);
      return;
    case 'only the manifest':
      for (const name of FILES) unlinkSync(join(directory, name));
      return;
    case undefined:
  }
}

/** As far as an apply goes without Terraform: reads it, verifies it, and compares it with the plan of the day. */
function admit(directory: string): string | undefined {
  const bundle = checkBundle(readBundleFiles(directory), KEYS, NOW);
  requireBundleFor(bundle, 'dev');
  expect(planDifferences(bundle.plan.meaning, now)).toEqual([]);
  return bundle.signedBy;
}

it('takes a bundle as it was written', () => {
  const directory = join(scratch, 'right');
  write(directory, right);
  expect(admit(directory)).toBe('pipeline');
});

const exam = tamperedBundles();

it.each(exam.map((each, index) => [each.id, index] as const))('refuses %s', (_, index) => {
  const tampered = exam[index]!;
  const files: Files = new Map(right);
  const copies = Object.fromEntries(
    Object.entries(others).map(([name, content]) => [name, new Map(content)]),
  ) as Record<keyof typeof others, Files>;
  tampered.edit?.(files, copies);
  if (files.has(MANIFEST)) resealBundle(files, tampered.sealed);
  const directory = join(scratch, String(index));
  mkdirSync(directory);
  write(directory, files);
  onDisk(tampered, directory);
  let thrown: unknown;
  try {
    admit(directory);
  } catch (error) {
    thrown = error;
  }
  if (tampered.id.startsWith('the whole bundle of e')) {
    // All of it is right, and it no longer fits.
    expect(String(thrown)).toContain('toEqual');
    return;
  }
  expect(thrown).toBeInstanceOf(ScaleoutError);
  const { message, exitCode, code } = thrown as ScaleoutError;
  expect(code).toMatch(/^release\./);
  expect(exitCode).toBe(code === 'release.not-a-bundle' ? 1 : 3);
  expect(message).toMatch(/nothing was changed$/);
  expect(message).not.toContain('\n');
});

it('is an exam of more than 200', () => {
  expect(exam.length).toBeGreaterThan(200);
  expect(new Set(exam.map(({ id }) => id)).size).toBe(exam.length);
});

it('holds no secret, in no spelling', () => {
  const all = [...right.values()].map(String).join('\n');
  for (const secret of [...Object.values(SECRETS), 'Before-only-7']) {
    const bytes = Buffer.from(secret);
    const base64 = bytes.toString('base64').replace(/=+$/, '').slice(0, -1);
    const behind = Buffer.from(`x${secret}`).toString('base64').slice(2, -4);
    for (const spelling of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      bytes.toString('hex'),
      base64,
      behind,
    ]) {
      expect(all).not.toContain(spelling);
    }
  }
  // The words are there all the same.
  expect(all).toContain('(sensitive)');
});

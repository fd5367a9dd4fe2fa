import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { seal, sealedText, BUNDLE_FILES, MANIFEST } from '../../../scripts/release/bundle';
import { bytesDigest } from '../../../scripts/lib/digest';
import type { PublicKey } from '../../../scripts/lib/signature';
import type { Files, Sealed } from './bundles';

const pair = () => generateKeyPairSync('ed25519');
export const RIGHT = pair();
export const ANOTHER = pair();

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
/** What the policy of the exam names. */
export const KEYS: readonly PublicKey[] = [{ name: 'pipeline', publicKey: pem(RIGHT.publicKey) }];

/** Gives JSON that somebody edited digest and signature again. */
export function resealed(text: string, sealed: Sealed): string {
  if (sealed === 'as it was') return text;
  const content = { ...(JSON.parse(text) as { kind: string }), digest: undefined, signature: undefined };
  const key = { 'no key': undefined, 'another key': ANOTHER.privateKey, 'the right key': RIGHT.privateKey }[
    sealed
  ];
  return sealedText(seal(content, key));
}

/** Makes the files of a bundle fit its manifest again, as far as somebody with this key can. */
export function resealBundle(files: Files, sealed: Sealed): void {
  if (sealed === 'as it was') return;
  const tidy = (name: string, content: Buffer): Buffer => {
    if (!name.endsWith('.json') || name.startsWith('stack/')) return content;
    try {
      // A key that is there twice stays so.
      const text = content.toString();
      return text.includes('7, "formatVersion": 7')
        ? content
        : Buffer.from(sealedText(JSON.parse(text) as object));
    } catch {
      return content;
    }
  };
  for (const [name, content] of files) if (name !== MANIFEST) files.set(name, tidy(name, content));
  const manifest = JSON.parse(files.get(MANIFEST)!.toString()) as {
    files: { path: string; bytes: unknown; sha256: string }[];
  };
  const named = manifest.files.map((file) => {
    const content = files.get(file.path);
    const isKnown =
      (BUNDLE_FILES as readonly string[]).includes(file.path) &&
      Number.isInteger(file.bytes) &&
      Number(file.bytes) >= 0 &&
      Number(file.bytes) < 1e9;
    return content === undefined || !isKnown
      ? file
      : { path: file.path, bytes: content.length, sha256: bytesDigest(content) };
  });
  files.set(MANIFEST, Buffer.from(resealed(JSON.stringify({ ...manifest, files: named }), sealed)));
}

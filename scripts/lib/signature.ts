import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { shownConfigPath } from '../../config/file/files';
import { nodeCodeOf, refused, ScaleoutError } from './errors';

/** A key that the owners of a project trust. */
export interface PublicKey {
  /** Who or what signs with it, for people. */
  readonly name: string;
  /** PEM of an ed25519 key. */
  readonly publicKey: string;
}

/** An ed25519 signature of a digest. */
export interface Signature {
  readonly algorithm: 'ed25519';
  /** SHA-256 of the public key in DER, as hexadecimal digits. */
  readonly key: string;
  /** In base64. */
  readonly value: string;
}

export const signatureSchema = z.strictObject({
  algorithm: z.literal('ed25519'),
  key: z.string().regex(/^[0-9a-f]{64}$/),
  value: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
});

/** Where owners say which keys they trust, as the reader would type it. */
const policyFile = (): string => shownConfigPath('policy.yaml');

/** The variable that holds the private key, or names the file that does. */
export const SIGNING_KEY = 'SCALEOUT_SIGNING_KEY';

/** What a signature is about, so that one of a bundle is none of a receipt. */
export interface Signed {
  /** `scaleout bundle`, `scaleout receipt`. */
  readonly kind: string;
  readonly digest: string;
}

/** The key of a text in PEM; undefined where it is no public key of ed25519. Pure. */
export function publicKeyOf(pem: string): KeyObject | undefined {
  try {
    // A private key would be taken as well, and belongs into no file of a project.
    if (pem.includes('PRIVATE')) return undefined;
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** By what a signature names its key. Pure. */
export function keyId(key: KeyObject): string {
  const own = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(own.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Signs a digest. Pure, as ed25519 uses no chance. */
export function signDigest(signed: Signed, key: KeyObject): Signature {
  return {
    algorithm: 'ed25519',
    key: keyId(key),
    value: sign(null, message(signed), key).toString('base64'),
  };
}

function message({ kind, digest }: Signed): Buffer {
  return Buffer.from(`${kind}\n${digest}\n`);
}

/**
 * Who signed something. Where no key is known, nothing has to be signed, and nothing can be.
 *
 * @param what what messages call it
 * @returns the name of the key; undefined where none is known and nothing is signed
 * @throws ScaleoutError (refused) where the signature is missing, wrong, or of a key that is not known
 */
export function requireSignature(
  signed: Signed,
  signature: Signature | undefined,
  keys: readonly PublicKey[],
  what: string,
): string | undefined {
  if (signature === undefined) {
    if (keys.length === 0) return undefined;
    throw refused(
      'release.unsigned',
      `${what} is not signed, and ${policyFile()} names keys (signingKeys), so it has to be: nothing was changed`,
    );
  }
  const known = keys.find(({ publicKey }) => idOf(publicKey) === signature.key);
  const key = known && publicKeyOf(known.publicKey);
  if (known === undefined || key === undefined) {
    throw refused(
      'release.unsigned',
      `${what} is signed with the key ${signature.key}, which ${policyFile()} does not name under signingKeys: use one that is signed with a key the owners trust; nothing was changed`,
    );
  }
  const value = Buffer.from(signature.value, 'base64');
  if (value.toString('base64') === signature.value && verify(null, message(signed), key, value))
    return known.name;
  throw refused(
    'release.unsigned',
    `${what} carries a signature that is not of what it says now: it was edited after ${known.name} signed it. Use it as it was written; nothing was changed`,
  );
}

function idOf(pem: string): string | undefined {
  const key = publicKeyOf(pem);
  return key && keyId(key);
}

/**
 * The private key of a run, where it has one.
 *
 * @param keys those that are trusted: to sign with another one would only be found out later
 * @throws ScaleoutError where it cannot be read, is of another kind or not trusted, and where one is needed and there is none
 */
export function signingKey(
  environment: Readonly<Record<string, string | undefined>>,
  keys: readonly PublicKey[],
): KeyObject | undefined {
  const named = environment[SIGNING_KEY] ?? '';
  if (named === '') {
    if (keys.length === 0) return undefined;
    throw unusable(
      `is not set, and ${policyFile()} names keys (signingKeys): set it to the private key of one of them, or to the name of the file that holds it`,
    );
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(named.includes('-----BEGIN') ? named : readFileSync(named, 'utf8'));
  } catch (error) {
    // What is in the variable may be the key itself, so it is not repeated.
    throw unusable(
      `holds no private key in PEM and names no file with one (${nodeCodeOf(error) ?? 'unknown'}): openssl genpkey -algorithm ed25519 makes one`,
    );
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw unusable(
      `holds a key of ${key.asymmetricKeyType ?? 'another kind'}: openssl genpkey -algorithm ed25519 makes one`,
    );
  }
  const id = keyId(key);
  if (!keys.some(({ publicKey }) => idOf(publicKey) === id)) {
    const pem = createPublicKey(key)
      .export({ type: 'spki', format: 'pem' })
      .toString()
      .trim()
      .replaceAll('\n', '\\n');
    throw unusable(
      `holds the key ${id}, which ${policyFile()} does not name under signingKeys: have the owners add { name, publicKey: "${pem}" }`,
    );
  }
  return key;
}

function unusable(why: string): ScaleoutError {
  return new ScaleoutError('release.signing-key', `${SIGNING_KEY} ${why}; nothing was changed`);
}

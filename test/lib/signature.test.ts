import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parsePolicy } from '../../scripts/audit/judge/waivers';
import {
  publicKeyOf,
  requireSignature,
  signDigest,
  SIGNING_KEY,
  signingKey,
} from '../../scripts/lib/signature';
import { scratchDirectory } from '../support/scratch';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const KEYS = [{ name: 'pipeline', publicKey: pem(publicKey) }];
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('the key to sign with', () => {
  const scratch = scratchDirectory();
  const key = (value: string | undefined, keys = KEYS) => signingKey({ [SIGNING_KEY]: value }, keys);

  it('comes from the variable, or from the file that it names', () => {
    const file = path.join(scratch, 'key.pem');
    writeFileSync(file, privatePem, { mode: 0o600 });
    for (const value of [privatePem, file]) {
      expect(key(value)?.export({ type: 'pkcs8', format: 'pem' })).toBe(privatePem);
    }
  });

  it('need not be there where no key is known', () => {
    expect(key(undefined, [])).toBeUndefined();
    expect(key('', [])).toBeUndefined();
  });

  it.each([
    ['is not set', undefined, KEYS, /is not set, and .*policy\.yaml names keys/],
    ['names no file', '/nowhere/key.pem', KEYS, /names no file with one \(ENOENT\)/],
    [
      'is no key',
      '-----BEGIN PRIVATE KEY-----\nMC4\n-----END PRIVATE KEY-----\n',
      KEYS,
      /holds no private key in PEM/,
    ],
    [
      'is of another kind',
      rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      KEYS,
      /holds a key of rsa/,
    ],
    [
      'is not trusted',
      privatePem,
      [],
      /does not name under signingKeys: have the owners add \{ name, publicKey: "-----BEGIN PUBLIC KEY/,
    ],
  ] as const)('is refused where it %s, and not repeated', (_, value, keys, message) => {
    let said = '';
    try {
      key(value, [...keys]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'release.signing-key', exitCode: 1 });
      said = String(error);
    }
    expect(said).toMatch(message);
    expect(said).toMatch(/nothing was changed$/);
    expect(said).not.toContain('PRIVATE');
  });
});

it('a signature is of one digest and one kind', () => {
  const signed = { kind: 'scaleout bundle', digest: 'sha256:1' };
  const signature = signDigest(signed, privateKey);
  expect(requireSignature(signed, signature, KEYS, 'it')).toBe('pipeline');
  for (const other of [
    { ...signed, digest: 'sha256:2' },
    { ...signed, kind: 'scaleout receipt' },
  ]) {
    expect(() => requireSignature(other, signature, KEYS, 'it')).toThrow(/edited after pipeline signed it/);
  }
});

describe('the policy', () => {
  const policy = (publicKeyText: string): string =>
    JSON.stringify({ notProduction: [], signingKeys: [{ name: 'pipeline', publicKey: publicKeyText }] });

  it('names keys', () => {
    expect(parsePolicy(policy(pem(publicKey)), 'policy.yaml').signingKeys).toEqual(KEYS);
    expect(parsePolicy('notProduction: []', 'policy.yaml').signingKeys).toEqual([]);
  });

  it.each([
    ['text', 'key'],
    ['a private key', privatePem],
    ['a key of another kind', pem(rsa.publicKey)],
  ])('takes no %s for one', (_, text) => {
    expect(publicKeyOf(text)).toBeUndefined();
    expect(() => parsePolicy(policy(text), 'policy.yaml')).toThrow(/public half of an ed25519 key in PEM/);
  });
});

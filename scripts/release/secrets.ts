import { namesSecret } from '../audit/stack/secrets';
import type { Json } from '../audit/stack/synthesized';
import { isObject } from '../audit/stack/synthesized';
import { SIGNING_KEY } from '../lib/signature';

/** Shorter texts are words as well, and would be found everywhere. */
const SHORTEST = 6;

/** The secrets that a run knows of, ready to be looked for. */
export interface KnownSecrets {
  /** Whether a text holds one of them, in clear text or as it is written in JSON, a URL, hexadecimal digits or base64. */
  readonly areIn: (text: string) => boolean;
}

/** Makes texts that are secret findable in others. Pure. */
export function knownSecrets(values: Iterable<string>): KnownSecrets {
  const spellings = new Set(
    [...new Set(values)].filter((value) => value.length >= SHORTEST).flatMap(spelled),
  );
  return { areIn: (text) => [...spellings].some((spelling) => text.includes(spelling)) };
}

/** A secret as programs write it into what they print. */
function spelled(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const inJson = JSON.stringify(value).slice(1, -1);
  const hex = bytes.toString('hex');
  return [
    value,
    inJson,
    // Inside a text of JSON that is itself a text in JSON.
    JSON.stringify(inJson).slice(1, -1),
    encodeURIComponent(value),
    hex,
    hex.toUpperCase(),
    ...inBase64(bytes),
  ];
}

/**
 * What base64 makes of bytes that stand anywhere in others: three bytes become four letters, so there are three ways to
 * begin, and what the neighbours share in at either end is left off.
 */
function inBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const own = text.slice(
      before === 0 ? 0 : before + 1,
      bytes.length % 3 === (3 - before) % 3 ? undefined : -1,
    );
    return own.length < SHORTEST ? [] : [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** Every text below a value that a mask of Terraform's calls sensitive: `true` in the mask is all that is below. */
export function maskedTexts(value: Json | undefined, mask: Json | undefined): readonly string[] {
  if (value === undefined || value === null || mask === undefined || mask === false) return [];
  if (mask === true) return textsIn(value);
  if (Array.isArray(value)) {
    return (value as readonly Json[]).flatMap((item, index) => maskedTexts(item, below(mask, index)));
  }
  return isObject(value)
    ? Object.entries(value).flatMap(([key, item]) => maskedTexts(item, below(mask, key)))
    : [];
}

/** The part of a mask that is about a member of a value. */
export function below(mask: Json | undefined, key: string | number): Json | undefined {
  if (mask === true) return true;
  if (Array.isArray(mask)) return (mask as readonly Json[])[Number(key)];
  return isObject(mask) ? mask[key] : undefined;
}

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(textsIn);
  return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}

/** What Terraform, its provider and the verbs of tables read secrets from. */
const HOLDS_SECRET = /^(?:TF_VAR_|ARM_|PG)/;
/** A word or a name, which is in many files and no secret of anybody. */
const WORD = /^[a-z_-]*$/;

/** The secrets that a run was given in its variables: passwords, tokens, keys. */
export function secretsOfProcess(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return Object.entries(environment).flatMap(([name, value = '']) => {
    const own = name.replace(/^TF_VAR_/, '');
    const isSecret =
      name === SIGNING_KEY ? value.includes('PRIVATE') : HOLDS_SECRET.test(name) && namesSecret(own);
    return isSecret && !WORD.test(value) ? [value] : [];
  });
}

import { z } from 'zod';
import { oneOf, show } from '../../../config/text/text';
import { parseYaml, rule } from '../../../config/file/yaml';
import { strictShape } from '../../../config/file/schema-types';
import type { PublicKey } from '../../lib/signature';
import { publicKeyOf } from '../../lib/signature';
import type { Level } from '../rule-parts/rule';
import { RULES } from '../rules';

/** One finding somebody answers for, until a day. Never a whole rule, and never for ever. */
export interface Waiver {
  readonly rule: string;
  /** Which of the rule's problems; the finding says it. */
  readonly check: string;
  /** The finding's; a warning that becomes an error is waived no more. */
  readonly level: Level;
  /** What is wrong there, as the finding says it: a wider rule, or a later day, is another value. */
  readonly value: string;
  /** The construct the finding names, exactly; it begins with the environment. */
  readonly constructPath: string;
  /** Why the finding is accepted, for the auditor to read. */
  readonly reason: string;
  /** The last day it holds, `YYYY-MM-DD`; at most a year after the day judged on. */
  readonly expires: string;
}

const ids = RULES.map(({ id }) => id);
const checkAllowed = 'what the finding names after its rule, as in retiring of supported-versions/retiring';
const valueAllowed = 'the value that is accepted, in quotes, as the finding says it';
const reasonAllowed =
  'why this finding is accepted, in a sentence an auditor can judge (20 letters at least)';
const dayAllowed = 'the last day the waiver holds, as in 2027-01-31';

const waiverSchema = strictShape(
  {
    rule: z.enum(ids, { error: `the id of a rule: ${oneOf(ids)}` }),
    check: z.string({ error: checkAllowed }).min(1, { error: checkAllowed }),
    level: z.enum(['error', 'warning'], { error: 'error or warning, as the finding says' }),
    value: z.string({ error: valueAllowed }).min(1, { error: valueAllowed }),
    constructPath: z
      .string({ error: 'the construct of the finding, as in dev/cluster' })
      .regex(/^[^/\s]+(\/[^/\s]+)*$/, { error: 'the construct of the finding, as in dev/cluster' }),
    reason: z.string({ error: reasonAllowed }).trim().min(20, { error: reasonAllowed }),
    expires: z.iso.date({ error: dayAllowed }),
  },
  'a waiver with the keys rule, check, level, value, constructPath, reason and expires',
);

const waiversSchema = strictShape(
  { waivers: z.array(waiverSchema, { error: 'a list of waivers' }) },
  'a map with the key waivers',
);

/** No finding is waived twice. */
const oncePerFinding = rule(
  z.object({
    waivers: z.array(
      z.object({ rule: z.string(), check: z.string(), level: z.string(), constructPath: z.string() }),
    ),
  }),
  (data, report) => {
    const seen = new Set<string>();
    for (const [index, waiver] of data.waivers.entries()) {
      const key = `${waiver.rule} ${waiver.check} ${waiver.level} ${waiver.constructPath}`;
      if (seen.has(key)) {
        report(
          ['waivers', index],
          `${show(`${waiver.rule}/${waiver.check}`)} of ${waiver.constructPath} is waived twice: keep one`,
        );
      }
      seen.add(key);
    }
  },
);

const keysAllowed = 'a list of keys: { name, publicKey }';
const publicKeyAllowed = 'the public half of an ed25519 key in PEM, as openssl pkey -pubout prints it';
const signingKeySchema = strictShape(
  {
    name: z.string({ error: 'who or what signs with it' }).min(1, { error: 'who or what signs with it' }),
    publicKey: z
      .string({ error: publicKeyAllowed })
      .refine((pem) => publicKeyOf(pem) !== undefined, { error: publicKeyAllowed }),
  },
  'a key with the keys name and publicKey',
);

const notProductionAllowed = 'a list of environments, as in [dev]';
const policySchema = strictShape(
  {
    notProduction: z.array(z.string({ error: 'the name of an environment' }), {
      error: notProductionAllowed,
    }),
    waivers: z.array(waiverSchema, { error: 'a list of waivers' }).default([]),
    signingKeys: z.array(signingKeySchema, { error: keysAllowed }).default([]),
  },
  'a map with the keys notProduction, waivers and signingKeys',
);

/** What the owners of a project allow, and no environment can. */
export interface Policy {
  /** The environments that may be something else than production. @default - no policy: each says it of itself */
  readonly notProduction?: readonly string[] | undefined;
  readonly waivers: readonly Waiver[];
  /** Whose bundles and receipts are trusted. Where there are any, all have to be signed by one. @default - none */
  readonly signingKeys?: readonly PublicKey[];
}

/**
 * Parses `policy.yaml`: `notProduction: [dev]`, `waivers` and `signingKeys`, strictly, every fault at once.
 *
 * @throws ConfigError
 */
export function parsePolicy(text: string, file: string): Policy {
  return parseYaml(text, file, policySchema, [oncePerFinding]);
}

/**
 * Parses `waivers.yaml`: `waivers: [{ rule, check, level, value, constructPath, reason, expires }]`, strictly, every fault at once.
 *
 * @throws ConfigError
 */
export function parseWaivers(text: string, file: string): readonly Waiver[] {
  return parseYaml(text, file, waiversSchema, [oncePerFinding]).waivers;
}

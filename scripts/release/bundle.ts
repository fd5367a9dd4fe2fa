import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { AuditDocument } from '../audit/judge/judge';
import type { Synthesized } from '../audit/stack/synthesized';
import { parseSynthesized } from '../audit/stack/synthesized';
import type { Finding } from '../infra/guards/finding';
import type { PlannedChange } from '../infra/guards/words';
import { bytesDigest, canonical, contentDigest } from '../lib/digest';
import { explain, refused, ScaleoutError } from '../lib/errors';
import type { PublicKey, Signature } from '../lib/signature';
import { requireSignature, signatureSchema, signDigest } from '../lib/signature';
import { parseStrictJson, RepeatedKeyError } from '../lib/strict-json';
import type { Tool } from '../lib/tool';
import type { LockedProvider } from './lock-file';
import { lockedProviders, unlockedProviders } from './lock-file';
import type { PlanMeaning } from './plan-meaning';
import { valuesThatChange } from './values-text';
import type { Release } from './release';
import { releaseSchema } from './release';
import type { KnownSecrets } from './secrets';

export const MANIFEST = 'manifest.json';
export const STACK = 'stack/cdk.tf.json';
export const LOCK = 'stack/.terraform.lock.hcl';
const PLAN = 'plan.json';
const REVIEW = 'review.txt';
const AUDIT = 'audit.json';
const VERSIONS = 'versions.json';
const RELEASE = 'release.json';
const TABLES = 'tables-plan.json';
/** Every file that a bundle can have: no other name is ever looked for, so none can lead out of it. */
export const BUNDLE_FILES = [STACK, LOCK, PLAN, REVIEW, AUDIT, VERSIONS, RELEASE, TABLES] as const;
const REQUIRED: readonly string[] = BUNDLE_FILES.filter((name) => name !== TABLES);
/** More than a file of any bundle has, and less than would fill the memory. In bytes. */
export const MOST_BYTES = 64 * 1024 * 1024;

/** The contents of files, by their paths in the bundle. */
export type BundleFiles = ReadonlyMap<string, Buffer>;

/** What was reviewed: `plan.json`. */
export interface ReviewedPlan {
  readonly formatVersion: 1;
  readonly kind: 'scaleout plan';
  readonly environment: string;
  /** Resource id of the cluster; null where the plan creates it. */
  readonly cluster: string | null;
  readonly meaning: PlanMeaning;
  readonly review: {
    /** False where a guard stops the plan. */
    readonly ok: boolean;
    /** Ids of findings that somebody said yes to, before the review. */
    readonly allowed: readonly string[];
    readonly changes: readonly PlannedChange[];
    readonly findings: readonly Finding[];
    readonly text: string;
  };
}

/** What the audit said of the stack: `audit.json`. */
export interface AuditVerdict {
  readonly formatVersion: 1;
  readonly kind: 'scaleout audit';
  readonly environment: string;
  readonly verdict: 'passed' | 'refused';
  readonly policyDigest: string;
  readonly document: Pick<AuditDocument, 'findings' | 'counts'> & Partial<AuditDocument>;
}

/** With what it was planned: `versions.json`. */
export interface Versions {
  readonly formatVersion: 1;
  readonly tool: Tool;
  readonly terraform: string;
  readonly providers: readonly LockedProvider[];
}

/** `manifest.json`. */
export interface Manifest {
  readonly formatVersion: 1;
  readonly kind: 'scaleout bundle';
  readonly environment: string;
  readonly cluster: string | null;
  /** By the clock of the tool: ISO 8601, UTC. */
  readonly createdAt: string;
  readonly tool: Tool;
  readonly planDigest: string;
  readonly releaseDigest: string;
  /** `planned`, or why there is no plan of the tables. */
  readonly tables: string;
  /** Sorted by path. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  /** SHA-256 over all the rest. */
  readonly digest: string;
  readonly signature?: Signature;
}

/** A bundle that was verified as far as files can say. */
export interface Bundle {
  readonly manifest: Manifest;
  readonly plan: ReviewedPlan;
  readonly audit: AuditVerdict;
  readonly versions: Versions;
  readonly release: Release;
  readonly stackText: string;
  readonly lockText: string;
  readonly stack: Synthesized;
  /** The name of the key that signed it; undefined where no key is known. */
  readonly signedBy: string | undefined;
}

/** What a bundle is made of. */
export interface BundleContent
  extends
    Pick<Manifest, 'environment' | 'createdAt' | 'tables'>,
    Pick<Bundle, 'audit' | 'versions' | 'release' | 'stackText' | 'lockText' | 'plan'> {
  readonly tablesPlan?: object;
  /** None of them may be in a file. */
  readonly secrets: KnownSecrets;
  readonly key?: KeyObject | undefined;
}

const text = z.string();
const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const json = z.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const tool = z.strictObject({ name: text, version: text, commit: text.optional() });
const deed = z.strictObject({
  kind: text,
  provider: text,
  actions: z.array(text).min(1),
  previousAddress: text.optional(),
  importing: text.optional(),
  reason: text.optional(),
  replacePaths: z.array(z.unknown()).optional(),
  before: json.optional(),
  after: json.optional(),
});
const planSchema = z.strictObject({
  formatVersion: z.literal(1),
  kind: z.literal('scaleout plan'),
  environment: text,
  cluster: text.nullable(),
  meaning: z.strictObject({
    terraform: text,
    resources: z.record(text, deed),
    drift: z.record(text, deed),
    outputs: json,
    variables: json,
  }),
  review: z.strictObject({
    ok: z.boolean(),
    allowed: z.array(text),
    changes: z.array(json),
    findings: z.array(json),
    text,
  }),
});
const auditSchema = z.strictObject({
  formatVersion: z.literal(1),
  kind: z.literal('scaleout audit'),
  environment: text,
  verdict: z.enum(['passed', 'refused']),
  policyDigest: sha256,
  document: z.looseObject({ findings: z.array(json), counts: z.looseObject({ error: z.number() }) }),
});
const versionsSchema = z.strictObject({
  formatVersion: z.literal(1),
  tool,
  terraform: text,
  providers: z.array(z.strictObject({ source: text, version: text, hashes: z.array(text) })),
});
const manifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  kind: z.literal('scaleout bundle'),
  environment: text,
  cluster: text.nullable(),
  createdAt: z.iso.datetime(),
  tool,
  planDigest: sha256,
  releaseDigest: sha256,
  tables: text,
  files: z.array(
    z.strictObject({ path: z.enum(BUNDLE_FILES), bytes: z.int().min(0).max(MOST_BYTES), sha256 }),
  ),
  digest: sha256,
  signature: signatureSchema.optional(),
});

/** JSON as this program writes it, one text to a value. */
export function sealedText(content: object): string {
  return `${JSON.stringify(canonical(content), undefined, 2)}\n`;
}

/** Adds digest and signature to a manifest or a receipt. Pure. */
export function seal<T extends { readonly kind: string }>(
  content: T,
  key: KeyObject | undefined,
): T & { readonly digest: string; readonly signature?: Signature } {
  const sealed = { ...content, digest: contentDigest(content) };
  return key === undefined ? sealed : { ...sealed, signature: signDigest(sealed, key) };
}

/**
 * Writes down a bundle. Pure.
 *
 * @throws ScaleoutError where a secret would be in one of its files
 */
export function composeBundle(content: BundleContent): BundleFiles {
  const { plan, audit, versions, release, environment, key } = content;
  const texts: Record<string, string> = {
    [STACK]: content.stackText,
    [LOCK]: content.lockText,
    [PLAN]: sealedText(plan),
    [REVIEW]: reviewText(plan, audit, release),
    [AUDIT]: sealedText(audit),
    [VERSIONS]: sealedText(versions),
    [RELEASE]: sealedText(release),
    ...(content.tablesPlan === undefined ? {} : { [TABLES]: sealedText(content.tablesPlan) }),
  };
  const leaking = Object.entries(texts).find(([, each]) => content.secrets.areIn(each));
  if (leaking !== undefined) {
    throw new ScaleoutError(
      'release.secret-found',
      `${leaking[0]} would hold a secret that the plan of ${environment} masks, so no bundle was written: take it out of the config and of names, tags and notes, and give it in a variable alone`,
    );
  }
  const files = Object.keys(texts)
    .sort()
    .map((path) => {
      const bytes = Buffer.from(texts[path] ?? '');
      return { path, bytes: bytes.length, sha256: bytesDigest(bytes) };
    });
  const manifest = seal(
    {
      formatVersion: 1,
      kind: 'scaleout bundle',
      environment,
      cluster: plan.cluster,
      createdAt: content.createdAt,
      tool: versions.tool,
      planDigest: contentDigest(plan),
      releaseDigest: release.digest,
      tables: content.tables,
      files,
    } as const,
    key,
  );
  const all = { ...texts, [MANIFEST]: sealedText(manifest) };
  return new Map(Object.entries(all).map(([path, each]) => [path, Buffer.from(each)]));
}

/** The review for people: all of it comes from what programs compare, so that it cannot say anything else. Pure. */
export function reviewText(
  plan: ReviewedPlan,
  { verdict, document }: AuditVerdict,
  release: Pick<Release, 'digest'>,
): string {
  return [
    `What will happen to ${plan.environment}`,
    '',
    `cluster   ${plan.cluster ?? 'none yet: this plan creates it'}`,
    `plan      ${contentDigest(plan)}`,
    `release   ${release.digest}`,
    `audit     ${verdict}: ${document.counts.error} errors`,
    `guards    ${plan.review.ok ? 'passed' : 'refused'}${plan.review.allowed.length === 0 ? '' : `, allowed: ${plan.review.allowed.join(', ')}`}`,
    '',
    plan.review.text,
    '',
    'Every value that changes, as programs compare it:',
    ...valuesThatChange(plan.meaning),
    '',
  ].join('\n');
}

/** How far ahead a clock may be, in milliseconds. */
export const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * Verifies a bundle as far as its files can say: each is named, whole and as it was written, none contradicts another, and
 * who signed it is trusted. Pure.
 *
 * @param now milliseconds since 1970
 * @throws ScaleoutError (refused)
 */
export function checkBundle(files: BundleFiles, keys: readonly PublicKey[], now: number): Bundle {
  const manifest = checkManifest(files);
  const signedBy = requireSignature(manifest, manifest.signature, keys, 'the bundle');
  checkFiles(manifest, files);
  const bundle = readParts(manifest, files, signedBy);
  const contradiction = contradictionIn(bundle, textOf(files, REVIEW), now);
  if (contradiction !== undefined) throw tampered(contradiction);
  return bundle;
}

function tampered(why: string, cause?: unknown): ScaleoutError {
  return refused(
    'release.tampered',
    `the bundle is not as "scaleout plan --out" wrote it: ${why}. Plan again and have that reviewed; nothing was changed`,
    { cause },
  );
}

function checkManifest(files: BundleFiles): Manifest {
  const manifest = parsed(files, MANIFEST, manifestSchema) as Manifest;
  // The signature is over the digest, and no part of it.
  if (manifest.digest !== contentDigest({ ...manifest, digest: undefined, signature: undefined }))
    throw tampered(`${MANIFEST} does not have the digest that it carries`);
  const paths = manifest.files.map(({ path }) => path);
  if (paths.join('\n') !== [...new Set(paths)].sort().join('\n')) {
    throw tampered(`${MANIFEST} names a file twice, or its files in another order`);
  }
  const missing = REQUIRED.find((path) => !paths.includes(path));
  if (missing !== undefined) throw tampered(`${MANIFEST} does not name ${missing}`);
  return manifest;
}

function checkFiles(manifest: Manifest, files: BundleFiles): void {
  for (const { path, bytes, sha256: expected } of manifest.files) {
    const content = files.get(path);
    if (content === undefined) throw tampered(`${path} is missing`);
    if (content.length !== bytes) {
      throw tampered(`${path} has ${String(content.length)} bytes, and had ${String(bytes)}`);
    }
    if (bytesDigest(content) !== expected) throw tampered(`${path} was edited, or is of another bundle`);
  }
  const named = [MANIFEST, ...manifest.files.map(({ path }) => path)];
  const unnamed = [...files.keys()].filter((path) => !named.includes(path)).sort();
  if (unnamed.length > 0) throw tampered(`${MANIFEST} does not name ${unnamed.join(', ')}, which lies there`);
}

function readParts(manifest: Manifest, files: BundleFiles, signedBy: string | undefined): Bundle {
  const stackText = textOf(files, STACK);
  let stack: Synthesized;
  try {
    stack = parseSynthesized(stackText, manifest.environment, STACK);
  } catch (error) {
    throw tampered(explain(error), error);
  }
  if (files.has(TABLES)) strictJson(files, TABLES);
  return {
    manifest,
    plan: parsed(files, PLAN, planSchema) as ReviewedPlan,
    audit: parsed(files, AUDIT, auditSchema) as AuditVerdict,
    versions: parsed(files, VERSIONS, versionsSchema) as Versions,
    release: parsed(files, RELEASE, releaseSchema) as Release,
    stackText,
    lockText: textOf(files, LOCK),
    stack,
    signedBy,
  };
}

/** Where two files of a bundle do not fit each other; undefined where all fit. Whoever wrote it, it is not to be applied. */
function contradictionIn(bundle: Bundle, review: string, now: number): string | undefined {
  const { manifest, plan, audit, versions, release, stack } = bundle;
  const locked = lockedProviders(bundle.lockText);
  const [unlocked] = unlockedProviders(stack, locked);
  const { files } = release;
  const contradictions: readonly (readonly [boolean, string])[] = [
    [plan.environment !== manifest.environment, `${PLAN} is of ${plan.environment}`],
    [audit.environment !== manifest.environment, `${AUDIT} is of ${audit.environment}`],
    [plan.cluster !== manifest.cluster, `${PLAN} is of another cluster, ${plan.cluster ?? 'a new one'}`],
    [contentDigest(plan) !== manifest.planDigest, `${PLAN} is another plan than ${MANIFEST} names`],
    [release.digest !== manifest.releaseDigest, `${RELEASE} is another release than ${MANIFEST} names`],
    [release.digest !== contentDigest({ files }), `${RELEASE} does not have the digest that it carries`],
    [
      (audit.verdict === 'passed') !== (audit.document.counts.error === 0),
      `${AUDIT} says ${audit.verdict} of ${String(audit.document.counts.error)} errors`,
    ],
    [
      contentDigest(versions.providers) !== contentDigest(locked),
      `${VERSIONS} and ${LOCK} name other providers`,
    ],
    [
      versions.terraform !== plan.meaning.terraform,
      `${VERSIONS} and ${PLAN} name other versions of Terraform`,
    ],
    [unlocked !== undefined, `${LOCK} has no hash of ${unlocked ?? ''}`],
    [review !== reviewText(plan, audit, release), `${REVIEW} does not say what ${PLAN} does`],
    [
      (manifest.tables === 'planned') !== manifest.files.some(({ path }) => path === TABLES),
      `${MANIFEST} and ${TABLES} do not fit`,
    ],
    [
      Date.parse(manifest.createdAt) > now + CLOCK_SKEW_MS,
      `it was made at ${manifest.createdAt}, which is to come: set the clock right`,
    ],
  ];
  return contradictions.find(([found]) => found)?.[1];
}

function textOf(files: BundleFiles, path: string): string {
  const content = files.get(path);
  if (content === undefined) throw tampered(`${path} is missing`);
  return content.toString('utf8');
}

function strictJson(files: BundleFiles, path: string): unknown {
  const content = textOf(files, path);
  let value: unknown;
  try {
    value = parseStrictJson(content);
  } catch (error) {
    const why = error instanceof RepeatedKeyError ? `has the key ${error.key} twice` : 'is no JSON';
    throw tampered(`${path} ${why}`, error);
  }
  // One text to a value: a byte that means nothing is an edit all the same.
  if (typeof value !== 'object' || value === null || content !== sealedText(value)) {
    throw tampered(`${path} is not written as this program writes it`);
  }
  return value;
}

function parsed(files: BundleFiles, path: string, schema: z.ZodType): unknown {
  const { data, error } = schema.safeParse(strictJson(files, path));
  if (error === undefined) return data;
  throw tampered(`${path} is not of this format (${error.issues[0]?.path.join('.') ?? ''})`);
}

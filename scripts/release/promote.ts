import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadEnvironments } from '../../config/environment/environment';
import type { EnvironmentSettings } from '../../config/environment/environment';
import { settingDifferences } from '../../config/environment/promotion';
import { configDirectory, shownConfigPath, shownPath } from '../../config/file/files';
import { didYouMean, oneOf } from '../../config/text/text';
import { difference } from '../audit/difference/difference';
import { readSynthesis, stackOf } from '../audit/read';
import type { Policy } from '../audit/judge/waivers';
import type { SynthOptions } from '../infra/synth';
import { withSynthesis } from '../infra/synth';
import { STACK_FILE } from '../infra/stack-plan';
import type { ProcessEnvironment } from '../infra/terraform';
import { bytesDigest } from '../lib/digest';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';
import { replaceFile } from '../lib/replace-file';
import type { PublicKey } from '../lib/signature';
import { signingKey } from '../lib/signature';
import { thisTool } from '../lib/tool';
import type { VerbContext, VerbResult } from '../lib/verb';
import { usualReceipts } from './apply';
import { approvalMarkdown } from './approval';
import type { AuditVerdict, Bundle } from './bundle';
import { checkBundle, reviewText, seal, sealedText } from './bundle';
import { readBundleFiles } from './bundle-files';
import type { PromotionDocument, PromotionFacts } from './promotion';
import { obstacles } from './promotion';
import type { CheckedReceipt } from './receipt';
import { isReceiptOf, readReceipts } from './receipt-files';
import { currentRelease } from './release-files';
import { dayOf, policyOf, verdictOf } from './verdict';

export interface PromoteInput {
  readonly from: string;
  readonly to: string;
  /** Where the request goes: `approval.md` and `approval.json`. */
  readonly out: string;
  /** Where the receipts of the first environment lie. @default .scaleout/receipts of the project */
  readonly receipts?: string;
  /** The bundle of the second environment, which is what is then approved. @default - none */
  readonly bundle?: string;
  readonly environment?: ProcessEnvironment;
  /** @default - what cdktf.json says */
  readonly app?: string;
  /** Milliseconds since 1970. @default the clock */
  readonly now?: number;
}

/**
 * Asks for the approval of what one environment has verified for another: holds its receipt against this release, the two
 * against each other value by value, and the second against the rules of production. Reads files, and talks to nobody.
 *
 * @returns `refused`, with nothing written, where something stands in the way
 * @throws ScaleoutError where a file cannot be read or written; refused where a receipt or the bundle was edited
 */
export async function promote(
  context: VerbContext,
  input: PromoteInput,
): Promise<VerbResult<PromotionDocument>> {
  const { from, to, now = Date.now() } = input;
  const environment = input.environment ?? process.env;
  const policy = await policyOf(environment);
  const keys = policy.signingKeys ?? [];
  const key = signingKey(environment, keys);
  const settings = settingsOf(environment, [from, to]);
  const receipts = receiptsOf(input.receipts ?? usualReceipts(undefined), from, keys, now);
  const bundle =
    input.bundle === undefined ? undefined : checkBundle(readBundleFiles(input.bundle), keys, now);
  const synth: SynthOptions = {
    environment,
    signal: context.signal,
    ...(input.app === undefined ? {} : { app: input.app }),
  };
  const { stack, audit, stackDigests } = await withSynthesis(synth, (directory) =>
    judgeBoth(directory, input, policy, now),
  );
  const facts: PromotionFacts = {
    from,
    to,
    receipts,
    releaseDigest: currentRelease(environment).digest,
    stackDigests,
    settings: settingDifferences(...settings),
    audit,
    ...(bundle === undefined
      ? {}
      : { bundle: { checked: bundle, stackDigest: bytesDigest(bundle.stackText) } }),
  };
  const found = obstacles(facts);
  const request = seal(requestOf(facts, { found, stack, now }), key);
  if (found.length > 0) {
    const text = `${to} is not to be approved:\n${found.map((each) => `  - ${each}.`).join('\n')}\nNothing was written.`;
    return { document: request, text, outcome: 'refused' };
  }
  writeRequest(input.out, request, bundle);
  return {
    document: request,
    text: `${to} may have what ${from} has verified: ${shownPath(path.resolve(input.out, MARKDOWN))} asks for the approval${bundle === undefined ? ' of the release; name its bundle with --bundle to have a plan approved' : ` of the bundle ${bundle.manifest.digest}`}.`,
    outcome: 'done',
  };
}

/** @throws ScaleoutError that lists the environments there are */
function settingsOf(
  environment: ProcessEnvironment,
  [from, to]: readonly [string, string],
): [EnvironmentSettings, EnvironmentSettings] {
  if (from === to) {
    throw new ScaleoutError(
      'input.invalid',
      `"${from}" cannot be promoted to itself: name another environment behind it`,
    );
  }
  const all = loadEnvironments(configDirectory(environment));
  const named = (name: string): EnvironmentSettings => {
    const found = all.find((each) => each.name === name);
    if (found !== undefined) return found;
    const names = all.map((each) => each.name);
    throw new ScaleoutError(
      'input.unknown-environment',
      `there is no environment "${name}"${didYouMean(name, names)} in ${shownConfigPath('environments')}: choose ${oneOf(names)}`,
    );
  };
  return [named(from), named(to)];
}

function receiptsOf(
  directory: string,
  environment: string,
  keys: readonly PublicKey[],
  now: number,
): readonly CheckedReceipt[] {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (nodeCodeOf(error) === 'ENOENT') return [];
    throw new ScaleoutError(
      'file.unreadable',
      `the receipts in ${directory} cannot be read (${nodeCodeOf(error) ?? 'unknown'}): name their directory with --receipts`,
      { cause: error },
    );
  }
  const own = names.filter((name) => isReceiptOf(name, environment));
  return readReceipts(
    own.map((name) => path.join(directory, name)),
    keys,
    now,
  );
}

async function judgeBoth(
  directory: string,
  { from, to }: PromoteInput,
  policy: Policy,
  now: number,
): Promise<Pick<PromotionFacts, 'audit' | 'stackDigests'> & { readonly stack: PromotionDocument['stack'] }> {
  const stacks = await readSynthesis(directory);
  const digestOf = (name: string): string =>
    bytesDigest(readFileSync(path.join(directory, 'stacks', name, STACK_FILE)));
  // Whatever the target says of itself, or the policy of it: what is promoted is held to the rules of production.
  const audit: AuditVerdict = verdictOf(to, stacks, { ...policy, notProduction: [] }, dayOf(now));
  const { changes } = difference(
    { label: from, stack: stackOf(stacks, from) },
    { label: to, stack: stackOf(stacks, to) },
  );
  return { audit, stack: changes, stackDigests: { from: digestOf(from), to: digestOf(to) } };
}

function requestOf(
  facts: PromotionFacts,
  more: {
    readonly found: readonly string[];
    readonly stack: PromotionDocument['stack'];
    readonly now: number;
  },
): Omit<PromotionDocument, 'digest' | 'signature'> {
  const { from, to, receipts, settings, audit, bundle, releaseDigest } = facts;
  const last = receipts.at(-1);
  return {
    formatVersion: 1,
    kind: 'scaleout promotion',
    from,
    to,
    ok: more.found.length === 0,
    obstacles: more.found,
    releaseDigest,
    bundleDigest: bundle?.checked.manifest.digest ?? null,
    planDigest: bundle?.checked.manifest.planDigest ?? null,
    receipt:
      last === undefined
        ? null
        : {
            digest: last.receipt.digest,
            sequence: last.receipt.sequence,
            writtenAt: last.receipt.writtenAt,
            releaseDigest: last.receipt.releaseDigest,
            bundleDigest: last.receipt.bundleDigest,
          },
    signedBy: last?.signedBy ?? null,
    settings,
    stack: more.stack,
    audit: { verdict: audit.verdict, counts: audit.document.counts },
    requestedAt: new Date(more.now).toISOString(),
    tool: thisTool(),
  };
}

const MARKDOWN = 'approval.md';
const JSON_FILE = 'approval.json';

function writeRequest(out: string, request: PromotionDocument, bundle: Bundle | undefined): void {
  const review = bundle && reviewText(bundle.plan, bundle.audit, bundle.release);
  try {
    mkdirSync(out, { recursive: true });
    replaceFile(path.join(out, JSON_FILE), sealedText(request));
    replaceFile(path.join(out, MARKDOWN), approvalMarkdown(request, review));
  } catch (error) {
    throw new ScaleoutError(
      'file.unwritable',
      `the request cannot be written to ${out} (${nodeCodeOf(error) ?? 'unknown'}): name a directory that may be written to`,
      { cause: error },
    );
  }
}

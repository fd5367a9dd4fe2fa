import type { SettingDifference } from '../../config/environment/promotion';
import type { DifferenceDocument } from '../audit/difference/difference';
import type { Signature } from '../lib/signature';
import type { Tool } from '../lib/tool';
import type { AuditVerdict, Bundle } from './bundle';
import type { CheckedReceipt, Receipt } from './receipt';

/** A request to let what one environment has verified into another: `promote --json`. */
export interface PromotionDocument {
  readonly formatVersion: 1;
  readonly kind: 'scaleout promotion';
  readonly from: string;
  readonly to: string;
  /** False where something stands in the way; nothing is asked of anybody then. */
  readonly ok: boolean;
  /** What stands in the way, as sentences. */
  readonly obstacles: readonly string[];
  readonly releaseDigest: string;
  /** Of the plan to be approved; null where no bundle was named. */
  readonly bundleDigest: string | null;
  readonly planDigest: string | null;
  /** What the first environment can show; null where it has none. */
  readonly receipt: Pick<
    Receipt,
    'digest' | 'sequence' | 'writtenAt' | 'releaseDigest' | 'bundleDigest'
  > | null;
  readonly signedBy: string | null;
  /** What the files of the two set otherwise. */
  readonly settings: readonly SettingDifference[];
  /** What is otherwise in the synthesized stacks, in words. */
  readonly stack: DifferenceDocument['changes'];
  readonly audit: Pick<AuditVerdict, 'verdict'> & Pick<AuditVerdict['document'], 'counts'>;
  readonly requestedAt: string;
  readonly tool: Tool;
  readonly digest: string;
  readonly signature?: Signature;
}

/** All that is known of a promotion. */
export interface PromotionFacts {
  readonly from: string;
  readonly to: string;
  /** The receipts of the first environment, in the order of their chain. */
  readonly receipts: readonly CheckedReceipt[];
  readonly releaseDigest: string;
  /** Of the stacks that this release synthesizes for the two. */
  readonly stackDigests: { readonly from: string; readonly to: string };
  readonly settings: readonly SettingDifference[];
  /** Of the second environment, by the rules of production. */
  readonly audit: AuditVerdict;
  /** The second environment's, where one is named, and the digest of its stack. */
  readonly bundle?: { readonly checked: Bundle; readonly stackDigest: string };
}

/** Everything that stands in the way of a promotion, as sentences; empty where nothing does. Pure. */
export function obstacles(facts: PromotionFacts): readonly string[] {
  return [
    ...receiptObstacles(facts),
    ...settingObstacles(facts),
    ...auditObstacles(facts),
    ...bundleObstacles(facts),
  ];
}

function receiptObstacles({
  from,
  receipts,
  releaseDigest,
  stackDigests,
}: PromotionFacts): readonly string[] {
  const last = receipts.at(-1)?.receipt;
  if (last === undefined) {
    return [
      `${from} has no receipt, so nothing was verified there: deploy it first (npx scaleout deploy ${from})`,
    ];
  }
  const strange = receipts.find(({ receipt }) => receipt.environment !== from);
  if (strange !== undefined)
    return [`the receipt ${strange.file} is of "${strange.receipt.environment}", and not of ${from}`];
  return [
    ...(last.releaseDigest === releaseDigest
      ? []
      : [
          `${from} verified the release ${last.releaseDigest}, and what would go on is ${releaseDigest}: deploy it to ${from} first`,
        ]),
    ...(last.stackDigest === stackDigests.from
      ? []
      : [
          `what was applied to ${from} (${last.stackDigest}) is not what this release makes of its file (${stackDigests.from}): deploy it to ${from} first`,
        ]),
    ...(last.verdict === 'passed'
      ? []
      : [`the audit refused what was applied to ${from}: correct what it names, and deploy that`]),
  ];
}

function settingObstacles({ from, to, settings }: PromotionFacts): readonly string[] {
  return settings
    .filter(({ reason }) => reason === null)
    .map(
      ({ path, from: was, to: is }) =>
        `${path} is ${valueText(was)} in ${from} and ${valueText(is)} in ${to}, which no environment may set for itself: make the two the same`,
    );
}

function auditObstacles({ to, audit }: PromotionFacts): readonly string[] {
  return audit.document.findings
    .filter(({ level, waiver }) => level === 'error' && waiver === null)
    .map(
      ({ ruleId, check, constructPath, message }) =>
        `the rules of production refuse ${to}: ${constructPath} breaks ${ruleId}/${check} (${message})`,
    );
}

function bundleObstacles({ to, releaseDigest, stackDigests, bundle }: PromotionFacts): readonly string[] {
  if (bundle === undefined) return [];
  const { manifest, plan, audit } = bundle.checked;
  if (manifest.environment !== to) return [`the bundle is of "${manifest.environment}", and not of ${to}`];
  return [
    ...(manifest.releaseDigest === releaseDigest
      ? []
      : [`the bundle is of the release ${manifest.releaseDigest}, and not of ${releaseDigest}: plan again`]),
    ...(bundle.stackDigest === stackDigests.to
      ? []
      : [`the stack in the bundle is not what this release makes of the file of ${to}: plan again`]),
    ...(plan.review.ok ? [] : [`a guard refuses the plan in the bundle: review.txt says which`]),
    ...(audit.verdict === 'passed' ? [] : [`the audit refused the bundle when it was made: plan again`]),
  ];
}

/** A value of a setting as a person writes it. */
export function valueText(value: unknown): string {
  return value === null || value === undefined
    ? 'not set'
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}

import { readPolicy } from '../audit/read';
import { judge } from '../audit/judge/judge';
import type { AuditDocument } from '../audit/judge/judge';
import type { Policy } from '../audit/judge/waivers';
import { RULES } from '../audit/rules';
import type { Synthesized } from '../audit/stack/synthesized';
import { configDirectory } from '../../config/file/files';
import type { ProcessEnvironment } from '../infra/terraform';
import { contentDigest } from '../lib/digest';
import { refused } from '../lib/errors';
import type { AuditVerdict } from './bundle';

/** The policy that a run of the program is held to. */
export function policyOf(environment: ProcessEnvironment): Promise<Policy> {
  return readPolicy(configDirectory(environment));
}

/**
 * What the audit says of one stack. Pure.
 *
 * @param stacks all that are known; rules look at the others too
 * @param today the day to judge against, `YYYY-MM-DD`
 */
export function verdictOf(
  environment: string,
  stacks: readonly Synthesized[],
  policy: Policy,
  today: string,
): AuditVerdict {
  const document = judge({
    stacks,
    environment,
    rules: RULES,
    notProduction: policy.notProduction,
    waivers: policy.waivers,
    today,
  });
  return {
    formatVersion: 1,
    kind: 'scaleout audit',
    environment,
    verdict: document.counts.error > 0 ? 'refused' : 'passed',
    policyDigest: contentDigest(policy),
    document,
  };
}

/** @throws ScaleoutError (refused) that names the open errors */
export function requirePassed({ environment, document }: AuditVerdict): void {
  const open = openErrors(document);
  if (open.length === 0) return;
  const [first] = open;
  throw refused(
    'release.not-reviewed-well',
    `the audit refuses ${environment}: ${first?.constructPath ?? ''} breaks ${first?.ruleId ?? ''}/${first?.check ?? ''} (${first?.message ?? ''})${open.length > 1 ? ` and ${String(open.length - 1)} more` : ''}. "scaleout audit" lists them; nothing was changed`,
    { details: { findings: open } },
  );
}

function openErrors({ findings }: Pick<AuditDocument, 'findings'>): AuditDocument['findings'] {
  return findings.filter(({ level, waiver }) => level === 'error' && waiver === null);
}

/** The day of a moment, in UTC. */
export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

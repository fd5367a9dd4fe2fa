import type { AuditDocument, Finding } from '../judge/judge';
import { summary } from './summary';

/** An audit for a terminal: the worst first within each environment, then what was checked. */
export function renderText(document: AuditDocument): string {
  const parts = document.environments.map((environment) => {
    const findings = document.findings.filter((finding) => finding.environment === environment);
    const passed = document.outcomes.filter(
      (outcome) => outcome.environment === environment && outcome.status === 'compliant',
    );
    const skipped = document.outcomes.filter(
      (outcome) => outcome.environment === environment && outcome.status === 'not-applicable',
    );
    return [
      environment,
      ...[...findings].sort(worstFirst).map(describe),
      ...(passed.length === 0 ? [] : [`  holds: ${passed.map(({ ruleId }) => ruleId).join(', ')}`]),
      ...skipped.map(({ ruleId, reason }) => `  not applicable: ${ruleId} (${reason ?? ''})`),
    ].join('\n');
  });
  const unused = document.unusedWaivers.map(
    (waiver) =>
      `the waiver of ${waiver.rule}/${waiver.check} for ${waiver.constructPath} waives nothing any more: remove it`,
  );
  return [...parts, ...unused, summary(document)].join('\n\n');
}

function describe(finding: Finding): string {
  const lines = [
    `  ${finding.waiver === null ? finding.level : `${finding.level}, waived`}: ${finding.ruleId}/${finding.check} at ${finding.constructPath}`,
    `    ${finding.message}`,
    `    stacks/${finding.environment}/cdk.tf.json#${finding.pointer}`,
  ];
  if (finding.waiver !== null) {
    lines.push(`    waived until ${finding.waiver.expires}: ${finding.waiver.reason}`);
  }
  return lines.join('\n');
}

/** Open errors, open warnings, then what is waived. */
export function worstFirst(a: Finding, b: Finding): number {
  return rank(a) - rank(b);
}

function rank(finding: Finding): number {
  return (finding.waiver === null ? 0 : 2) + (finding.level === 'error' ? 0 : 1);
}

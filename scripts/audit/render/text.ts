import type { AuditDocument, Finding, Note } from '../judge/judge';
import { UNFINISHED } from '../judge/unfinished';
import { summary, unusedWaiverText } from './summary';

/** An audit for a terminal: the worst first within each environment, then what was checked. */
export function renderText(document: AuditDocument): string {
  const parts = [...document.unfinished, ...document.environments].map((environment) => {
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
      ...document.notes.filter((note) => note.environment === environment).map(describeNote),
      ...(passed.length === 0 ? [] : [`  holds: ${passed.map(({ ruleId }) => ruleId).join(', ')}`]),
      ...skipped.map(({ ruleId, reason }) => `  not applicable: ${ruleId} (${reason ?? ''})`),
    ].join('\n');
  });
  const unused = document.unusedWaivers.map(unusedWaiverText);
  return [...parts, ...unused, ...document.policyRemarks, summary(document)].join('\n\n');
}

function describe(finding: Finding): string {
  const lines = [`  ${levelText(finding)}: ${placeText(finding)}`, `    value: ${finding.value}`];
  if (finding.waiver !== null) {
    lines.push(`    waived until ${finding.waiver.expires}: ${finding.waiver.reason}`);
  }
  return lines.join('\n');
}

function describeNote(note: Note): string {
  return `  note: ${placeText(note)}`;
}

function placeText({ ruleId, check, constructPath, message, environment, pointer }: Note): string {
  return [
    `${ruleId}/${check} at ${constructPath}`,
    `    ${message}`,
    // What has no stack has no file of one.
    ...(ruleId === UNFINISHED ? [] : [`    stacks/${environment}/cdk.tf.json#${pointer}`]),
  ].join('\n');
}

/** `error`, `warning`, `warning, waived`, `after the adoption`. */
export function levelText({ level, waiver }: Finding): string {
  if (level === 'after-adoption') return 'after the adoption';
  return waiver === null ? level : `${level}, waived`;
}

/** Open errors, open warnings, what is waived, then what is for later. */
export function worstFirst(a: Finding, b: Finding): number {
  return rank(a) - rank(b);
}

function rank({ level, waiver }: Finding): number {
  if (level === 'after-adoption') return 4;
  return (waiver === null ? 0 : 2) + (level === 'error' ? 0 : 1);
}

import type { AuditDocument, Finding, Note } from '../judge/judge';
import { levelText, pointerText, sourceText, worstFirst } from './place';
import { provenanceLines } from './provenance';
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
  const unused = document.unusedWaivers.map((waiver) => oneLine(unusedWaiverText(waiver)));
  const made = provenanceLines(document);
  return [
    ...parts,
    ...unused,
    ...document.policyRemarks,
    ...(made.length === 0 ? [] : [made.join('\n')]),
    summary(document),
  ].join('\n\n');
}

/** A value's line ends and control characters stay within its line: what follows them would pass for ours. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (each) =>
    JSON.stringify(each).slice(1, -1),
  );
}

function describe(finding: Finding): string {
  const source = sourceText(finding);
  const lines = [
    `  ${levelText(finding)}: ${placeText(finding)}`,
    ...(source === undefined ? [] : [`    ${source}`]),
    `    value: ${oneLine(finding.value)}`,
  ];
  if (finding.waiver !== null) {
    lines.push(`    waived until ${finding.waiver.expires}: ${oneLine(finding.waiver.reason)}`);
  }
  return lines.join('\n');
}

function describeNote(note: Note): string {
  return `  note: ${placeText(note)}`;
}

function placeText(note: Note): string {
  const { ruleId, check, constructPath, message } = note;
  const pointer = pointerText(note);
  return [
    `${ruleId}/${check} at ${constructPath}`,
    `    ${oneLine(message)}`,
    ...(pointer === undefined ? [] : [`    ${pointer}`]),
  ].join('\n');
}

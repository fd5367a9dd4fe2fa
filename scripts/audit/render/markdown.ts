import type { AuditDocument, Finding, RuleOutcome } from '../judge/judge';
import { summary, unusedWaiverText } from './summary';
import { levelText, worstFirst } from './text';

/** An audit for a pull request or a record: the verdict, the findings, and every rule with what it found. */
export function renderMarkdown(document: AuditDocument): string {
  const findings = [...document.findings].sort(worstFirst);
  return [
    `## Audit: ${document.counts.error === 0 ? 'passed' : 'refused'}`,
    sentence(summary(document)),
    ...(findings.length === 0
      ? []
      : [markdownTable(['level', 'rule', 'construct', 'finding', 'place'], findings.map(row))]),
    ...document.notes.map(
      (note) =>
        `Note on ${code(note.constructPath)} (${note.ruleId}/${note.check}): ${plain(sentence(note.message))}`,
    ),
    '### Rules',
    markdownTable(
      ['rule', 'what must hold', ...document.environments],
      [...new Set(document.outcomes.map(({ ruleId }) => ruleId))].map((ruleId) => {
        const outcomes = document.outcomes.filter((outcome) => outcome.ruleId === ruleId);
        return [ruleId, outcomes[0]?.property ?? '', ...outcomes.map(describe)];
      }),
    ),
    ...[...document.unusedWaivers.map(unusedWaiverText), ...document.policyRemarks].map((text) =>
      plain(sentence(capital(text))),
    ),
  ].join('\n\n');
}

function row(finding: Finding): readonly string[] {
  const waived =
    finding.waiver === null
      ? ''
      : ` Waived until ${finding.waiver.expires}: ${sentence(finding.waiver.reason)}`;
  return [
    levelText(finding),
    plain(`${finding.ruleId}/${finding.check}`),
    code(finding.constructPath),
    plain(`${sentence(finding.message)}${waived}`),
    code(`stacks/${finding.environment}/cdk.tf.json#${finding.pointer}`),
  ];
}

function describe(outcome: RuleOutcome): string {
  switch (outcome.status) {
    case 'compliant':
      return 'holds';
    case 'not-applicable':
      return `not applicable: ${outcome.reason ?? ''}`;
    case 'findings':
      return '**findings**';
  }
}

/** A table whose cells cannot break out of it, whatever a value holds. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heading, heading.map(() => '---'), ...rows]
    .map(
      (cells) =>
        `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`,
    )
    .join('\n');
}

/** Text as inline code. */
export function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** A value's angle brackets stay text and become no element. */
export function plain(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

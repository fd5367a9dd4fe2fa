import type { AuditDocument, Finding, RuleOutcome } from '../judge/judge';
import { levelText, messageText, pointerText, sourceText, worstFirst } from './place';
import { provenanceLines } from './provenance';
import { summary, unusedWaiverText } from './summary';

/** The most characters that GitHub takes of a comment. */
export const MOST_CHARACTERS = 65_536;
/** Of one message: a page of it helps nobody in a table. */
const LONGEST_CELL = 2_000;
/** What is said of what was left out has to fit as well. */
const RESERVED = 512;

/**
 * An audit for a pull request or a record: the verdict, the findings, and every rule with what it found. What does not fit into a
 * comment is left out from the end, and said.
 */
export function renderMarkdown(document: AuditDocument): string {
  const findings = [...document.findings].sort(worstFirst);
  const head = [
    `## Audit: ${document.counts.error === 0 ? 'passed' : 'refused'}`,
    sentence(summary(document)),
    ...[...document.unusedWaivers.map(unusedWaiverText), ...document.policyRemarks].map((text) =>
      plain(sentence(capital(text))),
    ),
  ];
  const made = provenanceLines(document);
  const foot = made.length === 0 ? [] : [fenced(made)];
  const parts: readonly Part[] = [
    ...(findings.length === 0
      ? []
      : [
          {
            name: 'findings',
            heading: ['level', 'rule', 'construct', 'finding', 'place'],
            rows: findings.map(row),
          },
        ]),
    { name: 'notes', lines: document.notes.map(noteLine) },
    { name: 'rules', title: '### Rules', heading: rulesHeading(document), rows: ruleRows(document) },
  ];
  const reserved = RESERVED + [...head, ...foot].reduce((sum, each) => sum + each.length + 2, 0);
  const { texts, left } = fitted(parts, MOST_CHARACTERS - reserved);
  const cut =
    left.length === 0
      ? []
      : [
          `Left out, as a comment takes ${MOST_CHARACTERS.toLocaleString('en-US')} characters: ${left.join(', ')}. The whole report is in the other formats.`,
        ];
  const whole = [...head, ...texts, ...cut, ...foot].join('\n\n');
  // A head of thousands of waivers is no head any more.
  return whole.length <= MOST_CHARACTERS ? whole : `${whole.slice(0, MOST_CHARACTERS - 3)}...`;
}

/** Rows of a table, or lines; whatever does not fit is left out from the end. */
type Part = { readonly name: string; readonly title?: string } & (
  | { readonly heading: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly lines: readonly string[] }
);

function fitted(
  parts: readonly Part[],
  most: number,
): { readonly texts: readonly string[]; readonly left: readonly string[] } {
  const texts: string[] = [];
  const left: string[] = [];
  let room = most;
  for (const part of parts) {
    const isTable = 'rows' in part;
    const lines = isTable ? tableLines(part.heading, part.rows) : part.lines;
    // A heading alone says nothing.
    const least = isTable ? 3 : 1;
    const between = isTable ? '\n' : '\n\n';
    const title = part.title === undefined ? '' : `${part.title}\n\n`;
    let taken = 0;
    let length = title.length + 2;
    for (const line of lines) {
      if (length + line.length + between.length > room) break;
      length += line.length + between.length;
      taken += 1;
    }
    if (taken < least) taken = 0;
    const kept = lines.slice(0, taken);
    if (kept.length > 0) {
      texts.push(title + kept.join(between));
      room -= length;
    }
    const missing = lines.length - Math.max(taken, isTable ? 2 : 0);
    if (missing > 0)
      left.push(`${String(missing)} of ${String(lines.length - (isTable ? 2 : 0))} ${part.name}`);
  }
  return { texts, left };
}

function rulesHeading({ environments }: AuditDocument): readonly string[] {
  return ['rule', 'what must hold', ...environments];
}

function ruleRows({ outcomes }: AuditDocument): readonly (readonly string[])[] {
  return [...new Set(outcomes.map(({ ruleId }) => ruleId))].map((ruleId) => {
    const own = outcomes.filter((outcome) => outcome.ruleId === ruleId);
    return [ruleId, own[0]?.property ?? '', ...own.map(describe)];
  });
}

function noteLine({ constructPath, ruleId, check, message }: AuditDocument['notes'][number]): string {
  return `Note on ${code(constructPath)} (${ruleId}/${check}): ${plain(sentence(shortened(message)))}`;
}

function row(finding: Finding): readonly string[] {
  const places = [sourceText(finding), pointerText(finding)].filter((each) => each !== undefined);
  return [
    levelText(finding),
    plain(`${finding.ruleId}/${finding.check}`),
    code(finding.constructPath),
    plain(sentence(shortened(messageText(finding)))),
    places.map(code).join(' '),
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

function shortened(text: string): string {
  return text.length <= LONGEST_CELL
    ? text
    : `${text.slice(0, LONGEST_CELL)}... (${String(text.length)} characters)`;
}

function fenced(lines: readonly string[]): string {
  return ['```text', ...lines.map((line) => line.replaceAll('```', "'''")), '```'].join('\n');
}

/** A table whose cells cannot break out of it, whatever a value holds. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return tableLines(heading, rows).join('\n');
}

function tableLines(heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [heading, heading.map(() => '---'), ...rows].map(
    (cells) =>
      `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s*[\r\n]\s*/g, ' ')).join(' | ')} |`,
  );
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

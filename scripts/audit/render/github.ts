import type { AuditDocument, Finding } from '../judge/judge';
import { messageText, pointerText, worstFirst } from './place';
import { provenanceLines } from './provenance';
import { summary, unusedWaiverText } from './summary';

/** GitHub shows that many annotations of a step and drops the others without a word. */
const SHOWN = 10;

/**
 * An audit as workflow commands of GitHub Actions, which show each finding beside the line it comes from. Pure.
 *
 * @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
 */
export function renderGithub(document: AuditDocument): string {
  const findings = [...document.findings].sort(worstFirst);
  const shownLess = ['error', 'warning', 'notice'].flatMap((command) => {
    const count = findings.filter((finding) => commandOf(finding) === command).length;
    return count > SHOWN
      ? [`GitHub shows ${String(SHOWN)} of ${String(count)} findings as ${command}; all are in this log`]
      : [];
  });
  return [
    ...findings.map(annotation),
    ...[...document.unusedWaivers.map(unusedWaiverText), ...document.policyRemarks, ...shownLess].map(
      (text) => command('notice', { title: 'audit' }, text),
    ),
    command('notice', { title: 'audit' }, [summary(document), ...provenanceLines(document)].join('\n')),
  ].join('\n');
}

type Command = 'error' | 'warning' | 'notice';

function annotation(finding: Finding): string {
  const { source, ruleId, check, constructPath } = finding;
  const pointer = pointerText(finding);
  const text = [
    messageText(finding),
    `at ${constructPath}`,
    ...(pointer === undefined ? [] : [pointer]),
  ].join('\n');
  return command(
    commandOf(finding),
    {
      ...(source === null ? {} : { file: source.file.replaceAll('\\', '/'), line: String(source.line) }),
      title: `${ruleId}/${check}`,
    },
    text,
  );
}

/** What refuses nothing is shown and marks nothing red. */
function commandOf({ level, waiver }: Finding): Command {
  return waiver !== null || level === 'after-adoption' ? 'notice' : level;
}

function command(name: Command, properties: Readonly<Record<string, string>>, text: string): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name} ${given.join(',')}::${escapeData(text)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

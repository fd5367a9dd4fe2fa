import type { AuditDocument, Finding, RuleOutcome } from '../judge/judge';
import { escapeMarkup } from '../../lib/markup';
import { levelText, pointerText, sourceText, worstFirst } from './place';
import { provenanceLines } from './provenance';
import { summary, unusedWaiverText } from './summary';

/**
 * An audit as one page that asks the network for nothing, runs no script, reads in light and in dark, prints, and is walked through by
 * keyboard. Pure.
 */
export function renderHtml(document: AuditDocument): string {
  const verdict = document.counts.error === 0 ? 'passed' : 'refused';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Audit ${verdict}: ${escapeMarkup([...document.unfinished, ...document.environments].join(', '))}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
<header>
<h1>Audit: <span class="${verdict}">${verdict}</span></h1>
<p>${escapeMarkup(sentence(summary(document)))}</p>
</header>
<main>
${findingsSection(document)}
${remarksSection(document)}
${[...document.environments].map((environment) => rulesSection(document, environment)).join('\n')}
${provenanceSection(document)}
</main>
</body>
</html>`;
}

function findingsSection(document: AuditDocument): string {
  const findings = [...document.findings].sort(worstFirst);
  if (findings.length === 0) return section('findings', 'Findings', '<p>None.</p>');
  return section(
    'findings',
    `Findings (${String(findings.length)})`,
    table(
      'Findings, the gravest first',
      ['Level', 'Environment', 'Rule', 'What', 'Where'],
      findings.map(row),
    ),
  );
}

function row(finding: Finding): readonly string[] {
  const { level, waiver, environment, ruleId, check, message, value, constructPath } = finding;
  const colour = waiver !== null || level === 'after-adoption' ? 'later' : level;
  const places = [sourceText(finding), constructPath, pointerText(finding)].filter(
    (each) => each !== undefined,
  );
  const waived =
    waiver === null
      ? ''
      : `<p>Waived until ${escapeMarkup(waiver.expires)}: ${escapeMarkup(sentence(waiver.reason))}</p>`;
  return [
    `<strong class="${colour}">${escapeMarkup(levelText(finding))}</strong>`,
    escapeMarkup(environment),
    `<code>${escapeMarkup(`${ruleId}/${check}`)}</code>`,
    `<p>${escapeMarkup(sentence(message))}</p><p>Value: <code>${escapeMarkup(value)}</code></p>${waived}`,
    places.map((each) => `<code>${escapeMarkup(each)}</code>`).join('<br>'),
  ];
}

function remarksSection(document: AuditDocument): string {
  const remarks = [
    ...document.unusedWaivers.map(unusedWaiverText),
    ...document.policyRemarks,
    ...document.notes.map(
      ({ constructPath, ruleId, check, message }) => `${constructPath} (${ruleId}/${check}): ${message}`,
    ),
  ];
  if (remarks.length === 0) return '';
  const items = remarks.map((text) => `<li>${escapeMarkup(sentence(text))}</li>`);
  return section('remarks', 'Remarks', `<ul>${items.join('')}</ul>`);
}

function rulesSection(document: AuditDocument, environment: string): string {
  const outcomes = document.outcomes.filter((outcome) => outcome.environment === environment);
  const count = (status: RuleOutcome['status']): string =>
    String(outcomes.filter((outcome) => outcome.status === status).length);
  const rows = outcomes.map(({ ruleId, property, status, reason }) => [
    `<code>${escapeMarkup(ruleId)}</code>`,
    escapeMarkup(property),
    status === 'findings'
      ? '<strong class="error">findings</strong>'
      : escapeMarkup(status === 'compliant' ? 'holds' : `does not apply: ${reason ?? ''}`),
  ]);
  const title = `${environment}: ${count('compliant')} rules hold, ${count('not-applicable')} do not apply, ${count('findings')} have findings`;
  return `<details><summary><h2>${escapeMarkup(title)}</h2></summary>
${table(`Rules of ${environment}`, ['Rule', 'What must hold', 'How it ended'], rows)}
</details>`;
}

function provenanceSection(document: AuditDocument): string {
  const lines = provenanceLines(document);
  if (lines.length === 0) return '';
  return section(
    'provenance',
    'What this was made of',
    `<pre tabindex="0">${escapeMarkup(lines.join('\n'))}</pre>`,
  );
}

function section(id: string, title: string, body: string): string {
  return `<section id="${id}" aria-labelledby="${id}-title" tabindex="-1">
<h2 id="${id}-title">${escapeMarkup(title)}</h2>
${body}
</section>`;
}

/** Wide tables scroll in a box of their own, which the keyboard reaches. */
function table(caption: string, heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heading.map((each) => `<th scope="col">${escapeMarkup(each)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="wide" role="region" aria-label="${escapeMarkup(caption)}" tabindex="0">
<table><caption>${escapeMarkup(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody></table></div>`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Colours of at least 4.5 to 1 on their ground, in both schemes. */
const STYLE = `
:root{--ground:#fff;--ink:#1b1b1b;--line:#c4c4c4;--soft:#f2f2f2;--bad:#b3261e;--warn:#7a4f00;--good:#146c2e;--later:#4a4a4a}
@media (prefers-color-scheme:dark){:root{--ground:#161616;--ink:#ececec;--line:#4a4a4a;--soft:#232323;--bad:#ff8a80;--warn:#ffcc66;--good:#7ddc93;--later:#bdbdbd}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem;max-width:90rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
h1{margin-top:0}h2{display:inline-block;font-size:1.2rem;margin:1.5rem 0 .5rem}
details>summary{cursor:pointer}p{margin:.2rem 0}
code,pre{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
pre{background:var(--soft);padding:.75rem;overflow-x:auto;overflow-wrap:normal}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
caption{position:absolute;left:-10000px}
th,td{border-bottom:1px solid var(--line);padding:.5rem;text-align:left;vertical-align:top}
th{background:var(--soft)}
.error,.refused{color:var(--bad)}.warning{color:var(--warn)}.passed{color:var(--good)}.later{color:var(--later)}
.skip{position:absolute;left:-10000px}.skip:focus{position:static}
:focus-visible{outline:3px solid currentColor;outline-offset:2px}
@media print{:root{--ground:#fff;--ink:#000;--line:#888;--soft:#fff;--bad:#8c1d18;--warn:#5c3b00;--good:#0b4a1e;--later:#333}
body{padding:0;max-width:none;font-size:10pt}.skip{display:none}.wide{overflow:visible}tr{break-inside:avoid}thead{display:table-header-group}
details:not([open])>*:not(summary){display:block}details::details-content{content-visibility:visible;display:block}}
`;

import type { Rule } from './rule-parts/rule';
import { RULES } from './rules';

/** docs/audit-rules.md. Pure. */
export function rulesFile(): { readonly path: string; readonly text: string } {
  return { path: 'docs/audit-rules.md', text: renderRules(RULES) };
}

/** Every rule for auditors. */
function renderRules(rules: readonly Rule[]): string {
  const rows = rules.map(({ id, level, property, why, remedy, controls }) =>
    [`\`${id}\``, level, property, why, remedy, controls.join(', ')].map(cell).join(' | '),
  );
  return `# Rules of the audit

What \`npm run audit\` holds every synthesized stack against: ${String(rules.length)} rules, in the order reports name them. An error refuses the environment; a
warning is for a person to weigh. Some of a rule's checks are less grave than the rule. \`npm run schemas\` writes this page.

Controls: MCSB is the Microsoft cloud security benchmark v1, CIS the CIS Microsoft Azure Foundations Benchmark 2.0.0, CKV a check of Checkov about the
same thing of another service or of the resource itself.

| Rule | Level | What must hold | Why | What to do | Controls |
| --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

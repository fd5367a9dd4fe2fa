import { escapeMarkup } from './markup';

/** A document for people, whatever it is written as. Words between backticks are code. */
export interface Page {
  readonly title: string;
  readonly sections: readonly {
    readonly title: string;
    readonly blocks: readonly Block[];
  }[];
}

/** A paragraph, a list or a table. */
export type Block =
  | string
  | readonly string[]
  | { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** As Markdown of GitHub's kind. Pure. */
export function markdownPage({ title, sections }: Page): string {
  const parts = sections.flatMap((section) => [`## ${section.title}`, ...section.blocks.map(markdownBlock)]);
  return `${[`# ${title}`, ...parts].join('\n\n')}\n`;
}

function markdownBlock(block: Block): string {
  if (typeof block === 'string') return markdownText(block);
  if (isList(block)) return block.map((item) => `- ${markdownText(item)}`).join('\n');
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => markdownText(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(block.head), row(block.head.map(() => '---')), ...block.rows.map(row)].join('\n');
}

/** Code stays as it is; elsewhere nothing is to become a tag or a style. */
function markdownText(text: string): string {
  return outsideCode(text, (words) => words.replace(/[\\*_<>[\]#]/g, '\\$&'));
}

/** As one page that needs nothing else: no script, no network, light and dark, and for paper. Pure. */
export function htmlPage({ title, sections }: Page): string {
  const body = sections.map(
    (section) =>
      `<section><h2>${htmlText(section.title)}</h2>\n${section.blocks.map(htmlBlock).join('\n')}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${htmlText(title)}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem; border-bottom: 1px solid GrayText; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
@media print { body { max-width: none; margin: 0; } section { break-inside: avoid-page; } }
</style>
</head>
<body>
<main>
<h1>${htmlText(title)}</h1>
${body.join('\n')}
</main>
</body>
</html>
`;
}

function htmlBlock(block: Block): string {
  if (typeof block === 'string') return `<p>${htmlText(block)}</p>`;
  if (isList(block)) return `<ul>${block.map((item) => `<li>${htmlText(item)}</li>`).join('')}</ul>`;
  const head = block.head.map((cell) => `<th scope="col">${htmlText(cell)}</th>`).join('');
  const rows = block.rows.map(
    (cells) => `<tr>${cells.map((cell) => `<td>${htmlText(cell)}</td>`).join('')}</tr>`,
  );
  return `<div class="wide" tabindex="0" role="region" aria-label="${htmlText(block.head.join(', '))}"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function htmlText(text: string): string {
  return outsideCode(text, escapeMarkup, (code) => `<code>${escapeMarkup(code.slice(1, -1))}</code>`);
}

function outsideCode(
  text: string,
  words: (text: string) => string,
  code: (text: string) => string = (same) => same,
): string {
  return text
    .replace(/\s+/g, ' ')
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? code(part) : words(part)))
    .join('');
}

function isList(block: Exclude<Block, string>): block is readonly string[] {
  return Array.isArray(block);
}

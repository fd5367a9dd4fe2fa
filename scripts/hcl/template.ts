import { ScaleoutError } from '../lib/errors';

/**
 * A string of Terraform's JSON syntax, where it is a template, as an expression of the native syntax. Literal parts are
 * escaped; what is between `${` and `}` is an expression already, with quotes of its own.
 *
 * @throws ScaleoutError when a `${` or `%{` is never closed
 */
export function templateExpression(text: string): string {
  const parts = split(text);
  const [only] = parts;
  if (parts.length === 1 && only?.sequence === true && only.text.startsWith('${')) {
    const inner = only.text.slice(2, -1).trim();
    // Strip markers mean something in a template alone. Outside of brackets a line break ends an expression.
    if (!/^~|~$/.test(inner)) return inner.includes('\n') ? `(${inner})` : inner;
  }
  return `"${parts.map((part) => (part.sequence ? part.text : escape(part.text))).join('')}"`;
}

/** A string where Terraform evaluates nothing, so that `${` means just that. */
export function literalExpression(text: string): string {
  return `"${escape(text).replace(/([$%])\{/g, '$1$1{')}"`;
}

interface Part {
  readonly text: string;
  /** An interpolation or a directive, with its braces. */
  readonly sequence: boolean;
}

function split(text: string): Part[] {
  const parts: Part[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    if (isEscaped(text, at)) {
      literal += text.slice(at, at + 3);
      at += 3;
    } else if (opens(text, at)) {
      const end = endOfSequence(text, at + 2);
      if (literal !== '') parts.push({ text: literal, sequence: false });
      literal = '';
      parts.push({ text: text.slice(at, end), sequence: true });
      at = end;
    } else {
      literal += text.charAt(at);
      at += 1;
    }
  }
  if (literal !== '') parts.push({ text: literal, sequence: false });
  return parts;
}

/** `$${` and `%%{` are how a template spells `${` and `%{`, in both syntaxes. */
function isEscaped(text: string, at: number): boolean {
  return text.startsWith('$${', at) || text.startsWith('%%{', at);
}

function opens(text: string, at: number): boolean {
  return text.startsWith('${', at) || text.startsWith('%{', at);
}

/** @returns the index after the brace that closes the sequence whose inside begins at `from` */
function endOfSequence(text: string, from: number): number {
  let depth = 1;
  let at = from;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') {
      at = endOfQuotes(text, at + 1);
      continue;
    }
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  throw unclosed(text);
}

/** @returns the index after the quote that closes the string whose inside begins at `from` */
function endOfQuotes(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text.charAt(at) === '"') return at + 1;
    if (isEscaped(text, at)) at += 3;
    else if (opens(text, at)) at = endOfSequence(text, at + 2);
    else at += text.charAt(at) === '\\' ? 2 : 1;
  }
  throw unclosed(text);
}

function unclosed(text: string): ScaleoutError {
  return new ScaleoutError(
    'hcl.unwritable',
    `the template ${JSON.stringify(text)} opens a sequence and never closes it`,
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escape(literal: string): string {
  return literal.replace(/[\\"\u0000-\u001f\u007f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return ESCAPES[character] ?? `\\u${code}`;
  });
}

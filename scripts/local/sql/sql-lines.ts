/**
 * Cuts a file of SQL into statements as psql does, line by line, so that a dump of any length can be loaded: semicolons in strings, quoted
 * names, comments and bodies of functions do not end a statement. Pure.
 */

/** A statement, and the line of the file that it begins on, from 1. */
export interface SqlStatement {
  /** Without its closing semicolon. */
  readonly sql: string;
  readonly line: number;
}

/** Where the text stands between two characters. */
type Mode =
  | { readonly in: 'sql' }
  | { readonly in: 'quotes'; readonly quote: "'" | '"'; readonly escapes: boolean }
  | { readonly in: 'dollars'; readonly tag: string }
  | { readonly in: 'comment'; readonly depth: number };

const DOLLARS = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/;
const WORD = /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/;

export class SqlLines {
  private mode: Mode = { in: 'sql' };
  private text = '';
  private startsAt = 0;
  /** BEGIN ATOMIC and CASE that are open in a function's body. */
  private blocks = 0;

  /** Whether no statement is open, so that a line may be a command of psql. */
  get isBetween(): boolean {
    return this.startsAt === 0 && this.mode.in === 'sql';
  }

  /** What is open at the end of the file: a last statement without its semicolon; undefined where there is none. */
  get rest(): SqlStatement | undefined {
    return this.startsAt === 0 ? undefined : { sql: this.text.trim(), line: this.startsAt };
  }

  /** What a string, name or comment that is still open at the end is, in words. */
  get unclosed(): string | undefined {
    switch (this.mode.in) {
      case 'sql':
        return undefined;
      case 'comment':
        return 'a comment (/*)';
      case 'quotes':
        return this.mode.quote === "'" ? "a string (')" : 'a name (")';
      case 'dollars':
        return `a string (${this.mode.tag})`;
    }
  }

  /**
   * @param number of the line, from 1
   * @returns the statements that end in it
   */
  push(line: string, number: number): SqlStatement[] {
    const done: SqlStatement[] = [];
    let at = 0;
    while (at < line.length) {
      const rest = line.slice(at);
      const taken =
        this.mode.in === 'sql' ? this.takeSql(rest, number, done) : this.takeWithin(rest, this.mode);
      at += taken;
    }
    if (this.startsAt !== 0) this.text += '\n';
    return done;
  }

  /** What is plain SQL at the beginning of the text; returns how many characters that was. */
  private takeSql(rest: string, number: number, done: SqlStatement[]): number {
    if (rest.startsWith('--')) return rest.length;
    const [first = ''] = rest;
    if (rest.startsWith('/*')) {
      this.mode = { in: 'comment', depth: 1 };
      return 2;
    }
    if (first === ';' && this.blocks === 0) {
      if (this.startsAt !== 0) done.push({ sql: this.text.trim(), line: this.startsAt });
      this.text = '';
      this.startsAt = 0;
      return 1;
    }
    if (this.startsAt === 0 && first.trim() !== '') this.startsAt = number;
    const word = WORD.exec(rest)?.[0];
    if (word !== undefined) {
      this.countBlocks(word.toLowerCase());
      this.text += word;
      // Where a quote follows, the letter belongs to it.
      if (rest[word.length] === "'") {
        this.mode = { in: 'quotes', quote: "'", escapes: word.toLowerCase() === 'e' };
        this.text += "'";
        return word.length + 1;
      }
      return word.length;
    }
    const tag = DOLLARS.exec(rest)?.[0];
    if (tag !== undefined) this.mode = { in: 'dollars', tag };
    else if (first === "'" || first === '"') this.mode = { in: 'quotes', quote: first, escapes: false };
    const taken = tag ?? first;
    if (this.startsAt !== 0) this.text += taken;
    return taken.length;
  }

  private takeWithin(rest: string, mode: Exclude<Mode, { readonly in: 'sql' }>): number {
    if (mode.in === 'comment') {
      const mark = /\/\*|\*\//.exec(rest);
      if (mark === null) return rest.length;
      const depth = mode.depth + (mark[0] === '/*' ? 1 : -1);
      this.mode = depth === 0 ? { in: 'sql' } : { in: 'comment', depth };
      if (depth === 0 && this.startsAt !== 0) this.text += ' ';
      return mark.index + 2;
    }
    const end = mode.in === 'dollars' ? rest.indexOf(mode.tag) : endOfQuotes(rest, mode);
    const length = mode.in === 'dollars' ? mode.tag.length : 1;
    const taken = end < 0 ? rest : rest.slice(0, end + length);
    this.text += taken;
    if (end >= 0) this.mode = { in: 'sql' };
    return taken.length;
  }

  /** The body of a function of standard SQL holds statements of its own. */
  private countBlocks(word: string): void {
    if (!/^\s*create\b[\s\S]*\b(function|procedure)\b/i.test(this.text)) return;
    if (word === 'atomic' && /\bbegin\s+$/i.test(this.text)) this.blocks += 1;
    else if (this.blocks > 0 && word === 'case') this.blocks += 1;
    else if (this.blocks > 0 && word === 'end') this.blocks -= 1;
  }
}

/** Where the quotes close; a doubled quote is one of the text. Less than 0 where they do not. */
function endOfQuotes(
  rest: string,
  { quote, escapes }: { readonly quote: string; readonly escapes: boolean },
): number {
  for (let at = 0; at < rest.length; at += 1) {
    if (escapes && rest[at] === '\\') at += 1;
    else if (rest[at] === quote) {
      if (rest[at + 1] !== quote) return at;
      at += 1;
    }
  }
  return -1;
}

/** A stream that may be a terminal. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

/** What a drawing may take up. */
export interface Space {
  /** Characters of a line. */
  readonly columns: number;
  readonly color: boolean;
}

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** Whether a stream is a terminal that shows colors; NO_COLOR is respected. */
export function showsColor({ isTTY }: Pick<Terminal, 'isTTY'>): boolean {
  return isTTY === true && process.env['NO_COLOR'] === undefined;
}

/** Some lines at the bottom of a terminal that are drawn again in place. */
export class TerminalBlock {
  private readonly terminal: Terminal;
  private drawn = 0;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  get space(): Space {
    const { columns = 0 } = this.terminal;
    // A terminal that nobody told its size says 0.
    return { columns: columns > 0 ? columns : DEFAULT_COLUMNS, color: showsColor(this.terminal) };
  }

  /** @param lines of {@link space} at most; what does not fit on the screen is left out, as it could not be erased */
  draw(lines: readonly string[]): void {
    const fitting = lines.slice(0, (this.terminal.rows ?? DEFAULT_ROWS) - 1);
    this.terminal.write(`${this.upward()}${fitting.map((line) => `${line}\n`).join('')}`);
    this.drawn = fitting.length;
  }

  erase(): void {
    if (this.drawn > 0) this.terminal.write(this.upward());
    this.drawn = 0;
  }

  private upward(): string {
    return this.drawn === 0 ? '' : `\r\x1b[${String(this.drawn)}A\x1b[J`;
  }
}

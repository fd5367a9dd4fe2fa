import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { ConnectionTarget } from '../../lib/connection';
import { withClient } from '../../lib/connection';
import { describeServerError, isServerError, nodeCodeOf, ScaleoutError } from '../../lib/errors';
import type { ServerMessage } from '../../lib/errors';
import type { VerbContext } from '../../lib/verb';
import { stopIfAsked } from '../../lib/verb';
import type { SqlStatement } from './sql-lines';
import { SqlLines } from './sql-lines';

/** Commands of psql that a dump begins and ends with, and that change nothing in the database. */
const HARMLESS = /^\\(restrict|unrestrict)\b/;
const COPY = /^COPY\s[\s\S]*\sFROM\s+STDIN\b/i;

/**
 * Runs a file of SQL, as `pg_dump` writes it or a person does: statement by statement, rows of COPY included, in one session.
 *
 * @returns statements that ran
 * @throws ScaleoutError with file, line and the server's words at the first statement that fails
 */
export async function loadSqlFile(
  { reporter, signal }: Pick<VerbContext, 'reporter' | 'signal'>,
  target: ConnectionTarget,
  file: string,
): Promise<number> {
  const lines = new FileLines(file);
  const progress = reporter.progress(`loading ${file}`, undefined, 'steps');
  let ran = 0;
  try {
    await withClient(target, async (client) => {
      const cutter = new SqlLines();
      const run = async (statement: SqlStatement): Promise<void> => {
        stopIfAsked(signal, `${file} is loaded up to line ${String(statement.line)}`);
        await runStatement(client, file, statement, lines);
        ran += 1;
        progress.update(ran, `line ${String(statement.line)}`);
      };
      for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
        if (cutter.isBetween && line.startsWith('\\')) {
          requireHarmless(file, line, lines.number);
          continue;
        }
        for (const statement of cutter.push(line, lines.number)) await run(statement);
      }
      if (cutter.unclosed !== undefined) {
        throw sqlError(file, cutter.rest?.line ?? lines.number, `${cutter.unclosed} is not closed`);
      }
      if (cutter.rest !== undefined) await run(cutter.rest);
    });
  } finally {
    lines.close();
    progress.finish();
  }
  return ran;
}

async function runStatement(
  client: Client,
  file: string,
  { sql, line }: SqlStatement,
  lines: FileLines,
): Promise<void> {
  const dataFrom = lines.number + 1;
  try {
    if (COPY.test(sql)) await pipeline(Readable.from(lines.rows()), client.query(copyFrom(sql)));
    else await client.query(sql);
  } catch (error) {
    if (!isServerError(error)) throw error;
    const at = COPY.test(sql) ? dataFrom + lineOfCopy(error) : line + linesBefore(sql, error);
    throw sqlError(file, at, `${describeServerError(error)}${hintFor(error)}`, error);
  }
}

/** Lines of the statement above the place that the server names. */
function linesBefore(sql: string, { position }: ServerMessage): number {
  return position === undefined ? 0 : sql.slice(0, Number(position) - 1).split('\n').length - 1;
}

/** Rows above the one that the server names: `COPY t, line 3, column n`. */
function lineOfCopy({ where = '' }: ServerMessage): number {
  return Number(/^COPY .*, line (\d+)/m.exec(where)?.[1] ?? 1) - 1;
}

function hintFor({ code }: ServerMessage): string {
  return code === '42501' || code === '42704'
    ? ' The login `citus` is no superuser, as on Azure, and has no roles beside it: make a dump with --no-owner --no-privileges, and leave out what needs a superuser.'
    : '';
}

function requireHarmless(file: string, text: string, line: number): void {
  if (HARMLESS.test(text)) return;
  throw sqlError(
    file,
    line,
    `${text.split(/\s/, 1)[0] ?? ''} is a command of psql, and this runs SQL alone: take it out, or load the file with \`local psql -- -f ${file}\``,
  );
}

function sqlError(file: string, line: number, problem: string, cause?: unknown): ScaleoutError {
  return new ScaleoutError('local.sql-failed', `${file}, line ${String(line)}: ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    details: { file, line },
  });
}

/** The lines of a file, one after the other, whoever asks for the next. */
class FileLines {
  /** Of the line that was read last, from 1. */
  number = 0;
  private readonly file: string;
  private readonly stream;
  private readonly lines: AsyncIterator<string>;

  constructor(file: string) {
    this.file = file;
    this.stream = createReadStream(file, 'utf8');
    this.lines = createInterface({ input: this.stream, crlfDelay: Infinity })[Symbol.asyncIterator]();
  }

  /** @throws ScaleoutError where the file cannot be read */
  async next(): Promise<string | undefined> {
    try {
      const read = await this.lines.next();
      if (read.done === true) return undefined;
      this.number += 1;
      return read.value;
    } catch (error) {
      throw unreadable(this.file, error);
    }
  }

  /** Rows of COPY, up to the line that ends them. */
  async *rows(): AsyncGenerator<string> {
    for (let line = await this.next(); line !== undefined && line !== '\\.'; line = await this.next()) {
      yield `${line}\n`;
    }
  }

  close(): void {
    this.stream.destroy();
  }
}

/** @throws ScaleoutError where a file is not there or cannot be read, before anything is started */
export function unreadable(file: string, error: unknown): ScaleoutError {
  return new ScaleoutError(
    'file.unreadable',
    `${file} cannot be read (${nodeCodeOf(error) ?? 'unknown'}): name a file of SQL that is there; nothing was started`,
    { cause: error },
  );
}

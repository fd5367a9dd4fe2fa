/** One entry of a server's log. */
export interface LogEntry {
  readonly message: string;
  /** Of the session; undefined where the format does not say. */
  readonly database?: string;
}

/** A statement that a log says was run. */
export interface LoggedStatement {
  readonly sql: string;
  /** Whether `log_statement` or a duration tells of it, or a plan of auto_explain. */
  readonly way: 'statement' | 'plan';
}

/**
 * Cuts a log into entries: jsonlog where the first line is an object of JSON, csvlog where it begins as one of csvlog's, plain lines
 * otherwise. Lines that are none of the format are passed over.
 */
export async function* logEntries(lines: AsyncIterable<string>): AsyncGenerator<LogEntry> {
  let reader: Reader | undefined;
  for await (const line of lines) {
    if (reader === undefined) {
      if (line.trim() === '') continue;
      reader = readerFor(line);
    }
    yield* reader.take(line);
  }
  if (reader !== undefined) yield* reader.end();
}

interface Reader {
  take(line: string): LogEntry[];
  end(): LogEntry[];
}

/** `2026-11-30 08:00:00.123 UTC,"app","prod",...` */
const CSV_START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [^,]+,("|,)/;

function readerFor(line: string): Reader {
  if (line.startsWith('{')) return new JsonReader();
  return CSV_START.test(line) ? new CsvReader() : new PlainReader();
}

class JsonReader implements Reader {
  take(line: string): LogEntry[] {
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      return [];
    }
    if (typeof entry !== 'object' || entry === null) return [];
    const { message, dbname } = entry as { readonly message?: unknown; readonly dbname?: unknown };
    return typeof message === 'string' ? [entryOf(message, dbname)] : [];
  }

  end(): LogEntry[] {
    return [];
  }
}

/** Columns of csvlog, from 0. */
const CSV_DATABASE = 2;
const CSV_MESSAGE = 13;

class CsvReader implements Reader {
  private open = '';

  take(line: string): LogEntry[] {
    const text = this.open === '' ? line : `${this.open}\n${line}`;
    // A quote that is doubled within a value counts twice, and changes nothing.
    if ((text.split('"').length - 1) % 2 === 1) {
      this.open = text;
      return [];
    }
    this.open = '';
    const values = csvValues(text);
    const message = values[CSV_MESSAGE];
    return message === undefined ? [] : [entryOf(message, values[CSV_DATABASE])];
  }

  end(): LogEntry[] {
    return [];
  }
}

function csvValues(record: string): string[] {
  return [...record.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare,
  );
}

/** What a line of the log begins with, after whatever log_line_prefix puts before. */
const PLAIN_START = /\b(LOG|DETAIL|HINT|STATEMENT|CONTEXT|QUERY|ERROR|WARNING|FATAL|PANIC|NOTICE): {2}(.*)$/;

class PlainReader implements Reader {
  private message: string | undefined;

  take(line: string): LogEntry[] {
    if (line.startsWith('\t')) {
      if (this.message !== undefined) this.message += `\n${line.slice(1)}`;
      return [];
    }
    const before = this.end();
    const [, level, text = ''] = PLAIN_START.exec(line) ?? [];
    if (level === 'LOG') this.message = text;
    return before;
  }

  end(): LogEntry[] {
    const { message } = this;
    this.message = undefined;
    return message === undefined ? [] : [{ message }];
  }
}

function entryOf(message: string, database: unknown): LogEntry {
  return typeof database === 'string' && database !== '' ? { message, database } : { message };
}

/** `parse` and `bind` run nothing, and a portal that is fetched from again was counted when it was first. */
const STATEMENT = /^(?:duration: [\d.]+ ms {2})?(?:statement|execute (?!fetch from )[^:]*): ([\s\S]*)$/;
const PLAN = /^duration: [\d.]+ ms {2}plan:\s*([\s\S]*)$/;
/** The text format puts the query before the plan, its lines as they are. */
const PLAN_TEXT = /^Query Text: ([\s\S]*?)(?:\nQuery Parameters: |\n[^\n]* {2}\((?:cost=|actual |rows=)|$)/;

/** The statement that a message of a log tells of; undefined for any other message. Pure. */
export function loggedStatement(message: string): LoggedStatement | undefined {
  const [, statement] = STATEMENT.exec(message) ?? [];
  if (statement !== undefined) return { sql: statement, way: 'statement' };
  const [, plan] = PLAN.exec(message) ?? [];
  const sql = plan === undefined ? undefined : queryOfPlan(plan);
  return sql === undefined ? undefined : { sql, way: 'plan' };
}

function queryOfPlan(plan: string): string | undefined {
  if (!plan.startsWith('{')) return PLAN_TEXT.exec(plan)?.[1];
  try {
    const read = JSON.parse(plan) as Readonly<Record<string, unknown>>;
    const text = read['Query Text'];
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
